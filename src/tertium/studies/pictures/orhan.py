"""Pictures of Orhan & Ma 2019: units by peak time, the sequentiality index over lambda0 and over kinds of network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tertium import figure
from tertium.studies.base import Picture
from tertium.studies.methods.orhan import ACTIVE
from tertium.studies.methods.orhan_networks import VARIABLE
from tertium.studies.pictures.over_seeds import add, mean_and_interval

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from numpy.typing import NDArray

    from tertium.studies.orhan2019 import Orhan2019

#: First step of the delay, and first step after it.
DELAY = (25, 125)


def pictures(results: Sequence[Orhan2019.Results]) -> Iterator[Picture]:
    """Yield all pictures."""
    first, n = results[0], len(results)
    over = f"n = {n} seed{'s' if n > 1 else ''}"
    swept = first.networks[: len(first.lambda0)]
    for which in (swept[0], swept[-1], VARIABLE):
        title = f"lambda0 = {which}" if which in swept else which
        yield Picture(
            f"units-{which.replace(' ', '-')}",
            units(first.rates[which]),
            f"Rates of the active units in one trial, each divided by its largest, sorted by the time of their peak; "
            f"first seed, {title}; sequentiality index of all trials {first.of('index', which):.2f}. Lines: the delay.",
        )
    yield Picture(
        "lambda0",
        against_lambda0(results),
        f"Sequentiality index against lambda0, trained and untrained; thin lines are seeds, points their mean with the "
        f"95 % interval ({over}).",
    )
    yield Picture(
        "kinds",
        over_kinds(results),
        "Sequentiality index of networks that differ from the first in one thing; one dot a seed, bars the "
        f"mean with its 95 % interval ({over}). 'again' is a second network of the first kind; hollow: not learned.",
    )
    yield Picture(
        "skill",
        skills(results),
        f"How well each network does its task: 0 for guesses, 1 for no error; one dot a seed ({over}). Dashed: the "
        "population vector of the stimulus' spikes in delayed estimation.",
    )


def units(rates: NDArray[Any]) -> go.Figure:
    """Draw the active units of one trial by the time of their peak; shape of rates (time, unit)."""
    active = rates[:, rates.mean(0) > ACTIVE]
    order = np.argsort(active.argmax(0), kind="stable")
    drawn = figure.new(x="time (steps of 10 ms)", y=f"unit by peak time (n = {active.shape[1]})")
    shown = active[:, order] / active[:, order].max(0) if active.shape[1] else np.zeros((len(rates), 1))
    figure.heatmap(drawn, shown.T, colour="rate / largest rate", limits=(0.0, 1.0))
    for edge in DELAY:
        drawn.add_vline(x=edge - 0.5, line={"color": "#ffffff", "width": 1.5})
    return drawn


def against_lambda0(results: Sequence[Any]) -> go.Figure:
    """Draw the index against lambda0, before and after training."""
    drawn = figure.new(x="lambda0", y="sequentiality index (nats)")
    at = results[0].lambda0
    for name, measure, colour in (("trained", "index", 0), ("untrained", "index untrained", 6)):
        rows = [one.measures[measure][: len(at)] for one in results]
        faint = {"color": figure.translucent(figure.COLOURS[colour], 0.4), "width": 1}
        for row in rows:
            drawn.add_scatter(x=at, y=row, mode="lines", line=faint, showlegend=False)
        add(drawn, at, rows, name=name, mode="lines+markers", line={"color": figure.COLOURS[colour]})
    return drawn


def over_kinds(results: Sequence[Any]) -> go.Figure:
    """Draw the index of the base network and of those that differ from it."""
    first = results[0]
    names = first.networks[len(first.lambda0) :]
    rows = np.array([[one.of("index", name) for name in names] for one in results])
    from tertium.studies.orhan2019 import LEARNED  # the study imports this file

    skill = np.array([[one.of("skill", name) for name in names] for one in results])
    return _dots(figure.new(x="network", y="sequentiality index (nats)"), names, rows, hollow=skill < LEARNED)


def skills(results: Sequence[Any]) -> go.Figure:
    """Draw the skill of all networks."""
    rows = np.array([one.measures["skill"] for one in results])
    drawn = _dots(figure.new(x="network", y="skill"), results[0].networks, rows)
    best = float(np.mean([one.measures["optimal skill"][0] for one in results]))
    drawn.update_yaxes(range=[-0.05, 1.02])
    return figure.limit_line(drawn, best, "population vector")


def _dots(
    drawn: go.Figure, labels: Sequence[str], rows: NDArray[Any], hollow: NDArray[np.bool_] | None = None
) -> go.Figure:
    """Draw one dot a seed, some of them hollow, and the mean with its interval."""
    marks = np.where(np.zeros(rows.shape, dtype=bool) if hollow is None else hollow, "circle-open", "circle")
    for row, symbols in zip(rows, marks, strict=True):
        dots = {"color": figure.translucent(figure.COLOURS[0], 0.6), "size": 8, "symbol": symbols.tolist()}
        drawn.add_scatter(x=list(labels), y=row, mode="markers", marker=dots, showlegend=False)
    mean, half = mean_and_interval(rows)
    marker = {"color": "#222222", "symbol": "line-ew-open", "size": 16, "line": {"width": 2}}
    bars = figure.error_bars(mean.tolist(), (mean - half).tolist(), (mean + half).tolist())
    drawn.add_scatter(x=list(labels), y=mean, error_y=bars, mode="markers", marker=marker, showlegend=False)
    drawn.update_xaxes(type="category")
    return drawn
