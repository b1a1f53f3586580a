"""The kept results, ``results/<study>.json``: what the repository says of each study, and whether it is still true."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import tertium
from tertium.errors import BadInput
from tertium.run.tree import read_json, write_json
from tertium.studies.catalogue import ROWS, STUDIES, canon
from tertium.studies.kept import results_folder

if TYPE_CHECKING:
    from tertium.run.engine import FinishedRun


def record(run: FinishedRun) -> Path:
    """Keep the verdicts of a full-size run on the test seeds in ``results/<study>.json``.

    Raises
    ------
    BadInput
        If the run has another size, other seeds or a changed configuration: those are not what the canon asks.
    """
    default = run.study.configure(size="full")
    if run.size != "full" or run.seeds != run.study.test_seeds or run.config != default:
        raise BadInput(
            f"record of '{run.name}'",
            got=f"a {run.size} run on seeds {list(run.seeds)}" + (" with overrides" if run.config != default else ""),
            expected="the full size, the test seeds and the default configuration",
            repair=f"tertium run {run.name} --record",
        )
    kept = run.as_json()
    del kept["run"]
    entry = {**kept, "kind": run.study.kind, "source_hash": run.study.source_hash(), "version": tertium.__version__}
    return write_json(results_folder() / f"{run.name}.json", entry)


def kept_results() -> dict[str, dict[str, Any]]:
    """Return study -> kept result, for those that have one."""
    return {path.stem: read_json(path) for path in sorted(results_folder().glob("*.json"))}


def stale(name: str, kept: dict[str, Any]) -> str:
    """Return why a kept result no longer speaks for its study, or "" if it does."""
    study = STUDIES.load(name)
    if kept["source_hash"] != study.source_hash():
        return "the study's source has changed since"
    return ""


def state(kept: dict[str, Any] | None) -> str:
    """Return a study's state: "held", "partly", "not held", or "absent" without a kept result."""
    if kept is None or not kept["claims"]:
        return "absent"
    held = sum(claim["held"] for claim in kept["claims"])
    return "held" if held == len(kept["claims"]) else "partly" if held else "not held"


def canon_states() -> list[dict[str, Any]]:
    """Return one entry for each row of the canon, the absent ones too, then studies that stand for no row.

    Returns
    -------
    list of dict
        ``study, row, priority, state, claims, held, kind, seconds, system``.

    Examples
    --------
    >>> rows = canon_states()
    >>> rows[0]["row"], rows[0]["study"]
    ('FND01', 'mcculloch1943')
    """
    kept = kept_results()
    by_row: dict[str, list[str]] = {}
    for name in STUDIES:
        by_row.setdefault(ROWS.get(name, ""), []).append(name)
    entries = [
        _entry(name, row.id, row.priority, row.system, kept.get(name))
        for row in canon()
        for name in by_row.pop(row.id, [""])
    ]
    extra = [_entry(name, "", None, "", kept.get(name)) for names in by_row.values() for name in names]
    return entries + extra


def _entry(name: str, row: str, priority: int | None, system: str, kept: dict[str, Any] | None) -> dict[str, Any]:
    claims = kept["claims"] if kept else []
    return {
        "study": name or None,
        "row": row or None,
        "priority": priority,
        "state": state(kept),
        "claims": len(claims),
        "held": sum(claim["held"] for claim in claims),
        "kind": kept["kind"] if kept else None,
        "seconds": kept["seconds"] if kept else None,
        "system": system,
    }
