"""How much memory there is, and sizes in words."""

from __future__ import annotations

import os
from pathlib import Path


def available_memory() -> int:
    """Return how many bytes a new array may take before the machine runs short (an estimate).

    On Linux the smaller of what the kernel calls available and what the control group still allows; elsewhere half
    of the machine's memory.

    Examples
    --------
    >>> available_memory() > 0
    True
    """
    limits = [limit for limit in (_kernel(), _control_group()) if limit is not None]
    if limits:
        return max(0, min(limits))
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    except (ValueError, OSError, AttributeError):  # Windows has no sysconf
        return 4 * 2**30


def readable(n_bytes: float) -> str:
    """Return a number of bytes in words.

    Examples
    --------
    >>> readable(1_500), readable(3_210_000_000)
    ('1.5 kB', '3.2 GB')
    """
    for unit in ("bytes", "kB", "MB", "GB"):
        if n_bytes < 1000:
            return f"{n_bytes:.0f} {unit}" if unit == "bytes" else f"{n_bytes:.1f} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.1f} TB"


def _kernel() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    facts = dict(line.split(":", 1) for line in lines if ":" in line)
    found = facts.get("MemAvailable", "").split()
    return int(found[0]) * 1024 if found else None


def _control_group() -> int | None:
    folder = Path("/sys/fs/cgroup")
    try:
        limit = (folder / "memory.max").read_text().strip()
        used = int((folder / "memory.current").read_text())
    except (OSError, ValueError):
        return None
    return None if limit == "max" else int(limit) - used
