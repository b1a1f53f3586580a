"""Drawings of a flow field: on a line, in a plane, in space."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from tertium import figure
from tertium.dynamics.fields.streamlines import streamlines
from tertium.errors import BadInput

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.dynamics.fields.flow import FlowField
    from tertium.dynamics.roots.points import FixedPoints

Floats = npt.NDArray[np.float64]

#: What is said of the ground's colour.
GROUND = {"speed": "speed", "leaving": "velocity that leaves the plane (fraction)"}
ARROWS = 21
LIGHT = [[0.0, "#FFFFFF"], [1.0, "#7FA8C9"]]


def line_figure(
    field: FlowField,
    trajectories: npt.ArrayLike | None,
    fixed_points: FixedPoints | None,
    *,
    names: tuple[str, ...],
    unit: str,
) -> go.Figure:
    """Draw the velocity against the place, with its roots: filled where states are drawn in, open where driven off."""
    name, *_ = axis_names(field, names)
    drawn = figure.new(x=name, y=f"velocity ({unit})" if unit else "velocity")
    x, v = field.ticks[0], field.velocity[:, 0]
    drawn.add_scatter(x=x, y=v, mode="lines", line={"color": figure.COLOURS[0], "width": 2}, name="velocity")
    drawn.add_hline(y=0, line={"color": "#888888", "width": 1})
    roots = np.array(field.nullclines[0]).reshape(-1)
    slope = np.interp(roots, x, np.gradient(v, x))
    for stable, what in ((True, "stable root"), (False, "unstable root")):
        chosen = roots[(slope < 0) == stable]
        if len(chosen):
            _dots(drawn, chosen, np.zeros(len(chosen)), stable, what)
    if fixed_points is not None:
        _points(drawn, field, fixed_points)
    if trajectories is not None:
        drawn.update_layout(legend_traceorder="normal")
        for k, path in enumerate(_paths(field, trajectories)):
            speeds = np.interp(path[:, 0], x, v)
            line = {"color": figure.COLOURS[1], "width": 5}
            drawn.add_scatter(
                x=path[:, 0], y=speeds, mode="lines", line=line, opacity=0.4, name="trajectory", showlegend=k == 0
            )
    return drawn


def plane_figure(
    field: FlowField,
    trajectories: npt.ArrayLike | None,
    fixed_points: FixedPoints | None,
    *,
    names: tuple[str, ...],
    unit: str,
    style: Literal["arrows", "streamlines"],
    colour: Literal["speed", "leaving"],
) -> go.Figure:
    """Draw arrows or streamlines over a map of the speed (or of the projection error), with nullclines."""
    if style not in ("arrows", "streamlines") or colour not in GROUND:
        raise BadInput(
            "style and colour", got=f"{style!r}, {colour!r}", expected="arrows or streamlines; speed or leaving"
        )
    first, second = axis_names(field, names)
    drawn = figure.new(x=first, y=second, height=460)
    x, y = field.ticks
    title = GROUND[colour] + (f" ({unit})" if unit and colour == "speed" else "")
    bar = {"title": {"text": title, "side": "right", "font": {"size": 13}}, "thickness": 12, "outlinewidth": 0}
    values = field.speed if colour == "speed" else field.leaving
    # a few fast places would leave all others white; a projection error has its own scale
    top = 1.0 if colour == "leaving" else float(np.quantile(values, 0.98)) or 1.0
    drawn.add_heatmap(x=x, y=y, z=values.T, zmin=0, zmax=top, colorscale=LIGHT, zsmooth="best", colorbar=bar)
    _streams(drawn, field) if style == "streamlines" else _arrows(drawn, field)
    for i, (name, shade) in enumerate(zip((first, second), (figure.COLOURS[2], figure.COLOURS[4]), strict=True)):
        lines = _joined(field.nullclines[i])
        if len(lines):
            look = {"color": shade, "width": 2.5, "dash": "dash" if i else "solid"}
            drawn.add_scatter(x=lines[:, 0], y=lines[:, 1], mode="lines", line=look, name=f"{plain(name)} stands still")
    if trajectories is not None:
        for k, path in enumerate(_paths(field, trajectories)):
            shade = figure.COLOURS[1]
            line, shown = {"color": shade, "width": 2}, {"legendgroup": "trajectory"}
            drawn.add_scatter(
                x=path[:, 0], y=path[:, 1], mode="lines", line=line, name="trajectory", showlegend=k == 0, **shown
            )
            begin = {"color": shade, "size": 7, "symbol": "square"}
            drawn.add_scatter(x=path[:1, 0], y=path[:1, 1], mode="markers", marker=begin, showlegend=False, **shown)
    if fixed_points is not None:
        _points(drawn, field, fixed_points)
    drawn.update_xaxes(range=[x[0], x[-1]], constrain="domain")
    drawn.update_yaxes(range=[y[0], y[-1]])
    drawn.update_layout(legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}, margin_t=48)
    return drawn


def space_figure(
    field: FlowField,
    trajectories: npt.ArrayLike | None,
    fixed_points: FixedPoints | None,
    *,
    names: tuple[str, ...],
    unit: str,
) -> go.Figure:
    """Draw cones in space that can be turned, with trajectories and fixed points."""
    titles = axis_names(field, names)
    drawn = figure.new(height=560)
    thin = field.thinned(9)
    places, moves = thin.points.reshape(-1, 3), thin.velocity.reshape(-1, 3)
    pace = np.linalg.norm(moves, axis=1)
    # the length of all cones is the same, or the slow ones could not be seen
    unit_moves = moves / np.maximum(pace, 1e-300)[:, None]
    drawn.add_cone(
        **dict(zip("xyz", places.T, strict=True)), **dict(zip("uvw", unit_moves.T, strict=True)),
        sizemode="raw", sizeref=0.35 * min(float(t[1] - t[0]) for t in thin.ticks), showscale=False, opacity=0.35,
        colorscale=[[0, "#7F7F7F"], [1, "#7F7F7F"]], anchor="center", name="direction", showlegend=True,
        customdata=pace, hovertemplate="speed %{customdata:.3g}" + (f" {unit}" if unit else "") + "<extra></extra>",
    )  # fmt: skip
    if trajectories is not None:
        for k, path in enumerate(_paths(field, trajectories)):
            line = {"color": figure.COLOURS[k % 2], "width": 3}
            drawn.add_scatter3d(
                **dict(zip("xyz", path.T, strict=True)), mode="lines", line=line, name=f"trajectory {k + 1}"
            )
    if fixed_points is not None:
        at = field.coordinates(fixed_points.points)
        for stable in (True, False):
            chosen = at[fixed_points.stable == stable]
            if len(chosen):
                look = {"color": "#222222", "size": 6, "symbol": "circle" if stable else "circle-open"}
                drawn.add_scatter3d(
                    **dict(zip("xyz", chosen.T, strict=True)), mode="markers", marker=look,
                    name=f"{'' if stable else 'un'}stable fixed point",
                )  # fmt: skip
    sides = {f"{axis}axis": {"title": {"text": title}} for axis, title in zip("xyz", titles, strict=True)}
    drawn.update_layout(scene=sides | {"aspectmode": "cube"}, margin={"l": 0, "r": 0, "t": 16, "b": 0})
    return drawn


def axis_names(field: FlowField, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of the axes, or those that numbers give."""
    if names and len(names) != field.dimensions:
        raise BadInput("names", got=str(len(names)), expected=f"{field.dimensions}, one an axis")
    kind = "unit" if field.subspace is None else "axis"
    return names or tuple(f"{kind} {i + 1}" for i in range(field.dimensions))


