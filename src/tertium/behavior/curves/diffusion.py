"""Closed forms of the diffusion to two bounds: how often it is right, and how long it takes on average."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def accuracy(strength: npt.ArrayLike, bound: npt.ArrayLike, sensitivity: npt.ArrayLike) -> Floats:
    """Return the fraction of correct choices of a diffusion with drift ``sensitivity * strength`` to ``+-bound``.

    Palmer, Huk & Shadlen (2005), Journal of Vision 5(5):1: ``1 / (1 + exp(-2 A k |x|))``, for noise of variance 1 a
    second.

    Examples
    --------
    >>> accuracy([0.0, 0.1], bound=1.0, sensitivity=10.0).round(3).tolist()
    [0.5, 0.881]
    """
    x, a, k = (np.asarray(v, dtype=np.float64) for v in (strength, bound, sensitivity))
    return np.asarray(1 / (1 + np.exp(-2 * a * k * np.abs(x))))


def mean_seconds(
    strength: npt.ArrayLike, bound: npt.ArrayLike, sensitivity: npt.ArrayLike, rest: npt.ArrayLike
) -> Floats:
    """Return mean reaction times, seconds: ``A / (k x) tanh(A k x) + t_R``, and ``A**2 + t_R`` at 0.

    Of correct choices and errors alike, as long as the bounds are fixed and the start is in their middle.

    Examples
    --------
    >>> mean_seconds([0.0, 0.5], bound=0.8, sensitivity=10.0, rest=0.3).round(3).tolist()
    [0.94, 0.46]
    """
    x, a, k, rest = (np.asarray(v, dtype=np.float64) for v in (strength, bound, sensitivity, rest))
    drift = np.maximum(a * k * np.abs(x), 1e-9)
    return np.asarray(a**2 * np.tanh(drift) / drift + rest)
