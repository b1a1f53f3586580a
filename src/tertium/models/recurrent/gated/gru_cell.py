"""Gated recurrent units."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import nn

from tertium.models.recurrent.gated.gated_cell import GatedCell
from tertium.models.recurrent.initial_weights import InitialWeights
from tertium.rng import Seeds


class GRUCell(GatedCell):
    """Units that mix their old value with a new one, under control of two gates (Cho et al. 2014).

    With reset and update gates s(W x + U h + b), s the logistic function:
    ``new = tanh(W x + b + reset * (U h + candidate_bias))``, ``h' = (1 - update) * new + update * h``, as
    `torch.nn.GRU`, whose loop is used.

    Parameters
    ----------
    n_inputs, n_units, dt, init, learn_initial, seeds
        See `GatedCell`.
    update_bias : float
        Starting bias of the update gate; larger ones keep the state for longer.

    Examples
    --------
    >>> cell = GRUCell(2, 5)
    >>> activity, states = cell(torch.zeros(7, 3, 2))
    >>> tuple(activity.shape), tuple(states.shape)
    ((7, 3, 5), (7, 3, 5))
    """

    gates: ClassVar[tuple[str, ...]] = ("reset", "update", "candidate")
    keeping: ClassVar[str] = "update"
    recurrent_weights: ClassVar[tuple[str, ...]] = ("reset_weight", "update_weight", "recurrent_weight")

    def __init__(
        self,
        n_inputs: int,
        n_units: int,
        *,
        dt: float = 0.02,
        init: str | InitialWeights = "orthogonal",
        learn_initial: bool = False,
        update_bias: float = 0.0,
        seeds: Seeds | int = 0,
    ) -> None:
        super().__init__(
            n_inputs, n_units, dt=dt, init=init, learn_initial=learn_initial, open_bias=update_bias, seeds=seeds
        )
        self.candidate_bias = nn.Parameter(torch.zeros(self.n_units))

    def advance(self, state: torch.Tensor, drive: torch.Tensor, recurrent: torch.Tensor) -> torch.Tensor:
        """Return the next state, shape (batch, unit)."""
        from_units = state @ recurrent.T
        reset, update, new = drive.chunk(3, dim=-1)
        to_reset, to_update, to_new = from_units.chunk(3, dim=-1)
        reset, update = torch.sigmoid(reset + to_reset), torch.sigmoid(update + to_update)
        new = torch.tanh(new + reset * (to_new + self.candidate_bias))
        return (1 - update) * new + update * state

    def unroll(self, xs: torch.Tensor, state: torch.Tensor, noise: torch.Tensor | None = None) -> torch.Tensor:
        """Return the states at all steps, shape (time, batch, unit), by torch's own loop."""
        self._refuse(noise)
        second_bias = torch.cat([self.candidate_bias.new_zeros(2 * self.n_units), self.candidate_bias])
        weights = [self.input_weight, self.recurrent(), self.bias, second_bias]
        # has_biases, num_layers, dropout, train (else a GPU could not differentiate), bidirectional, batch_first
        states, _ = torch.gru(xs, state[None].contiguous(), weights, True, 1, 0.0, True, False, False)
        return states
