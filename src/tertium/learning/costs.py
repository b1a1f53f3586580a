"""Costs that are added to the goal: on what units do, and on what connects them. Each shows in the metrics by name."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import nn

from tertium.learning.rule import Run


class WeightCost(ABC):
    """A cost on the weights of a network; its gradient is added to what the learning rule filled in."""

    name: str

    @abstractmethod
    def __call__(self, model: nn.Module) -> torch.Tensor:
        """Return the cost, a scalar that passes gradients."""


def valid_mean(values: torch.Tensor, run: Run) -> torch.Tensor:
    """Return the mean over units and over the steps at which a trial runs; padding does not count."""
    valid = torch.from_numpy(run.trials.batch.valid).to(values.device)[..., None]
    return (values * valid).sum() / (valid.sum() * values.shape[-1])


@dataclass(frozen=True)
class RatesL2:
    """``strength`` times the mean squared rate of the units."""

    strength: float
    name: str = "rates_l2"

    def __call__(self, run: Run) -> torch.Tensor:
        """Return the cost of a run."""
        return self.strength * valid_mean(run.rates**2, run)
