"""Drawings of THY10: sizes, durations, shapes, p values, branching ratios."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from tertium import figure
from tertium.studies.pictures import over_seeds

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.studies.beggs2003 import Beggs2003

#: Kinds of activity in the order of the legend: name, colour, dots.
KINDS = {
    "critical": ("critical network", figure.COLOURS[0], "circle"),
    "subcritical": ("subcritical network", figure.COLOURS[1], "square"),
    "poisson": ("Poisson units", figure.COLOURS[2], "diamond"),
    "shuffled": ("intervals shuffled", figure.COLOURS[3], "triangle-up"),
}


def laws(results: Sequence[Beggs2003.Results], what: Literal["sizes", "durations"]) -> go.Figure:
    """Draw densities of the first seed, with a line of the slope of mean-field theory."""
    first = results[0]
    slope = 1.5 if what == "sizes" else 2.0
    drawn = figure.new(
        x="size of the avalanche (events)" if what == "sizes" else "duration (bins)", y="density", width=640, height=420
    )
    shown = getattr(first, what)
    for kind, (name, colour, symbol) in KINDS.items():
        k, density = shown[kind]
        look = {"size": 6, "color": colour, "symbol": symbol}
        drawn.add_scatter(x=k, y=density, mode="markers", marker=look, name=name)
    k, density = shown["critical"]
    middle = len(k) // 2
    ends = np.array([k[0], k[-1]])
    line = {"color": "#444444", "width": 1.5, "dash": "dash"}
    name = f"slope -{slope:g}"
    drawn.add_scatter(x=ends, y=density[middle] * (ends / k[middle]) ** -slope, mode="lines", line=line, name=name)
    drawn.update_xaxes(type="log", dtick=1, exponentformat="power")
    drawn.update_yaxes(type="log", dtick=2, exponentformat="power")
    return drawn


def shapes(first: Beggs2003.Results) -> go.Figure:
    """Draw scaled shapes, short durations dark, long ones light, and the parabola."""
    from plotly.colors import sample_colorscale

    drawn = figure.new(x="share of the duration", y="active units, scaled (mean 1)", width=640)
    chosen = np.unique(np.linspace(0, len(first.shapes) - 1, min(8, len(first.shapes))).round().astype(int))
    places = (0.05 + 0.8 * np.arange(len(chosen)) / max(1, len(chosen) - 1)).tolist()
    for i, colour in zip(chosen, sample_colorscale(figure.SEQUENTIAL, places), strict=True):
        line = {"color": colour, "width": 1.5}
        name = f"{first.shape_durations[i]:.0f} steps"
        drawn.add_scatter(x=first.phases, y=first.shapes[i], mode="lines", line=line, name=name)
    parabola = first.phases * (1 - first.phases)
    dashed = {"color": "#222222", "width": 2, "dash": "dash"}
    drawn.add_scatter(x=first.phases, y=parabola / parabola.mean(), mode="lines", line=dashed, name="parabola")
    drawn.update_yaxes(rangemode="tozero")
    return drawn


def plausible(results: Sequence[Beggs2003.Results]) -> go.Figure:
    """Draw the p values of all draws, a column for each kind of network."""
    drawn = figure.new(x="network (draws in the order of p)", y="p value of the power law of sizes", width=560)
    for column, kind in enumerate(("critical", "subcritical")):
        p = np.concatenate([r.p_values[kind] for r in results])
        place = column + 0.5 * (np.argsort(np.argsort(p, kind="stable")) / max(len(p) - 1, 1) - 0.5)
        name, colour, symbol = KINDS[kind]
        look = {"size": 6, "color": colour, "symbol": symbol, "opacity": 0.7}
        drawn.add_scatter(x=place, y=p, mode="markers", marker=look, name=name, showlegend=False)
    figure.limit_line(drawn, 0.1, "rejected below")
    names = [KINDS[kind][0] for kind in ("critical", "subcritical")]
    drawn.update_xaxes(tickvals=[0, 1], ticktext=names, range=[-0.5, 1.7])
    drawn.update_yaxes(range=[-0.03, 1.03])
    return drawn


def branching(results: Sequence[Beggs2003.Results]) -> go.Figure:
    """Draw inferred branching ratios against the true ones."""
    drawn = figure.new(x="branching ratio, true", y="branching ratio, inferred", width=640, height=420)
    true = results[0].ratios
    ends = [float(true.min()) - 0.02, 1.0]
    drawn.add_scatter(x=ends, y=ends, mode="lines", line={"color": "#888888", "width": 1}, showlegend=False)
    for number, (name, rows) in enumerate(
        (("regression over many steps", [r.inferred for r in results]), ("over one step", [r.naive for r in results]))
    ):
        look = {"size": 8, "symbol": ("circle", "square")[number], "color": figure.COLOURS[number]}
        over_seeds.add(drawn, true, rows, mode="markers", marker=look, name=name)
    drawn.update_yaxes(range=[0, 1.03])
    return drawn
