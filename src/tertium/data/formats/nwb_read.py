"""Responses from NWB files: spike times or continuous series, cut by the trials table; and what a file holds."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from tertium.data.formats.nwb_write import MODULE, SERIES
from tertium.data.formats.parts.columns import Pieces, put_together
from tertium.data.formats.parts.cutting import Series, cut, fit_window
from tertium.data.responses import make_responses
from tertium.data.spikes import bin_spikes, spike_trains
from tertium.errors import BadFile, BadInput, nearest

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class NwbItem:
    """One thing an NWB file holds.

    Parameters
    ----------
    path : str
        Its name for ``load(..., series=...)``: "units", "trials", or a series' place in the file.
    kind : str
        NWB type ("Units", "RoiResponseSeries", ...).
    shape : tuple of int
        Samples and channels; (units,) and (trials,) for the tables.
    unit : str
        Physical unit.
    rate : float
        Samples per second; NaN for tables and where samples have time stamps.
    usable : bool
        Whether responses can be made of it (images, for one, have too many dimensions).
    columns : tuple of str
        Columns of a table.
    """

    path: str
    kind: str
    shape: tuple[int, ...]
    unit: str = ""
    rate: float = float("nan")
    usable: bool = True
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class NwbOptions:
    """What to cut out of an NWB file, and how; see `load_nwb`."""

    align_to: str
    window: tuple[float, float] | None
    dt: float | None
    whole: bool
    drop: bool


def nwb_contents(path: str | os.PathLike[str]) -> list[NwbItem]:
    """List what an NWB file holds: its units, trials and series.

    Parameters
    ----------
    path : path
        An NWB file.

    Returns
    -------
    list of NwbItem

    Raises
    ------
    BadFile
        If the file cannot be read as NWB.
    """
    with _opened(Path(path)) as nwb:
        items = []
        if nwb.units is not None and len(nwb.units):
            usable = "spike_times" in nwb.units.colnames
            items.append(NwbItem("units", "Units", (len(nwb.units),), "s", usable=usable, columns=nwb.units.colnames))
        if nwb.trials is not None:
            columns = tuple(nwb.trials.colnames)
            items.append(NwbItem("trials", "trials", (len(nwb.trials),), usable=False, columns=columns))
        for name, series in _all_series(nwb).items():
            shape = tuple(int(n) for n in np.shape(series.data))
            rate = float("nan") if series.rate is None else float(series.rate)
            items.append(NwbItem(name, type(series).__name__, shape, str(series.unit), rate, len(shape) in (1, 2)))
        return items


def load_nwb(
    path: str | os.PathLike[str],
    *,
    series: str | None = None,
    align_to: str = "start_time",
    window: tuple[float, float] | None = None,
    dt: float | None = None,
    whole: bool = False,
    drop: bool = False,
) -> xr.DataArray:
    """Load responses from an NWB file.

    A file that `save_nwb` wrote comes back as it was saved (when nothing but the path is given).

    Parameters
    ----------
    path : path
        An NWB file.
    series : str, optional
        "units" for spike times, or the name (or place) of a time series; `nwb_contents` lists them. Units if there are
        any, else the only series.
    align_to : str
        Column of the trials table, in seconds, that becomes time 0. Trials where it is NaN: see ``drop``.
    window : tuple (start, stop), optional
        Seconds around that, half-open. By default from 0 to the end of the shortest trial (``stop_time``).
    dt : float, optional
        Width of a bin in seconds. By default 10 ms for spikes and one sample for series.
    whole : bool
        Take the whole recording as one long trial; the trials table is not looked at.
    drop : bool
        Leave out trials whose window runs out of the recording, or without the event; otherwise an error names them.

    Returns
    -------
    xarray.DataArray, dims (trial, time, unit)
        Columns of the trials table are trial labels; columns of the units, ROI or electrode table are unit labels.
        Values are in the series' unit after its conversion.

    Raises
    ------
    BadFile
        If the file cannot be read, or has no trials.
    BadInput
        If the series, column or window cannot be used.
    """
    path = Path(path)
    options = NwbOptions(align_to, window, dt, whole, drop)
    with _opened(path) as nwb:
        if _is_ours(nwb) and series is None and options == NwbOptions("start_time", None, None, False, False):
            return _ours(nwb)
        found = _all_series(nwb)
        if series == "units" or (series is None and _has_spikes(nwb)):
            return _from_units(nwb, path, options)
        name = _choose(series, found, path)
        return _from_series(nwb, name, found[name], path, options)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    from pynwb import NWBHDF5IO

    try:
        io = NWBHDF5IO(str(path), "r")
        nwb = io.read()
    except Exception as problem:  # hdmf raises what it meets: KeyError, ValueError, its own kinds
        raise BadFile(
            f"'{path}'",
            got=f"a file that pynwb cannot read ({type(problem).__name__}: {problem})",
            expected="an NWB file",
            repair="Was it copied completely? Check it with 'pynwb-validate'.",
        ) from problem
    with io:
        yield nwb


def _all_series(nwb: Any) -> dict[str, Any]:
    """Return every time series of a file by its place, "acquisition/ElectricalSeries"."""
    from pynwb import TimeSeries

    found: dict[str, Any] = {}
    for item in nwb.objects.values():
        if isinstance(item, TimeSeries) and item.data is not None:
            found[_place(item)] = item
    return dict(sorted(found.items()))


def _place(item: Any) -> str:
    parts = []
    while item is not None and item.parent is not None:
        parts.append(item.name)
        item = item.parent
    return "/".join(reversed(parts))


def _choose(series: str | None, found: dict[str, Any], path: Path) -> str:
    usable = [name for name, item in found.items() if len(np.shape(item.data)) in (1, 2)]
    matches = [name for name in usable if series in (None, name, name.rsplit("/", 1)[-1])]
    if len(matches) == 1:
        return matches[0]
    names = ", ".join(usable[:8]) or "none"
    if series is None:
        got, repair = f"{len(usable)} series: {names}", "Name one: series='...'." if usable else ""
    elif matches:
        got, repair = f"'{series}', the name of {' and '.join(matches)}", "Give its whole place."
    else:
        close = nearest(series, usable)
        got, repair = f"'{series}'", f"Did you mean '{close[0]}'?" if close else f"There are: {names}."
    raise BadInput(f"series of '{path.name}'", got=got, expected="one series (sample, channel)", repair=repair)


def _has_spikes(nwb: Any) -> bool:
    return nwb.units is not None and len(nwb.units) > 0 and "spike_times" in nwb.units.colnames


def _from_units(nwb: Any, path: Path, options: NwbOptions) -> xr.DataArray:
    if not _has_spikes(nwb):
        raise BadInput(f"'{path.name}'", got="no units with spike times", expected="a Units table", repair="")
    table = nwb.units
    times = [np.asarray(table.get_unit_spike_times(i), dtype=np.float64) for i in range(len(table))]
    dt = 0.01 if options.dt is None else float(options.dt)
    labels: dict[str, npt.NDArray[Any]] = {}
    if options.whole:
        last = max((float(t.max()) for t in times if len(t)), default=0.0)
        events = np.zeros(1)
        window = options.window or (0.0, (np.floor(last / dt) + 1) * dt)
    else:
        events, labels = _events(nwb, path, options.align_to)
        kept = np.isfinite(events)
        if not kept.all() and not options.drop:
            raise _without_event(options.align_to, kept)
        window = options.window or fit_window(_shortest(nwb, options.align_to, kept), dt)
        events, labels = events[kept], {name: column[kept] for name, column in labels.items()}
    unit = _table_labels(table, skip=("spike_times", "obs_intervals", "waveform_mean", "waveform_sd", "waveforms"))
    unit.pop("unit", None)
    if "electrodes" in table.colnames and "region" not in unit:
        unit["region"] = np.array([_location(table, i) for i in range(len(table))], dtype=object)
    labels.pop("event_time", None)
    names = [str(i) for i in table.id[:]]
    return bin_spikes(
        spike_trains(times, names), events, window, dt, trial=labels, unit=unit, source=_source(nwb, path)
    )


def _from_series(nwb: Any, name: str, item: Any, path: Path, options: NwbOptions) -> xr.DataArray:
    stamps = None if item.timestamps is None else np.asarray(item.timestamps[:], dtype=np.float64)
    start = 0.0 if item.starting_time is None else float(item.starting_time)
    rate = None if item.rate is None else float(item.rate)
    series = Series(item.data, start, rate, stamps, name)
    width = series.period if options.dt is None else float(options.dt)
    labels: dict[str, npt.NDArray[Any]] = {}
    if options.whole:
        low, high = series.span
        events = np.array([low])
        window = options.window or fit_window(high - low, width)
    else:
        events, labels = _events(nwb, path, options.align_to)
        window = options.window or fit_window(_shortest(nwb, options.align_to, np.isfinite(events)), width)
    piece = cut(series, events, window, dt=options.dt, drop=options.drop)
    values = piece.values * _conversion(item) + float(getattr(item, "offset", 0.0) or 0.0)
    quantity, unit = _describe(item)
    return make_responses(
        values.astype(np.result_type(piece.values.dtype, np.float32), copy=False),
        dt=piece.dt,
        time=piece.time + (events[0] if options.whole else 0.0),
        trial={"event_time": events[piece.kept], **{n: c[piece.kept] for n, c in labels.items()}},
        unit=unit,
        quantity=quantity,
        units=str(item.unit),
        source=_source(nwb, path),
    )


def _conversion(item: Any) -> Any:
    factor = float(item.conversion)
    channels = getattr(item, "channel_conversion", None)
    return factor if channels is None else factor * np.asarray(channels[:], dtype=np.float64)


def _describe(item: Any) -> tuple[str, dict[str, Any]]:
    """Return the quantity of a series and the labels of its channels."""
    kind, n = type(item).__name__, 1 if len(np.shape(item.data)) == 1 else int(np.shape(item.data)[1])
    region = getattr(item, "rois", None) if kind == "RoiResponseSeries" else getattr(item, "electrodes", None)
    labels: dict[str, Any] = {}
    if region is not None and len(region.data) == n:
        rows = np.asarray(region.data[:], dtype=np.int64)
        everything = _table_labels(region.table, skip=("pixel_mask", "voxel_mask", "image_mask", "group"))
        labels = {name: column[rows] for name, column in everything.items() if name != "unit"}
        ids = [str(i) for i in np.asarray(region.table.id[:])[rows]]
        labels["unit"] = ids if len(set(ids)) == n else [str(i) for i in range(n)]
        if "location" in labels and "region" not in labels:
            labels["region"] = labels["location"]
    parent = type(item.parent).__name__ if item.parent is not None else ""
    quantity = {"ElectricalSeries": "lfp", "SpatialSeries": "position"}.get(kind, "other")
    return ("df_over_f" if parent == "DfOverF" else quantity), labels


def _events(nwb: Any, path: Path, align_to: str) -> tuple[FloatArray, dict[str, npt.NDArray[Any]]]:
    """Return the time of the event in each trial, and the trials' labels."""
    if nwb.trials is None or len(nwb.trials) == 0:
        raise BadFile(
            f"'{path}'",
            got="no trials table" if nwb.trials is None else "an empty trials table",
            expected="trials to cut the recording by",
            repair="Pass whole=True for one long trial, or add trials with pynwb (NWBFile.add_trial).",
        )
    labels = _table_labels(nwb.trials, skip=("timeseries", "timeseries_index", "tags", "tags_index"))
    numbers = [name for name, column in labels.items() if column.dtype.kind == "f"]
    if align_to not in numbers:
        raise BadInput(
            f"trials of '{path.name}'",
            got=f"no column '{align_to}' in seconds",
            expected=f"one of {', '.join(numbers)}",
            repair="Pass align_to='...'.",
        )
    labels["trial"] = np.asarray(nwb.trials.id[:], dtype=np.int64)
    for taken in ("time", "unit"):
        if taken in labels:
            labels[f"trial_{taken}"] = labels.pop(taken)
    return labels[align_to].astype(np.float64), labels


