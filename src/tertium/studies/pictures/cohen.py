"""Pictures of Cohen et al. 2020: capacity, radius, dimension and correlations of centres along a network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tertium import figure
from tertium.studies.base import Picture
from tertium.studies.pictures.over_seeds import add

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.studies.cohen2020 import Cohen2020

#: Measure -> title of its axis, what the caption says.
DRAWN = {
    "capacity": ("capacity (manifolds / unit)", "Capacity for the ten classes (logarithmic axis)"),
    "radius": ("radius R<sub>M</sub> (norms of the centre)", "Radius of the manifolds"),
    "dimension": ("dimension D<sub>M</sub>", "Dimension of the manifolds"),
    "correlation": ("correlation of centres (mean |cosine|)", "Correlation of centres about their mean"),
}


def pictures(results: Sequence[Cohen2020.Results]) -> Iterator[Picture]:
    """Yield all pictures."""
    n = len(results)
    over = f"mean and 95 % interval over {n} seed{'s' if n > 1 else ''}"
    for measure, (_, what) in DRAWN.items():
        yield Picture(
            measure,
            along(results, measure),
            f"{what} along the network, pixels first, {over}: trained, before training, and trained with classes "
            "shuffled. The mean over places (pooled) has 96 units, all others up to a thousand.",
        )


def along(results: Sequence[Any], measure: str) -> go.Figure:
    """Draw a measure by layer for the three conditions."""
    drawn = figure.new(x="layer", y=DRAWN[measure][0])
    names = results[0].layers
    for k, (condition, name) in enumerate(
        (("trained", "trained"), ("untrained", "untrained"), ("shuffled", "trained, classes shuffled"))
    ):
        rows = [getattr(one, measure)[condition] for one in results]
        line = {"color": figure.COLOURS[k]}
        add(drawn, np.arange(len(names)) + 0.06 * (k - 1), rows, name=name, mode="lines+markers", line=line)
    drawn.update_xaxes(tickmode="array", tickvals=list(range(len(names))), ticktext=names)
    if measure == "capacity":  # ratios of it are claimed
        ticks = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2]
        drawn.update_yaxes(type="log", tickmode="array", tickvals=ticks, ticktext=[f"{t:g}" for t in ticks])
    else:
        drawn.update_yaxes(rangemode="tozero")
    return drawn
