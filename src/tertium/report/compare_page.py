"""From the scores of ``tertium compare`` to their page."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tertium.report.page import Page, PageFigure, PageTable, write_page
from tertium.run.environment import environment

if TYPE_CHECKING:
    from tertium.data.brain_set import BrainSet
    from tertium.studies.layerwise import LayerScores


def write_compare_page(scores: LayerScores, brain: BrainSet, *, command: str, seconds: float, path: Path) -> Path:
    """Write the page of a comparison of a network with brains.

    Parameters
    ----------
    scores : LayerScores
        What was found.
    brain : BrainSet
        What was shown, and what brains answered.
    command : str
        The command line that makes it again.
    seconds : float
        How long it took.
    path : Path
        Where to write it.

    Returns
    -------
    Path
    """
    caption = (
        f"Each layer's answers to {scores.n_stimuli} stimuli against those of {{region}}: {scores.method}, mean over "
        f"subjects. Bars: {scores.intervals_in_words}. {scores.ceiling_in_words}"
    )
    figures = [
        PageFigure(
            id=f"layers-{i}",
            figure_json=json.loads(scores.figure(region).to_json()),
            caption=caption.format(region=region),
        )
        for i, region in enumerate(scores.regions)
    ]
    frame = scores.table().round(4)
    rows = [["" if value != value else value for value in row] for row in frame.itertuples(index=False)]
    table = PageTable("Scores", list(frame.columns), rows, "One row a layer and region.")
    best = "; ".join(f"{region}: {layer}" for region, layer in scores.best().items())
    page = Page(
        title=f"{scores.model} compared with {brain.name}",
        study="compare",
        row="",
        kind="",
        size="",
        seeds=(),
        question=f"Which layer of {scores.model} has the representation most like each region's? Best layers: {best}.",
        verdicts=[],
        figures=figures,
        notes=list(scores.notes),
        metrics={},
        config={},
        environment=environment(),
        citations=[{"text": brain.cite, "bibtex": ""}] if brain.cite else [],
        command=command,
        seconds=seconds,
        tables=[table],
        created=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    )
    return write_page(page, path)
