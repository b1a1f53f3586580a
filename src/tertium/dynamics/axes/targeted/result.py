"""What targeted dimensionality reduction found: vectors, axes, projections, and how sure they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium.dynamics.axes.population import Averages, Population, Sessions, mean_by, population, same_units, smoothed
from tertium.errors import BadInput

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TDR:
    """Axes of task variables in the state space of a population; see `tertium.dynamics.tdr`.

    Attributes
    ----------
    regressors : tuple of str
        Names of the axes, in the order in which they were made orthogonal.
    units : tuple of str
    time : array, shape (time,)
        Seconds.
    coefficients : array, shape (regressor, time, unit)
        Change of the z-scored response for a change of the scaled regressor by 1, the constant left out.
    denoised : array, shape (regressor, time, unit)
        The same, projected on the first ``n_pcs`` principal components of the averages.
    peaks : array, shape (regressor,)
        Time at which the denoised vector is longest, seconds.
    vectors : array, shape (unit, regressor)
        The denoised vectors at their peaks: not orthogonal, not of length 1.
    axes : array, shape (unit, regressor)
        The vectors made orthonormal in the order given.
    conditions : mapping of str to array, shape (condition,)
        Labels of the averaged conditions.
    averages : array, shape (condition, time, unit)
        Z-scored condition averages, smoothed if asked.
    projections, errors : array, shape (condition, time, regressor)
        Averages along the axes, and their standard errors over trials.
    counts : array of int, shape (session, condition)
        Trials of each.
    left_out : tuple of tuple
        Conditions left out of the averages, since not every session has them.
    n_pcs : int
        Components kept.
    n_trials : tuple of int
        Trials of each session.
    means, spreads : array, shape (unit,)
        What the z-scores are made with, in the unit of the responses.
    p : array, shape (regressor,)
        p value of each axis by shuffling, corrected for the choice of the peak; NaN without shuffles.
    null : array, shape (shuffle, regressor)
        Longest vector over time in each shuffle, before denoising.
    null_level : array, shape (regressor, time)
        95 % quantile of the vector's length over shuffles.
    """

    regressors: tuple[str, ...]
    units: tuple[str, ...]
    time: Floats
    coefficients: Floats
    denoised: Floats
    peaks: Floats
    vectors: Floats
    axes: Floats
    conditions: Mapping[str, npt.NDArray[np.object_]]
    averages: Floats
    projections: Floats
    errors: Floats
    counts: npt.NDArray[np.int64]
    left_out: tuple[tuple[Any, ...], ...]
    n_pcs: int
    n_trials: tuple[int, ...]
    means: Floats
    spreads: Floats
    p: Floats
    null: Floats
    null_level: Floats

    @property
    def strengths(self) -> Floats:
        """Length of the vector of coefficients over time, before denoising, (regressor, time)."""
        return np.asarray(np.linalg.norm(self.coefficients, axis=2))

    @property
    def explained(self) -> Floats:
        """Share of the variance of the averages (over conditions and times) along each axis, (regressor,)."""
        rows = self.averages.reshape(-1, len(self.units))
        rows = rows - rows.mean(0)
        return np.asarray(((rows @ self.axes) ** 2).sum(0) / (rows**2).sum())

    def project(
        self, r: Sessions, *, labels: Mapping[str, npt.ArrayLike] | None = None, dt: float | None = None
    ) -> Floats:
        """Project responses of the same units, recorded together, on the axes: (trial, time, regressor).

        Units are z-scored with the means and deviations of the trials that gave the axes, so that trials kept aside
        can be looked at.

        Raises
        ------
        BadInput
            If the units are others, or come from several sessions (which have no common trials).
        """
        one = population(r, labels, dt=dt, averaged=True)
        return (same_units(one, self.units) - self.means) / self.spreads @ self.axes

    def table(self) -> pd.DataFrame:
        """Return one row an axis: its peak, length, share of variance, angle from its own vector, p value."""
        import pandas as pd

        sizes = np.linalg.norm(self.vectors, axis=0)
        cosines = np.clip((self.vectors * self.axes).sum(0) / sizes, -1, 1)
        return pd.DataFrame(
            {
                "regressor": self.regressors,
                "peak_s": self.peaks,
                "norm": sizes,
                "explained": self.explained,
                "turned_degrees": np.degrees(np.arccos(cosines)),
                "p": self.p,
                "n_units": len(self.units),
                "n_trials": sum(self.n_trials),
            }
        )

    def figure(self, x: str | None = None, y: str | None = None) -> go.Figure:
        """Draw the condition averages in the plane of two axes; over time where there is one axis only.

        Parameters
        ----------
        x, y : str, optional
            Names of axes; the first two if not given. Colour tells the level of y's regressor, the line that of x's.
        """
        from tertium.dynamics.axes.targeted.pictures import plane_figure, time_figure

        if len(self.regressors) == 1:
            return time_figure(self)
        return plane_figure(self, self._which(x, 0), self._which(y, 1))

    def time_figure(self) -> go.Figure:
        """Draw the averages along each axis over time, by levels of its regressor, with standard errors."""
        from tertium.dynamics.axes.targeted.pictures import time_figure

        return time_figure(self)

    def strength_figure(self) -> go.Figure:
        """Draw how long each vector of coefficients is over time, and how long by chance."""
        from tertium.dynamics.axes.targeted.pictures import strength_figure

        return strength_figure(self)

    def _which(self, name: str | None, default: int) -> int:
        if name is None:
            return default
        if name not in self.regressors:
            raise BadInput("axis", got=repr(name), expected="one of " + ", ".join(self.regressors))
        return self.regressors.index(name)


def project_averages(one: Population, average: Averages, axes: Floats, smooth: float) -> tuple[Floats, Floats]:
    """Return averages along axes and their standard errors over trials, each (condition, time, axis).

    Each session's trials are projected on its own part of the axes; the variances of the means of sessions, whose
    trials are independent, add up. Conditions with a single trial in a session have no error (NaN). With smoothing, the
    trials are smoothed first, so that errors are those of the smoothed means.
    """
    shape = (len(average.keys), len(one.time), axes.shape[1])
    means, variances, start = np.zeros(shape), np.zeros(shape), 0
    for r, codes, counts in zip(one.sessions.values(), average.codes, average.counts, strict=True):
        here = slice(start, start + r.sizes["unit"])
        start = here.stop
        kept = codes >= 0
        along = smoothed(r.values[kept] @ axes[here], smooth, one.dt)
        centre = mean_by(along, codes[kept], counts)
        spread = mean_by((along - centre[codes[kept]]) ** 2, codes[kept], counts)
        means += centre
        with np.errstate(divide="ignore", invalid="ignore"):
            variances += np.where(counts > 1, 1 / (counts - 1.0), np.nan)[:, None, None] * spread
    return means, np.sqrt(variances)
