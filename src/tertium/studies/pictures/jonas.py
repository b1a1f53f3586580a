"""Pictures of the report card of tools."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tertium import figure
from tertium.studies.base import Picture
from tertium.studies.pictures.over_seeds import mean_and_interval

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.studies.jonas2017 import Jonas2017

TOOLS = ("ablation", "stimulation", "Granger", "correlation hub", "tuning", "information", "sham")
EDGE_TOOLS = ("correlation", "partial correlation", "Granger", "GLM coupling")
CONDITIONS = ("private input", "common input", "common input, known", "trials shuffled")
BLOCKS = ("causal", "copies", "bystanders")


def pictures(results: Sequence[Jonas2017.Results]) -> Iterator[Picture]:
    """Yield the pictures of all seeds."""
    nets, seeds = sum(len(one.cards) for one in results), len(results)
    pairs = sum(len(one.edges["private input"]["correlation"]) for one in results)
    bars = f"Dots: means of {seeds} seed{'s' if seeds > 1 else ''}, bars 95 % t-intervals over seeds"
    yield Picture(
        "units",
        units(results),
        f"How well each tool finds the units that make the answer: among all units, and among the tuned. {bars} "
        f"({nets} networks). Sham: sessions in which nothing was silenced.",
    )
    yield Picture(
        "lesions",
        lesions(results[0].cards[0]),
        "First network of the first seed: shift of choices when a unit is silenced (mean over coherences of "
        "the squared difference over its variance; 1 by chance) against its tuning to the choice. A dot a unit.",
    )
    yield Picture(
        "connections",
        connections(results),
        f"How well tools find the connections of spiking circuits. {bars} ({pairs} circuits). Only the GLM can be told "
        "the common input.",
    )
    yield Picture(
        "dimensions",
        dimensions(results),
        f"Participation ratio of activity at the end of trials, in three choices of units. {bars} ({nets} networks).",
    )


def units(results: Sequence[Jonas2017.Results]) -> go.Figure:
    """Draw areas by tool, among all units and among tuned ones."""
    drawn = figure.new(x="ROC area for causal units", y="tool", height=420)
    asked = (("causal", "among all units"), ("among_tuned", "among tuned units"))
    for k, (question, what) in enumerate(asked):
        rows = [[np.mean([one[question][tool] for one in seed.cards]) for tool in TOOLS] for seed in results]
        mean, half = mean_and_interval(rows)
        _dots(drawn, TOOLS, mean, half, what, k, (-0.14, 0.14)[k])
    figure.limit_line(drawn, 0.5, "chance", vertical=True)
    return drawn.update_xaxes(range=[0.3, 1.12])


def connections(results: Sequence[Jonas2017.Results]) -> go.Figure:
    """Draw areas by tool and condition."""
    drawn = figure.new(x="ROC area for connections", y="tool", height=420)
    for k, condition in enumerate(CONDITIONS):
        tools = [tool for tool in EDGE_TOOLS if tool in results[0].edges[condition]]
        rows = [[one.edges[condition][tool].mean() for tool in tools] for one in results]
        mean, half = mean_and_interval(rows)
        _dots(drawn, EDGE_TOOLS, mean, half, condition, k, 0.15 * (k - 1.5), tools)
    figure.limit_line(drawn, 0.5, "chance", vertical=True)
    return drawn.update_xaxes(range=[0.2, 1.05])


def _dots(
    drawn: go.Figure, labels: Sequence[str], mean: Any, half: Any, name: str, k: int, aside: float, some: Any = None
) -> None:
    """Draw dots beside the places of their labels, so that kinds do not hide each other."""
    at = [labels.index(one) + aside for one in (labels if some is None else some)]
    bars = figure.error_bars(mean.tolist(), (mean - half).tolist(), (mean + half).tolist())
    marker = {"size": 9, "color": figure.COLOURS[k], "symbol": ("circle", "diamond", "square", "x")[k]}
    bars["color"] = figure.COLOURS[k]
    drawn.add_scatter(x=mean, y=at, error_x=bars, mode="markers", marker=marker, name=name)
    drawn.update_yaxes(tickvals=list(range(len(labels))), ticktext=list(labels), range=[len(labels) - 0.5, -0.5])


def lesions(card: dict[str, Any]) -> go.Figure:
    """Draw each unit's lesion against its tuning."""
    drawn = figure.new(x="tuning (|ROC area of the choice - 0.5|)", y="shift of choices by its lesion", height=420)
    block = np.asarray(card["block"])
    for k, name in enumerate(BLOCKS):
        of = block == name
        marker = {"size": 9, "color": figure.COLOURS[k], "symbol": ("circle", "diamond", "x")[k]}
        x, y = card["scores"]["tuning"][of], card["scores"]["ablation"][of]
        drawn.add_scatter(x=x, y=y, mode="markers", marker=marker, name=name)
    figure.limit_line(drawn, 1.0, "chance")
    return drawn.update_yaxes(type="log", dtick=1)


def dimensions(results: Sequence[Jonas2017.Results]) -> go.Figure:
    """Draw the dimension of three choices of units."""
    drawn = figure.new(x="units taken", y="participation ratio (dimensions)", height=360)
    names = {"causal": "causal units", "tuned": "causal and copies", "all": "all units"}
    rows = [[np.mean([one["dimension"][part] for one in seed.cards]) for part in names] for seed in results]
    mean, half = mean_and_interval(rows)
    ends = (one.tolist() for one in (mean, mean - half, mean + half))
    figure.dots_with_intervals(drawn, list(names.values()), *ends)
    return drawn.update_yaxes(rangemode="tozero")
