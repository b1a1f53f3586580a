"""How good a network is on trials it has not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import nn

from tertium.errors import BadInput
from tertium.learning.rule import ActivityCost, Goal, Run, Trials
from tertium.learning.running import run_network
from tertium.rng import Seeds
from tertium.tasks.task import TaskLike


@dataclass(frozen=True)
class Score:
    """What a network reached on fresh trials.

    Attributes
    ----------
    performance : float
        Fraction correct; of several tasks, the smallest or the mean.
    loss : float
        The goal, without costs; the mean over tasks.
    by_task : mapping of str to float
        Fraction correct of each task of a set; empty for a single task.
    costs : mapping of str to float
        Each activity cost, the mean over tasks.
    """

    performance: float
    loss: float
    by_task: Mapping[str, float] = field(default_factory=dict)
    costs: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Validation:
    """When and on what a network is validated.

    Parameters
    ----------
    every : int
        Steps between two validations.
    trials : int
        Fresh trials, of each task where there are several.
    over_tasks : {"min", "mean"}
        What of several tasks is compared with the criterion (Yang et al. 2019 take the minimum).
    """

    every: int = 100
    trials: int = 256
    over_tasks: Literal["min", "mean"] = "min"

    def __post_init__(self) -> None:
        for name, value in (("validate_every", self.every), ("validate_trials", self.trials)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise BadInput(name, got=repr(value), expected="an integer >= 1")
        if self.over_tasks not in ("min", "mean"):
            raise BadInput("over_tasks", got=repr(self.over_tasks), expected="'min' or 'mean'")

    def score(
        self, model: nn.Module, task: TaskLike, goal: Goal, seeds: Seeds, costs: Sequence[ActivityCost] = ()
    ) -> Score:
        """Return how a network does on fresh trials; the same seeds give the same trials and noise."""
        tasks: Mapping[str, TaskLike] = getattr(task, "tasks", None) or {"": task}
        training = model.training
        model.eval()
        try:
            with torch.no_grad():
                each = {name: self._one(model, one, goal, seeds.child(name), costs) for name, one in tasks.items()}
        finally:
            model.train(training)
        performances = [score.performance for score in each.values()]
        overall = min(performances) if self.over_tasks == "min" else sum(performances) / len(each)
        return Score(
            overall,
            sum(score.loss for score in each.values()) / len(each),
            {name: score.performance for name, score in each.items() if name},
            {name: sum(s.costs[name] for s in each.values()) / len(each) for name in next(iter(each.values())).costs},
        )

    def _one(self, model: nn.Module, task: TaskLike, goal: Goal, seeds: Seeds, costs: Sequence[ActivityCost]) -> Score:
        like = next(model.parameters())
        trials = Trials.of(task.batch(self.trials, seeds), like.device, like.dtype)
        outputs, states = run_network(model, trials, seeds, all_states=bool(costs))
        performance = task.performance(outputs.cpu().numpy(), trials.batch)
        measured: dict[str, float] = {}
        if costs:
            network: Any = model
            run = Run(outputs, network.rates(states), trials)
            measured = {cost_name(cost): float(cost(run)) for cost in costs}
        return Score(performance, float(goal(outputs, trials)), {}, measured)


def cost_name(cost: object) -> str:
    """Return what a cost is called in the metrics."""
    return str(getattr(cost, "name", None) or getattr(cost, "__name__", type(cost).__name__))