def _shortest(nwb: Any, align_to: str, kept: npt.NDArray[np.bool_]) -> float:
    stops = np.asarray(nwb.trials["stop_time"][:], dtype=np.float64)
    lengths = (stops - np.asarray(nwb.trials[align_to][:], dtype=np.float64))[kept]
    return float(np.nanmin(lengths)) if len(lengths) else float("nan")


def _without_event(align_to: str, kept: npt.NDArray[np.bool_]) -> BadInput:
    missing = np.flatnonzero(~kept)
    return BadInput(
        f"alignment at '{align_to}'",
        got=f"{len(missing)} of {len(kept)} trials without it, first {missing[0]}",
        expected="a time in every trial",
        repair="Pass drop=True to leave them out.",
    )


def _table_labels(table: Any, skip: tuple[str, ...]) -> dict[str, npt.NDArray[Any]]:
    """Return the columns of a table that hold one number, bool or text for each row."""
    labels: dict[str, npt.NDArray[Any]] = {}
    for name in table.colnames:
        column = table[name]
        if (
            name in skip
            or not hasattr(column, "data")
            or type(column).__name__ in ("VectorIndex", "DynamicTableRegion")
        ):
            continue
        values = np.asarray(column.data[:])
        if values.ndim != 1 or len(values) != len(table):
            continue
        if values.dtype.kind == "O":
            values = np.array([v.decode() if isinstance(v, bytes) else v for v in values], dtype=object)
            if not all(isinstance(v, str) for v in values):
                continue
        if values.dtype.kind in "fiubUTO":
            labels[name] = values.astype(object) if values.dtype.kind in "UT" else values
    return labels


