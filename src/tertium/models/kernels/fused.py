"""Leaky rate networks run fast: one autograd node for all of time, its back-propagation written by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from tertium.models.kernels.arguments import (
    checked_alpha,
    checked_connections,
    checked_drive,
    checked_form,
    checked_initial,
)
from tertium.models.kernels.loops import Backward, Forward, Loop, make_loop
from tertium.models.kernels.nonlinearities import Nonlinearity
from tertium.models.kernels.nonlinearities import nonlinearity as named
from tertium.models.kernels.products import outer_sum
from tertium.models.kernels.recurrence import Dense, Recurrence, low_rank, low_rank_gradients


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
    options = _Options(named(nonlinearity), form, checkpoint, rates=False)
    return _run(drive, initial, alpha, weight, None, options)[0]


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
        As there is a full matrix then, the sum is formed and the loop is that of `rate_unroll`.

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
    options = _Options(named(nonlinearity), form, checkpoint, rates=False)
    return _run(drive, initial, alpha, weight, (m, n), options)[0]


def states_and_rates(
    drive: Tensor,
    initial: Tensor,
    alpha: float | Tensor,
    *,
    weight: Tensor | None = None,
    factors: tuple[Tensor, Tensor] | None = None,
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
    weight : Tensor, optional
        A full matrix, shape (unit, unit); see `rate_unroll`.
    factors : tuple of Tensor, optional
        Low-rank factors m and n, shape (unit, rank) each, in its place or beside it; see `low_rank_unroll`.

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
    options = _Options(named(nonlinearity), form, checkpoint, rates=True)
    return _run(drive, initial, alpha, weight, factors, options)


@dataclass(frozen=True)
class _Options:
    f: Nonlinearity
    form: str
    checkpoint: bool
    rates: bool


def _run(
    drive: Tensor,
    initial: Tensor,
    alpha: float | Tensor,
    weight: Tensor | None,
    factors: tuple[Tensor, Tensor] | None,
    options: _Options,
) -> tuple[Tensor, Tensor]:
    checked_drive(drive)
    checked_form(options.form)
    per_unit = checked_alpha(alpha, drive)
    given = checked_connections(weight, factors, drive)
    full, m, n = (given, None, None) if isinstance(given, Tensor) else (None, *given)
    found = _Unroll.apply(drive, checked_initial(initial, drive), per_unit, full, m, n, options)
    return found if options.rates and options.form == "membrane" else (found, found)


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
        membrane = options.form == "membrane"
        returned = options.rates and membrane
        keep_values = returned or not options.checkpoint
        states = torch.empty(drive.shape, dtype=drive.dtype, device=drive.device)
        # values that are not kept live for one step: two places in turn, as a step reads what the last one wrote
        values = states.new_empty((len(drive) if keep_values else 2, *drive.shape[1:]))
        places = [*values.unbind(0)] * (1 if keep_values else len(drive) // 2 + 1)
        run = _forward_record(options, initial, states, places[: len(drive)])
        _loop(options, len(drive), len(initial), alpha, weight, m, n).forward(run, drive.unbind(0))
        # the rate form needs its drive to find f(z) again; the membrane form finds f(h) in the states
        again = not keep_values
        ctx.save_for_backward(
            initial,
            alpha,
            weight,
            m,
            n,
            drive if again and not membrane else None,
            states if again or not membrane or ctx.needs_input_grad[2] else None,
            None if again else values,
        )
        ctx.options = options
        ctx.set_materialize_grads(False)
        return (states, values) if returned else states

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, to_states: Tensor | None, to_rates: Tensor | None = None) -> Any:
        if to_states is None and to_rates is None:
            return (None,) * 7
        initial, alpha, weight, m, n, drive, states, values = ctx.saved_tensors
        options: _Options = ctx.options
        if values is None:
            values = _values_again(
                options, initial, drive, states, _connections(alpha, len(states), len(initial), weight, m, n)
            )
        # only the gradient of alpha looks at states in the membrane form: without it values stand in for their number
        run = _forward_record(options, initial, values if states is None else states, values.unbind(0))
        steps = len(values)
        errors = values.new_empty((steps + 1, *values.shape[1:]))
        errors[steps].zero_()
        rows = errors.unbind(0)
        to_alpha = torch.zeros_like(alpha, memory_format=torch.contiguous_format) if ctx.needs_input_grad[2] else None
        back = Backward(
            rows,
            rows,
            to_states=None if to_states is None else to_states.unbind(0),
            to_rates=None if to_rates is None else to_rates.unbind(0),
            to_alpha=to_alpha,
        )
        loop = _loop(options, steps, len(initial), alpha, weight, m, n)
        to_initial = loop.to_initial(rows[0], loop.backward(run, back, torch.zeros_like(initial)), run.rows[0])
        sent = values if options.form == "membrane" else states
        to_weights = _weight_gradients(ctx.needs_input_grad[3:6], (weight, m, n), run.rows[0], sent, errors[:steps])
        return errors[:steps], to_initial, to_alpha, *to_weights, None


def _connections(
    alpha: Tensor, steps: int, trials: int, weight: Tensor | None, m: Tensor | None, n: Tensor | None
) -> Recurrence:
    if m is not None and n is not None:
        return low_rank(m, n, alpha)
    assert weight is not None  # checked_connections lets nothing through that has neither
    return Dense(weight, alpha, steps, trials)


def _loop(
    options: _Options, steps: int, trials: int, alpha: Tensor, weight: Tensor | None, m: Tensor | None, n: Tensor | None
) -> Loop:
    return make_loop(options.form, _connections(alpha, steps, trials, weight, m, n), alpha, options.f)


def _forward_record(options: _Options, initial: Tensor, states: Tensor, values: Sequence[Tensor]) -> Forward:
    if options.form == "rate":
        return Forward(initial, [initial, *states.unbind(0)], states.unbind(0), values)
    first = torch.empty_like(initial, memory_format=torch.contiguous_format)
    options.f.into(initial, first)
    return Forward(initial, [first, *values], states.unbind(0), values)


def _values_again(
    options: _Options, initial: Tensor, drive: Tensor | None, states: Tensor, connections: Recurrence
) -> Tensor:
    values = torch.empty_like(states)
    if drive is None:
        options.f.into(states, values)
        return values
    options.f.into(connections.forward(drive[0], initial, values[0]), values[0])
    if len(drive) > 1:
        # all states are known: every later step at once
        later = values[1:].flatten(0, 1)
        options.f.into(connections.forward(drive[1:].flatten(0, 1), states[:-1].flatten(0, 1), later), later)
    return values


def _weight_gradients(
    wanted: Sequence[bool],
    weights: tuple[Tensor | None, Tensor | None, Tensor | None],
    first: Tensor,
    sent: Tensor,
    errors: Tensor,
) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
    # what arrives at step t was sent at t - 1; the first step is apart, so that nothing has to be copied
    to_weight, m, n = None, *weights[1:]
    later, before = errors[1:].flatten(0, 1), sent[:-1].flatten(0, 1)
    if weights[0] is not None and wanted[0]:
        to_weight = outer_sum(later, before).addmm_(errors[0].t(), first)
    if m is None or n is None or not (wanted[1] or wanted[2]):
        return to_weight, None, None
    pairs = zip(low_rank_gradients(m, n, errors[0], first), low_rank_gradients(m, n, later, before), strict=True)
    to_m, to_n = (one.add_(other) for one, other in pairs)
    return to_weight, to_m, to_n
