"""What a synapse remembers of its own doing: eligibility traces of spiking units, carried forwards in time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

from tertium.models.spiking import LIF


@dataclass(frozen=True)
class Eligibility:
    """Eligibility of all synapses of a layer after one step.

    Attributes
    ----------
    vectors : torch.Tensor, shape (trial, variable, unit, input)
        How the variables of each unit depend on each of its weights: epsilon of Bellec et al. 2020 (eq. 13).
    traces : torch.Tensor, shape (trial, unit, input)
        How the spikes do, e (eq. 14): pseudo-derivative times vector.
    spikes : torch.Tensor, shape (trial, unit)
    """

    vectors: torch.Tensor
    traces: torch.Tensor
    spikes: torch.Tensor


def eligibility_traces(opened: LIF, arrived: torch.Tensor, noise: torch.Tensor | None = None) -> Iterator[Eligibility]:
    """Run a layer and yield the eligibility of its synapses after each step: the readable definition.

    With h the variables of a unit (voltage, adaptation, current), ``eps_t = (dh_t / dh_{t-1}) eps_{t-1} + dh_t / dw``
    and ``e_t = (dz_t / dh_t) eps_t``. For LIF units without gradient through the reset, eps is the presynaptic spikes
    filtered by the membrane; ALIF units have a second component that decays as slowly as their adaptation (Bellec et
    al. 2020, eqs. 22 to 25). Both follow from the cell's own ``step``, whatever its synapses. It keeps
    trial x variable x unit x input numbers and nothing of the past; `tertium.learning.rules` sum the same
    products by one pass back within each unit, which is faster.

    Parameters
    ----------
    opened : LIF
        As `open_loop` makes it.
    arrived : torch.Tensor, shape (time, trial, input)
        Spikes and inputs at its synapses.
    noise : torch.Tensor, shape (time, trial, unit), optional

    Examples
    --------
    >>> cell = LIF(1, 1, tau=0.01, dt=0.001)
    >>> steps = [float(e.vectors) for e in eligibility_traces(cell, torch.tensor([1.0, 0.0, 0.0]).reshape(3, 1, 1))]
    >>> [round(s, 3) for s in steps]
    [1.0, 0.905, 0.819]
    """
    state = opened.init(arrived.shape[1])
    vectors = state.new_zeros(*state.shape, opened.n_inputs)
    drawn = [None] * len(arrived) if noise is None else noise.unbind(0)
    with torch.no_grad():
        for x, xi in zip(arrived.unbind(0), drawn, strict=True):
            state, spikes, own, direct = _derivatives(opened, state, x, xi)
            # own: (after, before, trial, unit); a unit's variables depend on its own variables only
            vectors = torch.einsum("aptj,tpji->taji", own, vectors) + torch.einsum("atj,ti->taji", direct, x)
            slopes = _slopes(opened, state)
            yield Eligibility(vectors, torch.einsum("vtj,tvji->tji", slopes, vectors), spikes)


def carried_gradient(
    opened: LIF, arrived: torch.Tensor, noise: torch.Tensor | None, to_units: torch.Tensor
) -> torch.Tensor:
    """Return the sum over time and trials of learning signals (time, trial, unit) times traces, (unit, input)."""
    moments = eligibility_traces(opened, arrived, noise)
    products = (torch.einsum("tj,tji->ji", signal, e.traces) for signal, e in zip(to_units, moments, strict=True))
    return torch.stack(list(products)).sum(0)


def responsiveness(opened: LIF, arrived: torch.Tensor, noise: torch.Tensor | None = None) -> torch.Tensor:
    """Return how the spikes of each unit depend on what arrives at it in the same step, (time, trial, unit).

    That is h of Liu et al. 2021: the pseudo-derivative, times how far a unit of current moves the voltage at once.

    Parameters
    ----------
    opened : LIF
        As `open_loop` makes it.
    arrived : torch.Tensor, shape (time, trial, input)
    noise : torch.Tensor, shape (time, trial, unit), optional

    Examples
    --------
    >>> from tertium.models.spiking import surrogate
    >>> cell = LIF(1, 1, tau=0.01, dt=0.001, surrogate=surrogate("triangle", height=0.3))
    >>> _ = cell.input_weight.data.fill_(0.5)
    >>> [round(float(h), 3) for h in responsiveness(cell, torch.ones(2, 1, 1))]
    [0.15, 0.286]
    """
    start = opened.init(arrived.shape[1])
    with torch.no_grad():
        _, states = opened.run(arrived, start, noise)
        # what arrives enters linearly, so how far it moves the variables is the same in every step
        _, _, _, direct = _derivatives(opened, start[:1], arrived[0, :1], None if noise is None else noise[0, :1])
    with torch.enable_grad():
        states = states.requires_grad_(True)
        (slopes,) = torch.autograd.grad(opened.activity(states).sum(), states)
    answers: torch.Tensor = torch.einsum("...vj,vj->...j", slopes, direct[:, 0])
    return answers


def _derivatives(opened: LIF, state: torch.Tensor, x: torch.Tensor, noise: torch.Tensor | None) -> Any:
    """Return the next state, its spikes, its derivatives by each variable before, and by what arrives."""
    push = torch.zeros(len(x), opened.n_units, dtype=x.dtype, device=x.device)

    def step(before: torch.Tensor, pushed: torch.Tensor) -> torch.Tensor:
        # what arrives is pushed as noise is: both enter where the weights do
        return opened.step(before, x, pushed if noise is None else noise + pushed)[0]

    own = []
    for place in range(state.shape[1]):
        along = torch.zeros_like(state)
        along[:, place] = 1
        # the units of an open loop are independent, so one tangent asks all of them at once
        own.append(torch.func.jvp(step, (state, push), (along, torch.zeros_like(push)))[1].transpose(0, 1))
    moved = torch.func.jvp(step, (state, push), (torch.zeros_like(state), torch.ones_like(push)))
    return moved[0], opened.activity(moved[0]), torch.stack(own, dim=1), moved[1].transpose(0, 1)


def _slopes(opened: LIF, state: torch.Tensor) -> torch.Tensor:
    """Return the pseudo-derivatives of the spikes by each variable, shape (variable, trial, unit)."""
    found = []
    for place in range(state.shape[1]):
        along = torch.zeros_like(state)
        along[:, place] = 1
        found.append(torch.func.jvp(opened.activity, (state,), (along,))[1])
    return torch.stack(found)
