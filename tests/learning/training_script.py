"""A training that a test starts in a process of its own and ends by a signal: folder, signal and step are arguments.

With noise, momenta, a schedule, costs, a rewired weight, and a lesson that is left on the way.
"""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import dataclass
from typing import Any

from tertium.learning import Lesson, costs, fit
from tertium.models import RateRNN
from tertium.models.wiring import Rewiring, constrain
from tertium.tasks import make


@dataclass
class Signal:
    """Sends a signal to its own process in the middle of a step."""

    number: int
    at: int
    done: int = 0

    def after_step(self, model: Any, seeds: Any) -> None:
        self.done += 1
        if self.done == self.at:
            os.kill(os.getpid(), self.number)


def train(hooks: tuple[Any, ...] = (), steps: int = 24, **options: Any) -> Any:
    """Train; the very same weights every time."""
    easy, hard = (make("context_decision", delay=0.1, dt=0.05, noise=noise) for noise in (0.0, 0.1))
    network = RateRNN(easy.n_inputs, 12, easy.n_outputs, dt=0.05, noise=0.05, seed=3)
    constrain(network.cell, Rewiring(0.3, l1=0.05))
    return fit(
        network,
        hard,
        curriculum=[Lesson(easy, until=0.01, checks=2)],
        steps=steps,
        batch=4,
        learning_rate=0.01,
        schedule="cosine",
        clip=1.0,
        costs=[costs.RatesL2(0.01), costs.WeightsL1(0.001)],
        validate_every=5,
        validate_trials=8,
        checkpoint_every=6,
        hooks=hooks,
        **options,
    )


if __name__ == "__main__":
    train((Signal(getattr(signal, sys.argv[2]), int(sys.argv[3])),), checkpoint=sys.argv[1])
