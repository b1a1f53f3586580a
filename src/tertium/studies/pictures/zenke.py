"""Pictures of Zenke & Vogels 2021: patterns of spike times, what learns them, shapes and slopes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tertium import figure
from tertium.studies.base import Picture
from tertium.studies.pictures.over_seeds import add, mean_and_interval

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.studies.zenke2021 import Zenke2021

#: The slope at which the higher form was tried.
USUAL = 10.0

#: Shapes -> what a reader knows them by.
NAMED = {
    "super_spike": "SuperSpike",
    "sigmoid": "sigmoid'",
    "exponential": "exponential",
    "boxcar": "box",
}


def pictures(results: Sequence[Zenke2021.Results]) -> Iterator[Picture]:
    """Yield all pictures."""
    n = len(results)
    over = f"n = {n} seed{'s' if n > 1 else ''}"
    yield Picture(
        "patterns",
        patterns(results[0].inputs),
        "Three samples each of two of the manifolds of the first seed: every input spikes once in every trial, and its "
        "time is a coordinate of the sample.",
    )
    yield Picture(
        "networks",
        networks(results),
        "Held-out patterns told by a recurrent network whose weights were all trained, and by a trained read-out of "
        f"the same starting network. Mean and 95 % interval over {over}.",
    )
    yield Picture(
        "shapes",
        shapes(results),
        "Held-out patterns told after training with pseudo-derivatives of equal height and equal width at half height. "
        f"Dots are seeds, {over}.",
    )
    yield Picture(
        "slopes",
        slopes(results),
        "Held-out patterns told after shorter training with SuperSpike at different slopes; diamonds: the asymptotic "
        f"form, which is beta times as high. Mean and 95 % interval over {over}.",
    )
    yield Picture(
        "rates",
        rates(results),
        f"Mean rate of the hidden units on held-out patterns. Mean and 95 % interval over {over}.",
    )


def patterns(inputs: Any) -> go.Figure:
    """Draw the spikes of six samples of two manifolds (time, sample, channel), one beside the other."""
    drawn = figure.new(x="time within the sample (ms), samples side by side", y="input")
    steps, samples, _ = inputs.shape
    for k in range(samples):
        when, channel = np.nonzero(inputs[:, k])
        first = k < samples // 2
        drawn.add_scatter(
            x=when + k * steps,
            y=channel + 1,
            mode="markers",
            name="first manifold" if first else "second manifold",
            showlegend=k in (0, samples // 2),
            marker={"color": figure.COLOURS[0 if first else 1], "size": 5, "symbol": "line-ns-open"},
        )
    at = np.arange(samples) * steps
    drawn.update_xaxes(
        tickvals=np.concatenate([at, at + 50]).tolist(), ticktext=["0"] * samples + ["50"] * samples, showgrid=False
    )
    return drawn


def networks(results: Sequence[Any]) -> go.Figure:
    """Draw the accuracy of trained and frozen networks."""
    drawn = figure.new(x="what learns", y="accuracy (% of held-out patterns)")
    names = ["all weights", "the read-out alone"]
    rows = np.array([[one.shapes["super_spike"], one.frozen] for one in results])
    return figure.limit_line(_bars(drawn, names, rows), results[0].chance, "chance")


def shapes(results: Sequence[Any]) -> go.Figure:
    """Draw the accuracy with each shape."""
    drawn = figure.new(x="shape of the pseudo-derivative", y="accuracy (% of held-out patterns)")
    names = [NAMED[name] for name in results[0].shapes]
    for k, one in enumerate(results):
        drawn.add_scatter(
            x=names,
            y=list(one.shapes.values()),
            mode="lines+markers",
            name=f"seed {k + 1}",
            line={"color": figure.COLOURS[k % len(figure.COLOURS)], "width": 1},
            marker={"size": 8},
        )
    drawn.update_yaxes(range=[0, 100])
    return drawn


def slopes(results: Sequence[Any]) -> go.Figure:
    """Draw accuracy against the slope."""
    drawn = figure.new(x="slope beta of the pseudo-derivative", y="accuracy (% of held-out patterns)")
    for k, (kind, name) in enumerate((("recurrent", "recurrent"), ("feedforward", "not recurrent"))):
        rows = [getattr(one, kind) for one in results]
        line = {"color": figure.COLOURS[k]}
        add(drawn, results[0].betas, rows, name=name, mode="lines+markers", line=line)
        tall = [[one.tall[kind]] for one in results]
        marker = {"color": figure.COLOURS[k], "symbol": "diamond-open", "size": 12}
        add(drawn, [USUAL], tall, name=f"{name}, ten times as high", mode="markers", marker=marker)
    figure.limit_line(drawn, results[0].chance, "chance")
    drawn.update_xaxes(type="log", tickvals=results[0].betas.tolist())
    drawn.update_yaxes(range=[0, 100])
    return drawn


def rates(results: Sequence[Any]) -> go.Figure:
    """Draw the mean rate of hidden units."""
    drawn = figure.new(x="training", y="mean rate of hidden units (Hz)")
    names = ["with the cost on rates", "without it", "before training"]
    rows = np.array([[one.rate, one.free_rate, one.frozen_rate] for one in results])
    return figure.limit_line(_bars(drawn, names, rows), results[0].target, "target")


def _bars(drawn: go.Figure, names: Sequence[str], rows: Any) -> go.Figure:
    mean, half = mean_and_interval(rows)
    return figure.bars(drawn, names, mean.tolist(), np.maximum(mean - half, 0).tolist(), (mean + half).tolist())
