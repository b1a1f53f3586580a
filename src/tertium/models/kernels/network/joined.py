"""A whole network as one matrix: recurrence, inputs, biases and read-out in the same products.

At step t the row c_t = [r_{t-1}, x_t, 1] arrives, and

    A = [ W      W_in   b     ]      z_t     = W r_{t-1} + W_in x_t + b      = upper part of A c_t
        [ W_out  0      b_out ]      y_{t-1} = W_out r_{t-1} + b_out         = lower part of A c_t

so that the backward pass has rows d_t = [e_t, dL/dy_{t-1}], hands A' d_t to step t-1, and finds the gradient of every
weight in one product, the sum of d_t c_t' over time and trials. Neither the drive nor a gradient of the rates is ever
laid out over time. With connections of low rank the matrix is the product of two thin ones (`weights`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from tertium.models.kernels.loops import Backward, Forward, MaybeSteps, make_loop
from tertium.models.kernels.network.weights import JoinedWeights, Layout, ThinFactors, WholeMatrix
from tertium.models.kernels.nonlinearities import Nonlinearity

# samples, trials times steps, of a part of the backward pass
_PART = 2048


@dataclass(frozen=True)
class Joined:
    """What a joined network is, apart from its numbers.

    Parameters
    ----------
    layout : Layout
        Where the parts of the joined matrix lie.
    f : Nonlinearity
        The rate function.
    form : str
        "membrane" or "rate".
    all_states : bool
        Whether all states are handed back, or the last one only.
    """

    layout: Layout
    f: Nonlinearity
    form: str
    all_states: bool

    def weights(self, first: Tensor, second: Tensor | None) -> JoinedWeights:
        """Return A, given whole or as its two factors."""
        return WholeMatrix(self.layout, first) if second is None else ThinFactors(self.layout, first, second)


class RunJoined(torch.autograd.Function):
    """Outputs (time, batch, channel) and states (time or 1, batch, unit) of a joined network."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        initial: Tensor,
        alpha: Tensor,
        first: Tensor,
        second: Tensor | None,
        noise: Tensor | None,
        plan: Joined,
    ) -> tuple[Tensor, Tensor]:
        """Run; ``noise`` is added to the drive, (time, batch, unit)."""
        steps, batch, _ = x.shape
        units, inputs = plan.layout.units, plan.layout.inputs
        weights = plan.weights(first, second)
        rows = x.new_empty((steps + 1, batch, plan.layout.row))
        rows[:, :, units:] = 0
        rows[:steps, :, plan.layout.input_columns] = x
        rows[:, :, units + inputs] = 1
        rates = rows[:, :, :units]
        keep_all = plan.all_states or ctx.needs_input_grad[2]
        if plan.form == "membrane":
            plan.f.into(initial, rates[0])
            states = x.new_empty((steps if keep_all else 2, batch, units))
            places = states.unbind(0) if keep_all else ([*states.unbind(0)] * (steps // 2 + 1))[:steps]
            run, values = Forward(initial, rows.unbind(0), places, rates[1:].unbind(0)), None
        else:
            rates[0].copy_(initial)
            values = x.new_empty((steps, batch, units))
            run, states = Forward(initial, rows.unbind(0), rates[1:].unbind(0), values.unbind(0)), None
        loop = make_loop(plan.form, weights.recurrence(alpha, steps, batch), alpha, plan.f)
        loop.forward(run, None if noise is None else noise.unbind(0))
        lower = weights.output_part()
        # not the whole row: zero times an input that is not a number would reach the output a step too early
        outputs = torch.addmm(lower[:, units + inputs], rates[1:].flatten(0, 1), lower[:, :units].t())
        handed = (
            run.states[-1][None].clone() if not plan.all_states else rates[1:].clone() if states is None else states
        )
        kept_states = states if ctx.needs_input_grad[2] else None
        ctx.save_for_backward(initial, alpha, first, second, rows, values, kept_states)
        ctx.plan = plan
        ctx.set_materialize_grads(False)
        return outputs.view(steps, batch, plan.layout.outputs), handed

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, to_outputs: Tensor | None, to_states: Tensor | None) -> Any:
        """Run back."""
        if to_outputs is None and to_states is None:
            return (None,) * 7
        initial, alpha, first, second, rows, values, states = ctx.saved_tensors
        plan: Joined = ctx.plan
        weights = plan.weights(first, second)
        steps, batch, units = len(rows) - 1, rows.shape[1], plan.layout.units
        rates = rows[:, :, :units]
        sent = rates[1:].unbind(0)
        if plan.form == "membrane":
            run = Forward(initial, rows.unbind(0), sent if states is None else states.unbind(0), sent)
        else:
            run = Forward(initial, rows.unbind(0), sent, values.unbind(0))
        loop = make_loop(plan.form, weights.recurrence(alpha, steps, batch), alpha, plan.f)
        to_x = rows.new_empty((steps, batch, plan.layout.inputs)) if ctx.needs_input_grad[0] else None
        to_alpha = torch.zeros_like(alpha, memory_format=torch.contiguous_format) if ctx.needs_input_grad[2] else None
        wants_weights = any(ctx.needs_input_grad[3:5])
        each_state = _each_state(to_states, plan, steps)
        last, later = rows.new_zeros((batch, plan.layout.error_row)), rows.new_zeros((batch, units))
        ends = plan.layout.output_rows
        if to_outputs is not None:
            last[:, ends] = to_outputs[-1]
        sums = weights.gradients(last, rows[steps]) if wants_weights else (None, None)
        # part by part: what a part leaves is used while it is near the processor, and its memory is used again
        size = min(steps, max(1, _PART // batch))
        errors = rows.new_zeros((size + 1, batch, plan.layout.error_row))
        for start in reversed(range(0, steps, size)):
            stop = min(start + size, steps)
            part = errors[: stop - start + 1]
            part[-1] = last
            if to_outputs is not None:
                part[1:-1, :, ends] = to_outputs[start : stop - 1]
                part[0, :, ends] = to_outputs[start - 1] if start else 0
            inside = part[:, :, :units]
            back = Backward(
                part.unbind(0),
                inside.unbind(0),
                to_states=None if each_state is None else each_state[start:stop],
                to_alpha=to_alpha,
            )
            later = loop.backward(run.part(start, stop), back, later).clone()
            last = part[0].clone()
            if wants_weights:
                found = weights.gradients(part[:-1].flatten(0, 1), rows[start:stop].flatten(0, 1))
                for total, more in zip(sums, found, strict=True):
                    if total is not None and more is not None:
                        total.add_(more)
            if to_x is not None:
                to_x[start:stop] = weights.through_inputs(inside[:-1])
        return to_x, loop.to_initial(last, later, rates[0]), to_alpha, *sums, None, None


def _each_state(to_states: Tensor | None, plan: Joined, steps: int) -> MaybeSteps | None:
    if to_states is None or plan.all_states:
        return None if to_states is None else to_states.unbind(0)
    return [*[None] * (steps - 1), to_states[0]]
