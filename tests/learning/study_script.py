"""A piece of a study that trains two networks in a run folder: folder, and the step of the second at which to die."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from tertium.models import RateRNN
from tertium.run.folder import RunFolder
from tertium.run.lab import FolderLab
from tertium.tasks import make


class Die:
    """Kills its process at a step; 0 for never."""

    def __init__(self, at: int) -> None:
        self.at, self.done = at, 0

    def after_step(self, model: Any, seeds: Any) -> None:
        """Count, and die."""
        self.done += 1
        if self.done == self.at:
            os.kill(os.getpid(), signal.SIGKILL)


def study(folder: Path, die_at: int = 0) -> tuple[list[Any], list[int]]:
    """Train two networks in a lab with seed 4; return them and how many steps were done for each."""
    lab = FolderLab(4, RunFolder(folder))
    task = make("context_decision", delay=0.1, dt=0.05)
    fits, hooks = [], [Die(0), Die(die_at)]
    for name, hook in zip(("first", "second"), hooks, strict=True):
        network = RateRNN(task.n_inputs, 8, task.n_outputs, dt=task.dt, noise=0.05, seed=1)
        options = {"steps": 12, "batch": 2, "validate_every": 4, "validate_trials": 4, "checkpoint_every": 4}
        fits.append(lab.fit(network, task, name=name, hooks=[hook], **options))
    return fits, [hook.done for hook in hooks]


if __name__ == "__main__":
    study(Path(sys.argv[1]), int(sys.argv[2]))