def plain(name: str) -> str:
    """Return an axis's name without its unit.

    Examples
    --------
    >>> plain("rate (Hz)")
    'rate'
    """
    return name.split(" (")[0]


def _joined(lines: list[Floats]) -> Floats:
    """Return lines in a row with gaps between them."""
    gap = np.full((1, 2), np.nan)
    return np.concatenate([part for line in lines for part in (line, gap)]) if lines else np.zeros((0, 2))


def _arrows(drawn: go.Figure, field: FlowField) -> None:
    """Draw arrows of one length: what the speed is, the ground says."""
    thin = field.thinned(ARROWS)
    size = np.array([t[-1] - t[0] for t in thin.ticks])
    scaled = thin.velocity.reshape(-1, 2) / size
    pace = np.linalg.norm(scaled, axis=1)
    moving = pace > 1e-4 * np.median(pace)
    ahead = scaled[moving] / pace[moving, None]
    across = np.stack([-ahead[:, 1], ahead[:, 0]], axis=1)
    length = 0.75 / ARROWS
    middle = (thin.points.reshape(-1, 2)[moving] - [t[0] for t in thin.ticks]) / size
    tip, tail = middle + length / 2 * ahead, middle - length / 2 * ahead
    barbs = [tip - 0.4 * length * ahead + sign * 0.25 * length * across for sign in (1, -1)]
    strokes = np.stack([tail, tip, barbs[0], tip, barbs[1], np.full_like(tip, np.nan)], axis=1).reshape(-1, 2)
    strokes = strokes * size + [t[0] for t in thin.ticks]
    line = {"color": "#444444", "width": 1}
    drawn.add_scatter(x=strokes[:, 0], y=strokes[:, 1], mode="lines", line=line, name="direction", hoverinfo="skip")


