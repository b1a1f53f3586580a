"""The rate equation, one readable step at a time: what the fast loops are held against."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from tertium.models.kernels.arguments import (
    checked_alpha,
    checked_drive,
    checked_factors,
    checked_form,
    checked_initial,
    checked_weight,
)
from tertium.models.kernels.nonlinearities import Nonlinearity
from tertium.models.kernels.nonlinearities import nonlinearity as named


def rate_step(
    state: Tensor, drive: Tensor, recurrent: Callable[[Tensor], Tensor], alpha: Tensor, f: Nonlinearity, form: str
) -> Tensor:
    """Return the state one Euler step later, shape (batch, unit); ``recurrent`` maps rates to recurrent input."""
    if form == "membrane":
        return (1 - alpha) * state + alpha * (recurrent(f(state)) + drive)
    return (1 - alpha) * state + alpha * f(recurrent(state) + drive)


def rate_reference(
    drive: Tensor,
    initial: Tensor,
    weight: Tensor,
    alpha: float | Tensor,
    nonlinearity: str | Nonlinearity = "relu",
    form: str = "membrane",
    checkpoint: bool = False,
) -> Tensor:
    """Run a leaky rate network step by step, as the equation is written; slow, and as readable as it gets.

    Takes what `rate_unroll` takes and returns what it returns; gradients come from autograd. ``checkpoint`` is
    there for the sake of the same signature and changes nothing.

    Parameters
    ----------
    drive, initial, weight, alpha, nonlinearity, form, checkpoint
        See `rate_unroll`.

    Returns
    -------
    Tensor
        States, shape (time, batch, unit).

    Examples
    --------
    >>> import torch
    >>> drive = torch.ones(3, 1, 1)
    >>> rate_reference(drive, torch.zeros(1), torch.zeros(1, 1), alpha=0.5).ravel()
    tensor([0.5000, 0.7500, 0.8750])
    """
    checked_drive(drive)
    checked_weight(weight, drive)
    return _steps(drive, initial, lambda rates: rates @ weight.T, alpha, nonlinearity, form)


def low_rank_reference(
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
    """Run a low-rank rate network step by step: the reference of `low_rank_unroll`, whose arguments it takes.

    Parameters
    ----------
    drive, initial, m, n, alpha, nonlinearity, form, checkpoint, weight
        See `low_rank_unroll`.

    Returns
    -------
    Tensor
        States, shape (time, batch, unit).
    """
    checked_drive(drive)
    checked_factors(m, n, drive)
    if weight is not None:
        checked_weight(weight, drive)

    def recurrent(rates: Tensor) -> Tensor:
        low = (rates @ n) @ m.T / len(m)
        return low if weight is None else low + rates @ weight.T

    return _steps(drive, initial, recurrent, alpha, nonlinearity, form)


def _steps(
    drive: Tensor,
    initial: Tensor,
    recurrent: Callable[[Tensor], Tensor],
    alpha: float | Tensor,
    name: str | Nonlinearity,
    form: str,
) -> Tensor:
    f, form = named(name), checked_form(form)
    state = checked_initial(initial, drive)
    per_unit = checked_alpha(alpha, drive)
    states = []
    # unbind, not drive[t]: the backward pass of an index fills a tensor of the whole size at every step
    for now in drive.unbind(0):
        state = rate_step(state, now, recurrent, per_unit, f, form)
        states.append(state)
    return torch.stack(states)
