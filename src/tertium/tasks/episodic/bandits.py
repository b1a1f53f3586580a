"""Bandits: choose one of several arms, again and again, and learn which pays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput
from tertium.tasks.episodic.episodic_task import Actions, Episodes, EpisodicTask


class _Arms(Episodes):
    """Arms that pay 1 with a probability each, which stays."""

    def __init__(self, task: EpisodicTask, probability: npt.NDArray[np.floating], rng: np.random.Generator) -> None:
        super().__init__(task, len(probability), rng)
        self.probability = probability

    def outcome(self, actions: Actions) -> npt.NDArray[np.floating]:
        """Return 1 with the probability of the arm."""
        pays = self.probability[np.arange(self.n), actions]
        return (self.rng.random(self.n) < pays).astype(np.float64)

    def best(self) -> Actions:
        """Return the arm that pays most often."""
        return self.probability.argmax(1)


@dataclass(frozen=True, kw_only=True)
class Bandit(EpisodicTask):
    """Find the arm that pays best; each pays with a probability of its own (Wang et al. 2018).

    Parameters
    ----------
    arms : int
        How many. Their probabilities are drawn uniformly from 0 to 1 for each episode, independently.
    """

    arms: int = 2

    name: ClassVar[str] = "bandit"
    what: ClassVar[str] = "Find out which of several independent arms pays best."
    cite: ClassVar[str] = "Wang, Kurth-Nelson, Kumaran et al. 2018 Nature Neuroscience"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.arms < 2:
            raise BadInput(f"arms of task '{self.name}'", got=f"{self.arms}", expected="an integer >= 2")

    @property
    def n_actions(self) -> int:
        """Number of arms."""
        return self.arms

    def begin(self, n: int, rng: np.random.Generator) -> Episodes:
        """Draw the probabilities of ``n`` episodes."""
        return _Arms(self, rng.random((n, self.arms)), rng)


@dataclass(frozen=True, kw_only=True)
class CorrelatedBandit(EpisodicTask):
    """Find the better of two arms whose probabilities add up to 1: one tells about the other (Wang et al. 2018).

    Parameters
    ----------
    low, high : float
        The probability of the first arm is drawn uniformly between them, for each episode.
    """

    low: float = 0.0
    high: float = 1.0

    name: ClassVar[str] = "bandit_correlated"
    what: ClassVar[str] = "Find out which of two arms pays best; what one pays more, the other pays less."
    cite: ClassVar[str] = "Wang, Kurth-Nelson, Kumaran et al. 2018 Nature Neuroscience"

    def begin(self, n: int, rng: np.random.Generator) -> Episodes:
        """Draw the probabilities of ``n`` episodes."""
        first = rng.uniform(self.low, self.high, n)
        return _Arms(self, np.stack([first, 1 - first], axis=1), rng)


@dataclass(frozen=True, kw_only=True)
class RestlessBandit(EpisodicTask):
    """Follow four arms whose pay drifts (Daw et al. 2006, supplementary methods).

    The mean pay of each arm, in points from 1 to 100, is a Gaussian random walk that decays to ``centre``; it begins
    in its stationary distribution (the paper used fixed walks). The pay is drawn around the mean, rounded, held within
    1 and 100, and given in units of 100 points.

    Parameters
    ----------
    arms : int
        How many.
    decay, centre : float
        ``mean <- decay * mean + (1 - decay) * centre + noise``; centre in points.
    diffusion, pay_std : float
        Standard deviations of the walk's steps and of the pay around its mean, in points.
    """

    trials: int = 300
    arms: int = 4
    decay: float = 0.9836
    centre: float = 50.0
    diffusion: float = 2.8
    pay_std: float = 4.0

    name: ClassVar[str] = "bandit_restless"
    what: ClassVar[str] = "Follow several arms whose pay drifts, exploring enough to notice."
    cite: ClassVar[str] = "Daw, O'Doherty, Dayan, Seymour & Dolan 2006 Nature"

    @property
    def n_actions(self) -> int:
        """Number of arms."""
        return self.arms

    def begin(self, n: int, rng: np.random.Generator) -> Episodes:
        """Draw where the walks begin."""
        return _Walks(self, n, rng)


class _Walks(Episodes):
    task: RestlessBandit

    def __init__(self, task: RestlessBandit, n: int, rng: np.random.Generator) -> None:
        super().__init__(task, n, rng)
        spread = task.diffusion / np.sqrt(1 - task.decay**2)
        self.mean = rng.normal(task.centre, spread, (n, task.arms))

    def outcome(self, actions: Actions) -> npt.NDArray[np.floating]:
        """Return the pay of the chosen arm in units of 100 points; all arms walk on."""
        task = self.task
        points = np.rint(self.rng.normal(self.mean[np.arange(self.n), actions], task.pay_std))
        steps = self.rng.normal(0.0, task.diffusion, self.mean.shape)
        self.mean = task.decay * self.mean + (1 - task.decay) * task.centre + steps
        return np.clip(points, 1, 100) / 100

    def best(self) -> Actions:
        """Return the arm with the largest mean."""
        return self.mean.argmax(1)


@dataclass(frozen=True, kw_only=True)
class VolatileBandit(EpisodicTask):
    """Choose between two arms, one of which is right in each trial, in calm and volatile times (Behrens et al. 2007).

    In the stable phase one arm is right with probability ``stable_probability``; in the volatile phase the better arm
    changes after each of ``blocks``. Which phase comes first, and which arm is better first, is drawn for each episode.
    The paper's numbers are 120 trials at 0.75, then reversals every 30 or 40 trials at 0.8; the order of the blocks is
    ours. The paper also shows how much each arm would pay, which is left out here.

    Parameters
    ----------
    trials : int
        Trials in an episode; those past the schedule are as the last block.
    stable : int
        Trials of the stable phase.
    blocks : tuple of int
        Trials of the blocks of the volatile phase.
    stable_probability, volatile_probability : float
        That the better arm is right.
    """

    trials: int = 290
    stable: int = 120
    blocks: tuple[int, ...] = (30, 40, 30, 40, 30)
    stable_probability: float = 0.75
    volatile_probability: float = 0.8

    name: ClassVar[str] = "bandit_volatile"
    what: ClassVar[str] = "Choose the arm that is right more often, learning fast only when the world is volatile."
    cite: ClassVar[str] = "Behrens, Woolrich, Walton & Rushworth 2007 Nature Neuroscience"

    def schedule(self, stable_first: bool) -> npt.NDArray[np.floating]:
        """Return the probability that the first arm is right, if it is the better one at first, shape (trial,)."""
        calm = np.full(self.stable, self.stable_probability)
        signs = np.repeat(np.where(np.arange(len(self.blocks)) % 2 == 0, 1.0, -1.0), self.blocks)
        stormy = 0.5 + signs * (self.volatile_probability - 0.5)
        joined = np.concatenate([calm, stormy] if stable_first else [stormy, calm])
        return np.pad(joined, (0, max(0, self.trials - len(joined))), mode="edge")[: self.trials]

    def begin(self, n: int, rng: np.random.Generator) -> Episodes:
        """Draw which phase comes first and which arm is better at first."""
        return _Blocks(self, n, rng)


class _Blocks(Episodes):
    def __init__(self, task: VolatileBandit, n: int, rng: np.random.Generator) -> None:
        super().__init__(task, n, rng)
        both = np.stack([task.schedule(False), task.schedule(True)])
        courses = both[rng.integers(2, size=n)]
        self.first_right = np.where(rng.random((n, 1)) < 0.5, courses, 1 - courses)

    def outcome(self, actions: Actions) -> npt.NDArray[np.floating]:
        """Return 1 for the arm that is right in this trial."""
        right = np.where(self.rng.random(self.n) < self.first_right[:, self.clock], 0, 1)
        return (actions == right).astype(np.float64)

    def best(self) -> Actions:
        """Return the arm that is right more often now."""
        return np.where(self.first_right[:, min(self.clock, self.task.steps - 1)] > 0.5, 0, 1)
