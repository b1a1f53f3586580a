"""Features of a convolutional layer as channels by places, and how places neighbour each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xarray as xr

from tertium.compare.encoding.tables import Table
from tertium.errors import BadInput

FloatArray = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

#: Labels of units that `tertium.record` gives to those of convolutions.
LABELS = ("channel", "row", "column")


@dataclass(frozen=True, eq=False)
class Grid:
    """Where the columns of a table of features are.

    Attributes
    ----------
    shape : tuple of int
        Channels, rows and columns of places.
    order : array of int, shape (feature,)
        Features by channel, row and column.
    """

    shape: tuple[int, int, int]
    order: Indices

    @property
    def places(self) -> int:
        """Number of places."""
        return self.shape[1] * self.shape[2]

    def read(self, features: Table) -> FloatArray:
        """Return all features, (sample, channel, place)."""
        return features.block(0, features.width)[:, self.order].reshape(features.n, self.shape[0], self.places)


def grid_of(features: Table, shape: tuple[int, int, int] | None) -> Grid:
    """Find channel, row and column of each feature: from labels of units, or from a shape.

    Parameters
    ----------
    features : Table
    shape : tuple of int, or None
        Channels, rows and columns, the last changing fastest; None to read the labels.

    Raises
    ------
    BadInput
        If there are no labels, features do not fill a grid, or the shape holds another number of them.

    Examples
    --------
    >>> from tertium.compare.encoding.tables import table
    >>> grid_of(table(np.zeros((5, 12)), "X"), (3, 2, 2)).places
    4
    """
    if shape is not None:
        if len(shape) != 3 or min(shape) < 1 or np.prod(shape) != features.width:
            raise BadInput(
                "shape",
                got=f"{shape} for {features.width} features",
                expected="(channels, rows, columns), as many in all",
            )
        return Grid(shape, np.arange(features.width))
    given = features.source
    labels = {str(key) for key, one in given.coords.items() if one.dims == ("unit",)} if _labelled(given) else set()
    if not labels.issuperset(LABELS):
        raise BadInput(
            "X",
            got="features without the labels 'channel', 'row' and 'column'",
            expected="units of a convolutional layer",
            repair="Pass FactorisedReadout(shape=(channels, rows, columns)).",
        )
    where = np.stack([np.asarray(given[label].values, dtype=np.int64) for label in LABELS])
    found = [np.unique(one, return_inverse=True) for one in where]
    channels, rows, columns = (len(values) for values, _ in found)
    numbers = np.ravel_multi_index([np.ravel(index) for _, index in found], (channels, rows, columns))
    if where.min() < 0 or len(np.unique(numbers)) < len(numbers) or len(numbers) != channels * rows * columns:
        raise BadInput(
            "X",
            got=f"{len(numbers)} features for {channels} channels x {rows} rows x {columns} columns",
            expected="one convolutional layer, every channel at every place once",
            repair="Take one layer: X.isel(unit=X.layer == name).",
        )
    return Grid((channels, rows, columns), np.argsort(numbers))


def roughness(rows: int, columns: int) -> FloatArray:
    """Return L with ``s'L s`` the sum of squared differences of neighbouring places, (place, place).

    Examples
    --------
    >>> roughness(1, 3).tolist()
    [[1.0, -1.0, 0.0], [-1.0, 2.0, -1.0], [0.0, -1.0, 1.0]]
    """
    places = np.arange(rows * columns).reshape(rows, columns)
    found = np.zeros((rows * columns, rows * columns))
    for first, second in ((places[:-1], places[1:]), (places[:, :-1], places[:, 1:])):
        a, b = first.ravel(), second.ravel()
        np.add.at(found, (np.r_[a, b], np.r_[a, b]), 1.0)
        found[a, b] = found[b, a] = -1.0
    return found


def _labelled(given: object) -> bool:
    return isinstance(given, xr.DataArray)
