"""Ramps of choice-selective cells, blind to whose cells they are: a monkey's neurons or a network's units.

What goes in are tables of one cell each, dims (trial, time, unit) with one unit, as an electrode gives them: trial
labels ``coherence`` (0 to 1), ``choice`` (1 the cell's own choice, 2 the other), ``correct`` and ``rt`` (s).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import xarray as xr

Floats = npt.NDArray[np.float64]

#: Part of its peak at which the difference between the choices counts as begun.
ONSET = 0.25


@dataclass(frozen=True)
class Trials:
    """The trials of one cell.

    Attributes
    ----------
    rates : array, shape (trial, bin)
        Rate in each bin; NaN where the trial does not count.
    coherence : array, shape (trial,)
    own : array of bool, shape (trial,)
        Whether the choice was the cell's own.
    counted : array of bool, shape (trial,)
        Correct trials, and all of coherence 0, where nothing is correct.
    """

    rates: Floats
    coherence: Floats
    own: npt.NDArray[np.bool_]
    counted: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Ramps:
    """Mean rates of each cell before each choice at each coherence.

    Attributes
    ----------
    time : array, shape (bin,)
        Middle of each bin, seconds from the event.
    coherences : array, shape (level,)
    rates : array, shape (unit, 2, level, bin)
        Before the cell's own choice (0) and the other (1); 0 where a cell has no such trials.
    trials : array, shape (unit, 2, level, bin)
        Trials behind each of them.
    total : array, shape (unit, 2, level)
        Trials at the event, before any has ended.
    """

    time: Floats
    coherences: Floats
    rates: Floats
    trials: Floats
    total: Floats

    @cached_property
    def mean(self) -> Floats:
        """Mean over the trials of all cells, shape (2, level, bin).

        NaN in bins that less than half of the trials reach: what is left there are the slow ones.
        """
        left = self.trials.sum(0)
        enough = (left > 0) & (left >= 0.5 * self.total.sum(0)[..., None])
        return np.asarray((self.rates * self.trials).sum(0) / np.where(enough, left, np.nan))

    @cached_property
    def sem(self) -> Floats:
        """Standard error of that mean over cells, shape (2, level, bin)."""
        n = (self.trials > 0).sum(0)
        residue = ((self.trials * (self.rates - self.mean)) ** 2).sum(0)
        scale = np.where(n > 1, n / np.maximum(n - 1, 1), np.nan) / np.maximum(self.trials.sum(0), 1) ** 2
        return np.asarray(np.sqrt(residue * scale))

    def of(self, cells: npt.NDArray[np.int64]) -> Ramps:
        """Return those of some cells, a cell as often as it is named."""
        return Ramps(self.time, self.coherences, self.rates[cells], self.trials[cells], self.total[cells])


def trials_of(table: xr.DataArray, *, until: float = np.inf) -> Trials:
    """Read a cell's trials; bins that end later than ``rt + until`` seconds after the event do not count.

    Parameters
    ----------
    table : xarray.DataArray, dims (trial, time, unit)
        One unit; spike counts become rates in Hz.
    until : float
        Seconds relative to the reaction time, for tables that are aligned on the motion.
    """
    dt = float(table.attrs["dt"])
    values = table.values[:, :, 0].astype(np.float64)
    if table.attrs.get("quantity") == "spike_count":
        values = values / dt
    if np.isfinite(until):
        ends = table["time"].values + dt
        values = np.where(ends[None] <= table["rt"].values[:, None] + until + 1e-9, values, np.nan)
    coherence = table["coherence"].values.astype(np.float64)
    counted = table["correct"].values.astype(bool) | (coherence == 0)
    return Trials(values, coherence, table["choice"].values == 1, counted)


def ramps(cells: Sequence[Trials], time: npt.ArrayLike, dt: float) -> Ramps:
    """Average each cell's rates by choice and coherence.

    Parameters
    ----------
    cells : sequence of Trials
    time : array, shape (bin,)
        Beginning of each bin, seconds.
    dt : float
        Width of a bin, seconds.
    """
    levels = np.unique(np.concatenate([cell.coherence for cell in cells]))
    begins = np.asarray(time, dtype=np.float64)
    rates, trials = (np.zeros((len(cells), 2, len(levels), len(begins))) for _ in range(2))
    total = np.zeros((len(cells), 2, len(levels)))
    for i, cell in enumerate(cells):
        there, rate = np.isfinite(cell.rates), np.nan_to_num(cell.rates)
        for k, j in np.ndindex(2, len(levels)):
            some = (cell.own == (k == 0)) & (cell.coherence == levels[j]) & cell.counted
            trials[i, k, j], total[i, k, j] = there[some].sum(0), some.sum()
            rates[i, k, j] = rate[some].sum(0) / np.maximum(trials[i, k, j], 1)
    return Ramps(begins + dt / 2, levels, rates, trials, total)


def shuffled(cell: Trials, rng: np.random.Generator) -> Trials:
    """Return a cell's trials with coherences dealt out anew among the counted trials of each choice."""
    coherence = cell.coherence.copy()
    for own in (True, False):
        some = np.flatnonzero((cell.own == own) & cell.counted)
        coherence[some] = rng.permutation(coherence[some])
    return Trials(cell.rates, coherence, cell.own, cell.counted)


