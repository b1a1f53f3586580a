"""Cutting continuous recordings into trials around events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tertium.data.spikes import whole_bins
from tertium.errors import BadInput

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Series:
    """A continuous recording: samples, and when they were taken.

    Parameters
    ----------
    data : array, shape (sample,) or (sample, unit)
        Anything that can be cut in slices; only what is needed is read.
    start : float
        Seconds, time of the first sample, where ``rate`` is given.
    rate : float, optional
        Samples per second.
    timestamps : array, shape (sample,), optional
        Seconds; in place of a rate.
    what : str
        Name, for messages.
    """

    data: Any
    start: float = 0.0
    rate: float | None = None
    timestamps: FloatArray | None = None
    what: str = "series"

    @property
    def period(self) -> float:
        """Seconds between samples (the median, where they have time stamps)."""
        if self.rate is not None:
            return 1.0 / float(self.rate)
        if self.timestamps is None or len(self.timestamps) < 2:
            raise BadInput(f"'{self.what}'", got="fewer than two samples", expected="a recording", repair="")
        return float(np.median(np.diff(self.timestamps)))

    @property
    def span(self) -> tuple[float, float]:
        """Seconds at which the recording begins and ends."""
        if self.timestamps is not None:
            return float(self.timestamps[0]), float(self.timestamps[-1]) + self.period
        return self.start, self.start + len(self.data) * self.period

    def nearest(self, seconds: FloatArray) -> npt.NDArray[np.int64]:
        """Return the number of the sample nearest to each time; negative or too large outside the recording."""
        if self.timestamps is None:
            return np.rint((seconds - self.start) / self.period).astype(np.int64)
        period, (first, last) = self.period, (self.timestamps[0], self.timestamps[-1])
        after = np.clip(np.searchsorted(self.timestamps, seconds), 1, len(self.timestamps) - 1)
        nearer = seconds - self.timestamps[after - 1] < self.timestamps[after] - seconds
        index = after - nearer
        index = np.where(seconds < first - period / 2, -1, index)
        return np.where(seconds > last + period / 2, len(self.timestamps), index).astype(np.int64)


@dataclass(frozen=True, eq=False)
class Cut:
    """Trials cut out of a recording: values (trial, time, unit), time from the event (s), dt (s), which were kept."""

    values: npt.NDArray[Any]
    time: FloatArray
    dt: float
    kept: npt.NDArray[np.bool_]


def cut(
    series: Series,
    events: FloatArray,
    window: tuple[float, float],
    *,
    dt: float | None = None,
    drop: bool = False,
    names: Sequence[Any] | None = None,
) -> Cut:
    """Cut a window around each event out of a recording.

    Parameters
    ----------
    series : Series
        The recording.
    events : array, shape (trial,)
        Seconds on the recording's clock; NaN where the event did not occur.
    window : tuple (start, stop)
        Seconds around the event, half-open. The first sample is the nearest to its beginning: up to half a sample off.
    dt : float, optional
        Width of a bin, a whole number of samples, which are averaged. One sample if not given.
    drop : bool
        Leave out trials without the event, or whose window runs out of the recording or over a gap in it; otherwise
        an error names them.
    names : sequence, optional
        Names of the trials, for messages.

    Returns
    -------
    Cut

    Raises
    ------
    BadInput
        If trials cannot be cut and ``drop`` is False, or none is left, or ``dt`` is no whole number of samples.

    Examples
    --------
    >>> import numpy as np
    >>> ramp = Series(np.arange(100.0), rate=10.0, what="ramp")
    >>> cut(ramp, np.array([1.0, 2.0]), (-0.1, 0.2)).values[:, :, 0].tolist()
    [[9.0, 10.0, 11.0], [19.0, 20.0, 21.0]]
    """
    period = series.period
    width = period if dt is None else float(dt)
    per_bin = round(width / period)
    if per_bin < 1 or abs(width - per_bin * period) > 1e-3 * width:
        raise BadInput(
            "dt",
            got=f"{width:g} s for '{series.what}', sampled every {period:g} s",
            expected="a whole number of samples",
            repair=f"Pass, for instance, dt={max(1, per_bin) * period:g}.",
        )
    n_bins = whole_bins(window, width)
    n = n_bins * per_bin
    begin = series.nearest(np.nan_to_num(events) + window[0])
    good = np.isfinite(events) & (begin >= 0) & (begin + n <= len(series.data))
    if series.timestamps is not None:
        for trial in np.flatnonzero(good):
            stamps = series.timestamps[begin[trial] : begin[trial] + n]
            wanted = events[trial] + window[0] + np.arange(n) * period
            good[trial] = np.abs(stamps - wanted).max() < period
    if not good.any() or not (good.all() or drop):
        raise _cannot(series, events, good, names)
    data = np.stack([_rows(series.data, int(b), n) for b in begin[good]])
    values = data.reshape(len(data), n_bins, per_bin, -1)
    values = values[:, :, 0] if per_bin == 1 else values.mean(axis=2)
    return Cut(values, window[0] + np.arange(n_bins, dtype=np.float64) * width, width, good)


def fit_window(shortest: float, dt: float) -> tuple[float, float]:
    """Return the window from 0 to the last whole bin that the shortest trial still fills."""
    n_bins = int(np.floor(shortest / dt + 1e-6)) if np.isfinite(shortest) else 0
    if n_bins < 1:
        raise BadInput(
            "window",
            got=f"none, and a shortest trial of {shortest:g} s",
            expected=f"(start, stop) in seconds, at least one bin of {dt:g} s",
            repair="Pass, for instance, window=(0.0, 1.0).",
        )
    return 0.0, n_bins * dt


def _rows(data: Any, begin: int, n: int) -> npt.NDArray[Any]:
    rows = np.asarray(data[begin : begin + n])
    return rows.reshape(n, -1)


def _cannot(series: Series, events: FloatArray, good: npt.NDArray[np.bool_], names: Sequence[Any] | None) -> BadInput:
    bad = np.flatnonzero(~good)
    shown = ", ".join(
        f"{i if names is None else names[i]} ({'no event' if np.isnan(events[i]) else f'{events[i]:g} s'})"
        for i in bad[:5]
    )
    low, high = series.span
    return BadInput(
        f"trials of '{series.what}'",
        got=f"{len(bad)} of {len(good)} without the event, or whose window runs out of the recording or over a gap: "
        f"{shown}{', ...' if len(bad) > 5 else ''}",
        expected=f"windows within {low:g} to {high:g} s",
        repair="Narrow the window." if not good.any() else "Narrow the window, or pass drop=True.",
    )
