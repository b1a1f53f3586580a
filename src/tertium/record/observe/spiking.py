"""Spikes: inhomogeneous Poisson and gamma-renewal processes with an absolute refractory period, by time-rescaling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import xarray as xr

from tertium.data.spikes import SpikeTrains
from tertium.errors import BadInput
from tertium.record.observe.latent import (
    FloatArray,
    bins_per,
    check_positive,
    latent_values,
    observed,
    rebin,
    start_of,
)
from tertium.rng import Seeds

Process = Literal["poisson", "gamma"]


@dataclass(frozen=True, eq=False)
class TrialSpikes:
    """Ragged spike times of simulated trials, sorted by trial, then unit, then time.

    Parameters
    ----------
    times : array, shape (spike,)
        Spike times in seconds, on the clock of the rates' time labels.
    trial, unit : array of int, shape (spike,)
        Positions of each spike's trial and unit in the table of rates.
    n_trials : int
        Number of trials of that table.
    units : tuple of str
        Names of its units.
    """

    times: FloatArray
    trial: npt.NDArray[np.int64]
    unit: npt.NDArray[np.int64]
    n_trials: int
    units: tuple[str, ...]

    @property
    def n_units(self) -> int:
        """Number of units."""
        return len(self.units)

    def of_trial(self, trial: int) -> SpikeTrains:
        """Return one trial as the spike trains of a recording, which `tertium.data` can align and bin."""
        here = self.trial == trial
        return SpikeTrains(self.times[here], self.unit[here], self.units)

    def train(self, trial: int, unit: int) -> FloatArray:
        """Return the spike times (s) of one trial and unit."""
        return self.times[(self.trial == trial) & (self.unit == unit)]

    def intervals(self) -> FloatArray:
        """Return all inter-spike intervals (s) within trials and units, pooled."""
        same = (np.diff(self.trial) == 0) & (np.diff(self.unit) == 0)
        return np.asarray(np.diff(self.times)[same])

    def counts(self, edges: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Return spike counts in bins with the given edges (s), shape (trial, bin, unit)."""
        edges = np.asarray(edges, dtype=np.float64)
        n_bins = len(edges) - 1
        where = np.searchsorted(edges, self.times, side="right") - 1
        inside = (where >= 0) & (where < n_bins)
        flat = (self.trial[inside] * n_bins + where[inside]) * self.n_units + self.unit[inside]
        counts = np.bincount(flat, minlength=self.n_trials * n_bins * self.n_units)
        return counts.reshape(self.n_trials, n_bins, self.n_units).astype(np.int64)


def spikes(
    rate: xr.DataArray,
    seed: int = 0,
    *,
    process: Process = "poisson",
    shape: float = 4.0,
    refractory: float = 0.0,
    dt: float | None = None,
) -> xr.DataArray:
    """Count the spikes that neurons with these firing rates would fire.

    Parameters
    ----------
    rate : xarray.DataArray, dims (trial, time, unit)
        Latent rates in Hz, constant within a time bin.
    seed : int
        Seed of the random numbers.
    process : str
        "poisson" (given the rate, spikes are independent) or "gamma" (a renewal process whose intervals, in
        operational time, are gamma distributed: more regular for ``shape`` > 1).
    shape : float
        Shape k of the gamma intervals; their coefficient of variation is 1 / sqrt(k). Not used by "poisson".
    refractory : float
        Absolute refractory period in seconds; no interval is shorter. The mean rate is kept.
    dt : float, optional
        Width of the count bins in seconds, a multiple of the rates' bin; that bin if not given.

    Returns
    -------
    xarray.DataArray, dims (trial, time, unit)
        Spike counts (``quantity="spike_count"``), labels carried over.

    Raises
    ------
    BadInput
        If the rates are negative, ``dt`` is no multiple of their bin, a parameter is out of range, or the rates
        are too high for the refractory period.

    Notes
    -----
    Exact: Poisson counts; the Poisson process with dead time, for any rate (see `spike_trains`); the gamma process
    without dead time, for any rate. Approximate: a gamma process with dead time keeps the rate exactly only where
    the rate changes slowly over an interval.

    Examples
    --------
    >>> from tertium.data.responses import make_responses
    >>> rate = make_responses(np.full((200, 100, 1), 20.0), dt=0.01, quantity="rate")
    >>> n = spikes(rate, seed=1, dt=1.0)
    >>> n.attrs["quantity"], dict(n.sizes), bool(abs(n.mean() - 20) < 1)
    ('spike_count', {'trial': 200, 'time': 1, 'unit': 1}, True)
    """
    values = latent_values(rate)
    fine = float(rate.attrs["dt"])
    n = bins_per(dt, fine, "dt")
    _check(process, shape, refractory)
    if process == "poisson" and refractory == 0:
        counts = Seeds(seed).numpy("spikes").poisson(rebin(values, n, "dt") * fine)
    else:
        rebin(values[:1, :, :1], n, "dt")  # the same check as above, before the work
        trains = spike_trains(rate, seed, process=process, shape=shape, refractory=refractory)
        n_bins = values.shape[1] // n
        counts = trains.counts(start_of(rate) + fine * n * np.arange(n_bins + 1))
    about = process if process == "poisson" else f"gamma k={shape:g}"
    note = f"spikes({about}, refractory={refractory:g} s, seed={seed})"
    return observed(counts, rate, quantity="spike_count", note=note, dt=None if n == 1 else n * fine)


