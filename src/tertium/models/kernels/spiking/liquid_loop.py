"""A layer of units with liquid time constants through time as one autograd node, its way back written by hand.

Forwards a step has five products of the size of the layer, backwards five more, and those of the weights are summed
over all steps at once. What is element-wise goes into memory that is there already. With ``d`` what arrives, ``v`` the
voltage after its reset, ``z`` spikes, ``h`` adaptation and gates ``a``, ``r``:

    a = s(M_d d + M_v v + m)    u' = v + a (d - v)
    r = s(A_d d + A_h h + n)    h' = z + r (h - z)

so that of the errors ``g_u``, ``g_h`` of a step the gates get ``p_a = g_u (d - v) a (1 - a)`` and
``p_r = g_h (h - z) r (1 - r)``; what arrives gets ``e = a g_u + M_d' p_a + A_d' p_r``, the voltage
``(1 - a) g_u + M_v' p_a``, the adaptation ``r g_h + A_h' p_r``, and spikes ``(1 - r) g_h + W' e``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from tertium.errors import BadInput
from tertium.models.kernels.products import outer_sum
from tertium.models.kernels.spiking.equation import Slope


@dataclass(frozen=True)
class LiquidUnits:
    """Constants of a layer of units with liquid time constants.

    Parameters
    ----------
    threshold : float
        Threshold of a unit that has not spiked.
    strength : float
        What an adaptation of 1 adds to it.
    surrogate : Slope
        What stands for the derivative of a spike.
    detach_reset : bool
        Whether gradients ignore what a spike does to its own voltage.
    """

    threshold: float
    strength: float
    surrogate: Slope
    detach_reset: bool

    def excess(self, voltage: Tensor, adaptation: Tensor) -> Tensor:
        """Return how far units are over threshold, in units of the threshold."""
        return (voltage - (self.threshold + self.strength * adaptation)) / self.threshold


def liquid_unroll(
    drive: Tensor,
    state: Tensor,
    units: LiquidUnits,
    *,
    weight: Tensor | None,
    membrane_gate: tuple[Tensor, Tensor],
    adaptation_gate: tuple[Tensor, Tensor],
) -> Tensor:
    """Run a layer of `LiquidLIF` units through time; equal to the loop over its ``step``, and faster.

    Gradients reach drive, state, weights and biases; there is no second derivative.

    Parameters
    ----------
    drive : Tensor, shape (time, batch, unit)
        ``W_in x + b``.
    state : Tensor, shape (batch, 2, unit)
        Voltage and adaptation before the first step.
    units : LiquidUnits
    weight : Tensor, shape (unit, unit), optional
        Connections, post x pre.
    membrane_gate, adaptation_gate : tuple of Tensor
        Weights (unit, 2 unit) of what arrives and of the gated variable, and bias (unit,).

    Returns
    -------
    Tensor, shape (time, batch, 2, unit)
        Voltage and adaptation after each step.

    Raises
    ------
    BadInput
        If the state has another shape.
    """
    wanted = (drive.shape[1], 2, drive.shape[2])
    if tuple(state.shape) != wanted:
        raise BadInput(
            "state of liquid units",
            got=f"shape {tuple(state.shape)}",
            expected=f"{wanted}: batch, voltage and adaptation, unit",
            repair="Leave it out to begin at rest, or pass states[-1] of a run.",
        )
    states: Tensor = _Unroll.apply(units, drive, state, weight, *membrane_gate, *adaptation_gate)
    return states


class _Unroll(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        units: LiquidUnits,
        drive: Tensor,
        state: Tensor,
        weight: Tensor | None,
        to_a: Tensor,
        bias_a: Tensor,
        to_r: Tensor,
        bias_r: Tensor,
    ) -> Tensor:
        steps, batch, n = drive.shape
        voltage, adaptation, spikes = (drive.new_empty((steps + 1, batch, n)) for _ in range(3))
        voltage[0], adaptation[0] = state[:, 0], state[:, 1]
        spikes[0] = units.excess(voltage[0], adaptation[0]) >= 0
        arriving, gates = drive.clone(memory_format=torch.contiguous_format), drive.new_empty((steps, batch, 2 * n))
        # to both gates at once from what arrives, to each from the variable of its own
        from_d, bias = torch.cat([to_a[:, :n], to_r[:, :n]]).t(), torch.cat([bias_a, bias_r])
        from_v, from_h = to_a[:, n:].t(), to_r[:, n:].t()
        v, x = drive.new_empty((batch, n)), drive.new_empty((batch, n))
        for t in range(steps):
            u, h, z, d, gate = voltage[t], adaptation[t], spikes[t], arriving[t], gates[t]
            a, r = gate[:, :n], gate[:, n:]
            if weight is not None:
                d.addmm_(z, weight.t())
            torch.addcmul(u, u, z, value=-1, out=v)
            torch.addmm(bias, d, from_d, out=gate)
            a.addmm_(v, from_v)
            r.addmm_(h, from_h)
            gate.sigmoid_()
            torch.lerp(v, d, a, out=voltage[t + 1])
            torch.lerp(z, h, r, out=adaptation[t + 1])
            torch.mul(adaptation[t + 1], units.strength, out=x).add_(units.threshold)
            torch.ge(voltage[t + 1], x, out=spikes[t + 1])
        ctx.units = units
        ctx.save_for_backward(weight, to_a, to_r, voltage, adaptation, spikes, arriving, gates)
        return torch.stack([voltage[1:], adaptation[1:]], dim=2)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        (to_states,), units = gradients, ctx.units
        weight, to_a, to_r, voltage, adaptation, spikes, arriving, gates = ctx.saved_tensors
        steps, batch, n = arriving.shape
        u, h, z = voltage[:-1], adaptation[:-1], spikes[:-1]
        a, r, v = gates[..., :n], gates[..., n:], u * (1 - z)
        slopes = units.surrogate.slope(units.excess(u, h)) / units.threshold
        per_u, per_h = (arriving - v) * a * (1 - a), (h - z) * r * (1 - r)
        from_d, from_v, from_h = torch.cat([to_a[:, :n], to_r[:, :n]]), to_a[:, n:], to_r[:, n:]
        to_drive, to_gates = torch.empty_like(arriving), torch.empty_like(gates)
        to_v, to_z, next_h = (arriving.new_empty((batch, n)) for _ in range(3))
        to_u, to_h = (arriving.new_zeros((batch, n)) for _ in range(2))
        for t in range(steps - 1, -1, -1):
            to_u.add_(to_states[t, :, 0])
            to_h.add_(to_states[t, :, 1])
            to_d, gate = to_drive[t], to_gates[t]
            torch.mul(to_u, per_u[t], out=gate[:, :n])
            torch.mul(to_h, per_h[t], out=gate[:, n:])
            torch.mul(to_u, a[t], out=to_d).addmm_(gate, from_d)
            torch.addcmul(to_u, to_u, a[t], value=-1, out=to_v).addmm_(gate[:, :n], from_v)
            torch.addcmul(to_h, to_h, r[t], value=-1, out=to_z)
            torch.mul(to_h, r[t], out=next_h).addmm_(gate[:, n:], from_h)
            if weight is not None:
                to_z.addmm_(to_d, weight)
            if not units.detach_reset:
                to_z.addcmul_(to_v, u[t], value=-1)
            to_z.mul_(slopes[t])
            torch.addcmul(to_v, to_v, z[t], value=-1, out=to_u).add_(to_z)
            torch.add(next_h, to_z, alpha=-units.strength, out=to_h)
        flat = to_gates.reshape(-1, 2 * n)
        of_d, d = outer_sum(flat, arriving.reshape(-1, n)), flat.sum(0)
        of_v = outer_sum(flat[:, :n], v.reshape(-1, n))
        of_h = outer_sum(flat[:, n:], h.reshape(-1, n))
        to_weight = None if weight is None else outer_sum(to_drive.reshape(-1, n), z.reshape(-1, n))
        ends = (torch.cat([of_d[:n], of_v], dim=1), d[:n], torch.cat([of_d[n:], of_h], dim=1), d[n:])
        return None, to_drive, torch.stack([to_u, to_h], dim=1), to_weight, *ends
