"""The same draws given to rsatoolbox, where it is installed beside (TERTIUM_PEERS or .venv-bench)."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tertium.compare.rdm_inference.ceiling import rdm_ceiling
from tertium.compare.rdm_type import RDM
from tertium.compare.similarity.engine import resampled
from tertium.compare.similarity.pairs import Pairs

#: Ours -> theirs.
NAMES = {
    "cosine": "cosine",
    "pearson": "corr",
    "spearman": "spearman",
    "rho_a": "rho-a",
    "kendall_tau_a": "tau-a",
    "whitened_cosine": "cosine_cov",
    "whitened_correlation": "corr_cov",
}

SCRIPT = """
import sys, warnings
import numpy as np
warnings.filterwarnings("ignore")
from rsatoolbox.rdm import RDMs, compare
from rsatoolbox.inference.noise_ceiling import boot_noise_ceiling
job = np.load(sys.argv[1])
n = job["draws"].shape[1]
models, data = (RDMs(job[k], pattern_descriptors={"index": np.arange(n)}) for k in ("models", "data"))
result = {}
for name in job["names"]:
    result[name] = np.stack([
        compare(models.subsample_pattern("index", d), data.subsample_pattern("index", d), str(name))
        for d in job["draws"]
    ])
    result[name + " ceiling"] = boot_noise_ceiling(data, str(name))
np.savez(sys.argv[2], **result)
"""


def peer_python() -> str:
    for path in (os.environ.get("TERTIUM_PEERS", ""), Path(__file__).parents[2] / ".venv-bench/bin/python"):
        if path and Path(path).exists():
            return str(path)
    pytest.skip("rsatoolbox is not installed beside: set TERTIUM_PEERS to the python of its environment")


@pytest.mark.peer
@pytest.mark.slow
def test_draws_and_ceilings_equal_rsatoolbox(tmp_path: Path) -> None:
    python = peer_python()
    rng = np.random.default_rng(0)
    n = 30
    pairs = Pairs.all(n)
    models = rng.random((3, len(pairs)))
    models[0] = np.round(models[0] * 3)
    data = rng.random((4, len(pairs))) + 0.5 * models[[1, 1, 2, 2]]
    draws = rng.integers(0, n, (12, n))
    np.savez(tmp_path / "job.npz", models=models, data=data, draws=draws, names=list(NAMES.values()))
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    files = [str(tmp_path / "job.npz"), str(tmp_path / "answer.npz")]
    subprocess.run([python, "-c", SCRIPT, *files], check=True, env=environment)
    counts = np.stack([np.bincount(row, minlength=n) for row in draws])
    labels = tuple(map(str, range(n)))
    with np.load(tmp_path / "answer.npz") as answer:
        for ours, theirs in NAMES.items():
            found = resampled(models, data, pairs, counts, ours)
            assert found == pytest.approx(answer[theirs], abs=1e-10), ours
            ceiling = rdm_ceiling([RDM(row, labels) for row in data], ours)
            assert ceiling == pytest.approx(tuple(answer[theirs + " ceiling"]), abs=1e-10), ours
