"""Drawings of shapes of avalanches on one another, and of slopes of regression over several lags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tertium import figure

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.geometry.criticality.crackling import ShapeCollapse
    from tertium.geometry.criticality.multistep import BranchingRatio

#: At most so many shapes are drawn one by one.
SHAPES = 12


def collapse_figure(found: ShapeCollapse) -> go.Figure:
    """Draw the scaled shapes on one another, their mean and the parabola of mean-field theory of the same area."""
    low, high = found.interval
    title = f"growth {found.exponent:.2f} [{low:.2f}, {high:.2f}], {int(found.avalanches.sum())} avalanches"
    drawn = figure.new(x="share of the duration", y="events a bin, scaled", title=title)
    add_shapes(drawn, found, names=True)
    return drawn


def add_shapes(drawn: go.Figure, found: ShapeCollapse, *, names: bool = False, **place: Any) -> None:
    """Add scaled shapes, the colour from short to long, and their mean."""
    from plotly.colors import sample_colorscale

    if not len(found.durations) or not np.isfinite(found.exponent):
        return
    scaled = found.scaled / found.scaled.mean()
    chosen = np.unique(np.linspace(0, len(scaled) - 1, SHAPES).round().astype(int))
    shades = sample_colorscale(
        figure.SEQUENTIAL, [0.05 + 0.8 * i / max(1, len(chosen) - 1) for i in range(len(chosen))]
    )
    for i, colour in zip(chosen, shades, strict=True):
        line = {"color": colour, "width": 1}
        name = f"{found.durations[i]:.0f} bins"
        drawn.add_scatter(
            x=found.phases, y=scaled[i], mode="lines", line=line, name=name, showlegend=names, opacity=0.7, **place
        )
    mean = np.average(scaled, axis=0, weights=found.avalanches)
    thick = {"color": "#222222", "width": 2.5}
    drawn.add_scatter(x=found.phases, y=mean, mode="lines", line=thick, name="mean", showlegend=names, **place)
    parabola = found.phases * (1 - found.phases)
    dashed = {"color": figure.COLOURS[1], "width": 1.8, "dash": "dash"}
    drawn.add_scatter(
        x=found.phases, y=parabola / parabola.mean() * mean.mean(), mode="lines", line=dashed, name="parabola",
        showlegend=names, **place,
    )  # fmt: skip
    drawn.update_yaxes(rangemode="tozero", **place)


def slopes_figure(found: BranchingRatio) -> go.Figure:
    """Draw slopes with their 95 % band, the exponential, and what the slope at lag 1 alone would say."""
    seconds = np.isfinite(found.dt)
    width, unit = (found.dt, "s") if seconds else (1.0, "bins")
    low, high = found.interval
    title = f"m = {found.value:.3f} [{low:.3f}, {high:.3f}]; lag 1 alone: {found.naive:.3f}"
    drawn = figure.new(x=f"lag ({unit})", y="slope of regression r<sub>k</sub>", title=title)
    lags = found.lags * width
    name = f"measured, {found.blocks} blocks"
    if np.isfinite(found.band).all():
        low_end, high_end = found.band.T.tolist()
        figure.lines_with_band(drawn, lags.tolist(), found.slopes.tolist(), low_end, high_end, name)
    else:
        drawn.add_scatter(x=lags, y=found.slopes, mode="lines", line={"color": figure.COLOURS[0]}, name=name)
    if np.isfinite(found.value):
        curve = found.amplitude * found.value**found.lags + found.offset
        line = {"color": figure.COLOURS[1], "width": 2, "dash": "dash"}
        shown = f"b m<sup>k</sup>, time constant {found.time_constant:.3g} {unit}"
        drawn.add_scatter(x=lags, y=curve, mode="lines", line=line, name=shown)
    drawn.add_hline(y=0, line={"color": "#888888", "width": 1})
    drawn.update_layout(legend={"x": 0.98, "xanchor": "right", "y": 0.98})
    return drawn