def onset(found: Ramps) -> float:
    """Return when the two choices begin to part, seconds; NaN if they never do.

    It is the last bin in which their difference at the strongest motion is less than a quarter of its peak.
    """
    difference = found.mean[0, -1] - found.mean[1, -1]
    if not np.isfinite(difference).any() or np.nanmax(difference) <= 0:
        return np.nan
    peak = int(np.nanargmax(difference))
    below = np.flatnonzero(~(difference[: peak + 1] >= ONSET * difference[peak]))
    return float(found.time[below[-1] if len(below) else 0])


def slopes(found: Ramps, start: float, length: float) -> Floats:
    """Return the slope of the mean rate over a window, shape (2, level), in rate per second; NaN under 3 bins.

    Parameters
    ----------
    found : Ramps
        Aligned on the motion.
    start, length : float
        Seconds; where the trials end sooner, so does the window.
    """
    inside = (found.time >= start - 1e-9) & (found.time < start + length - 1e-9)
    out = np.full(found.mean.shape[:2], np.nan)
    for place in np.ndindex(out.shape):
        rate = found.mean[place]
        used = inside & np.isfinite(rate)
        if used.sum() >= 3:
            out[place] = np.polyfit(found.time[used], rate[used], 1)[0]
    return out


def against_coherence(found: Ramps, start: float, length: float, side: int = 0) -> float:
    """Return the correlation of the ramps' slopes with coherence, before one of the choices."""
    return correlation(found.coherences, slopes(found, start, length)[side])


def correlation(a: npt.ArrayLike, b: npt.ArrayLike) -> float:
    """Return Pearson's correlation over what both have; NaN for fewer than 3 or where nothing varies."""
    x, y = np.asarray(a, dtype=np.float64).ravel(), np.asarray(b, dtype=np.float64).ravel()
    both = np.isfinite(x) & np.isfinite(y)
    if both.sum() < 3 or x[both].std() == 0 or y[both].std() == 0:
        return np.nan
    return float(np.corrcoef(x[both], y[both])[0, 1])


def spread_over_coherences(found: Ramps, start: float, stop: float) -> float:
    """Return how far rates before the own choice differ between coherences, over how far the choices differ.

    Parameters
    ----------
    found : Ramps
        Aligned on the motion or on the response.
    start, stop : float
        Window, seconds from the event, that is averaged over.

    Returns
    -------
    float
        Largest minus smallest rate over coherences, over the mean difference of the two choices. Small where rates
        reach one level whatever the coherence.
    """
    inside = (found.time >= start) & (found.time < stop)
    own, other = found.mean[:, :, inside].mean(-1)
    if not inside.any() or not np.isfinite(own).any():
        return np.nan
    return float((np.nanmax(own) - np.nanmin(own)) / np.nanmean(own - other))
