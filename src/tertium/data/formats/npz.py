"""Responses in a zip of NumPy arrays (.npz), ours or anybody's; nothing in it is ever unpickled."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from tertium.data.formats.parts.arrays import ArrayOptions, Choice, from_arrays
from tertium.data.formats.parts.atomic import replacing
from tertium.data.formats.parts.columns import Pieces, put_together, take_apart
from tertium.errors import BadFile, BadInput

_META = "tertium"


def save_npz(responses: xr.DataArray, path: str | os.PathLike[str], *, overwrite: bool = True) -> Path:
    """Save responses as ``responses`` and one array a label, named ``trial.stimulus`` and so on; text as unicode.

    Parameters
    ----------
    responses : xarray.DataArray, dims (trial, time, unit)
        What to save.
    path : path
        Ends in ``.npz``.
    overwrite : bool
        Whether a file that is there may be replaced.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    BadInput
        If a label or an attribute cannot be stored.
    """
    pieces = take_apart(responses)
    for (_, label), column in pieces.labels.items():
        if column.dtype.kind == "O" and any(text.endswith("\0") for text in column.ravel()):
            raise BadInput(
                f"label '{label}'",
                got="text that ends in a null character",
                expected="text that a NumPy file keeps",
                repair="Strip it, or save as .zarr.",
            )
    columns = {
        f"{dim or 'table'}.{name}": column.astype(str) if column.dtype.kind == "O" else column
        for (dim, name), column in pieces.labels.items()
    }
    meta = json.dumps({"dims": pieces.dims, "attrs": dict(pieces.attrs), "name": pieces.name})
    with replacing(path, overwrite=overwrite) as temporary, temporary.open("wb") as file:
        np.savez_compressed(
            file, allow_pickle=False, **{"responses": pieces.values, _META: np.asarray(meta)}, **columns
        )
    return Path(path)


def load_npz(
    path: str | os.PathLike[str],
    *,
    values: str | None = None,
    dims: Sequence[str] | None = None,
    trial: Choice = None,
    unit: Choice = None,
    time: str | npt.ArrayLike | None = None,
    dt: float | None = None,
    quantity: str = "other",
    source: str = "",
    cite: str = "",
) -> xr.DataArray:
    """Load responses from a ``.npz`` file, ours or anybody's.

    Parameters
    ----------
    path : path
        The file.
    values, dims, trial, unit, time, dt, quantity, source, cite
        For files not written by tertium: which array is what, see `ArrayOptions`. Without them, the numbers are
        the array called "responses", "values", "X", ..., or the only one with two or three dimensions; labels are
        found by their length.

    Returns
    -------
    xarray.DataArray, dims (trial, time, unit)

    Raises
    ------
    BadFile
        If the file is damaged or holds pickled objects.
    BadInput
        If it cannot be told which array is what.
    """
    arrays = read_npz(path)
    options = ArrayOptions(values, dims, trial, unit, time, dt, quantity, source, cite)
    if _META in arrays and options == ArrayOptions():
        meta = json.loads(str(arrays[_META]))
        labels = {}
        for key, column in arrays.items():
            if key not in ("responses", _META):
                dim, _, name = key.partition(".")
                labels["" if dim == "table" else dim, name] = column
        return put_together(Pieces(arrays["responses"], tuple(meta["dims"]), labels, meta["attrs"], meta["name"]))
    return from_arrays(arrays, options, Path(path).name)


def read_npz(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return all arrays of a ``.npz`` file by name; see `load_npz` for what is raised."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: _array(file, name, Path(path)) for name in file.files}
    except (zipfile.BadZipFile, EOFError, OSError) as problem:
        raise BadFile(
            f"'{path}'", got=f"a damaged file ({problem})", expected="a whole .npz", repair="Was it copied completely?"
        ) from problem


def _array(file: Any, name: str, path: Path) -> Any:
    try:
        return file[name]
    except ValueError as problem:
        pickled = "allow_pickle" in str(problem)
        raise BadFile(
            f"array '{name}' of '{path.name}'",
            got="pickled objects, which may run any program when read" if pickled else f"damage ({problem})",
            expected="numbers or text",
            repair="Save it as text: numpy.asarray(x, dtype=str)." if pickled else "Was it copied completely?",
        ) from problem
