"""Pictures of Raghu et al. 2017: similarity over training, when layers settle, what is lost with few directions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tertium import figure
from tertium.studies.base import Picture
from tertium.studies.pictures.over_seeds import add, mean_and_interval

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.studies.raghu2017 import Raghu2017


def pictures(results: Sequence[Raghu2017.Results]) -> Iterator[Picture]:
    """Yield all pictures."""
    first, n = results[0], len(results)
    over = f"n = {n} seed{'s' if n > 1 else ''}"
    yield Picture(
        "training",
        training(results),
        "SVCCA of each layer with itself at the end of training, layer 1 next to the image; means over the two "
        f"networks of each seed ({over}), bands: 95 % interval over seeds. Dashed: where a layer has settled.",
    )
    yield Picture(
        "settled",
        settled(results),
        f"When layers reach 0.9: in training (left axis, epochs) and on the straight line from the first weights to "
        f"the last (right axis, part of the line), where all layers change at the same pace. Mean and 95 % interval "
        f"over {over}, two networks each.",
    )
    yield Picture(
        "directions",
        directions(results),
        f"Points of accuracy that are lost if one layer of {first.units} units keeps so many of the directions it "
        f"shares with another network, or so many random units (others at their mean). Mean over layers, bars 95 % "
        f"interval over {over}. Dashed: one point; dotted: a quarter of the units.",
    )
    yield Picture(
        "needed",
        by_layer(results),
        f"How many directions, or random units, of {first.units} a layer needs to lose no more than one point. Mean "
        f"and 95 % interval over {over}; dashed: a quarter.",
    )


def training(results: Sequence[Any]) -> go.Figure:
    """Draw similarity to the end against epochs, a curve for each layer."""
    drawn = figure.new(x="training (epochs)", y="SVCCA with the end of training")
    rows = np.array([one.similarity.mean(0) for one in results])
    mean, half = mean_and_interval(rows)
    for layer in range(rows.shape[2]):
        low, high = mean[:, layer] - half[:, layer], np.minimum(mean[:, layer] + half[:, layer], 1)
        figure.lines_with_band(
            drawn,
            results[0].times.tolist(),
            mean[:, layer].tolist(),
            low.tolist(),
            high.tolist(),
            f"layer {layer + 1}",
            colour=figure.COLOURS[layer % len(figure.COLOURS)],
        )
    return figure.limit_line(drawn, 0.9, "settled")


def settled(results: Sequence[Any]) -> go.Figure:
    """Draw when layers settle, in training and on the straight line."""
    drawn = figure.new(x="layer", y="training until settled (epochs)")
    layers = np.arange(len(results[0].settled)) + 1
    for name, field, shift, axis, colour in (
        ("training", "settled", -0.06, "y", 0),
        ("straight line", "settled_straight", 0.06, "y2", 1),
    ):
        rows = [getattr(one, field) for one in results]
        line = {"color": figure.COLOURS[colour]}
        add(drawn, layers + shift, rows, name=name, yaxis=axis, mode="lines+markers", line=line)
    right = {"overlaying": "y", "side": "right", "showgrid": False, "tickmode": "linear", "dtick": 0.05}
    title = {"text": "part of the straight line", "font": {"size": 13}}
    drawn.update_layout(yaxis2={"title": title, "tickformat": ".2f", **right})
    drawn.update_layout(legend={"orientation": "h", "y": 1.12, "x": 0}, margin={"r": 80})
    drawn.update_xaxes(tickmode="array", tickvals=layers)
    return drawn


def directions(results: Sequence[Any]) -> go.Figure:
    """Draw the loss against how much is kept, mean over layers."""
    drawn = figure.new(x="directions, or units, that are kept", y="lost accuracy (points)")
    for name, field, colour in (("shared directions", "directions", 0), ("random units", "units", 1)):
        rows = [getattr(one, f"lost_{field}").mean(0) for one in results]
        add(drawn, results[0].counts, rows, name=name, mode="lines+markers", line={"color": figure.COLOURS[colour]})
    drawn.add_vline(x=results[0].units / 4, line={"color": "#888888", "width": 1, "dash": "dot"})
    drawn.add_hline(y=1.0, line={"color": "#888888", "width": 1, "dash": "dash"})
    return drawn


def by_layer(results: Sequence[Any]) -> go.Figure:
    """Draw how many directions, or units, each layer needs."""
    drawn = figure.new(x="layer", y="needed directions, or units")
    layers = np.arange(len(results[0].settled)) + 1
    for name, what, shift, colour in (
        ("shared directions", "directions", -0.05, 0),
        ("random units", "units", 0.05, 1),
    ):
        rows = [one.needed(what) for one in results]
        add(drawn, layers + shift, rows, name=name, mode="lines+markers", line={"color": figure.COLOURS[colour]})
    drawn.update_xaxes(tickmode="array", tickvals=layers)
    return figure.limit_line(drawn, results[0].units / 4, "a quarter")
