"""B5: fixed points of a gated network that holds three bits, ours against gradient descent on the speed.

python bench/fixed_points.py [--quick]

One thread, 100 units, 1,024 starts, CPU seconds. The peer, FixedPointFinder (Golub & Sussillo 2018), is on no package
index: ``TERTIUM_PEERS_FIXED_POINTS`` names a folder with a clone of it. Beside it stands our own writing of what it
does by default, labelled so. 27 = 3^3 fixed points exist; each side's points are put before the same certificate.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from peers import print_table, run_peer

from tertium.config import apply
from tertium.dynamics import as_dynamics, fixed_points, sample_states
from tertium.dynamics.roots.certificate import certify
from tertium.rng import Seeds
from tertium.studies.lab import MemoryLab
from tertium.studies.methods.flipflop_networks import FlipFlopConfig, drive, flip_flop, trained

Floats = npt.NDArray[np.float64]

SEED, BITS, STARTS = 10, 3, 1024
FOLDER = "TERTIUM_PEERS_FIXED_POINTS"

#: What the peer does by default, version of September 2023.
RATE, DECAY, EVERY, LONGEST = 0.05, 0.7, 500, 5000
SLOW_ENOUGH, STILL_ENOUGH, APART = 1e-12, 1e-20, 1e-3


@dataclass(frozen=True)
class Workload:
    """The trained network as torch's own, in single precision, and the starts."""

    cell: torch.nn.GRUCell
    starts: Floats


def workload(starts: int) -> Workload:
    """Return the kept network (it is trained where none is kept) and mixtures of states that it has been in."""
    config = apply(FlipFlopConfig, {})
    network = trained(config, "gru", BITS, MemoryLab(SEED))
    states = drive(network, flip_flop(config, BITS), 256, Seeds(SEED).child("bench"))["states"]
    ours: Any = network.cell
    cell = torch.nn.GRUCell(BITS, config.units)
    with torch.no_grad():
        cell.weight_ih.copy_(ours.input_weight)
        cell.weight_hh.copy_(ours.recurrent())
        cell.bias_ih.copy_(ours.bias)
        cell.bias_hh.zero_()
        cell.bias_hh[-config.units :] = ours.candidate_bias
    return Workload(cell.requires_grad_(False), sample_states(states, starts, mixtures=True))


def ours(given: Workload) -> Floats:
    return fixed_points(given.cell, given.starts, np.zeros(BITS)).points


def ours_roots_only(given: Workload) -> Floats:
    return fixed_points(given.cell, given.starts, np.zeros(BITS), slow=None).points


def stand_in(given: Workload) -> Floats:
    """Return what Adam on the mean of q leaves, each once; Jacobians and eigenvalues are found too, as by the peer."""
    states = torch.tensor(given.starts, dtype=torch.float32, requires_grad=True)
    x = torch.zeros(len(states), BITS)
    adam = torch.optim.Adam([states], lr=RATE)
    falling = torch.optim.lr_scheduler.StepLR(adam, step_size=EVERY, gamma=DECAY)
    before = torch.full((len(states),), torch.inf)
    for _ in range(LONGEST):
        adam.zero_grad()
        q = 0.5 * (given.cell(x, states) - states).square().sum(1)
        q.mean().backward()
        adam.step()
        falling.step()
        now = q.detach()
        if bool(((now < SLOW_ENOUGH) | ((now - before).abs() < STILL_ENOUGH)).all()):
            break
        before = now
    points = apart(states.detach().numpy())
    jacobians = torch.func.vmap(torch.func.jacrev(lambda h: given.cell(x[:1], h[None])[0]))(torch.from_numpy(points))
    np.linalg.eig(jacobians.numpy())
    return points.astype(np.float64)


def apart(states: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the states of which no two agree in all units up to ``APART``: the first of each group."""
    kept: list[npt.NDArray[np.float32]] = []
    for state in states:
        if not kept or (np.abs(np.array(kept) - state).max(1) >= APART).all():
            kept.append(state)
    return np.array(kept)


PEER = """
import time, torch
sys.path[:0] = [str(given["folder"])]
from FixedPointFinderTorch import FixedPointFinderTorch
torch.set_num_threads(1)
network = torch.nn.GRU(given["weight_ih"].shape[1], given["weight_hh"].shape[1], batch_first=True)
network.load_state_dict({f"{name}_l0": torch.from_numpy(given[name]) for name in
                         ("weight_ih", "weight_hh", "bias_ih", "bias_hh")})
start = time.process_time()
points, _ = FixedPointFinderTorch(network, verbose=False).find_fixed_points(
    given["starts"].astype(np.float32), np.zeros((1, given["weight_ih"].shape[1]), dtype=np.float32))
found["seconds"] = np.array(time.process_time() - start)
found["points"] = points.xstar.astype(np.float64)
"""


def peer(given: Workload, folder: str) -> tuple[Floats, float]:
    """Return the points of the peer and its CPU seconds, from a process of its own."""
    arrays = {name: value.numpy() for name, value in given.cell.state_dict().items()}
    found = run_peer(sys.executable, PEER, starts=given.starts, folder=np.array(folder), **arrays)
    return found["points"], float(found["seconds"])


def timed(way: Callable[[Workload], Floats], given: Workload, times: int) -> tuple[Floats, float]:
    """Return the points and the least CPU seconds."""
    taken = []
    for _ in range(times):
        start = time.process_time()
        points = way(given)
        taken.append(time.process_time() - start)
    return points, min(taken)


def row(
    what: str, given: Workload, points: Floats, seconds: float, reference: float, roots: Floats
) -> dict[str, object]:
    """Return one line: how long, how many points, how many of them are proven roots, how many of ours are near one."""
    system = as_dynamics(given.cell, points.shape[1])
    x = system.inputs(0.0, len(points))
    certified = certify(system, points, x).certified
    values = np.abs(np.linalg.eigvals(np.concatenate([system.derivative(p[None], x[:1]) for p in points])))
    index = (values > 1).sum(1)
    near = np.linalg.norm(roots[:, None] - points, axis=2).min(1) < 1e-2
    return {
        "what": what,
        "CPU s": seconds,
        "ratio": seconds / reference,
        "points": len(points),
        "by index": " ".join(f"{i}:{int((index == i).sum())}" for i in np.unique(index)),
        "certified": int(certified.sum()),
        "of our roots within 0.01": int(near.sum()),
    }


def main(quick: bool = False) -> list[dict[str, object]]:
    """Measure, print the table and return its rows."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        given = workload(128 if quick else STARTS)
        roots, fast = timed(ours, given, 1 if quick else 3)
        bare, bare_seconds = timed(ours_roots_only, given, 1 if quick else 3)
        points, slow = timed(stand_in, given, 1)
    finally:
        torch.set_num_threads(threads)
    rows = [
        row("tertium", given, roots, fast, fast, roots),
        row("tertium, slow=None", given, bare, bare_seconds, fast, roots),
        row("stand-in, written by us: Adam on the mean of q", given, points, slow, fast, roots),
    ]
    folder = os.environ.get(FOLDER, "")
    if folder and (Path(folder) / "FixedPointFinderTorch.py").exists():
        rows.append(row("FixedPointFinder", given, *peer(given, folder), fast, roots))
    else:
        rows.append({"what": f"FixedPointFinder: no peer; set {FOLDER} to a clone with FixedPointFinderTorch.py"})
    print_table(rows)
    return rows


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="128 starts in place of 1,024")
    main(options.parse_args().quick)
