"""Responses from pynapple objects: Tsd, TsdFrame and TsGroup, cut around events."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from tertium.data.formats.parts.cutting import Series, cut, fit_window
from tertium.data.responses import make_responses
from tertium.data.spikes import SpikeTrains, bin_spikes
from tertium.errors import BadInput, MissingPackage


def from_pynapple(
    recording: Any,
    trials: Any,
    *,
    window: tuple[float, float] | None = None,
    dt: float | None = None,
    drop: bool = False,
    quantity: str = "other",
    source: str = "",
) -> xr.DataArray:
    """Make responses of a pynapple object.

    Parameters
    ----------
    recording : pynapple.TsGroup, TsdFrame or Tsd
        Spike times (counted in bins) or a continuous recording (its samples are taken).
    trials : pynapple.IntervalSet, Ts, or array-like, shape (trial,)
        When each trial starts, seconds: the starts of the intervals, whose metadata become trial labels.
    window : tuple (start, stop), optional
        Seconds around the start, half-open; by default from 0 to the length of the shortest interval.
    dt : float, optional
        Width of a bin in seconds; by default 10 ms for spikes, one sample else.
    drop : bool
        Leave out trials whose window runs out of the recording; otherwise an error names them.
    quantity, source : str
        As in `make_responses`; spikes are "spike_count".

    Returns
    -------
    xarray.DataArray, dims (trial, time, unit)
        Metadata of the units or columns become unit labels.

    Raises
    ------
    MissingPackage
        If pynapple is not installed.
    BadInput
        If the object is of another kind, or trials cannot be cut.
    """
    try:
        import pynapple as nap
    except ImportError as problem:
        raise MissingPackage(
            "pynapple", got="no such package", expected="pynapple >= 0.8", repair="Install tertium[pynapple]."
        ) from problem
    starts, shortest, labels = _trials(trials, nap)
    if isinstance(recording, nap.TsGroup):
        spikes = SpikeTrains.of({str(key): recording[key].t for key in recording.index})
        width = 0.01 if dt is None else dt
        bins = window or fit_window(shortest, width)
        unit = _metadata(recording)
        return bin_spikes(spikes, starts, bins, width, trial=labels, unit=unit, source=source)
    if not isinstance(recording, nap.TsdFrame | nap.Tsd):
        raise BadInput(
            "recording",
            got=f"a {type(recording).__name__}",
            expected="a pynapple TsGroup, TsdFrame or Tsd",
            repair="Average a TsdTensor over what is too much.",
        )
    frame = isinstance(recording, nap.TsdFrame)
    series = Series(recording.values, timestamps=np.asarray(recording.t, dtype=np.float64), what="recording")
    bins = window or fit_window(shortest, series.period if dt is None else dt)
    piece = cut(series, starts, bins, dt=dt, drop=drop)
    return make_responses(
        piece.values,
        dt=piece.dt,
        time=piece.time,
        trial={"event_time": starts[piece.kept], **{name: column[piece.kept] for name, column in labels.items()}},
        unit={"unit": [str(c) for c in recording.columns], **_metadata(recording)} if frame else {},
        quantity=quantity,
        source=source,
    )


def _trials(trials: Any, nap: Any) -> tuple[npt.NDArray[np.float64], float, dict[str, Any]]:
    """Return the trials' starts, the length of the shortest (NaN if not known), and their labels."""
    if isinstance(trials, nap.IntervalSet):
        starts, ends = np.asarray(trials.start, dtype=np.float64), np.asarray(trials.end, dtype=np.float64)
        return starts, float((ends - starts).min()), _metadata(trials)
    if isinstance(trials, nap.Ts | nap.Tsd):
        return np.asarray(trials.t, dtype=np.float64), float("nan"), {}
    return np.asarray(trials, dtype=np.float64), float("nan"), {}


def _metadata(thing: Any) -> dict[str, npt.NDArray[Any]]:
    """Return the columns of an object's metadata that hold numbers, bool or text."""
    labels: dict[str, npt.NDArray[Any]] = {}
    for name in thing.metadata_columns:
        column = np.asarray(thing.get_info(name))
        text = column.dtype.kind == "O" and all(isinstance(v, str) for v in column)
        if column.ndim == 1 and (column.dtype.kind in "fiubUT" or text) and name not in ("rate", "unit", "time"):
            labels[str(name)] = column
    return labels
