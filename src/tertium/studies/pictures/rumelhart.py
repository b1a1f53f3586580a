"""Drawings of FND04: weights of solved symmetry networks, ratios of their magnitudes, learning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tertium import figure
from tertium.studies.pictures.over_seeds import add

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.studies.rumelhart1986 import Rumelhart1986


def weights(results: Sequence[Rumelhart1986.Results]) -> go.Figure:
    """Draw the weights of the first solved network of each code, the two hidden units beside each other."""
    from tertium.studies.rumelhart1986 import fraction_near

    drawn = figure.new(x="input (position in the pattern)", y="weight (mean magnitude = 1)")
    solved = np.concatenate([r.weights[r.solved] for r in results])
    styles = (((1, 2, 4), figure.COLOURS[0]), ((2, 3, 4), figure.COLOURS[1]))
    for code, colour in styles:
        like = [w for w in solved if fraction_near(w[None], [code], 0.1) == 1]
        if not like:
            continue
        chosen = like[0] / np.abs(like[0]).mean()
        for unit, opacity in ((0, 1.0), (1, 0.45)):
            name = f"{':'.join(map(str, code))}, hidden unit {unit + 1}"
            drawn.add_bar(x=list(range(1, 7)), y=chosen[unit], name=name, marker={"color": colour, "opacity": opacity})
    if not len(solved):
        drawn.add_annotation(text="no network solved the task", x=3.5, y=0, showarrow=False)
    drawn.add_hline(y=0, line={"color": "#888888", "width": 1})
    drawn.update_layout(barmode="group")
    drawn.update_xaxes(dtick=1, range=[0.4, 6.6])
    return drawn


def ratios(results: Sequence[Rumelhart1986.Results]) -> go.Figure:
    """Draw middle / smallest against largest / smallest magnitude, one point a hidden unit."""
    from tertium.studies.rumelhart1986 import magnitudes

    drawn = figure.new(x="middle / smallest magnitude", y="largest / smallest magnitude")
    drawn.add_shape(type="rect", x0=1.4, x1=2.6, y0=2.8, y1=5.2, line={"color": "#888888", "dash": "dot"})
    groups = (
        ("labels shuffled", np.concatenate([r.shuffled_weights for r in results]), "#B0B0B0"),
        ("solved networks", np.concatenate([r.weights[r.solved] for r in results]), figure.COLOURS[0]),
    )
    for name, chosen, colour in groups:
        size = magnitudes(chosen).reshape(-1, 3)
        drawn.add_scatter(
            x=size[:, 1] / size[:, 0],
            y=size[:, 2] / size[:, 0],
            mode="markers",
            name=name,
            marker={"color": colour, "size": 7, "opacity": 0.6},
        )
    codes = (("1:2:4", 2.0, 4.0), ("2:3:4", 1.5, 2.0))
    drawn.add_scatter(
        x=[c[1] for c in codes], y=[c[2] for c in codes], text=[c[0] for c in codes], mode="markers+text",
        textposition="bottom right", marker={"symbol": "cross-thin", "size": 12, "line": {"width": 2}}, name="exact",
    )  # fmt: skip
    drawn.update_xaxes(range=[0.9, 6])
    drawn.update_yaxes(range=[0.9, 8])
    return drawn


def learning(results: Sequence[Rumelhart1986.Results]) -> go.Figure:
    """Draw the fraction of networks that have solved the task by each sweep."""
    drawn = figure.new(x="sweeps through the 64 patterns", y="networks solved (fraction)")
    last = results[0].sweeps
    shown = np.unique(np.geomspace(min(100, last), last, 16).astype(int))
    rows = [[float(((r.first_solved >= 0) & (r.first_solved < s)).mean()) for s in shown] for r in results]
    add(drawn, shown, rows, mode="lines+markers", name="6-2-1")
    drawn.add_vline(x=1425, line={"dash": "dot", "color": "#888888"})
    drawn.update_xaxes(type="log", tickvals=[100, 200, 500, 1000, 2000, 5000, 10000])
    drawn.update_yaxes(range=[-0.04, 1.04])
    return drawn
