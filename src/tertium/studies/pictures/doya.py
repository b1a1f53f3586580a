"""Drawings of FND13: phase portrait, free run, error against units, automata, learning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tertium import figure
from tertium.studies.pictures import over_seeds

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.studies.doya1993 import Doya1993

Floats = NDArray[np.float64]


def portrait(first: Doya1993.Results) -> go.Figure:
    """Draw the network's runs over the oscillator's, x' against x."""
    drawn = figure.new(x="x", y="x' (1/s)", width=560, height=460)
    shown = min(len(first.run), round(3 * first.true["period"] / first.dt))
    for start, name in enumerate(("from inside", "from outside")):
        under = {"line": {"color": "#CCCCCC", "width": 7}, "showlegend": start == 0}
        target, run = first.target[:shown, start], first.run[:shown, start]
        drawn.add_scatter(x=target[:, 0], y=target[:, 1], mode="lines", name="oscillator", **under)
        colour = figure.COLOURS[start]
        line = {"color": colour, "width": 1.6}
        drawn.add_scatter(x=run[:, 0], y=run[:, 1], mode="lines", name=f"network, {name}", line=line)
        begin = {"x": run[:1, 0], "y": run[:1, 1], "mode": "markers", "marker": {"color": colour, "size": 10}}
        drawn.add_scatter(**begin, showlegend=False)
    for axis, values in ((drawn.update_xaxes, first.target[..., 0]), (drawn.update_yaxes, first.target[..., 1])):
        axis(range=[values.min() - 0.3, values.max() + 0.3])
    return drawn


def traces(first: Doya1993.Results) -> go.Figure:
    """Draw x against time of the oscillator and of the network."""
    drawn = figure.new(x="time (s)", y="x", height=280)
    time = np.arange(len(first.run)) * first.dt
    under = {"color": "#CCCCCC", "width": 5}
    drawn.add_scatter(x=time, y=first.target[:, 0, 0], mode="lines", line=under, name="oscillator")
    line = {"color": figure.COLOURS[0], "width": 1.4}
    drawn.add_scatter(x=time, y=first.run[:, 0, 0], mode="lines", line=line, name="network")
    return drawn


def errors(results: Sequence[Doya1993.Results]) -> go.Figure:
    """Draw the error of the one-step motion against the number of units."""
    drawn = figure.new(x="units", y="relative error of the motion")
    for name, rows in (
        ("tanh units", [r.field_error for r in results]),
        ("linear units", [r.field_error_linear for r in results]),
    ):
        over_seeds.add(drawn, results[0].numbers, rows, mode="lines+markers", name=name)
    drawn.update_xaxes(type="log", tickvals=results[0].numbers.tolist())
    drawn.update_yaxes(type="log", exponentformat="power", dtick=1)
    return drawn


def automata(first: Doya1993.Results) -> go.Figure:
    """Draw each network's states on two principal axes with the automaton read from them, one panel a language."""
    from plotly.subplots import make_subplots

    from tertium.studies.doya1993 import LANGUAGES

    titles = [f"{name}: {LANGUAGES[name]}" for name in first.read]
    panels = make_subplots(2, 2, subplot_titles=titles, horizontal_spacing=0.1, vertical_spacing=0.14)
    base = figure.new(height=820).layout
    panels.update_layout({k: v for k, v in base.to_plotly_json().items() if k not in ("xaxis", "yaxis")})
    panels.update_layout(margin={"t": 40}, showlegend=False)
    panels.update_xaxes(base.xaxis)
    panels.update_yaxes(base.yaxis)
    for number, read in enumerate(first.read.values()):
        row, column = divmod(number, 2)
        axis = str(number + 1) if number else ""
        panels.update_xaxes(title_text="first principal axis", row=row + 1, col=column + 1)
        panels.update_yaxes(title_text="second principal axis", row=row + 1, col=column + 1)
        _graph(panels, read, {"xaxis": f"x{axis}", "yaxis": f"y{axis}"})
    return panels


