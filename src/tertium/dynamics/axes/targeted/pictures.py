"""Pictures of targeted axes: trajectories in a plane of two axes, projections over time, lengths of the vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium import figure
from tertium.dynamics.axes.panels import panels, shades

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.dynamics.axes.targeted.result import TDR

Floats = npt.NDArray[np.float64]

#: How the levels of the second variable of a picture are told apart.
DASHES = ("solid", "dot", "dash", "dashdot")


def plane_figure(found: TDR, x: int, y: int) -> go.Figure:
    """Draw the averages in the plane of two axes; colour: level of y's regressor; line: level of x's."""
    drawn = figure.new(
        x=f"{found.regressors[x]} axis (z-score)",
        y=f"{found.regressors[y]} axis (z-score)",
        title=f"{_n(found)}, {len(found.averages)} conditions; a dot each {1000 * _step(found):.0f} ms, ring: start",
        height=480,
    )
    (coloured, levels), (dashed, others) = _levels(found, y), _levels(found, x)
    if len(others) > len(DASHES):
        dashed, others = [0] * len(dashed), others[:1]
    hues = shades(len(levels))
    for c in range(len(found.averages)):
        path = found.projections[c]
        hue = hues[coloured[c]]
        style: dict[str, Any] = {"color": hue, "width": 1.5, "dash": DASHES[dashed[c]]}
        drawn.add_scatter(
            x=path[:, x],
            y=path[:, y],
            mode="lines+markers",
            line=style,
            marker={"size": 4, "color": hue},
            name=_condition(found, c),
            customdata=found.time,
            hovertemplate="%{x:.2f}, %{y:.2f} at %{customdata:.2f} s",
            showlegend=False,
        )
        ring = {"size": 9, "color": "rgba(0,0,0,0)", "line": {"color": hue, "width": 1.5}}
        drawn.add_scatter(x=path[:1, x], y=path[:1, y], mode="markers", marker=ring, showlegend=False, hoverinfo="skip")
    _key(drawn, found.regressors[y], [(name, {"color": h, "width": 3}) for name, h in zip(levels, hues, strict=True)])
    if len(others) > 1:
        lines = [(name, {"color": "#444444", "dash": dash}) for name, dash in zip(others, DASHES, strict=False)]
        _key(drawn, found.regressors[x], lines)
    return drawn


def time_figure(found: TDR) -> go.Figure:
    """Draw the averages along each axis over time, by levels of its regressor; bands are standard errors."""
    titles = [f"{name} axis{_p(found, i)}" for i, name in enumerate(found.regressors)]
    drawn = panels(titles, x="time (s)", y=["projection (z-score)"] + [""] * (len(titles) - 1), room=28)
    drawn.update_layout(title={"text": f"{_n(found)}; bands: standard errors over trials", "y": 0.97})
    for i in range(len(titles)):
        which, names = _levels(found, i)
        for level, (name, hue) in enumerate(zip(names, shades(len(names)), strict=True)):
            mine = [c for c, one in enumerate(which) if one == level]
            mean = found.projections[mine, :, i].mean(0)
            error = np.sqrt((found.errors[mine, :, i] ** 2).sum(0)) / len(mine)
            _band(drawn, found.time, mean, error, hue, i + 1)
            line = {"color": hue, "width": 2}
            drawn.add_scatter(
                x=found.time, y=mean, mode="lines", line=line, name=name, showlegend=False, row=1, col=i + 1
            )
        _ends(drawn, found, i, names)
    return drawn


def strength_figure(found: TDR) -> go.Figure:
    """Draw the length of each vector of coefficients over time, with the 95 % quantile of shuffles and the peak."""
    title = f"{_n(found)}; dotted: 95 % of {len(found.null)} shuffles; diamond: peak"
    drawn = figure.new(x="time (s)", y="length of the vector (z-score)", title=title)
    strengths = found.strengths
    for i, name in enumerate(found.regressors):
        hue = figure.COLOURS[i % len(figure.COLOURS)]
        drawn.add_scatter(
            x=found.time, y=strengths[i], name=f"{name}{_p(found, i)}", mode="lines", line={"color": hue, "width": 2}
        )
        if len(found.null):
            dotted = {"color": hue, "width": 1.2, "dash": "dot"}
            drawn.add_scatter(x=found.time, y=found.null_level[i], mode="lines", line=dotted, showlegend=False)
        at = int(np.argmin(np.abs(found.time - found.peaks[i])))
        drawn.add_scatter(
            x=[found.time[at]],
            y=[strengths[i, at]],
            mode="markers",
            marker={"symbol": "diamond", "size": 9, "color": hue},
            showlegend=False,
        )
    drawn.update_yaxes(rangemode="tozero")
    return drawn


def _levels(found: TDR, axis: int) -> tuple[list[int], list[str]]:
    """Return which level of an axis' regressor each condition has, and the levels' names, lowest first.

    Where conditions were averaged by other labels, each condition is a level of its own.
    """
    parts = found.regressors[axis].split(":")
    if not all(part in found.conditions for part in parts):
        return list(range(len(found.averages))), [_condition(found, c) for c in range(len(found.averages))]
    rows = list(zip(*(found.conditions[part] for part in parts), strict=True))
    order = sorted(set(rows))
    return [order.index(row) for row in rows], [", ".join(map(str, row)) for row in order]


def _condition(found: TDR, c: int) -> str:
    return ", ".join(f"{name} {values[c]}" for name, values in found.conditions.items())


def _key(drawn: go.Figure, title: str, entries: list[tuple[str, dict[str, Any]]]) -> None:
    """Add a group to the legend: lines that stand for levels."""
    for label, line in entries:
        drawn.add_scatter(
            x=[None],
            y=[None],
            mode="lines",
            line=line,
            name=label,
            legendgroup=title,
            legendgrouptitle={"text": title},
            showlegend=True,
        )
    drawn.update_layout(legend={"tracegroupgap": 10, "groupclick": "toggleitem"})


def _band(drawn: go.Figure, time: Floats, mean: Floats, error: Floats, hue: str, column: int) -> None:
    if not np.isfinite(error).all():
        return
    drawn.add_scatter(
        x=np.concatenate([time, time[::-1]]),
        y=np.concatenate([mean - error, (mean + error)[::-1]]),
        fill="toself",
        fillcolor=figure.translucent(hue, 0.2),
        line={"width": 0},
        mode="lines",
        hoverinfo="skip",
        showlegend=False,
        row=1,
        col=column,
    )


def _ends(drawn: go.Figure, found: TDR, axis: int, order: list[str]) -> None:
    """Say beside the lines of a panel what they are: the lowest and the highest level only where there are many."""
    hues = shades(len(order))
    shown = list(zip(order, hues, strict=True))
    if len(shown) > 4:
        shown = [shown[0], shown[-1]]
    text = "<br>".join(f'<span style="color:{hue}">{level}</span>' for level, hue in shown[::-1])
    suffix = "" if axis == 0 else str(axis + 1)
    drawn.add_annotation(
        text=text,
        x=0.02,
        y=1,
        xref=f"x{suffix} domain",
        yref=f"y{suffix} domain",
        xanchor="left",
        yanchor="top",
        align="left",
        showarrow=False,
        font={"size": 12},
    )


def _p(found: TDR, i: int) -> str:
    if np.isnan(found.p[i]):
        return ""
    least = 1 / (1 + len(found.null))
    return f", p ≤ {least:.2g}" if found.p[i] <= least * (1 + 1e-9) else f", p = {found.p[i]:.2g}"


def _n(found: TDR) -> str:
    sessions = f" in {len(found.n_trials)} sessions" if len(found.n_trials) > 1 else ""
    return f"{len(found.units)} units, {sum(found.n_trials):,} trials{sessions}"


def _step(found: TDR) -> float:
    return float(np.median(np.diff(found.time))) if len(found.time) > 1 else 0.0
