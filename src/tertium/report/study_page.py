"""From a finished run to its page."""

from __future__ import annotations

import json
import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tertium.report.page import Page, PageFigure, write_page
from tertium.run.tree import read_json

if TYPE_CHECKING:
    from pydantic import BaseModel

    from tertium.run.engine import FinishedRun


def study_page(run: FinishedRun) -> Page:
    """Put together what the page of a run shows.

    Parameters
    ----------
    run : FinishedRun
        A run whose seeds are all done.

    Returns
    -------
    Page
    """
    study = run.study
    pictures = list(study.figures(run.results))
    title, _, body = (study.__class__.__doc__ or run.name).strip().partition("\n")
    environment = read_json(run.folder.environment) if run.folder.environment.exists() else {}
    return Page(
        title=title.rstrip("."),
        study=run.name,
        row=study.row,
        kind=study.kind,
        size=run.size,
        seeds=run.seeds,
        question="\n".join(line.strip() for line in body.strip().splitlines()),
        verdicts=[v.as_json() for v in run.verdicts],
        figures=[PageFigure(p.id, json.loads(p.figure.to_json()), p.caption) for p in pictures],
        notes=list(run.notes),
        metrics=run.metrics,
        config=_described(run.config),
        environment=environment,
        citations=[{"text": r.text(), "bibtex": r.bibtex()} for r in study.cite],
        command=command(run),
        seconds=run.seconds,
        created=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    )


def write_study_page(run: FinishedRun) -> Path:
    """Write ``report.html`` into the run's folder and return its path."""
    return write_page(study_page(run), run.folder.report)


def command(run: FinishedRun) -> str:
    """Return the command line that makes this run again."""
    words = ["tertium", "run", run.name]
    default = run.study.configure(size="full" if run.size == "full" else "smoke")
    for key, value in run.config.model_dump(mode="json").items():
        if value != default.model_dump(mode="json")[key]:
            words.append(f"{key}={json.dumps(value) if not isinstance(value, str) else value}")
    if run.seeds != run.study.test_seeds:
        words.append("seeds=" + ",".join(map(str, run.seeds)))
    if run.size == "smoke":
        words.append("--smoke")
    return shlex.join(words)


def _described(config: BaseModel) -> dict[str, Any]:
    values = config.model_dump(mode="json")
    fields = type(config).model_fields
    return {key: {"value": value, "meaning": fields[key].description or ""} for key, value in values.items()}
