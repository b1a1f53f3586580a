"""What a dendrite makes of the synapses from below: products with its state, or plateaus over time."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from tertium.learning.rules.three_factor.btsp import saturating

#: Where depression by a plateau sets in, as an eligibility trace from 0 to 1, and how steeply: 2 over the distance of
#: threshold and peak, 0.01 and 0.02 in the authors' code.
THRESHOLD, STEEPNESS = 0.01, 200.0


@dataclass(frozen=True)
class TimeScale:
    """What plateaus need to know beside the weights.

    Attributes
    ----------
    w_max : float
        Largest weight.
    discount : float
        How much of a trial is left when the next one comes.
    """

    w_max: float
    discount: float


def by_error(post: torch.Tensor, pre: torch.Tensor) -> torch.Tensor:
    """Return the products of each synapse (unit, channel), summed over samples: ``post' pre``."""
    return post.T @ pre


def by_plateaus(plateau: torch.Tensor, pre: torch.Tensor, weight: torch.Tensor, scale: TimeScale) -> torch.Tensor:
    """Return changes by behavioural time-scale plasticity where plateaus are positive, by their size where negative.

    Parameters
    ----------
    plateau : torch.Tensor, shape (trial, unit)
        -1 to 1; trials follow each other.
    pre : torch.Tensor, shape (trial, channel)
        Eligibility, 0 to 1.
    weight : torch.Tensor, shape (unit, channel)
    scale : TimeScale

    Returns
    -------
    torch.Tensor, shape (unit, channel)
        Summed over trials.

    Examples
    --------
    A plateau strengthens weak synapses that were active, weakens strong ones, and leaves silent ones alone:

    >>> weight = torch.tensor([[0.2, 0.8, 0.2]])
    >>> by_plateaus(torch.tensor([[0.5]]), torch.tensor([[1.0, 1.0, 0.0]]), weight, TimeScale(1.0, 0.0))
    tensor([[ 0.3000, -0.3000,  0.0000]])
    """
    up, down = plateau.clamp_min(0), plateau.clamp_max(0)
    change = _potentiated(up, pre, weight, scale.w_max) + down.T @ pre
    if scale.discount:
        left = scale.discount * pre
        # what arrived in the trial before, and plateaus of the trial before
        change = change + _potentiated(up[1:], left[:-1], weight, scale.w_max)
        change = change + _potentiated(up[:-1], left[1:], weight, scale.w_max)
    return change


def _potentiated(up: torch.Tensor, trace: torch.Tensor, weight: torch.Tensor, w_max: float) -> torch.Tensor:
    return (w_max - weight) * (up.T @ trace) - weight * (up.T @ saturating(trace, THRESHOLD, STEEPNESS))


def kept_total(weight: torch.Tensor, growth: torch.Tensor, sign: int = 1) -> torch.Tensor:
    """Return the change of weights that grow by Hebb's rule and are then scaled to the total they had, unit by unit.

    Parameters
    ----------
    weight : torch.Tensor, shape (unit, channel)
        All of one sign.
    growth : torch.Tensor, shape (unit, channel)
        What the strengths are to grow by, >= 0.
    sign : int
        1 for excitatory, -1 for inhibitory synapses.

    Examples
    --------
    >>> kept_total(torch.tensor([[1.0, 1.0]]), torch.tensor([[2.0, 0.0]]))
    tensor([[ 0.5000, -0.5000]])
    """
    strength = weight * sign
    grown = strength + growth
    total = strength.sum(1, keepdim=True) / grown.sum(1, keepdim=True).clamp_min(1e-12)
    return sign * (grown * total - strength)
