"""Everything that changes while a network is trained: what a checkpoint holds, and no generator among it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from tertium.errors import BadInput, TertiumError


class Diverged(TertiumError, ArithmeticError):
    """Training met a loss, a gradient or a weight that is not a finite number."""


Stopped = Literal["", "criterion"]


@dataclass(frozen=True)
class Check:
    """The numbers of one validation.

    Attributes
    ----------
    step : int
        Steps done.
    lesson : int
        Place in the curriculum, from 0; the task itself comes last.
    loss : float
        The goal on the training trials, mean over the steps since the last check, without costs.
    performance : float
        Fraction correct on fresh trials; of several tasks, the smallest or the mean.
    validation_loss : float
        The goal on the fresh trials.
    learning_rate : float
        Of the first group of parameters, at the last step.
    gradient_norm : float
        Mean over the steps since the last check, before clipping.
    seconds : float
        Spent on training, up to here.
    by_task : mapping of str to float
        Fraction correct of each task of a set.
    costs : mapping of str to float
        Each cost, on the fresh trials.
    """

    step: int
    lesson: int
    loss: float
    performance: float
    validation_loss: float
    learning_rate: float
    gradient_norm: float
    seconds: float
    by_task: Mapping[str, float] = field(default_factory=dict)
    costs: Mapping[str, float] = field(default_factory=dict)

    def numbers(self) -> dict[str, float]:
        """Return all numbers under one level of names: ``performance/<task>``, ``cost/<name>``."""
        flat = {key: value for key, value in asdict(self).items() if key not in ("by_task", "costs")}
        flat |= {f"performance/{name}": value for name, value in self.by_task.items()}
        return flat | {f"cost/{name}": value for name, value in self.costs.items()}


@dataclass
class TrainingState:
    """What training changes.

    Attributes
    ----------
    model, optimizer, scheduler
        Their weights and moments.
    hooks : sequence of object
        Those that have a ``state_dict`` are kept too.
    identity : mapping
        Seed, size of a batch and so on: a checkpoint of another training is refused.
    step : int
        Steps done.
    saved : int or None
        Steps done at the last checkpoint.
    lesson, streak : int
        Place in the curriculum; validations in a row that were good enough.
    learning_rate : float
        Of the last step.
    losses, norms : list of float
        Since the last check.
    history : list of Check
    seconds : float
    stopped : {"", "criterion"}
        "criterion" once the last lesson is learned.
    """

    model: nn.Module
    optimizer: Optimizer
    scheduler: LRScheduler
    hooks: Sequence[Any]
    identity: Mapping[str, Any]
    step: int = 0
    saved: int | None = None
    lesson: int = 0
    streak: int = 0
    learning_rate: float = 0.0
    losses: list[float] = field(default_factory=list)
    norms: list[float] = field(default_factory=list)
    history: list[Check] = field(default_factory=list)
    seconds: float = 0.0
    stopped: Stopped = ""

    def save(self) -> dict[str, Any]:
        """Return the state for a checkpoint.

        Raises
        ------
        Diverged
            If a weight is not finite: the checkpoint before stays the last good one.
        """
        broken = [name for name, p in self.model.named_parameters() if not bool(torch.isfinite(p).all())]
        if broken:
            raise Diverged(
                f"weights '{broken[0]}'",
                got="a number that is not finite",
                expected="finite weights at a checkpoint",
                repair="The checkpoint before is kept; lower learning_rate or pass clip=1.0.",
            )
        self.saved = self.step
        return {
            "step": self.step,
            "identity": dict(self.identity),
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scheduler": self.scheduler.state_dict(),
            "hooks": [hook.state_dict() if hasattr(hook, "state_dict") else None for hook in self.hooks],
            "lesson": self.lesson,
            "streak": self.streak,
            "losses": list(self.losses),
            "norms": list(self.norms),
            "history": [asdict(check) for check in self.history],
            "seconds": self.seconds,
            "stopped": self.stopped,
        }

    def load(self, kept: Mapping[str, Any]) -> None:
        """Put the state of a checkpoint back.

        Raises
        ------
        BadInput
            If the checkpoint is of another training.
        """
        for key, value in self.identity.items():
            if kept["identity"].get(key) != value:
                raise BadInput(
                    f"checkpoint of a training with {key} = {kept['identity'].get(key)}",
                    got=f"{key} = {value}",
                    expected="the options with which it was begun",
                    repair="Choose another folder, or delete the checkpoint to begin again.",
                )
        try:
            self.model.load_state_dict(kept["model"])
        except RuntimeError as problem:
            raise BadInput(
                "checkpoint of another network",
                got=" ".join(str(problem).split())[:160],
                expected="the network with which the training was begun",
                repair="Choose another folder, or delete the checkpoint to begin again.",
            ) from None
        groups = self.optimizer.param_groups
        self.optimizer.load_state_dict(kept["optimizer"])
        # torch hands out new groups; hooks on the optimiser may hold the old ones (rewiring reads its rate there)
        for group, loaded in zip(groups, self.optimizer.param_groups, strict=True):
            group.update(loaded)
        self.optimizer.param_groups = groups
        self.scheduler.load_state_dict(kept["scheduler"])
        for hook, state in zip(self.hooks, kept["hooks"], strict=True):
            if state is not None:
                hook.load_state_dict(state)
        self.step = self.saved = int(kept["step"])
        self.lesson, self.streak = int(kept["lesson"]), int(kept["streak"])
        self.losses, self.norms = list(kept["losses"]), list(kept["norms"])
        self.history = [Check(**check) for check in kept["history"]]
        self.seconds, self.stopped = float(kept["seconds"]), kept["stopped"]