def _streams(drawn: go.Figure, field: FlowField) -> None:
    lines = streamlines(field)
    if not lines:
        return
    joined = _joined(lines)
    line: dict[str, Any] = {"color": "#555555", "width": 1}
    drawn.add_scatter(x=joined[:, 0], y=joined[:, 1], mode="lines", line=line, name="flow", hoverinfo="skip")
    size = np.array([t[-1] - t[0] for t in field.ticks])
    strokes = []
    for path in lines:
        middle = len(path) // 2
        ahead = (path[min(middle + 2, len(path) - 1)] - path[max(middle - 2, 0)]) / size
        ahead = ahead / max(float(np.linalg.norm(ahead)), 1e-300)
        across = np.array([-ahead[1], ahead[0]])
        tip = path[middle]
        barbs = [tip - (0.016 * ahead + sign * 0.007 * across) * size for sign in (1, -1)]
        strokes.append(np.array([barbs[0], tip, barbs[1]]))
    heads = _joined(strokes)
    drawn.add_scatter(
        x=heads[:, 0], y=heads[:, 1], mode="lines", line=line | {"width": 1.4}, hoverinfo="skip", showlegend=False
    )


def _paths(field: FlowField, trajectories: npt.ArrayLike) -> Floats:
    """Return trajectories on the field's axes, (trial, time, axis)."""
    paths = field.coordinates(trajectories)
    if paths.ndim not in (2, 3):
        raise BadInput("trajectories", got=f"shape {paths.shape}", expected="(trial, time, unit) or (time, unit)")
    return paths if paths.ndim == 3 else paths[None]


def _points(drawn: go.Figure, field: FlowField, fixed_points: FixedPoints) -> None:
    at = field.coordinates(fixed_points.points)
    for stable in (True, False):
        chosen = at[fixed_points.stable == stable]
        if len(chosen):
            height = chosen[:, 1] if field.dimensions == 2 else np.zeros(len(chosen))
            _dots(drawn, chosen[:, 0], height, stable, f"{'' if stable else 'un'}stable fixed point")


def _dots(drawn: go.Figure, x: Floats, y: Floats, stable: bool, name: str) -> None:
    look = {"size": 11, "color": "#222222" if stable else "#FFFFFF", "line": {"color": "#222222", "width": 2}}
    drawn.add_scatter(x=x, y=y, mode="markers", marker=look, name=name)
