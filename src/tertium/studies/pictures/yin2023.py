"""Pictures of Yin et al. 2023: learning curves, errors, memory against the length of sequences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tertium import figure
from tertium.studies.base import Picture
from tertium.studies.pictures.over_seeds import mean_and_interval

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.studies.yin2023 import Yin2023


def pictures(results: Sequence[Yin2023.Results]) -> Iterator[Picture]:
    """Yield all pictures."""
    n = len(results)
    over = f"n = {n} seed{'s' if n > 1 else ''}"
    yield Picture(
        "learning",
        learning(results),
        "Error of the last answer on new sequences while learning; all networks see the same sequences. Thin lines are "
        f"{n} networks of each kind, thick lines their geometric mean. Dashed: always answering the mean, and what "
        "counts as learned.",
    )
    yield Picture(
        "errors",
        errors(results),
        f"Error of the last answer on the sequences of the test. Mean and 95 % interval over {over}; dots are seeds.",
    )
    yield Picture(
        "memory",
        memory(results),
        "Peak of memory above what was there, while learning from one batch, in a process of its own. Stretches of "
        "FPTT have one length. Measured once.",
    )


def learning(results: Sequence[Yin2023.Results]) -> go.Figure:
    """Draw the learning curves."""
    drawn = figure.new(x="batches of sequences", y="mean squared error")
    for k, name in enumerate(results[0].curves):
        rows, colour = np.array([one.curves[name] for one in results]), figure.COLOURS[k]
        for row in rows:
            thin = {"color": figure.translucent(colour, 0.35), "width": 1}
            drawn.add_scatter(x=results[0].batches, y=row, mode="lines", line=thin, showlegend=False, hoverinfo="skip")
        line, typical = {"color": colour, "width": 2.5}, np.exp(np.log(rows).mean(axis=0))
        drawn.add_scatter(x=results[0].batches, y=typical, name=name, mode="lines", line=line)
    # room for the labels of the lines
    drawn.update_xaxes(range=[0, 1.15 * float(results[0].batches[-1])])
    return _limits(drawn)


def errors(results: Sequence[Yin2023.Results]) -> go.Figure:
    """Draw the errors of the test."""
    drawn = figure.new(x="network and rule", y="mean squared error")
    names = list(results[0].error)
    rows = np.array([[one.error[name] for name in names] for one in results])
    mean, half = mean_and_interval(rows)
    bars = figure.error_bars(mean.tolist(), np.maximum(mean - half, 1e-3).tolist(), (mean + half).tolist())
    marker = {"color": figure.COLOURS[0], "size": 10}
    drawn.add_scatter(x=names, y=mean, error_y=bars, mode="markers", name="mean", marker=marker)
    for k, row in enumerate(rows):
        small = {"color": "#888888", "size": 5}
        drawn.add_scatter(x=names, y=row, mode="markers", name="seed", marker=small, showlegend=k == 0)
    return _limits(drawn)


def _limits(drawn: go.Figure) -> go.Figure:
    drawn.update_yaxes(type="log", range=np.log10([0.002, 0.3]).tolist(), tickvals=[0.005, 0.01, 0.02, 0.05, 0.1, 0.2])
    figure.limit_line(drawn, 1 / 6, "mean")
    return figure.limit_line(drawn, 0.02, "learned")


def memory(results: Sequence[Yin2023.Results]) -> go.Figure:
    """Draw the peaks of memory."""
    drawn = figure.new(x="steps of a sequence", y="peak of memory (MB)")
    for k, (rule, mb) in enumerate(results[0].memory.items()):
        style = {"mode": "lines+markers", "line": {"color": figure.COLOURS[k]}}
        drawn.add_scatter(x=results[0].lengths, y=np.asarray(mb), name=rule.upper(), **style)
    drawn.update_xaxes(rangemode="tozero")
    return drawn.update_yaxes(rangemode="tozero")
