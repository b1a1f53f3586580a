"""Responses to an NWB file that `pynwb.validate` accepts, that others can read, and that reads back equal.

The numbers are a `TimeSeries` with all trials one after another and a time stamp for each sample; trial labels are the
columns of the `trials` table, unit and time labels are tables in the processing module "tertium". What NWB has no place
for (dimension names, attributes) is one line of JSON in the series' comments.
"""

from __future__ import annotations

import datetime
import json
import os
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from tertium.data.formats.parts.atomic import replacing
from tertium.data.formats.parts.columns import Pieces, take_apart
from tertium.errors import BadInput

MODULE, SERIES = "tertium", "responses"

#: Column names that NWB tables keep for themselves.
_RESERVED = frozenset(
    ("id", "name", "description", "colnames", "columns", "start_time", "stop_time", "tags", "timeseries")
)


def save_nwb(
    responses: xr.DataArray,
    path: str | os.PathLike[str],
    *,
    session_description: str = "",
    session_start: datetime.datetime | None = None,
    identifier: str = "",
    overwrite: bool = True,
) -> Path:
    """Save responses as an NWB file.

    Parameters
    ----------
    responses : xarray.DataArray, dims (trial, time, unit)
        What to save. Where trials have labels ``start_time`` and ``stop_time`` (seconds, trials in order and not
        overlapping), those are the trials' times; otherwise trials are laid one after another.
    path : path
        Ends in ``.nwb``.
    session_description : str
        One sentence; the responses' ``source`` if not given.
    session_start : datetime, optional
        When the recording began. NWB wants one; 1970-01-01 UTC stands for unknown.
    identifier : str
        Globally unique name of the file; a random one if not given.
    overwrite : bool
        Whether a file that is there may be replaced.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    BadInput
        If a label or attribute cannot be stored.
    """
    from pynwb import NWBHDF5IO, NWBFile

    pieces = take_apart(responses)
    unknown = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    start = session_start or unknown
    file = NWBFile(
        session_description=session_description or str(pieces.attrs.get("source") or "responses"),
        identifier=identifier or str(uuid.uuid4()),
        session_start_time=start if start.tzinfo else start.replace(tzinfo=datetime.UTC),
    )
    starts, stops, own_times = trial_times(pieces)
    columns = {dim: column_names(pieces, dim) for dim in pieces.dims}
    first, time, unit = pieces.dims
    _add_trials(file, pieces, columns[first], starts, stops, own_times)
    module = file.create_processing_module(MODULE, "Responses of units in trials, and their labels")
    for dim, table in ((unit, "units"), (time, "bins")):
        module.add(_table(table, f"Labels along '{dim}'", pieces.along(dim), columns[dim]))
    meta = {
        "dims": pieces.dims,
        "attrs": dict(pieces.attrs),
        "name": pieces.name,
        "dtype": str(pieces.values.dtype),
        "columns": columns,
        "own_times": own_times,
        "table": {name: column.reshape(()).item() for name, column in pieces.along("").items()},
    }
    module.add(_series(pieces, starts, json.dumps(meta)))
    with replacing(path, overwrite=overwrite) as temporary, NWBHDF5IO(str(temporary), "w") as out:
        out.write(file)
    return Path(path)


def trial_times(pieces: Pieces) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], bool]:
    """Return when each trial starts and stops, in seconds, and whether the trials' own labels say so."""
    first, time, _ = pieces.dims
    labels, bins = pieces.along(first), pieces.labels[time, time].astype(np.float64)
    length = float(bins[-1] - bins[0]) + float(pieces.attrs["dt"])
    if {"start_time", "stop_time"} <= set(labels):
        starts, stops = labels["start_time"], labels["stop_time"]
        numeric = starts.dtype == stops.dtype == np.float64
        # time stamps must increase through the file: each trial's bins end before the next trial's begin
        if numeric and (np.diff(starts) >= length - 1e-9).all() and np.isfinite([starts, stops]).all():
            return starts, stops, True
    starts = np.arange(pieces.values.shape[0]) * length - bins[0]
    return starts, starts + bins[0] + length, False


def column_names(pieces: Pieces, dim: str) -> dict[str, str]:
    """Return label -> the column that holds it; names that NWB keeps for itself get a prefix."""
    names: dict[str, str] = {}
    for label in pieces.along(dim):
        safe = label.replace("/", "_").replace(".", "_").replace(":", "_") or "label"
        while safe in _RESERVED or safe in names.values():
            safe = f"label_{safe}"
        names[label] = safe
    return names


def _add_trials(
    file: Any,
    pieces: Pieces,
    columns: dict[str, str],
    starts: npt.NDArray[np.float64],
    stops: npt.NDArray[np.float64],
    own_times: bool,
) -> None:
    labels = pieces.along(pieces.dims[0])
    kept = {
        label: column for label, column in columns.items() if not (own_times and label in ("start_time", "stop_time"))
    }
    for label in list(columns):
        if label not in kept:
            columns[label] = label
    for begin, end in zip(starts.tolist(), stops.tolist(), strict=True):
        file.add_trial(start_time=begin, stop_time=end)
    for label, column in kept.items():
        file.add_trial_column(name=column, description=f"label '{label}'", data=_plain(labels[label], label))


def _table(name: str, description: str, labels: dict[str, npt.NDArray[Any]], columns: dict[str, str]) -> Any:
    from hdmf.common import DynamicTable, VectorData

    data = [
        VectorData(name=columns[label], description=f"label '{label}'", data=_plain(column, label))
        for label, column in labels.items()
    ]
    return DynamicTable(name=name, description=description, columns=data, colnames=[c.name for c in data])


def _series(pieces: Pieces, starts: npt.NDArray[np.float64], comments: str) -> Any:
    from pynwb import TimeSeries

    bins = pieces.labels[pieces.dims[1], pieces.dims[1]].astype(np.float64)
    n_units = pieces.values.shape[2]
    # NWB has no bool and no half precision for samples; the kind is noted, so that reading gives it back
    kinds: dict[str, type[np.generic]] = {"bool": np.uint8, "float16": np.float32}
    values = pieces.values.astype(kinds.get(str(pieces.values.dtype), pieces.values.dtype), copy=False)
    return TimeSeries(
        name=SERIES,
        description=f"{pieces.attrs.get('quantity', 'responses')}, trials one after another; a column for each unit",
        comments=comments,
        data=np.ascontiguousarray(values).reshape(-1, n_units),
        timestamps=(starts[:, None] + bins).ravel(),
        unit=str(pieces.attrs.get("units") or "1"),
    )


def _plain(column: npt.NDArray[Any], label: str) -> Any:
    if column.dtype.kind != "O":
        return column
    if any("\x00" in text for text in column):
        raise BadInput(
            f"label '{label}'", got="text with a NUL character", expected="text that HDF5 can hold", repair=""
        )
    return column.tolist()
