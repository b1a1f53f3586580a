"""One neuron with a dendritic tree, as a network of branch points (the k-tree)."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
import torch
from torch import nn
from torch.nn.functional import linear

from tertium.errors import BadInput
from tertium.models.dendrites.branches import Branches, Chain, Level
from tertium.models.dendrites.nodes import Node, ThresholdNode
from tertium.models.dendrites.synapses import ConductanceSynapses
from tertium.rng import Seeds

#: How a subtree branches; in which order inputs reach the tips of subtrees; what synapses are.
Shape = Literal["balanced", "chain"]
Order = Literal["permuted", "same", "divided"]
Synapses = Literal["current", "conductance"]


class DendriticTree(nn.Module):
    """One neuron whose dendrite is a tree of thresholds, and whose inputs come back on several subtrees (the k-tree).

    Each of ``n_subtrees`` subtrees hears every input once, at a tip. At a branch point two branches (``fan_in``) meet:
    their weighted sum and a bias go through a threshold and on towards the soma, which sums the subtrees (Jones &
    Kording 2021). A balanced subtree of n inputs has about ``log2 n`` branch points between tip and soma, a chain up to
    ``n - 1``; both have n - 1 branch points in all, and as many weights.

    It is called like a network over time and treats each step by itself. Recording sites are ``levels.0`` (farthest
    from the soma; a chain has only this, its end at the soma), ``levels.1``, ..., and ``soma``. With ``n_outputs`` > 1
    there are so many neurons, each with all its subtrees to itself.

    Parameters
    ----------
    n_inputs : int
        Inputs, at least 2.
    n_subtrees : int
        How often each input comes back: the k of a k-tree.
    n_outputs : int
        Neurons.
    fan_in : int
        Branches that meet at a branch point; of a chain always 2.
    shape : {"balanced", "chain"}
        How a subtree branches.
    order : {"permuted", "same", "divided"}
        Whether each subtree has all inputs in an order of its own, drawn with the seed, or in the order given; or a
        part of them, drawn with the seed, so that no input comes back.
    node : Node
        What a branch point does with the sum: `ThresholdNode`, `NMDANode` or `LinearNode`.
    leak : float, optional
        None: branch points weigh branches by either sign. A number: inside the tree there are only conductances, and
        each branch point leaks this much (see `Branches`); signs are those of the synapses, where inputs enter.
    synapses : {"current", "conductance"}
        Whether an input is a current as it is, or opens conductances (`ConductanceSynapses`).
    dt : float
        Time step in seconds, which labels recordings.
    seed : int
        Of weights and orders.

    Raises
    ------
    BadInput
        If a size, a name or the leak cannot be used.

    Examples
    --------
    >>> tree = DendriticTree(784, 32, seed=1)
    >>> [level.n_nodes for level in tree.levels]
    [392, 196, 98, 49, 24, 12, 6, 3, 2, 1]
    >>> outputs, states = tree(torch.zeros(1, 4, 784))
    >>> tuple(outputs.shape), tuple(states[-2].shape)
    ((1, 4, 1), (1, 4, 32))
    """

    layout = "time_batch"

    def __init__(
        self,
        n_inputs: int,
        n_subtrees: int,
        n_outputs: int = 1,
        *,
        fan_in: int = 2,
        shape: Shape = "balanced",
        order: Order = "permuted",
        node: Node | None = None,
        leak: float | None = None,
        synapses: Synapses = "current",
        dt: float = 0.1,
        seed: int = 0,
    ) -> None:
        super().__init__()
        _check_sizes(n_inputs, n_subtrees, n_outputs, fan_in)
        _check_choices(shape, order, synapses, fan_in, leak, n_inputs, n_subtrees)
        self.n_inputs, self.n_subtrees, self.n_outputs, self.dt = n_inputs, n_subtrees, n_outputs, dt
        self.n_tips = n_inputs // n_subtrees if order == "divided" else n_inputs
        seeds = Seeds(seed).child("DendriticTree")
        self.node = ThresholdNode() if node is None else node
        copies = n_subtrees * n_outputs
        rng = seeds.numpy("order")
        drawn = [rng.permutation(n_inputs) for _ in range(n_outputs if order == "divided" else copies)]
        orders = [np.arange(n_inputs)] * copies if order == "same" else drawn
        self.register_buffer("order", torch.from_numpy(np.concatenate(orders)))
        self.synapses: nn.Module = nn.Identity()
        if synapses == "conductance":
            self.synapses = ConductanceSynapses(copies * self.n_tips, generator=seeds.torch("synapses"))
        self.levels = nn.ModuleList(_levels(self.n_tips, copies, fan_in, shape, self.node, leak, seeds))
        self.soma = Soma(n_subtrees, n_outputs, seeds.torch("soma"))

    order: torch.Tensor

    @property
    def site_names(self) -> tuple[str, ...]:
        """The places that ``record(..., sites="*")`` records."""
        return (*(f"levels.{i}" for i in range(len(self.levels))), "soma")

    def forward(
        self, x: torch.Tensor, state: Any = None, *, generator: torch.Generator | None = None
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
        """Run inputs from the tips to the soma.

        Parameters
        ----------
        x : torch.Tensor, shape (time, batch, n_inputs)
            Inputs.
        state : None
            A tree remembers nothing; what is given is not looked at.
        generator : torch.Generator, optional
            Not used: branch points have no noise.

        Returns
        -------
        outputs : torch.Tensor, shape (time, batch, n_outputs)
            Potential of the soma.
        states : tuple of torch.Tensor, shape (time, batch, branch)
            Activity of each level from the tips on, all subtrees one after the other, the soma last.

        Raises
        ------
        BadInput
            If the inputs are no tensor or of another number of channels.
        """
        if not torch.is_tensor(x) or x.ndim != 3 or x.shape[-1] != self.n_inputs:
            raise BadInput(
                "inputs of the tree",
                got=f"shape {tuple(x.shape)}" if torch.is_tensor(x) else f"a {type(x).__name__}",
                expected=f"a tensor (time, batch, {self.n_inputs})",
            )
        activity = self.synapses(x[..., self.order]).unflatten(-1, (-1, self.n_tips))
        states = []
        for level in self.levels:
            activity = level(activity)
            states.append(activity.flatten(-2))
        outputs = self.soma(activity[..., 0])
        return outputs, (*states, outputs)

    def rates(self, states: tuple[torch.Tensor, ...]) -> torch.Tensor:
        """Return the activity where the subtrees meet the soma."""
        return states[-2]


class Soma(nn.Module):
    """The weighted sum of the subtrees, (..., neuron x subtree) -> (..., neuron)."""

    def __init__(self, n_subtrees: int, n_neurons: int, generator: torch.Generator) -> None:
        super().__init__()
        drawn = torch.randn(n_neurons, n_subtrees, generator=generator)
        self.weight = nn.Parameter(drawn / math.sqrt(n_subtrees))
        self.bias = nn.Parameter(torch.zeros(n_neurons))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the potential of each neuron's soma."""
        if len(self.weight) == 1:
            return linear(x, self.weight, self.bias)
        return (x.unflatten(-1, self.weight.shape) * self.weight).sum(-1) + self.bias


