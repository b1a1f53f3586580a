"""B10: linear CKA and Procrustes distances of all pairs of 20 representations, 1,000 x 500, against netrep.

python bench/representations.py [--quick]

One thread, CPU seconds. The peer, netrep (Williams et al. 2021), is on no package index: ``TERTIUM_PEERS_NETREP`` names
a folder with a clone of it. Beside it stands our own writing of what it does for each pair, labelled so.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from peers import print_table, run_peer
from threadpoolctl import threadpool_limits

from tertium.compare import pairwise
from tertium.rng import Seeds

Floats = npt.NDArray[np.float64]

REPRESENTATIONS, SAMPLES, UNITS = 20, 1000, 500
FOLDER = "TERTIUM_PEERS_NETREP"


def draws(count: int) -> list[Floats]:
    """Return representations that share 30 dimensions, with spectra that fall off."""
    random = Seeds(0).numpy("representations")
    shared = random.normal(size=(SAMPLES, 30))
    fall = 1 / np.sqrt(np.arange(1, UNITS + 1))
    made = []
    for _ in range(count):
        mixed = shared @ random.normal(size=(30, UNITS)) / 5 + random.normal(size=(SAMPLES, UNITS)) * fall
        made.append(mixed @ np.linalg.qr(random.normal(size=(UNITS, UNITS)))[0] + random.normal(size=UNITS))
    return made


def cosine_angle(first: Floats, second: Floats) -> float:
    size = np.linalg.norm(first.ravel()) * np.linalg.norm(second.ravel())
    return float(np.arccos(np.clip(first.ravel() @ second.ravel() / size, -1, 1)))


def stand_in_cka(first: Floats, second: Floats) -> float:
    """Centre, form both Gram matrices, and take the angle between them."""
    first, second = first - first.mean(0), second - second.mean(0)
    return cosine_angle(first @ first.T, second @ second.T)


def stand_in_procrustes(first: Floats, second: Floats) -> float:
    """Fit: centre, singular vectors, maps of both. Score: apply the maps, and take the angle."""
    identity = np.eye(UNITS)
    x, y = first - first.mean(0), second - second.mean(0)
    left, _, right = np.linalg.svd(x.T @ y)
    of_first, of_second = identity @ left, identity @ right.T
    return cosine_angle((first - first.mean(0)) @ of_first, (second - second.mean(0)) @ of_second)


def looped(way: Callable[[Floats, Floats], float], given: Sequence[Floats]) -> Floats:
    return np.array([way(x, y) for x, y in combinations(given, 2)])


PEER = """
import time
from itertools import combinations
sys.path[:0] = [str(given["folder"])]
from netrep.metrics import LinearCKA, LinearMetric
for name, metric in (("cka", LinearCKA()), ("procrustes", LinearMetric(alpha=1.0, score_method="angular"))):
    start = time.process_time()
    values = []
    for x, y in combinations(given["values"], 2):
        metric.fit(x, y)
        values.append(metric.score(x, y))
    found[name + "_seconds"] = np.array(time.process_time() - start)
    found[name] = np.array(values)
"""


def in_turn(ways: dict[str, Callable[[], Floats]], times: int) -> dict[str, tuple[Floats, float]]:
    """Run each way in turn, and return what it gave and the least CPU seconds."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    found = {}
    for _ in range(times):
        for name, way in ways.items():
            start = time.process_time()
            found[name] = way()
            seconds[name].append(time.process_time() - start)
    return {name: (found[name], min(seconds[name])) for name in ways}


def upper(matrix: Floats) -> Floats:
    return matrix[np.triu_indices(len(matrix), 1)]


def peer_results(given: list[Floats]) -> dict[str, Floats]:
    """Return the peer's distances and CPU seconds, or nothing without a clone of it."""
    folder = os.environ.get(FOLDER, "")
    if not Path(folder, "netrep").is_dir():
        return {}
    return run_peer(sys.executable, PEER, folder=np.array(folder), values=np.array(given))


def main(quick: bool = False) -> list[dict[str, object]]:
    """Measure, print the table and return its rows."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            given = draws(6 if quick else REPRESENTATIONS)
            results = in_turn(
                {
                    "cka": lambda: np.arccos(upper(pairwise(given, "cka", unbiased=False).matrix)),
                    "cka, unbiased": lambda: upper(pairwise(given, "cka").matrix),
                    "procrustes": lambda: upper(pairwise(given, "procrustes").matrix),
                    "stand-in cka": lambda: looped(stand_in_cka, given),
                    "stand-in procrustes": lambda: looped(stand_in_procrustes, given),
                },
                1 if quick else 3,
            )
            peer = peer_results(given)
    finally:
        torch.set_num_threads(threads)
    rows: list[dict[str, object]] = []
    for name, asked in (("cka", 10), ("procrustes", 3)):
        ours, seconds = results[name]
        what = f"{name}, {len(ours)} pairs, {SAMPLES} x {UNITS}"
        theirs, slow = results[f"stand-in {name}"]
        others = [("stand-in, written by us", theirs, slow)]
        if peer:
            others.append(("netrep", peer[name], float(peer[f"{name}_seconds"])))
        for whose, values, took in others:
            apart = float(np.abs(values - ours).max())
            row = {"what": what, "against": whose, "tertium (CPU s)": seconds, "theirs (CPU s)": took}
            rows.append(row | {"times faster": took / seconds, "asked": asked, "largest difference (rad)": apart})
        if not peer:
            rows.append({"what": what, "against": f"netrep: set {FOLDER} to the folder of a clone"})
    rows.append({"what": "cka, unbiased", "tertium (CPU s)": results["cka, unbiased"][1]})
    print_table(rows)
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="6 representations, once")
    main(parser.parse_args().quick)
