"""How well held-out responses agree with their predictions, unit by unit, and how that varies with the samples."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from tertium.compare.resample import multiplicities
from tertium.errors import BadInput
from tertium.rng import Seeds

FloatArray = npt.NDArray[np.float64]
Agreement = Literal["correlation", "r2", "deviance"]

#: Of a model that knows nothing but the mean.
CHANCE: dict[str, float] = {"correlation": 0.0, "r2": 0.0, "deviance": 0.0}

#: A prediction of fewer spikes than this share of the known mean counts as that many: the deviance of none is infinite.
FLOOR = 1e-3


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
    measure : {"correlation", "r2", "deviance"}
        The correlation is 0 where observed or predicted responses do not vary. The fraction of deviance explained, D2,
        is 1 less the Poisson deviance over that of the known mean; predictions below a thousandth of the known mean are
        taken as that. It is 0 where the known mean is.

    Raises
    ------
    BadInput
        If an observed response is negative and its deviance is asked for.

    Examples
    --------
    >>> seen = np.array([[1.0], [2.0], [4.0]])
    >>> agreement(seen, 2 * seen, np.zeros(1), np.ones((1, 3)), "correlation").round(12).tolist()
    [[1.0]]
    """
    if measure == "deviance":
        return _deviance_explained(observed, predicted, known_mean, counts)
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


def poisson_deviance(observed: FloatArray, expected: FloatArray) -> FloatArray:
    """Return the deviance of each count, ``2 (y log(y / m) - y + m)``, for expected counts m above 0.

    Examples
    --------
    >>> poisson_deviance(np.array([0.0, 1.0]), np.array([1.0, 1.0])).tolist()
    [2.0, 0.0]
    """
    ratio = np.divide(
        observed, expected, out=np.ones(np.broadcast_shapes(observed.shape, expected.shape)), where=observed > 0
    )
    return np.asarray(2 * (observed * np.log(ratio) - observed + expected))


def _deviance_explained(
    observed: FloatArray, predicted: FloatArray, known: FloatArray, counts: FloatArray
) -> FloatArray:
    if (observed < 0).any():
        raise BadInput(
            "measure",
            got=f"'deviance' of a response of {observed.min():.3g}",
            expected="spike counts or rates, 0 or more",
            repair="Use measure='r2' or 'correlation'.",
        )
    fires = known > 0
    middle = np.where(fires, known, 1.0)
    total = counts @ poisson_deviance(observed, np.broadcast_to(middle, observed.shape))
    left = counts @ poisson_deviance(observed, np.maximum(predicted, FLOOR * middle))
    return 1 - np.divide(left, total, out=np.ones_like(total), where=(total > 0) & fires)
