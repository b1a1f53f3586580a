"""Other packages for comparison: they live in an environment of their own and run in a process of their own."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

#: Environment variable with the path of a Python that has the peers.
VARIABLE = "TERTIUM_PEERS"


def peer_python(package: str, variable: str = VARIABLE, folder: str = "") -> tuple[str, str]:
    """Return the Python that has ``package``, and why there is none (one of the two is empty).

    ``variable`` and ``folder`` (under .venv-bench) name another environment than that of most peers.
    """
    own = Path(__file__).resolve().parents[1] / ".venv-bench" / folder / "bin" / "python"
    python = os.environ.get(variable, "") or (str(own) if own.exists() else "")
    if not python:
        return "", f"no peers: set {variable} to a Python that has {package}, or make .venv-bench (see bench/README.md)"
    tried = subprocess.run([python, "-c", f"import {package}"], capture_output=True, text=True, check=False)
    if tried.returncode:
        return "", f"{python} cannot import {package}: {(tried.stderr.strip().splitlines() or ['?'])[-1]}"
    return python, ""


def run_peer(python: str, script: str, **inputs: npt.ArrayLike) -> dict[str, npt.NDArray[np.float64]]:
    """Run a script in the peers' Python with one thread, and return the arrays it leaves.

    The script finds its arrays in ``given`` and leaves its results in the dictionary ``found``.
    """
    before = "import sys, numpy as np\ngiven = dict(np.load(sys.argv[1]))\nfound = {}\n"
    after = "\nnp.savez(sys.argv[2], **found)\n"
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "given.npz", Path(folder) / "found.npz"
        np.savez(source, **{name: np.asarray(value) for name, value in inputs.items()})
        subprocess.run(
            [python, "-W", "ignore", "-c", before + script + after, str(source), str(target)],
            check=True,
            env=os.environ | threads,
        )
        with np.load(target) as stored:
            return dict(stored)


def print_table(rows: list[dict[str, object]]) -> None:
    """Print rows as a table."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    texts = [[_text(row.get(column, "")) for column in columns] for row in rows]
    widths = [max(len(column), *(len(t[i]) for t in texts)) for i, column in enumerate(columns)]
    for line in (columns, *texts):
        print("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def _text(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
