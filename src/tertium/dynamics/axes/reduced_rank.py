"""Reduced-rank regression: predict many units from many through few dimensions, at all ranks at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class RankFit(NamedTuple):
    """A regression and the order of dimensions in which it may be cut.

    Attributes
    ----------
    coefficients : array, shape (source unit, target unit)
        Of the full model.
    target_axes : array, shape (target unit, rank)
        Orthonormal V, dimensions of the prediction by falling variance: rank r has
        ``coefficients @ V[:, :r] @ V[:, :r].T``.
    x_mean, y_mean : array, shape (unit,)
    """

    coefficients: Floats
    target_axes: Floats
    x_mean: Floats
    y_mean: Floats

    def at(self, rank: int) -> Floats:
        """Return the coefficients at one rank, (source unit, target unit)."""
        axes = self.target_axes[:, :rank]
        return np.asarray(self.coefficients @ axes @ axes.T)


def reduced_rank(X: Floats, Y: Floats, ridge: float = 0.0) -> RankFit:
    """Fit targets to sources by least squares (or ridge) and order the dimensions of the prediction.

    Least squares of rank r is ``B V V'``, V the first r principal axes of the predictions ``X B`` (Izenman 1975; Semedo
    et al. 2019, eq. 2). With ridge the same holds of data to which the rows ``sqrt(ridge) I`` and 0 are added
    (Mukherjee & Zhu 2011).

    Parameters
    ----------
    X : array, shape (sample, source unit)
    Y : array, shape (sample, target unit)
    ridge : float
        Added to the eigenvalues of ``X' X`` of the centred sources.

    Examples
    --------
    >>> X = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    >>> fit = reduced_rank(X, X * [3.0, 1.0])
    >>> fit.at(1).round(6).tolist()
    [[3.0, 0.0], [0.0, 0.0]]
    """
    x_mean, y_mean = X.mean(0), Y.mean(0)
    left, sizes, right = np.linalg.svd(X - x_mean, full_matrices=False)
    within = left.T @ (Y - y_mean)
    seen = sizes > 1e-10 * max(sizes[0], 1e-300)
    shrunk = np.where(seen, sizes / np.where(seen, sizes**2 + ridge, 1.0), 0.0)
    coefficients = right.T @ (shrunk[:, None] * within)
    # predictions of the augmented data have the Gram matrix B' (X' X + ridge I) B
    predicted = np.sqrt(np.where(seen, sizes**2 + ridge, 0.0))[:, None] * (shrunk[:, None] * within)
    target_axes = np.linalg.svd(predicted, full_matrices=False)[2].T
    return RankFit(coefficients, target_axes, x_mean, y_mean)


def errors_by_rank(fit: RankFit, X: Floats, Y: Floats, most: int) -> tuple[Floats, float]:
    """Return the squared errors at ranks 0 to ``most``, (rank,), and the total about the mean of the fitted data.

    The axes are orthonormal, so each dimension takes its own share off the error, and no rank is fitted anew.
    """
    y = Y - fit.y_mean
    axes = fit.target_axes[:, :most]
    along = y @ axes
    left = along - (X - fit.x_mean) @ (fit.coefficients @ axes)
    total = float((y**2).sum())
    gained = np.cumsum((along**2 - left**2).sum(0))
    return total - np.concatenate([[0.0], gained]), total
