"""Drawings of SNN12: functions of both populations, of inhibition alone, errors, spikes, noise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tertium import figure
from tertium.studies.base import Picture
from tertium.studies.pictures import over_seeds

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.studies.podlaski2024 import Podlaski2024

Floats = NDArray[np.float64]


def pictures(results: Sequence[Podlaski2024.Results], grid: Floats) -> Iterator[Picture]:
    """Yield the pictures of the study."""
    n, first = len(results), results[0]
    yield Picture(
        "functions",
        functions(first, grid),
        f"What {first.neurons} neurons make of functions (dashed) while the input goes once through its range: the "
        "excitatory latent variable in one network each, mean around each input. Neither noise nor cost.",
    )
    yield Picture(
        "alone",
        alone(first, grid),
        f"Inhibition alone, {first.neurons} neurons: its latent variable where the wanted function (dashed) is convex, "
        "and where the boundary is the convex one that is nearest to a concave function.",
    )
    yield Picture(
        "errors",
        errors(results),
        f"Errors of all functions of {n} seeds, one dot each, as shares of the function's standard deviation: both "
        "populations; the same with an inhibitory boundary that is straight (functions that are not convex); both "
        "populations with the voltage noise and the cost of a spike of the homogeneous network. Dashed: threshold.",
    )
    yield Picture(
        "spikes",
        spikes(first),
        "Spikes of 25 excitatory and 25 inhibitory neurons that are alike, under constant input and noise "
        f"({first.rate:.0f} Hz a neuron). Mean CV {np.mean([r.cv for r in results]):.2f}, without noise "
        f"{np.mean([r.cv_silent for r in results]):.2f} (n = {n}).",
    )
    yield Picture(
        "noise",
        noise(results),
        "Slow noise of a population's latent variable over that without coupling, by the spikes that one spike brings "
        f"about: measured, and with feedback from another trial; mean of {n} seeds, bars 95 % intervals. Line: "
        "1 / (1 - k). Left of 0 the boundary is convex, right of it concave.",
    )


def functions(result: Podlaski2024.Results, grid: Floats) -> go.Figure:
    """Draw wanted functions and what the networks made of them."""
    drawn = figure.new(x="input x", y="excitatory latent variable", height=420)
    for place, name in enumerate(result.names[:5]):
        colour = figure.COLOURS[place]
        drawn.add_scatter(x=grid, y=result.found[place], mode="lines", name=name, line={"color": colour, "width": 1.5})
        line = {"color": "#222222", "width": 1, "dash": "dash"}
        drawn.add_scatter(x=grid, y=result.functions[place], mode="lines", line=line, showlegend=False)
    return drawn


def alone(result: Podlaski2024.Results, grid: Floats) -> go.Figure:
    """Draw what inhibition alone makes of a convex and of concave functions."""
    drawn = figure.new(x="input x", y="inhibitory latent variable")
    wanted = {
        "convex": 1 + 4 * (grid / 5 - 1) ** 2,
        "concave": 5 - 4 * (grid / 5 - 1) ** 2,
        "saturating": 1 + 4 * (1 - np.exp(-grid / 1.5)),
    }
    for place, (name, found) in enumerate(result.inhibitory_found.items()):
        colour, error = figure.COLOURS[place], result.only_inhibitory[name]
        label = f"{name}, error {error:.0%}"
        drawn.add_scatter(x=grid, y=found, mode="lines", name=label, line={"color": colour, "width": 1.5})
        line = {"color": colour, "width": 1, "dash": "dash"}
        drawn.add_scatter(x=grid, y=wanted[name], mode="lines", line=line, showlegend=False)
    return drawn


def errors(results: Sequence[Podlaski2024.Results]) -> go.Figure:
    """Draw the errors of all functions in three conditions."""
    drawn = figure.new(x="network", y="RMSE / sd of the function")
    names = ("both populations", "straight inhibition", "noise and cost")
    for place, (name, field) in enumerate(zip(names, ("errors", "straight", "noisy_errors"), strict=True)):
        values = np.concatenate([list(getattr(r, field).values()) for r in results])
        spread = place + np.linspace(-0.25, 0.25, len(values))
        marker = {"size": 6, "color": figure.COLOURS[place], "opacity": 0.7}
        drawn.add_scatter(x=spread, y=values, mode="markers", marker=marker, name=name, showlegend=False)
    drawn.update_xaxes(tickvals=[0, 1, 2], ticktext=list(names), range=[-0.5, 2.5])
    drawn.update_yaxes(type="log", tickvals=[0.03, 0.1, 0.3, 1], ticktext=["3 %", "10 %", "30 %", "100 %"])
    return figure.limit_line(drawn, 0.1, "")


def spikes(result: Podlaski2024.Results) -> go.Figure:
    """Draw the spikes of the homogeneous network."""
    drawn = figure.new(x="time (s)", y="neuron", height=360)
    times, units = result.raster
    for name, mine, colour in (
        ("excitatory", units < 25, figure.COLOURS[1]),
        ("inhibitory", units >= 25, figure.COLOURS[0]),
    ):
        marker = {"size": 3, "color": colour}
        drawn.add_scatter(x=times[mine], y=units[mine] + 1, mode="markers", marker=marker, name=name)
    return drawn


def noise(results: Sequence[Podlaski2024.Results]) -> go.Figure:
    """Draw noise gains against the coupling with their prediction."""
    gains = results[0].gains
    drawn = figure.new(x="spikes that one spike brings about, k", y="noise / noise without coupling")
    fine = np.linspace(gains.min(), gains.max(), 200)
    drawn.add_scatter(x=fine, y=1 / (1 - fine), mode="lines", name="predicted", line={"color": "#222222", "width": 1.5})
    for place, name in enumerate(("own feedback", "another trial's")):
        marker = {"size": 8, "color": figure.COLOURS[place]}
        over_seeds.add(drawn, gains, [r.measured[place] for r in results], mode="markers", marker=marker, name=name)
    figure.limit_line(drawn, 1.0, "")
    return figure.limit_line(drawn, 0.0, "", vertical=True)
