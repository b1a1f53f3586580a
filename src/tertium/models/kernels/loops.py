"""The two forms of the rate equation as loops that write into given memory, forwards and backwards in time.

A loop works on a block of consecutive steps; the whole sequence is one block, or about sqrt(T) blocks where memory is
short. With e_t = dL/du_t the error of the drive, a = dt/tau and ``*`` unit by unit, the chain rule gives

membrane   h_t = (1-a) h_{t-1} + a (W f(h_{t-1}) + u_t)
           e_t = a G_t + (1-a) e_{t+1} + f'(h_t) * (a g_t + a W' e_{t+1})
rate       r_t = (1-a) r_{t-1} + a f(z_t),  z_t = W r_{t-1} + u_t
           e_t = f'(z_t) * c_t,  c_t = a G_t + (1-a) c_{t+1} + a W' e_{t+1}

G_t and g_t are the gradients that reach state and rate of step t from outside the loop. In both forms dL/dW is the sum
of e_t times the rates one step before. What a step hands to the step before it, the carry, is e_t in the membrane form
and (1-a) c_t + a W' e_t in the rate form.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from tertium.models.kernels.nonlinearities import Nonlinearity
from tertium.models.kernels.recurrence import Recurrence, WeightGradients


@dataclass(frozen=True)
class Block:
    """Consecutive steps of a network: ``initial`` (batch, unit), the others (time, batch, unit).

    ``values`` are f(h_t) in the membrane form and f(z_t) in the rate form.
    """

    initial: Tensor
    states: Tensor
    values: Tensor


@dataclass(frozen=True)
class FromOutside:
    """Gradients that reach states and rates from outside the loop, (time, batch, unit), or None."""

    states: Tensor | None
    rates: Tensor | None

    @classmethod
    def of(cls, states: Tensor | None, rates: Tensor | None, piece: slice) -> FromOutside:
        """Return the gradients of the steps of ``piece``."""
        return cls(None if states is None else states[piece], None if rates is None else rates[piece])

    def steps(self, length: int) -> list[tuple[Tensor | None, Tensor | None]]:
        """Return the pairs of each step."""
        states, rates = (
            [None] * length if gradient is None else gradient.unbind(0) for gradient in (self.states, self.rates)
        )
        return list(zip(states, rates, strict=True))


class MembraneLoop:
    """The state is the membrane potential h; the units send f(h)."""

    rates_are_states: ClassVar[bool] = False

    def __init__(self, connections: Recurrence, alpha: Tensor, f: Nonlinearity) -> None:
        self._connections, self._alpha, self._leak, self._f = connections, alpha, 1 - alpha, f

    def forward(self, drive: Tensor, block: Block) -> None:
        """Fill the states and values of ``block`` under ``drive``, (time, batch, unit)."""
        state, rates = block.initial, self._first_rates(block)
        for now, new_state, new_rates in _steps(drive, block):
            self._connections.forward(now, rates, new_state)
            torch.lerp(state, new_state, self._alpha, out=new_state)
            self._f.into(new_state, new_rates)
            state, rates = new_state, new_rates

    def values_again(self, drive: Tensor | None, block: Block) -> None:
        """Fill the values of ``block`` from its states."""
        self._f.into(block.states, block.values)

    def backward(
        self, block: Block, outside: FromOutside, carry: Tensor, errors: Tensor, to_alpha: Tensor | None
    ) -> Tensor:
        """Fill ``errors``, the gradient of the drive, from the last step to the first, and return the new carry.

        Parameters
        ----------
        block : Block
            As left by `forward`.
        outside : FromOutside
            Gradients of the states and of the rates.
        carry : Tensor
            What the steps after the block send back, (batch, unit); zeros at the end of time. It is overwritten.
        errors : Tensor
            Shape (time, batch, unit).
        to_alpha : Tensor or None
            Where the gradient of alpha, (unit,), is added.
        """
        before = (block.initial, *block.states.unbind(0)[:-1])
        given = zip(
            errors.unbind(0), block.values.unbind(0), outside.steps(len(errors)), block.states, before, strict=True
        )
        for error, rates, (to_state, to_rates), state, state_before in reversed(list(given)):
            self._one_back(error, carry, rates, to_rates)
            if to_state is not None:
                error.addcmul_(to_state, self._alpha)
            if to_alpha is not None:
                # the step itself is alpha times what alpha multiplies; errors hold one alpha too
                to_alpha.add_(((state - state_before) * error).sum(0).div_(self._alpha * self._alpha))
            carry = error
        return carry.clone()

    def to_initial(self, block: Block, carry: Tensor) -> Tensor:
        """Return the gradient of the block's initial state, (batch, unit), from the carry of its first step."""
        gradient = torch.empty_like(carry)
        self._one_back(gradient, carry, self._first_rates(block), None)
        return gradient.div_(self._alpha)

    def add_weights(self, gradients: WeightGradients, block: Block, errors: Tensor) -> None:
        """Add this block's share to the gradients of the weights."""
        _add_weights(gradients, self._first_rates(block), block.values, errors)

    def _one_back(self, error: Tensor, later: Tensor, rates: Tensor, to_rates: Tensor | None) -> None:
        if to_rates is None:
            error.zero_()
        else:
            torch.mul(to_rates, self._alpha, out=error)
        self._connections.back(later, error)
        self._f.back(error, rates, error)
        error.addcmul_(later, self._leak)

    def _first_rates(self, block: Block) -> Tensor:
        rates = torch.empty_like(block.initial, memory_format=torch.contiguous_format)
        self._f.into(block.initial, rates)
        return rates


