"""Drawings of THY11: error and kappa by noise, avalanches, estimates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tertium import figure
from tertium.studies.base import Picture
from tertium.studies.pictures import over_seeds

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.studies.safavi2024 import Safavi2024


def pictures(results: Sequence[Safavi2024.Results]) -> Iterator[Picture]:
    """Yield the pictures of the study."""
    n, first = len(results), results[0]
    yield Picture(
        "error",
        errors(results),
        f"Mean square error of the estimate by the noise of {first.neurons} neurons, with a delay of inhibition and a "
        f"cost of spikes, and with neither. Mean of {n} seeds, bars 95 % intervals; points on the left: without noise.",
    )
    yield Picture(
        "kappa",
        kappas(results),
        "Kappa of avalanche sizes by noise: 1 (dashed) in a critical system, above it larger avalanches, below it "
        f"smaller ones. Bins of {', '.join(f'{b * first.dt * 1e3:g}' for b in first.bins)} ms, and as many spikes at "
        f"random times in bins of {first.bin * first.dt * 1e3:g} ms. Mean of {n} seeds, bars 95 % intervals; dotted: "
        "noise of least error of the first seed.",
    )
    yield Picture(
        "sizes",
        sizes(first),
        f"Density of avalanche sizes of one seed in bins of {first.bin * first.dt * 1e3:g} ms, at the least noise, at "
        "that where kappa is nearest to 1, at the largest. Grey: exponent 3/2.",
    )
    yield Picture(
        "estimates",
        estimates(first),
        "A signal and the network's estimate of it, half a second of one seed: without noise, at the noise of least "
        "error, at the largest.",
    )


def errors(results: Sequence[Safavi2024.Results]) -> go.Figure:
    """Draw errors by noise on logarithmic axes; no noise is set left of the least."""
    drawn = figure.new(x="noise (sd of voltages, units of the signal)", y="mean square error")
    noise = results[0].noise.copy()
    noise[0] = noise[1] / 2
    for place, (name, field) in enumerate((("delay and cost", "mse"), ("neither", "mse_at_once"))):
        look = {"mode": "lines+markers", "marker": {"size": 7}, "line": {"color": figure.COLOURS[place], "width": 1.5}}
        over_seeds.add(drawn, noise, [getattr(r, field) for r in results], name=name, **look)
    ticks = [noise[0], 0.003, 0.01, 0.03, 0.1, 0.3]
    drawn.update_xaxes(type="log", tickvals=ticks, ticktext=["none", *(f"{t:g}" for t in ticks[1:])])
    return drawn.update_yaxes(type="log", dtick=1, exponentformat="power")


def kappas(results: Sequence[Safavi2024.Results]) -> go.Figure:
    """Draw kappa by noise for several bins."""
    first = results[0]
    drawn = figure.new(x="noise (sd of voltages, units of the signal)", y="kappa", height=400)
    rows = [[r.kappas[place] for r in results] for place in range(len(first.bins))]
    names = [f"bins of {b * first.dt * 1e3:g} ms" for b in first.bins]
    for place, (name, values) in enumerate(
        zip([*names, "random times"], [*rows, [r.kappas_by_chance for r in results]], strict=True)
    ):
        line = {"color": figure.COLOURS[place if place < len(names) else -1], "width": 1.5}
        look = {"mode": "lines+markers", "marker": {"size": 6}, "line": line, "name": name}
        over_seeds.add(drawn, first.noise[1:], np.array(values)[:, 1:], **look)
    drawn.update_xaxes(type="log", tickvals=[0.003, 0.01, 0.03, 0.1, 0.3])
    figure.limit_line(drawn, 1.0, "")
    best = float(first.noise[int(first.mse.argmin())])
    drawn.add_scatter(
        x=[best, best],
        y=[0.75, 1.75],
        mode="lines",
        line={"color": "#222222", "dash": "dot", "width": 1},
        name="least error",
    )
    return drawn


def sizes(result: Safavi2024.Results) -> go.Figure:
    """Draw densities of avalanche sizes at three noises."""
    drawn = figure.new(x="avalanche size (spikes)", y="density", height=400)
    line = np.array([1.0, result.neurons])
    drawn.add_scatter(
        x=line, y=0.4 * line**-1.5, mode="lines", line={"color": "#7F7F7F", "width": 1}, name="exponent 3/2"
    )
    for place, (name, (middles, found)) in enumerate(result.densities.items()):
        marker = {"size": 7, "color": figure.COLOURS[place]}
        label = {"low": "least noise", "critical": "kappa nearest to 1", "high": "largest noise"}[name]
        drawn.add_scatter(x=middles, y=found, mode="lines+markers", marker=marker, name=label)
    drawn.update_xaxes(type="log", dtick=1)
    return drawn.update_yaxes(type="log", dtick=1, exponentformat="power")


def estimates(result: Safavi2024.Results) -> go.Figure:
    """Draw the signal and estimates of it."""
    drawn = figure.new(x="time (s)", y="signal, estimate", height=400)
    for place, (name, (signal, estimate)) in enumerate(result.traces.items()):
        time = np.arange(len(signal)) * 5 * result.dt
        label = {"none": "no noise", "best": "least error", "high": "largest noise"}[name]
        drawn.add_scatter(
            x=time, y=estimate, mode="lines", name=label, line={"color": figure.COLOURS[place], "width": 1.2}
        )
    drawn.add_scatter(x=time, y=signal, mode="lines", name="signal", line={"color": "#222222", "width": 1.5})
    return drawn
