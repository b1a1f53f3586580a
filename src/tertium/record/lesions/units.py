"""Which units of a layer are meant: by place, mask, name or label."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import nn

from tertium.errors import BadInput, unknown_name

Indices = npt.NDArray[np.int64]


def unit_indices(units: Any, shape: tuple[int, ...], label: str, module: nn.Module) -> Indices:
    """Return the places of units in a flattened layer, in the order given.

    Parameters
    ----------
    units : None, int, sequence of int, array of bool, names, or mapping of label to values
        See `tertium.record.lesion`.
    shape : tuple of int
        Shape of the layer's units.
    label : str
        The layer's name, with which the names of its units begin.
    module : torch.nn.Module
        The layer, which may have a method ``unit_labels``.

    Raises
    ------
    BadInput, UnknownName
        If a unit is not there or named twice, or the layer has no such label.

    Examples
    --------
    >>> unit_indices(["conv/1/0/2", "conv/0/1/1"], (2, 2, 3), "conv", nn.Identity())
    array([8, 4])
    >>> unit_indices(np.array([False, True, True]), (3,), "fc", nn.Identity())
    array([1, 2])
    """
    n = prod(shape)
    if units is None:
        return np.arange(n)
    if isinstance(units, Mapping):
        return _labelled(units, n, label, module)
    given = np.atleast_1d(np.asarray(units))
    if given.dtype.kind in "OUT":
        found = np.array([_of_name(str(one), shape, label) for one in given.ravel()], dtype=np.int64)
    elif given.dtype == bool and given.shape == (n,):
        found = np.flatnonzero(given)
    elif given.dtype.kind in "iu" and given.ndim == 1:
        found = given.astype(np.int64)
    else:
        raise BadInput(
            f"units of '{label}'",
            got=f"{given.dtype} of shape {given.shape}",
            expected=f"places, names, or a mask of shape ({n},)",
        )
    wrong = found[(found < 0) | (found >= n)]
    if len(wrong):
        raise BadInput(f"units of '{label}'", got=f"place {wrong[0]}", expected=f"0 to {n - 1}: it has {n} units")
    if len(np.unique(found)) < len(found) or not len(found):
        got = "none" if not len(found) else "a unit twice"
        raise BadInput(f"units of '{label}'", got=got, expected="one unit or more, each once")
    return found


def _of_name(name: str, shape: tuple[int, ...], label: str) -> int:
    places = name.removeprefix(f"{label}/").split("/")
    inside = name.startswith(f"{label}/") and len(places) == len(shape) and all(one.isdigit() for one in places)
    where = [int(one) for one in places] if inside else []
    if not inside or any(one >= most for one, most in zip(where, shape, strict=True)):
        last = "/".join(str(most - 1) for most in shape)
        raise BadInput(
            f"units of '{label}'",
            got=f"'{name}'",
            expected=f"names from '{label}/{'/'.join('0' for _ in shape)}' to '{label}/{last}'",
        )
    return int(np.ravel_multi_index(where, shape))


def _labelled(wanted: Mapping[str, Any], n: int, label: str, module: nn.Module) -> Indices:
    method = getattr(module, "unit_labels", None)
    labels: dict[str, npt.NDArray[Any]] = dict(method()) if callable(method) else {}
    chosen = np.ones(n, dtype=bool)
    for name, values in wanted.items():
        if name not in labels:
            raise unknown_name(f"unit label of '{label}'", str(name), list(labels), listing="the layer's unit_labels()")
        chosen &= np.isin(labels[name], np.atleast_1d(np.asarray(values, dtype=labels[name].dtype)))
    if not chosen.any():
        raise BadInput(f"units of '{label}'", got=f"none with {dict(wanted)}", expected="one unit or more")
    return np.flatnonzero(chosen)
