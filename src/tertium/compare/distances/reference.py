"""Crossnobis as one would say it aloud: plain loops that the fast estimators are tested against."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tertium.compare.distances.pairs import FloatArray, IntArray


def crossnobis_loops(
    values: FloatArray, condition: IntArray, run: IntArray, precision: npt.ArrayLike | None = None
) -> FloatArray:
    """Return what `crossnobis` returns, by loops over pairs of conditions and ordered pairs of runs.

    Parameters
    ----------
    values : array, shape (trial, channel)
        Responses; NaN where a channel was not measured (then the precision has to be a diagonal).
    condition, run : array of int, shape (trial,)
        Numbers from 0.
    precision : array, shape (channel, channel) or (channel,), optional
        Noise precision.

    Returns
    -------
    array, shape (condition (condition - 1) / 2,)
        NaN for pairs that fewer than two runs hold.

    Examples
    --------
    >>> x = np.array([[0.0, 0.0], [3.0, 4.0], [1.0, 1.0], [4.0, 5.0]])
    >>> crossnobis_loops(x, np.array([0, 1, 0, 1]), np.array([0, 0, 1, 1]))
    array([12.5])
    """
    n_channels = values.shape[1]
    given = np.ones(n_channels) if precision is None else np.asarray(precision, dtype=np.float64)
    metric = np.diag(given) if given.ndim == 1 else given
    runs = [int(r) for r in np.unique(run)]
    found = []
    for i in range(int(condition.max()) + 1):
        for j in range(i + 1, int(condition.max()) + 1):
            total = weight = 0.0
            for r in runs:
                for s in runs:
                    if r == s:
                        continue
                    product, n = _one_product(values, condition, run, (i, j), (r, s), metric)
                    total += product
                    weight += n
            found.append(total / weight if weight > 0 else np.nan)
    return np.array(found)


def _one_product(
    values: FloatArray,
    condition: IntArray,
    run: IntArray,
    pair: tuple[int, int],
    runs: tuple[int, int],
    metric: FloatArray,
) -> tuple[float, float]:
    differences, weight = [], 1.0
    for r in runs:
        first = values[(condition == pair[0]) & (run == r)]
        second = values[(condition == pair[1]) & (run == r)]
        if len(first) == 0 or len(second) == 0:
            return 0.0, 0.0
        differences.append(_mean(first) - _mean(second))
        weight *= len(first) * len(second) / (len(first) + len(second))
    shared = ~np.isnan(differences[0]) & ~np.isnan(differences[1])
    a, b = (np.where(shared, d, 0.0) for d in differences)
    return float(weight * (a @ metric @ b)), float(weight * shared.sum())


def _mean(trials: FloatArray) -> FloatArray:
    number = (~np.isnan(trials)).sum(axis=0)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(number > 0, np.nansum(trials, axis=0) / number, np.nan))
