"""RSA bootstrap over stimuli against rsatoolbox, on the same draws (workload B6); values, speed, memory.

    python bench/rsa_bootstrap.py [--quick]

200 stimuli, 5 models, 8 subjects. tertium runs N = 1000 draws; rsatoolbox runs the first few of the same draws (its
time is linear in N) and is scaled per draw: the table says how many. rsatoolbox lives in an environment of its own:
its python is ``$TERTIUM_PEERS`` or ``.venv-bench/bin/python``. One BLAS thread on both sides. Memory is the rise of the
process's peak over imports and data, with N = 10,000 and the noise ceilings, in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
os.environ.update(THREADS)

import numpy as np  # noqa: E402

#: Ours -> rsatoolbox's name, draws run by the peer, times faster asked for.
METHODS = {
    "cosine": ("cosine", 60, 100),
    "pearson": ("corr", 60, 100),
    "spearman": ("spearman", 12, 20),
    "rho_a": ("rho-a", 12, 20),
    "kendall_tau_a": ("tau-a", 8, 5),
}
STIMULI, MODELS, SUBJECTS, DRAWS = 200, 5, 8, 1000

#: Draws of the memory measurement; Pearson and rho-a share the code of cosine and Spearman. Tau-a works through blocks
#: of draws whose size does not depend on N, and N = 10,000 takes minutes: --memory kendall_tau_a --draws 10000 does it.
MEMORY_DRAWS = {"cosine": 10_000, "spearman": 10_000, "kendall_tau_a": 1000}

PEER = """
import sys, time, warnings
import numpy as np
warnings.filterwarnings("ignore")
from rsatoolbox.rdm import RDMs, compare
job = np.load(sys.argv[1])
n = int(job["n"])
models = [RDMs(v[None], pattern_descriptors={"index": np.arange(n)}) for v in job["models"]]
data = RDMs(job["data"], pattern_descriptors={"index": np.arange(n)})
result = {}
for name, peer, count in zip(job["ours"], job["theirs"], job["counts"]):
    draws = job["draws"][:count]
    scores = np.empty((len(draws), len(models), len(job["data"])))
    start = time.process_time()
    for b, drawn in enumerate(draws):
        sample = data.subsample_pattern("index", drawn)
        for m, model in enumerate(models):
            scores[b, m] = compare(model.subsample_pattern("index", drawn), sample, str(peer))[0]
    result[str(name) + "_seconds"] = time.process_time() - start
    result[str(name)] = scores
np.savez(sys.argv[2], **result)
"""


def peer_python() -> str | None:
    """Return the python of the peers' environment, or None."""
    for path in (os.environ.get("TERTIUM_PEERS", ""), str(Path(__file__).parents[1] / ".venv-bench/bin/python")):
        if path and Path(path).exists():
            return path
    return None


