"""Responses in text tables (.csv, .tsv): long, a row for each number; or wide, a column for each unit."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from tertium.data.formats.parts.arrays import UNIT_NAMES
from tertium.data.formats.parts.atomic import replacing
from tertium.data.responses import make_responses, validate
from tertium.errors import BadFile, BadInput

if TYPE_CHECKING:
    import pandas as pd


def load_table(
    path: str | os.PathLike[str],
    *,
    value: str = "value",
    trial_labels: Sequence[str] = (),
    dt: float | None = None,
    quantity: str = "other",
    source: str = "",
    cite: str = "",
) -> xr.DataArray:
    """Load responses from a text table.

    Parameters
    ----------
    path : path
        ``.csv`` (commas) or ``.tsv`` (tabs), with a line of column names. **Long**: columns ``trial``, ``unit``, a
        value, perhaps ``time`` (s); any other column is a label of the trials or of the units, whichever it is
        constant for. ``condition`` may stand for ``trial``. **Wide**: perhaps ``trial`` and ``time``; text columns are
        trial labels, columns of numbers are units.
    value : str
        Name of the column of numbers in a long table.
    trial_labels : sequence of str
        Columns of numbers in a wide table that are trial labels, not units.
    dt : float, optional
        Width of a bin in seconds; by default the step of ``time``, 1 where there is but one time.
    quantity, source, cite : str
        As in `make_responses`.

    Returns
    -------
    xarray.DataArray, dims (trial, time, unit)

    Raises
    ------
    BadFile
        If the file is no table.
    BadInput
        If a number is missing or there twice, or the columns are not there.
    """
    path = Path(path)
    frame = _read(path)
    if "trial" not in frame.columns and {"condition", "unit", value} <= set(frame.columns):
        frame = frame.assign(trial=_codes(frame["condition"]))  # averages come back as one trial a condition
    is_long = {"trial", "unit", value} <= set(frame.columns)
    make = _long if is_long else _wide
    cube, time, trial, unit = make(frame, path.name, value if is_long else "", tuple(trial_labels))
    if dt is None:
        dt = float(np.median(np.diff(time))) if len(time) > 1 else 1.0
    return make_responses(
        cube, dt=dt, time=time, trial=trial, unit=unit, quantity=quantity, source=source or path.name, cite=cite
    )


def save_table(responses: xr.DataArray, path: str | os.PathLike[str], *, overwrite: bool = True) -> Path:
    """Save responses as a long table: trial, time, unit, value, then all labels. Attributes are not kept.

    Parameters
    ----------
    responses : xarray.DataArray, dims (trial, time, unit)
        What to save.
    path : path
        Ends in ``.csv`` or ``.tsv``.
    overwrite : bool
        Whether a file that is there may be replaced.

    Returns
    -------
    pathlib.Path
    """
    with replacing(path, overwrite=overwrite) as temporary:
        to_frame(responses).to_csv(temporary, sep=_separator(Path(path)), index=False)
    return Path(path)


def to_frame(responses: xr.DataArray) -> pd.DataFrame:
    """Return responses as a long table: a row for each number, a column for each label.

    Parameters
    ----------
    responses : xarray.DataArray, dims (trial, time, unit)
        The table.

    Returns
    -------
    pandas.DataFrame
        Columns trial (or condition), time, unit, value, then the labels.

    Examples
    --------
    >>> r = make_responses([[1.0, 2.0]], trial={"stimulus": ["face"]})
    >>> to_frame(r)[["trial", "unit", "value", "stimulus"]].values.tolist()
    [[0, '0', 1.0, 'face'], [0, '1', 2.0, 'face']]
    """
    import pandas as pd

    validate(responses)
    shape, dims = responses.shape, [str(d) for d in responses.dims]
    columns: dict[str, Any] = {}
    names = [*dims, *(str(n) for n, c in responses.coords.items() if c.ndim == 1 and n not in responses.dims)]
    for name in names:
        label = responses[name]
        axis = dims.index(str(label.dims[0]))
        spread = label.values.reshape([-1 if i == axis else 1 for i in range(3)])
        columns[name] = np.broadcast_to(spread, shape).ravel()
    columns = {**{d: columns.pop(d) for d in dims}, "value": responses.values.ravel(), **columns}
    return pd.DataFrame(columns)


def _separator(path: Path) -> str:
    return "\t" if path.suffix.lower() == ".tsv" else ","


def _read(path: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        frame = pd.read_csv(path, sep=_separator(path), dtype=object, keep_default_na=False, na_filter=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as problem:
        raise BadFile(f"'{path}'", got=f"no table ({problem})", expected="rows of equal length", repair="") from problem
    if len(frame) == 0 or len(frame.columns) < 2:
        raise BadFile(
            f"'{path}'",
            got=f"{len(frame)} rows of {len(frame.columns)} columns",
            expected=f"a table whose columns are separated by {'tabs' if _separator(path) != ',' else 'commas'}",
            repair="The first line names the columns.",
        )
    return pd.DataFrame({name: column if name == "unit" else _typed(column) for name, column in frame.items()})


def _typed(column: pd.Series[Any]) -> npt.NDArray[Any]:
    """Return a column as whole numbers, numbers or bool if every cell is one, else as the text it is.

    Python's own conversion gives back every double exactly; pandas' differs between versions.
    """
    cells = column.to_numpy(dtype=object)
    if not any("_" in cell for cell in cells):  # int("1_0") is 10 to Python; here it is a name
        for kind in (np.int64, np.float64):
            try:
                return cells.astype(kind)
            except (ValueError, OverflowError):
                continue
    if all(cell in ("True", "False") for cell in cells):
        return np.asarray(cells == "True", dtype=bool)
    return cells


Parts = tuple[npt.NDArray[Any], npt.NDArray[np.float64], dict[str, Any], dict[str, Any]]


def _long(frame: pd.DataFrame, file: str, value: str, _: tuple[str, ...]) -> Parts:
    if "time" not in frame.columns:
        frame = frame.assign(time=0.0)
    found = {dim: frame[dim].drop_duplicates().to_numpy() for dim in ("trial", "time", "unit")}
    found["time"] = np.sort(found["time"])
    index = {dim: _positions(frame[dim].to_numpy(), names) for dim, names in found.items()}
    shape = tuple(len(found[dim]) for dim in ("trial", "time", "unit"))
    cells = np.ravel_multi_index(tuple(index[dim] for dim in ("trial", "time", "unit")), shape)
    counts = np.bincount(cells, minlength=int(np.prod(shape)))
    if (counts != 1).any():
        cell = int(np.flatnonzero(counts != 1)[0])
        t, s, u = (int(i) for i in np.unravel_index(cell, shape))
        raise BadInput(
            f"'{file}'",
            got=f"{counts[cell]} rows for trial {found['trial'][t]}, time {found['time'][s]:g} s, unit "
            f"'{found['unit'][u]}' ({int((counts != 1).sum())} such cells)",
            expected="one row for each trial, time and unit",
            repair="Fill the table, or drop what is not complete.",
        )
    cube = np.empty(int(np.prod(shape)), dtype=_numbers(frame[value], file).dtype)
    cube[cells] = _numbers(frame[value], file)
    labels: dict[str, dict[str, Any]] = {"trial": _trial_names(found["trial"]), "unit": {"unit": found["unit"]}}
    for name in frame.columns:
        if name not in ("trial", "time", "unit", value):
            dim, column = _place(frame[name].to_numpy(), index, name, file)
            labels[dim][str(name)] = column
    return cube.reshape(shape), found["time"].astype(np.float64), labels["trial"], labels["unit"]


def _codes(column: pd.Series[Any]) -> npt.NDArray[np.int64]:
    """Number the values of a column in the order in which they come."""
    return _positions(column.to_numpy(), column.drop_duplicates().to_numpy())


def _positions(values: npt.NDArray[Any], names: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    where = {name: i for i, name in enumerate(names.tolist())}
    return np.array([where[v] for v in values.tolist()], dtype=np.int64)


def _place(
    column: npt.NDArray[Any], index: dict[str, npt.NDArray[np.int64]], name: str, file: str
) -> tuple[str, npt.NDArray[Any]]:
    """Find whether a column is a label of trials or of units: which of them it is constant for."""
    # a column of one value fits both; its name then says whose it is
    order = ("unit", "trial") if name.lower() in UNIT_NAMES else ("trial", "unit")
    for dim in order:
        _, first = np.unique(index[dim], return_index=True)
        label = column[first]
        spread = label[index[dim]]
        if bool(np.all((column == spread) | ((column != column) & (spread != spread)))):  # NaN is a label, too
            return dim, label
    raise BadInput(
        f"column '{name}' of '{file}'",
        got="a value that differs within a trial and within a unit",
        expected="a label of trials or of units",
        repair="Leave it out, or name the column of numbers: value='...'.",
    )


def _wide(frame: pd.DataFrame, file: str, _: str, trial_labels: tuple[str, ...]) -> Parts:
    import pandas as pd

    missing = [name for name in trial_labels if name not in frame.columns]
    if missing:
        raise BadInput(f"'{file}'", got=f"no column '{missing[0]}'", expected="the columns in trial_labels", repair="")
    numeric = [str(n) for n in frame.columns if pd.api.types.is_numeric_dtype(frame[n]) and frame[n].dtype != bool]
    units = [name for name in numeric if name not in ("trial", "time", *trial_labels)]
    labels = [str(n) for n in frame.columns if n not in units and n not in ("trial", "time")]
    if not units:
        raise BadInput(
            f"'{file}'",
            got=f"the columns {', '.join(map(str, frame.columns[:8]))}",
            expected="trial, time, unit, value (long), or a column of numbers for each unit (wide)",
            repair="The first line names the columns.",
        )
    trials = frame["trial"].to_numpy() if "trial" in frame.columns else np.arange(len(frame))
    if "time" not in frame.columns:
        table = frame[units].to_numpy()
        own = {name: frame[name].to_numpy() for name in labels}
        return table[:, None, :], np.zeros(1), {**_trial_names(trials), **own}, {"unit": units}
    if "trial" not in frame.columns:
        trials = np.zeros(len(frame), dtype=np.int64)  # one recording
    long = frame[["time", *labels]].assign(trial=trials)
    long = pd.concat([long.assign(unit=name, value=frame[name].to_numpy()) for name in units], ignore_index=True)
    return _long(long, file, "value", ())


def _trial_names(trials: npt.NDArray[Any]) -> dict[str, Any]:
    return {"trial": trials} if trials.dtype.kind in "iu" else {"trial_name": trials}


def _numbers(column: pd.Series[Any], file: str) -> npt.NDArray[Any]:
    values = column.to_numpy()
    if values.dtype.kind not in "fiub":
        bad = next(i for i, v in enumerate(values.tolist()) if not isinstance(v, int | float))
        raise BadInput(
            f"column '{column.name}' of '{file}'",
            got=f"{values[bad]!r} in row {bad + 2}",
            expected="numbers",
            repair="Decimal points, no thousands separators.",
        )
    return values
