"""Pictures of Sorscher et al. 2022: predicted and measured errors, formulas that lack a term, layers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tertium import figure
from tertium.studies.base import Picture
from tertium.studies.methods.sorscher import FORMULAS
from tertium.studies.pictures.over_seeds import add

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.studies.sorscher2022 import Sorscher2022


def pictures(results: Sequence[Sorscher2022.Results]) -> Iterator[Picture]:
    """Yield all pictures."""
    first, n = results[0], len(results)
    over = f"{n} seed{'s' if n > 1 else ''}"
    each = first.gauss_measured[0].size
    yield Picture(
        "gaussians",
        gaussians(results),
        f"Gaussian manifolds after one example: a point a pair of concepts ({each} pairs, first seed), by the formula "
        "with all terms and by equation 1, which leaves out noise that manifolds share and that two examples share.",
    )
    yield Picture(
        "formulas",
        formulas(results),
        f"Largest gap of predicted and measured errors on Gaussian manifolds, with all terms and without some; mean "
        f"and 95 % interval over {over}, {each} pairs each. Dashed: 0.02.",
    )
    yield Picture(
        "agreement",
        agreement(results),
        f"Correlation over pairs of classes of predicted and measured errors in pixels and layers, "
        f"{first.measured['SqueezeNet'].shape[-1]} pairs; mean and 95 % interval over {over}. Dashed: 0.9.",
    )
    yield Picture(
        "layers",
        scatter(results, "SqueezeNet", "fire9"),
        "Predicted and measured errors of pairs of classes in one layer of SqueezeNet, first seed: pairs are ranked "
        "well, but real manifolds are not Gaussian, and after one example single pairs are far from the line.",
    )
    yield Picture(
        "errors",
        errors(results),
        f"Errors of prototypes after five examples, mean over pairs of classes, along three networks; mean and 95 % "
        f"interval over {over}. Chance is 0.5.",
    )


def _diagonal(drawn: go.Figure, low: float, high: float) -> go.Figure:
    look = {"color": "#888888", "width": 1, "dash": "dash"}
    return drawn.add_scatter(x=[low, high], y=[low, high], mode="lines", line=look, showlegend=False)


def gaussians(results: Sequence[Any]) -> go.Figure:
    """Draw predicted against measured errors after one example."""
    drawn = figure.new(x="measured error (share of samples)", y="predicted error", width=560, height=460)
    measured, said = results[0].gauss_measured[0].ravel(), results[0].gauss_predicted[:, 0]
    _diagonal(drawn, 0.0, float(max(measured.max(), said.max())))
    for name, formula, colour in (("all terms", "all terms", 0), ("equation 1", "neither", 1)):
        look = {"color": figure.COLOURS[colour], "size": 7}
        y = said[FORMULAS.index(formula)].ravel()
        drawn.add_scatter(x=measured, y=y, mode="markers", name=name, marker=look)
    return drawn


def formulas(results: Sequence[Any]) -> go.Figure:
    """Draw the largest gap against the number of examples, for each formula."""
    drawn = figure.new(x="examples of each concept", y="largest gap (share of samples)")
    shots = results[0].shots
    for k, formula in enumerate(FORMULAS):
        rows = [[one.gap(formula, m) for m in shots] for one in results]
        x = np.arange(len(shots)) + 0.04 * (k - 1.5)
        add(drawn, x, rows, name=formula, mode="lines+markers", line={"color": figure.COLOURS[k]})
    drawn.update_xaxes(tickmode="array", tickvals=list(range(len(shots))), ticktext=[str(m) for m in shots])
    drawn.update_yaxes(rangemode="tozero")
    return figure.limit_line(drawn, 0.02, "")


def agreement(results: Sequence[Any]) -> go.Figure:
    """Draw correlations by layer, after one and five examples."""
    drawn = figure.new(x="layer", y="correlation over pairs", height=420)
    ticks: list[str] = []
    for colour, system in enumerate(("SqueezeNet", "small network")):
        names = results[0].layers[system]
        x = len(ticks) + np.arange(len(names))
        ticks += names
        for i, (m, dash) in enumerate(((results[0].shots[0], "dot"), (results[0].shots[1], "solid"))):
            rows = [one.agreement(system)[i] for one in results]
            line = {"color": figure.COLOURS[colour], "dash": dash}
            name = f"{system}, {m} example{'s' if m > 1 else ''}"
            add(drawn, x + 0.1 * (i - 0.5), rows, name=name, mode="lines+markers", line=line)
    drawn.update_xaxes(tickmode="array", tickvals=list(range(len(ticks))), ticktext=ticks, tickangle=-50)
    return figure.limit_line(drawn, 0.9, "")


def scatter(results: Sequence[Any], system: str, layer: str) -> go.Figure:
    """Draw predicted against measured errors of one layer."""
    drawn = figure.new(x="measured error (share of samples)", y="predicted error", width=560, height=460)
    at = results[0].layers[system].index(layer)
    _diagonal(drawn, 0.0, 0.8)
    for i, colour in ((0, 1), (1, 0)):
        m = results[0].shots[i]
        look = {"color": figure.COLOURS[colour], "size": 6, "opacity": 0.8}
        x, y = results[0].measured[system][i, at], results[0].predicted[system][i, at]
        drawn.add_scatter(x=x, y=y, mode="markers", name=f"{m} example{'s' if m > 1 else ''}", marker=look)
    return drawn


def errors(results: Sequence[Any]) -> go.Figure:
    """Draw the mean error after five examples by layer, as depth from pixels to the last layer."""
    drawn = figure.new(x="depth (pixels 0, last layer 1)", y="error (share of samples)")
    for colour, system in enumerate(("SqueezeNet", "small network", "untrained")):
        rows = [one.mean_error(system)[1] for one in results]
        name = "small network, untrained" if system == "untrained" else system
        depth = np.linspace(0, 1, len(rows[0]))
        add(drawn, depth, rows, name=name, mode="lines+markers", line={"color": figure.COLOURS[colour]})
    drawn.update_yaxes(rangemode="tozero")
    return drawn
