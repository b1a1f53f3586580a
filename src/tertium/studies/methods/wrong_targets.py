"""A negative control of trainings: the targets of another trial."""

from __future__ import annotations

import torch

from tertium.learning.goals import weighted_squared_error
from tertium.learning.rule import Trials


def targets_of_another_trial(outputs: torch.Tensor, trials: Trials) -> torch.Tensor:
    """Return the squared error against what the next trial of the batch asked for: inputs tell nothing about it."""
    swapped = Trials(trials.inputs, trials.targets.roll(1, dims=1), trials.mask.roll(1, dims=1), trials.batch)
    return weighted_squared_error(outputs, swapped)
