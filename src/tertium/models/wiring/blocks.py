"""Areas: named blocks of units, connected within and, more sparsely, between."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from tertium.errors import BadInput, unknown_name
from tertium.models.wiring.connections import Connections, Constraint, Masked, label
from tertium.models.wiring.masks import check_density
from tertium.rng import Seeds

Pair = tuple[str, str]


@dataclass(frozen=True, eq=False)
class BlockMask(Constraint):
    """Units lie in areas, and connections exist only between the pairs of areas that are named.

    Parameters
    ----------
    areas : mapping of str to int
        Area -> units, in the order in which the units lie.
    allowed : collection of (source, target), or mapping of (source, target) to float
        Pairs that are connected, with the share of their connections that exist (all, if no share is given). The
        number is exact for each pair, the choice random. A pair within an area has to be named too.
    seed : int
        Seed of the choice.

    Raises
    ------
    BadInput, UnknownName
        If there is no area, one is empty or unknown, or a share is not in 0..1.

    Examples
    --------
    >>> from tertium.models import RateCell
    >>> from tertium.models.wiring import constrain
    >>> blocks = BlockMask({"V1": 3, "PFC": 2}, {("V1", "V1"): 1, ("V1", "PFC"): 0.5, ("PFC", "PFC"): 1})
    >>> cell = constrain(RateCell(1, 5), blocks)
    >>> weight = cell.recurrent_weight                       # (target, source)
    >>> int((weight[3:, :3] != 0).sum()), int((weight[:3, 3:] != 0).sum())
    (3, 0)
    >>> cell.unit_labels()["area"].tolist()
    ['V1', 'V1', 'V1', 'PFC', 'PFC']
    """

    areas: Mapping[str, int]
    allowed: Collection[Pair] | Mapping[Pair, float]
    seed: int = 0

    def __post_init__(self) -> None:
        check_areas(self.areas)
        for pair, share in self.shares().items():
            for area in pair:
                if area not in self.areas:
                    raise unknown_name("area", area, self.areas)
            check_density(f"share of connections from {pair[0]} to {pair[1]}", share, zero=True)

    def shares(self) -> dict[Pair, float]:
        """Return (source, target) -> share of the connections that exist."""
        return dict(self.allowed) if isinstance(self.allowed, Mapping) else dict.fromkeys(self.allowed, 1.0)

    def unit_areas(self) -> npt.NDArray[Any]:
        """Return the area of each unit, shape (unit,)."""
        return np.repeat(np.array(list(self.areas), dtype=object), list(self.areas.values()))

    def build(self, connections: Connections) -> Masked:
        """Return the parametrization."""
        names = self.unit_areas()
        if connections.shape != (len(names), len(names)):
            raise BadInput(
                "areas of BlockMask",
                got=f"{len(names)} units for a weight of shape {connections.shape}",
                expected="as many units as the population has",
            )
        mask = torch.zeros(connections.shape, dtype=torch.bool)
        seeds = Seeds(self.seed).child("BlockMask")
        for (source, target), share in self.shares().items():
            targets, sources = np.flatnonzero(names == target), np.flatnonzero(names == source)
            size = len(targets) * len(sources)
            chosen = seeds.numpy(f"{source} to {target}").permutation(size)[: round(share * size)]
            rows, columns = targets[chosen // len(sources)], sources[chosen % len(sources)]
            mask[torch.from_numpy(rows), torch.from_numpy(columns)] = True
        return Masked(mask, self.name)

    def attach(self, module: nn.Module, connections: Connections) -> None:
        """Label the units of a cell with their areas."""
        label(module, "area", self.unit_areas())

    def narrow(self, connections: Connections, built: Any) -> Connections:
        """Return what is known of the connections, areas included."""
        left = super().narrow(connections, built)
        return Connections(left.mask, left.signs, self.unit_areas())


def hierarchy(
    areas: Mapping[str, int], *, feedforward: float = 0.2, feedback: float = 0.1, within: float = 1.0
) -> dict[Pair, float]:
    """Return the shares of connections of a chain of areas: each is connected with the next, up and down.

    Parameters
    ----------
    areas : mapping of str to int
        Area -> units, from the lowest to the highest.
    feedforward, feedback, within : float
        Shares of connections from each area to the next, to the one before, and to itself.

    Returns
    -------
    dict of (source, target) to float
        For `BlockMask`.

    Examples
    --------
    >>> hierarchy({"V1": 30, "PFC": 20})
    {('V1', 'V1'): 1.0, ('PFC', 'PFC'): 1.0, ('V1', 'PFC'): 0.2, ('PFC', 'V1'): 0.1}
    """
    check_areas(areas)
    names = list(areas)
    shares = {(name, name): within for name in names}
    for lower, higher in pairwise(names):
        shares[lower, higher] = feedforward
        shares[higher, lower] = feedback
    return shares


def check_areas(areas: Mapping[str, int]) -> None:
    """Raise `BadInput` unless there are areas, each with a name and at least one unit."""
    good = isinstance(areas, Mapping) and len(areas) > 0
    for name, n in areas.items() if good else ():
        good = good and isinstance(name, str) and bool(name) and isinstance(n, int | np.integer) and n > 0
    if not good:
        raise BadInput(
            "areas",
            got=repr(areas),
            expected="a mapping from names to numbers of units, each at least 1",
            repair='Pass areas={"V1": 30, "PFC": 20}.',
        )
