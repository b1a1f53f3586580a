"""Pictures of Cadena et al. 2019: scores of the models, on planted cells and on recorded neurons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tertium import figure
from tertium.studies.base import Picture
from tertium.studies.pictures.over_seeds import add

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.studies.cadena2019 import Cadena2019

#: Models as the axis names them.
NAMES = {
    "lnp": "linear filter",
    "gabor": "Gabor energies",
    "cnn": "fitted network",
    "task": "task features",
    "cnn_untrained": "network,<br>core untrained",
    "task_untrained": "task network,<br>untrained",
    "gabor_scrambled": "Gabor energies,<br>pixels scrambled",
}

#: Kinds of planted cells, as the legend names them.
CELLS = {
    "v1": "V1: energy and phase, divided",
    "undivided": "complex, not divided",
    "linear": "linear",
    "shuffled": "V1, other photographs",
}


def pictures(results: Sequence[Cadena2019.Results]) -> Iterator[Picture]:
    """Yield all pictures."""
    n, first = len(results), results[0]
    over = f"mean and 95 % interval over {n} seed{'s' if n > 1 else ''}"
    counted = "; ".join(f"{first.kind.count(kind)} {CELLS[kind]}" for kind in CELLS)
    yield Picture(
        "planted",
        planted(results),
        f"Fraction of explainable variance that models explain of planted cells ({counted}), mean over cells, {over}. "
        "Photographs were not fitted. Dashed: a perfect model. The paper has 0.16, 0.45, 0.50, 0.52 of recorded cells.",
    )
    yield Picture(
        "recorded",
        recorded(results),
        f"Correlation of predicted and measured responses of four macaque V1 neurons, on patterns that were not fitted "
        f"(mean over {n} division{'s' if n > 1 else ''} of the patterns). Dots: neurons; diamonds: their mean with its "
        "95 % interval over patterns; crosses: mean where responses belong to other patterns. No pattern was repeated, "
        "so there is no noise ceiling.",
    )


def planted(results: Sequence[Cadena2019.Results]) -> go.Figure:
    """Draw FEVE by model, for each kind of cells."""
    drawn = figure.new(x="model", y="explained (FEVE)", height=420)
    models = list(results[0].feve)
    for k, (kind, name) in enumerate(CELLS.items()):
        rows = [[one.explained(model, kind) for model in models] for one in results]
        mark = {"color": figure.COLOURS[k], "size": 9, "symbol": ("circle", "square", "diamond", "x")[k]}
        add(drawn, np.arange(len(models)) + 0.12 * (k - 1.5), rows, name=name, mode="markers", marker=mark)
    named(drawn, models)
    figure.limit_line(drawn, 1.0, "")
    figure.limit_line(drawn, 0.0, "")
    return drawn


def recorded(results: Sequence[Cadena2019.Results]) -> go.Figure:
    """Draw correlations by model: neurons, their mean with its interval, and where patterns were others."""
    drawn = figure.new(x="model", y="correlation, patterns not fitted", height=420)
    models = list(results[0].correlation)
    place = np.arange(len(models))
    each = np.mean([[one.neurons[model] for model in models] for one in results], axis=0)
    for neuron in range(each.shape[1]):
        mark = {"color": figure.translucent(figure.COLOURS[0], 0.5), "size": 6}
        x = place - 0.15
        drawn.add_scatter(
            x=x, y=each[:, neuron], mode="markers", marker=mark, name="neuron", legendgroup="n", showlegend=not neuron
        )
    mean = np.mean([[one.correlation[model] for model in models] for one in results], axis=0)
    ends = np.mean(
        [[np.quantile(one.correlation_draws[model], [0.025, 0.975]) for model in models] for one in results], axis=0
    )
    bars = figure.error_bars(mean.tolist(), ends[:, 0].tolist(), ends[:, 1].tolist())
    mark = {"color": figure.COLOURS[1], "size": 9, "symbol": "diamond"}
    drawn.add_scatter(x=place, y=mean, error_y=bars, mode="markers", marker=mark, name="mean of neurons")
    wrong = np.mean([[one.shuffled[model] for model in models] for one in results], axis=0)
    mark = {"color": figure.COLOURS[6], "size": 8, "symbol": "x"}
    drawn.add_scatter(x=place + 0.15, y=wrong, mode="markers", marker=mark, name="other patterns")
    named(drawn, models)
    figure.limit_line(drawn, 0.0, "")
    return drawn


def named(drawn: go.Figure, models: Sequence[str]) -> None:
    """Write models under the axis."""
    drawn.update_xaxes(tickmode="array", tickvals=list(range(len(models))), ticktext=[NAMES[one] for one in models])
