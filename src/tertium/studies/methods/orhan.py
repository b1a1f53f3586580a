"""Measures of Orhan & Ma 2019 beside the sequentiality index: how well a network remembers, and controls."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tertium.tasks.trial_batch import TrialBatch

Floats = NDArray[np.float64]


def shuffled_in_time(rates: NDArray[np.floating], rng: np.random.Generator) -> NDArray[np.floating]:
    """Return rates (time, trial, unit) with each unit's steps in another order, its own in each trial."""
    return rng.permuted(rates, axis=0)


def angular_error(angles: NDArray[np.floating], truth: NDArray[np.floating]) -> Floats:
    """Return the distance of orientations in radians, at most pi / 2.

    Examples
    --------
    >>> angular_error(np.array([0.1, 3.0]), np.array([3.1, 3.0])).round(3).tolist()
    [0.142, 0.0]
    """
    apart = np.mod(angles - truth, np.pi)
    return np.asarray(np.minimum(apart, np.pi - apart), dtype=np.float64)


def skill(outputs: NDArray[np.floating], batch: TrialBatch) -> float:
    """Return how far answers are better than guesses: 0 for guesses, 1 for no error.

    Of `delayed_estimation`: one minus the mean angular error of the answers, read as means of the response, over
    pi / 4, the mean error of guesses. Of a task with two answers: twice the fraction correct, minus one.
    """
    if "orientation" not in batch.columns:
        return float(2 * batch.correct(outputs).mean() - 1)
    answers = np.array([outputs[a:b, i, 0].mean() for i, (a, b) in enumerate(batch.epochs["response"])])
    return 1 - float(angular_error(answers, batch.columns["orientation"]).mean()) / (np.pi / 4)


def population_vector_skill(batch: TrialBatch) -> float:
    """Return the skill in `delayed_estimation` of the population vector of all spikes of the stimulus.

    It sees each trial's spikes and forgets nothing: what the paper's code calls optimal.
    """
    start, stop = batch.epochs["stimulus"][0]
    counts = batch.inputs[start:stop].sum(0)
    angle = np.angle(counts @ np.exp(2j * np.linspace(0, np.pi, counts.shape[1]))) / 2
    return 1 - float(angular_error(angle, batch.columns["orientation"]).mean()) / (np.pi / 4)


def rank_correlation(x: Floats, y: Floats) -> float:
    """Return Spearman's correlation, NaN where a value is missing or all are equal.

    Examples
    --------
    >>> rank_correlation(np.array([1.0, 2.0, 3.0]), np.array([1.0, 10.0, 5.0]))
    0.5
    """
    from scipy.stats import rankdata

    if not np.isfinite(y).all() or np.ptp(y) == 0:
        return float("nan")
    return float(np.corrcoef(rankdata(x), rankdata(y))[0, 1])


def mean_of_known(values: ArrayLike) -> Floats:
    """Return the mean over the first axis of what is not NaN; NaN where nothing is known.

    Examples
    --------
    >>> mean_of_known([[1.0, np.nan, 2.0], [3.0, np.nan, np.nan]]).tolist()
    [2.0, nan, 2.0]
    """
    given = np.asarray(values, dtype=np.float64)
    known = np.isfinite(given)
    total, count = np.where(known, given, 0.0).sum(0), known.sum(0)
    return np.divide(total, count, out=np.full(np.shape(total), np.nan), where=count > 0)
