"""Averaging trials by condition, piece by piece, so that a table larger than memory can be averaged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from tertium.data.blocks import trial_blocks, unit_blocks
from tertium.data.responses import check_finite, validate
from tertium.errors import BadInput


def average(
    responses: xr.DataArray, by: str | Sequence[str] = "condition", *, levels: Sequence[Any] | None = None
) -> xr.DataArray:
    """Average the trials of each condition.

    A table opened lazily from disk is read chunk by chunk; sums are kept in double precision.

    Parameters
    ----------
    responses : xarray.DataArray, dims (trial, time, unit)
        Finite numbers.
    by : str or sequence of str
        The trial label that says which condition a trial belongs to; several labels make one condition of each
        combination that occurs, named "a, b".
    levels : sequence, optional
        The conditions wanted, in this order (tuples where ``by`` names several labels); trials of others are left
        out. By default all that occur, sorted.

    Returns
    -------
    xarray.DataArray, dims (condition, time, unit)
        Labels that are the same for all trials of a condition are carried over; ``n_trials`` says how many trials
        went into each average (``n_conditions`` where averages are averaged again, each with equal weight).
        Integers become double precision.

    Raises
    ------
    BadInput
        If a label is missing or a trial has none, a condition in ``levels`` has no trial, or a number is not finite.

    Examples
    --------
    >>> from tertium.data import make_responses
    >>> r = make_responses([[1.0], [3.0], [10.0]], trial={"stimulus": ["face", "face", "house"]})
    >>> mean = average(r, by="stimulus")
    >>> mean.values[:, 0, 0].tolist(), mean["condition"].values.tolist(), mean["n_trials"].values.tolist()
    ([2.0, 10.0], ['face', 'house'], [2, 1])
    >>> average(r, by="stimulus", levels=["face", "hand"])
    Traceback (most recent call last):
    ...
    tertium.errors.BadInput: condition 'hand' of stimulus: got zero trials, expected at least one; there are 'face', 'house'. Leave it out of levels, or record it.
    """  # noqa: E501
    names = [by] if isinstance(by, str) else list(by)
    if not names:
        raise BadInput("by", got="no label", expected="one or more trial labels", repair="Pass by='condition'.")
    validate(responses, needs=names, finite=False)
    _check_trial_labels(responses, names)
    keys, codes = condition_codes(responses, names)
    if levels is not None:
        codes = _recode(keys, codes, levels, names)
        keys = [_as_key(level, names) for level in levels]
    counts = np.bincount(codes[codes >= 0], minlength=len(keys))
    means = _means(responses, codes, counts)
    return _label(responses, means, names, keys, codes, counts)


def condition_codes(
    responses: xr.DataArray, names: Sequence[str]
) -> tuple[list[tuple[Any, ...]], npt.NDArray[np.int64]]:
    """Return the combinations of labels that occur, sorted, and for each trial which one it has.

    Parameters
    ----------
    responses : xarray.DataArray, dims (trial, time, unit)
        Must carry the labels on its trials.
    names : sequence of str
        Trial labels.

    Returns
    -------
    list of tuple
        One value of each label, k combinations.
    array of int, shape (trial,)
        In [0, k).

    Raises
    ------
    BadInput
        If a trial lacks a label (NaN or None).
    """
    columns = [level_codes(responses, name) for name in names]
    stacked = np.stack([codes for _, codes in columns], axis=1)
    found, inverse = np.unique(stacked, axis=0, return_inverse=True)
    keys = [tuple(columns[j][0][c] for j, c in enumerate(row)) for row in found]
    return keys, inverse.reshape(-1).astype(np.int64)


def level_codes(responses: xr.DataArray, name: str) -> tuple[list[Any], npt.NDArray[np.int64]]:
    """Return the values of one label, sorted, and for each trial the number of its value; see `condition_codes`."""
    values = responses[name].values
    missing = np.flatnonzero(values != values) if values.dtype.kind == "f" else _missing(values)
    if len(missing):
        raise BadInput(
            f"label '{name}'",
            got=f"no value (None or NaN) for {len(missing)} trials, first trial "
            f"{responses[str(responses.dims[0])].values[missing[0]]}",
            expected="a value for every trial",
            repair=f"Leave them out first, for instance select(responses, {name}=[...]).",
        )
    try:
        found, inverse = np.unique(values, return_inverse=True)
    except TypeError:  # mixed kinds (text and numbers) cannot be sorted: they keep the order in which they come
        order: dict[Any, int] = {}
        inverse = np.array([order.setdefault(v, len(order)) for v in values.tolist()])
        return list(order), inverse.astype(np.int64)
    return found.tolist(), inverse.astype(np.int64)


def _missing(values: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    if values.dtype.kind != "O":
        return np.zeros(0, dtype=np.int64)
    return np.flatnonzero([v is None or (isinstance(v, float) and np.isnan(v)) for v in values])


def _check_trial_labels(responses: xr.DataArray, names: Sequence[str]) -> None:
    first = str(responses.dims[0])
    for name in names:
        if responses[name].dims != (first,):
            raise BadInput(
                f"label '{name}'",
                got=f"a label of {', '.join(map(str, responses[name].dims)) or 'the whole table'}",
                expected=f"a label of each {first}",
                repair=f"The labels of each {first} are "
                + ", ".join(str(n) for n, c in responses.coords.items() if c.dims == (first,))
                + ".",
            )


def _as_key(level: Any, names: Sequence[str]) -> tuple[Any, ...]:
    key = (level,) if len(names) == 1 else tuple(level)
    return tuple(v.item() if isinstance(v, np.generic) else v for v in key)


def _name(key: tuple[Any, ...]) -> str:
    return ", ".join(str(v) for v in key)


def _recode(
    keys: list[tuple[Any, ...]], codes: npt.NDArray[np.int64], levels: Sequence[Any], names: Sequence[str]
) -> npt.NDArray[np.int64]:
    """Renumber the trials by the order of ``levels``; -1 for the trials of other conditions."""
    wanted = [_as_key(level, names) for level in levels]
    if len(set(wanted)) < len(wanted):
        raise BadInput("levels", got="a condition twice", expected="each condition once", repair="")
    new = np.full(len(keys), -1, dtype=np.int64)
    where = {key: i for i, key in enumerate(keys)}
    for i, key in enumerate(wanted):
        if key not in where:
            there = ", ".join(f"'{_name(k)}'" for k in keys[:8]) + (", ..." if len(keys) > 8 else "")
            raise BadInput(
                f"condition '{_name(key)}' of {', '.join(names)}",
                got="zero trials",
                expected=f"at least one; there are {there}",
                repair="Leave it out of levels, or record it.",
            )
        new[where[key]] = i
    return new[codes]


def _means(responses: xr.DataArray, codes: npt.NDArray[np.int64], counts: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
    """Return the mean of each condition, shape (condition, time, unit), reading each chunk once."""
    _, n_times, n_units = responses.shape
    kind = responses.dtype if responses.dtype.kind == "f" and responses.dtype.itemsize >= 4 else np.dtype(float)
    means = np.empty((len(counts), n_times, n_units), dtype=kind)
    first = str(responses.dims[0])
    rows, units = responses[first].values, responses["unit"].values
    for columns in unit_blocks(responses, rows=len(counts)):
        part = responses[:, :, columns]
        sums = np.zeros((len(counts), n_times, columns.stop - columns.start))
        for trials in trial_blocks(part):
            block = np.asarray(part[trials].values)
            check_finite(block, rows[trials], units[columns], first)
            for code in np.unique(codes[trials]):
                if code >= 0:
                    sums[code] += block[codes[trials] == code].sum(axis=0, dtype=np.float64)
        means[:, :, columns] = sums / counts[:, None, None]
    return means


def _label(
    responses: xr.DataArray,
    means: npt.NDArray[Any],
    names: Sequence[str],
    keys: list[tuple[Any, ...]],
    codes: npt.NDArray[np.int64],
    counts: npt.NDArray[np.int64],
) -> xr.DataArray:
    first = str(responses.dims[0])
    condition = [key[0] for key in keys] if len(names) == 1 else [_name(key) for key in keys]
    coords: dict[str, Any] = {"condition": ("condition", _column(condition))}
    one_trial = np.array([np.flatnonzero(codes == i)[0] for i in range(len(keys))])
    for name, coord in responses.coords.items():
        if coord.dims != (first,):
            coords[str(name)] = coord.variable
        elif name not in (first, "condition", "n_trials") and _constant(coord.values, codes):
            coords[str(name)] = ("condition", coord.values[one_trial])
    coords[f"n_{first}s"] = ("condition", counts)
    averaged = xr.DataArray(
        means, dims=("condition", "time", "unit"), coords=coords, attrs=dict(responses.attrs), name=responses.name
    )
    return validate(averaged, finite=False)


def _column(values: list[Any]) -> npt.NDArray[Any]:
    array = np.asarray(values)
    if array.dtype.kind in "OU":
        array = np.empty(len(values), dtype=object)
        array[:] = values
    return array


def _constant(values: npt.NDArray[Any], codes: npt.NDArray[np.int64]) -> bool:
    """Whether a label has one value in each condition; a missing value equals nothing."""
    kept = codes >= 0
    pairs = set(zip(codes[kept].tolist(), values[kept].tolist(), strict=True))
    return len(pairs) == len({code for code, _ in pairs})
