"""MATLAB v7.3 files: HDF5 with the dimensions reversed and cells and structures behind references."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tertium.errors import BadFile


def read_mat73(path: Path, names: Sequence[str] | None = None) -> dict[str, Any]:
    """Read the variables of a v7.3 file; see `read_mat` for what they become.

    Parameters
    ----------
    path : path
        The file.
    names : sequence of str, optional
        The variables to read; all if not given.

    Returns
    -------
    dict of str to object

    Raises
    ------
    BadFile
        If the file is damaged.
    """
    import h5py

    try:
        with h5py.File(path, "r") as file:
            wanted = [name for name in file if not name.startswith("#") and (names is None or name in names)]
            return {name: _value(file[name], file) for name in wanted}
    except (OSError, RuntimeError, KeyError) as problem:
        raise BadFile(
            f"'{path}'",
            got=f"a file that cannot be read ({problem})",
            expected="a whole MATLAB v7.3 file",
            repair="Was it copied completely?",
        ) from problem


def _value(item: Any, file: Any) -> Any:
    import h5py

    kind = _text(item.attrs.get("MATLAB_class", b""))
    if isinstance(item, h5py.Group):
        if "MATLAB_sparse" in item.attrs:
            return _sparse(item)
        return _struct(item, file)
    if item.attrs.get("MATLAB_empty"):
        shape = tuple(int(n) for n in np.asarray(item[()]).ravel())  # an empty matrix is stored as its size
        empty = {"char": "", "cell": np.empty(shape, dtype=object), "struct": np.empty(shape, dtype=object)}
        return empty.get(kind, np.zeros(shape, dtype=kind if kind in ("single", "double") else float))
    if item.dtype == h5py.ref_dtype:
        refs = np.asarray(item[()])
        cells = np.empty(refs.shape, dtype=object)
        for index, ref in np.ndenumerate(refs):
            cells[index] = _value(file[ref], file)
        return cells.T
    array = np.asarray(item[()])
    if kind == "char":
        return _char(array)
    if array.dtype.names == ("real", "imag"):
        array = array["real"] + 1j * array["imag"]
    return array.T.astype(bool) if kind == "logical" else array.T


def _struct(group: Any, file: Any) -> Any:
    """Return a structure as a dict; an array of structures (fields are arrays of references) as an array of dicts."""
    import h5py

    fields = list(group)
    refs = {
        name: group[name]
        for name in fields
        if isinstance(group[name], h5py.Dataset)
        and group[name].dtype == h5py.ref_dtype
        and "MATLAB_class" not in group[name].attrs
    }
    if not fields or len(refs) < len(fields):
        return {name: _value(group[name], file) for name in fields}
    shape = next(iter(refs.values())).shape
    rows = np.empty(shape, dtype=object)
    for index in np.ndindex(shape):
        rows[index] = {name: _value(file[data[index]], file) for name, data in refs.items()}
    return rows.T


def _char(array: Any) -> str | list[str]:
    """Return text; it is stored as character codes, a column for each line of text."""
    codes = np.asarray(array, dtype=np.uint16)
    lines = [column.astype("<u2").tobytes().decode("utf-16-le") for column in np.atleast_2d(codes.T)]
    return lines[0] if len(lines) == 1 else lines


def _sparse(group: Any) -> Any:
    from scipy.sparse import csc_array

    columns = np.asarray(group["jc"][()])
    shape = (int(group.attrs["MATLAB_sparse"]), len(columns) - 1)
    if "data" not in group:
        return csc_array(shape)
    return csc_array((np.asarray(group["data"][()]), np.asarray(group["ir"][()]), columns), shape=shape)


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
