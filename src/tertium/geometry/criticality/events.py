"""From recordings to the number of events of the whole population in each bin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput

if TYPE_CHECKING:
    import xarray as xr

    from tertium.data import SpikeTrains

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

#: More bins than these are refused: a bin far below the intervals between events makes empty ones only.
MOST_BINS = 200_000_000


@dataclass(frozen=True, eq=False)
class Events:
    """Events of a whole population in bins.

    Attributes
    ----------
    counts : tuple of arrays of int, each (time,)
        One a trial.
    bin : float
        Width of a bin, seconds (or in bins of the array, where no ``dt`` is known).
    mean_interval : float
        Mean interval between successive events of the population, in the same unit.
    """

    counts: tuple[Counts, ...]
    bin: float
    mean_interval: float


def population_events(
    r: xr.DataArray | npt.ArrayLike | SpikeTrains | Mapping[Any, npt.ArrayLike],
    *,
    dt: float | None = None,
    bin: float | None = None,
) -> Events:
    """Count the events of a whole population in bins as wide as its mean interval between events, or as given.

    Spike times are cut into bins of exactly this width, from the first spike on. Counts that are binned already are
    put together to the nearest whole number of their bins, one or more.

    Parameters
    ----------
    r : responses of spike counts, or array (time,), (time, unit) or (trial, time, unit) of counts, or spike times
        An array of one axis holds the counts of the whole population; spike times are ``SpikeTrains`` or a mapping of
        unit to seconds.
    dt : float, optional
        Width of a bin of an array, seconds; responses know theirs.
    bin : float, optional
        Seconds; by default the mean interval between events.

    Raises
    ------
    BadInput
        If counts are not whole numbers from 0, there are fewer than two events, or a width is no positive number.

    Examples
    --------
    >>> events = population_events({"a": [0.0, 0.1, 0.9], "b": [0.2, 1.0]})
    >>> events.mean_interval, events.counts[0].tolist()
    (0.25, [3, 0, 0, 1, 1])
    """
    _check_width("dt", dt)
    _check_width("bin", bin)
    if isinstance(r, Mapping) or hasattr(r, "times"):
        if dt is not None:
            raise BadInput("dt", got=f"{dt} s", expected="none: spike times have no bins", repair="Pass bin=.")
        return _of_times(r, bin)
    trials, width = _trials(r, dt)
    interval = _mean_interval(trials) * width
    together = max(1, round((interval if bin is None else bin) / width))
    if together > 1:
        trials = tuple(_together(one, together) for one in trials)
    return Events(trials, together * width, interval)


def _of_times(r: Any, bin: float | None) -> Events:
    """Bin the spike times of all units."""
    each = [r.times] if hasattr(r, "times") else list(r.values())
    times = np.sort(np.concatenate([np.asarray(one, dtype=np.float64).ravel() for one in each] or [np.zeros(0)]))
    if not np.isfinite(times).all():
        raise BadInput("spike times", got="a time that is not finite", expected="finite seconds")
    if len(times) < 2 or times[0] == times[-1]:
        raise BadInput("spike times", got=f"{len(times)} events at one time", expected="two or more, apart in time")
    interval = float(times[-1] - times[0]) / (len(times) - 1)
    width = interval if bin is None else bin
    n_bins = int((times[-1] - times[0]) / width) + 1
    if n_bins > MOST_BINS:
        raise BadInput("bin", got=f"{width:g}, {n_bins} bins", expected=f"at most {MOST_BINS} bins", repair="Widen it.")
    # a time that is on an edge up to rounding belongs to the later bin
    index = np.minimum(((times - times[0]) / width + 1e-9).astype(np.int64), n_bins - 1)
    return Events((np.bincount(index, minlength=n_bins),), width, interval)


def _trials(r: Any, dt: float | None) -> tuple[tuple[Counts, ...], float]:
    """Return the counts of the population, one array a trial, and the width of their bins."""
    if hasattr(r, "dims"):
        from tertium.data import validate

        validate(r)
        known = float(r.attrs["dt"])
        if dt is not None and not np.isclose(dt, known):
            raise BadInput("dt", got=f"{dt} s", expected=f"{known} s, as the responses say", repair="Leave dt out.")
        values, dt = np.asarray(r.values), known
    else:
        values = np.asarray(r)
    if values.ndim not in (1, 2, 3) or not values.size or values.dtype.kind not in "iufb":
        raise BadInput(
            "counts",
            got=f"shape {values.shape} of {values.dtype}",
            expected="(time,) of a population, (time, unit) or (trial, time, unit), spike times or responses",
        )
    values = values[None, :, None] if values.ndim == 1 else values[None] if values.ndim == 2 else values
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise BadInput("counts", got="a value that is not finite", expected="whole numbers from 0 on")
    if (values < 0).any() or (values.dtype.kind == "f" and (values != np.round(values)).any()):
        raise BadInput(
            "counts",
            got="values below 0 or not whole",
            expected="numbers of spikes",
            repair="Rates have no events: draw spikes (tertium.record.observe.spikes), or threshold the signal.",
        )
    population = values.sum(2, dtype=np.int64)
    if population.sum() < 2:
        raise BadInput("counts", got=f"{population.sum()} events", expected="two or more")
    return tuple(population), 1.0 if dt is None else float(dt)


def _mean_interval(trials: tuple[Counts, ...]) -> float:
    """Return the mean interval between successive events within trials, in bins; events of one bin are 0 apart."""
    length = intervals = 0
    for counts in trials:
        active = np.flatnonzero(counts)
        if len(active):
            length += int(active[-1] - active[0])
            intervals += int(counts.sum()) - 1
    return length / max(intervals, 1)


def _together(counts: Counts, n: int) -> Counts:
    """Sum successive bins by n; what is left over at the end is dropped."""
    whole = len(counts) // n
    if not whole:
        raise BadInput(
            "bin", got=f"{n} bins of trials of {len(counts)}", expected="bins shorter than a trial", repair="Pass bin=."
        )
    return np.asarray(counts[: whole * n].reshape(whole, n).sum(1))


def _check_width(name: str, value: float | None) -> None:
    if value is not None and not (np.isfinite(value) and value > 0):
        raise BadInput(name, got=f"{value}", expected="a positive number of seconds")
