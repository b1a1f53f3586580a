"""B8 and B9: ridge against himalaya, partial least squares against scikit-learn: python bench/encoding.py [--quick].

One thread, 1,000 samples x 4,000 features. Ridge: ten penalties, each target its own, by five folds, then a fit on all
samples, as himalaya's RidgeCV and KernelRidgeCV do; float32. PLS: 25 components, 200 targets, as many fits as folds.
CPU seconds, the least; memory is the rise of the process's peak, each way in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from peers import peer_python, print_table, run_peer

from tertium.compare import KFold, PartialLeastSquares, encode, fit_ridge
from tertium.rng import Seeds

SAMPLES, FEATURES, FOLDS, COMPONENTS = 1000, 4000, 5, 25
PENALTIES = tuple(np.logspace(0, 5, 10))
MANY = 200_000

RIDGE = """
import time, resource, warnings
warnings.simplefilter("ignore")
from himalaya.ridge import RidgeCV
from himalaya.kernel_ridge import KernelRidgeCV
kind = {"RidgeCV": RidgeCV, "KernelRidgeCV": KernelRidgeCV}[str(given["kind"])]
X, Y, penalties = given["X"], given["Y"], given["penalties"]
kind(alphas=penalties, cv=5).fit(X[:, :50], Y[:, :5])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
taken = []
for _ in range(int(given["times"])):
    start = time.process_time()
    kind(alphas=penalties, cv=5).fit(X, Y)
    taken.append(time.process_time() - start)
found["seconds"] = np.array(min(taken))
found["mb"] = np.array((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""

PLS = """
import time
from sklearn.cross_decomposition import PLSRegression
start = time.process_time()
model = PLSRegression(int(given["components"]), scale=False, tol=float(given["tol"]), max_iter=100000)
predicted = model.fit(given["X"][given["fitted"]], given["Y"][given["fitted"]]).predict(given["X"][given["tested"]])
found["seconds"] = np.array(time.process_time() - start)
found["predicted"] = predicted
"""


def draw(targets: int, kind: npt.DTypeLike = np.float32) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return features with a falling spectrum, and targets that depend on some of them."""
    random = Seeds(0).numpy("encoding")
    X = random.standard_normal((SAMPLES, FEATURES), dtype=np.float32) * np.geomspace(3, 0.3, FEATURES, dtype=np.float32)
    Y = X[:, ::40] @ random.standard_normal((FEATURES // 40, targets), dtype=np.float32)
    Y += 10 * random.standard_normal((SAMPLES, targets), dtype=np.float32)
    return X.astype(kind), Y.astype(kind)


def least(way: Callable[[], object], times: int) -> float:
    taken = []
    for _ in range(times):
        start = time.process_time()
        way()
        taken.append(time.process_time() - start)
    return min(taken)


def ridge_rows(targets: int, times: int) -> list[dict[str, object]]:
    """Return rows of ridge: seconds and memory of ours and of himalaya's two ways."""
    X, Y = draw(targets)
    mine = least(lambda: fit_ridge(X, Y, PENALTIES, cv=FOLDS), times)
    memory = float(_alone(f"ridge {targets}")["mb"])
    rows: list[dict[str, object]] = [{"what": f"ridge, {targets} targets: tertium", "CPU s": mine, "extra MB": memory}]
    python, why = peer_python("himalaya")
    for kind, asked in (("RidgeCV", ">= 8" if targets == 500 else ">= 3.5"), ("KernelRidgeCV", ">= 1")):
        what = f"ridge, {targets} targets: himalaya {kind}"
        if not python:
            rows.append({"what": what + f" ({why})"})
            continue
        found = run_peer(python, RIDGE, X=X, Y=Y, penalties=np.array(PENALTIES), kind=np.array(kind), times=times)
        seconds = float(found["seconds"])
        rows.append(
            {"what": what, "CPU s": seconds, "extra MB": float(found["mb"]), "ratio": seconds / mine, "asked": asked}
        )
    return rows


def pls_rows(folds: int) -> list[dict[str, object]]:
    """Return rows of PLS: seconds of a fit, and how far the correlations of units are from scikit-learn's."""
    X, Y = draw(200, np.float64)
    scheme = KFold(folds)
    start = time.process_time()
    score = encode(X, Y, PartialLeastSquares(COMPONENTS), cv=scheme, n_bootstrap=0)
    mine = (time.process_time() - start) / folds
    rows: list[dict[str, object]] = [{"what": f"PLS, a fit of {folds}: tertium", "CPU s": mine}]
    fitted, tested = scheme.split(SAMPLES).pairs[0]
    for tolerance, asked in ((1e-6, ">= 12"), (1e-12, "")):
        given = {"X": X, "Y": Y, "fitted": fitted, "tested": tested, "components": COMPONENTS, "tol": tolerance}
        found = run_peer(sys.executable, PLS, **given)
        theirs = [np.corrcoef(p, y)[0, 1] for p, y in zip(found["predicted"].T, Y[tested].T, strict=True)]
        seconds, gap = float(found["seconds"]), float(np.abs(score.folds[0] - theirs).max())
        what = f"PLS: scikit-learn, tolerance {tolerance:g}" + (" (its default)" if tolerance == 1e-6 else "")
        rows.append({"what": what, "CPU s": seconds, "ratio": seconds / mine, "asked": asked, "largest gap of r": gap})
    return rows


def memory(name: str) -> None:
    """Print, as JSON, the rise of this process's peak over its data, and the peak itself, in MB."""
    what, targets = name.split()
    X, Y = draw(int(targets))
    before = _peak()
    start = time.process_time()
    if what == "ridge":
        fit_ridge(X, Y, PENALTIES, cv=FOLDS)
    else:
        encode(X, Y, cv=FOLDS)
    print(json.dumps({"mb": _peak() - before, "peak": _peak(), "seconds": time.process_time() - start}))


def _alone(name: str) -> dict[str, float]:
    ran = subprocess.run([sys.executable, __file__, "--memory", name], capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(ran.stdout.splitlines()[-1])
    return found


def _peak() -> float:
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    for line in lines:
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(quick: bool = False) -> list[dict[str, object]]:
    """Measure, print the tables and return their rows."""
    rows = [row for targets in (500, 10_000)[: 1 if quick else 2] for row in ridge_rows(targets, 1 if quick else 3)]
    rows += pls_rows(3 if quick else 10)
    if not quick:
        found = _alone(f"encode {MANY}")
        what = f"encode (5 x 5 folds, 200 draws), {MANY} targets: peak of the process"
        rows.append(
            {
                "what": what,
                "CPU s": found["seconds"],
                "extra MB": found["mb"],
                "peak MB": found["peak"],
                "asked": "< 3000",
            }
        )
    print_table(rows)
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer targets, folds and turns")
    parser.add_argument("--memory", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.memory:
        memory(options.memory)
    else:
        main(options.quick)
