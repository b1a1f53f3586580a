"""Pictures of Orhan & Ma 2019: units by peak time, the sequentiality index over lambda0 and over kinds of network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tertium import figure
from tertium.studies.base import Picture
from tertium.studies.methods.orhan import mean_of_known
from tertium.studies.methods.orhan_networks import AGAIN, CONDITIONS, FIXED, TANH, VARIABLE
from tertium.studies.pictures.over_seeds import add, mean_and_interval

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from numpy.typing import NDArray

    from tertium.studies.orhan2019 import Orhan2019

#: Least mean rate of a unit that the index counts.
ACTIVE = 0.1

#: First step of the delay, and first step after it.
DELAY = (25, 125)


def pictures(results: Sequence[Orhan2019.Results]) -> Iterator[Picture]:
    """Yield all pictures."""
    first, n = results[0], len(results)
    over = f"n = {n} seed{'s' if n > 1 else ''}"
    for condition, which in ((FIXED, 0), (FIXED, -1), (VARIABLE, -1), (TANH, -1)):
        at = f"{condition}, lambda0 = {first.lambda0[which]:g}"
        yield Picture(
            f"units-{condition.replace(' ', '-')}-{'low' if which == 0 else 'high'}",
            units(first.rates[condition][which]),
            f"Rates of the active units in one trial, each divided by its largest, sorted by the time of their peak; "
            f"first seed, {at}; sequentiality index of all trials {first.of('index', condition)[which]:.2f}. Lines: "
            "the delay.",
        )
    yield Picture(
        "lambda0",
        against_lambda0(results),
        "Sequentiality index against lambda0; thin lines are seeds (two networks at each lambda0 averaged), points "
        f"their mean with the 95 % interval ({over}). Grey: before training.",
    )
    yield Picture(
        "kinds",
        over_kinds(results),
        "Sequentiality index, mean over lambda0 of the networks that have learned; one dot a seed, bars the mean with "
        f"its 95 % interval ({over}). 'again' are other networks of the first kind.",
    )
    yield Picture(
        "skill",
        skills(results),
        f"How well networks do their task: 0 for guesses, 1 for no error; one dot a network ({over}, "
        f"{len(first.lambda0)} lambda0). Dashed: the population vector of the stimulus' spikes in delayed estimation; "
        "dotted: below this a network has not learned and is left out.",
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
    after = [mean_of_known([one.index(FIXED), one.index(AGAIN)]) for one in results]
    before = [(one.of("index untrained", FIXED) + one.of("index untrained", AGAIN)) / 2 for one in results]
    for name, rows, colour in (("trained", after, 0), ("untrained", before, 6)):
        faint = {"color": figure.translucent(figure.COLOURS[colour], 0.4), "width": 1}
        for row in rows:
            drawn.add_scatter(x=at, y=row, mode="lines", line=faint, showlegend=False)
        add(drawn, at, rows, name=name, mode="lines+markers", line={"color": figure.COLOURS[colour]})
    return drawn


def over_kinds(results: Sequence[Any]) -> go.Figure:
    """Draw the index of each condition, averaged over lambda0."""
    rows = np.array([[float(mean_of_known(one.index(name))) for name in CONDITIONS] for one in results])
    return _dots(figure.new(x="networks", y="sequentiality index (nats)"), CONDITIONS, rows)


def skills(results: Sequence[Any]) -> go.Figure:
    """Draw the skill of all networks."""
    from tertium.studies.orhan2019 import LEARNED  # the study imports this file

    rows = np.concatenate([one.measures["skill"].T for one in results])
    drawn = _dots(figure.new(x="networks", y="skill"), CONDITIONS, rows)
    best = float(np.mean([one.of("optimal skill", FIXED) for one in results]))
    drawn.update_yaxes(range=[-0.25, 1.05])
    drawn.add_hline(y=LEARNED, line={"color": "#888888", "width": 1, "dash": "dot"})
    return figure.limit_line(drawn, best, "population vector")


def _dots(drawn: go.Figure, labels: Sequence[str], rows: NDArray[Any]) -> go.Figure:
    """Draw a dot for each row, side by side, and the mean with its interval."""
    offsets = np.linspace(-0.18, 0.18, len(rows)) if len(rows) > 1 else np.zeros(1)
    for offset, row in zip(offsets, rows, strict=True):
        dots = {"color": figure.translucent(figure.COLOURS[0], 0.6), "size": 7}
        drawn.add_scatter(x=np.arange(len(labels)) + offset, y=row, mode="markers", marker=dots, showlegend=False)
    mean, half = mean_and_interval(rows)
    marker = {"color": "#222222", "symbol": "line-ew-open", "size": 16, "line": {"width": 2}}
    bars = figure.error_bars(mean.tolist(), (mean - half).tolist(), (mean + half).tolist())
    places = np.arange(len(labels))
    drawn.add_scatter(x=places, y=mean, error_y=bars, mode="markers", marker=marker, showlegend=False)
    drawn.update_xaxes(tickmode="array", tickvals=places, ticktext=list(labels))
    return drawn
