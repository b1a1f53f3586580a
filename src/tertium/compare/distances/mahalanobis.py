"""Distances in units of the noise: patterns are whitened by a noise precision before they are compared."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tertium.compare.distances.euclidean import squared_euclidean
from tertium.compare.distances.pairs import FloatArray, check_patterns
from tertium.errors import BadInput


def mahalanobis(patterns: npt.ArrayLike, precision: npt.ArrayLike, *, names: Sequence[str] | None = None) -> FloatArray:
    """Return the squared Mahalanobis distance of each two patterns, divided by the number of channels.

    ``(x_i - x_j) P (x_i - x_j)' / channels`` with P the noise precision (Walther et al. 2016, eq. 3). It is biased
    upwards by the noise of the patterns; crossnobis is not.

    Parameters
    ----------
    patterns : array, shape (condition, channel)
        Mean responses, in any unit.
    precision : array, shape (channel, channel) or (channel,)
        Inverse of the noise covariance, or its diagonal, in the inverse of that unit squared.
    names : sequence of str, optional
        Names of the conditions, for messages.

    Returns
    -------
    array, shape (condition (condition - 1) / 2,)
        Without unit; not negative.

    Raises
    ------
    BadInput
        If the precision does not fit the channels or is not positive definite.

    Examples
    --------
    >>> mahalanobis([[0.0, 0.0], [3.0, 4.0]], precision=[1.0, 0.25])
    array([6.5])
    """
    return squared_euclidean(whiten(check_patterns(patterns), precision), names=names)


def whiten(values: FloatArray, precision: npt.ArrayLike | None) -> FloatArray:
    """Return patterns in coordinates in which the noise is white: products of the result are ``x P y'``.

    Parameters
    ----------
    values : array, shape (..., channel)
        Patterns.
    precision : array, shape (channel, channel) or (channel,), optional
        Noise precision P. None stands for the identity.

    Returns
    -------
    array, shape (..., channel)
        ``values @ L`` with ``P = L L'`` (Cholesky), or ``values * sqrt(P)`` for a diagonal.

    Raises
    ------
    BadInput
        As `check_precision`.

    Examples
    --------
    >>> whiten(np.array([[3.0, 4.0]]), [1.0, 0.25])
    array([[3., 2.]])
    """
    if precision is None:
        return values
    checked = check_precision(precision, values.shape[-1])
    if checked.ndim == 1:
        return np.asarray(values * np.sqrt(checked))
    from scipy.linalg.blas import dtrmm

    flat = values.reshape(-1, values.shape[-1])
    if np.isnan(flat).any():
        raise BadInput(
            "missing channels",
            got="NaN, and noise correlations between channels",
            expected="all channels in all patterns",
            repair="Use noise='diagonal', or leave out channels that were not always measured.",
        )
    # the factor is triangular: dtrmm does half the work of a matrix product. BLAS wants Fortran order, hence the
    # transposes: (x L)' = L' x'
    return np.asarray(dtrmm(1.0, cholesky(checked), flat.T, lower=1, trans_a=1).T.reshape(values.shape))


def cholesky(precision: FloatArray) -> FloatArray:
    """Return the lower triangular L with ``P = L L'``.

    Raises
    ------
    BadInput
        If P is not positive definite.
    """
    try:
        return np.asarray(np.linalg.cholesky(precision))
    except np.linalg.LinAlgError:
        raise BadInput(
            "noise precision",
            got="a matrix that is not positive definite",
            expected="the inverse of a covariance of full rank",
            repair="Estimate it with noise='shrinkage' or 'shrinkage_diagonal'.",
        ) from None


def check_precision(precision: npt.ArrayLike, n_channels: int) -> FloatArray:
    """Return a noise precision as float64, shape (channel, channel) or (channel,).

    Raises
    ------
    BadInput
        If it has another shape, is not finite, not symmetric, or has a diagonal that is not positive.
    """
    p = np.asarray(precision, dtype=np.float64)
    if p.shape not in ((n_channels,), (n_channels, n_channels)):
        raise BadInput(
            "noise precision",
            got=f"shape {p.shape}",
            expected=f"({n_channels}, {n_channels}), or ({n_channels},) for a diagonal",
            repair="Give one row and column for each channel (unit, or time by unit when time is concatenated).",
        )
    diagonal = p if p.ndim == 1 else np.diagonal(p)
    if not np.isfinite(p).all() or not (diagonal > 0).all():
        raise BadInput(
            "noise precision",
            got="values that are not finite"
            if not np.isfinite(p).all()
            else f"a diagonal down to {diagonal.min():.3g}",
            expected="finite numbers with a positive diagonal",
            repair="Leave out channels without variance, or use a shrinkage estimate.",
        )
    if p.ndim == 2 and np.abs(p - p.T).max() > 1e-8 * np.abs(p).max():
        raise BadInput("noise precision", got="an asymmetric matrix", expected="a symmetric one", repair="")
    return p
