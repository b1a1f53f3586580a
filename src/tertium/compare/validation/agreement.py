"""How well held-out responses agree with their predictions, unit by unit, and how that varies with the samples."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from tertium.compare.resample import multiplicities
from tertium.rng import Seeds

FloatArray = npt.NDArray[np.float64]
Agreement = Literal["correlation", "r2"]

#: Of a model that knows nothing but the mean.
CHANCE: dict[str, float] = {"correlation": 0.0, "r2": 0.0}


def draw_counts(n: int, draws: int, seed: int, fold: int) -> FloatArray:
    """Return how often each tested sample is drawn, shape (1 + draws, n); the first row is the samples as they are."""
    once = np.ones((1, n))
    if not draws:
        return once
    random = Seeds(seed).numpy(f"bootstrap of fold {fold}")
    return np.concatenate([once, multiplicities(n, draws, random, least=3)])


def agreement(
    observed: FloatArray, predicted: FloatArray, known_mean: FloatArray, counts: FloatArray, measure: Agreement
) -> FloatArray:
    """Return the agreement of each unit in each draw, (draw, unit).

    Sums over samples are products with the counts, so that all draws of all units take six matrix products.

    Parameters
    ----------
    observed, predicted : array, shape (sample, unit)
    known_mean : array, shape (unit,)
        Mean of the samples that were fitted; both are taken relative to it, which keeps the sums exact.
    counts : array, shape (draw, sample)
        How often each sample is drawn.
    measure : {"correlation", "r2"}
        The correlation is 0 where observed or predicted responses do not vary.

    Examples
    --------
    >>> seen = np.array([[1.0], [2.0], [4.0]])
    >>> agreement(seen, 2 * seen, np.zeros(1), np.ones((1, 3)), "correlation").round(12).tolist()
    [[1.0]]
    """
    y, p = observed - known_mean, predicted - known_mean
    if measure == "r2":
        total = counts @ y**2
        return 1 - np.divide(counts @ (y - p) ** 2, total, out=np.ones_like(total), where=total > 0)
    n = counts.sum(1, keepdims=True)
    sum_y, sum_p = counts @ y, counts @ p
    both = counts @ (y * p) - sum_y * sum_p / n
    of_y, of_p = counts @ y**2 - sum_y**2 / n, counts @ p**2 - sum_p**2 / n
    scale_y, scale_p = (y**2).sum(0), (p**2).sum(0)
    varies = (of_y > 1e-12 * scale_y) & (of_p > 1e-12 * scale_p)
    return np.divide(both, np.sqrt(np.abs(of_y * of_p)), out=np.zeros_like(both), where=varies)
