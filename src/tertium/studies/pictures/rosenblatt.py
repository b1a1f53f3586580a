"""Drawings of FND02: the mistake bound, Cover's curve, the retina."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tertium import figure
from tertium.studies.pictures.over_seeds import add
from tertium.theory import separable_probability

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.studies.rosenblatt1958 import Rosenblatt1958


def bound(results: Sequence[Rosenblatt1958.Results]) -> go.Figure:
    """Draw mistakes against the bound, one point a set."""
    bounds, mistakes = (np.concatenate([getattr(r, name) for r in results]) for name in ("bounds", "mistakes"))
    drawn = figure.new(x="bound (R / gamma)<sup>2</sup> (mistakes)", y="mistakes made")
    ends = [float(bounds.min()), float(bounds.max())]
    drawn.add_scatter(x=ends, y=ends, mode="lines", name="mistakes = bound", line={"color": "#222222", "dash": "dot"})
    drawn.add_scatter(x=bounds, y=mistakes, mode="markers", name="a set", marker={"size": 4, "opacity": 0.6})
    ticks = [10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000]
    drawn.update_xaxes(type="log", tickvals=ticks)
    drawn.update_yaxes(type="log", tickvals=ticks)
    return drawn


def capacity(results: Sequence[Rosenblatt1958.Results]) -> go.Figure:
    """Draw the fraction of separable dichotomies over Cover's curve."""
    from scipy.stats import binomtest

    first = results[0]
    n = len(results) * first.dichotomies
    shares = [float(np.mean([r.separable[load] for r in results])) for load in first.separable]
    ends = [binomtest(round(s * n), n).proportion_ci(method="wilson") for s in shares]
    points = np.arange(round(0.8 * first.inputs), round(3.2 * first.inputs) + 1)
    drawn = figure.new(x="load P / N (points an input)", y="separable dichotomies (fraction)")
    closed = [separable_probability(int(p), first.inputs) for p in points]
    drawn.add_scatter(x=points / first.inputs, y=closed, mode="lines", name="Cover 1965", line={"color": "#222222"})
    bars = figure.error_bars(shares, [e.low for e in ends], [e.high for e in ends])
    drawn.add_scatter(x=first.loads, y=shares, error_y=bars, mode="markers", name="linear program")
    drawn.update_yaxes(range=[-0.03, 1.03])
    return drawn


def retina(first: Rosenblatt1958.Results) -> go.Figure:
    """Draw four blobs and the weights that one perceptron learned."""
    from plotly.subplots import make_subplots

    titles = ["left", "left", "right", "right", "weights"]
    panels = make_subplots(1, 5, subplot_titles=titles, horizontal_spacing=0.02)
    style = {k: v for k, v in figure.new(height=250).layout.to_plotly_json().items() if k not in ("xaxis", "yaxis")}
    panels.update_layout(style | {"margin": {"l": 40, "r": 16, "t": 40, "b": 40}})
    for column, image in enumerate(first.retina_examples, start=1):
        panels.add_heatmap(z=image, colorscale="Greys", showscale=False, row=1, col=column)
    largest = float(np.abs(first.retina_weights).max())
    panels.add_heatmap(
        z=first.retina_weights, colorscale=figure.DIVERGING, zmin=-largest, zmax=largest, row=1, col=5,
        colorbar={"title": {"text": "weight"}, "thickness": 10},
    )  # fmt: skip
    for column in range(1, 6):
        panels.update_xaxes(constrain="domain", showticklabels=False, title="pixel", row=1, col=column)
        anchor = {"scaleanchor": f"x{column if column > 1 else ''}", "autorange": "reversed"}
        panels.update_yaxes(showticklabels=False, title="pixel" if column == 1 else "", row=1, col=column, **anchor)
    return panels


def learning(results: Sequence[Rosenblatt1958.Results]) -> go.Figure:
    """Draw test accuracy against training blobs."""
    curves = np.concatenate([r.retina_curve for r in results])
    drawn = figure.new(x="training blobs", y="test accuracy (fraction)")
    add(drawn, results[0].retina_shown, curves, mode="lines+markers", name="true labels")
    drawn.add_hline(y=float(np.mean([r.retina_shuffled for r in results])), line={"dash": "dash", "color": "#7F7F7F"})
    drawn.update_xaxes(type="log", tickvals=results[0].retina_shown)
    drawn.update_yaxes(range=[0.4, 1.02])
    return drawn
