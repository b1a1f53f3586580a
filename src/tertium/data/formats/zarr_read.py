"""Responses from a zarr store, opened lazily: labels at once, numbers when they are asked for."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from xarray.backends import BackendArray, BackendEntrypoint
from xarray.core import indexing

from tertium.data.formats.zarr_write import MARK, VALUES, inventory
from tertium.data.responses import validate
from tertium.errors import BadFile, BadInput


def load_zarr(path: str | os.PathLike[str], *, values: str | None = None, lazy: bool = True) -> xr.DataArray:
    """Open responses in a zarr store.

    Parameters
    ----------
    path : path
        A store written by tertium (2 or 3), or by xarray with dims (trial, time, unit).
    values : str, optional
        The array to read, where a store not written by tertium holds several.
    lazy : bool
        Read numbers only when they are asked for; otherwise at once.

    Returns
    -------
    xarray.DataArray, dims (trial, time, unit)

    Raises
    ------
    BadFile
        If this is no zarr store, or a chunk is missing, cut short or damaged (the last is found when it is read).
    """
    path = Path(path)
    group = _open_group(path)
    if VALUES in group and MARK in group.attrs:
        _check_complete(path, dict(group.attrs[MARK]))
        dataset = xr.open_dataset(path, engine=_Entrypoint, chunks=None)
        responses = dataset[VALUES]
    else:
        if "schema" in (group[VALUES].attrs if VALUES in group else {}) and values is None:
            raise _incomplete(path, "a store that was never completed")
        responses = _foreign(path, values)
    # validate without reading the numbers: they were looked at when they were written
    responses = validate(responses, finite=False)
    return responses if lazy else validate(responses.load())


class _Chunks(BackendArray):
    """The numbers of a store; xarray asks for parts of it."""

    def __init__(self, array: Any, path: Path) -> None:
        self.array, self.path = array, path
        self.shape: tuple[int, ...] = array.shape
        self.dtype: np.dtype[Any] = array.dtype

    def __getitem__(self, key: indexing.ExplicitIndexer) -> npt.NDArray[Any]:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.OUTER, self._read)

    def _read(self, key: tuple[Any, ...]) -> npt.NDArray[Any]:
        try:
            return np.asarray(self.array.oindex[key])
        except (ValueError, RuntimeError, OSError) as problem:
            raise _incomplete(self.path, f"a chunk that cannot be read ({problem})") from problem


class _Entrypoint(BackendEntrypoint):
    """How xarray opens our stores; handing it over keeps xarray's own laziness, caching and copy on write."""

    def open_dataset(self, filename_or_obj: Any, *, drop_variables: Any = None) -> xr.Dataset:
        path = Path(filename_or_obj)
        group = _open_group(path)
        variables: dict[str, xr.Variable] = {}
        for name, array in group.arrays():
            dims = tuple(array.metadata.dimension_names or ())
            if name == VALUES:
                chunks = dict(zip(dims, array.chunks, strict=True))
                attrs = {k: v for k, v in array.attrs.items() if k != "coordinates"}
                lazy = indexing.LazilyIndexedArray(_Chunks(array, path))
                variables[name] = xr.Variable(dims, lazy, attrs, {"preferred_chunks": chunks})
            else:
                variables[name] = xr.Variable(dims, _label(array, path))
        order = str(group[VALUES].attrs.get("coordinates", "")).split(" ")
        values = variables.pop(VALUES)
        named = [d for d in values.dims if d in variables] + [n for n in order if n in variables]
        return xr.Dataset({VALUES: values}, coords={name: variables[str(name)] for name in named})


def _label(array: Any, path: Path) -> npt.NDArray[Any]:
    try:
        column = np.asarray(array[...])
    except (ValueError, RuntimeError, OSError) as problem:
        raise _incomplete(path, f"a label that cannot be read ({problem})") from problem
    return column.astype(object) if column.dtype.kind in "UT" else column


def _open_group(path: Path) -> Any:
    import zarr

    try:
        return zarr.open_group(path, mode="r")
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise BadFile(
            f"'{path}'",
            got="a folder without a readable zarr.json" if path.is_dir() else "no folder",
            expected="a zarr store with responses",
            repair="Was it copied completely?",
        ) from problem


def _check_complete(path: Path, mark: dict[str, Any]) -> None:
    files, size = inventory(path)
    if files != mark["files"]:
        raise _incomplete(path, f"{files} of {mark['files']} files")
    if size != mark["bytes"]:
        raise _incomplete(path, f"{size} of {mark['bytes']} bytes")


def _incomplete(path: Path, got: str) -> BadFile:
    return BadFile(
        f"'{path}'",
        got=got,
        expected="a complete zarr store, as it was saved",
        repair="It was cut short or changed: copy it again, or make it again.",
    )


def _foreign(path: Path, values: str | None) -> xr.DataArray:
    """Open a store that xarray wrote; the array is the one named, or the only one with units."""
    try:
        dataset = xr.open_dataset(path, engine="zarr", chunks=None, backend_kwargs={"consolidated": False})
    except (OSError, ValueError, KeyError) as problem:
        raise BadFile(
            f"'{path}'", got=f"a store that xarray cannot open ({problem})", expected="responses"
        ) from problem
    names = [values] if values else [str(n) for n, v in dataset.data_vars.items() if "unit" in v.dims and v.ndim == 3]
    if len(names) != 1 or names[0] not in dataset.data_vars:
        raise BadInput(
            f"'{path.name}'",
            got=f"the arrays {', '.join(map(str, dataset.data_vars)) or '(none)'}",
            expected="one array with dims (trial, time, unit)" if not values else f"an array '{values}'",
            repair="Name it: values='...'.",
        )
    array = dataset[names[0]]
    for name in array.coords:
        if array[name].dtype.kind in "UT":
            array = array.assign_coords({name: array[name].astype(object)})
    return array