def _location(units: Any, row: int) -> str:
    """Return where a unit's first electrode is."""
    electrodes = units["electrodes"][row]
    return str(electrodes["location"].iloc[0]) if len(electrodes) else ""


def _source(nwb: Any, path: Path) -> str:
    return str(nwb.identifier or path.name)


def _is_ours(nwb: Any) -> bool:
    module = nwb.processing.get(MODULE) if MODULE in nwb.processing else None
    return module is not None and SERIES in module.data_interfaces


def _ours(nwb: Any) -> xr.DataArray:
    module = nwb.processing[MODULE]
    series = module[SERIES]
    meta = json.loads(series.comments)
    first, time, unit = meta["dims"]
    labels: dict[tuple[str, str], npt.NDArray[Any]] = {}
    for dim, table in ((first, nwb.trials), (time, module["bins"]), (unit, module["units"])):
        for label, column in meta["columns"][dim].items():
            values = np.asarray(table[column].data[:])
            if values.dtype.kind == "O":
                values = np.array([v.decode() if isinstance(v, bytes) else str(v) for v in values], dtype=object)
            labels[dim, label] = values
    labels |= {("", name): np.asarray(value) for name, value in meta["table"].items()}
    values = series.data[:].astype(meta["dtype"], copy=False)
    return put_together(Pieces(values, (first, time, unit), labels, meta["attrs"], meta["name"]))
