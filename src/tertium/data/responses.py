"""The one data structure: responses, a labelled table ``(trial, time, unit)``, the same for brains and networks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from tertium.errors import BadInput, nearest

SCHEMA = "tertium.responses/1"

#: Quantities a response may hold, with their units.
QUANTITIES: dict[str, str] = {
    "rate": "Hz",
    "spike_count": "spikes",
    "membrane": "mV",
    "activation": "1",
    "df_over_f": "1",
    "bold": "%",
    "lfp": "uV",
    "meg": "fT",
    "position": "m",
    "z_score": "1",
    "other": "1",
}

Labels = Mapping[str, Any]


def make_responses(
    values: npt.ArrayLike,
    *,
    dt: float = 1.0,
    trial: Labels | None = None,
    unit: Labels | None = None,
    time: npt.ArrayLike | None = None,
    quantity: str = "activation",
    source: str = "",
    units: str | None = None,
    cite: str = "",
) -> xr.DataArray:
    """Make a table of responses: one number for each trial, time and unit, with labels on all three.

    Parameters
    ----------
    values : array-like, shape (trial, time, unit) or (trial, unit)
        The numbers. Two dimensions mean static stimuli: a ``time`` of length 1 is put in.
    dt : float
        Width of a time bin in seconds.
    trial : mapping of str to array-like, shape (trial,)
        Labels of the trials, for instance ``{"stimulus": [...], "choice": [...]}``. A label ``"trial"`` gives
        the integer index, which is otherwise 0, 1, 2, ... A single value is repeated for all trials.
    unit : mapping of str to array-like, shape (unit,)
        Labels of the units. A label ``"unit"`` gives their names (strings, unique), otherwise "0", "1", ...
    time : array-like, shape (time,), optional
        Time of each bin in seconds; ``0, dt, 2 dt, ...`` if not given.
    quantity : str
        What the numbers are; one of ``QUANTITIES``.
    source : str
        Where they come from: an animal, a data set, a model.
    units : str, optional
        Physical unit; by default that of the quantity.
    cite : str
        What to cite for them.

    Returns
    -------
    xarray.DataArray, dims (trial, time, unit)
        Validated by `validate`.

    Raises
    ------
    BadInput
        If the number of dimensions, a label's length, the unit names or ``dt`` are unusable, or the numbers are
        not finite.

    Examples
    --------
    >>> import numpy as np
    >>> r = make_responses(np.zeros((4, 10, 2)), dt=0.01, quantity="rate",
    ...                    trial={"stimulus": ["a", "a", "b", "b"]}, unit={"region": ["V1", "V1"]})
    >>> dict(r.sizes)
    {'trial': 4, 'time': 10, 'unit': 2}
    >>> r.attrs["quantity"], r.attrs["units"], r.attrs["dt"]
    ('rate', 'Hz', 0.01)
    """
    array = _numbers(values)
    if array.ndim == 2:
        array = array[:, None, :]
    if array.ndim != 3:
        raise BadInput(
            "responses",
            got=f"an array of {array.ndim} dimensions, shape {array.shape}",
            expected="(trial, time, unit), or (trial, unit) for static stimuli",
            repair="Reshape it, or average over what is too much.",
        )
    check_dt(dt)
    if quantity not in QUANTITIES:
        close = nearest(quantity, QUANTITIES) or list(QUANTITIES)
        raise BadInput("quantity", got=f"'{quantity}'", expected="one of " + ", ".join(close), repair="")
    n_trials, n_times, n_units = array.shape
    trial, unit = dict(trial or {}), dict(unit or {})
    _check_label_names(trial, unit)
    coords: dict[str, Any] = {
        "trial": ("trial", _trial_index(trial.pop("trial", None), n_trials)),
        "time": ("time", _time_index(time, dt, n_times)),
        "unit": ("unit", _unit_index(unit.pop("unit", None), n_units)),
    }
    for dim, labels, n in (("trial", trial, n_trials), ("unit", unit, n_units)):
        for name, label in labels.items():
            coords[name] = (dim, label_values(label, n, f"{dim} label '{name}'"))
    attrs = {
        "schema": SCHEMA,
        "quantity": quantity,
        "units": QUANTITIES[quantity] if units is None else units,
        "dt": float(dt),
        "source": source,
        "cite": cite,
    }
    made = xr.DataArray(array, dims=("trial", "time", "unit"), attrs=attrs, name="responses")
    # assigned, not passed above: the constructor deep-copies labels, which takes seconds for 10**6 names
    return validate(made.assign_coords(coords))


def validate(responses: xr.DataArray, needs: str | Iterable[str] = (), *, finite: bool = True) -> xr.DataArray:
    """Check that a table of responses keeps the contract, and return it unchanged.

    Parameters
    ----------
    responses : xarray.DataArray
        Dims ``(trial, time, unit)``, or ``(condition, time, unit)`` once averaged.
    needs : str or iterable of str
        Labels that must be there ("stimulus", "region").
    finite : bool
        Whether to look for NaN and infinite values. Looking reads all values, so a lazily opened array is looked
        at chunk by chunk.

    Returns
    -------
    xarray.DataArray
        The same object.

    Raises
    ------
    BadInput
        If anything is amiss; the message names it.

    Examples
    --------
    >>> import numpy as np
    >>> r = make_responses(np.ones((2, 1, 3)), unit={"unit": ["a", "b", "c"]})
    >>> validate(r, needs=["stimulus"])
    Traceback (most recent call last):
    ...
    tertium.errors.BadInput: responses: got no label 'stimulus'; the labels are time, trial, unit, expected a label 'stimulus' on trial or unit. Add it with responses.assign_coords(stimulus=("trial", [...])).
    """  # noqa: E501
    if not isinstance(responses, xr.DataArray):
        several = isinstance(responses, Mapping) and not isinstance(responses, xr.Dataset)
        raise BadInput(
            "responses",
            got=f"a {type(responses).__name__}" + (f" of {len(responses)} entries" if several else ""),
            expected="an xarray.DataArray with dims (trial, time, unit)",
            repair="Take its sessions one by one: {name: f(session) for name, session in sessions.items()}."
            if several
            else "Make one with tertium.data.make_responses(values, dt=...).",
        )
    dims = tuple(str(d) for d in responses.dims)
    if dims not in (("trial", "time", "unit"), ("condition", "time", "unit")):
        raise BadInput(
            "responses",
            got=f"dims ({', '.join(dims)})",
            expected="(trial, time, unit) or, averaged, (condition, time, unit), in this order",
            repair="Use responses.transpose('trial', 'time', 'unit').",
        )
    if responses.dtype.kind not in "fiub":
        raise _not_numbers(f"values of type {responses.dtype}")
    _check_empty(responses)
    _check_index(responses)
    _check_time(responses)
    for need in [needs] if isinstance(needs, str) else needs:
        if need not in responses.coords:
            raise BadInput(
                "responses",
                got=f"no label '{need}'; the labels are {', '.join(sorted(map(str, responses.coords)))}",
                expected=f"a label '{need}' on trial or unit",
                repair=f'Add it with responses.assign_coords({need}=("trial", [...])).',
            )
    for name, coord in responses.coords.items():
        if coord.ndim > 1:
            raise BadInput(
                f"label '{name}'",
                got=f"{coord.ndim} dimensions",
                expected="a plain label along one dimension",
                repair="Split it into one label per column.",
            )
    if "dt" not in responses.attrs:
        raise BadInput("responses", got="no dt", expected="attrs['dt'] in seconds", repair="Set responses.attrs['dt'].")
    check_dt(responses.attrs["dt"])
    if finite:
        _check_finite(responses)
    return responses


def check_dt(dt: Any) -> None:
    """Raise `BadInput` unless ``dt`` is a positive, finite number of seconds."""
    try:
        good = np.isfinite(float(dt)) and float(dt) > 0
    except (TypeError, ValueError):
        good = False
    if not good:
        raise BadInput("dt", got=repr(dt), expected="a positive number of seconds", repair="Pass dt=0.01 for 10 ms.")


def label_values(label: Any, n: int, what: str) -> npt.NDArray[Any]:
    """Return a label as an array of length ``n``; text as objects, since fixed-width text warns in zarr 3.

    Raises
    ------
    BadInput
        If it has another length or more than one dimension.
    """
    array = np.array(label)  # a copy: what the caller does to theirs later is theirs
    if array.ndim == 0:
        array = np.repeat(array[None], n)
    if array.ndim != 1 or len(array) != n:
        raise BadInput(
            what,
            got=f"shape {array.shape}",
            expected=f"length {n}, one value for each {what.split(' ', maxsplit=1)[0]}",
            repair="Pass one label per row, in the order of the values.",
        )
    if array.dtype.kind == "S":
        array = np.char.decode(array, "utf-8")
    return array.astype(object) if array.dtype.kind in "UT" else array


def check_finite(
    block: npt.NDArray[Any], rows: npt.NDArray[Any], units: npt.NDArray[Any], first: str = "trial"
) -> None:
    """Raise `BadInput` where a block holds NaN or infinite values, naming the first by trial and unit.

    Parameters
    ----------
    block : array, shape (trial, time, unit)
        The numbers; whole numbers pass unread.
    rows : array, shape (trial,)
        The trials' (or conditions') names.
    units : array, shape (unit,)
        The units' names.
    first : str
        What the rows are: "trial" or "condition".

    Raises
    ------
    BadInput
        If any number is not finite.
    """
    # a sum is finite when all are (and costs no second array); it may overflow, so look again before crying wolf
    if block.dtype.kind != "f":
        return
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(block.sum(dtype=np.float64)):
            return
    bad = ~np.isfinite(block)
    if bad.any():
        row, time, unit = (int(i) for i in np.argwhere(bad)[0])
        raise BadInput(
            "responses",
            got=f"{block[row, time, unit]} at {first} {rows[row]}, time index {time}, unit '{units[unit]}' "
            f"({int(bad.sum())} such values in this block)",
            expected="finite numbers",
            repair="Drop those trials or units, or fill them, before making responses.",
        )


def _numbers(values: npt.ArrayLike) -> npt.NDArray[Any]:
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        raise _not_numbers(f"a masked array with {int(np.ma.count_masked(values))} values masked")
    try:
        array = np.asarray(values)
    except (ValueError, TypeError, RuntimeError) as problem:  # ragged lists; tensors on a device or with a gradient
        raise _not_numbers(f"a {type(values).__name__} that is no array ({problem})") from problem
    if array.dtype.kind not in "fiub":
        raise _not_numbers(f"values of type {array.dtype}")
    return array


def _not_numbers(got: str) -> BadInput:
    return BadInput(
        "responses",
        got=got,
        expected="real numbers in a full array",
        repair="Convert them with numpy.asarray(values, dtype=float).",
    )


def _check_label_names(trial: Labels, unit: Labels) -> None:
    for dim, labels, taken in (("trial", trial, {"time", "unit", *unit}), ("unit", unit, {"time", "trial"})):
        for name in labels:
            if name in taken:
                raise BadInput(
                    f"{dim} label '{name}'",
                    got="a name that is already taken by another dimension or its labels",
                    expected="each label's name once",
                    repair=f"Rename it, for instance '{dim}_{name}'.",
                )


def _trial_index(given: Any, n: int) -> npt.NDArray[np.int64]:
    if given is None:
        return np.arange(n)
    index = label_values(given, n, "trial label 'trial'")
    if index.dtype.kind not in "iuf" or not np.array_equal(index, np.trunc(index)):
        raise BadInput(
            "trial label 'trial'",
            got=f"values like {index[:1].tolist()[0]!r}",
            expected="whole numbers, the trials' index",
            repair="Give names a label of their own, for instance trial={'name': [...]}.",
        )
    return index.astype(np.int64)


def _unit_index(given: Any, n: int) -> npt.NDArray[np.object_]:
    names = np.arange(n) if given is None else label_values(given, n, "unit label 'unit'")
    return np.array([str(name) for name in names], dtype=object)


def _time_index(given: npt.ArrayLike | None, dt: float, n: int) -> npt.NDArray[np.float64]:
    if given is None:
        return np.arange(n, dtype=np.float64) * float(dt)
    label = label_values(given, n, "time label 'time'")
    if label.dtype.kind not in "iuf":
        raise BadInput("time label 'time'", got=f"values of type {label.dtype}", expected="seconds", repair="")
    seconds: npt.NDArray[np.float64] = label.astype(np.float64)
    return seconds


def _check_empty(responses: xr.DataArray) -> None:
    for dim, n in responses.sizes.items():
        if n == 0:
            raise BadInput(
                "responses",
                got=f"no {dim}s",
                expected=f"at least one {dim}",
                repair="Look at the selection that led here.",
            )


def _check_index(responses: xr.DataArray) -> None:
    first = str(responses.dims[0])
    for dim in (first, "unit") if first == "condition" else ("unit",):
        if dim not in responses.coords:
            raise BadInput(
                "responses", got=f"no label '{dim}'", expected="names", repair="Use tertium.data.make_responses."
            )
        index = responses.indexes[dim]
        if not index.is_unique:
            twice = index[index.duplicated()][0]
            raise BadInput(
                f"{dim} names",
                got=f"'{twice}' {int((index == twice).sum())} times",
                expected="each name once",
                repair=f"Rename them, or prefix each session's {dim}s with its name.",
            )


def _check_time(responses: xr.DataArray) -> None:
    if "time" not in responses.coords:
        raise BadInput(
            "responses", got="no label 'time'", expected="seconds", repair="Use tertium.data.make_responses."
        )
    time = responses["time"].values
    if time.dtype.kind not in "iuf" or not np.isfinite(time).all() or (np.diff(time) <= 0).any():
        raise BadInput(
            "time",
            got=f"values like {time[:3].tolist()}",
            expected="finite seconds that increase from bin to bin",
            repair="Sort the bins with responses.sortby('time'), or pass time=None to make_responses.",
        )


def _check_finite(responses: xr.DataArray) -> None:
    if responses.dtype.kind != "f":
        return
    first = str(responses.dims[0])
    rows = responses[first].values  # xarray numbers the rows where they have no label
    n_rows = max(1, int(2e7) // max(1, int(np.prod(responses.shape[1:]))))
    for start in range(0, responses.shape[0], n_rows):
        part = slice(start, start + n_rows)
        check_finite(np.asarray(responses[part].values), rows[part], responses["unit"].values, first)
