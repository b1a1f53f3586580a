"""Drawings of SEN03: which layer is assigned to voxels of which area, and scores over layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tertium import figure

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.studies.guclu2015 import Guclu2015

#: What answered and what predicted, in the order of the panels.
KINDS = {
    "trained": "trained network",
    "untrained": "untrained network",
    "shuffled": "trained, other photographs",
}


def assignments(results: Sequence[Guclu2015.Results]) -> go.Figure:
    """Draw shares of voxels over layers, a row an area, a panel for each way to predict; all seeds together."""
    from plotly.subplots import make_subplots

    first = results[0]
    drawn = figure.new(width=940, height=360)
    grid = make_subplots(rows=1, cols=len(KINDS), subplot_titles=list(KINDS.values()), shared_yaxes=True)
    grid.update_layout(drawn.layout)
    for column, kind in enumerate(KINDS, start=1):
        shares = np.zeros((len(first.areas), len(first.layers)))
        for one in results:
            np.add.at(shares, (one.rank, getattr(one, f"{kind}_assigned")), 1)
        shares /= shares.sum(1, keepdims=True)
        grid.add_heatmap(
            z=shares, x=list(first.layers), y=list(first.areas), zmin=0, zmax=1, colorscale=figure.SEQUENTIAL,
            showscale=column == len(KINDS), colorbar={"title": "share of voxels"}, row=1, col=column,
        )  # fmt: skip
        for area in range(len(first.areas)):
            place = first.layers[int(first.planted[first.rank == area][0])]
            mark = {"symbol": "circle-open", "color": "white", "size": 12, "line": {"width": 2}}
            grid.add_scatter(
                x=[place], y=[first.areas[area]], mode="markers", marker=mark, showlegend=False, row=1, col=column,
                hovertemplate="layer of its cells<extra></extra>",
            )  # fmt: skip
    grid.update_xaxes(drawn.layout.xaxis.to_plotly_json() | {"title": "best layer", "tickangle": -60})
    grid.update_yaxes(drawn.layout.yaxis.to_plotly_json() | {"title": ""})
    grid.update_yaxes(title="area", col=1)
    grid.update_layout(margin={"t": 48, "b": 90})
    return grid


def profiles(results: Sequence[Guclu2015.Results]) -> go.Figure:
    """Draw scores over layers, one line an area, mean over seeds with their range, trained and untrained."""
    from plotly.subplots import make_subplots

    first = results[0]
    drawn = figure.new(width=940, height=400)
    kinds = [kind for kind in KINDS if kind != "shuffled"]
    grid = make_subplots(rows=1, cols=2, subplot_titles=[KINDS[kind] for kind in kinds], shared_yaxes=True)
    grid.update_layout(drawn.layout)
    for column, kind in enumerate(kinds, start=1):
        for area, name in enumerate(first.areas):
            means = np.array([getattr(r, f"{kind}_scores")[:, r.rank == area].mean(1) for r in results])
            middle = means.mean(0)
            bars = figure.error_bars(middle.tolist(), means.min(0).tolist(), means.max(0).tolist())
            look = {"color": figure.COLOURS[area % len(figure.COLOURS)]}
            grid.add_scatter(
                x=list(first.layers), y=middle, error_y=bars, mode="lines+markers", line=look, name=name,
                legendgroup=name, showlegend=column == 1, row=1, col=column,
            )  # fmt: skip
        ceiling = float(np.mean([r.ceilings.mean() for r in results]))
        grid.add_hline(y=ceiling, line_dash="dash", line_color="#444444", line_width=1, row=1, col=column)
        grid.add_annotation(
            x=first.layers[0], y=ceiling, text="noise ceiling", showarrow=False, xanchor="left", yanchor="bottom",
            row=1, col=column,
        )  # fmt: skip
    grid.update_xaxes(drawn.layout.xaxis.to_plotly_json() | {"title": "layer", "tickangle": -60})
    grid.update_yaxes(drawn.layout.yaxis.to_plotly_json() | {"title": ""})
    grid.update_yaxes(title="correlation with held-out photographs", col=1)
    grid.update_layout(margin={"t": 48, "b": 90})
    return grid
