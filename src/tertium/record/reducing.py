"""Which numbers of a layer are kept: all units, a random subset of them, or random combinations."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from tertium.record.projection import Projection, ProjectionWeights
from tertium.rng import Seeds

Shape = tuple[int, ...]


@dataclass(frozen=True)
class UnitLabels:
    """Labels of recorded units.

    Parameters
    ----------
    unit : list of str
        Names, each once: ``fire4/12/3/5`` is channel 12, row 3, column 5 of layer fire4.
    channel, row, column : array of int, shape (unit,)
        Place in a convolution; -1 where there is none.
    """

    unit: list[str]
    channel: npt.NDArray[np.int32]
    row: npt.NDArray[np.int32]
    column: npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Reduction:
    """What is kept of a layer.

    Parameters
    ----------
    shape : tuple of int
        Shape of the layer's units: (channel, row, column) for a convolution, (unit,) for a fully connected layer.
    indices : array of int, shape (kept,), optional
        Units that are kept, by their place in the flattened layer.
    weights : ProjectionWeights, optional
        The projection.
    """

    shape: Shape
    indices: npt.NDArray[np.int64] | None = None
    weights: ProjectionWeights | None = None

    @property
    def n_units(self) -> int:
        """Units of the layer."""
        return prod(self.shape)

    @property
    def n_kept(self) -> int:
        """Numbers that are kept for each trial and time."""
        if self.weights is not None:
            return self.weights.projection.n_components
        return self.n_units if self.indices is None else len(self.indices)

    @property
    def how(self) -> str:
        """What is done, in a word: "all", "subset", "gaussian" or "sparse"."""
        if self.weights is not None:
            return self.weights.projection.kind
        return "all" if self.indices is None else "subset"

    def apply(self, values: torch.Tensor, dtype: torch.dtype) -> npt.NDArray[Any]:
        """Reduce responses of shape (..., unit); the result shares no memory with them.

        Parameters
        ----------
        values : torch.Tensor, shape (..., unit)
            On any device, of any real type.
        dtype : torch.dtype
            Floating type of the result.

        Returns
        -------
        array, shape (..., kept)
        """
        if self.weights is not None:
            return self.weights.apply(values.to("cpu", dtype).numpy())
        if self.indices is not None:
            # choose before copying: a huge layer need not cross over whole
            values = values.index_select(-1, torch.from_numpy(self.indices).to(values.device))
        return values.to("cpu", dtype, copy=True).contiguous().numpy()

    def labels(self, layer: str) -> UnitLabels:
        """Return the labels of what is kept of a layer called ``layer``."""
        nowhere = np.full(self.n_kept, -1, dtype=np.int32)
        if self.weights is not None:
            names = [f"{layer}/{self.how}/{component}" for component in range(self.n_kept)]
            return UnitLabels(names, nowhere, nowhere, nowhere)
        indices = np.arange(self.n_units) if self.indices is None else self.indices
        places = np.unravel_index(indices, self.shape)
        if self.indices is None:
            names = _all_names(layer, self.shape)
        else:
            columns = (place.tolist() for place in places)
            names = [f"{layer}/{'/'.join(map(str, place))}" for place in zip(*columns, strict=True)]
        if len(self.shape) < 3:
            return UnitLabels(names, nowhere, nowhere, nowhere)
        channel, row, column = (places[axis].astype(np.int32) for axis in (0, -2, -1))
        return UnitLabels(names, channel, row, column)


def _all_names(layer: str, shape: Shape) -> list[str]:
    """Return the names of all units in the order of the flattened layer; millions of them, so axis by axis."""
    names = [layer]
    for n in shape:
        endings = [f"/{place}" for place in range(n)]
        names = [name + ending for name in names for ending in endings]
    return names


def reduction_of(
    shape: Shape, seeds: Seeds, *, units: int | None = None, projection: Projection | None = None
) -> Reduction:
    """Decide what is kept of a layer; one that is no larger than what is asked for is kept whole.

    Parameters
    ----------
    shape : tuple of int
        Shape of the layer's units.
    seeds : Seeds
        Where the choice or the weights come from.
    units : int, optional
        How many units to keep, drawn without replacement.
    projection : Projection, optional
        How to combine them instead.
    """
    n_units = prod(shape)
    if projection is not None and n_units > projection.n_components:
        return Reduction(shape, weights=projection.of(n_units, seeds.child("projection")))
    if units is not None and n_units > units:
        drawn = seeds.numpy("units").choice(n_units, units, replace=False, shuffle=False)
        return Reduction(shape, indices=np.sort(drawn).astype(np.int64))
    return Reduction(shape)