def _levels(
    n_tips: int, copies: int, fan_in: int, shape: Shape, node: Node, leak: float | None, seeds: Seeds
) -> list[Branches]:
    """Return the levels from the tips on; where inputs enter, weights have either sign in any case."""
    if shape == "chain":
        return [Chain(copies, n_tips - 1, 2, node=node, leak=leak, generator=seeds.torch("chain"))]
    made: list[Branches] = []
    n = n_tips
    while n > 1:
        meeting = min(fan_in, n)
        nodes = n // meeting
        tied = leak if made else None
        generator = seeds.torch(f"level {len(made)}")
        made.append(Level(copies, nodes, meeting, node=node, leak=tied, generator=generator))
        n = nodes + n % meeting
    return made


def _check_sizes(n_inputs: int, n_subtrees: int, n_outputs: int, fan_in: int) -> None:
    for name, size, least in (
        ("n_inputs", n_inputs, 2),
        ("n_subtrees", n_subtrees, 1),
        ("n_outputs", n_outputs, 1),
        ("fan_in", fan_in, 2),
    ):
        if isinstance(size, bool) or not isinstance(size, int) or size < least:
            raise BadInput(f"{name} of a DendriticTree", got=repr(size), expected=f"an integer >= {least}")


def _check_choices(
    shape: str, order: str, synapses: str, fan_in: int, leak: float | None, n_inputs: int, n_subtrees: int
) -> None:
    for name, chosen, choices in (
        ("shape", shape, ("balanced", "chain")),
        ("order", order, ("permuted", "same", "divided")),
        ("synapses", synapses, ("current", "conductance")),
    ):
        if chosen not in choices:
            raise BadInput(
                f"{name} of a DendriticTree", got=repr(chosen), expected=" or ".join(f"'{one}'" for one in choices)
            )
    if order == "divided" and (n_inputs % n_subtrees or n_inputs < 2 * n_subtrees):
        raise BadInput(
            "DendriticTree(order='divided')",
            got=f"{n_inputs} inputs for {n_subtrees} subtrees",
            expected="the same number of inputs for each, two or more",
        )
    if leak is not None and not leak >= 0:
        raise BadInput("leak of a DendriticTree", got=repr(leak), expected="a conductance >= 0, or None")
    if shape == "chain" and (fan_in != 2 or leak is not None):
        raise BadInput(
            "DendriticTree(shape='chain')",
            got=f"fan_in={fan_in}, leak={leak}",
            expected="fan_in=2 and no leak: a chain takes up inputs all along, whose weights have either sign",
        )
