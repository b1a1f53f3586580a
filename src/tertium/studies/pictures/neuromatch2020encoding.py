"""Pictures of neuromatch2020encoding: scores of the models, filters that were learned, and how oriented they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tertium import figure
from tertium.studies.base import Picture
from tertium.studies.pictures.over_seeds import add

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.studies.neuromatch2020encoding import Neuromatch2020Encoding

#: Models and kinds of cells as they are named.
NAMES = {"pixels": "pixels, linear", "network": "network", "untrained": "random filters"}
CELLS = {"v1": "planted V1 (R2 / ceiling)", "linear": "planted linear (R2 / ceiling)"}


def pictures(results: Sequence[Neuromatch2020Encoding.Results]) -> Iterator[Picture]:
    """Yield all pictures."""
    n, first = len(results), results[0]
    over = f"mean and 95 % interval over {n} seed{'s' if n > 1 else ''}"
    yield Picture(
        "scores",
        scores(results),
        f"What each model predicts of stimuli that were not fitted, {over}: share of explainable variance of "
        f"{first.kind.count('v1')} planted V1 cells and {first.kind.count('linear')} linear ones on gratings, and "
        "correlation with four recorded V1 neurons on patterns (these have no repeats).",
    )
    yield Picture(
        "filters",
        filters(results),
        f"The {len(first.filters)} filters of one seed after learning, the most selective first; each over its own "
        "largest weight. Numbers: selectivity for orientation.",
    )
    yield Picture(
        "selectivity",
        selectivity(results),
        f"Selectivity for orientation of all filters of {n} seed{'s' if n > 1 else ''}, before and after learning, "
        "sorted. Dashed: from here a filter counts as oriented.",
    )


def scores(results: Sequence[Neuromatch2020Encoding.Results]) -> go.Figure:
    """Draw scores by model."""
    drawn = figure.new(x="model", y="R2 over ceiling (planted), correlation (recorded)")
    models = list(NAMES)
    rows = {name: [[one.explained(model, kind) for model in models] for one in results] for kind, name in CELLS.items()}
    rows["recorded V1 (correlation)"] = [[one.correlation[model] for model in models] for one in results]
    for k, (name, values) in enumerate(rows.items()):
        mark = {"color": figure.COLOURS[k], "size": 9, "symbol": ("circle", "diamond", "square")[k]}
        add(drawn, np.arange(len(models)) + 0.1 * (k - 1), values, name=name, mode="markers", marker=mark)
    drawn.update_xaxes(tickmode="array", tickvals=list(range(len(models))), ticktext=[NAMES[one] for one in models])
    drawn.update_yaxes(rangemode="tozero")
    return drawn


def filters(results: Sequence[Neuromatch2020Encoding.Results]) -> go.Figure:
    """Draw the filters of the first seed."""
    from plotly.subplots import make_subplots

    first = results[0]
    order, columns = np.argsort(-first.selectivity), 8
    titles = [f"{first.selectivity[i]:.2f}" for i in order]
    drawn = figure.new(width=860, height=130 * -(-len(order) // columns) + 40)
    grid = make_subplots(rows=-(-len(order) // columns), cols=columns, subplot_titles=titles, vertical_spacing=0.12)
    grid.update_layout(drawn.layout)
    for place, i in enumerate(order):
        shown = first.filters[i] - first.filters[i].mean()
        row, column = divmod(place, columns)
        grid.add_heatmap(
            z=shown / np.abs(shown).max(), zmin=-1, zmax=1, colorscale=figure.DIVERGING, showscale=place == 0,
            colorbar={"title": "weight"}, row=row + 1, col=column + 1,
        )  # fmt: skip
    grid.update_xaxes(visible=False)
    grid.update_yaxes(visible=False, autorange="reversed")
    for place in range(1, len(order) + 1):  # square pixels
        grid.update_layout({f"yaxis{place}": {"scaleanchor": f"x{place}", "constrain": "domain"}})
    grid.update_xaxes(constrain="domain")
    grid.update_layout(margin={"t": 30, "b": 10, "l": 10})
    return grid


def selectivity(results: Sequence[Neuromatch2020Encoding.Results]) -> go.Figure:
    """Draw selectivity of all filters, sorted, before and after learning."""
    drawn = figure.new(x="filter, sorted", y="selectivity for orientation", height=340)
    for k, (name, attribute) in enumerate((("after learning", "selectivity"), ("before", "selectivity_before"))):
        values = np.sort(np.concatenate([getattr(one, attribute) for one in results]))
        mark = {"color": figure.COLOURS[k], "size": 6}
        drawn.add_scatter(x=np.arange(1, len(values) + 1), y=values, mode="markers", marker=mark, name=name)
    figure.limit_line(drawn, 0.5, "")
    drawn.update_yaxes(range=[0, 1.02])
    return drawn
