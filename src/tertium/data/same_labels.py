"""Operations between two tables: their labels must be the same, since xarray would silently keep what they share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr

from tertium.data.responses import validate
from tertium.errors import BadInput


def check_same_labels(a: xr.DataArray, b: xr.DataArray, dim: str | None = None) -> None:
    """Raise unless two tables have the same names, in the same order, along a dimension.

    Parameters
    ----------
    a, b : xarray.DataArray, dims (trial, time, unit)
        Two tables of responses.
    dim : str, optional
        "trial", "condition", "time" or "unit"; all three dimensions if not given. Times may differ by a thousandth
        of a bin.

    Raises
    ------
    BadInput
        If they differ; the message says which.

    Examples
    --------
    >>> from tertium.data import make_responses
    >>> a = make_responses([[1.0, 2.0]], unit={"unit": ["n1", "n2"]})
    >>> b = make_responses([[1.0, 2.0]], unit={"unit": ["n1", "n3"]})
    >>> check_same_labels(a, b, "unit")
    Traceback (most recent call last):
    ...
    tertium.errors.BadInput: unit labels: got 'n2' only in the first; 'n3' only in the second, expected the same units in the same order. Select those that both have, for instance select(responses, unit=[...]).
    """  # noqa: E501
    validate(a, finite=False)
    validate(b, finite=False)
    for name in [dim] if dim is not None else [str(d) for d in a.dims]:
        if name not in a.dims or name not in b.dims:
            raise BadInput(
                f"dimension '{name}'",
                got=f"({', '.join(map(str, a.dims))}) and ({', '.join(map(str, b.dims))})",
                expected=f"'{name}' in both",
                repair="Average both by condition, or neither.",
            )
        _check_one(a, b, name)


def combine(a: xr.DataArray, b: xr.DataArray, op: Callable[[Any, Any], Any]) -> xr.DataArray:
    """Apply an operation of two arguments to two tables with the same labels.

    Parameters
    ----------
    a, b : xarray.DataArray, dims (trial, time, unit)
        Two tables of responses with equal names along all three dimensions.
    op : callable
        ``op(values of a, values of b)``, for instance ``numpy.subtract``.

    Returns
    -------
    xarray.DataArray, dims (trial, time, unit)
        Labels and attributes of ``a``.

    Raises
    ------
    BadInput
        If the labels differ, or the result has another shape or is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from tertium.data import make_responses
    >>> a, b = make_responses([[5.0]]), make_responses([[2.0]])
    >>> combine(a, b, np.subtract).values.tolist()
    [[[3.0]]]
    """
    check_same_labels(a, b)
    values = np.asarray(op(a.values, b.values))
    if values.shape != a.shape:
        raise BadInput(
            "operation", got=f"a result of shape {values.shape}", expected=f"shape {a.shape}", repair="Pass a ufunc."
        )
    return validate(a.copy(data=values))


def _check_one(a: xr.DataArray, b: xr.DataArray, dim: str) -> None:
    if dim in a.coords and dim in b.coords:
        ours, theirs = a[dim].values, b[dim].values
    else:
        ours, theirs = np.arange(a.sizes[dim]), np.arange(b.sizes[dim])
    if dim == "time" and len(ours) == len(theirs):
        if np.allclose(ours, theirs, rtol=0, atol=1e-3 * float(a.attrs["dt"])):
            return
        at = int(np.argmax(np.abs(ours - theirs)))
        got = f"{ours[at]:g} s in the first and {theirs[at]:g} s in the second at index {at}"
    elif np.array_equal(ours, theirs):
        return
    else:
        got = _difference(ours.tolist(), theirs.tolist())
    repair = f"Select those that both have, for instance select(responses, {dim}=[...])."
    raise BadInput(f"{dim} labels", got=got, expected=f"the same {dim}s in the same order", repair=repair)


def _difference(ours: list[Any], theirs: list[Any]) -> str:
    parts = []
    for only, other, which in ((ours, theirs, "first"), (theirs, ours, "second")):
        known = set(other)
        extra = [v for v in only if v not in known]
        if extra:
            shown = ", ".join(repr(v) for v in extra[:3]) + (f" and {len(extra) - 3} more" if len(extra) > 3 else "")
            parts.append(f"{shown} only in the {which}")
    if not parts and len(ours) == len(theirs):
        at = next(i for i, (v, w) in enumerate(zip(ours, theirs, strict=True)) if v != w)
        parts.append(f"another order: {ours[at]!r} and {theirs[at]!r} at index {at}")
    return "; ".join(parts) or f"{len(ours)} and {len(theirs)} labels, some of them twice"
