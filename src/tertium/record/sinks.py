"""Where recorded numbers go: into memory, or batch by batch into a zarr store."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import xarray as xr

from tertium.data.formats.zarr_write import ZarrWriter, template
from tertium.data.responses import validate
from tertium.record.planning import RecordingPlan

#: Bytes of one chunk on disk, before compression.
CHUNK_BYTES = 4 * 2**20


class Sink(Protocol):
    """Takes batches of (trial, time, unit), in any order, and gives responses when all are in."""

    def write(self, start: int, values: npt.NDArray[Any]) -> None:
        """Take the trials from ``start`` on."""

    def result(self) -> xr.DataArray:
        """Return the responses; called after the ``with`` block."""

    def __enter__(self) -> Sink: ...

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class MemorySink:
    """Collects batches in one array.

    Parameters
    ----------
    labels : xarray.DataArray
        Labels of the recording, see `labels_of`.
    dtype : numpy.dtype
        Of the numbers.
    """

    def __init__(self, labels: xr.DataArray, dtype: np.dtype[Any]) -> None:
        self._labels = labels
        self._values = np.empty(labels.shape, dtype=dtype)

    def write(self, start: int, values: npt.NDArray[Any]) -> None:
        """Take the trials from ``start`` on."""
        self._values[start : start + len(values)] = values

    def result(self) -> xr.DataArray:
        """Return the responses, checked for NaN and infinite values."""
        return validate(self._labels.copy(deep=False, data=self._values))

    def __enter__(self) -> MemorySink:
        return self

    def __exit__(self, kind: Any, value: Any, trace: Any) -> None:
        return None


class ZarrSink:
    """Streams batches into a zarr store, which appears when it is complete.

    Parameters
    ----------
    path : path
        Of the store.
    labels : xarray.DataArray
        Labels of the recording.
    planned : RecordingPlan
        Gives type and batch size; a chunk holds one batch, so that no chunk is written twice.
    """

    def __init__(self, path: str | os.PathLike[str], labels: xr.DataArray, planned: RecordingPlan) -> None:
        self._path = Path(path)
        per_unit = planned.batch_size * planned.n_times * planned.dtype.itemsize
        chunks = (
            min(planned.batch_size, planned.n_trials),
            planned.n_times,
            min(planned.n_units, max(1, CHUNK_BYTES // per_unit)),
        )
        self._writer = ZarrWriter(path, labels, dtype=planned.dtype, chunks=chunks)

    def write(self, start: int, values: npt.NDArray[Any]) -> None:
        """Take the trials from ``start`` on."""
        self._writer.write(start, values)

    def result(self) -> xr.DataArray:
        """Return the responses, opened lazily."""
        from tertium.data.formats.zarr_read import load_zarr

        return load_zarr(self._path)

    def __enter__(self) -> ZarrSink:
        self._writer.__enter__()
        return self

    def __exit__(self, kind: Any, value: Any, trace: Any) -> None:
        self._writer.__exit__(kind, value, trace)


def labels_of(planned: RecordingPlan, trial: Mapping[str, Any] | None, dt: float, cite: str) -> xr.DataArray:
    """Return the labels of a recording: its shape, coordinates and attributes, with numbers that take no memory."""
    return template(
        (planned.n_trials, planned.n_times, planned.n_units),
        dt=dt,
        trial=trial,
        unit=planned.unit_labels(),
        quantity="activation",
        source=planned.source,
        cite=cite,
    )


def open_sink(planned: RecordingPlan, labels: xr.DataArray, to: str | os.PathLike[str] | None) -> Sink:
    """Return the sink that ``to`` stands for: memory for None, else a zarr store at that path."""
    return MemorySink(labels, planned.dtype) if to is None else ZarrSink(to, labels, planned)
