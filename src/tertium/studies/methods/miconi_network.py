"""The network of LRN06: delayed non-match to sample, its trials, training under one variant of the rule, recording."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from tertium.data import make_responses
from tertium.learning.rules.three_factor import RewardHebbianTrials

if TYPE_CHECKING:
    import xarray as xr

    from tertium.studies.lab import Lab

Floats = NDArray[np.float64]

#: The two stimuli of each kind of trial, in the author's order; the answer is positive where they differ.
KINDS = ((0, 0), (0, 1), (1, 0), (1, 1))

#: What the output should be.
ANSWERS = np.array([-0.98, 0.98, 0.98, -0.98])

#: Units that serve as biases, and the potential that they are held at. Unit 0 is the output.
HELD = {1: 1.0, 10: 1.0, 11: -1.0}

DT = 1e-3


def drives(inputs: Floats, steps: int, shown: int, first: int, second: int) -> NDArray[np.float32]:
    """Return what each unit receives of the stimuli in each kind of trial, (kind, time, unit).

    Parameters
    ----------
    inputs : array, shape (stimulus, unit)
    steps, shown, first, second : int
        Length of a trial and of a stimulus; when stimuli begin.

    Examples
    --------
    >>> drives(np.array([[1.0], [-1.0]]), 6, 2, 0, 3)[1, :, 0].tolist()
    [1.0, 1.0, 0.0, -1.0, -1.0, 0.0]
    """
    on = np.zeros((len(KINDS), steps, 2))
    for kind, (one, other) in enumerate(KINDS):
        on[kind, first : first + shown, one] = 1
        on[kind, second : second + shown, other] = 1
    return np.asarray(on @ inputs, dtype=np.float32)


class Experiment:
    """A random network and its task; all variants of a seed begin with the same weights and meet the same pushes.

    Parameters
    ----------
    config
        The study's configuration.
    lab : Lab
    """

    def __init__(self, config: Any, lab: Lab) -> None:
        self.config, self.lab = config, lab
        n = config.units
        self.weights = config.gain * lab.seeds.numpy("weights").normal(size=(n, n)) / np.sqrt(n)
        inputs = lab.seeds.numpy("inputs").uniform(-1, 1, size=(2, n))
        self.drives = drives(inputs, config.steps, config.shown, 1, config.second)

    def learner(self, **options: Any) -> RewardHebbianTrials:
        """Return the network before it has learned."""
        return RewardHebbianTrials(self.weights, held=HELD, dt=DT, **options)

    def train(self, name: str, *, misdealt: bool = False, **options: Any) -> tuple[RewardHebbianTrials, Floats]:
        """Let a network learn; return it and the error of each trial, (trial,).

        Parameters
        ----------
        name : str
            Of the variant.
        misdealt : bool
            The network is told the error of the trial of this kind before the last, in place of the last's own.
        **options
            Of `RewardHebbianTrials`.
        """
        learner, errors = self.learner(**options), np.zeros(self.config.trials)

        def save() -> dict[str, Any]:
            return learner.state() | {"weights": torch.from_numpy(learner.weights), "errors": torch.from_numpy(errors)}

        def load(state: Mapping[str, Any]) -> None:
            errors[:] = state["errors"]
            learner.restore(np.asarray(state["weights"]), state["expected"], state["trials"])

        total = self.config.trials
        for k in self.lab.steps(f"learn-{name}", total, save=save, load=load, every=1000):
            kind = k % len(KINDS)
            trial = self.run(learner, kind, f"trial {k}")
            errors[k] = self.error(trial.rates, kind)
            earlier = k - len(KINDS)
            learner.learn(trial, kind, errors[earlier] if misdealt and earlier >= 0 else errors[k])
        return learner, errors

    def run(self, learner: RewardHebbianTrials, kind: int, name: str) -> Any:
        """Run one trial from a random state near rest."""
        generator = self.lab.seeds.numpy(name)
        start = generator.uniform(-0.1, 0.1, self.config.units)
        return learner.run(self.drives[kind], start, generator)

    def error(self, rates: NDArray[np.float32], kind: int) -> float:
        """Return the mean distance of the output from the answer in the response epoch."""
        return float(np.abs(rates[-self.config.response :, 0] - ANSWERS[kind]).mean())

    def record(self, learner: RewardHebbianTrials) -> xr.DataArray:
        """Return rates of trials with pushes, without learning, of all units that are not held."""
        kinds = np.arange(self.config.recorded) % len(KINDS)
        rates = np.stack([self.run(learner, kind, f"recorded {k}").rates for k, kind in enumerate(kinds)])
        free = [unit for unit in range(self.config.units) if unit not in HELD]
        first, second = np.array(KINDS).T
        return make_responses(
            rates[:, :, free],
            dt=DT,
            trial={"kind": kinds, "first": first[kinds], "second": second[kinds], "answer": ANSWERS[kinds] > 0},
            unit={"index": free},
            quantity="activation",
            source="network of tanh units (Miconi 2017)",
        )
