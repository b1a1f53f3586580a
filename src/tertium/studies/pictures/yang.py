"""Pictures of Yang et al. 2019."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tertium import figure

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from numpy.typing import NDArray


def performance(results: Sequence[Any]) -> go.Figure:
    """Draw the fraction correct in each task: one dot a network, before training and with tanh units beside it."""
    drawn = figure.new(x="task", y="fraction correct", height=420)
    tasks = results[0].tasks
    kinds = (
        ("softplus units", "performance", 0),
        ("tanh units", "tanh_performance", 1),
        ("before training", "untrained", 6),
    )
    for label, field, colour in kinds:
        for i, one in enumerate(results):
            drawn.add_scatter(
                x=tasks,
                y=getattr(one, field),
                mode="markers",
                name=label,
                legendgroup=label,
                showlegend=i == 0,
                marker={"color": figure.translucent(figure.COLOURS[colour], 0.75), "size": 8},
            )
    drawn.update_yaxes(range=[-0.03, 1.03])
    drawn.update_xaxes(tickangle=-45)
    return figure.limit_line(drawn, 0.9, "learned")


def variances(points: NDArray[Any], labels: NDArray[Any], tasks: Sequence[str]) -> go.Figure:
    """Draw normalised task variances, tasks down, units across, sorted by cluster."""
    means = np.array([points[labels == c].mean(0) for c in range(labels.max() + 1)])
    place = np.argsort(means.argmax(1), kind="stable")  # clusters in the order of the task they vary most in
    rank = np.empty_like(place)
    rank[place] = np.arange(len(place))
    order = np.argsort(rank[labels], kind="stable")
    drawn = figure.new(x="unit, sorted by cluster", y="task", height=460)
    figure.heatmap(drawn, points[order].T, y=list(tasks), colour="normalised task variance", limits=(0.0, 1.0))
    edges = np.flatnonzero(np.diff(rank[labels][order])) + 0.5
    for edge in edges:
        drawn.add_vline(x=float(edge), line={"color": "#ffffff", "width": 1.5})
    return drawn


def silhouettes(results: Sequence[Any]) -> go.Figure:
    """Draw the mean silhouette against the number of clusters, for softplus, tanh and untrained units."""
    drawn = figure.new(x="clusters k", y="mean silhouette")
    kinds = (("softplus", "silhouettes", 0), ("tanh", "silhouettes_tanh", 1), ("untrained", "silhouettes_untrained", 6))
    for label, field, colour in kinds:
        for i, one in enumerate(results):
            curve = getattr(one, field)
            drawn.add_scatter(
                x=one.ks[: len(curve)],
                y=curve,
                mode="lines",
                name=label,
                legendgroup=label,
                showlegend=i == 0,
                line={"color": figure.COLOURS[colour], "width": 1.5},
            )
    drawn.update_yaxes(rangemode="tozero")
    return drawn


def lesions(one: Any) -> go.Figure:
    """Draw what each task loses when a cluster is cut; the tasks a cluster prefers are marked."""
    order = np.argsort(one.preferred.argmax(1), kind="stable")
    drawn = figure.new(x="task", y="cluster that is cut (units)", height=460)
    figure.heatmap(
        drawn,
        one.losses[order],
        x=list(one.tasks),
        y=[f"cluster {i + 1} ({int((one.labels == c).sum())})" for i, c in enumerate(order)],
        colour="loss of fraction correct",
        scale=figure.DIVERGING,
        limits=(-1.0, 1.0),
    )
    rows, columns = np.nonzero(one.preferred[order])
    drawn.add_scatter(
        x=[one.tasks[c] for c in columns],
        y=[f"cluster {r + 1} ({int((one.labels == order[r]).sum())})" for r in rows],
        mode="markers",
        marker={"symbol": "circle-open", "color": "#222222", "size": 7},
        name="preferred task",
        showlegend=True,
    )
    drawn.update_layout(legend={"orientation": "h", "y": 1.08})
    drawn.update_xaxes(tickangle=-45)
    return drawn


def fractional(results: Sequence[Any]) -> go.Figure:
    """Draw the distribution of fractional task variance of two pairs of tasks."""
    drawn = figure.new(x="fractional task variance (A - B) / (A + B)", y="fraction of units")
    edges = np.linspace(-1, 1, 21)
    middle = (edges[1:] + edges[:-1]) / 2
    for label, field, colour in (("dm1, dm2", "ftv_dm", 0), ("fdanti, delayanti", "ftv_anti", 1)):
        for i, one in enumerate(results):
            units = getattr(one, field)
            drawn.add_scatter(
                x=middle,
                y=np.histogram(units, edges)[0] / max(len(units), 1),
                mode="lines",
                name=label,
                legendgroup=label,
                showlegend=i == 0,
                line={"shape": "hvh", "color": figure.COLOURS[colour], "width": 1.5},
            )
    return drawn
