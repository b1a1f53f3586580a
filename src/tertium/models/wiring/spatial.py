"""Units at places in space, and what their wiring costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from tertium.errors import BadInput
from tertium.models.wiring.connections import Connections, Constraint, label

AXES = ("x", "y", "z")


@dataclass(frozen=True, eq=False)
class SpatialEmbedding(Constraint):
    """Units lie at places; weights stay free, but their length has a cost that can be added to a loss (`wiring_cost`).

    Parameters
    ----------
    positions : array, shape (unit, dimension)
        Places in one to three dimensions, in any unit of length; `grid` makes those of a lattice.

    Raises
    ------
    BadInput
        If they are not finite numbers of that shape.

    Examples
    --------
    >>> from tertium.models import RateCell
    >>> from tertium.models.wiring import constrain
    >>> cell = constrain(RateCell(1, 100), SpatialEmbedding(grid(5, 5, 4)))
    >>> sorted(cell.unit_labels()), bool(wiring_cost(cell) > 0)
    (['x', 'y', 'z'], True)
    """

    positions: npt.ArrayLike

    def __post_init__(self) -> None:
        places = np.asarray(self.positions, dtype=np.float64)
        if places.ndim != 2 or places.shape[1] not in (1, 2, 3) or not np.isfinite(places).all():
            raise BadInput(
                "positions of SpatialEmbedding",
                got=f"shape {places.shape}" + ("" if np.isfinite(places).all() else " with values that are not finite"),
                expected="finite numbers of shape (unit, 1, 2 or 3)",
            )

    def build(self, connections: Connections) -> None:
        """Check the number of units; weights are left alone."""
        n = len(np.asarray(self.positions))
        if connections.shape != (n, n):
            raise BadInput(
                "positions of SpatialEmbedding",
                got=f"{n} places for a weight of shape {connections.shape}",
                expected="one for each unit of the population",
            )

    def attach(self, module: nn.Module, connections: Connections) -> None:
        """Leave places and distances on the module, and label its units with their places."""
        places = np.asarray(self.positions, dtype=np.float64)
        module.add_module("places", Places(places).to(connections.mask.device))
        for axis, values in zip(AXES, places.T, strict=False):
            label(module, axis, values)


class Places(nn.Module):
    """Where units are.

    Parameters
    ----------
    positions : array, shape (unit, dimension)
    """

    positions: torch.Tensor
    distances: torch.Tensor

    def __init__(self, positions: npt.NDArray[np.float64]) -> None:
        super().__init__()
        apart = np.linalg.norm(positions[:, None] - positions[None], axis=-1)
        self.register_buffer("positions", torch.as_tensor(positions, dtype=torch.float32))
        self.register_buffer("distances", torch.as_tensor(apart, dtype=torch.float32), persistent=False)


def grid(*shape: int) -> npt.NDArray[np.float64]:
    """Return the places of a lattice with unit spacing, shape (unit, dimension).

    Raises
    ------
    BadInput
        If a side of the lattice is no positive integer.

    Examples
    --------
    >>> grid(2, 2).tolist()
    [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
    """
    if not shape or any(n != int(n) or n < 1 for n in shape):
        raise BadInput("shape of the grid", got=repr(shape), expected="integers >= 1", repair="Pass grid(5, 5, 4).")
    return np.stack(np.meshgrid(*(np.arange(n, dtype=float) for n in shape), indexing="ij"), -1).reshape(-1, len(shape))


def wiring_cost(
    cell: nn.Module, *, with_communicability: bool = False, weight: str | Sequence[str] | None = None
) -> torch.Tensor:
    """Return how much wire the connections of embedded units take: the sum of ``|W| * distance``, differentiable.

    With communicability it is the cost of spatially embedded networks (seRNN; Achterberg et al. 2023, Methods), the sum
    of ``|W| * distance * communicability(W)``, which spares the short connections that the network's core runs on.

    Parameters
    ----------
    cell : torch.nn.Module
        A cell constrained by `SpatialEmbedding`.
    with_communicability : bool
        Whether connections are weighed by their communicability.
    weight : str or sequence of str, optional
        Names of the weights; all unit-by-unit ones by default.

    Returns
    -------
    torch.Tensor
        A scalar, in the unit of the positions times that of the weights.

    Raises
    ------
    BadInput
        If the cell is not embedded.
    """
    places: Any = getattr(cell, "places", None)
    if not isinstance(places, Places):
        raise BadInput(
            "wiring cost",
            got="a cell whose units have no places",
            expected="a cell under SpatialEmbedding",
            repair="Use constrain(cell, SpatialEmbedding(grid(5, 5, 4))).",
        )
    given: Any = getattr(cell, "recurrent_weights", ("recurrent_weight",)) if weight is None else weight
    names = [given] if isinstance(given, str) else list(given)
    costs = []
    for name in names:
        magnitude = getattr(cell, name).abs()
        cost = magnitude * places.distances
        costs.append((cost * communicability(magnitude) if with_communicability else cost).sum())
    return torch.stack(costs).sum()


def communicability(weight: torch.Tensor) -> torch.Tensor:
    """Return how well units reach each other over all paths: the matrix exponential of normalised strengths.

    ``exp(S^(-1/2) |W| S^(-1/2))`` with S the diagonal matrix of strengths (Crofts & Higham 2009). In a directed network
    a unit's strength is that of its outgoing connections, the column sums of |W|, as in the code of Achterberg et al.
    (2023). A unit that sends nothing is left out: its row and column of the exponent are 0.

    Parameters
    ----------
    weight : torch.Tensor, shape (target, source)

    Returns
    -------
    torch.Tensor, shape (unit, unit)

    Examples
    --------
    >>> communicability(torch.tensor([[0.0, 2.0], [2.0, 0.0]]))     # cosh(1), sinh(1)
    tensor([[1.5431, 1.1752],
            [1.1752, 1.5431]])
    """
    magnitude = weight.abs()
    strength = magnitude.sum(0)
    # the inner where keeps the gradient of the unused branch finite
    scale = torch.where(strength > 0, torch.where(strength > 0, strength, 1.0).rsqrt(), 0.0)
    return torch.linalg.matrix_exp(scale[:, None] * magnitude * scale[None, :])
