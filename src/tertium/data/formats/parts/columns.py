"""A table of responses taken apart into plain pieces, and put together again exactly; shared by the file formats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from tertium.data.formats.zarr_write import plain_attrs, storable
from tertium.data.responses import validate


@dataclass(frozen=True)
class Pieces:
    """What a table of responses consists of.

    Parameters
    ----------
    values : array, shape (trial, time, unit)
        The numbers.
    dims : tuple of str
        ("trial", "time", "unit") or ("condition", "time", "unit").
    labels : mapping of (dim, name) to array
        One array for each label, numbers, bool or text (as objects); dim is "" for a label of the whole table.
    attrs : mapping
        As JSON can hold them.
    name : str
        Of the array.
    """

    values: npt.NDArray[Any]
    dims: tuple[str, str, str]
    labels: Mapping[tuple[str, str], npt.NDArray[Any]]
    attrs: Mapping[str, Any]
    name: str

    def along(self, dim: str) -> dict[str, npt.NDArray[Any]]:
        """Return the labels of one dimension, by name."""
        return {name: column for (where, name), column in self.labels.items() if where == dim}


def take_apart(responses: xr.DataArray) -> Pieces:
    """Return the pieces of a table.

    Raises
    ------
    BadInput
        If a label mixes kinds (text and numbers), or an attribute cannot be written as JSON.
    """
    first, time, unit = (str(d) for d in responses.dims)
    labels = {
        (str(coord.dims[0]) if coord.dims else "", str(name)): storable(str(name), coord)
        for name, coord in responses.coords.items()
    }
    name = "" if responses.name is None else str(responses.name)
    return Pieces(responses.values, (first, time, unit), labels, plain_attrs(responses.attrs), name)


def put_together(pieces: Pieces) -> xr.DataArray:
    """Return the table that `take_apart` took apart, validated."""
    coords: dict[str, Any] = {}
    for (dim, name), column in pieces.labels.items():
        label = column.astype(object) if column.dtype.kind in "UT" else column
        coords[name] = (dim, label) if dim else label.reshape(())[()]
    made = xr.DataArray(
        np.asarray(pieces.values).reshape([len(pieces.labels[dim, dim]) for dim in pieces.dims]),
        dims=pieces.dims,
        coords=coords,
        attrs=dict(pieces.attrs),
        name=pieces.name or None,
    )
    return validate(made)
