"""How much of recorded activity a network explains."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput

Floats = npt.NDArray[np.float64]


def explained_variance(observed: npt.ArrayLike, predicted: npt.ArrayLike, *, by_unit: bool = False) -> Floats:
    """Return the share of the variance of activity that a prediction explains, 1 at best.

    It is ``1 - sum (observed - predicted)^2 / sum (observed - mean)^2`` with the mean of each unit over trials and
    time. All units are taken together, so that a unit counts by its variance; a prediction that is worse than the
    units' means has a negative share.

    Parameters
    ----------
    observed, predicted : array-like, shape (..., unit)
        Activity of the same trials.
    by_unit : bool
        Whether each unit is judged for itself; NaN for one that never changes.

    Returns
    -------
    array, shape () or (unit,)

    Raises
    ------
    BadInput
        If the shapes differ, or no unit varies.

    Examples
    --------
    >>> explained_variance([[0.0, 5.0], [2.0, 5.0]], [[0.5, 5.0], [1.5, 5.0]]).item()
    0.75
    """
    seen, told = np.asarray(observed, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    if seen.shape != told.shape or seen.ndim < 2:
        raise BadInput(
            "observed and predicted activity",
            got=f"shapes {seen.shape} and {told.shape}",
            expected="one shape (..., unit)",
        )
    axes = tuple(range(seen.ndim - 1))
    missed, total = ((seen - told) ** 2).sum(axes), ((seen - seen.mean(axes)) ** 2).sum(axes)
    if not total.sum() > 0:
        raise BadInput("observed activity", got="the same at all times", expected="units that vary")
    if by_unit:
        return np.where(total > 0, 1 - missed / np.where(total > 0, total, 1), np.nan)
    return np.asarray(1 - missed.sum() / total.sum())
