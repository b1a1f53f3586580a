"""A whole network with full connections as one matrix: recurrence, inputs, biases and read-out in the same products.

At step t the row c_t = [r_{t-1}, x_t, 1] arrives, and

    A = [ W      W_in   b     ]      z_t     = W r_{t-1} + W_in x_t + b      = upper part of A c_t
        [ W_out  0      b_out ]      y_{t-1} = W_out r_{t-1} + b_out         = lower part of A c_t

so that the backward pass has rows d_t = [e_t, dL/dy_{t-1}], hands A' d_t to step t-1, and finds the gradient of every
weight in one product, the sum of d_t c_t' over time and trials. Neither the drive nor a gradient of the rates is ever
laid out over time. Rows are filled up with zeros to whole vector registers; without this the products take 10 % longer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from tertium.models.kernels.loops import Backward, Forward, MaybeSteps, make_loop
from tertium.models.kernels.nonlinearities import Nonlinearity
from tertium.models.kernels.recurrence import Dense

_REGISTER = 8


@dataclass(frozen=True)
class Joined:
    """Where the parts of the joined matrix lie.

    Parameters
    ----------
    units, inputs, outputs : int
        Numbers of units and channels.
    f : Nonlinearity
        The rate function.
    form : str
        "membrane" or "rate".
    all_states : bool
        Whether all states are handed back, or the last one only.
    """

    units: int
    inputs: int
    outputs: int
    f: Nonlinearity
    form: str
    all_states: bool

    @property
    def row(self) -> int:
        """Length of c_t: rates, inputs, one, and zeros."""
        return _filled(self.units + self.inputs + 1)

    @property
    def error_row(self) -> int:
        """Length of d_t: errors, gradients of the outputs, and zeros."""
        return _filled(self.units + self.outputs)

    def matrix(
        self,
        weight: Tensor,
        input_weight: Tensor,
        bias: Tensor | None,
        output_weight: Tensor,
        output_bias: Tensor | None,
    ) -> Tensor:
        """Return A, shape (error_row, row), from its parts; autograd takes its gradient apart again."""
        zeros = weight.new_zeros
        one = zeros(self.units, 1) if bias is None else bias[:, None]
        upper = torch.cat([weight, input_weight, one, zeros(self.units, self.row - self.units - self.inputs - 1)], 1)
        one = zeros(self.outputs, 1) if output_bias is None else output_bias[:, None]
        filling = zeros(self.outputs, self.row - self.units - self.inputs - 1)
        lower = torch.cat([output_weight, zeros(self.outputs, self.inputs), one, filling], 1)
        rest = zeros(self.error_row - self.units - self.outputs, self.row)
        return torch.cat([upper, lower, rest])


class RunJoined(torch.autograd.Function):
    """Outputs (time, batch, channel) and states (time or 1, batch, unit) of a joined network."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, initial: Tensor, alpha: Tensor, matrix: Tensor, noise: Tensor | None, plan: Joined
    ) -> tuple[Tensor, Tensor]:
        """Run; ``noise`` is added to the drive, (time, batch, unit)."""
        steps, batch, _ = x.shape
        rows = matrix.new_empty((steps + 1, batch, plan.row))
        rows[:, :, plan.units :] = 0
        rows[:steps, :, plan.units : plan.units + plan.inputs] = x
        rows[:, :, plan.units + plan.inputs] = 1
        rates = rows[:, :, : plan.units]
        keep_all = plan.all_states or ctx.needs_input_grad[2]
        if plan.form == "membrane":
            plan.f.into(initial, rates[0])
            states = matrix.new_empty((steps if keep_all else 2, batch, plan.units))
            places = states.unbind(0) if keep_all else ([*states.unbind(0)] * (steps // 2 + 1))[:steps]
            run, values = Forward(initial, rows.unbind(0), places, rates[1:].unbind(0)), None
        else:
            rates[0].copy_(initial)
            values = matrix.new_empty((steps, batch, plan.units))
            run, states = Forward(initial, rows.unbind(0), rates[1:].unbind(0), values.unbind(0)), None
        loop = make_loop(plan.form, Dense(matrix, alpha), alpha, plan.f)
        loop.forward(run, None if noise is None else noise.unbind(0))
        lower = matrix[plan.units : plan.units + plan.outputs]
        # not the whole row: zero times an input that is not a number would reach the output a step too early
        outputs = torch.addmm(
            lower[:, plan.units + plan.inputs], rates[1:].flatten(0, 1), lower[:, : plan.units].t()
        ).view(steps, batch, plan.outputs)
        handed = (
            run.states[-1][None].clone() if not plan.all_states else rates[1:].clone() if states is None else states
        )
        kept_states = states if ctx.needs_input_grad[2] else None
        ctx.save_for_backward(initial, alpha, matrix, rows, values, kept_states)
        ctx.plan = plan
        ctx.set_materialize_grads(False)
        return outputs, handed

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, to_outputs: Tensor | None, to_states: Tensor | None) -> Any:
        """Run back."""
        if to_outputs is None and to_states is None:
            return (None,) * 6
        initial, alpha, matrix, rows, values, states = ctx.saved_tensors
        plan: Joined = ctx.plan
        steps, batch = len(rows) - 1, rows.shape[1]
        rates = rows[:, :, : plan.units]
        sent = rates[1:].unbind(0)
        if plan.form == "membrane":
            run = Forward(initial, rows.unbind(0), sent if states is None else states.unbind(0), sent)
        else:
            run = Forward(initial, rows.unbind(0), sent, values.unbind(0))
        errors = matrix.new_empty((steps + 1, batch, plan.error_row))
        errors[:, :, plan.units :] = 0
        errors[steps, :, : plan.units] = 0
        if to_outputs is not None:
            errors[1:, :, plan.units : plan.units + plan.outputs] = to_outputs
        to_alpha = torch.zeros_like(alpha, memory_format=torch.contiguous_format) if ctx.needs_input_grad[2] else None
        back = Backward(
            errors.unbind(0),
            errors[:, :, : plan.units].unbind(0),
            to_states=_each_state(to_states, plan, steps),
            to_alpha=to_alpha,
        )
        loop = make_loop(plan.form, Dense(matrix, alpha), alpha, plan.f)
        to_initial = loop.backward(run, back)
        to_x = to_matrix = None
        if ctx.needs_input_grad[3]:
            to_matrix = torch.mm(errors.flatten(0, 1).t(), rows.flatten(0, 1))
        if ctx.needs_input_grad[0]:
            to_x = errors[:steps, :, : plan.units] @ matrix[: plan.units, plan.units : plan.units + plan.inputs]
        return to_x, to_initial, to_alpha, to_matrix, None, None


def _each_state(to_states: Tensor | None, plan: Joined, steps: int) -> MaybeSteps | None:
    if to_states is None or plan.all_states:
        return None if to_states is None else to_states.unbind(0)
    return [*[None] * (steps - 1), to_states[0]]


def _filled(length: int) -> int:
    return -(-length // _REGISTER) * _REGISTER
