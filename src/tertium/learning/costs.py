"""Costs that are added to the goal: on what units do, and on what connects them. Each shows in the metrics by name."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import nn
from torch.nn.utils import parametrize

from tertium.errors import BadInput
from tertium.learning.rule import Run


@dataclass(frozen=True)
class Cost:
    """What all costs have: a strength that multiplies them, and a name in the metrics.

    Raises
    ------
    BadInput
        If the strength is not a number >= 0.
    """

    strength: float
    name: str = field(default="", kw_only=True)

    def __post_init__(self) -> None:
        if not 0 <= self.strength < math.inf:
            raise BadInput(
                f"strength of {type(self).__name__}", got=repr(self.strength), expected="a finite number >= 0"
            )
        if not self.name:
            object.__setattr__(self, "name", type(self).__name__)


class RateCost(Cost, ABC):
    """A cost on the rates of units, a run of the network -> a scalar; any function of a `Run` can stand in for one."""

    @abstractmethod
    def __call__(self, run: Run) -> torch.Tensor:
        """Return the cost of a run, strength included."""


class WeightCost(Cost, ABC):
    """A cost on the weights of a network; its gradient is added to what the learning rule filled in."""

    @abstractmethod
    def __call__(self, model: nn.Module) -> torch.Tensor:
        """Return the cost of a network, strength included."""


@dataclass(frozen=True)
class RatesL1(RateCost):
    """``strength`` times the mean absolute rate over units and all steps of all trials."""

    def __call__(self, run: Run) -> torch.Tensor:
        """Return the cost of a run, strength included."""
        return self.strength * _mean(run.rates.abs(), _running(run))


@dataclass(frozen=True)
class RatesL2(RateCost):
    """``strength`` times the mean squared rate over units and all steps of all trials (Yang et al. 2019)."""

    def __call__(self, run: Run) -> torch.Tensor:
        """Return the cost of a run, strength included."""
        return self.strength * _mean(run.rates**2, _running(run))


@dataclass(frozen=True)
class RateTarget(RateCost):
    """``strength`` times the squared distance of each unit's mean rate from a target, averaged over units.

    The mean rate of a unit is over all steps of all trials: a unit may be silent in some trials and busy in others.

    Parameters
    ----------
    strength : float
        Weight of the cost.
    target : float
        Wanted mean rate, in the unit of the network's rates.
    """

    target: float = 0.1

    def __call__(self, run: Run) -> torch.Tensor:
        """Return the cost of a run, strength included."""
        running = _running(run)
        mean = (run.rates * running).sum((0, 1)) / running.sum()
        return self.strength * ((mean - self.target) ** 2).mean()


@dataclass(frozen=True)
class RateChange(RateCost):
    """``strength`` times the mean squared speed of the rates, so that they are smooth in time.

    The speed is the difference of successive steps divided by the time step, so that the cost does not depend on it.
    """

    def __call__(self, run: Run) -> torch.Tensor:
        """Return the cost of a run, strength included."""
        speed = run.rates.diff(dim=0) / run.trials.batch.dt
        return self.strength * _mean(speed**2, _running(run)[1:])


@dataclass(frozen=True)
class WeightsL1(WeightCost):
    """``strength`` times the sum of the absolute weights: many connections shrink to zero.

    Parameters
    ----------
    strength : float
        Weight of the cost.
    which : {"recurrent", "all"}
        The recurrent weights of all cells, or every weight matrix; biases and time constants never count.
    """

    which: Literal["recurrent", "all"] = "recurrent"

    def __call__(self, model: nn.Module) -> torch.Tensor:
        """Return the cost of a network, strength included."""
        return self.strength * torch.stack([weight.abs().sum() for weight in weights_of(model, self.which)]).sum()


@dataclass(frozen=True)
class WeightsL2(WeightCost):
    """``strength`` times the sum of the squared weights.

    Unlike the ``weight_decay`` of an optimiser it acts on the weights as they are used, under their wiring constraints,
    and leaves biases alone.

    Parameters
    ----------
    strength : float
        Weight of the cost.
    which : {"recurrent", "all"}
        The recurrent weights of all cells, or every weight matrix.
    """

    which: Literal["recurrent", "all"] = "recurrent"

    def __call__(self, model: nn.Module) -> torch.Tensor:
        """Return the cost of a network, strength included."""
        return self.strength * torch.stack([(weight**2).sum() for weight in weights_of(model, self.which)]).sum()


@dataclass(frozen=True)
class WiringCost(WeightCost):
    """``strength`` times the wire that connects units in space; see `tertium.models.wiring.wiring_cost`.

    Parameters
    ----------
    strength : float
        Weight of the cost.
    with_communicability : bool
        Whether connections are weighed by communicability, as in spatially embedded networks (Achterberg et al. 2023).
    """

    with_communicability: bool = False

    def __call__(self, model: nn.Module) -> torch.Tensor:
        """Return the cost of a network, strength included.

        Raises
        ------
        BadInput
            If no cell of the network is embedded in space.
        """
        from tertium.models.wiring import wiring_cost

        cells = [part for part in model.modules() if hasattr(part, "places")]
        if not cells:
            raise BadInput(
                "WiringCost",
                got="a network whose units have no places",
                expected="a cell under SpatialEmbedding",
                repair="Use tertium.models.wiring.constrain(model.cell, SpatialEmbedding(grid(5, 5, 4))).",
            )
        wire = [wiring_cost(cell, with_communicability=self.with_communicability) for cell in cells]
        return self.strength * torch.stack(wire).sum()


def weights_of(model: nn.Module, which: Literal["recurrent", "all"]) -> list[torch.Tensor]:
    """Return the weight matrices of a network as they are used, that is, under their constraints.

    Raises
    ------
    BadInput
        If there are none, or ``which`` is neither "recurrent" nor "all".

    Examples
    --------
    >>> from tertium.models import RateRNN
    >>> [tuple(weight.shape) for weight in weights_of(RateRNN(3, 8, 2), "recurrent")]
    [(8, 8)]
    """
    if which not in ("recurrent", "all"):
        raise BadInput("which", got=repr(which), expected="'recurrent' or 'all'")
    found = list(_recurrent(model) if which == "recurrent" else _matrices(model))
    if not found:
        raise BadInput(
            f"{which} weights of {type(model).__name__}",
            got="none",
            expected="at least one trainable matrix",
            repair="Pass which='all' for a network that does not name its recurrent weights.",
        )
    return found


def _recurrent(model: nn.Module) -> Iterator[torch.Tensor]:
    for part in model.modules():
        named = getattr(part, "recurrent_weights", ())
        yield from (getattr(part, name) for name in _trained(part) if name in named)


def _matrices(model: nn.Module) -> Iterator[torch.Tensor]:
    for part in model.modules():
        # what an optimiser owns of a constrained weight is no weight; the weight itself is its parent's
        if not isinstance(part, parametrize.ParametrizationList):
            yield from (weight for weight in (getattr(part, name) for name in _trained(part)) if weight.ndim >= 2)


def _trained(part: nn.Module) -> list[str]:
    """Return the names of a module's own weights that are trained, constrained or not."""
    free = [name for name, parameter in part.named_parameters(recurse=False) if parameter.requires_grad]
    if not parametrize.is_parametrized(part):
        return free
    constrained: Any = part.parametrizations
    return free + [name for name, made in constrained.items() if any(p.requires_grad for p in made.parameters())]


def _running(run: Run) -> torch.Tensor:
    """Return 1 where a trial runs and 0 in the padding after it, shape (time, trial, 1)."""
    return torch.from_numpy(run.trials.batch.valid).to(run.rates.device, run.rates.dtype)[..., None]


def _mean(values: torch.Tensor, running: torch.Tensor) -> torch.Tensor:
    """Return the mean over units and the steps at which trials run."""
    return (values * running).sum() / (running.sum() * values.shape[-1])
