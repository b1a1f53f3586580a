"""Pictures of fixed points: where they are, which way they are unstable, their eigenvalues."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium import figure
from tertium.dynamics.states import flat_states
from tertium.errors import BadInput

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.dynamics.roots.graph import Connections
    from tertium.dynamics.roots.points import FixedPoints, Points

Floats = npt.NDArray[np.float64]

#: Length of the lines along unstable directions, as a share of the picture's width.
REACH = 0.08


def points_figure(found: FixedPoints, trajectories: npt.ArrayLike | None = None, *, dimensions: int = 3) -> go.Figure:
    """Draw fixed points in the plane or space of their first principal components.

    Parameters
    ----------
    found : FixedPoints
    trajectories : array-like, shape (trial, time, unit), or responses, optional
        Drawn as thin lines; the axes are still those of the points.
    dimensions : {2, 3}

    Raises
    ------
    BadInput
        If there is no point to draw, or another number of dimensions is asked for.
    """
    if dimensions not in (2, 3):
        raise BadInput("dimensions", got=str(dimensions), expected="2 or 3")
    if not len(found) + len(found.slow):
        raise BadInput("fixed points", got="none", expected="at least one to draw", repair="Begin from more states.")
    everything = np.concatenate([found.points, found.slow.points])
    basis = axes_of(everything if len(everything) > dimensions else found_and(everything, trajectories), dimensions)
    centre = everything.mean(0)

    def place(states: Floats) -> Floats:
        at = (states - centre) @ basis.T
        return np.pad(at, ((0, 0), (0, dimensions - at.shape[1])))

    drawn = figure.new(x="component 1", y="component 2", height=460)
    width = float(np.ptp(place(everything), axis=0).max()) or 1.0
    if trajectories is not None:
        paths = np.asarray(getattr(trajectories, "values", trajectories), dtype=np.float64)
        line = {"color": "#999999", "width": 1 if dimensions == 2 else 2}
        gaps = [np.vstack([place(path), np.full((1, dimensions), np.nan)]) for path in np.atleast_3d(paths)]
        _scatter(drawn, np.vstack(gaps), mode="lines", line=line, name="trajectories", hoverinfo="skip")
    if len(found.slow):
        mark = {"color": "#BBBBBB", "size": 4, "symbol": "cross"}
        _scatter(drawn, place(found.slow.points), mode="markers", marker=mark, name=f"slow (n = {len(found.slow)})")
    for i in np.unique(found.index):
        which = np.flatnonzero(found.index == i)
        colour = figure.COLOURS[int(i) % len(figure.COLOURS)]
        if i:
            lines = np.vstack([_unstable(found, int(k), place, REACH * width) for k in which])
            line = {"color": colour, "width": 2}
            _scatter(drawn, lines, mode="lines", line=line, showlegend=False, hoverinfo="skip")
        name = f"{'stable' if i == 0 else f'{i} unstable'} (n = {len(which)})"
        symbol = "circle" if i == 0 else "diamond"
        mark = {"color": colour, "size": 7 if dimensions == 2 else 5, "symbol": symbol}
        _scatter(drawn, place(found.points[which]), mode="markers", marker=mark, name=name)
    if dimensions == 3:
        titles = {f"{axis}axis": {"title": {"text": f"component {k + 1}"}} for k, axis in enumerate("xyz")}
        drawn.update_layout(
            scene={**titles, "aspectmode": "data", "camera": {"eye": {"x": 1.5, "y": 1.5, "z": 0.9}}},
            margin={"l": 0, "r": 0, "b": 0, "t": 16},
        )
    return drawn


def found_and(points: Floats, trajectories: npt.ArrayLike | None) -> Floats:
    """Return points and, where there are few of them, the states of trajectories too."""
    return points if trajectories is None else np.vstack([points, flat_states(trajectories)])


def axes_of(states: Floats, n: int) -> Floats:
    """Return the first principal axes of states, rows, as many as there are up to ``n``."""
    _, _, rows = np.linalg.svd(states - states.mean(0), full_matrices=False)
    return np.asarray(rows[:n])


def _unstable(found: FixedPoints, which: int, place: Any, length: float) -> Floats:
    """Return lines through a point along its unstable directions, NaN between them."""
    values, right = np.linalg.eig(found.jacobians[which])
    grows = np.abs(values) > 1 if found.time == "discrete" else values.real > 0
    lines = []
    for value, direction in zip(values[grows], right[:, grows].T, strict=True):
        if value.imag < 0:  # of a pair, the plane is spanned by real and imaginary part of one
            continue
        for part in (direction.real, direction.imag) if value.imag else (direction.real,):
            ends = place(found.points[which] + np.outer([-1.0, 1.0], part))
            size = np.linalg.norm(ends[1] - ends[0])
            middle = ends.mean(0)
            lines += [
                middle + (ends - middle) * (length / max(float(size), 1e-12)),
                np.full((1, ends.shape[1]), np.nan),
            ]
    return np.vstack(lines)


def _scatter(drawn: go.Figure, at: Floats, **style: Any) -> None:
    if at.shape[1] == 3:
        drawn.add_scatter3d(x=at[:, 0], y=at[:, 1], z=at[:, 2], **style)
    else:
        drawn.add_scatter(x=at[:, 0], y=at[:, 1], **style)


def eigenvalue_figure(found: Points) -> go.Figure:
    """Draw the eigenvalues of all points in the complex plane, with the unit circle or the imaginary axis."""
    drawn = figure.new(x="real part", y="imaginary part", height=440)
    border = {"color": "#888888", "width": 1, "dash": "dash"}
    if found.time == "discrete":
        angle = np.linspace(0, 2 * np.pi, 200)
        drawn.add_scatter(x=np.cos(angle), y=np.sin(angle), mode="lines", line=border, name="unit circle")
    else:
        drawn.add_vline(x=0, line=border)
    for i in np.unique(found.index):
        values = found.eigenvalues[found.index == i].ravel()
        mark = {"color": figure.translucent(figure.COLOURS[int(i) % len(figure.COLOURS)], 0.6), "size": 5}
        name = f"{'stable' if i == 0 else f'{i} unstable'} (n = {int((found.index == i).sum())})"
        drawn.add_scatter(x=values.real, y=values.imag, mode="markers", marker=mark, name=name)
    drawn.update_yaxes(scaleanchor="x", constrain="domain")
    return drawn


def connections_figure(graph: Connections, *, dimensions: int = 3) -> go.Figure:
    """Draw fixed points by index, and lines from saddles of index 1 to the attractors that they lead to."""
    found = graph.found
    drawn = points_figure(found, dimensions=dimensions)
    everything = np.concatenate([found.points, found.slow.points])
    basis, centre = axes_of(everything, dimensions), everything.mean(0)
    lines = [
        np.vstack([(found.points[[saddle, end]] - centre) @ basis.T, np.full((1, len(basis)), np.nan)])
        for saddle in np.flatnonzero(found.index == 1)
        for end in graph.reached(int(saddle))
    ]
    if lines:
        path = np.vstack(lines)
        path = np.pad(path, ((0, 0), (0, dimensions - path.shape[1])))
        line = {"color": "rgba(80,80,80,0.6)", "width": 1.5}
        _scatter(drawn, path, mode="lines", line=line, name="leads to", hoverinfo="skip")
    return drawn
