"""The contract of estimators of noise ceilings, and the jackknife that gives most of them interval and small bias."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

#: Numbers that one block of units may take in moments, so that a large table stays in memory.
_BLOCK = 20_000_000
#: How near to the ends of its range a number may come before it is transformed.
_EDGE = 1e-12


@dataclass(frozen=True, eq=False)
class Estimate:
    """What an estimator of a noise ceiling returns.

    Attributes
    ----------
    value, lower, upper : array, shape (unit,)
        See `tertium.compare.NoiseCeiling`.
    interval : array, shape (2, unit)
        Ends of the 95 % interval of ``value``.
    signal, noise : array, shape (unit,)
        Variances, in squared units of the response.
    """

    value: FloatArray
    lower: FloatArray
    upper: FloatArray
    interval: FloatArray
    signal: FloatArray
    noise: FloatArray


class Scale(NamedTuple):
    """A transformation on which a statistic is nearly normal, with the same spread everywhere; and its inverse."""

    forward: Callable[[FloatArray], FloatArray]
    back: Callable[[FloatArray], FloatArray]


PLAIN = Scale(lambda v: v, lambda z: z)


def intraclass(n: float) -> Scale:
    """Return Fisher's transformation of an intraclass correlation of n repeats; n = 2 is that of a correlation.

    Examples
    --------
    >>> bool(np.isclose(intraclass(2).forward(np.array(0.5)), np.arctanh(0.5)))
    True
    """

    def forward(v: FloatArray) -> FloatArray:
        inside = np.clip(v, -(1 - _EDGE) / (n - 1), 1 - _EDGE)
        return np.asarray(0.5 * np.log((1 + (n - 1) * inside) / (1 - inside)))

    def back(z: FloatArray) -> FloatArray:
        ratio = np.exp(2 * np.clip(z, -300, 300))
        return np.asarray((ratio - 1) / (ratio + n - 1))

    return Scale(forward, back)


def _half_log_f(v: FloatArray) -> FloatArray:
    return np.asarray(-0.5 * np.log(np.maximum(1 - v, _EDGE)))


FISHER = intraclass(2)
#: For reliabilities 1 - 1 / F.
LOG_F = Scale(_half_log_f, lambda z: 1 - np.exp(-2 * z))


class Jackknifed(NamedTuple):
    """A statistic of each unit without its bias of first order, and the ends of its 95 % interval."""

    value: FloatArray
    low: FloatArray
    high: FloatArray


def jackknife(moments: FloatArray, statistic: Callable[[FloatArray], FloatArray], scale: Scale) -> Jackknifed:
    """Leave out one block (stimulus) after the other: bias and interval of a function of summed moments.

    Parameters
    ----------
    moments : array, shape (block, moment, unit)
        What each block adds to the sums.
    statistic : callable
        Sums, shape (..., moment, unit), to numbers, shape (..., unit).
    scale : Scale
        On which the interval is symmetric (Student's t with blocks - 1 degrees of freedom).

    Returns
    -------
    Jackknifed
        Quenouille's and Tukey's jackknife (Efron & Tibshirani 1993, chapters 10 and 11).

    Examples
    --------
    >>> x = np.array([1.0, 2.0, 3.0, 4.0])
    >>> moments = np.stack([np.ones(4), x, x**2], axis=1)[:, :, None]
    >>> variance = lambda s: s[..., 2, :] / s[..., 0, :] - (s[..., 1, :] / s[..., 0, :]) ** 2
    >>> jackknife(moments, variance, PLAIN).value.round(3).tolist()      # the variance divided by n - 1
    [1.667]
    """
    from scipy import stats

    n = len(moments)
    total = moments.sum(axis=0)
    whole, without = statistic(total[None])[0], statistic(total - moments)
    value = n * whole - (n - 1) * without.mean(axis=0)
    z, each = scale.forward(whole), scale.forward(without)
    centre = n * z - (n - 1) * each.mean(axis=0)
    reach = stats.t.ppf(0.975, n - 1) * np.sqrt((n - 1) / n * ((each - each.mean(axis=0)) ** 2).sum(axis=0))
    return Jackknifed(value, scale.back(centre - reach), scale.back(centre + reach))


def ratio(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return a / b, and 0 where b is not above 0 (a unit that never changes)."""
    return np.divide(a, b, out=np.zeros(np.broadcast_shapes(np.shape(a), np.shape(b))), where=np.asarray(b) > 0)


def over_units(n_units: int, numbers: int, estimate: Callable[[slice], Estimate]) -> Estimate:
    """Estimate units block by block, where one unit takes so many numbers in memory, and join the blocks."""
    width = max(1, _BLOCK // max(numbers, 1))
    parts = [estimate(slice(start, min(start + width, n_units))) for start in range(0, n_units, width)]
    names = ("value", "lower", "upper", "interval", "signal", "noise")
    return Estimate(*(np.concatenate([getattr(part, name) for part in parts], axis=-1) for name in names))
