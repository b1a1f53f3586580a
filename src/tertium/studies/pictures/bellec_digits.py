"""Pictures of sequential digits: who tells how many, and how they learned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tertium import figure
from tertium.studies.base import Picture
from tertium.studies.pictures.bellec import NAMED
from tertium.studies.pictures.over_seeds import add

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.studies.bellec2018digits import Bellec2018Digits


def pictures(results: Sequence[Bellec2018Digits.Results]) -> Iterator[Picture]:
    """Yield accuracies and learning curves."""
    n = len(results)
    over = f"n = {n} seed{'s' if n > 1 else ''}"
    yield Picture(
        "right",
        right(results),
        f"Held-out digits told right. Circles: seeds; diamonds: mean and 95 % interval over {over}. Dashed: chance.",
    )
    yield Picture(
        "learning",
        learning(results),
        f"Digits told right while learning, of 256 that they learn from. Thick: mean over {over}; thin: each seed.",
    )


def right(results: Sequence[Bellec2018Digits.Results]) -> go.Figure:
    """Draw the accuracy of each network."""
    names = list(results[0].right)
    drawn = figure.new(x="network", y="held-out digits told right (%)")
    rows = np.array([[one.right[name] for name in names] for one in results])
    places = np.arange(len(names))
    for row in rows:
        seeds = {"color": figure.COLOURS[6], "symbol": "circle-open", "size": 7}
        drawn.add_scatter(x=places - 0.12, y=row, mode="markers", marker=seeds, showlegend=False)
    mean = {"color": figure.COLOURS[0], "symbol": "diamond", "size": 10}
    add(drawn, places + 0.12, rows, mode="markers", marker=mean, showlegend=False)
    figure.limit_line(drawn, 10, "chance")
    drawn.update_xaxes(tickvals=places.tolist(), ticktext=[NAMED[name] for name in names])
    drawn.update_yaxes(range=[0, 100])
    return drawn


def learning(results: Sequence[Bellec2018Digits.Results]) -> go.Figure:
    """Draw accuracies through training."""
    drawn = figure.new(x="batch of training", y="digits told right (%)")
    for k, name in enumerate(results[0].curves):
        line = {"color": figure.COLOURS[k]}
        rows = np.array([one.curves[name] for one in results])
        for row in rows:
            thin = line | {"width": 1}
            drawn.add_scatter(x=results[0].step, y=row, mode="lines", line=thin, opacity=0.4, showlegend=False)
        drawn.add_scatter(x=results[0].step, y=rows.mean(0), mode="lines", line=line | {"width": 3}, name=NAMED[name])
    drawn.update_yaxes(range=[0, 100])
    return drawn
