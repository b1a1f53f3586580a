"""The classic picture of demixed PCA: components over time by condition, a row for each marginalisation."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from tertium import figure

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.dynamics.demixed.result import DemixedComponents

#: Dashes of the levels of the second label.
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")

#: Height of a row of panels, and of what is around them, in pixels.
ROW, AROUND = 210, 130


def grid(rows: int, columns: int, titles: Sequence[str], height: int, **spacing: Any) -> go.Figure:
    """Return a grid of empty panels in tertium's style."""
    from plotly.subplots import make_subplots

    drawn = make_subplots(rows, columns, subplot_titles=list(titles), **spacing)
    base = figure.new(height=height).layout
    drawn.update_layout({key: value for key, value in base.to_plotly_json().items() if key not in ("xaxis", "yaxis")})
    drawn.update_xaxes(base.xaxis)
    drawn.update_yaxes(base.yaxis)
    drawn.update_annotations(font={"size": 12})
    return drawn


def shades(n: int) -> list[str]:
    """Return ``n`` colours: those that stay apart for few levels, an ordered scale for many."""
    from plotly.colors import sample_colorscale, unlabel_rgb

    if n <= 3:
        return list(figure.COLOURS[:n])
    drawn = sample_colorscale(figure.SEQUENTIAL, [0.02 + 0.83 * i / (n - 1) for i in range(n)])
    return ["#{:02x}{:02x}{:02x}".format(*(round(c) for c in unlabel_rgb(colour))) for colour in drawn]


def component_figure(found: DemixedComponents, n: int = 3) -> go.Figure:
    """Draw the first components of each marginalisation, every condition a line.

    Colour is the first label, dash the second (further labels share them). A thick bar under a panel marks the times at
    which held-out trials were classified better than in any shuffle. All panels have one scale.

    Parameters
    ----------
    found : DemixedComponents
    n : int
        Components of each marginalisation.

    Examples
    --------
    >>> from tertium.dynamics import dpca
    >>> table = np.random.default_rng(0).normal(size=(8, 3, 2, 12))
    >>> drawn = component_figure(dpca(table, ["stimulus", "decision"], ridge=0.1), n=2)
    >>> len(drawn.data)                                # 4 marginalisations, 2 components, 6 conditions
    48
    """
    shown = [(name, found.of(name)[:n]) for name in found.groups if found.of(name)]
    columns = max(len(own) for _, own in shown)
    titles = []
    for name, own in shown:
        texts = [f"{name} {rank + 1} ({found.explained.alone[i]:.1%})" for rank, i in enumerate(own)]
        titles += texts + [""] * (columns - len(own))
    drawn = grid(
        len(shown), columns, titles, ROW * len(shown) + AROUND,
        horizontal_spacing=0.04, vertical_spacing=0.3 / (len(shown) + 1), shared_yaxes="all", shared_xaxes="all",
    )  # fmt: skip
    colours = shades(len(found.levels[0][1]))
    low, high = float(found.components.min()), float(found.components.max())
    room = 0.08 * (high - low)
    for row, (name, own) in enumerate(shown, start=1):
        for column in range(1, columns + 1):
            if column > len(own):
                drawn.update_xaxes(visible=False, row=row, col=column)
                drawn.update_yaxes(visible=False, row=row, col=column)
                continue
            _lines(drawn, found, own[column - 1], colours, (row, column), legend=row == column == 1)
            _marks(drawn, found, name, column - 1, low - room, (row, column))
        last = row == len(shown)
        drawn.update_xaxes(showticklabels=last, title_text=_time(found) if last else "", row=row)
        drawn.update_yaxes(title_text="projection", row=row, col=1)
    drawn.update_yaxes(range=[low - 2 * room, high + room])
    drawn.update_layout(
        title={"text": _what(found), "y": 1.0, "yref": "container", "yanchor": "top", "pad": {"t": 12}},
        margin={"t": 72},
        legend={"groupclick": "togglegroup", "tracegroupgap": 8},
    )
    return drawn


def _lines(
    drawn: go.Figure,
    found: DemixedComponents,
    component: int,
    colours: Sequence[str],
    where: tuple[int, int],
    *,
    legend: bool,
) -> None:
    """Draw one component of every condition."""
    sizes = [len(values) for _, values in found.levels]
    for place in np.ndindex(*sizes):
        name = ", ".join(f"{label} {values[i]}" for (label, values), i in zip(found.levels, place, strict=True))
        dash = DASHES[place[1] % len(DASHES)] if len(place) > 1 else "solid"
        drawn.add_scatter(
            x=found.time,
            y=found.components[component][place],
            mode="lines" if len(found.time) > 1 else "markers",
            line={"color": colours[place[0]], "width": 1.6, "dash": dash},
            marker={"color": colours[place[0]], "size": 7},
            name=name,
            legendgroup=name,
            showlegend=legend,
            row=where[0],
            col=where[1],
        )


def _marks(drawn: go.Figure, found: DemixedComponents, name: str, rank: int, at: float, where: tuple[int, int]) -> None:
    """Draw a bar under the times at which the component is significant."""
    if found.significance is None or rank >= len(found.significance.accuracy.get(name, ())):
        return
    marked = found.significance.significant[name][rank]
    half = (found.time[1] - found.time[0]) / 2 if len(found.time) > 1 else 0.5
    for on, members in groupby(range(len(marked)), key=lambda i: bool(marked[i])):
        if on:
            bins = list(members)
            drawn.add_scatter(
                x=[found.time[bins[0]] - half, found.time[bins[-1]] + half],
                y=[at, at],
                mode="lines",
                line={"color": "#222222", "width": 5},
                name="significant",
                hoverinfo="skip",
                showlegend=False,
                row=where[0],
                col=where[1],
            )


def _time(found: DemixedComponents) -> str:
    return "time (s)" if found.timed else "time (bin)"


def described(found: DemixedComponents) -> str:
    """Say how many units, conditions and trials there are."""
    said = f"{len(found.units)} units, {int(np.prod([len(values) for _, values in found.levels]))} conditions"
    if found.n_trials:
        low, high = found.n_trials
        said += f", {low if low == high else f'{low} to {high}'} trial{'s' if high > 1 else ''} of each"
    return said


def _what(found: DemixedComponents) -> str:
    """Say what is marked too."""
    said = described(found)
    tested = found.significance
    if tested is not None:
        n = len(next(iter(tested.shuffled.values())))
        said += f"; bar: decoded better than in all {n} shuffles, {tested.run} bins or more"
    return said
