"""Floor 8, run: run folders, resume and reuse, the kept results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tertium._lazy import attach

if TYPE_CHECKING:
    from tertium.run.engine import FinishedRun, load_run, run_study
    from tertium.run.folder import RunFolder, find_run
    from tertium.run.records import canon_states, record

__all__ = ["FinishedRun", "RunFolder", "canon_states", "find_run", "load_run", "record", "run_study"]

__getattr__, __dir__ = attach(
    __name__,
    {
        **dict.fromkeys(("FinishedRun", "load_run", "run_study"), "engine"),
        **dict.fromkeys(("RunFolder", "find_run"), "folder"),
        **dict.fromkeys(("canon_states", "record"), "records"),
    },
)
