"""Averages of a unit's nonlinearity over Gaussian inputs: what remains of a population in mean-field theory."""

from __future__ import annotations

from functools import cache
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tertium.errors import BadInput

Floats = NDArray[np.float64]
Transfer = Literal["tanh", "erf"]
Moment = Literal["mean", "slope", "square", "squared_slope", "integral", "squared_integral"]

#: Steps and reach (standard deviations) of the quadrature. The trapezium rule converges geometrically for analytic
#: functions of a Gaussian, also for tanh of a wide one, whose poles near the real axis spoil Gauss-Hermite nodes.
_STEPS, _REACH = 2401, 9.0
#: ``erf(_SLOPE x)`` has slope one at zero, as tanh has.
_SLOPE = np.sqrt(np.pi) / 2


def gaussian_average(
    what: Moment, mean: ArrayLike = 0.0, variance: ArrayLike = 1.0, transfer: Transfer = "tanh"
) -> Floats:
    """Return the average of a function of a unit's nonlinearity over units whose inputs are Gaussian.

    Parameters
    ----------
    what : {"mean", "slope", "square", "squared_slope", "integral", "squared_integral"}
        Of phi, phi' (the gain), phi squared, phi' squared, the integral of phi from 0, or its square.
    mean, variance : array-like
        Of the input; any shapes that broadcast. A variance of 0 gives the function itself.
    transfer : {"tanh", "erf"}
        ``tanh(x)``, or ``erf(sqrt(pi) x / 2)``, whose "mean" and "slope" are closed forms.

    Returns
    -------
    array, of the broadcast shape

    Raises
    ------
    BadInput
        If a name is unknown, a value is not finite, or a variance is negative.

    Examples
    --------
    >>> round(float(gaussian_average("slope", 0, 1)), 6)  # gain of a unit that noise drives
    0.605706
    >>> round(float(gaussian_average("mean", 0.3, 0)), 6), round(float(np.tanh(0.3)), 6)
    (0.291313, 0.291313)
    """
    if what not in get_args(Moment):
        raise BadInput("average", got=f"'{what}'", expected=", ".join(get_args(Moment)))
    if transfer not in get_args(Transfer):
        raise BadInput("transfer", got=f"'{transfer}'", expected=" or ".join(get_args(Transfer)))
    mu, var = np.broadcast_arrays(np.asarray(mean, dtype=np.float64), np.asarray(variance, dtype=np.float64))
    if not (np.isfinite(mu).all() and np.isfinite(var).all()) or (var < 0).any():
        raise BadInput("input", got="a negative variance or a value that is not finite", expected="mean and variance")
    if transfer == "erf" and what in ("mean", "slope"):
        return _erf(what, mu, var)
    nodes, weights = _nodes()
    return np.asarray(_function(what, mu[..., None] + np.sqrt(var)[..., None] * nodes, transfer) @ weights)


def _erf(what: Moment, mu: Floats, var: Floats) -> Floats:
    """Return the closed forms of ``erf(_SLOPE x)``."""
    from scipy.special import erf

    wide = np.sqrt(1 + 2 * _SLOPE**2 * var)
    if what == "mean":
        return np.asarray(erf(_SLOPE * mu / wide))
    return np.asarray(np.exp(-((_SLOPE * mu / wide) ** 2)) / wide)


def _function(what: Moment, x: Floats, transfer: Transfer) -> Floats:
    from scipy.special import erf

    if what in ("mean", "square"):
        phi = np.tanh(x) if transfer == "tanh" else erf(_SLOPE * x)
        return np.asarray(phi if what == "mean" else phi**2)
    if what in ("slope", "squared_slope"):
        slope = 1 / np.cosh(np.clip(x, -300, 300)) ** 2 if transfer == "tanh" else np.exp(-((_SLOPE * x) ** 2))
        return np.asarray(slope if what == "slope" else slope**2)
    if transfer == "tanh":
        area = np.logaddexp(x, -x) - np.log(2)
    else:
        area = x * erf(_SLOPE * x) + (np.exp(-((_SLOPE * x) ** 2)) - 1) / (_SLOPE * np.sqrt(np.pi))
    return np.asarray(area if what == "integral" else area**2)


@cache
def _nodes() -> tuple[Floats, Floats]:
    """Return places and weights of the quadrature over a standard Gaussian."""
    nodes = np.linspace(-_REACH, _REACH, _STEPS)
    weights = np.exp(-(nodes**2) / 2)
    return nodes, weights / weights.sum()
