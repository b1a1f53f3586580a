"""The two forms of the rate equation as loops that write into given memory, forwards and backwards in time.

With e_t = dL/du_t the error of the drive, a = dt/tau and ``*`` unit by unit, the chain rule gives

membrane   h_t = (1-a) h_{t-1} + a (W f(h_{t-1}) + u_t)
           e_t = a G_t + (1-a) e_{t+1} + f'(h_t) * (a g_t + a W' e_{t+1})
rate       r_t = (1-a) r_{t-1} + a f(z_t),  z_t = W r_{t-1} + u_t
           e_t = f'(z_t) * c_t,  c_t = a G_t + (1-a) c_{t+1} + a W' e_{t+1}

G_t and g_t are the gradients that reach state and rate of step t from outside the loop. In both forms dL/dW is the sum
of e_t times the rates one step before.

Steps are handed over as sequences of views, made once: an index inside a loop costs as much as a small product.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from tertium.models.kernels.nonlinearities import Nonlinearity
from tertium.models.kernels.recurrence import Recurrence

Steps = Sequence[Tensor]
MaybeSteps = Sequence[Tensor | None]


@dataclass(frozen=True)
class Forward:
    """What a run through T steps reads and leaves.

    Parameters
    ----------
    initial : Tensor
        State before the first step, (batch, unit).
    rows : sequence of T + 1 Tensor
        What the connections are handed: row t holds the rates that step t receives, and more if they ask for it,
        (batch, unit + more). Row 0 is filled beforehand.
    states : sequence of T Tensor
        (batch, unit).
    values : sequence of T Tensor
        f(h_t) in the membrane form, f(z_t) in the rate form, (batch, unit). Where the state is h, values t are the
        rates of row t + 1; where it is the rate, states t are.
    """

    initial: Tensor
    rows: Steps
    states: Steps
    values: Steps

    def part(self, start: int, stop: int) -> Forward:
        """Return the record of steps ``start`` to ``stop``, without the last."""
        initial = self.states[start - 1] if start else self.initial
        return Forward(initial, self.rows[start : stop + 1], self.states[start:stop], self.values[start:stop])


@dataclass(frozen=True)
class Backward:
    """What a run back through T steps reads and leaves.

    Parameters
    ----------
    rows : sequence of T + 1 Tensor
        Row t holds the error e_t, and more if the connections ask for it, (batch, unit + more). The last row is filled
        beforehand: after the last step of all, its error is 0.
    errors : sequence of T + 1 Tensor
        The errors inside ``rows``, (batch, unit).
    to_states, to_rates : sequence of T (Tensor or None), optional
        Gradients from outside, (batch, unit).
    to_alpha : Tensor, optional
        Where the gradient of alpha, (unit,), is added.
    """

    rows: Steps
    errors: Steps
    to_states: MaybeSteps | None = None
    to_rates: MaybeSteps | None = None
    to_alpha: Tensor | None = None


class MembraneLoop:
    """The state is the membrane potential h; the units send f(h)."""

    def __init__(self, connections: Recurrence, alpha: Tensor, f: Nonlinearity) -> None:
        self._connections, self._alpha, self._leak, self._f = connections, alpha, 1 - alpha, f

    def forward(self, run: Forward, drive: Steps | None) -> None:
        """Fill states, values and with them the rows of ``run``."""
        state = run.initial
        for now, row, new_state, rates in zip(_each(drive, run), run.rows, run.states, run.values, strict=False):
            aim = self._connections.forward(now, row, new_state)
            torch.lerp(state, aim, self._alpha, out=new_state)
            self._f.into(new_state, rates)
            state = new_state

    def backward(self, run: Forward, back: Backward, later: Tensor) -> Tensor:
        """Fill the errors from the last step to the first; return e_0, and take e_T, which follows the last step."""
        alpha = self._alpha
        for t in range(len(run.values) - 1, -1, -1):
            error = back.errors[t]
            to_rates = None if back.to_rates is None else back.to_rates[t]
            self._one_back(back.rows[t + 1], later, run.values[t], to_rates, error)
            later = error
            to_state = None if back.to_states is None else back.to_states[t]
            if to_state is not None:
                error.addcmul_(to_state, alpha)
            if back.to_alpha is not None:
                # a step is alpha times what alpha multiplies, and an error holds one alpha too
                step = run.states[t] - (run.states[t - 1] if t else run.initial)
                back.to_alpha.add_(step.mul_(error).sum(0).div_(alpha * alpha))
        return later

    def to_initial(self, row: Tensor, later: Tensor, rates: Tensor) -> Tensor:
        """Return the gradient of the initial state, (batch, unit), from row and errors of step 0 and its rates."""
        found = torch.empty_like(later, memory_format=torch.contiguous_format)
        self._one_back(row, later, rates, None, found)
        return found.div_(self._alpha)

    def _one_back(self, row: Tensor, later: Tensor, rates: Tensor, to_rates: Tensor | None, error: Tensor) -> None:
        sent = self._connections.back(row, error)
        if to_rates is not None:
            sent.addcmul_(to_rates, self._alpha)
        self._f.back(sent, rates, error)
        error.addcmul_(later, self._leak)


class RateLoop:
    """The state is the rate r itself; the nonlinearity acts on the whole input (Yang et al. 2019)."""

    def __init__(self, connections: Recurrence, alpha: Tensor, f: Nonlinearity) -> None:
        self._connections, self._alpha, self._leak, self._f = connections, alpha, 1 - alpha, f

    def forward(self, run: Forward, drive: Steps | None) -> None:
        """Fill states, values and with them the rows of ``run``."""
        rates = run.initial
        for now, row, new_rates, value in zip(_each(drive, run), run.rows, run.states, run.values, strict=False):
            self._f.into(self._connections.forward(now, row, value), value)
            torch.lerp(rates, value, self._alpha, out=new_rates)
            rates = new_rates

    def backward(self, run: Forward, back: Backward, later: Tensor) -> Tensor:
        """Fill the errors from the last step to the first; return c_0, and take c_T, which follows the last step."""
        carry, scratch = later.clone(), torch.empty_like(run.values[0], memory_format=torch.contiguous_format)
        for t in range(len(run.values) - 1, -1, -1):
            sent = self._connections.back(back.rows[t + 1], scratch)
            torch.addcmul(sent, carry, self._leak, out=carry)
            for gradients in (back.to_states, back.to_rates):
                gradient = None if gradients is None else gradients[t]
                if gradient is not None:
                    carry.addcmul_(gradient, self._alpha)
            self._f.back(carry, run.values[t], back.errors[t])
            if back.to_alpha is not None:
                step = run.values[t] - (run.states[t - 1] if t else run.initial)
                back.to_alpha.add_(step.mul_(carry).sum(0).div_(self._alpha))
        return carry

    def to_initial(self, row: Tensor, later: Tensor, rates: Tensor) -> Tensor:
        """Return the gradient of the initial rates, (batch, unit), from the row of step 0 and c_0."""
        found = self._connections.back(row, torch.empty_like(rates, memory_format=torch.contiguous_format))
        return found.addcmul_(later, self._leak).div_(self._alpha)


Loop = MembraneLoop | RateLoop


def make_loop(form: str, connections: Recurrence, alpha: Tensor, f: Nonlinearity) -> Loop:
    """Return the loop of a form."""
    return (MembraneLoop if form == "membrane" else RateLoop)(connections, alpha, f)


def _each(drive: Steps | None, run: Forward) -> MaybeSteps:
    return [None] * len(run.values) if drive is None else drive
