"""What cells with gates share: one input projection, one recurrent matrix for each gate, and a fast loop over time."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import ClassVar

import torch
from torch import nn

from tertium.errors import BadInput
from tertium.models.recurrent.cell import Cell
from tertium.models.recurrent.gated.loop import GatedLoop
from tertium.models.recurrent.initial_weights import InitialWeights, named_scheme
from tertium.rng import Seeds


class GatedCell(Cell):
    """A cell whose state is steered by gates, each driven by all inputs and all hidden units.

    Subclasses name their gates and write `advance`; those of `FusedGatedCell` also get a fast loop. The recurrent
    weights of the gates are parameters of their own, so that wiring constraints can be put on each:
    ``recurrent_weight`` is that of the candidate (the new content). Input weights start as Glorot & Bengio (2010) have
    it, for each gate by itself. The cell has no private noise.

    Attributes
    ----------
    gates : tuple of str
        In the order in which they lie in ``input_weight``, ``bias`` and ``recurrent_weights``.
    keeping : str
        The gate that keeps the state.
    state_vectors : int
        Vectors of ``n_units`` that make up the state.

    Parameters
    ----------
    n_inputs, n_units : int
        Input channels; hidden units.
    dt : float
        Time step in seconds, a label only: a gated cell has no time constant.
    init : str or InitialWeights
        How each recurrent matrix starts.
    learn_initial : bool
        Whether the state before the first step is learned; it is zero otherwise.
    open_bias : float
        Starting bias of the gate that keeps the state.
    seeds : Seeds or int
        Seeds of the weights.
    """

    gates: ClassVar[tuple[str, ...]]
    keeping: ClassVar[str]
    state_vectors: ClassVar[int] = 1

    def __init__(
        self,
        n_inputs: int,
        n_units: int,
        *,
        dt: float = 0.02,
        init: str | InitialWeights = "orthogonal",
        learn_initial: bool = False,
        open_bias: float = 0.0,
        seeds: Seeds | int = 0,
    ) -> None:
        super().__init__(n_inputs, n_units)
        seeds = Seeds(seeds) if isinstance(seeds, int) else seeds
        self.dt = dt
        n, n_gates = self.n_units, len(self.gates)
        bound = math.sqrt(6 / (n_inputs + n))
        drawn = torch.rand(n_gates * n, n_inputs, generator=seeds.torch("input_weight"))
        self.input_weight = nn.Parameter((2 * drawn - 1) * bound)
        bias = torch.zeros(n_gates, n)
        bias[self.gates.index(self.keeping)] = open_bias
        self.bias = nn.Parameter(bias.flatten())
        self.initial = nn.Parameter(torch.zeros(self.state_vectors * n)) if learn_initial else None
        scheme = named_scheme(init)
        for gate, name in zip(self.gates, self.recurrent_weights, strict=True):
            setattr(self, name, nn.Parameter(scheme.draw(n, seeds.torch(f"recurrent_weight of {gate}"))))

    @abstractmethod
    def advance(self, state: torch.Tensor, drive: torch.Tensor, recurrent: torch.Tensor) -> torch.Tensor:
        """Return the next state, shape (batch, state).

        Parameters
        ----------
        state : torch.Tensor, shape (batch, state)
        drive : torch.Tensor, shape (batch, gate * unit)
            What the inputs and biases contribute.
        recurrent : torch.Tensor, shape (gate * unit, unit)
            Recurrent weights of all gates.
        """

    def init(self, batch: int) -> torch.Tensor:
        """Return the state before the first step, shape (batch, state)."""
        n = self.state_vectors * self.n_units
        return self.input_weight.new_zeros(batch, n) if self.initial is None else self.initial.expand(batch, n)

    def activity(self, state: torch.Tensor) -> torch.Tensor:
        """Return the hidden vector of a state, shape (..., unit)."""
        return state[..., : self.n_units]

    def drive(self, xs: torch.Tensor) -> torch.Tensor:
        """Return what inputs and biases contribute to the gates, for any number of steps at once."""
        return nn.functional.linear(xs, self.input_weight, self.bias)

    def recurrent(self) -> torch.Tensor:
        """Return the recurrent weights of all gates, shape (gate * unit, unit)."""
        return torch.cat([getattr(self, name) for name in self.recurrent_weights])

    def step(
        self, state: torch.Tensor, x: torch.Tensor, noise: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the next state and the hidden vector."""
        self._refuse(noise)
        state = self.advance(state, self.drive(x), self.recurrent())
        return state, self.activity(state)

    def _refuse(self, noise: torch.Tensor | None) -> None:
        if noise is not None:
            raise BadInput(
                f"noise of a {type(self).__name__.removeprefix('Parametrized')}",
                got="noise",
                expected="None: cells with gates have no private noise",
                repair="Add noise to the inputs, or use RateCell.",
            )


class FusedGatedCell(GatedCell):
    """A gated cell whose loop over time is one autograd node (`GatedLoop`), its gradients written by hand.

    Subclasses write `advance`, the readable step, and the same step twice more, in place: `advance_into` forwards and
    `advance_back` backwards. Parameters are those of `GatedCell`.
    """

    def unroll(self, xs: torch.Tensor, state: torch.Tensor, noise: torch.Tensor | None = None) -> torch.Tensor:
        """Return the states at all steps, shape (time, batch, state), by a loop with hand-written gradients."""
        self._refuse(noise)
        states: torch.Tensor = GatedLoop.apply(self.drive(xs), state, self.recurrent(), self)
        return states

    @abstractmethod
    def advance_into(self, gates: torch.Tensor, state: torch.Tensor, out: torch.Tensor) -> None:
        """Turn the gates' input, shape (batch, gate * unit), into their values in place, and write the next state."""

    @abstractmethod
    def advance_back(
        self, gates: torch.Tensor, before: torch.Tensor, after: torch.Tensor, gradient: torch.Tensor, out: torch.Tensor
    ) -> torch.Tensor:
        """Write the gradient of the gates' input into ``out``; return that of the state before.

        The latter without the way through the recurrent weights, which the loop adds.
        """
