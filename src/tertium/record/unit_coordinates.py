"""What a module knows of its own units (area, cell type, place), as labels of what is recorded from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import nn

from tertium.errors import BadInput
from tertium.record.reducing import Reduction

Labels = Mapping[str, npt.NDArray[Any]]

#: Labels that every recording has, which a module may not give itself.
OURS = ("trial", "time", "unit", "layer", "channel", "row", "column")


def labels_of_units(module: nn.Module, layer: str, reduction: Reduction) -> dict[str, npt.NDArray[Any]]:
    """Return the labels of the units that are kept of a layer, from the module's method ``unit_labels`` if it has one.

    Parameters
    ----------
    module : torch.nn.Module
        What is recorded from.
    layer : str
        Its label, for messages.
    reduction : Reduction
        Which units are kept. Combinations of units (a projection) have no labels.

    Returns
    -------
    dict of str to array, shape (kept,)

    Raises
    ------
    BadInput
        If a label bears a name that recordings use, or has not one value for each unit.

    Examples
    --------
    >>> layer = nn.Linear(2, 3)
    >>> layer.unit_labels = lambda: {"area": np.array(["V1", "V1", "PFC"], dtype=object)}
    >>> labels_of_units(layer, "0", Reduction((3,), indices=np.array([0, 2])))
    {'area': array(['V1', 'PFC'], dtype=object)}
    """
    method = getattr(module, "unit_labels", None)
    if not callable(method) or reduction.weights is not None:
        return {}
    kept = {}
    for name, values in method().items():
        array = np.asarray(values)
        if name in OURS or array.shape != (reduction.n_units,):
            raise BadInput(
                f"unit label '{name}' of layer '{layer}'",
                got="a name that recordings use" if name in OURS else f"shape {array.shape}",
                expected=f"another name, one value for each of the {reduction.n_units} units",
                repair="Correct what the module's unit_labels() returns.",
            )
        kept[name] = array if reduction.indices is None else array[reduction.indices]
    return kept


def side_by_side(parts: Sequence[Labels], lengths: Sequence[int]) -> dict[str, npt.NDArray[Any]]:
    """Join the labels of several layers; where one has none it gets "" (text) or NaN (numbers).

    Parameters
    ----------
    parts : sequence of mapping of str to array
        Labels of each layer.
    lengths : sequence of int
        Units of each layer.

    Examples
    --------
    >>> side_by_side([{"area": np.array(["V1"], dtype=object), "x": np.array([0.5])}, {}], [1, 2])
    {'area': array(['V1', '', ''], dtype=object), 'x': array([0.5, nan, nan])}
    """
    joined = {}
    for name in dict.fromkeys(name for part in parts for name in part):
        found = [part[name] for part in parts if name in part]
        text = any(values.dtype.kind in "OUT" for values in found)
        whole = len(found) == len(parts)
        dtype = object if text else np.result_type(*found) if whole else np.dtype(np.float64)
        missing = "" if text else np.nan
        pieces = [part[name] if name in part else np.full(n, missing) for part, n in zip(parts, lengths, strict=True)]
        joined[name] = np.concatenate([np.asarray(piece).astype(dtype) for piece in pieces])
    return joined
