"""Ragged spike times, and how they are counted in bins around events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from tertium.data.responses import Labels, check_dt, label_values, make_responses
from tertium.errors import BadInput

FloatArray = npt.NDArray[np.float64]

#: A spike this close before the edge of a bin (seconds) counts as on it: recorders write times in decimals.
EDGE = 1e-9


@dataclass(frozen=True, eq=False)
class SpikeTrains:
    """Spike times of many units, as recorded: no bins, no trials.

    Parameters
    ----------
    times : array, shape (spike,)
        Seconds from the start of the recording, in any order.
    index : array of int, shape (spike,)
        For each spike the position of its unit in ``units``.
    units : sequence of str, length n
        Names of the units, each once; a unit may have no spike.

    Raises
    ------
    BadInput
        If the lengths do not fit, a time is not finite, an index is out of range or a name occurs twice.

    Examples
    --------
    >>> trains = SpikeTrains.of({"a": [0.1, 0.4], "b": [0.2]})
    >>> trains.units, trains["a"].tolist(), len(trains.times)
    (('a', 'b'), [0.1, 0.4], 3)
    """

    times: FloatArray
    index: npt.NDArray[np.int64]
    units: tuple[str, ...]

    def __post_init__(self) -> None:
        times = np.asarray(self.times, dtype=np.float64)
        index = np.asarray(self.index)
        units = tuple(str(u) for u in self.units)
        if times.ndim != 1 or times.shape != index.shape:
            raise BadInput(
                "spike times", got=f"shapes {times.shape} and {index.shape}", expected="one unit for each time"
            )
        if not np.isfinite(times).all():
            at = int(np.flatnonzero(~np.isfinite(times))[0])
            raise BadInput(
                f"spike times of unit '{units[int(index[at])]}'", got=str(times[at]), expected="finite seconds"
            )
        if len(index) and (index.dtype.kind not in "iu" or index.min() < 0 or index.max() >= len(units)):
            raise BadInput("spike index", got=f"{index.dtype} up to {index.max()}", expected=f"0 to {len(units) - 1}")
        if len(set(units)) < len(units):
            twice = next(u for u in units if units.count(u) > 1)
            raise BadInput("unit names", got=f"'{twice}' twice", expected="each name once", repair="Rename them.")
        # sorted by unit, then time, so that a unit's spikes are one stretch
        order = np.lexsort((times, index))
        object.__setattr__(self, "times", times[order])
        object.__setattr__(self, "index", index[order].astype(np.int64))
        object.__setattr__(self, "units", units)

    @classmethod
    def of(cls, spikes: Mapping[Any, npt.ArrayLike]) -> SpikeTrains:
        """Make spike trains from a mapping of unit -> spike times in seconds."""
        if not isinstance(spikes, Mapping):
            raise BadInput(
                "spikes",
                got=f"a {type(spikes).__name__}",
                expected="SpikeTrains, or a mapping of unit to seconds",
                repair="Use tertium.data.spike_trains(times) for a list with one array for each unit.",
            )
        each = [np.asarray(times, dtype=np.float64).ravel() for times in spikes.values()]
        lengths = [len(times) for times in each]
        times = np.concatenate(each) if each else np.zeros(0)
        return cls(times, np.repeat(np.arange(len(each)), lengths), tuple(str(name) for name in spikes))

    def __getitem__(self, unit: str) -> FloatArray:
        """Return the spike times of one unit, sorted, in seconds."""
        if unit not in self.units:
            raise BadInput("unit", got=f"'{unit}'", expected=f"one of {', '.join(self.units[:8])}", repair="")
        return self.at(self.units.index(unit))

    def at(self, position: int) -> FloatArray:
        """Return the spike times of the unit at a position in ``units``, sorted, in seconds."""
        low, high = np.searchsorted(self.index, [position, position + 1])
        return self.times[low:high]


def bin_spikes(
    spikes: SpikeTrains | Mapping[Any, npt.ArrayLike],
    events: npt.ArrayLike,
    window: tuple[float, float],
    dt: float,
    *,
    trial: Labels | None = None,
    unit: Labels | None = None,
    source: str = "",
    cite: str = "",
) -> xr.DataArray:
    """Count spikes in bins around events.

    Parameters
    ----------
    spikes : SpikeTrains, or mapping of unit to array-like of seconds
        Spike times on the clock of ``events``.
    events : array-like, shape (trial,)
        Seconds; time 0 of each trial. Windows may overlap.
    window : tuple (start, stop)
        Seconds around the event, half-open, a whole number of bins. A spike on the edge of a bin belongs to the
        later bin.
    dt : float
        Width of a bin, seconds.
    trial, unit : mapping of str to array-like
        Further labels, as in `make_responses`.
    source, cite : str
        Where the spikes come from; what to cite.

    Returns
    -------
    xarray.DataArray, dims (trial, time, unit)
        Quantity "spike_count", float32; ``time`` is the beginning of each bin. Label ``event_time`` keeps the
        events in seconds.

    Raises
    ------
    BadInput
        If an event is not finite, or the window is not a whole number of bins.

    Examples
    --------
    >>> counts = bin_spikes({"a": [1.05, 1.06, 2.25]}, events=[1.0, 2.0], window=(0.0, 0.3), dt=0.1)
    >>> counts.values[:, :, 0].tolist()
    [[2.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    trains = spikes if isinstance(spikes, SpikeTrains) else SpikeTrains.of(spikes)
    starts = np.asarray(events, dtype=np.float64)
    if starts.ndim != 1 or not np.isfinite(starts).all():
        bad = f"trial {np.flatnonzero(~np.isfinite(starts))[0]} without one" if starts.ndim == 1 else f"{starts.shape}"
        raise BadInput("events", got=bad, expected="finite seconds, one for each trial", repair="Drop such trials.")
    n_bins = whole_bins(window, dt)
    if not trains.units or not len(starts):
        raise BadInput("spikes", got=f"{len(trains.units)} units, {len(starts)} events", expected="one or more of each")
    offsets = window[0] + np.arange(n_bins + 1) * dt - EDGE
    edges = (starts[:, None] + offsets).ravel()
    counts = np.empty((len(starts), n_bins, len(trains.units)), dtype=np.float32)
    for position in range(len(trains.units)):
        before = np.searchsorted(trains.at(position), edges).reshape(len(starts), n_bins + 1)
        counts[:, :, position] = np.diff(before, axis=1)
    labels = {"event_time": starts, **(trial or {})}
    return make_responses(
        counts,
        dt=dt,
        time=window[0] + np.arange(n_bins) * dt,
        trial=labels,
        unit={"unit": trains.units, **(unit or {})},
        quantity="spike_count",
        source=source,
        cite=cite,
    )


def whole_bins(window: tuple[float, float], dt: float) -> int:
    """Return how many bins of ``dt`` seconds fill a window; raise `BadInput` unless it is a whole number, >= 1."""
    check_dt(dt)
    start, stop = (float(edge) for edge in window)
    n_bins = round((stop - start) / dt) if np.isfinite(stop - start) else 0
    if n_bins < 1 or abs((stop - start) - n_bins * dt) > 1e-6 * dt * max(1, n_bins):
        raise BadInput(
            "window",
            got=f"{start:g} to {stop:g} s for bins of {dt:g} s",
            expected="(start, stop) in seconds, one or more whole bins apart",
            repair=f"Pass, for instance, window=({start:g}, {start + max(1, n_bins) * dt:g}).",
        )
    return n_bins


def spike_trains(times: Sequence[npt.ArrayLike], units: Sequence[Any] | None = None) -> SpikeTrains:
    """Make spike trains from a list with one array of seconds for each unit; units are numbered if not named.

    Raises
    ------
    BadInput
        If the lengths do not fit.

    Examples
    --------
    >>> spike_trains([[0.1], [0.2, 0.3]]).units
    ('0', '1')
    """
    names = label_values(range(len(times)) if units is None else units, len(times), "unit label 'unit'")
    return SpikeTrains.of(dict(zip((str(n) for n in names), times, strict=True)))
