"""Pictures of the sums of tasks of Yang et al. 2019."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tertium import figure

if TYPE_CHECKING:
    import plotly.graph_objects as go


def states(one: Any, whole: str, parts: tuple[str, ...]) -> go.Figure:
    """Draw the four tasks and the sum in the plane of the four tasks' first two principal components."""
    of = dict(zip(one.tasks, one.states, strict=True))
    four = np.array([of[name] for name in (*parts, whole)])
    centre = four.mean(0)
    axes = np.linalg.svd(four - centre, full_matrices=False)[2][:2]
    anti, delay, go_ = (of[name] for name in parts)
    drawn = figure.new(x="component 1 (rate, a.u.)", y="component 2 (rate, a.u.)", height=420)
    for i, name in enumerate((*parts, whole)):
        x, y = axes @ (of[name] - centre)
        drawn.add_scatter(
            x=[x],
            y=[y],
            mode="markers+text",
            text=[name],
            textposition="top center",
            marker={"color": figure.COLOURS[i], "size": 12},
            showlegend=False,
            cliponaxis=False,
        )
    x, y = axes @ (anti + delay - go_ - centre)
    mark = {"color": "#222222", "size": 12, "symbol": "x"}
    drawn.add_scatter(x=[x], y=[y], mode="markers", marker=mark, name=f"{parts[0]} + {parts[1]} - {parts[2]}")
    drawn.update_layout(showlegend=True)
    return drawn


def cosines(results: Sequence[Any]) -> go.Figure:
    """Draw the cosine with the whole of the sum, of each part and of random sums."""
    rows = [{"sum": r.cosine_sum, **r.cosine_parts, "random sums": float(r.cosine_random.mean())} for r in results]
    return _dots(rows, "state at the end of the stimulus", "cosine with delayanti")


def rules(results: Sequence[Any]) -> go.Figure:
    """Draw the performance under each rule input."""
    rows = [
        {"own rule": r.own_rule, "sum": r.sum_rule, **r.part_rules, "random sums": float(r.random_rules.mean())}
        for r in results
    ]
    return _dots(rows, "rule input", "fraction correct in delayanti")


def _dots(rows: Sequence[Mapping[str, float]], x: str, y: str) -> go.Figure:
    drawn = figure.new(x=x, y=y)
    labels = list(rows[0])
    for row in rows:
        drawn.add_scatter(
            x=labels,
            y=[row[k] for k in labels],
            mode="markers",
            showlegend=False,
            marker={"color": figure.translucent(figure.COLOURS[0], 0.7), "size": 9},
        )
    means = [float(np.mean([row[k] for row in rows])) for k in labels]
    mark = {"symbol": "line-ew-open", "size": 26, "color": "#222222", "line": {"width": 2}}
    drawn.add_scatter(x=labels, y=means, mode="markers", marker=mark, showlegend=False)
    return drawn
