"""`jpca`: planes in which the differences between conditions rotate, and whether they rotate more than by chance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tertium.dynamics.rotations.preparing import condition_averages, reduce_states, soft_normalise
from tertium.dynamics.rotations.result import Rotations, SurrogateTest
from tertium.dynamics.rotations.skew import (
    Derivative,
    differences,
    fit_free,
    fit_skew,
    free_frequencies,
    frequencies,
    planes,
    r2,
)
from tertium.dynamics.rotations.surrogates import maximum_entropy
from tertium.errors import BadInput
from tertium.rng import Seeds

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]


def jpca(
    r: xr.DataArray | npt.ArrayLike,
    by: str = "condition",
    *,
    dt: float | None = None,
    n_dimensions: int = 6,
    soft: float | None = 5.0,
    subtract_mean: bool = True,
    window: tuple[float, float] | None = None,
    derivative: Derivative = "midpoint",
    n_surrogates: int = 0,
    seed: int = 0,
) -> Rotations:
    """Find planes in which population states rotate, at one frequency for all conditions.

    Condition averages are softly normalised, their mean over conditions is subtracted at each time, and they are
    projected on a few principal components. There, the skew-symmetric matrix that best predicts velocities from states,
    ``dx/dt = M x``, is fitted; its eigenvectors span the planes, its eigenvalues are the frequencies (Churchland et al.
    2012, Nature 487:51).

    Parameters
    ----------
    r : responses, or array (condition, time, unit)
        Single trials are averaged by condition. Firing rates should be smoothed: velocities are differences.
    by : str
        The label that says which condition a trial belongs to.
    dt : float, optional
        Seconds between times; of arrays only.
    n_dimensions : int
        Principal components, an even number.
    soft : float or None
        Constant added to the range by which each unit is divided (5 spikes/s in the paper: set it in your units); None
        leaves the units as they are.
    subtract_mean : bool
        Subtract the mean over conditions, so that what is common to all cannot count as rotation.
    window : (float, float), optional
        First and last time (s) that is fitted, both included; normalisation and surrogates use all times.
    derivative : {"midpoint", "forward"}
        Where a step's velocity is: between its two states, which makes frequencies and R2 of pure rotations exact, or
        at the first, as in the published code.
    n_surrogates : int
        Data sets of maximum entropy with the same means and covariances (Elsayed & Cunningham 2017) that the fit is
        compared with; 0 leaves the test out.
    seed : int

    Returns
    -------
    Rotations

    Raises
    ------
    BadInput
        If shapes or options are unusable, or the conditions do not differ in so many dimensions.

    Notes
    -----
    A high R2 is not evidence by itself: smooth, low-dimensional data of any kind are fitted well. The surrogates have
    the same smoothness over time and the same correlations between units and between conditions. The test is
    careful: of 40 smooth data sets without dynamics none had a p value below 0.25 (12 conditions, 6 latent curves).

    Rotations that are not round (an ellipse, because the units weigh its axes differently) are no skew-symmetric
    dynamics: R2 falls below 1 and ``frequencies`` below the truth. ``free_frequencies``, of the unconstrained fit, stay
    right.

    Examples
    --------
    Eight conditions that begin at different phases and rotate at 2 Hz, in 20 units:

    >>> rng, t = np.random.default_rng(0), np.arange(0, 0.5, 0.01)
    >>> phase = 2 * np.pi * 2.0 * t + np.linspace(0, 5, 8)[:, None]
    >>> plane = np.linalg.qr(rng.normal(size=(20, 2)))[0]
    >>> r = np.stack([np.cos(phase), np.sin(phase)], axis=2) @ plane.T
    >>> found = jpca(r, dt=0.01, n_dimensions=2, soft=None)
    >>> found.frequencies.round(6).tolist(), round(found.r2_skew, 6)
    ([2.0], 1.0)
    """
    if isinstance(n_dimensions, bool) or n_dimensions < 2 or n_dimensions % 2:
        raise BadInput("n_dimensions", got=repr(n_dimensions), expected="an even number, 2 or more: planes have two")
    if derivative not in ("midpoint", "forward"):
        raise BadInput("derivative", got=repr(derivative), expected="'midpoint' or 'forward'")
    if soft is not None and not (np.isfinite(soft) and soft >= 0):
        raise BadInput("soft", got=repr(soft), expected="a number, 0 or more, or None")
    if n_surrogates < 0:
        raise BadInput("n_surrogates", got=str(n_surrogates), expected="0 or more")
    averages = condition_averages(r, by, dt)
    inside = _inside(averages.time, window)
    normalised = soft_normalise(averages.values, soft)
    reduced = reduce_states(normalised[:, inside], n_dimensions, subtract_mean=subtract_mean)
    x, dx = differences(reduced.states, derivative)
    skew = fit_skew(x, dx)
    found = planes(skew, reduced.states[:, 0])
    states = reduced.states @ found.axes
    x, dx = x @ found.axes, dx @ found.axes
    pairs = [slice(2 * i, 2 * i + 2) for i in range(n_dimensions // 2)]
    return Rotations(
        skew=found.axes.T @ skew @ found.axes / averages.dt,
        free=fit_free(x, dx) / averages.dt,
        axes=reduced.axes @ found.axes,
        states=states,
        frequencies=frequencies(found.angles, averages.dt, derivative),
        free_frequencies=free_frequencies(fit_free(x, dx), averages.dt, derivative),
        r2_skew=r2(x, dx, fit_skew(x, dx)),
        r2_free=r2(x, dx, fit_free(x, dx)),
        plane_r2_skew=np.array([r2(x[:, p], dx[:, p], fit_skew(x[:, p], dx[:, p])) for p in pairs]),
        plane_r2_free=np.array([r2(x[:, p], dx[:, p], fit_free(x[:, p], dx[:, p])) for p in pairs]),
        variance=np.array([float((states[..., p] ** 2).sum()) / reduced.total for p in pairs]),
        phases=np.stack([_phases(x[:, p], dx[:, p]) for p in pairs]),
        time=averages.time[inside],
        conditions=averages.conditions,
        units=averages.units,
        test=_test(normalised, inside, n_dimensions, subtract_mean, derivative, n_surrogates, Seeds(seed))
        if n_surrogates
        else None,
    )


def _inside(time: Floats, window: tuple[float, float] | None) -> npt.NDArray[np.bool_]:
    if window is None:
        return np.ones(len(time), dtype=np.bool_)
    step = (time[-1] - time[0]) / (len(time) - 1)
    inside = (time >= window[0] - 1e-6 * step) & (time <= window[1] + 1e-6 * step)
    if inside.sum() < 3:
        raise BadInput(
            "window",
            got=f"{window}, which holds {int(inside.sum())} times",
            expected=f"three times or more of {time[0]:g} to {time[-1]:g} s",
        )
    return np.asarray(inside)


def _phases(x: Floats, dx: Floats) -> Floats:
    """Return angles from state to velocity in a plane, (sample,), in (-pi, pi]; pi / 2 is rotation."""
    turned = np.angle((dx[:, 0] + 1j * dx[:, 1]) * (x[:, 0] - 1j * x[:, 1]))
    return np.asarray(turned, dtype=np.float64)


def _test(
    normalised: Floats,
    inside: npt.NDArray[np.bool_],
    n: int,
    subtract_mean: bool,
    derivative: Derivative,
    n_surrogates: int,
    seeds: Seeds,
) -> SurrogateTest:
    """Fit surrogates like the data, from the subtraction of their mean over conditions on."""

    def fitted(values: Floats) -> tuple[float, float]:
        states = reduce_states(values[:, inside], n, subtract_mean=subtract_mean).states
        x, dx = differences(states, derivative)
        return r2(x, dx, fit_skew(x, dx)), r2(x, dx, fit_free(x, dx))

    entropy = maximum_entropy(normalised)
    drawn = [fitted(entropy.sample(seeds.numpy(f"surrogate {i}"))) for i in range(n_surrogates)]
    skew, free = np.array(drawn).T
    own = fitted(normalised)
    return SurrogateTest(own[0], skew, own[1], free, entropy.error)
