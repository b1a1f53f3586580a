"""Pictures of LRN06: learning under four variants of the rule, answers, decoders across time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tertium import figure
from tertium.dynamics.axes.panels import panels
from tertium.studies.base import Picture
from tertium.studies.methods.miconi_network import ANSWERS, KINDS

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

NAMED = {
    "cube": "cube, the paper's",
    "square": "square",
    "linear": "linear, at its best rate",
    "misdealt": "cube, told another trial's error",
}

#: Points of a learning curve.
BLOCKS = 40


def pictures(results: Sequence[Any]) -> Iterator[Picture]:
    """Yield learning curves, answers, and the codes of sample and answer."""
    n = len(results)
    over = f"mean over {n} seeds, thin lines: each" if n > 1 else "one seed"
    each = len(results[0].errors["cube"]) // blocks_of(results)
    yield Picture(
        "learning",
        curves(results, lambda errors: np.median(errors, axis=1), "median |error| of the output (1)", 0.4),
        f"Median error of the output in the response epoch, in blocks of {each} trials, {over}. An output that is 0 "
        "has an error of 0.98.",
    )
    yield Picture(
        "right",
        curves(results, lambda errors: 100 * (errors < 1).mean(axis=1), "trials right (%)", 90),
        f"Trials with an error below 1, in blocks of {each} trials, {over}. Chance is 50 %.",
    )
    yield Picture(
        "answers",
        answers(results[0]),
        "Output of the network of the first seed after learning, mean over recorded trials of each kind (two stimuli, "
        "A or B). Grey: stimuli; dashed: the answers asked for, in the response epoch.",
    )
    yield Picture(
        "codes",
        codes(results),
        f"Balanced accuracy of decoders fitted at one time and tested at another, after learning, mean over {n} "
        f"{'seeds' if n > 1 else 'seed'}; chance is 0.5. Lines: beginnings and ends of the stimuli.",
    )


def blocks_of(results: Sequence[Any]) -> int:
    """Return how many points a learning curve has."""
    return min(BLOCKS, len(results[0].errors["cube"]) // 4)


def curves(results: Sequence[Any], measure: Any, what: str, claimed: float) -> go.Figure:
    """Draw a measure of blocks of trials for each variant."""
    drawn = figure.new(x="trials", y=what)
    blocks = blocks_of(results)
    for i, (name, named) in enumerate(NAMED.items()):
        rows = []
        for one in results:
            errors = one.errors[name]
            each = len(errors) // blocks
            rows.append(measure(errors[: each * blocks].reshape(blocks, each)))
        x = (each * (np.arange(blocks) + 0.5)).tolist()
        for row in rows if len(rows) > 1 else []:
            thin = {"color": figure.translucent(figure.COLOURS[i], 0.45), "width": 1}
            drawn.add_scatter(x=x, y=row, mode="lines", line=thin, showlegend=False, hoverinfo="skip")
        line = {"color": figure.COLOURS[i], "width": 2.5}
        drawn.add_scatter(x=x, y=np.mean(rows, axis=0), mode="lines", line=line, name=named)
    figure.limit_line(drawn, claimed, "claimed of the cube")
    drawn.update_yaxes(rangemode="tozero")
    return drawn


def answers(one: Any) -> go.Figure:
    """Draw the output over time in each kind of trial."""
    drawn = figure.new(x="time (s)", y="output (1)")
    times = (np.arange(one.outputs.shape[1]) + 1) * 1e-3
    begin, end = one.epochs["response"]
    for edges in ((0.0, one.epochs["delay"][0]), (one.epochs["delay"][1], sum(one.epochs["delay"]))):
        drawn.add_vrect(x0=edges[0], x1=edges[1], fillcolor="#BBBBBB", opacity=0.25, line_width=0)
    for kind, (first, second) in enumerate(KINDS):
        colour = figure.COLOURS[kind]
        name = f"{'AB'[first]}, {'AB'[second]}"
        drawn.add_scatter(x=times, y=one.outputs[kind], mode="lines", name=name, line={"color": colour, "width": 2})
    for value in (ANSWERS.min(), ANSWERS.max()):
        drawn.add_scatter(
            x=[begin, end],
            y=[value, value],
            mode="lines",
            line={"color": "#222222", "dash": "dash", "width": 1.5},
            showlegend=False,
            hoverinfo="skip",
        )
    drawn.update_yaxes(range=[-1.1, 1.1])
    return drawn


def codes(results: Sequence[Any]) -> go.Figure:
    """Draw the matrices of scores of the sample and of the answer side by side."""
    drawn = panels(["first stimulus", "answer"], x="tested at (s)", y="fitted at (s)", height=440)
    times, epochs = results[0].times, results[0].epochs
    for column, name in enumerate(("sample", "answer"), start=1):
        drawn.add_heatmap(
            z=np.mean([getattr(one, name) for one in results], axis=0),
            x=times,
            y=times,
            colorscale=figure.DIVERGING,
            zmin=0,
            zmax=1,
            showscale=column == 2,
            colorbar={"title": {"text": "balanced accuracy", "side": "right"}},
            row=1,
            col=column,
        )
        shown = epochs["delay"][0]
        for edge in (shown, epochs["delay"][1], epochs["delay"][1] + shown):
            line = {"color": "#222222", "width": 1, "dash": "dot"}
            drawn.add_vline(x=edge, line=line, row=1, col=column)
            drawn.add_hline(y=edge, line=line, row=1, col=column)
    return drawn
