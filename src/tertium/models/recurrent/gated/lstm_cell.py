"""Long short-term memory."""

from __future__ import annotations

from typing import ClassVar

import torch

from tertium.models.recurrent.gated.gated_cell import FusedGatedCell
from tertium.models.recurrent.initial_weights import InitialWeights
from tertium.rng import Seeds


class LSTMCell(FusedGatedCell):
    """Units with a memory c that is written, kept and read under control of gates (Hochreiter & Schmidhuber 1997).

    With all gates s(W x + U h + b), s the logistic function, g the same with tanh: ``c' = forget * c + input * g``,
    ``h' = output * tanh(c')``, as `torch.nn.LSTM` (whose two biases are one here). The state is one tensor, (h, c)
    side by side.

    Parameters
    ----------
    n_inputs, n_units, dt, init, learn_initial, seeds
        See `GatedCell`.
    forget_bias : float
        Starting bias of the forget gate; 1 keeps memories from the start (Jozefowicz et al. 2015).

    Examples
    --------
    >>> cell = LSTMCell(2, 5)
    >>> activity, states = cell(torch.zeros(7, 3, 2))
    >>> tuple(activity.shape), tuple(states.shape)
    ((7, 3, 5), (7, 3, 10))
    """

    gates: ClassVar[tuple[str, ...]] = ("input", "forget", "candidate", "output")
    keeping: ClassVar[str] = "forget"
    state_vectors: ClassVar[int] = 2
    # the input gate's is not called input_weight, which is the projection of the inputs
    recurrent_weights: ClassVar[tuple[str, ...]] = (
        "write_weight",
        "forget_weight",
        "recurrent_weight",
        "output_weight",
    )

    def __init__(
        self,
        n_inputs: int,
        n_units: int,
        *,
        dt: float = 0.02,
        init: str | InitialWeights = "orthogonal",
        learn_initial: bool = False,
        forget_bias: float = 1.0,
        seeds: Seeds | int = 0,
    ) -> None:
        super().__init__(
            n_inputs, n_units, dt=dt, init=init, learn_initial=learn_initial, open_bias=forget_bias, seeds=seeds
        )

    def advance(self, state: torch.Tensor, drive: torch.Tensor, recurrent: torch.Tensor) -> torch.Tensor:
        """Return the next state, shape (batch, 2 * unit)."""
        h, c = state.chunk(2, dim=-1)
        write, forget, candidate, read = (drive + h @ recurrent.T).chunk(4, dim=-1)
        c = torch.sigmoid(forget) * c + torch.sigmoid(write) * torch.tanh(candidate)
        return torch.cat([torch.sigmoid(read) * torch.tanh(c), c], dim=-1)

    def advance_into(self, gates: torch.Tensor, state: torch.Tensor, out: torch.Tensor) -> None:
        """Gates in place, next state into ``out``."""
        n = self.n_units
        write, forget, candidate, read = gates.chunk(4, dim=-1)
        gates[:, : 2 * n].sigmoid_()
        candidate.tanh_()
        read.sigmoid_()
        h, c = out[:, :n], out[:, n:]
        torch.mul(forget, state[:, n:], out=c)
        c.addcmul_(write, candidate)
        torch.mul(read, torch.tanh(c), out=h)

    def advance_back(
        self, gates: torch.Tensor, before: torch.Tensor, after: torch.Tensor, gradient: torch.Tensor, out: torch.Tensor
    ) -> torch.Tensor:
        """Gradient of the gates' input into ``out``; return that of the state before."""
        n = self.n_units
        write, forget, candidate, read = gates.chunk(4, dim=-1)
        to_write, to_forget, to_candidate, to_read = out.chunk(4, dim=-1)
        to_h, to_c = gradient[:, :n], gradient[:, n:]
        seen = torch.tanh(after[:, n:])
        to_c = to_c + to_h * read * (1 - seen * seen)
        torch.mul(to_h * seen, read * (1 - read), out=to_read)
        torch.mul(to_c * candidate, write * (1 - write), out=to_write)
        torch.mul(to_c * before[:, n:], forget * (1 - forget), out=to_forget)
        torch.mul(to_c * write, 1 - candidate * candidate, out=to_candidate)
        return torch.cat([torch.zeros_like(to_h), to_c * forget], dim=-1)
