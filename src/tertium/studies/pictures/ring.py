"""Drawings of DYN13: bump and spectrum, persistence, diffusion, integration, the places left in a spoilt ring."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tertium import figure

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.studies.benyishai1995 import BenYishai1995

TIME = "time (time constants)"


def spectrum(first: BenYishai1995.Results) -> go.Figure:
    """Draw the rates of a bump, and the leading eigenvalues there and at the uniform state."""
    panels = _panels(("preferred angle (rad)", "number of the eigenvalue"), ("rate (fraction)", "eigenvalue (1/τ)"))
    at = np.where(first.angles > np.pi, first.angles - 2 * np.pi, first.angles)
    order = np.argsort(at)
    line = {"color": figure.COLOURS[0], "width": 2}
    panels.add_scatter(x=at[order], y=first.rates[order], mode="lines", line=line, showlegend=False, row=1, col=1)
    for name, values, colour in (
        ("bump", first.spectrum, figure.COLOURS[0]),
        ("uniform state", first.spectrum_uniform, figure.COLOURS[1]),
    ):
        mark = {"color": colour, "size": 8}
        panels.add_scatter(x=np.arange(1, 9), y=values[:8], mode="markers", marker=mark, name=name, row=1, col=2)
    panels.add_hline(y=0, line={"color": "#888888", "width": 1, "dash": "dash"}, row=1, col=2)
    return panels


def persistence(first: BenYishai1995.Results) -> go.Figure:
    """Draw the amplitude of bumps without input."""
    drawn = figure.new(x=TIME, y="amplitude of the bump", height=320)
    for name, values, dash in (
        ("full excitation", first.amplitude, "solid"),
        ("a quarter of it", first.amplitude_weak, "dot"),
    ):
        for k in range(values.shape[1]):
            line = {"color": figure.COLOURS[k], "width": 1.5, "dash": dash}
            style = {"name": name, "legendgroup": name, "showlegend": k == 0}
            drawn.add_scatter(x=first.time, y=values[:, k], mode="lines", line=line, **style)
    drawn.update_yaxes(rangemode="tozero")
    return drawn


def diffusion(results: Sequence[BenYishai1995.Results]) -> go.Figure:
    """Draw the variance of the angle against time, and its slope against the number of units."""
    panels = _panels((TIME, "units"), ("variance of the angle (rad²)", "growth of the variance (rad²/τ)"))
    first = results[0]
    for k, size in enumerate(first.sizes):
        colour = figure.COLOURS[k % len(figure.COLOURS)]
        mean = np.mean([one.variance[k] for one in results], axis=0)
        line = {"color": colour, "width": 2}
        panels.add_scatter(x=first.time, y=mean, mode="lines", line=line, name=f"{size} units", row=1, col=1)
        line = {"color": colour, "width": 1, "dash": "dash"}
        panels.add_scatter(
            x=first.time, y=first.predicted[k] * first.time, mode="lines", line=line, showlegend=False, row=1, col=1
        )
    for one in results:
        mark = {"color": figure.COLOURS[0], "size": 7}
        panels.add_scatter(x=one.sizes, y=one.diffusion, mode="markers", marker=mark, showlegend=False, row=1, col=2)
    line = {"color": "#222222", "width": 1.5}
    panels.add_scatter(x=first.sizes, y=first.predicted, mode="lines", line=line, name="theory", row=1, col=2)
    panels.update_xaxes(type="log", tickvals=first.sizes.tolist(), row=1, col=2)
    panels.update_yaxes(type="log", exponentformat="power", dtick="D2", row=1, col=2)
    return panels


def integration(first: BenYishai1995.Results) -> go.Figure:
    """Draw the angle of the bump and the integral of the velocity."""
    drawn = figure.new(x=TIME, y="angle (rad)", height=340)
    for name, values, line in (
        ("integral of the velocity", first.turned, {"color": "#BBBBBB", "width": 7}),
        ("bump", first.followed, {"color": figure.COLOURS[0], "width": 1.6}),
        ("bump, nothing turns it", first.unturned, {"color": figure.COLOURS[1], "width": 1.6}),
    ):
        drawn.add_scatter(x=first.walk_time, y=values, mode="lines", line=line, name=name)
    return drawn


def collapse(first: BenYishai1995.Results) -> go.Figure:
    """Draw where bumps of a spoilt ring end against where they begin, with its fixed points."""
    drawn = figure.new(x="angle at the beginning (rad)", y="angle at the end (rad)", height=440, width=560)
    angle, index = np.asarray(first.jittered["angle"]), np.asarray(first.jittered["index"])
    for at, unstable in zip(angle, index, strict=True):
        line = {"color": figure.COLOURS[1 if unstable else 2], "width": 1, "dash": "dot" if unstable else "solid"}
        if unstable:
            drawn.add_vline(x=at, line=line)
        else:
            drawn.add_hline(y=at, line=line)
    wrapped = (first.ends + np.pi) % (2 * np.pi) - np.pi
    mark = {"color": figure.COLOURS[0], "size": 5}
    drawn.add_scatter(x=wrapped[:, 0], y=wrapped[:, 1], mode="markers", marker=mark, name="bumps", showlegend=False)
    drawn.update_xaxes(range=[-np.pi, np.pi])
    drawn.update_yaxes(range=[-np.pi, np.pi])
    return drawn


def _panels(x: Sequence[str], y: Sequence[str]) -> go.Figure:
    """Return two panels side by side, in the look of `figure.new`."""
    from plotly.subplots import make_subplots

    panels = make_subplots(1, 2, horizontal_spacing=0.14)
    base = figure.new(height=380).layout
    panels.update_layout({k: v for k, v in base.to_plotly_json().items() if k not in ("xaxis", "yaxis")})
    panels.update_xaxes(base.xaxis)
    panels.update_yaxes(base.yaxis)
    for column in (1, 2):
        panels.update_xaxes(title_text=x[column - 1], row=1, col=column)
        panels.update_yaxes(title_text=y[column - 1], row=1, col=column)
    return panels
