"""Where a run ran: versions, machine, the state of the source."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path

#: Packages whose version can change a number.
PACKAGES = ("tertium", "torch", "numpy", "scipy", "scikit-learn", "xarray", "zarr", "pandas", "plotly")


def environment() -> dict[str, str]:
    """Return versions and machine as a flat mapping; nothing in it names a person or a path.

    Examples
    --------
    >>> environment()["python"] == platform.python_version()
    True
    """
    found = {"python": platform.python_version(), "system": f"{platform.system()} {platform.machine()}"}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    found["cores"] = str(os.cpu_count() or 1)
    found["commit"] = _commit()
    return found


def _commit() -> str:
    """Return the commit of a checkout that tertium runs from, with '+' when files were changed since."""
    root = Path(__file__).resolve().parents[3]
    if not (root / ".git").exists():
        return "installed package"
    try:
        head = _git(root, "rev-parse", "--short=12", "HEAD")
        return head + ("+" if _git(root, "status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.CalledProcessError, subprocess.TimeoutExpired) as problem:
        print(f"tertium: the commit is unknown ({problem})", file=sys.stderr)  # noqa: T201
        return "unknown"


def _git(root: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=True, timeout=10)
    return done.stdout.strip()
