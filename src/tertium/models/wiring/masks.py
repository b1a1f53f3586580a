"""Connections that do not exist: at random, by a given matrix, or from a unit to itself."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from tertium.errors import BadInput
from tertium.models.wiring.connections import Connections, Constraint, Masked
from tertium.rng import Seeds


@dataclass(frozen=True, eq=False)
class SparseMask(Constraint):
    """Only some connections exist: a random share of all, or those that a matrix gives.

    Parameters
    ----------
    density : float, optional
        Share of all connections that exist, above 0 and at most 1; the number is exact, the choice random.
    mask : array of bool, shape (target, source), optional
        The connections, instead of a density.
    rescale : bool
        With ``density``: whether the remaining weights start ``1 / sqrt(density)`` larger, so that the input to a
        unit keeps its variance.
    seed : int
        Seed of the choice.

    Raises
    ------
    BadInput
        If not exactly one of ``density`` and ``mask`` is given, or it is unusable.

    Examples
    --------
    >>> from tertium.models import RateCell
    >>> from tertium.models.wiring import constrain
    >>> cell = constrain(RateCell(1, 20), SparseMask(0.25))
    >>> int((cell.recurrent_weight != 0).sum())
    100
    """

    density: float | None = None
    mask: npt.ArrayLike | None = None
    rescale: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        if (self.density is None) == (self.mask is None):
            raise BadInput(
                "SparseMask",
                got="both" if self.mask is not None else "neither density nor mask",
                expected="density or mask",
                repair="Pass SparseMask(0.1) or SparseMask(mask=matrix).",
            )
        if self.density is not None:
            check_density("density of SparseMask", self.density)

    def build(self, connections: Connections) -> Masked:
        """Return the parametrization."""
        if self.mask is not None:
            return Masked(_given_mask(self.mask, connections.shape), self.name)
        assert self.density is not None
        drawn = random_mask(connections.shape, self.density, Seeds(self.seed).child("SparseMask").numpy("mask"))
        return Masked(drawn, self.name)

    def start(self, weight: torch.Tensor, connections: Connections) -> torch.Tensor:
        """Return what is left of the weight, scaled up."""
        scale = 1 / math.sqrt(self.density) if self.rescale and self.density is not None else 1.0
        return weight * connections.mask * scale


@dataclass(frozen=True)
class NoAutapses(Constraint):
    """No unit is connected to itself: the diagonal of the recurrent weights stays zero.

    Examples
    --------
    >>> from tertium.models import RateCell
    >>> from tertium.models.wiring import constrain
    >>> cell = constrain(RateCell(1, 20), NoAutapses())
    >>> cell.recurrent_weight.diagonal().abs().sum().item()
    0.0
    """

    def build(self, connections: Connections) -> Masked:
        """Return the parametrization."""
        if not connections.square:
            raise BadInput(
                "NoAutapses",
                got=f"a weight of shape {connections.shape}",
                expected="connections among the units of one population",
            )
        return Masked(~torch.eye(connections.shape[0], dtype=torch.bool), self.name)


def random_mask(shape: tuple[int, int], density: float, rng: np.random.Generator) -> torch.Tensor:
    """Return a mask with exactly ``round(density * size)`` connections, at least one, drawn without replacement."""
    size = shape[0] * shape[1]
    chosen = rng.choice(size, max(1, round(density * size)), replace=False, shuffle=False)
    mask = torch.zeros(size, dtype=torch.bool)
    mask[torch.from_numpy(chosen)] = True
    return mask.view(shape)


def check_density(what: str, density: Any, *, zero: bool = False) -> None:
    """Raise `BadInput` unless a density lies in (0, 1], or in [0, 1] if ``zero``."""
    try:
        value = float(density)
    except (TypeError, ValueError):
        value = math.nan
    if not (0 < value <= 1 or (zero and value == 0)):
        allowed = "0 to 1" if zero else "above 0 and at most 1"
        raise BadInput(what, got=repr(density), expected=f"a share of connections, {allowed}")


def _given_mask(mask: npt.ArrayLike, shape: tuple[int, int]) -> torch.Tensor:
    array = np.asarray(mask)
    if array.shape != shape or not np.isin(array, (0, 1)).all():
        raise BadInput(
            "mask of SparseMask",
            got=f"shape {array.shape}" if array.shape != shape else "values other than 0 and 1",
            expected=f"true and false of shape {shape}, (target, source)",
        )
    return torch.from_numpy(array.astype(bool))