def spike_trains(
    rate: xr.DataArray,
    seed: int = 0,
    *,
    process: Process = "poisson",
    shape: float = 4.0,
    refractory: float = 0.0,
) -> TrialSpikes:
    """Draw the spike times that neurons with these firing rates would fire.

    Parameters
    ----------
    rate : xarray.DataArray, dims (trial, time, unit)
        Latent rates in Hz, constant within a time bin.
    seed, process, shape, refractory
        See `spikes`.

    Returns
    -------
    TrialSpikes

    Raises
    ------
    BadInput
        See `spikes`.

    Notes
    -----
    Time-rescaling (Brown et al. 2002): intervals are drawn in operational time, in which the hazard is integrated,
    and carried back to seconds. With a dead time tau the clock of operational time stands still for tau after each
    spike and otherwise runs at

        lambda(t) = r(t) / (1 - integral of r over (t - tau, t)),

    whose denominator is the probability of not being refractory at t, since at most one spike falls into tau. So the
    Poisson process with dead time has exactly the rate r(t). Trains begin in equilibrium, as if the first bin's
    rate had held before.

    References
    ----------
    Brown, E. N., Barbieri, R., Ventura, V., Kass, R. E. & Frank, L. M. (2002). The time-rescaling theorem and its
    application to neural spike train data analysis. Neural Computation 14:325. Johnson, D. H. (1996). Point process
    models of single-neuron discharges. Journal of Computational Neuroscience 3:275 (dead time).
    """
    values = latent_values(rate)
    _check(process, shape, refractory)
    trials, times, units = values.shape
    names = tuple(str(name) for name in rate["unit"].values)
    rows = values.transpose(0, 2, 1).reshape(trials * units, times)
    k = 1.0 if process == "poisson" else float(shape)
    generator = Seeds(seed).numpy("spike times")
    row, when = _renewal(rows, float(rate.attrs["dt"]), k, float(refractory), generator)
    order = np.lexsort((when, row))
    row, when = row[order], when[order]
    return TrialSpikes(when + start_of(rate), row // units, row % units, trials, names)


def _check(process: str, shape: float, refractory: float) -> None:
    if process not in ("poisson", "gamma"):
        raise BadInput("process", got=f"'{process}'", expected="'poisson' or 'gamma'", repair="")
    check_positive(shape, "shape")
    check_positive(refractory, "refractory", zero=True)


def _operational_clock(rows: FloatArray, dt: float, refractory: float) -> tuple[FloatArray, FloatArray]:
    """Return knots in seconds, shape (knot,), and operational time there, shape (row, knot).

    Between two knots the rate is constant and its integral over the dead time linear, so that the integral of the
    hazard is a logarithm; it is interpolated linearly in between.
    """
    edges = dt * np.arange(rows.shape[1] + 1)
    integral = np.concatenate([np.zeros((len(rows), 1)), np.cumsum(rows, axis=1) * dt], axis=1)
    if refractory == 0:
        return edges, integral
    shifted = edges + refractory
    knots = np.unique(np.concatenate([edges, shifted[shifted < edges[-1]]]).round(12))
    where = np.clip(np.searchsorted(edges, knots[:-1] + 1e-9 * dt, side="right") - 1, 0, rows.shape[1] - 1)
    rate = rows[:, where]
    now = integral[:, where] + rate * (knots[:-1] - edges[where])
    now = np.concatenate([now, integral[:, -1:]], axis=1)
    past = knots - refractory
    back = np.clip(np.searchsorted(edges, past, side="right") - 1, 0, rows.shape[1] - 1)
    # before the trial the rate of the first bin held
    then = integral[:, back] + rows[:, back] * (past - edges[back])
    free = 1.0 - (now - then)
    if free.min() <= 0.02:
        worst = int(np.argmin(free.min(axis=1)))
        raise BadInput(
            "refractory",
            got=f"{refractory:g} s at rates up to {rows[worst].max():g} Hz",
            expected="rates well below 1 / refractory",
            repair="Shorten the refractory period or lower the rates.",
        )
    first, last = free[:, :-1], free[:, 1:]
    gap = first - last
    flat = np.abs(gap) < 1e-9
    # the mean of 1 / x between two ends of a line; equal ends would divide zero by zero
    mean_inverse = np.where(flat, 2.0 / (first + last), np.log(first / last) / np.where(flat, 1.0, gap))
    steps = rate * np.diff(knots) * mean_inverse
    return knots, np.concatenate([np.zeros((len(rows), 1)), np.cumsum(steps, axis=1)], axis=1)


def _renewal(
    rows: FloatArray, dt: float, k: float, refractory: float, generator: np.random.Generator
) -> tuple[npt.NDArray[np.int64], FloatArray]:
    """Draw renewal spikes for every row of rates, shape (row, time); return the row and the time of each spike."""
    knots, clock = _operational_clock(rows, dt, refractory)
    end = knots[-1]
    # One sorted array for all rows: each row's clock starts where the one before ended, and one further.
    start = np.concatenate([[0.0], np.cumsum(clock[:-1, -1] + 1.0)])
    flat = (clock + start[:, None]).ravel()
    n_knots = len(knots)

    row = np.arange(len(rows))
    ready, left = _equilibrium_start(rows[:, 0], k, refractory, generator)
    found_rows, found_times = [], []
    while len(row):
        # operational time at which the dead time is over, plus the drawn interval
        inside = ready < end
        row, ready, left = row[inside], ready[inside], left[inside]
        piece = np.clip(np.searchsorted(knots, ready, side="right") - 1, 0, n_knots - 2)
        slope = (clock[row, piece + 1] - clock[row, piece]) / (knots[piece + 1] - knots[piece])
        target = clock[row, piece] + slope * (ready - knots[piece]) + left
        fires = target < clock[row, -1]
        row, target = row[fires], target[fires]
        spot = np.searchsorted(flat, target + start[row], side="right") - 1 - row * n_knots
        spot = np.clip(spot, 0, n_knots - 2)
        rise = clock[row, spot + 1] - clock[row, spot]
        share = np.clip((target - clock[row, spot]) / np.where(rise > 0, rise, 1.0), 0.0, 1.0)
        when = knots[spot] + share * (knots[spot + 1] - knots[spot])
        found_rows.append(row)
        found_times.append(when)
        ready = when + refractory
        left = generator.gamma(k, 1.0 / k, size=len(row))
    return np.concatenate([*found_rows, row]).astype(np.int64), np.concatenate([*found_times, np.zeros(len(row))])


def _equilibrium_start(
    rate: FloatArray, k: float, refractory: float, generator: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Return, for each row, when its first dead time ends (s) and the operational time left until its first spike.

    A renewal process looked at from a random moment: refractory with probability rate x tau, and otherwise inside a
    length-biased interval (gamma of shape k + 1) at a uniform place.
    """
    n = len(rate)
    in_dead_time = generator.random(n) < rate * refractory
    ready = np.where(in_dead_time, refractory * generator.random(n), 0.0)
    whole = generator.gamma(k, 1.0 / k, size=n)
    rest = generator.random(n) * generator.gamma(k + 1.0, 1.0 / k, size=n)
    return ready, np.where(in_dead_time, whole, rest)
