"""From a leaderboard to its page."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tertium.report.page import Page, PageFigure, PageTable, write_page
from tertium.run.environment import environment

if TYPE_CHECKING:
    from tertium.studies.leaderboard import Leaderboard

_CAPTION = (
    "{what}. {words}. The layer is chosen on some images and judged on others, for all models alike. Bars: 95 % "
    "intervals over images{subjects}.{ceiling}"
)


def write_score_page(board: Leaderboard, path: str | Path, *, command: str = "", seconds: float = 0.0) -> Path:
    """Write the page of a network scored on real data beside reference models.

    Parameters
    ----------
    board : Leaderboard
        From `tertium.studies.score`.
    path : str or Path
        Where to write it.
    command : str
        The command line that makes it again.
    seconds : float
        How long it took.

    Returns
    -------
    Path
    """
    table = board.table()
    has_ceiling = {name: bool(part["ceiling"].notna().any()) for name, part in table.groupby("benchmark")}
    figures = [
        PageFigure(
            id=f"score-{name}",
            figure_json=json.loads(board.figure(name).to_json()),
            caption=_CAPTION.format(
                what=board.what[name],
                words=board.words[name][0].upper() + board.words[name][1:],
                subjects=" and subjects" if has_ceiling[name] else "",
                ceiling=" Dashed: the other subjects as a model of each (lower noise ceiling)." * has_ceiling[name],
            ),
        )
        for name in board.benchmarks
    ]
    shown = table.drop(columns="reference").round(3)
    rows = [["" if value != value else value for value in row] for row in shown.itertuples(index=False)]
    says = f"difference: {board.model} less the model of the row, with its paired 95 % interval."
    page = Page(
        title=f"{board.model} on real data",
        study="score",
        row="",
        kind="",
        size="",
        seeds=(),
        question=f"How well does {board.model} explain what brains and people answered, beside models that need no "
        "learning and networks that learned objects?",
        verdicts=[],
        figures=figures,
        notes=[f"Not scored: {name}: {why}" for name, why in board.missing.items()],
        metrics={},
        config={},
        environment=environment(),
        citations=[{"text": text, "bibtex": ""} for text in dict.fromkeys(board.cite.values()) if text],
        command=command,
        seconds=seconds,
        tables=[PageTable("Scores", list(shown.columns), rows, f"One row a benchmark and model, best first; {says}")],
        created=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    )
    return write_page(page, Path(path))
