"""Weights of low rank, alone or on top of a fixed random matrix, as a constraint on any cell's weights."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import nn

from tertium.errors import BadInput
from tertium.models.wiring.connections import Connections, Constraint
from tertium.rng import Seeds


@dataclass(frozen=True)
class LowRank(Constraint):
    """Weights ``m n' / N`` with m and n of ``rank`` columns (Mastrogiuseppe & Ostojic 2018, eq. 2).

    `tertium.models.RateCell` has this built in (``rank=``) and never forms the square matrix, which is faster; this
    constraint serves the weights of any other cell. Masks and signs would change the rank and contradict it.

    Parameters
    ----------
    rank : int
        Columns of m and n.
    seed : int
        Seed of the factors, which start as independent standard normal numbers.

    Examples
    --------
    >>> from tertium.models import GRUCell
    >>> from tertium.models.wiring import constrain
    >>> cell = constrain(GRUCell(1, 20), LowRank(2), weight="recurrent_weight")
    >>> int(torch.linalg.matrix_rank(cell.recurrent_weight))
    2
    """

    order: ClassVar[int] = 0
    rank: int
    seed: int = 0

    def build(self, connections: Connections) -> Factored:
        """Return the parametrization."""
        return Factored(connections.shape, self.rank, None, self.name)

    def start(self, weight: torch.Tensor, connections: Connections) -> torch.Tensor:
        """Return the product of random factors."""
        return self._product(connections.shape).to(weight)

    def _product(self, shape: tuple[int, int]) -> torch.Tensor:
        check_rank(self.name, self.rank, shape)
        seeds = Seeds(self.seed).child("LowRank")
        left = torch.randn(shape[0], self.rank, generator=seeds.torch("left"))
        right = torch.randn(shape[1], self.rank, generator=seeds.torch("right"))
        return left @ right.T / shape[1]


@dataclass(frozen=True)
class LowRankPlusRandom(LowRank):
    """Weights ``m n' / N + J``: low rank, learned, on top of a fixed Gaussian matrix of spread ``gain / sqrt(N)``.

    Parameters
    ----------
    rank : int
        Columns of m and n.
    seed : int
        Seed of the factors and of J.
    gain : float
        Spread of the random matrix.
    """

    gain: float = 0.8

    def build(self, connections: Connections) -> Factored:
        """Return the parametrization."""
        return Factored(connections.shape, self.rank, self._random(connections.shape), self.name)

    def start(self, weight: torch.Tensor, connections: Connections) -> torch.Tensor:
        """Return the random matrix plus the product of random factors."""
        return (self._product(connections.shape) + self._random(connections.shape)).to(weight)

    def _random(self, shape: tuple[int, int]) -> torch.Tensor:
        drawn = torch.randn(*shape, generator=Seeds(self.seed).child("LowRank").torch("random"))
        return drawn * (self.gain / math.sqrt(shape[1]))


class Factored(nn.Module):
    """A weight made of two factors, and of a fixed matrix where one is given.

    Parameters
    ----------
    shape : tuple of int
        Targets, sources.
    rank : int
        Columns of the factors.
    random : torch.Tensor, shape (target, source), optional
        What is added.
    what : str
        The constraint, for messages.
    """

    random: torch.Tensor | None

    def __init__(self, shape: tuple[int, int], rank: int, random: torch.Tensor | None, what: str) -> None:
        super().__init__()
        check_rank(what, rank, shape)
        self.rank, self.what = rank, what
        self.register_buffer("random", random)

    def forward(self, left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        """Return the weight, shape (target, source)."""
        product = left @ right.T / len(right)
        return product if self.random is None else product + self.random

    def right_inverse(self, weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return balanced factors of a weight; raise `BadInput` if its rank is higher."""
        low = weight if self.random is None else weight - self.random
        u, s, v = torch.linalg.svd(low * low.shape[1], full_matrices=False)
        root = s[: self.rank].sqrt()
        left, right = u[:, : self.rank] * root, v[: self.rank].T * root
        off = float((self.forward(left, right) - weight).norm())
        if off > 1e-4 * (float(weight.norm()) + 1e-30):
            raise BadInput(
                f"weight under {self.what}",
                got=f"one that is {off / float(weight.norm()):.0%} off rank {self.rank}",
                expected=f"a weight of rank {self.rank}"
                + (" plus the random matrix" if self.random is not None else ""),
                repair="Assign a weight that fits, or let tertium.models.wiring.constrain choose one to start from.",
            )
        return left.contiguous(), right.contiguous()


def check_rank(what: str, rank: Any, shape: tuple[int, int]) -> None:
    """Raise `BadInput` unless a matrix of this shape can have this rank."""
    if isinstance(rank, bool) or not isinstance(rank, int) or not 1 <= rank <= min(shape):
        raise BadInput(f"rank of {what}", got=repr(rank), expected=f"1 to {min(shape)}")
