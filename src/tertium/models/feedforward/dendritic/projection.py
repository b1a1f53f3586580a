"""Synapses from one population to another that are all excitatory or all inhibitory, whatever an optimiser does."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn
from torch.nn.utils import parametrize

from tertium.errors import BadInput


class _Rectify(torch.autograd.Function):
    """max(x, 0) whose gradient is that of a bound: where x <= 0, steps that would lower it further are left out."""

    @staticmethod
    def forward(ctx: Any, raw: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(raw)
        return raw.clamp_min(0)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> torch.Tensor:
        (raw,) = ctx.saved_tensors
        (gradient,) = gradients
        return gradient.masked_fill((raw <= 0) & (gradient > 0), 0.0)


class OneSign(nn.Module):
    """Weights of one sign: a synapse that is weakened to nothing stays at zero, and can grow again.

    Plain rectification would silence it for good, for its slope below zero is zero. Here steps that would weaken it
    further are left out and steps that strengthen it are kept, as if the optimiser's weights were cut off at zero after
    each step (to within the length of one step).

    Parameters
    ----------
    sign : int
        1 for excitatory, -1 for inhibitory synapses.
    autapses : bool
        Whether units may have synapses on themselves.

    Examples
    --------
    >>> raw = torch.tensor([[0.5, -0.1]], requires_grad=True)
    >>> weight = OneSign(-1)(raw)
    >>> weight
    tensor([[-0.5000, -0.0000]], grad_fn=<MulBackward0>)
    >>> weight.sum().backward()     # a step down makes both synapses stronger
    >>> raw.grad
    tensor([[-1., -1.]])
    """

    def __init__(self, sign: int, *, autapses: bool = True) -> None:
        super().__init__()
        self.sign, self.autapses = sign, autapses

    def forward(self, raw: torch.Tensor) -> torch.Tensor:
        """Return weights of the sign."""
        strength: torch.Tensor = _Rectify.apply(raw)
        return (strength if self.autapses else strength * ~self._own(raw)) * self.sign

    def right_inverse(self, weight: torch.Tensor) -> torch.Tensor:
        """Return what gives this weight; raise `BadInput` if it has another sign, or autapses."""
        wrong = int((weight * self.sign < 0).sum())
        wrong += 0 if self.autapses else int((weight * self._own(weight) != 0).sum())
        if wrong:
            raise BadInput(
                f"weights of {'excitatory' if self.sign > 0 else 'inhibitory'} synapses",
                got=f"{wrong} of another sign" + ("" if self.autapses else ", or of a unit on itself"),
                expected=f"weights {'>=' if self.sign > 0 else '<='} 0"
                + ("" if self.autapses else ", 0 on the diagonal"),
            )
        return weight * self.sign

    @staticmethod
    def _own(weight: torch.Tensor) -> torch.Tensor:
        return torch.eye(*weight.shape, dtype=torch.bool, device=weight.device)


class Projection(nn.Module):
    """All synapses from one population to another.

    Parameters
    ----------
    n_from, n_to : int
        Units of the two populations.
    sign : int
        1 for excitatory, -1 for inhibitory synapses.
    gain : float
        First strengths are uniform from 0 to ``gain / sqrt(n_from)``.
    total : float, optional
        If given, the strengths on each unit add up to this at first, whatever the gain.
    autapses : bool
        Whether units may have synapses on themselves.
    learns : bool
        Whether the synapses are plastic.
    generator : torch.Generator
        Where the first strengths come from.

    Attributes
    ----------
    weight : torch.Tensor, shape (n_to, n_from)
        Of one sign, at all times.

    Raises
    ------
    BadInput
        If the sign is neither 1 nor -1, or the gain or total is not positive.

    Examples
    --------
    >>> from tertium.rng import Seeds
    >>> inhibition = Projection(4, 4, sign=-1, gain=1.0, autapses=False, generator=Seeds(0).torch("synapses"))
    >>> bool((inhibition.weight <= 0).all()), inhibition.weight.diagonal().tolist() == [0, 0, 0, 0]
    (True, True)
    """

    weight: torch.Tensor

    def __init__(
        self,
        n_from: int,
        n_to: int,
        *,
        sign: int,
        gain: float = 1.0,
        total: float | None = None,
        autapses: bool = True,
        learns: bool = True,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        if sign not in (1, -1) or not 0 < gain < math.inf or not (total is None or 0 < total < math.inf):
            raise BadInput(
                "projection",
                got=f"sign={sign!r}, gain={gain!r}, total={total!r}",
                expected="a sign of 1 or -1, a gain and a total > 0",
            )
        self.n_from, self.n_to, self.sign = n_from, n_to, sign
        strength = torch.rand(n_to, n_from, generator=generator) * gain / math.sqrt(n_from)
        if not autapses:
            strength.fill_diagonal_(0)
        if total is not None:
            strength *= total / strength.sum(1, keepdim=True).clamp_min(1e-12)
        self.weight = nn.Parameter(strength * sign, requires_grad=learns)
        parametrize.register_parametrization(self, "weight", OneSign(sign, autapses=autapses))
