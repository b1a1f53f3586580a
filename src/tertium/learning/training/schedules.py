"""How the learning rate changes over training: a factor on its first value."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler

from tertium.errors import BadInput, unknown_name


class Schedule(ABC):
    """A course of the learning rate."""

    @abstractmethod
    def factor(self, step: int, steps: int) -> float:
        """Return what the first learning rate is multiplied by at a step of ``steps``."""


@dataclass(frozen=True)
class Constant(Schedule):
    """The learning rate stays as it is."""

    def factor(self, step: int, steps: int) -> float:
        """Return 1."""
        return 1.0


@dataclass(frozen=True)
class Linear(Schedule):
    """Falls on a straight line to ``final`` times its first value at the last step.

    Examples
    --------
    >>> [Linear(final=0.5).factor(k, 100) for k in (0, 50, 100)]
    [1.0, 0.75, 0.5]
    """

    final: float = 0.0

    def factor(self, step: int, steps: int) -> float:
        """Return the point on the line."""
        return 1 + (self.final - 1) * min(step / steps, 1.0)


@dataclass(frozen=True)
class Cosine(Schedule):
    """Falls along half a cosine to ``final`` times its first value (Loshchilov & Hutter 2017, eq. 5, one cycle).

    With ``warm_up`` it rises to the cosine on a straight line over so many steps: large first steps of Adam can
    saturate a network for good.

    Examples
    --------
    >>> [round(Cosine(warm_up=10).factor(k, 100), 3) for k in (0, 9, 50, 100)]
    [0.1, 0.98, 0.5, 0.0]
    """

    final: float = 0.0
    warm_up: int = 0

    def factor(self, step: int, steps: int) -> float:
        """Return the point on the cosine, or on the way to it."""
        cosine = self.final + (1 - self.final) * (1 + math.cos(math.pi * min(step / steps, 1.0))) / 2
        return cosine * min((step + 1) / max(self.warm_up, 1), 1.0)


@dataclass(frozen=True)
class Exponential(Schedule):
    """Falls by the same fraction at each step, to ``final`` times its first value at the last."""

    final: float = 0.01

    def factor(self, step: int, steps: int) -> float:
        """Return the point on the exponential."""
        return float(self.final ** min(step / steps, 1.0))


@dataclass(frozen=True)
class Steps(Schedule):
    """Is multiplied by ``by`` every ``every`` steps.

    Examples
    --------
    >>> [Steps(every=10, by=0.5).factor(k, 100) for k in (0, 9, 10, 25)]
    [1.0, 1.0, 0.5, 0.25]
    """

    every: int = 1000
    by: float = 0.5

    def __post_init__(self) -> None:
        if self.every < 1:
            raise BadInput("every of the schedule Steps", got=repr(self.every), expected="an integer >= 1")

    def factor(self, step: int, steps: int) -> float:
        """Return the height of the stair."""
        return float(self.by ** (step // self.every))


_SCHEDULES: dict[str, type[Schedule]] = {
    "constant": Constant,
    "cosine": Cosine,
    "exponential": Exponential,
    "linear": Linear,
    "steps": Steps,
}

#: A name, a schedule, or a function from an optimiser to one of torch's schedulers.
ScheduleChoice = str | Schedule | Callable[[Optimizer], LRScheduler] | None


def make_scheduler(schedule: ScheduleChoice, optimizer: Optimizer, steps: int) -> LRScheduler:
    """Return a torch scheduler, which is stepped after each step of the optimiser.

    Raises
    ------
    UnknownName
        If no schedule has this name.
    BadInput
        If a function does not return one of torch's schedulers.
    """
    if schedule is None:
        schedule = Constant()
    if isinstance(schedule, str):
        if schedule not in _SCHEDULES:
            raise unknown_name("schedule", schedule, _SCHEDULES)
        schedule = _SCHEDULES[schedule]()
    if isinstance(schedule, Schedule):
        course = schedule  # bound here: the closure must not see a later value
        return LambdaLR(optimizer, lambda step: course.factor(step, steps))
    made = schedule(optimizer)
    if not isinstance(made, LRScheduler):
        raise BadInput(
            "schedule",
            got=f"a function that returned {type(made).__name__}",
            expected="a function from an optimiser to a torch.optim.lr_scheduler",
        )
    return made