def _graph(panels: go.Figure, read: Mapping[str, Any], where: Mapping[str, str]) -> None:
    """Draw points and automaton into one panel; circles are measured in pixels, arrows in data."""
    points, members, moves = (np.asarray(read[k]) for k in ("points", "members", "moves"))
    states = range(len(moves))
    colours = [figure.COLOURS[s % len(figure.COLOURS)] for s in states]
    for state in states:
        mine = points[members == state]
        look = {"color": colours[state], "size": 4, "opacity": 0.35}
        panels.add_scatter(x=mine[:, 0], y=mine[:, 1], mode="markers", marker=look, **where)
    middles = _places(points, members, len(moves))
    size = np.ptp(points, axis=0).max()
    for state in states:
        for symbol in (0, 1):
            _arrow(panels, middles[state], middles[moves[state, symbol]], symbol, size, colours[state], where)
    for state in states:
        rings = (30, 23) if read["accepting"][state] else (30,)
        for ring in rings:
            look = {"color": "#FFFFFF", "size": ring, "line": {"color": colours[state], "width": 2}}
            panels.add_scatter(x=[middles[state, 0]], y=[middles[state, 1]], mode="markers", marker=look, **where)
        panels.add_scatter(x=[middles[state, 0]], y=[middles[state, 1]], mode="text", text=[str(state)], **where)
    panels.add_annotation(
        x=middles[0, 0], y=middles[0, 1], ax=-46, ay=0, text="start", showarrow=True, arrowhead=2, standoff=16,
        xref=where["xaxis"], yref=where["yaxis"], font={"size": 11},
    )  # fmt: skip


def _places(points: Floats, members: NDArray[np.int64], number: int) -> Floats:
    """Return where to draw each state, shape (state, 2): where its members lie dense and those of others do not.

    The first visit, before any symbol, counts as a member only where nothing else is one.
    """
    shown = np.r_[0 : len(points) : 1 + len(points) // 600]
    x, of = points[shown], members[shown]
    near = np.exp(-((x[:, None] - x) ** 2).sum(-1) / (2 * (0.08 * np.ptp(points, axis=0).max()) ** 2))
    places = np.empty((number, 2))
    for state in range(number):
        mine = np.flatnonzero(members == state)
        if len(mine) == 1 or not (of[1:] == state).any():
            places[state] = points[mine[-1]]
            continue
        weights = np.where(of == state, 1.0, -1.0)
        candidates = np.flatnonzero((of == state) & (shown > 0))
        places[state] = x[candidates[(near[candidates] @ weights).argmax()]]
    return places


def _arrow(
    panels: go.Figure, a: Floats, b: Floats, symbol: int, size: float, colour: str, where: Mapping[str, str]
) -> None:
    """Draw where a symbol leads from one state: a bent arrow, or a loop; the symbol is written beside it."""
    t = np.linspace(0, 1, 40)[:, None]
    if np.allclose(a, b):
        side = 1 if symbol else -1
        angle = np.linspace(-0.5 * np.pi, 1.5 * np.pi, 40)[:, None]
        ring = 0.075 * size * np.hstack([0.7 * np.cos(angle), side * (1 + np.sin(angle))])
        curve, label = a + ring, a + np.array([0, side * 0.19 * size])
        head, tail = 33, 30  # where the loop comes back
    else:
        across = np.array([b[1] - a[1], a[0] - b[0]])
        bend = (0.12 + 0.1 * symbol) * across
        curve = (1 - t) ** 2 * a + 2 * t * (1 - t) * ((a + b) / 2 + 2 * bend) + t**2 * b
        label = curve[20] + 0.04 * size * across / np.linalg.norm(across)
        head, tail = 26, 23
    line = {"color": colour, "width": 2, "dash": "solid" if symbol else "dot"}
    panels.add_scatter(x=curve[:, 0], y=curve[:, 1], mode="lines", line=line, **where)
    x, y = where["xaxis"], where["yaxis"]
    panels.add_annotation(
        x=curve[head, 0], y=curve[head, 1], ax=curve[tail, 0], ay=curve[tail, 1], xref=x, yref=y, axref=x, ayref=y,
        text="", showarrow=True, arrowhead=2, arrowsize=1.4, arrowwidth=1.5, arrowcolor=colour,
    )  # fmt: skip
    panels.add_scatter(x=[label[0]], y=[label[1]], mode="text", text=[str(symbol)], textfont={"size": 14}, **where)


def learning(results: Sequence[Doya1993.Results]) -> go.Figure:
    """Draw the fraction of strings that are answered correctly against steps of training."""
    drawn = figure.new(x="training step", y="strings answered correctly (fraction)")
    for language, colour in zip(results[0].read, figure.COLOURS, strict=False):
        for number, result in enumerate(results):
            step, right = np.asarray(result.read[language]["history"]).T
            shown = {"name": language, "legendgroup": language, "showlegend": number == 0}
            drawn.add_scatter(x=step, y=right, mode="lines", line={"color": colour, "width": 1.5}, **shown)
            end = {"mode": "markers", "marker": {"color": colour, "size": 7}, "showlegend": False}
            drawn.add_scatter(x=step[-1:], y=right[-1:], legendgroup=language, **end)
    drawn.update_yaxes(range=[0, 1.03])
    return drawn
