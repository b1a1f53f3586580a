"""Pictures of selection vectors: the plane of line and selection vector, and what is picked up along the line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium import figure
from tertium.dynamics.axes.panels import panels

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.dynamics.selection import SelectionVectors

Floats = npt.NDArray[np.float64]

#: Colours of line and selection vector; inputs take the others.
LINE, SELECTION = "#888888", "#222222"


def plane_figure(found: SelectionVectors) -> go.Figure:
    """Draw, for each context, the plane of its line (across) and its selection vector.

    Arrows are seen as their shadows in this plane, which keeps every product with line and selection vector. Inputs
    have one scale in all panels: the longest shadow is 1. Dotted: how the state goes back to the line after a
    pulse.
    """
    drawn = panels(
        [f"context {name}" if name else "" for name in found.contexts],
        x="along the line (longest input: 1)",
        y=["across, towards the selection vector"] + [""] * (len(found.contexts) - 1),
        height=420,
        room=24,
    )
    drawn.update_layout(title={"text": "; ".join(_counts(found)), "y": 0.98})
    planes = [_plane(line, s) for line, s in zip(found.lines, found.selections, strict=True)]
    shadows = np.stack([d @ plane.T for d, plane in zip(found.mean_drives, planes, strict=True)])
    scale = float(np.linalg.norm(shadows, axis=2).max()) or 1.0
    for i, plane in enumerate(planes):
        column = i + 1
        selection = plane @ found.selections[i]
        here = found.used & (found.context == i)
        _line(drawn, found, plane, here, scale, column)
        _arrow(drawn, 1.15 * selection / np.linalg.norm(selection), "selection vector", SELECTION, column, dash="dash")
        for j, name in enumerate(found.inputs):
            tip = shadows[i, j] / scale
            hue = figure.COLOURS[j % len(figure.COLOURS)]
            label = f"{name} (relevant)" if found.relevant.get(found.contexts[i]) == name else name
            end = found.strengths[i, j] / scale
            dotted = {"color": hue, "dash": "dot", "width": 1.5}
            drawn.add_scatter(
                x=[tip[0], end],
                y=[tip[1], 0],
                mode="lines",
                line=dotted,
                showlegend=False,
                hoverinfo="skip",
                row=1,
                col=column,
            )
            _arrow(drawn, tip, label, hue, column, legend=False)
            mark = {"symbol": "circle-open", "size": 9, "color": hue, "line": {"width": 2}}
            drawn.add_scatter(
                x=[end], y=[0], mode="markers", marker=mark, showlegend=False, name=f"{label}: end", row=1, col=column
            )
        suffix = "" if i == 0 else str(column)
        drawn.update_xaxes(range=[-1.35, 1.35], dtick=0.5, row=1, col=column)
        drawn.update_yaxes(range=[-1.35, 1.35], dtick=0.5, scaleanchor=f"x{suffix}", row=1, col=column)
    _key(drawn, found)
    return drawn


def along_figure(found: SelectionVectors) -> go.Figure:
    """Draw the projection of each input on the selection vector of each point, against the place on the line."""
    drawn = panels(
        [f"context {name}" if name else "" for name in found.contexts],
        x="place on the line (units of the states)",
        y=["input · selection vector"] + [""] * (len(found.contexts) - 1),
        room=24,
    )
    drawn.update_layout(title={"text": "; ".join(_counts(found)), "y": 0.97})
    low, high = float(found.projections[found.used].min()), float(found.projections[found.used].max())
    margin = 0.08 * ((high - low) or 1.0)
    for i in range(len(found.contexts)):
        here = found.used & (found.context == i)
        order = np.argsort(found.positions[here])
        for j, name in enumerate(found.inputs):
            hue = figure.COLOURS[j % len(figure.COLOURS)]
            drawn.add_scatter(
                x=found.positions[here][order],
                y=found.projections[here, j][order],
                mode="lines+markers",
                marker={"size": 5, "color": hue},
                line={"color": hue, "width": 2},
                name=name,
                showlegend=i == 0,
                row=1,
                col=i + 1,
            )
        drawn.update_yaxes(range=[min(low, 0) - margin, max(high, 0) + margin], row=1, col=i + 1)
    drawn.add_hline(y=0, line={"color": "#888888", "width": 1, "dash": "dash"})
    return drawn


def _counts(found: SelectionVectors) -> list[str]:
    counts = [int((found.used & (found.context == i)).sum()) for i in range(len(found.contexts))]
    angle = "" if len(counts) < 2 else f"selection vectors {found.selection_angles[0, 1]:.0f}° apart"
    named = ", ".join(f"{n}" for n in counts)
    return [f"{named} points, {found.points.shape[1]} units", *([angle] if angle else [])]


def _plane(line: Floats, selection: Floats) -> Floats:
    """Return orthonormal rows: the line, and the part of the selection vector across it (any, if there is none)."""
    across = selection - (selection @ line) * line
    size = float(np.linalg.norm(across))
    if size <= 1e-9 * np.linalg.norm(selection):
        across = np.eye(len(line))[int(np.abs(line).argmin())] if len(line) > 1 else np.zeros(1)
        across = across - (across @ line) * line
        size = float(np.linalg.norm(across)) or 1.0
    return np.stack([line, across / size])


def _line(
    drawn: go.Figure, found: SelectionVectors, plane: Floats, here: npt.NDArray[np.bool_], scale: float, column: int
) -> None:
    """Draw the line across the panel and the points on it, shrunk to the panel's width."""
    drawn.add_scatter(
        x=[-1.3, 1.3],
        y=[0, 0],
        mode="lines",
        line={"color": LINE, "width": 2},
        hoverinfo="skip",
        showlegend=False,
        row=1,
        col=column,
    )
    places = found.points[here]
    places = (places - places.mean(0)) @ plane[0]
    reach = float(np.abs(places).max()) or 1.0
    drawn.add_scatter(
        x=1.2 * places / reach,
        y=np.zeros(len(places)),
        mode="markers",
        marker={"symbol": "x-thin", "size": 7, "line": {"color": LINE, "width": 1.5}},
        name="points on the line",
        showlegend=False,
        row=1,
        col=column,
    )


def _arrow(
    drawn: go.Figure, tip: Floats, name: str, hue: str, column: int, *, dash: str = "solid", legend: bool = False
) -> None:
    short = bool(np.linalg.norm(tip) < 0.04)
    head: dict[str, Any] = {
        "symbol": ["circle", "circle" if short else "arrow"],
        "size": [0, 5 if short else 13],
        "angleref": "previous",
        "color": hue,
    }
    drawn.add_scatter(
        x=[0, tip[0]],
        y=[0, tip[1]],
        mode="lines+markers",
        marker=head,
        line={"color": hue, "width": 2.5, "dash": dash},
        name=name,
        showlegend=legend,
        row=1,
        col=column,
    )


def _key(drawn: go.Figure, found: SelectionVectors) -> None:
    """Name each colour once."""
    entries = [("line and its points", {"color": LINE, "width": 2})]
    entries.append(("selection vector (direction)", {"color": SELECTION, "width": 2.5, "dash": "dash"}))
    entries += [
        (f"input {name}", {"color": figure.COLOURS[j % len(figure.COLOURS)], "width": 2.5})
        for j, name in enumerate(found.inputs)
    ]
    entries.append(("where a pulse ends", {"color": LINE, "dash": "dot", "width": 1.5}))
    for label, line in entries:
        drawn.add_scatter(x=[None], y=[None], mode="lines", line=line, name=label, showlegend=True)
