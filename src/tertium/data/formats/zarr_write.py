"""Responses to a zarr 3 store, whole or batch by batch; a store only gets its name when it is complete."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from tertium.data.formats.parts.atomic import check_target, put, temporary_name
from tertium.data.responses import Labels, check_finite, make_responses, validate
from tertium.errors import BadInput

#: Name of the array of numbers, and of the group attribute that says the store is complete.
VALUES, MARK = "responses", "tertium"

#: Bytes of one chunk, before compression, and how many units it holds at most.
CHUNK_BYTES, CHUNK_UNITS = 4 * 2**20, 512


def template(
    shape: tuple[int, int, int],
    *,
    dt: float = 1.0,
    trial: Labels | None = None,
    unit: Labels | None = None,
    time: npt.ArrayLike | None = None,
    quantity: str = "activation",
    source: str = "",
    units: str | None = None,
    cite: str = "",
    attrs: Mapping[str, Any] | None = None,
) -> xr.DataArray:
    """Make the labels of a table whose numbers do not exist yet; it takes no memory for them.

    Parameters
    ----------
    shape : tuple (trials, times, units)
        The size the table will have.
    dt, trial, unit, time, quantity, source, units, cite
        As in `make_responses`.
    attrs : mapping, optional
        Further attributes.

    Returns
    -------
    xarray.DataArray, dims (trial, time, unit)
        All zeros, one byte for all of them. For `ZarrWriter`.

    Raises
    ------
    BadInput
        As `make_responses`.

    Examples
    --------
    >>> template((10**6, 10**3, 10**5), dt=0.01, unit={"layer": "conv1"}).shape
    (1000000, 1000, 100000)
    """
    nothing = np.broadcast_to(np.int8(0), shape)
    made = make_responses(
        nothing, dt=dt, trial=trial, unit=unit, time=time, quantity=quantity, source=source, units=units, cite=cite
    )
    made.attrs.update(attrs or {})
    return made


class ZarrWriter:
    """Write responses to a zarr store batch by batch, for tables larger than memory.

    The store is written under a hidden temporary name and gets its own name in `close`, after a check that every trial
    was written: what can be opened is complete. Used in a ``with`` block, an exception removes what was written.

    Parameters
    ----------
    path : path
        Where the store is to be, ``something.zarr``.
    labels : xarray.DataArray, dims (trial, time, unit)
        Its shape, labels and attributes are taken, its numbers are not: see `template`.
    dtype : dtype
        Of the numbers on disk.
    chunks : tuple (trials, times, units), optional
        Shape of a chunk. By default all times, at most 512 units and as many trials as make some 4 MB. A write that
        covers part of a chunk has to read it again, so batches of a multiple of ``chunks[0]`` trials are fastest.
    overwrite : bool
        Whether a store that is there may be replaced.

    Raises
    ------
    BadInput
        If labels or attributes cannot be stored, numbers do not fit or are not finite, or trials are missing at
        the end.

    Examples
    --------
    >>> import numpy as np, tempfile, tertium as tt
    >>> folder = tempfile.TemporaryDirectory()
    >>> with ZarrWriter(folder.name + "/r.zarr", template((4, 1, 3))) as writer:
    ...     writer.write(0, np.ones((2, 1, 3)))
    ...     writer.write(2, np.zeros((2, 1, 3)))
    >>> tt.data.load(folder.name + "/r.zarr").values[:, 0, 0].tolist()
    [1.0, 1.0, 0.0, 0.0]
    >>> folder.cleanup()
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        labels: xr.DataArray,
        *,
        dtype: npt.DTypeLike = np.float32,
        chunks: tuple[int, int, int] | None = None,
        overwrite: bool = True,
    ) -> None:
        import zarr

        validate(labels, finite=False)
        self.path = Path(path)
        check_target(self.path, overwrite=overwrite, folder=True)
        kind = np.dtype(dtype)
        if kind.kind not in "fiub":
            raise BadInput("dtype", got=str(kind), expected="real numbers", repair="Pass dtype='float32'.")
        columns = {str(name): storable(str(name), coord) for name, coord in labels.coords.items()}
        self._temporary = temporary_name(self.path)
        self._first = str(labels.dims[0])
        self._rows, self._units = np.asarray(columns[self._first]), np.asarray(columns["unit"])
        self._written = np.zeros(labels.shape[0], dtype=bool)
        self._open = True
        attributes = plain_attrs(labels.attrs)
        try:
            self._group = zarr.create_group(self._temporary, zarr_format=3)
            self._values = self._array(VALUES, labels.dims, labels.shape, kind, chunks or default_chunks(labels, kind))
            others = [name for name in columns if name not in labels.dims]
            self._values.attrs.update({**attributes, "coordinates": " ".join(others)})
            for name, column in columns.items():
                dims = labels[name].dims
                text = column.dtype.kind == "O"
                stored = self._array(name, dims, column.shape, str if text else column.dtype, column.shape)
                stored[...] = column
        except BaseException:
            self.abort()
            raise

    def _array(
        self, name: str, dims: tuple[Any, ...], shape: tuple[int, ...], dtype: Any, chunks: tuple[int, ...]
    ) -> Any:
        from zarr.codecs import BloscCodec, Crc32cCodec

        # the checksum finds a damaged chunk; chunks of zeros are written too, so that a missing one is a missing one
        codecs = [] if dtype is str else [BloscCodec(cname="zstd", clevel=1, shuffle="shuffle"), Crc32cCodec()]
        return self._group.create_array(
            name,
            shape=shape,
            chunks=tuple(max(1, c) for c in chunks),
            dtype=dtype,
            dimension_names=[str(d) for d in dims],
            compressors=codecs or "auto",
            config={"write_empty_chunks": True},
        )

    def write(self, start: int, values: npt.ArrayLike) -> None:
        """Write the trials ``start, start + 1, ...``; ``values`` has shape (trial, time, unit) or (trial, unit)."""
        block = np.asarray(values)
        n, n_times, n_units = self._values.shape
        if block.ndim == 2 and n_times == 1:
            block = block[:, None, :]
        if block.ndim != 3 or block.shape[1:] != (n_times, n_units) or not 0 <= start <= n - len(block):
            raise BadInput(
                f"batch at {self._first} {start}",
                got=f"shape {block.shape}",
                expected=f"(at most {max(0, n - start)}, {n_times}, {n_units})",
                repair=f"'{self.path.name}' was begun for {n} {self._first}s.",
            )
        stop = start + len(block)
        check_finite(block, self._rows[start:stop], self._units, self._first)
        self._values[start:stop] = block.astype(self._values.dtype, copy=False)
        self._written[start:stop] = True

    def close(self) -> Path:
        """Complete the store and give it its name; the path is returned."""
        if not self._open:
            return self.path
        if not self._written.all():
            missing = np.flatnonzero(~self._written)
            self.abort()
            raise BadInput(
                f"'{self.path.name}'",
                got=f"{len(missing)} of {len(self._written)} {self._first}s never written, first {missing[0]}",
                expected="every one",
                repair="Nothing was saved.",
            )
        try:
            files, size = inventory(self._temporary)
            self._group.attrs[MARK] = {"complete": True, "files": files, "bytes": size}
            put(self._temporary, self.path)
        except BaseException:
            self.abort()
            raise
        self._open = False
        return self.path

    def abort(self) -> None:
        """Remove what was written."""
        if self._open:
            self._open = False
            shutil.rmtree(self._temporary, ignore_errors=True)

    def __enter__(self) -> ZarrWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()


