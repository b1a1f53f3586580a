"""Drawings of CEL03: granule cells, negative images, learning and extinction, both circuits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tertium import figure
from tertium.studies.base import Picture
from tertium.studies.pictures import over_seeds

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.studies.muller2019 import Muller2019


def pictures(results: Sequence[Muller2019.Results]) -> Iterator[Picture]:
    """Yield the pictures of the study."""
    n, first = len(results), results[0]
    yield Picture(
        "images",
        images(first),
        "What the own discharge does to a ganglion cell, the negative image that its inputs have learned (mean of the "
        "cells and of the last 50 commands of one seed), and their sum; thin: responses of ten granule cells, a fifth "
        "of their size.",
    )
    yield Picture(
        "learning",
        learning(results),
        f"Energy of what is left of the own signal while it is paired, and with as many broad spikes at random times; "
        f"mean of {n} seeds. Dashed: threshold.",
    )
    yield Picture(
        "extinction",
        extinction(results),
        f"Size of the negative image after the own signal has ended, as a share of what it was; {n} seeds. Dashed: "
        "a tenth.",
    )
    yield Picture(
        "stages",
        stages(results),
        "Signal to noise of prey in output cells, by the learning rate of a circuit that learns from granule cells "
        f"alone (lines), and of one that learns from copies of negative images (dashed); mean of {n} seeds, bars 95 % "
        "intervals.",
    )
    yield Picture(
        "adaptation",
        adaptation(results),
        f"Mean square of what is left of the own signal after its sizes have changed, by command; mean of {n} seeds.",
    )


def images(result: Muller2019.Results) -> go.Figure:
    """Draw the own signal, its negative image, their sum, and some granule cells."""
    drawn = figure.new(x="time after the command (ms)", y="potential (rate of broad spikes doubles at 1)", height=400)
    time = np.arange(len(result.signal)) + 0.5
    for one in result.granules:
        drawn.add_scatter(x=time, y=0.2 * one, mode="lines", line={"color": "#BBBBBB", "width": 0.7}, showlegend=False)
    courses = {"own signal": result.signal, "negative image": result.image, "sum": result.signal + result.image}
    for place, (name, course) in enumerate(courses.items()):
        line = {"color": figure.COLOURS[place], "width": 2}
        drawn.add_scatter(x=time, y=course, mode="lines", name=name, line=line)
    return drawn


def learning(results: Sequence[Muller2019.Results]) -> go.Figure:
    """Draw energies that are left by command."""
    drawn = figure.new(x="command", y="energy left / energy of the own signal")
    for place, (name, label) in enumerate((("paired", "paired"), ("shuffled", "random times"))):
        mean = np.mean([r.residual[name] for r in results], axis=0)
        line = {"color": figure.COLOURS[place], "width": 1.5}
        drawn.add_scatter(x=np.arange(len(mean)), y=mean, mode="lines", name=label, line=line)
    figure.limit_line(drawn, 0.02, "")
    return drawn.update_yaxes(type="log", tickvals=[0.003, 0.01, 0.03, 0.1, 0.3, 1, 3])


def extinction(results: Sequence[Muller2019.Results]) -> go.Figure:
    """Draw sizes of the image in extinction, one line a seed."""
    drawn = figure.new(x="command", y="size of the negative image")
    for place, one in enumerate(results):
        line = {"color": figure.COLOURS[place % len(figure.COLOURS)], "width": 1.2}
        drawn.add_scatter(x=np.arange(len(one.fading)), y=one.fading, mode="lines", line=line, name=f"seed {place + 1}")
    return figure.limit_line(drawn.update_yaxes(rangemode="tozero"), 0.1, "")


def stages(results: Sequence[Muller2019.Results]) -> go.Figure:
    """Draw signal to noise of both circuits where the own signal changes and where it does not."""
    drawn = figure.new(x="learning rate of the one-stage circuit", y="signal to noise (dB)", height=400)
    rates = results[0].rates
    for place, name in enumerate(("changing", "constant")):
        colour = figure.COLOURS[place]
        look = {"mode": "lines+markers", "marker": {"size": 7}, "line": {"color": colour, "width": 1.5}}
        over_seeds.add(drawn, rates, [r.snr_one[name] for r in results], name=f"one stage, {name}", **look)
        two = float(np.mean([r.snr_two[name] for r in results]))
        line = {"color": colour, "width": 1.5, "dash": "dash"}
        drawn.add_scatter(x=[rates[0], rates[-1]], y=[two, two], mode="lines", line=line, name=f"two stages, {name}")
    return drawn.update_xaxes(type="log", tickvals=list(rates))


def adaptation(results: Sequence[Muller2019.Results]) -> go.Figure:
    """Draw what is left by the command of a state."""
    drawn = figure.new(x="command after a change", y="mean square left")
    for place, name in enumerate(("one", "two")):
        mean = np.mean([r.adaptation[name] for r in results], axis=0)
        line = {"color": figure.COLOURS[place], "width": 2}
        label = {"one": "one stage, best rate", "two": "two stages"}[name]
        drawn.add_scatter(x=np.arange(len(mean)) + 1, y=mean, mode="lines+markers", line=line, name=label)
    return drawn.update_yaxes(rangemode="tozero")
