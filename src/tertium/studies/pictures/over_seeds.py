"""Means over seeds with their 95 % intervals, drawn as points with bars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tertium import figure

if TYPE_CHECKING:
    import plotly.graph_objects as go

Floats = NDArray[np.float64]


def mean_and_interval(rows: ArrayLike) -> tuple[Floats, Floats]:
    """Return the mean over the first axis and half the width of its 95 % t-interval (0 for one row).

    Examples
    --------
    >>> mean, half = mean_and_interval([[0.0], [1.0]])
    >>> mean.tolist(), half.round(3).tolist()
    ([0.5], [6.353])
    """
    from scipy.stats import t

    values = np.asarray(rows, dtype=np.float64)
    mean = values.mean(axis=0)
    if len(values) < 2:
        return mean, np.zeros_like(mean)
    return mean, t.ppf(0.975, len(values) - 1) * values.std(axis=0, ddof=1) / np.sqrt(len(values))


def add(drawn: go.Figure, x: ArrayLike, rows: ArrayLike, **style: Any) -> None:
    """Add the mean over the first axis of ``rows`` (seed, point) against ``x`` (point,) with bars."""
    mean, half = mean_and_interval(rows)
    bars = figure.error_bars(mean.tolist(), (mean - half).tolist(), (mean + half).tolist())
    drawn.add_scatter(x=np.asarray(x), y=mean, error_y=bars, **style)