def save_zarr(
    responses: xr.DataArray,
    path: str | os.PathLike[str],
    *,
    chunks: tuple[int, int, int] | None = None,
    overwrite: bool = True,
) -> Path:
    """Save responses to a zarr 3 store, chunked by trial and unit; see `ZarrWriter`.

    Parameters
    ----------
    responses : xarray.DataArray, dims (trial, time, unit)
        Possibly opened lazily: it is copied piece by piece.
    path : path
        Where the store is to be.
    chunks : tuple (trials, times, units), optional
        Shape of a chunk.
    overwrite : bool
        Whether a store that is there may be replaced.

    Returns
    -------
    pathlib.Path
    """
    with ZarrWriter(path, responses, dtype=responses.dtype, chunks=chunks, overwrite=overwrite) as writer:
        rows = writer._values.chunks[0]
        size = max(1, int(np.prod(responses.shape[1:])) * responses.dtype.itemsize * rows)
        step = rows * max(1, 64 * 2**20 // size)
        for start in range(0, responses.shape[0], step):
            writer.write(start, responses[start : start + step].values)
    return Path(path)


def default_chunks(labels: xr.DataArray, dtype: npt.DTypeLike) -> tuple[int, int, int]:
    """Return the shape of a chunk of some 4 MB: whole time courses of up to 512 units, as many trials as fit."""
    n, n_times, n_units = labels.shape
    budget = max(1, CHUNK_BYTES // np.dtype(dtype).itemsize)
    times = min(n_times, budget)
    units = max(1, min(n_units, CHUNK_UNITS, budget // times))
    return max(1, min(n, budget // (times * units))), times, units


def inventory(path: Path) -> tuple[int, int]:
    """Return how many files a store has and how many bytes they hold, leaving out the root's own metadata."""
    files = size = 0
    for folder, _, names in os.walk(path):
        for name in names:
            if name.startswith(".") or (name == "zarr.json" and Path(folder) == path):
                continue
            files += 1
            size += os.path.getsize(os.path.join(folder, name))
    return files, size


def plain_attrs(attrs: Mapping[Any, Any]) -> dict[str, Any]:
    """Return attributes as JSON can hold them; raise `BadInput` naming the one that cannot be held."""
    import json

    plain: dict[str, Any] = {}
    for name, value in attrs.items():
        held = value.item() if isinstance(value, np.generic) else value
        held = held.tolist() if isinstance(held, np.ndarray) else held
        held = list(held) if isinstance(held, tuple) else held
        try:
            json.dumps(held)
        except TypeError as problem:
            raise BadInput(
                f"attribute '{name}'",
                got=f"a {type(value).__name__}",
                expected="text, numbers, or lists and mappings of these",
                repair="Write it as text.",
            ) from problem
        plain[str(name)] = held
    return plain


def storable(name: str, coord: xr.DataArray) -> npt.NDArray[Any]:
    """Return a label as numbers, bool or text (as objects); nothing else survives a file."""
    values = np.asarray(coord.values)
    if values.dtype.kind in "fiub":
        return values
    if values.dtype.kind in "UT":
        return values.astype(object)
    if values.dtype.kind == "O" and all(isinstance(v, str) for v in values.ravel()):
        return values
    kinds = sorted({type(v).__name__ for v in values.ravel()}) if values.dtype.kind == "O" else [str(values.dtype)]
    raise BadInput(
        f"label '{name}'",
        got=f"values of type {' and '.join(kinds)}",
        expected="all numbers, all bool or all text",
        repair="Convert it, for instance with .astype(str), or drop it with responses.drop_vars.",
    )