def make(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Models (model, pair) and noisy data (subject, pair), as distances of random patterns."""
    rng = np.random.default_rng(seed)
    first, second = np.triu_indices(n, 1)
    models = []
    for _ in range(MODELS):
        patterns = rng.normal(size=(n, 30))
        models.append(((patterns[first] - patterns[second]) ** 2).sum(axis=1))
    stacked = np.stack(models)
    data = np.stack([stacked[s % MODELS] + 10 * rng.normal(size=len(first)) for s in range(SUBJECTS)])
    return stacked, data


def peer_scores(python: str, n: int, models: np.ndarray, data: np.ndarray, draws: np.ndarray, counts: dict[str, int]):
    """Run rsatoolbox on the same draws, shape (draw, n) of stimulus indices, in its own environment."""
    with tempfile.TemporaryDirectory() as folder:
        job, answer = Path(folder) / "job.npz", Path(folder) / "answer.npz"
        names = list(counts)
        np.savez(
            job,
            n=n,
            models=models,
            data=data,
            draws=draws,
            ours=names,
            theirs=[METHODS[m][0] for m in names],
            counts=[counts[m] for m in names],
        )
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | THREADS
        subprocess.run([python, "-c", PEER, str(job), str(answer)], check=True, env=environment)
        with np.load(answer) as found:
            return dict(found)


def peak_rise_mb(method: str, n_draws: int) -> float:
    """Rise of this process's peak memory during one bootstrap with ceilings (run in a process of its own)."""
    import resource

    from tertium.compare.inference import rsa
    from tertium.compare.rdm_type import RDM

    models, data = make(STIMULI)
    labels = [str(i) for i in range(STIMULI)]
    given = {f"model {i}": RDM(v, labels=labels) for i, v in enumerate(models)}
    measured = [RDM(v, labels=labels) for v in data]
    rsa(given, measured, method).compare()  # imports
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rsa(given, measured, method, bootstrap="both", n_bootstrap=n_draws).compare()
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def main(quick: bool = False) -> list[dict]:
    """Run the benchmark and return its table, one row a method."""
    from tertium.compare.similarity.engine import resampled
    from tertium.compare.similarity.pairs import Pairs

    n, n_draws = (60, 100) if quick else (STIMULI, DRAWS)
    models, data = make(n)
    draws = np.random.default_rng(1).integers(0, n, (n_draws, n))
    counts = np.stack([np.bincount(row, minlength=n) for row in draws])
    python = peer_python()
    few = {m: min(peer_draws, n_draws) for m, (_, peer_draws, _) in METHODS.items()}
    theirs = peer_scores(python, n, models, data, draws, few) if python else None
    table = []
    for method, (_, _, wanted) in METHODS.items():
        resampled(models, data, Pairs.all(n), counts[:2], method)
        start = time.process_time()
        ours = resampled(models, data, Pairs.all(n), counts, method)
        seconds = time.process_time() - start
        row = {"method": method, "stimuli": n, "draws": n_draws, "seconds": seconds, "wanted": wanted}
        if theirs is not None:
            per_draw = float(theirs[method + "_seconds"]) / few[method]
            row |= {
                "peer": f"rsatoolbox, {few[method]} draws scaled to {n_draws}",
                "peer_seconds": per_draw * n_draws,
                "faster": per_draw * n_draws / seconds,
                "gap": float(np.abs(theirs[method] - ours[: few[method]]).max()),
            }
        else:
            row |= {"peer": "rsatoolbox is not installed: set TERTIUM_PEERS to its python"}
        if not quick and method in MEMORY_DRAWS:
            many = MEMORY_DRAWS[method]
            command = [sys.executable, __file__, "--memory", method, "--draws", str(many)]
            out = subprocess.run(command, check=True, capture_output=True, text=True)
            row |= {"memory_draws": many, "memory_mb": json.loads(out.stdout)}
        table.append(row)
    return table


def show(table: list[dict]) -> None:
    """Print the table."""
    heads = (
        f"{'method':15}{'ours (s)':>10}{'peer (s)':>10}{'faster':>8}{'asked':>7}{'gap':>10}{'peak MB':>9}{'at N':>7}"
    )
    print(f"{heads}  peer")
    for row in table:
        numbers = [
            row.get(key) for key in ("seconds", "peer_seconds", "faster", "wanted", "gap", "memory_mb", "memory_draws")
        ]
        forms = ("10.3f", "10.1f", "8.0f", "7.0f", "10.1e", "9.0f", "7.0f")
        cells = [
            f"{v:{form}}" if v is not None else "-".rjust(int(form.split(".")[0]))
            for v, form in zip(numbers, forms, strict=True)
        ]
        print(f"{row['method']:15}{''.join(cells)}  {row['peer']}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="60 stimuli, 100 draws, no memory")
    parser.add_argument("--memory", help=argparse.SUPPRESS)
    parser.add_argument("--draws", type=int, default=10_000, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.memory:
        print(json.dumps(peak_rise_mb(chosen.memory, chosen.draws)))
    else:
        show(main(quick=chosen.quick))
