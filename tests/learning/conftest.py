"""A small task and a small noisy network, and a task whose performance is written down beforehand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch

from tertium.models import RateRNN
from tertium.tasks import make


@dataclass
class Scripted:
    """A task that hands out performances in order, whatever the network answers, and remembers the seeds asked for."""

    task: Any
    performances: list[float]
    seeds: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.name, self.dt = "scripted", self.task.dt
        self.n_inputs, self.n_outputs = self.task.n_inputs, self.task.n_outputs

    def batch(self, n: int, seed: Any = 0, **fixed: Any) -> Any:
        self.seeds.append(seed)
        return self.task.batch(n, seed, **fixed)

    def performance(self, outputs: Any, batch: Any) -> float:
        return self.performances.pop(0)


@pytest.fixture
def task():
    """Context decision with trials of a second."""
    return make("context_decision", delay=0.1, dt=0.05)


@pytest.fixture
def network(task) -> Callable[..., RateRNN]:
    """Make a network for the task: the same weights each time."""

    def build(units: int = 12, **options: Any) -> RateRNN:
        settings = {"noise": 0.05, "seed": 3, **options}
        return RateRNN(task.n_inputs, units, task.n_outputs, dt=task.dt, **settings)

    return build


@pytest.fixture
def scripted(task) -> Callable[..., Scripted]:
    """Make a task with given performances."""
    return lambda *performances: Scripted(task, list(performances))


@pytest.fixture
def same() -> Callable[..., bool]:
    """Return whether two networks have the very same weights."""
    return lambda a, b: all(torch.equal(x, y) for x, y in zip(a.parameters(), b.parameters(), strict=True))
