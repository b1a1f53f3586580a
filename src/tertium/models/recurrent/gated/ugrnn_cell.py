"""The update-gate recurrent network: the least that a gated cell can be."""

from __future__ import annotations

from typing import ClassVar

import torch

from tertium.models.recurrent.gated.gated_cell import FusedGatedCell
from tertium.models.recurrent.initial_weights import InitialWeights
from tertium.rng import Seeds


class UGRNNCell(FusedGatedCell):
    """Units with one gate that says whether they integrate or compute anew (Collins, Sohl-Dickstein & Sussillo 2017).

    ``c = tanh(W x + U h + b)``, ``g = s(W_g x + U_g h + b_g)`` with s the logistic function,
    ``h' = g * h + (1 - g) * c``.

    Parameters
    ----------
    n_inputs, n_units, dt, init, learn_initial, seeds
        See `GatedCell`.
    gate_bias : float
        Starting bias of the gate; 1, as in the paper, makes units integrate at first.

    Examples
    --------
    >>> cell = UGRNNCell(2, 5)
    >>> activity, states = cell(torch.zeros(7, 3, 2))
    >>> tuple(activity.shape), tuple(states.shape)
    ((7, 3, 5), (7, 3, 5))
    """

    gates: ClassVar[tuple[str, ...]] = ("candidate", "update")
    keeping: ClassVar[str] = "update"
    recurrent_weights: ClassVar[tuple[str, ...]] = ("recurrent_weight", "update_weight")

    def __init__(
        self,
        n_inputs: int,
        n_units: int,
        *,
        dt: float = 0.02,
        init: str | InitialWeights = "orthogonal",
        learn_initial: bool = False,
        gate_bias: float = 1.0,
        seeds: Seeds | int = 0,
    ) -> None:
        super().__init__(
            n_inputs, n_units, dt=dt, init=init, learn_initial=learn_initial, open_bias=gate_bias, seeds=seeds
        )

    def advance(self, state: torch.Tensor, drive: torch.Tensor, recurrent: torch.Tensor) -> torch.Tensor:
        """Return the next state, shape (batch, unit)."""
        candidate, update = (drive + state @ recurrent.T).chunk(2, dim=-1)
        update = torch.sigmoid(update)
        return update * state + (1 - update) * torch.tanh(candidate)

    def advance_into(self, gates: torch.Tensor, state: torch.Tensor, out: torch.Tensor) -> None:
        """Gates in place, next state into ``out``."""
        candidate, update = gates.chunk(2, dim=-1)
        torch.lerp(candidate.tanh_(), state, update.sigmoid_(), out=out)

    def advance_back(
        self, gates: torch.Tensor, before: torch.Tensor, after: torch.Tensor, gradient: torch.Tensor, out: torch.Tensor
    ) -> torch.Tensor:
        """Gradient of the gates' input into ``out``; return that of the state before."""
        candidate, update = gates.chunk(2, dim=-1)
        to_candidate, to_update = out.chunk(2, dim=-1)
        kept = gradient * update
        torch.mul(gradient - kept, 1 - candidate * candidate, out=to_candidate)
        torch.mul(kept * (before - candidate), 1 - update, out=to_update)
        return kept
