"""Leaky rate networks run fast: one autograd node for all of time, its back-propagation written by hand."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from tertium.errors import BadInput
from tertium.models.kernels.arguments import (
    checked_alpha,
    checked_drive,
    checked_factors,
    checked_form,
    checked_initial,
    checked_weight,
)
from tertium.models.kernels.loops import Block, FromOutside, Loop, make_loop
from tertium.models.kernels.nonlinearities import Nonlinearity
from tertium.models.kernels.nonlinearities import nonlinearity as named
from tertium.models.kernels.recurrence import WeightGradients, recurrence


def rate_unroll(
    drive: Tensor,
    initial: Tensor,
    weight: Tensor,
    alpha: float | Tensor,
    nonlinearity: str | Nonlinearity = "relu",
    form: str = "membrane",
    checkpoint: bool = False,
) -> Tensor:
    """Run a leaky rate network through time: h_t = (1-a) h_{t-1} + a (W f(h_{t-1}) + u_t), with a = dt/tau.

    Equal to `rate_reference` in values and gradients, and faster. Gradients reach ``drive``, ``initial``, ``weight``
    and ``alpha``; there is no second derivative.

    Parameters
    ----------
    drive : Tensor
        The input u of each unit, noise and bias included, shape (time, batch, unit).
    initial : Tensor
        State before the first step, shape (batch, unit), or (unit,) for all trials alike.
    weight : Tensor
        Recurrent weights W, shape (unit, unit), post x pre.
    alpha : float or Tensor
        dt/tau, of all units or of each, shape (unit,); no unit; above 0. At 1 the network is a discrete one.
    nonlinearity : str or Nonlinearity
        The rate function f; see `nonlinearity`.
    form : {"membrane", "rate"}
        Whether the state is the potential h, as above, or the rate itself:
        r_t = (1-a) r_{t-1} + a f(W r_{t-1} + u_t) (Yang et al. 2019, Nat Neurosci 22, 297-306, Methods).
    checkpoint : bool
        Keep the states only and compute the rest again in the backward pass. `network_unroll` saves far more.

    Returns
    -------
    Tensor
        States, shape (time, batch, unit).

    Raises
    ------
    BadInput
        If a shape or a type does not fit, or alpha is not above 0.
    UnknownName
        If there is no such nonlinearity or form.

    Examples
    --------
    >>> import torch
    >>> drive = torch.ones(3, 1, 1)
    >>> rate_unroll(drive, torch.zeros(1), torch.zeros(1, 1), alpha=0.5).ravel()
    tensor([0.5000, 0.7500, 0.8750])
    """
    states, _ = _run(drive, initial, alpha, _Connections(weight, None, None), nonlinearity, form, checkpoint, False)
    return states


def low_rank_unroll(
    drive: Tensor,
    initial: Tensor,
    m: Tensor,
    n: Tensor,
    alpha: float | Tensor,
    nonlinearity: str | Nonlinearity = "relu",
    form: str = "membrane",
    checkpoint: bool = False,
    *,
    weight: Tensor | None = None,
) -> Tensor:
    """Run a rate network with connections m n' / N through time, without forming the N x N matrix.

    Parameters
    ----------
    drive, initial, alpha, nonlinearity, form, checkpoint
        See `rate_unroll`.
    m, n : Tensor
        Left and right connectivity vectors, shape (unit, rank) (Mastrogiuseppe & Ostojic 2018, Neuron 99, 609-623).
    weight : Tensor, optional
        A full matrix added to m n' / N (the random part J of the same paper), shape (unit, unit), fixed or learned.

    Returns
    -------
    Tensor
        States, shape (time, batch, unit).

    Raises
    ------
    BadInput
        If a shape or a type does not fit, or alpha is not above 0.
    UnknownName
        If there is no such nonlinearity or form.

    Examples
    --------
    >>> import torch
    >>> drive, m = torch.ones(2, 1, 4), torch.ones(4, 1)
    >>> low_rank_unroll(drive, torch.zeros(4), m, m, alpha=0.5)[:, 0, 0]
    tensor([0.5000, 1.0000])
    """
    states, _ = _run(drive, initial, alpha, _Connections(weight, m, n), nonlinearity, form, checkpoint, False)
    return states


def states_and_rates(
    drive: Tensor,
    initial: Tensor,
    alpha: float | Tensor,
    *,
    weight: Tensor | None = None,
    m: Tensor | None = None,
    n: Tensor | None = None,
    nonlinearity: str | Nonlinearity = "relu",
    form: str = "membrane",
    checkpoint: bool = False,
) -> tuple[Tensor, Tensor]:
    """Run a rate network through time and return both its states and the rates the loop has computed from them.

    Cheaper than the nonlinearity of the states, forwards and backwards. In the rate form the two are one tensor.

    Parameters
    ----------
    drive, initial, alpha, nonlinearity, form, checkpoint
        See `rate_unroll`.
    weight, m, n : Tensor, optional
        A full matrix, low-rank factors, or all three; see `rate_unroll` and `low_rank_unroll`.

    Returns
    -------
    states, rates : Tensor
        Shape (time, batch, unit) each.

    Raises
    ------
    BadInput
        If a shape or a type does not fit, or no connections are given.
    UnknownName
        If there is no such nonlinearity or form.

    Examples
    --------
    >>> import torch
    >>> states, rates = states_and_rates(-torch.ones(2, 1, 1), torch.zeros(1), 0.5, weight=torch.zeros(1, 1))
    >>> states.ravel(), rates.ravel()
    (tensor([-0.5000, -0.7500]), tensor([0., 0.]))
    """
    return _run(drive, initial, alpha, _Connections(weight, m, n), nonlinearity, form, checkpoint, True)


@dataclass(frozen=True)
class _Connections:
    weight: Tensor | None
    m: Tensor | None
    n: Tensor | None

    def check(self, like: Tensor) -> None:
        if (self.m is None) != (self.n is None) or (self.m is None and self.weight is None):
            raise BadInput("recurrent connections", expected="a weight, or both m and n, or all three")
        if self.weight is not None:
            checked_weight(self.weight, like)
        if self.m is not None and self.n is not None:
            checked_factors(self.m, self.n, like)


@dataclass(frozen=True)
class _Options:
    f: Nonlinearity
    form: str
    checkpoint: bool
    rates: bool

    def loop(self, alpha: Tensor, weight: Tensor | None, m: Tensor | None, n: Tensor | None) -> Loop:
        return make_loop(self.form, recurrence(weight, m, n, alpha), alpha, self.f)


def _run(
    drive: Tensor,
    initial: Tensor,
    alpha: float | Tensor,
    connections: _Connections,
    f: str | Nonlinearity,
    form: str,
    checkpoint: bool,
    rates: bool,
) -> tuple[Tensor, Tensor]:
    checked_drive(drive)
    connections.check(drive)
    initial = checked_initial(initial, drive)
    options = _Options(named(f), checked_form(form), checkpoint, rates and form == "membrane")
    found = _Unroll.apply(
        drive, initial, checked_alpha(alpha, drive), connections.weight, connections.m, connections.n, options
    )
    return (found, found) if isinstance(found, Tensor) else found


class _Unroll(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        drive: Tensor,
        initial: Tensor,
        alpha: Tensor,
        weight: Tensor | None,
        m: Tensor | None,
        n: Tensor | None,
        options: _Options,
    ) -> Any:
        loop = options.loop(alpha, weight, m, n)
        keep_values = options.rates or not options.checkpoint
        length = len(drive) if keep_values else block_length(len(drive))
        states = torch.empty(drive.shape, dtype=drive.dtype, device=drive.device)
        values = states.new_empty((length, *drive.shape[1:]))
        for block, piece in _blocks(initial, states, values, length):
            loop.forward(drive[piece], block)
        # the rate form needs its drive to find f(z) again; the membrane form finds f(h) in the states
        kept_drive = drive if not keep_values and options.form == "rate" else None
        kept_states = states if loop.rates_are_states or not keep_values or ctx.needs_input_grad[2] else None
        ctx.save_for_backward(initial, alpha, weight, m, n, kept_drive, kept_states, values if keep_values else None)
        ctx.options = options
        ctx.length = length
        ctx.set_materialize_grads(False)
        return (states, values) if options.rates else states

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, to_states: Tensor | None, to_rates: Tensor | None = None) -> Any:
        initial, alpha, weight, m, n, drive, states, values = ctx.saved_tensors
        given = [g for g in (to_states, to_rates) if g is not None]
        if not given:
            return (None,) * 7
        loop = ctx.options.loop(alpha, weight, m, n)
        gradients = WeightGradients(weight, m, n, ctx.needs_input_grad[3:6])
        to_alpha = torch.zeros_like(alpha, memory_format=torch.contiguous_format) if ctx.needs_input_grad[2] else None
        errors = torch.empty(given[0].shape, dtype=alpha.dtype, device=alpha.device)
        again = values is None
        if again:
            values = errors.new_empty((ctx.length, *errors.shape[1:]))
        # without states the loop does not look at them: the errors stand in for the shape
        blocks = list(_blocks(initial, errors if states is None else states, values, ctx.length))
        carry = torch.zeros_like(errors[0])
        for block, piece in reversed(blocks):
            if again:
                loop.values_again(None if drive is None else drive[piece], block)
            carry = loop.backward(block, FromOutside.of(to_states, to_rates, piece), carry, errors[piece], to_alpha)
            loop.add_weights(gradients, block, errors[piece])
        to_initial = loop.to_initial(blocks[0][0], carry) if ctx.needs_input_grad[1] else None
        return errors, to_initial, to_alpha, gradients.weight, gradients.m, gradients.n, None


def block_length(steps: int) -> int:
    """Return the length of the blocks into which ``steps`` steps are cut where memory is short: sqrt, rounded up."""
    return math.isqrt(steps - 1) + 1


def _blocks(initial: Tensor, states: Tensor, values: Tensor, length: int) -> list[tuple[Block, slice]]:
    # every block writes its values into the same memory where there is room for one block only
    blocks = []
    for start in range(0, len(states), length):
        piece = slice(start, min(start + length, len(states)))
        first = states[start - 1] if start else initial
        mine = values[piece] if len(values) == len(states) else values[: piece.stop - start]
        blocks.append((Block(first, states[piece], mine), piece))
    return blocks
