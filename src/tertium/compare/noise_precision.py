"""How the noise of channels covaries, estimated from the spread of repeated trials; the precision is its inverse."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from tertium.compare.distances.cells import group_means, group_sums
from tertium.compare.distances.pairs import FloatArray, IntArray
from tertium.errors import BadInput, unknown_name


def noise_residuals(
    values: FloatArray, condition: IntArray, run: IntArray | None = None
) -> tuple[FloatArray, npt.NDArray[np.float64]]:
    """Return what is left of each trial after its condition's mean is taken away, and each trial's degrees of freedom.

    Where every condition of every run was measured at least twice in it, means are taken within runs: the residuals
    are then independent of the run means that crossnobis compares. Otherwise means are over all runs.

    Parameters
    ----------
    values : array, shape (trial, channel)
        Responses.
    condition : array of int, shape (trial,)
        Number of the condition, from 0.
    run : array of int, shape (trial,), optional
        Number of the run, from 0.

    Returns
    -------
    residuals : array, shape (trial, channel)
        In the unit of the responses.
    freedom : array, shape (trial,)
        Degrees of freedom of each trial: 1 - 1 / (trials of its group). They sum to trials minus groups.

    Raises
    ------
    BadInput
        If no condition was measured twice.

    Examples
    --------
    >>> left, freedom = noise_residuals(np.array([[1.0], [3.0], [5.0]]), np.array([0, 0, 1]))
    >>> left.ravel().tolist(), freedom.tolist()
    ([-1.0, 1.0, 0.0], [0.5, 0.5, 0.0])
    """
    group = _repeats(condition, run)
    counts = np.bincount(group)
    if counts.max() < 2:
        raise BadInput(
            "noise covariance",
            got="one trial of each condition",
            expected="repeated trials, whose spread is the noise",
            repair="Pass noise as a precision matrix estimated elsewhere (residuals of a GLM, for instance).",
        )
    left = values - group_means(values, group, len(counts))[group]
    return np.asarray(left), 1.0 - 1.0 / counts[group]


def noise_covariance(residuals: FloatArray, freedom: float | None = None, method: str = "shrinkage") -> FloatArray:
    """Estimate the covariance of noise between channels from residuals.

    Parameters
    ----------
    residuals : array, shape (observation, channel)
        Deviations from the mean.
    freedom : float, optional
        Degrees of freedom; observations minus one if not given. For residuals within conditions: trials minus
        conditions.
    method : {"full", "diagonal", "shrinkage", "shrinkage_diagonal"}
        ``full`` is the sample covariance; ``diagonal`` its diagonal only; ``shrinkage`` is drawn towards a multiple of
        the identity (Ledoit & Wolf 2004, with their optimal intensity); ``shrinkage_diagonal`` has its correlations
        drawn towards zero (Schafer & Strimmer 2005, target D).

    Returns
    -------
    array, shape (channel, channel), or (channel,) for ``diagonal``
        In squared units of the residuals.

    Raises
    ------
    UnknownName
        If there is no such method.
    BadInput
        If a channel has no variance, or there are no degrees of freedom.

    Examples
    --------
    >>> noise_covariance(np.array([[1.0, 2.0], [-1.0, -2.0]]), method="diagonal")
    array([2., 8.])
    """
    if method not in ESTIMATORS:
        raise unknown_name("noise estimate", method, ESTIMATORS)
    n, n_channels = residuals.shape
    dof = float(n - 1 if freedom is None else freedom)
    if not dof > 0:
        raise BadInput(
            "noise covariance",
            got=f"{dof:g} degrees of freedom from {n} trials",
            expected="more trials than conditions",
            repair="Pass noise as a precision matrix.",
        )
    silent = ~(np.einsum("ij,ij->j", residuals, residuals) > 0)
    if silent.any():
        raise BadInput(
            "noise covariance",
            got=f"channel number {int(np.argmax(silent))} without variance ({int(silent.sum())} of {n_channels})",
            expected="noise in every channel",
            repair="Leave out units that do not vary between repeats of a condition.",
        )
    return ESTIMATORS[method](residuals, dof)


def noise_precision(residuals: FloatArray, freedom: float | None = None, method: str = "shrinkage") -> FloatArray:
    """Estimate the precision of noise, the inverse of its covariance; parameters as `noise_covariance`.

    Returns
    -------
    array, shape (channel, channel), or (channel,) for ``diagonal``

    Raises
    ------
    BadInput
        Also if the covariance has no inverse (``full`` with fewer degrees of freedom than channels).

    Examples
    --------
    >>> noise_precision(np.array([[1.0, 2.0], [-1.0, -2.0]]), method="diagonal")
    array([0.5  , 0.125])
    """
    covariance = noise_covariance(residuals, freedom, method)
    if covariance.ndim == 1:
        return np.asarray(1.0 / covariance)
    scale = np.sqrt(np.diagonal(covariance))
    values = np.linalg.eigvalsh(covariance / np.outer(scale, scale))
    if values[0] <= 1e-12 * values[-1]:
        dof = len(residuals) - 1 if freedom is None else freedom
        raise BadInput(
            f"noise covariance ({method})",
            got=f"a matrix without inverse, from {dof:g} degrees of freedom for {len(covariance)} channels",
            expected="more degrees of freedom than channels",
            repair="Use noise='shrinkage', 'shrinkage_diagonal' or 'diagonal'.",
        )
    return np.asarray(np.linalg.inv(covariance))


def diagonal_precision_missing(values: FloatArray, condition: IntArray, run: IntArray | None = None) -> FloatArray:
    """Estimate the diagonal of the noise precision where channels are missing (NaN) from some trials.

    Each channel's variance is that of the trials that have it, about the means that `noise_residuals` takes.

    Parameters
    ----------
    values : array, shape (trial, channel)
        Responses.
    condition : array of int, shape (trial,)
        Number of the condition, from 0.
    run : array of int, shape (trial,), optional
        Number of the run, from 0.

    Returns
    -------
    array, shape (channel,)

    Raises
    ------
    BadInput
        If a channel has no variance, or was never measured twice in a condition.

    Examples
    --------
    >>> diagonal_precision_missing(np.array([[1.0, np.nan], [3.0, 0.0], [np.nan, 4.0]]), np.array([0, 0, 0]))
    array([0.5  , 0.125])
    """
    group = _repeats(condition, run)
    n = int(group.max()) + 1
    left = values - group_means(values, group, n)[group]
    seen = (~np.isnan(values)).astype(np.float64)
    freedom = seen.sum(axis=0) - (group_sums(seen, group, n) > 0).sum(axis=0)
    squares = np.nansum(left**2, axis=0)
    silent = ~((squares > 0) & (freedom > 0))
    if silent.any():
        raise BadInput(
            "noise covariance",
            got=f"channel number {int(np.argmax(silent))} without variance ({int(silent.sum())} of {len(silent)})",
            expected="noise in every channel, from repeats of some condition",
            repair="Leave out units that do not vary between repeats of a condition.",
        )
    return np.asarray(freedom / squares)


def _repeats(condition: IntArray, run: IntArray | None) -> IntArray:
    """Number the groups of trials that repeat one another: cells of runs if all have two or more, else conditions."""
    if run is not None:
        cell = np.unique(run * (int(condition.max()) + 1) + condition, return_inverse=True)[1]
        if np.bincount(cell).min() >= 2:
            return np.asarray(cell)
    return np.asarray(np.unique(condition, return_inverse=True)[1])


def _full(residuals: FloatArray, dof: float) -> FloatArray:
    return np.asarray(residuals.T @ residuals / dof)


def _diagonal(residuals: FloatArray, dof: float) -> FloatArray:
    return np.asarray(np.einsum("ij,ij->j", residuals, residuals) / dof)


def _towards_identity(residuals: FloatArray, dof: float) -> FloatArray:
    """Ledoit & Wolf 2004, section 3.2: m, d^2 and b^2 (their 1 / channels cancels in b^2 / d^2)."""
    n, p = residuals.shape
    s = residuals.T @ residuals / n
    mean = float(np.trace(s)) / p
    distance = float(np.sum(s**2)) - p * mean**2  # |s - mean I|^2
    lengths = np.einsum("ij,ij->i", residuals, residuals)
    error = (float(np.sum(lengths**2)) / n - float(np.sum(s**2))) / n  # sum_k |x_k x_k' - s|^2 / n^2
    intensity = min(max(error, 0.0), distance) / distance if distance > 0 else 1.0
    shrunk = (1.0 - intensity) * s
    shrunk[np.diag_indices(p)] += intensity * mean
    return np.asarray(shrunk * (n / dof))  # the optimum is for s / n; degrees of freedom make it unbiased


def _towards_diagonal(residuals: FloatArray, dof: float) -> FloatArray:
    """Schafer & Strimmer 2005, eq. 10 and table 2, target D: variances stay, correlations shrink."""
    n, p = residuals.shape
    scale = np.sqrt(_diagonal(residuals, dof))
    z = residuals / scale
    summed = z.T @ z
    r = summed / dof
    # variance of each correlation over observations k: n / dof^3 * sum_k (w_k - mean w)^2, with w_k = z_ki z_kj
    spread = n / dof**3 * ((z**2).T @ z**2 - summed**2 / n)
    off = ~np.eye(p, dtype=bool)
    below = float(np.sum(r[off] ** 2))
    intensity = min(max(float(np.sum(spread[off])) / below, 0.0), 1.0) if below > 0 else 1.0
    shrunk = (1.0 - intensity) * r
    np.fill_diagonal(shrunk, 1.0)
    return np.asarray(shrunk * np.outer(scale, scale))


#: How a noise covariance can be estimated.
ESTIMATORS: dict[str, Callable[[FloatArray, float], FloatArray]] = {
    "full": _full,
    "diagonal": _diagonal,
    "shrinkage": _towards_identity,
    "shrinkage_diagonal": _towards_diagonal,
}
