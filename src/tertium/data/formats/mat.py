"""MATLAB files, v4 and v5 through SciPy and v7.3 through h5py, alike: matrices as MATLAB shows them."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from tertium.data.formats.parts.arrays import ArrayOptions, Choice, from_arrays
from tertium.data.formats.parts.atomic import replacing
from tertium.data.formats.parts.columns import Pieces, put_together, take_apart
from tertium.data.formats.parts.sniffing import NAMES, check_kind
from tertium.errors import BadFile, BadInput

_ROOT = "tertium"


def read_mat(
    path: str | os.PathLike[str], names: Sequence[str] | None = None, *, version: str | None = None
) -> dict[str, Any]:
    """Read the variables of a MATLAB file, whatever its version, in MATLAB's own orientation.

    Parameters
    ----------
    path : path
        A ``.mat`` file, v4, v5 (to v7) or v7.3.
    names : sequence of str, optional
        The variables to read; all if not given.
    version : {"5", "7.3"}, optional
        Insist on a reader; by default the file's own version is found.

    Returns
    -------
    dict of str to object
        Matrices keep their two or more dimensions; ``char`` becomes str (a list of str for several rows), ``cell`` an
        array of objects, ``struct`` a dict, an array of structs an array of dicts, ``logical`` bool, sparse matrices
        `scipy.sparse.csc_array`.

    Raises
    ------
    BadFile
        If the file is damaged, no MATLAB file, or of another version than the one insisted on.
    BadInput
        If a variable is not there.
    """
    path = Path(path)
    kind = check_kind(path, "mat5", "mat7.3", "mat4", "hdf5")
    is_hdf5 = kind in ("mat7.3", "hdf5")
    if version is not None and (version == "7.3") != is_hdf5:
        right = "7.3" if is_hdf5 else "5"
        raise BadFile(
            f"'{path}'",
            got=NAMES[kind],
            expected=f"a MATLAB v{version} file",
            repair=f"Leave version out, or pass version='{right}'.",
        )
    if is_hdf5:
        from tertium.data.formats.mat73 import read_mat73

        variables = read_mat73(path, names)
    else:
        variables = _read_mat5(path, names)
    for name in names or ():
        if name not in variables:
            known = ", ".join(variables_of(path))
            raise BadInput(f"'{path.name}'", got=f"no variable '{name}'", expected=f"one of {known}", repair="")
    return variables


def variables_of(path: str | os.PathLike[str]) -> list[str]:
    """Return the names of the variables of a MATLAB file without reading them."""
    path = Path(path)
    if check_kind(path, "mat5", "mat7.3", "mat4", "hdf5") in ("mat7.3", "hdf5"):
        import h5py

        with h5py.File(path, "r") as file:
            return [name for name in file if not name.startswith("#")]
    from scipy.io import whosmat

    return [str(name) for name, _, _ in whosmat(str(path))]


def load_mat(
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
    """Load responses from a MATLAB file, ours or anybody's.

    Parameters
    ----------
    path : path
        A ``.mat`` file of any version.
    values, dims, trial, unit, time, dt, quantity, source, cite
        Which variable is what, see `ArrayOptions`; "a.b" is field ``b`` of structure ``a``. Without them, found by name
        and by length, as in `load_npz`.

    Returns
    -------
    xarray.DataArray, dims (trial, time, unit)

    Raises
    ------
    BadFile
        If the file is damaged or no MATLAB file.
    BadInput
        If it cannot be told which variable is what.
    """
    variables = read_mat(path)
    options = ArrayOptions(values, dims, trial, unit, time, dt, quantity, source, cite)
    ours = variables.get(_ROOT)
    if isinstance(ours, dict) and "label_values" in ours and options == ArrayOptions():
        return _ours(ours)
    return from_arrays(variables, options, Path(path).name)


def save_mat(responses: xr.DataArray, path: str | os.PathLike[str], *, overwrite: bool = True) -> Path:
    """Save responses as a MATLAB v5 file with one structure, ``tertium``.

    Its fields: ``values`` (trial x time x unit), ``label_names``, ``label_dims`` and ``label_values`` (cells, one for
    each label) and ``attrs`` (JSON; ``jsondecode`` reads it).

    Parameters
    ----------
    responses : xarray.DataArray, dims (trial, time, unit)
        What to save.
    path : path
        Ends in ``.mat``.
    overwrite : bool
        Whether a file that is there may be replaced.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    BadInput
        If the numbers take more than the 2 GB that v5 can hold.
    """
    from scipy.io import savemat

    pieces = take_apart(responses)
    if pieces.values.nbytes >= 2**31:
        raise BadInput(
            f"'{path}'",
            got=f"{pieces.values.nbytes / 2**30:.1f} GB",
            expected="less than 2 GB, the most that a v5 file holds",
            repair="Save it as .zarr.",
        )
    values = pieces.values.astype(np.float32) if pieces.values.dtype == np.float16 else pieces.values
    meta = {
        "dims": pieces.dims,
        "attrs": dict(pieces.attrs),
        "name": pieces.name,
        "dtype": str(pieces.values.dtype),
        "kinds": [str(column.dtype) for column in pieces.labels.values()],
    }
    structure = {
        "values": values,
        "label_names": _cells([name for _, name in pieces.labels]),
        "label_dims": _cells([dim or "table" for dim, _ in pieces.labels]),
        "label_values": _cells([_column(column) for column in pieces.labels.values()]),
        "attrs": json.dumps(meta, ensure_ascii=True),
    }
    with replacing(path, overwrite=overwrite) as temporary, temporary.open("wb") as file:
        savemat(file, {_ROOT: structure}, do_compression=True)
    return Path(path)


def _ours(structure: dict[str, Any]) -> xr.DataArray:
    meta = json.loads(structure["attrs"])
    names, dims = (list(structure[key].ravel()) for key in ("label_names", "label_dims"))
    labels: dict[tuple[str, str], npt.NDArray[Any]] = {}
    for name, dim, column, kind in zip(names, dims, structure["label_values"].ravel(), meta["kinds"], strict=True):
        where = "" if dim == "table" else dim
        flat = [str(v) if isinstance(v, str) else "" for v in column.ravel()] if kind == "object" else column.ravel()
        labels[where, name] = np.array(flat, dtype=kind)
    values = np.asarray(structure["values"]).astype(meta["dtype"], copy=False)
    first, time, unit = meta["dims"]
    return put_together(Pieces(values, (first, time, unit), labels, meta["attrs"], meta["name"]))


def _cells(items: Sequence[Any]) -> npt.NDArray[np.object_]:
    cells = np.empty(len(items), dtype=object)
    for i, item in enumerate(items):
        cells[i] = item
    return cells


def _column(column: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return _cells(column.ravel().tolist()) if column.dtype.kind == "O" else column


def _read_mat5(path: Path, names: Sequence[str] | None) -> dict[str, Any]:
    from scipy.io import loadmat

    try:
        raw = loadmat(str(path), variable_names=names, struct_as_record=True, squeeze_me=False, spmatrix=False)
    except NotImplementedError as problem:  # SciPy's word for v7.3
        raise BadFile(f"'{path}'", got="a MATLAB v7.3 file", expected="v5", repair="Leave version out.") from problem
    except Exception as problem:  # SciPy's reader raises whatever a damaged byte leads it to
        raise BadFile(
            f"'{path}'",
            got=f"a file that cannot be read ({type(problem).__name__}: {problem})",
            expected="a whole MATLAB file",
            repair="Was it copied completely?",
        ) from problem
    return {name: _plain(value) for name, value in raw.items() if not name.startswith("__")}


def _plain(value: Any) -> Any:
    """Turn what SciPy returns into arrays, text and dicts."""
    if not isinstance(value, np.ndarray):
        return value
    if value.dtype.names is not None:
        rows = [{name: _plain(row[name]) for name in value.dtype.names} for row in value.ravel()]
        return rows[0] if len(rows) == 1 else _cells(rows).reshape(value.shape)
    if value.dtype.kind == "O":
        return _cells([_plain(item) for item in value.ravel()]).reshape(value.shape)
    if value.dtype.kind == "U":
        lines = [str(line) for line in value.ravel()]
        return "" if not lines else lines[0] if len(lines) == 1 else lines
    return value
