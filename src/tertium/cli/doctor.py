"""``tertium doctor``: is everything in place, and if not, what to do."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from tertium.cli.show import AsJson, print_json, print_table


def doctor(as_json: bool = AsJson) -> int:
    """Check the installation, the data at hand and the run folder."""
    rows = list(_checks())
    if as_json:
        print_json([{"check": what, "ok": ok, "found": found, "repair": repair} for what, ok, found, repair in rows])
    else:
        table = [("ok" if ok else "!!", what, found, "" if ok else repair) for what, ok, found, repair in rows]
        print_table(("", "check", "found", "what to do"), table)
    return 0 if all(ok for _, ok, _, _ in rows) else 1


def _checks() -> Iterator[tuple[str, bool, str, str]]:
    from tertium.run.environment import environment

    versions = environment()
    yield "tertium", True, versions["tertium"], ""
    yield "python", True, f"{versions['python']} on {versions['system']}, {versions['cores']} cores", ""
    for name in ("torch", "numpy", "xarray", "zarr", "plotly"):
        yield name, versions[name] != "not installed", versions[name], "script/setup"
    if versions["torch"] != "not installed":
        import torch

        gpu = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "none: everything runs on the CPU"
        yield "GPU", True, f"{gpu}; {torch.get_num_threads()} CPU threads", ""
    yield from _data_checks()
    from tertium.run.folder import runs_folder

    runs = runs_folder().resolve()
    place = next(p for p in (runs, *runs.parents) if p.exists())
    writable = os.access(place, os.W_OK)
    yield "runs", writable, str(runs), "Set TERTIUM_RUNS to a folder that you may write."
    free = shutil.disk_usage(place).free / 1e9
    yield "disk", free > 2, f"{free:.0f} GB free", "Runs and data want 2 GB."
    browser = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("firefox")
    yield "browser", True, Path(browser).name if browser else "none found: open report.html on another machine", ""


def _data_checks() -> Iterator[tuple[str, bool, str, str]]:
    from tertium.data.catalogue import list_sets

    folder = os.environ.get("TERTIUM_DATA")
    fine = folder is None or Path(folder).is_dir()
    yield "TERTIUM_DATA", fine, folder or "not set", "It names a folder that is not there: set it anew or unset it."
    sets = list_sets()
    here = [s for s in sets if s.at_hand != "no"]
    yield "data sets", True, f"{len(here)} of {len(sets)} at hand (tertium data)", ""
