"""Covariances of a linear recurrent network: how their spread and spectrum tell how strongly it is coupled."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tertium.errors import BadInput

Floats = NDArray[np.float64]


def linear_covariance(weights: ArrayLike, noise: ArrayLike = 1.0) -> Floats:
    """Return the covariances of slow fluctuations in a linear network whose units have noise of their own.

    ``(1 - W)^-1 D (1 - W)^-T``: of activity summed over windows long against the time constants (Dahmen et al.
    2019), whatever these are.

    Parameters
    ----------
    weights : array-like, shape (unit, unit)
        Effective connectivity, row = target.
    noise : float or array-like, shape (unit,)
        Variance of each unit's own noise.

    Returns
    -------
    array, shape (unit, unit)

    Raises
    ------
    BadInput
        If the matrix is not square or finite, or an eigenvalue reaches 1: there is no stationary state.

    Examples
    --------
    >>> linear_covariance([[0.0, 0.5], [0.0, 0.0]]).tolist()
    [[1.25, 0.5], [0.5, 1.0]]
    """
    w = np.asarray(weights, dtype=np.float64)
    if w.ndim != 2 or w.shape[0] != w.shape[1] or not w.size or not np.isfinite(w).all():
        raise BadInput("weights", got=f"shape {w.shape}", expected="(unit, unit), finite numbers")
    variances = np.asarray(noise, dtype=np.float64)
    if variances.shape not in ((), (len(w),)) or not (variances > 0).all():
        raise BadInput("noise", got=f"shape {variances.shape}", expected="variances above 0, one or one for each unit")
    rightmost = float(np.linalg.eigvals(w).real.max())
    if rightmost >= 1:
        raise BadInput("weights", got=f"an eigenvalue of real part {rightmost:.3g}", expected="all below 1")
    response = np.linalg.inv(np.eye(len(w)) - w)
    return np.asarray(response * variances @ response.T)


def covariance_spread(radius: float, n_units: int) -> float:
    """Return the spread of covariances relative to the mean variance, std(c_ij) / mean(c_ii), of random coupling.

    Dahmen et al. 2019: ``sqrt((1 / (1 - R**2)**2 - 1) / N)``, to leading order in 1 / N.

    Parameters
    ----------
    radius : float
        Spectral radius of the independent random weights, 0 to 1.
    n_units : int
        Units of the whole network, recorded or not.

    Raises
    ------
    BadInput
        If the radius is not in [0, 1) or there are fewer than two units.

    Examples
    --------
    >>> round(covariance_spread(0.9, 400), 4)
    0.2584
    """
    _check(radius)
    return float(np.sqrt((1 / (1 - radius**2) ** 2 - 1) / _size(n_units)))


def radius_from_spread(spread: float, n_units: int) -> float:
    """Return the spectral radius of random coupling that gives covariances this spread: Dahmen et al. 2019.

    Examples
    --------
    >>> round(radius_from_spread(covariance_spread(0.9, 400), 400), 6)
    0.9
    """
    if not 0 <= spread < np.inf:
        raise BadInput("spread", got=f"{spread}", expected="std(c_ij) / mean(c_ii), 0 or more")
    return float(np.sqrt(1 - np.sqrt(1 / (1 + _size(n_units) * spread**2))))


def relative_dimension(radius: float) -> float:
    """Return the participation ratio of the covariances divided by the number of units, for random coupling.

    ``(1 - R**2)**2`` (Dahmen et al. 2019; Hu & Sompolinsky 2022).

    Examples
    --------
    >>> round(relative_dimension(0.8), 4)
    0.1296
    """
    _check(radius)
    return float((1 - radius**2) ** 2)


def covariance_edges(radius: float) -> tuple[float, float]:
    """Return the smallest and the largest eigenvalue of the covariances of random coupling.

    Unit noise, many units (Hu & Sompolinsky 2022, eq. 6).

    Examples
    --------
    >>> covariance_edges(0.0)
    (1.0, 1.0)
    """
    _check(radius)
    g = radius
    middle, half = 2 + 5 * g**2 - g**4 / 4, g * (8 + g**2) ** 1.5 / 4
    return (middle - half) / (2 * (1 - g**2) ** 3), (middle + half) / (2 * (1 - g**2) ** 3)


def covariance_density(eigenvalues: ArrayLike, radius: float) -> Floats:
    """Return how densely the eigenvalues of the covariances of random coupling lie (Hu & Sompolinsky 2022, eq. 5).

    The inverse of C is ``(1 - W)^T (1 - W)``, a sum of order and independent noise; with u = 1 + R**2 m its Stieltjes
    transform m(z) solves ``z u^3 - z u^2 + (R^2 - 1) u + 1 = 0`` (Dozier & Silverstein 2007), a cubic.

    Parameters
    ----------
    eigenvalues : array-like
        Where, in units of the noise's variance.
    radius : float
        Spectral radius, above 0 and below 1.

    Returns
    -------
    array, of the same shape
        Probability density; 0 outside of `covariance_edges`.

    Raises
    ------
    BadInput
        If the radius is not between 0 and 1.

    References
    ----------
    Dozier, R. B. & Silverstein, J. W. (2007). On the empirical distribution of eigenvalues of large dimensional
    information-plus-noise-type matrices. Journal of Multivariate Analysis 98:678.

    Examples
    --------
    >>> covariance_density([0.1, 1.0, 9.0], 0.5).round(3).tolist()
    [0.0, 0.456, 0.0]
    """
    _check(radius)
    if not radius:
        raise BadInput("radius", got="0", expected="above 0", repair="Without coupling all eigenvalues are 1.")
    x = np.asarray(eigenvalues, dtype=np.float64)
    density = np.zeros(x.shape)
    low, high = covariance_edges(radius)
    for place in zip(*np.nonzero((x > low) & (x < high)), strict=True):
        z = 1 / x[place]
        roots = np.roots([z, -z, radius**2 - 1, 1])
        density[place] = np.abs(roots.imag).max() / radius**2 / np.pi * z**2  # dz/dx = z^2
    return density


def _check(radius: float) -> None:
    if not 0 <= radius < 1:
        raise BadInput("radius", got=f"{radius}", expected="0 or more, below 1")


def _size(n_units: int) -> int:
    if n_units < 2 or n_units != int(n_units):
        raise BadInput("units of the network", got=f"{n_units}", expected="an integer, 2 or more")
    return int(n_units)
