"""Two-step decisions: a choice leads, usually, to one of two states, and the state decides the reward."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput
from tertium.tasks.channels import Channel, OneHot
from tertium.tasks.episodic.episodic_task import Actions, Episodes, EpisodicTask, Floats


class _TwoSteps(Episodes):
    """The first step leads to state 1 or 2; what is done there is paid at the second."""

    def __init__(self, task: TwoStep | TwoStepDaw, n: int, rng: np.random.Generator) -> None:
        super().__init__(task, n, rng)
        self.common, self.state = task.common, np.zeros(n, dtype=np.int64)

    def shown(self) -> Floats:
        """Return the state, one-hot: the first step's, or one of the two second ones."""
        return np.eye(3, dtype=np.float32)[self.state]

    def move(self, actions: Actions) -> None:
        """Go from the first step to a second state, commonly the one with the action's number."""
        usual = self.rng.random(self.n) < self.common
        self.state = 1 + np.where(usual, actions, 1 - actions)


@dataclass(frozen=True, kw_only=True)
class TwoStep(EpisodicTask):
    """Choose an action for the state it commonly leads to, whose reward reverses now and then (Akam et al. 2015).

    The reduced two-step task with the numbers of Wang et al. 2018: an action leads to "its" second state with
    probability 0.8 and to the other with 0.2; one state is rewarded with 0.9 and the other with 0.1, and they change
    places with probability 0.025 after each trial. At the second step there is nothing to choose: any action collects
    the reward, and the loss does not count it.

    Parameters
    ----------
    common : float
        Probability of the common transition.
    reward : float
        Probability of reward in the better state; ``1 - reward`` in the other.
    switch : float
        Probability, after each trial, that the states change places.
    """

    common: float = 0.8
    reward: float = 0.9
    switch: float = 0.025

    name: ClassVar[str] = "two_step"
    what: ClassVar[str] = "Choose the action that commonly leads to the state that is rewarded now."
    cite: ClassVar[str] = "Akam, Costa & Dayan 2015 PLoS Computational Biology; Wang et al. 2018"
    steps_per_trial: ClassVar[int] = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        for what, value in (("common", self.common), ("reward", self.reward), ("switch", self.switch)):
            if not 0 <= value <= 1:
                raise BadInput(f"{what} of task '{self.name}'", got=f"{value}", expected="a probability, 0 to 1")

    def channels(self) -> Sequence[Channel]:
        """Return the state."""
        return (OneHot("state", 3),)

    def begin(self, n: int, rng: np.random.Generator) -> Episodes:
        """Draw which state is better at first."""
        return _Reversing(self, n, rng)


class _Reversing(_TwoSteps):
    task: TwoStep

    def __init__(self, task: TwoStep, n: int, rng: np.random.Generator) -> None:
        super().__init__(task, n, rng)
        self.better = rng.integers(1, 3, size=n)

    def outcome(self, actions: Actions) -> npt.NDArray[np.floating]:
        """Return nothing at the first step; at the second the reward of the state."""
        if self.clock % 2 == 0:
            self.move(actions)
            return np.zeros(self.n)
        pays = np.where(self.state == self.better, self.task.reward, 1 - self.task.reward)
        rewards = (self.rng.random(self.n) < pays).astype(np.float64)
        turn = self.rng.random(self.n) < self.task.switch
        self.better = np.where(turn, 3 - self.better, self.better)
        self.state = np.zeros_like(self.state)
        return rewards

    def best(self) -> Actions:
        """Return the action that most often leads to the better state."""
        towards = self.better - 1 if self.common >= 0.5 else 2 - self.better
        return np.asarray(towards if self.clock % 2 == 0 else np.zeros(self.n, dtype=np.int64))

    def matters(self) -> npt.NDArray[np.bool_]:
        """Return whether this is the first step."""
        return np.full(self.n, self.clock % 2 == 0)


@dataclass(frozen=True, kw_only=True)
class TwoStepDaw(EpisodicTask):
    """Choose an action for the state it commonly leads to, and an option there whose pay drifts (Daw et al. 2011).

    The common transition has probability 0.7. Each of the four options of the second step is rewarded with a
    probability that walks with Gaussian steps of 0.025 between reflecting bounds at 0.25 and 0.75.

    Parameters
    ----------
    common : float
        Probability of the common transition.
    drift : float
        Standard deviation of the steps of the reward probabilities.
    low, high : float
        Their bounds.
    """

    trials: int = 201
    common: float = 0.7
    drift: float = 0.025
    low: float = 0.25
    high: float = 0.75

    name: ClassVar[str] = "two_step_daw"
    what: ClassVar[str] = "Choose an action for the state it commonly leads to, then an option there whose pay drifts."
    cite: ClassVar[str] = "Daw, Gershman, Seymour, Dayan & Dolan 2011 Neuron"
    steps_per_trial: ClassVar[int] = 2

    def channels(self) -> Sequence[Channel]:
        """Return the state."""
        return (OneHot("state", 3),)

    def begin(self, n: int, rng: np.random.Generator) -> Episodes:
        """Draw where the reward probabilities begin."""
        return _Drifting(self, n, rng)


class _Drifting(_TwoSteps):
    task: TwoStepDaw

    def __init__(self, task: TwoStepDaw, n: int, rng: np.random.Generator) -> None:
        super().__init__(task, n, rng)
        self.probability = rng.uniform(task.low, task.high, (n, 2, 2))

    def outcome(self, actions: Actions) -> npt.NDArray[np.floating]:
        """Return nothing at the first step; at the second the reward of the option. All options drift on."""
        if self.clock % 2 == 0:
            self.move(actions)
            return np.zeros(self.n)
        pays = self.probability[np.arange(self.n), self.state - 1, actions]
        rewards = (self.rng.random(self.n) < pays).astype(np.float64)
        low, high = self.task.low, self.task.high
        walked = self.probability + self.rng.normal(0.0, self.task.drift, self.probability.shape)
        walked = np.where(walked > high, 2 * high - walked, walked)
        self.probability = np.clip(np.where(walked < low, 2 * low - walked, walked), low, high)
        self.state = np.zeros_like(self.state)
        return rewards

    def best(self) -> Actions:
        """Return the action with the larger expected pay, or the better option of the state."""
        if self.clock % 2 == 1:
            return self.probability[np.arange(self.n), self.state - 1].argmax(1)
        of_state = self.probability.max(2)
        value = self.common * of_state + (1 - self.common) * of_state[:, ::-1]
        return value.argmax(1)
