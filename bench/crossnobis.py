"""B7: crossnobis RDM of 200 conditions, 1000 channels, 8 repeats, against rsatoolbox: python bench/crossnobis.py."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from peers import peer_python, print_table, run_peer
from threadpoolctl import threadpool_limits

from tertium.compare import rdm
from tertium.data.responses import make_responses
from tertium.rng import Seeds

CONDITIONS, CHANNELS, REPEATS = 200, 1000, 8
TIMES = 9

PEER = """
import time
from rsatoolbox.data import Dataset
from rsatoolbox.rdm import calc_rdm
data = Dataset(given["values"], obs_descriptors={"condition": given["condition"], "run": given["run"]})
cases = {"none": None, "full": given["precision"]}
for name, noise in cases.items():
    seconds = []
    for _ in range(int(given["times"])):
        start = time.process_time()
        rdm = calc_rdm(data, "crossnobis", "condition", noise=noise, cv_descriptor="run")
        seconds.append(time.process_time() - start)
    found[name] = rdm.dissimilarities[0]
    found[name + "_seconds"] = np.array(seconds)
"""


def draws() -> dict[str, np.ndarray]:
    """Return trials in random order, shape (trial, channel), with a noise precision."""
    random = Seeds(0).numpy("crossnobis")
    condition, run = (k.ravel() for k in np.meshgrid(np.arange(CONDITIONS), np.arange(REPEATS)))
    values = random.normal(size=(CONDITIONS, CHANNELS))[condition] + random.normal(size=(len(run), CHANNELS))
    order = random.permutation(len(run))
    half = random.normal(size=(CHANNELS, 2 * CHANNELS))
    precision = half @ half.T / (2 * CHANNELS)
    return {"values": values[order], "condition": condition[order], "run": run[order], "precision": precision}


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """Return what ``work`` gives and the least CPU seconds it took."""
    seconds = []
    for _ in range(TIMES):
        start = time.process_time()
        result = work()
        seconds.append(time.process_time() - start)
    return result, min(seconds)


def main() -> list[dict[str, object]]:
    """Measure both sides on the same draws and return one row for each kind of noise."""
    given = draws()
    # names sort as the numbers do, since the peer sorts its conditions
    labels = {"condition": [f"{c:03d}" for c in given["condition"]], "run": given["run"]}
    responses = make_responses(given["values"], trial=labels)
    python, reason = peer_python("rsatoolbox")
    peer = run_peer(python, PEER, times=np.array(TIMES), **given) if python else {}
    rows: list[dict[str, object]] = []
    with threadpool_limits(1):
        for name, noise in (("none", None), ("full", given["precision"])):
            ours, seconds = timed(lambda noise=noise: rdm(responses, "crossnobis", noise=noise))
            row: dict[str, object] = {
                "what": f"crossnobis {CONDITIONS} x {CHANNELS}, {REPEATS} repeats, noise {name}",
                "tertium (CPU s)": seconds,
            }
            if peer:
                theirs = peer[name]
                values = ours.subset(sorted(ours.labels)).vector
                row["rsatoolbox (CPU s)"] = float(peer[f"{name}_seconds"].min())
                row["times faster"] = row["rsatoolbox (CPU s)"] / seconds  # type: ignore[operator]
                row["largest relative difference"] = float(np.max(np.abs(values - theirs)) / np.max(np.abs(theirs)))
            else:
                row["rsatoolbox (CPU s)"] = reason
            rows.append(row)
    return rows


if __name__ == "__main__":
    print_table(main())