class RateLoop:
    """The state is the rate r itself; the nonlinearity acts on the whole input (Yang et al. 2019, eq. 1)."""

    rates_are_states: ClassVar[bool] = True

    def __init__(self, connections: Recurrence, alpha: Tensor, f: Nonlinearity) -> None:
        self._connections, self._alpha, self._leak, self._f = connections, alpha, 1 - alpha, f

    def forward(self, drive: Tensor, block: Block) -> None:
        """Fill the states and values of ``block`` under ``drive``, (time, batch, unit)."""
        rates = block.initial
        for now, new_rates, value in _steps(drive, block):
            self._connections.forward(now, rates, value)
            self._f.into(value, value)
            torch.lerp(rates, value, self._alpha, out=new_rates)
            rates = new_rates

    def values_again(self, drive: Tensor | None, block: Block) -> None:
        """Fill the values of ``block`` from its states and the drive, all steps at once."""
        assert drive is not None
        self._connections.forward(drive[0], block.initial, block.values[0])
        if len(drive) > 1:
            later = (
                drive[1:].flatten(0, 1),
                block.states[:-1].flatten(0, 1),
                block.values[1:].view(-1, drive.shape[-1]),
            )
            self._connections.forward(*later)
        self._f.into(block.values, block.values)

    def backward(
        self, block: Block, outside: FromOutside, carry: Tensor, errors: Tensor, to_alpha: Tensor | None
    ) -> Tensor:
        """Fill ``errors`` from the last step to the first and return the new carry; see `MembraneLoop.backward`."""
        before = (block.initial, *block.states.unbind(0)[:-1])
        given = zip(errors.unbind(0), block.values.unbind(0), outside.steps(len(errors)), before, strict=True)
        for error, value, (to_state, to_rates), rates_before in reversed(list(given)):
            for gradient in (to_state, to_rates):
                if gradient is not None:
                    carry.addcmul_(gradient, self._alpha)
            self._f.back(carry, value, error)
            if to_alpha is not None:
                to_alpha.add_(((value - rates_before) * carry).sum(0).div_(self._alpha))
            carry.mul_(self._leak)
            self._connections.back(error, carry)
        return carry

    def to_initial(self, block: Block, carry: Tensor) -> Tensor:
        """Return the gradient of the block's initial state, (batch, unit), from what its first step hands back."""
        return carry / self._alpha

    def add_weights(self, gradients: WeightGradients, block: Block, errors: Tensor) -> None:
        """Add this block's share to the gradients of the weights."""
        _add_weights(gradients, block.initial, block.states, errors)


Loop = MembraneLoop | RateLoop


def make_loop(form: str, connections: Recurrence, alpha: Tensor, f: Nonlinearity) -> Loop:
    """Return the loop of a form."""
    return (MembraneLoop if form == "membrane" else RateLoop)(connections, alpha, f)


def _steps(drive: Tensor, block: Block) -> zip[tuple[Tensor, Tensor, Tensor]]:
    # views made once: indexing inside the loop costs as much as a small product
    return zip(drive.unbind(0), block.states.unbind(0), block.values.unbind(0), strict=True)


def _add_weights(gradients: WeightGradients, first: Tensor, sent: Tensor, errors: Tensor) -> None:
    # what arrives at step t was sent at t - 1; the first step is apart, so that nothing has to be copied
    gradients.add(errors[0], first)
    if len(errors) > 1:
        gradients.add(errors[1:], sent[:-1])
