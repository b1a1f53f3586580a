"""How rules and validations run a network: with its noise from given seeds, and no more states than they look at."""

from __future__ import annotations

import inspect
from typing import Any

import torch
from torch import nn

from tertium.learning.rule import Trials
from tertium.rng import Seeds


def run_network(model: nn.Module, trials: Trials, seeds: Seeds, *, all_states: bool) -> tuple[torch.Tensor, Any]:
    """Run a network over its trials; the same seeds give the same private noise of the units.

    Parameters
    ----------
    model : torch.nn.Module
        ``outputs, states = model(x, state=None, generator=...)``.
    trials : Trials
        What it is given.
    seeds : Seeds
        Those of the step; the noise of the units is called "noise".
    all_states : bool
        Whether the states of all steps are looked at. If they are not, a network whose ``forward`` takes an argument of
        this name hands back the last ones only: a long trial with ``RateRNN(checkpoint=True)`` then never fills
        (time, trial, unit) numbers. Outputs and gradients are the same.

    Returns
    -------
    outputs : torch.Tensor, shape (time, trial, output)
    states : torch.Tensor or tuple of torch.Tensor, shape (time or 1, trial, ...)
        As the network hands them back.

    Examples
    --------
    >>> from tertium.models import RateRNN
    >>> from tertium.tasks import make
    >>> task = make("context_decision")
    >>> model, trials = RateRNN(task.n_inputs, 20, task.n_outputs), Trials.of(task.batch(4))
    >>> [len(run_network(model, trials, Seeds(0), all_states=all_states)[1]) for all_states in (True, False)]
    [141, 1]
    """
    fewer = (
        {} if all_states or "all_states" not in inspect.signature(model.forward).parameters else {"all_states": False}
    )
    found: tuple[torch.Tensor, Any] = model(
        trials.inputs, generator=seeds.torch("noise", str(trials.inputs.device)), **fewer
    )
    return found
