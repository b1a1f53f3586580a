"""How branches meet: levels of branch points one nearer to the soma than the other, or one long chain."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import torch
from torch import nn
from torch.nn.functional import softplus

from tertium.models.dendrites.nodes import Node


class Branches(nn.Module, ABC):
    """Branch points of many subtrees, each taking up some branches: (..., subtree, branch) -> (..., subtree, branch).

    Parameters
    ----------
    n_subtrees, n_nodes, fan_in : int
        Subtrees; branch points of each; branches that meet in one.
    node : Node
        What a branch point does with the sum.
    leak : float or None
        None: a branch point sums with weights of either sign, normal with variance 2 / fan_in at first (He et al.
        2015, equation 10), and a bias. A number: branches are tied to it by conductances, which are never negative, and
        it has this leak conductance itself, so that it comes to the mean of the branches and of rest, weighted by
        conductance, plus a bias; conductances start log-normal around 1.
    generator : torch.Generator
        Where the first weights come from.
    """

    def __init__(
        self,
        n_subtrees: int,
        n_nodes: int,
        fan_in: int,
        *,
        node: Node,
        leak: float | None,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.n_subtrees, self.n_nodes, self.fan_in, self.node, self.leak = n_subtrees, n_nodes, fan_in, node, leak
        drawn = torch.randn(fan_in, n_subtrees, n_nodes, generator=generator)
        if leak is None:
            self.weight = nn.Parameter(drawn * math.sqrt(2 / fan_in))
        else:
            # softplus of this is near exp(0.5 * normal)
            self.weight = nn.Parameter(torch.log(torch.expm1(torch.exp(0.5 * drawn))))
        self.bias = nn.Parameter(torch.zeros(n_subtrees, n_nodes))

    def coupling(self) -> torch.Tensor:
        """Return what each branch counts at its branch point, shape (fan_in, subtree, node)."""
        if self.leak is None:
            return self.weight
        conductance = softplus(self.weight)
        return conductance / (conductance.sum(0) + self.leak)

    @abstractmethod
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the activity that goes on towards the soma, (..., subtree, branch)."""


class Level(Branches):
    """Branch points side by side, each taking up ``fan_in`` neighbouring branches.

    Branches that are too few for a branch point at the end go on as they are, so that no input has to be made up.

    Examples
    --------
    >>> from tertium.models.dendrites.nodes import LinearNode
    >>> from tertium.rng import Seeds
    >>> level = Level(2, 3, 2, node=LinearNode(), leak=None, generator=Seeds(0).torch("level"))
    >>> level(torch.ones(5, 2, 7)).shape
    torch.Size([5, 2, 4])
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the activity of the branch points, then the branches that were left over."""
        taken = self.n_nodes * self.fan_in
        total: torch.Tensor = self.bias
        for k, weight in enumerate(self.coupling().unbind(0)):
            total = torch.addcmul(total, weight, x[..., k : taken : self.fan_in])
        met = self.node(total)
        return met if x.shape[-1] == taken else torch.cat([met, x[..., taken:]], dim=-1)


class Chain(Branches):
    """Branch points in a row: each takes up the one before it, farther from the soma, and one input.

    Examples
    --------
    >>> from tertium.models.dendrites.nodes import LinearNode
    >>> from tertium.rng import Seeds
    >>> chain = Chain(2, 6, 2, node=LinearNode(), leak=None, generator=Seeds(0).torch("chain"))
    >>> chain(torch.ones(5, 2, 7)).shape
    torch.Size([5, 2, 1])
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the activity of the last branch point, at the soma."""
        along, inputs = self.coupling().unbind(0)
        drives = torch.addcmul(self.bias, inputs, x[..., 1:])
        activity = x[..., 0]
        for drive, weight in zip(drives.unbind(-1), along.unbind(-1), strict=True):
            activity = self.node(torch.addcmul(drive, weight, activity))
        return activity[..., None]
