"""Drawings of THY07: inferred radii, dimensions, spectra, covariances."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tertium import figure
from tertium.studies.pictures import over_seeds
from tertium.theory import covariance_density, covariance_edges, relative_dimension

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.studies.dahmen2019 import Dahmen2019

_DOTS = ("circle", "square", "diamond", "triangle-up")


def radii(results: Sequence[Dahmen2019.Results]) -> go.Figure:
    """Draw estimates of the spectral radius against the true one."""
    drawn = figure.new(x="spectral radius, true", y="spectral radius, inferred", width=620, height=440)
    true = results[0].radii
    ends = [0.0, 1.0]
    drawn.add_scatter(x=ends, y=ends, mode="lines", line={"color": "#888888", "width": 1}, showlegend=False)
    trials = results[0].trials
    for number, (name, rows) in enumerate(
        (
            ("independent weights, exact", [r.exact["independent"] for r in results]),
            ("symmetric weights, exact", [r.exact["symmetric"] for r in results]),
            (f"independent, {trials} trials, corrected", [r.sampled for r in results]),
            (f"independent, {trials} trials, as they are", [r.raw for r in results]),
        )
    ):
        look = {"size": 8, "symbol": _DOTS[number], "color": figure.COLOURS[number]}
        line = {"width": 1, "dash": "dot", "color": figure.COLOURS[number]}
        shifted = true + 0.006 * (number - 1.5)  # bars do not hide each other
        over_seeds.add(drawn, shifted, rows, mode="lines+markers", marker=look, line=line, name=name)
    drawn.update_xaxes(range=[0.2, 1])
    drawn.update_yaxes(range=[0, 1])
    return drawn


def dimensions(results: Sequence[Dahmen2019.Results]) -> go.Figure:
    """Draw the participation ratio per unit against the spectral radius."""
    drawn = figure.new(x="spectral radius", y="participation ratio / units", width=560)
    x = np.linspace(0, 0.95, 100)
    line = {"color": "#888888", "width": 1.5}
    drawn.add_scatter(x=x, y=[relative_dimension(g) for g in x], mode="lines", line=line, name="(1 - R²)²")
    for number, kind in enumerate(results[0].dimension):
        look = {"size": 9, "symbol": _DOTS[number], "color": figure.COLOURS[number]}
        rows = [r.dimension[kind] for r in results]
        over_seeds.add(drawn, results[0].dimension_radii, rows, mode="markers", marker=look, name=f"{kind} weights")
    drawn.update_yaxes(rangemode="tozero")
    return drawn


def spectra(first: Dahmen2019.Results) -> go.Figure:
    """Draw histograms of eigenvalues with the closed form."""
    drawn = figure.new(x="eigenvalue of the covariances (variance of the noise = 1)", y="density")
    for number, (g, values) in enumerate(zip(first.dimension_radii, first.eigenvalues, strict=True)):
        colour = figure.COLOURS[number % len(figure.COLOURS)]
        edges = np.geomspace(values.min() * 0.99, values.max() * 1.01, 40)
        counts, _ = np.histogram(values, edges, density=True)
        middle = np.sqrt(edges[1:] * edges[:-1])
        name = f"R = {g:g}"
        look = {"color": colour, "size": 5}
        drawn.add_scatter(x=middle, y=counts, mode="markers", marker=look, name=name, legendgroup=name)
        low, high = covariance_edges(float(g))
        x = np.geomspace(low * 1.0001, high * 0.9999, 300)
        line = {"color": colour, "width": 1.5}
        drawn.add_scatter(
            x=x, y=covariance_density(x, float(g)), mode="lines", line=line, showlegend=False, legendgroup=name
        )
    drawn.update_xaxes(type="log", dtick=1)
    drawn.update_yaxes(type="log", dtick=1, exponentformat="power")
    return drawn


def covariances(first: Dahmen2019.Results) -> go.Figure:
    """Draw the distribution of covariances."""
    drawn = figure.new(x="covariance / mean variance", y="density", width=560, height=320)
    line = {"color": figure.COLOURS[0], "width": 2, "shape": "hvh"}
    drawn.add_scatter(x=first.bins, y=first.covariances, mode="lines", line=line, showlegend=False)
    return drawn
