"""How errors of the outputs get back to the units: by the read-out's own weights, random ones, ones that learn."""

from __future__ import annotations

import math
from typing import Literal, get_args

import torch
from torch import nn

from tertium.errors import BadInput, unknown_name
from tertium.models import RecurrentNetwork
from tertium.rng import Seeds

Feedback = Literal["symmetric", "random", "adaptive", "exact"]


def named_feedback(name: str) -> Feedback:
    """Return the name of a kind of feedback, if there is such a kind.

    Raises
    ------
    UnknownName
        If there is none.
    """
    for known in get_args(Feedback):
        if name == known:
            return known
    raise unknown_name("feedback", name, get_args(Feedback))


def add_feedback(model: RecurrentNetwork, seed: int = 0) -> RecurrentNetwork:
    """Give a network feedback weights of its own, the parameter ``feedback`` (output x unit), for adaptive feedback.

    They belong to the network so that the optimiser changes them by the very step it takes for the read-out, and
    checkpoints keep them. Call it before the optimiser is made.

    Parameters
    ----------
    model : RecurrentNetwork
        Changed in place, and returned.
    seed : int
        Seed of the weights.

    Examples
    --------
    >>> from tertium.models import RateRNN
    >>> tuple(add_feedback(RateRNN(3, 20, 2)).feedback.shape)
    (2, 20)
    """
    model.register_parameter("feedback", nn.Parameter(random_feedback(model, seed)))
    return model


def random_feedback(model: RecurrentNetwork, seed: int) -> torch.Tensor:
    """Return feedback weights (output, unit) of the spread with which read-outs start, independent of the read-out."""
    like = model.readout.weight
    drawn = torch.randn(like.shape, generator=Seeds(seed).child("feedback").torch("weights"))
    return (drawn / math.sqrt(model.n_units)).to(like.device, like.dtype)


def own_feedback(model: RecurrentNetwork) -> torch.Tensor:
    """Return the feedback weights that `add_feedback` gave a network.

    Raises
    ------
    BadInput
        If it has none.
    """
    weights = dict(model.named_parameters()).get("feedback")
    if weights is None:
        raise BadInput(
            "network for adaptive feedback",
            got="no feedback weights",
            expected="the parameter `feedback`",
            repair="Call tertium.learning.rules.add_feedback(model) before the optimiser is made.",
        )
    return weights.detach()
