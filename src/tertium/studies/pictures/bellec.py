"""Pictures of Bellec et al. 2018: a trial of store and recall, errors by delay, where the bit is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tertium import figure
from tertium.studies.base import Picture
from tertium.studies.pictures.over_seeds import mean_and_interval

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.studies.bellec2018 import Bellec2018

#: Networks -> what a reader knows them by.
NAMED = {
    "LSNN": "LSNN",
    "LIF": "LIF only",
    "short": "adaptation of 20 ms",
    "LSTM": "LSTM",
}
#: Parts of the state that were exchanged -> what a reader knows them by.
EXCHANGED = {"none": "nothing", "thresholds": "thresholds", "rest": "all but thresholds"}


def pictures(results: Sequence[Bellec2018.Results]) -> Iterator[Picture]:
    """Yield all pictures."""
    n = len(results)
    over = f"n = {n} seed{'s' if n > 1 else ''}"
    yield Picture(
        "trial",
        trial(results[0].example),
        "One trial of the first seed's LSNN: spikes of the inputs (below; populations of bit 0, bit 1, store, recall) "
        "and of the recurrent units (above; the upper half adapts). Bit 0 is stored in the second symbol and recalled "
        "in the last but one.",
    )
    yield Picture(
        "thresholds",
        thresholds(results[0].example),
        "Thresholds of the adapting units in the same trial; shaded: store and recall.",
    )
    yield Picture(
        "answer",
        answer(results[0].example),
        "Probability that the read-out gives to the stored bit in the same trial; it counts during the recall (second "
        "shaded symbol).",
    )
    yield Picture(
        "errors",
        errors(results),
        f"Wrong recalls of each network on fresh trials. Mean and 95 % interval over {over}.",
    )
    yield Picture(
        "delays",
        delays(results),
        "Wrong recalls by the time from the end of the store to the beginning of the recall; membrane time constants "
        f"are 20 ms. One line a seed, {over}; the longest delays are rare.",
    )
    yield Picture(
        "swap",
        swap(results),
        "Wrong recalls where part of the network's state is exchanged, at the start of the recall, with that of a "
        f"trial in which the other bit was stored. Mean and 95 % interval over {over}.",
    )


def trial(shown: Any) -> go.Figure:
    """Draw the spikes of inputs and units in one trial."""
    inputs, spikes = np.asarray(shown["inputs"]), np.asarray(shown["spikes"])
    channels, units = inputs.shape[1], spikes.shape[1]
    drawn = figure.new(x="time (s)", y="input, recurrent unit")
    at = 0
    for k, (name, trains) in enumerate(
        (("inputs", inputs), ("not adapting", spikes[:, : units // 2]), ("adapting", spikes[:, units // 2 :]))
    ):
        when, which = np.nonzero(trains)
        drawn.add_scatter(
            x=when / 1000,
            y=which + at,
            mode="markers",
            name=name,
            marker={"color": figure.COLOURS[k], "size": 3},
        )
        at += trains.shape[1]
    _shade(drawn, shown, len(inputs))
    quarter = channels // 4
    drawn.update_yaxes(
        tickvals=[*(quarter * (np.arange(4) + 0.5)), channels + units / 4, channels + 3 * units / 4],
        ticktext=["bit 0", "bit 1", "store", "recall", "LIF", "ALIF"],
        title_text="input population, recurrent units",
        showgrid=False,
    )
    return drawn


def thresholds(shown: Any) -> go.Figure:
    """Draw the thresholds of adapting units in one trial."""
    values = np.asarray(shown["thresholds"])
    seconds = np.arange(len(values)) / 1000
    drawn = figure.new(x="time (s)", y="threshold (baselines)")
    adapting = np.flatnonzero(values.max(0) > 1)
    for unit in adapting:
        drawn.add_scatter(
            x=seconds,
            y=values[:, unit],
            mode="lines",
            showlegend=False,
            line={"color": figure.COLOURS[2], "width": 1},
        )
    _shade(drawn, shown, len(values))
    drawn.update_yaxes(rangemode="tozero")
    return drawn


def answer(shown: Any) -> go.Figure:
    """Draw the probability of the stored bit over one trial."""
    values = np.asarray(shown["outputs"])[:, 0]
    drawn = figure.new(x="time (s)", y="probability of the stored bit")
    drawn.add_scatter(x=np.arange(len(values)) / 1000, y=values, mode="lines", line={"color": figure.COLOURS[1]})
    _shade(drawn, shown, len(values))
    drawn.update_yaxes(range=[0, 1])
    return drawn


def errors(results: Sequence[Any]) -> go.Figure:
    """Draw the error of each network."""
    drawn = figure.new(x="network", y="wrong recalls (%)")
    *spiking, lstm = NAMED
    names = [*(NAMED[name] for name in spiking), "LSNN, untrained", NAMED[lstm]]
    rows = np.array([[*(one.errors[name] for name in spiking), one.untrained, one.errors[lstm]] for one in results])
    return figure.limit_line(_bars(drawn, names, rows), 50.0, "chance")


def delays(results: Sequence[Any]) -> go.Figure:
    """Draw errors against the delay."""
    drawn = figure.new(x="delay (s)", y="wrong recalls (%)")
    for k, (key, name) in enumerate(NAMED.items()):
        for first, one in enumerate(results):
            drawn.add_scatter(
                x=one.seconds,
                y=one.by_delay[key],
                mode="lines+markers",
                name=name,
                legendgroup=name,
                showlegend=first == 0,
                line={"color": figure.COLOURS[k], "width": 1},
            )
    drawn.update_yaxes(rangemode="tozero")
    return drawn


def swap(results: Sequence[Any]) -> go.Figure:
    """Draw the error by what was exchanged."""
    drawn = figure.new(x="what is exchanged", y="wrong recalls (%)")
    rows = np.array([[one.swapped[name] for name in EXCHANGED] for one in results])
    return figure.limit_line(_bars(drawn, list(EXCHANGED.values()), rows), 50.0, "chance")


def _shade(drawn: go.Figure, shown: Any, steps: int) -> None:
    """Shade the symbols that come with a command."""
    commands = np.asarray(shown["commands"])
    width = steps / len(commands) / 1000
    for place in np.flatnonzero(commands):
        drawn.add_vrect(x0=place * width, x1=(place + 1) * width, fillcolor="#7F7F7F", opacity=0.2, line_width=0)


def _bars(drawn: go.Figure, names: Sequence[str], rows: Any) -> go.Figure:
    mean, half = mean_and_interval(rows)
    low, high = np.maximum(mean - half, 0), np.minimum(mean + half, 100)
    return figure.bars(drawn, names, mean.tolist(), low.tolist(), high.tolist())
