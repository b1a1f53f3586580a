"""Pictures of Chung et al. 2018: capacities over radius and dimension, departures of theory, layers of a network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tertium import figure
from tertium.studies.base import Picture
from tertium.studies.pictures.over_seeds import add

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.studies.chung2018 import Chung2018


def pictures(results: Sequence[Chung2018.Results]) -> Iterator[Picture]:
    """Yield all pictures."""
    n = len(results)
    over = f"mean and 95 % interval over {n} seed{'s' if n > 1 else ''}"
    yield Picture(
        "balls",
        capacities(results, "ball"),
        f"Capacity of whole balls against their radius, for dimensions D: simulated (points, {over}), mean-field "
        "theory (lines) and the formula of many dimensions (dotted), which misses where there are few.",
    )
    yield Picture(
        "clouds",
        capacities(results, "cloud"),
        f"Capacity of clouds of points on spheres: simulated (points, {over}) and by anchor points (lines, mean over "
        "seeds). Clouds of few points have more capacity than balls of many dimensions.",
    )
    yield Picture(
        "departures",
        departures(results),
        "Departure of theory from simulation over the grid, by dimension: the largest over radii, in each seed "
        f"(points) and in the mean over {n} seed{'s' if n > 1 else ''} (lines). Dashed: a tenth.",
    )
    yield Picture(
        "layers",
        layers(results),
        f"Capacity of ten classes of photographs in the layers of a network, pixels first (logarithmic axis); {over}. "
        "The mean over places (pooled) has but 96 units, so that even shuffled classes gain there.",
    )


def capacities(results: Sequence[Any], what: str) -> go.Figure:
    """Draw capacity against radius, a colour for each dimension."""
    drawn = figure.new(x="radius (norms of the centre)", y="capacity (manifolds / dimension)", height=420)
    radii, first = results[0].radii, results[0]
    for i, d in enumerate(first.dimensions):
        colour = figure.COLOURS[i]
        add(drawn, radii, [getattr(r, f"{what}_simulated")[i] for r in results], name=f"D = {d}, simulated",
            mode="markers", marker={"color": colour, "size": 8})  # fmt: skip
        theory = np.mean([getattr(r, f"{what}_theory")[i] for r in results], axis=0)
        drawn.add_scatter(x=radii, y=theory, mode="lines", line={"color": colour}, name=f"D = {d}, theory")
        if what == "ball":
            line = {"color": colour, "dash": "dot"}
            drawn.add_scatter(x=radii, y=first.ball_limit[i], mode="lines", line=line, name=f"D = {d}, many dimensions")
    drawn.update_xaxes(type="log", tickmode="array", tickvals=radii, ticktext=[f"{r:g}" for r in radii])
    ticks = [0.1, 0.2, 0.5, 1, 2]
    drawn.update_yaxes(type="log", tickmode="array", tickvals=ticks, ticktext=[f"{t:g}" for t in ticks])
    return drawn


def departures(results: Sequence[Any]) -> go.Figure:
    """Draw the largest departure over radii for each dimension."""
    drawn = figure.new(x="dimension D", y="|theory / simulation - 1|")
    dimensions = results[0].dimensions
    for k, (name, what, theory) in enumerate(
        (("balls, mean field", "ball", "ball_theory"), ("balls, formula of many dimensions", "ball", "ball_limit"),
         ("clouds, anchor points", "cloud", "cloud_theory"))
    ):  # fmt: skip
        rows = [np.abs(getattr(r, theory) / getattr(r, f"{what}_simulated") - 1).max(axis=1) for r in results]
        at, colour = np.arange(len(dimensions)) + 0.05 * (k - 1), figure.COLOURS[k]
        drawn.add_scatter(x=at, y=np.mean(rows, axis=0), mode="lines", line={"color": colour}, name=name)
        seeds = {"color": colour, "size": 6, "opacity": 0.6}
        drawn.add_scatter(
            x=np.tile(at, len(rows)), y=np.concatenate(rows), mode="markers", marker=seeds, showlegend=False
        )
    drawn.update_xaxes(tickmode="array", tickvals=list(range(len(dimensions))), ticktext=[str(d) for d in dimensions])
    drawn.update_yaxes(rangemode="tozero")
    return figure.limit_line(drawn, 0.1, "")


def layers(results: Sequence[Any]) -> go.Figure:
    """Draw capacity by layer, trained and untrained, and with shuffled classes."""
    drawn = figure.new(x="layer", y="capacity (manifolds / dimension)")
    names = results[0].layers
    for k, (field, name) in enumerate(
        (("trained", "trained"), ("untrained", "untrained"), ("shuffled", "trained, classes shuffled"))
    ):
        rows = [getattr(one, field) for one in results]
        line = {"color": figure.COLOURS[k]}
        add(drawn, np.arange(len(names)) + 0.06 * (k - 1), rows, name=name, mode="lines+markers", line=line)
    drawn.update_xaxes(tickmode="array", tickvals=list(range(len(names))), ticktext=names)
    ticks = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2]
    drawn.update_yaxes(type="log", tickmode="array", tickvals=ticks, ticktext=[f"{t:g}" for t in ticks])
    return drawn
