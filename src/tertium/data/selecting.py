"""Selecting trials, bins and units by any label."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from tertium.data.responses import validate
from tertium.errors import BadInput


def select(responses: xr.DataArray, **labels: Any) -> xr.DataArray:
    """Keep the trials, times and units whose labels have the values asked for.

    Parameters
    ----------
    responses : xarray.DataArray, dims (trial, time, unit)
        Possibly opened lazily; the selection then stays lazy.
    **labels
        Label -> what to keep: a value; a list or array of values; a tuple ``(low, high)``, low <= label <= high (either
        may be None); or a function from the label's values, an array, to an array of bool. Several labels must
        all hold.

    Returns
    -------
    xarray.DataArray, dims (trial, time, unit)
        In the order of the input.

    Raises
    ------
    BadInput
        If there is no such label, a value asked for does not occur, or nothing is left.

    Examples
    --------
    >>> from tertium.data import make_responses
    >>> r = make_responses([[0.0, 1.0], [2.0, 3.0]], trial={"coherence": [0.1, 0.5]}, unit={"region": ["V1", "MT"]})
    >>> select(r, region="MT", coherence=(0.2, None)).values.ravel().tolist()
    [3.0]
    >>> select(r, region="V2")
    Traceback (most recent call last):
    ...
    tertium.errors.BadInput: label 'region': got 'V2', which no unit has, expected one of 'MT', 'V1'. Nothing was selected.
    """  # noqa: E501
    validate(responses, needs=labels, finite=False)
    keep: dict[str, npt.NDArray[np.bool_]] = {}
    for name, wanted in labels.items():
        coord = responses[name]
        if coord.ndim != 1:
            raise BadInput(f"label '{name}'", got="one value for all", expected="a label of a dimension", repair="")
        dim = str(coord.dims[0])
        # times such as 3 * 0.1 are rounded: a millionth of a bin does not matter
        slack = 1e-6 * float(responses.attrs["dt"]) if name == "time" else 0.0
        mask = _mask(coord.values, wanted, name, dim, slack)
        keep[dim] = keep[dim] & mask if dim in keep else mask
        if not keep[dim].any():
            raise BadInput(
                "selection",
                got=f"no {dim} with {_asked(labels, responses, dim)}",
                expected=f"at least one {dim}",
                repair=f"The values of '{name}' are {_there(coord.values)}.",
            )
    return responses.isel({dim: np.flatnonzero(mask) for dim, mask in keep.items()})


def _mask(values: npt.NDArray[Any], wanted: Any, name: str, dim: str, slack: float) -> npt.NDArray[np.bool_]:
    if callable(wanted):
        mask = np.asarray(wanted(values))
        if mask.shape != values.shape or mask.dtype.kind != "b":
            raise BadInput(
                f"selection by '{name}'",
                got=f"a function that returns {mask.dtype} of shape {mask.shape}",
                expected=f"bool of shape {values.shape}",
                repair="It is given the whole array of labels.",
            )
        return mask
    if isinstance(wanted, tuple):
        return _between(values, wanted, name, slack)
    if isinstance(wanted, list | set | frozenset | np.ndarray | xr.DataArray | range):
        many = list(np.asarray(wanted).tolist() if isinstance(wanted, np.ndarray | xr.DataArray) else wanted)
    else:
        many = [wanted]
    mask = np.zeros(len(values), dtype=bool)
    for value in many:
        if slack:
            same = np.abs(values - value) <= slack
        else:
            same = np.asarray([bool(v == value) for v in values.tolist()], dtype=bool)
        if not same.any():
            raise BadInput(
                f"label '{name}'",
                got=f"{value!r}, which no {dim} has",
                expected=f"one of {_there(values)}",
                repair="Nothing was selected.",
            )
        mask |= same
    return mask


def _between(values: npt.NDArray[Any], wanted: tuple[Any, ...], name: str, slack: float) -> npt.NDArray[np.bool_]:
    if len(wanted) != 2 or values.dtype.kind not in "iuf":
        raise BadInput(
            f"label '{name}'",
            got=f"the tuple {wanted!r}, which means a range",
            expected="(low, high) of a label that holds numbers",
            repair="Pass a list for several values.",
        )
    low, high = wanted
    mask = np.ones(len(values), dtype=bool)
    if low is not None:
        mask &= values >= low - slack
    if high is not None:
        mask &= values <= high + slack
    return mask


def _there(values: npt.NDArray[Any], limit: int = 8) -> str:
    found = sorted({str(v) if isinstance(v, str) else repr(v) for v in values.tolist()}, key=str)
    if values.dtype.kind in "iuf" and len(found) > limit:
        return f"{np.nanmin(values)} to {np.nanmax(values)}"
    quoted = [f"'{v}'" if values.dtype.kind == "O" else v for v in found[:limit]]
    return ", ".join(quoted) + (f", ... ({len(found)} in all)" if len(found) > limit else "")


def _asked(labels: dict[str, Any], responses: xr.DataArray, dim: str) -> str:
    """Spell the conditions on one dimension: several may exclude each other."""
    mine = {k: v for k, v in labels.items() if responses[k].dims == (dim,)}
    return " and ".join(f"{k} {'as the function asks' if callable(v) else f'= {v!r}'}" for k, v in mine.items())
