"""Unbiased moments of covariances over pairs of units, from few trials, whatever the distribution of activity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PairMoments:
    """Covariances of pairs of units, and what finite trials add to their squares taken off.

    Attributes
    ----------
    covariances : array, shape (unit, unit)
        Sample covariances.
    squares : array, shape (unit, unit)
        Unbiased estimates of the squared covariances; single ones may be negative.
    squared_mean : float
        Of the squared mean covariance of different units.
    squared_variance : float
        Of the squared mean variance of units.
    """

    covariances: Floats
    squares: Floats
    squared_mean: float
    squared_variance: float

    @property
    def spread(self) -> float:
        """``var(c_ij) / mean(c_ii)^2`` over pairs of different units; noise may make it negative."""
        n = len(self.covariances)
        pairs = n * (n - 1)
        return (off_diagonal(self.squares) / pairs - self.squared_mean) / self.squared_variance


def off_diagonal(matrix: Floats) -> float:
    """Return the sum over pairs of different units."""
    return float(matrix.sum() - np.trace(matrix))


def moments_of_activity(x: Floats) -> PairMoments:
    """Return the moments from activity (trial, unit): U-statistics over trials, of unknown mean.

    The estimator of a product of two covariances is the polarised form of that of the trace of the squared covariance
    matrix (Himeno & Yamada 2014, eq. 1.3), which is unbiased for any distribution with four moments.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(40, 300))  # independent units: no spread but that of sampling
    >>> moments = moments_of_activity(x)
    >>> bool(abs(moments.spread) < 0.001), bool(np.var(np.cov(x.T)[0, 1:]) > 0.02)
    (True, True)
    """
    t, n = x.shape
    x = x - x.mean(0)
    s = x.T @ x / (t - 1)
    power = x**2
    fourth = power.T @ power / (t - 1)
    scale = (t - 1) / (t * (t - 2) * (t - 3))
    diagonal = np.diag(s)
    squares = scale * ((t**2 - 3 * t + 2) * s**2 + np.outer(diagonal, diagonal) - t * fourth)
    rows, trace_of_square = s.sum(0), float((s**2).sum())
    crossed = float(rows.sum()) ** 2 - 2 * float(rows @ rows) + trace_of_square
    of_pairs, of_units = x.sum(1) ** 2 - power.sum(1), power.sum(1)
    first = t**2 - 3 * t + 1
    mean = first * off_diagonal(s) ** 2 + 2 * crossed - t * float((of_pairs**2).sum()) / (t - 1)
    variance = first * float(diagonal.sum()) ** 2 + 2 * trace_of_square - t * float((of_units**2).sum()) / (t - 1)
    return PairMoments(s, squares, scale * mean / (n * (n - 1)) ** 2, scale * variance / n**2)


def moments_of_covariances(s: Floats, trials: int | None = None) -> PairMoments:
    """Return the moments from a covariance matrix: exact, or of Gaussian activity in so many trials (Wishart).

    Examples
    --------
    >>> moments_of_covariances(np.array([[2.0, 1.0], [1.0, 2.0]])).spread
    0.0
    """
    n = len(s)
    diagonal, rows, trace_of_square = np.diag(s), s.sum(0), float((s**2).sum())
    pairs, off, trace = n * (n - 1), off_diagonal(s), float(diagonal.sum())
    if trials is None:
        return PairMoments(s, s**2, (off / pairs) ** 2, (trace / n) ** 2)
    v = trials - 1
    scale = v / ((v - 1) * (v + 2))
    squares = scale * (v * s**2 - np.outer(diagonal, diagonal))
    crossed = float(rows.sum()) ** 2 - 2 * float(rows @ rows) + trace_of_square
    # of products of two covariances: E s_ij s_kl = c_ij c_kl + (c_ik c_jl + c_il c_jk) / v, solved for c_ij c_kl
    mean = scale * ((v + 1) * off**2 - 2 * crossed)
    variance = scale * ((v + 1) * trace**2 - 2 * trace_of_square)
    return PairMoments(s, squares, mean / pairs**2, variance / n**2)
