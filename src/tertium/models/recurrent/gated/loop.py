"""The loop of gated cells, fused: one autograd node for all of time, its back-propagation written by hand.

As in `tertium.models.kernels`: the input projection of all steps is done before (one matrix product), the gradient of
the recurrent weights after (one matrix product), and between them only what the backward pass needs is kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.autograd.function import once_differentiable

if TYPE_CHECKING:
    from tertium.models.recurrent.gated.gated_cell import FusedGatedCell


class GatedLoop(torch.autograd.Function):
    """States at all steps from (drive, initial state, recurrent weights of all gates, the cell)."""

    @staticmethod
    def forward(
        ctx: Any, drive: torch.Tensor, initial: torch.Tensor, recurrent: torch.Tensor, cell: FusedGatedCell
    ) -> torch.Tensor:
        """Run forwards; the states, and the gates' values for the way back, are all that is kept."""
        n = cell.n_units
        gates, transposed = torch.empty_like(drive), recurrent.t()
        states = drive.new_empty(len(drive), *initial.shape)
        state = initial
        for now, gate, after in zip(drive.unbind(0), gates.unbind(0), states.unbind(0), strict=True):
            torch.addmm(now, state[:, :n], transposed, out=gate)
            cell.advance_into(gate, state, after)
            state = after
        ctx.save_for_backward(initial, recurrent, gates, states)
        ctx.cell = cell
        return states

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, to_states: torch.Tensor) -> Any:
        """Run backwards; the gradient of the recurrent weights is one product after the loop."""
        initial, recurrent, gates, states = ctx.saved_tensors
        n = ctx.cell.n_units
        errors = torch.empty_like(gates)
        carry = torch.zeros_like(initial)
        before = (initial, *states.unbind(0)[:-1])
        given = zip(gates.unbind(0), before, states.unbind(0), to_states.unbind(0), errors.unbind(0), strict=True)
        for gate, state_before, state, outside, error in reversed(list(given)):
            carry = ctx.cell.advance_back(gate, state_before, state, carry + outside, error)
            carry[:, :n].addmm_(error, recurrent)
        to_recurrent = None
        if ctx.needs_input_grad[2]:
            to_recurrent = errors[0].t() @ initial[:, :n]
            if len(errors) > 1:
                to_recurrent.addmm_(errors[1:].flatten(0, 1).t(), states[:-1, :, :n].flatten(0, 1))
        return errors, carry, to_recurrent, None
