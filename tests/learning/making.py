"""Networks for processes of their own, which import this file by name."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tertium.learning.goals import mean_squared_error
from tertium.models import RateRNN
from tertium.tasks import make


def network_and_task(seed: int) -> Any:
    """Return a small network and its task."""
    task = make("context_decision", delay=0.1, dt=0.05)
    return RateRNN(task.n_inputs, 8, task.n_outputs, dt=task.dt, noise=0.05, seed=seed), task


def nothing(seed: int) -> Any:
    """Fail as a user's function may."""
    raise ZeroDivisionError(f"no network for seed {seed}")


@dataclass
class Kill:
    """A hook that kills its process at a step, each time until there are as many marks as ``times``."""

    marks: Path
    at: int
    times: int
    done: int = 0

    def after_step(self, model: Any, seeds: Any) -> None:
        self.done += 1
        if self.done == self.at and len(list(self.marks.iterdir())) < self.times:
            (self.marks / str(os.getpid())).write_text("")
            os.kill(os.getpid(), signal.SIGKILL)


def diverges(outputs: Any, trials: Any) -> Any:
    """Return a loss that is never finite."""
    return mean_squared_error(outputs, trials) * float("inf")
