"""Probabilistic reversal learning: the better of two stimuli changes once it has been found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput
from tertium.tasks.episodic.episodic_task import Actions, Episodes, EpisodicTask


@dataclass(frozen=True, kw_only=True)
class Reversal(EpisodicTask):
    """Choose the stimulus that is rewarded more often, until it is the other one (Cools et al. 2002).

    The better stimulus is rewarded in 80 % and the other in 20 % of the trials. They change places after 10 to 15
    choices of the better one since the last change, a number drawn anew each time: when the world turns depends on the
    subject.

    Parameters
    ----------
    probability : float
        That a choice of the better stimulus is rewarded; the other is with ``1 - probability``.
    fewest, most : int
        Correct choices between two reversals, both ends included.
    """

    trials: int = 200
    probability: float = 0.8
    fewest: int = 10
    most: int = 15

    name: ClassVar[str] = "reversal"
    what: ClassVar[str] = "Choose the stimulus that is rewarded more often; after some correct choices it is the other."
    cite: ClassVar[str] = "Cools, Clark, Owen & Robbins 2002 Journal of Neuroscience"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0.5 < self.probability <= 1:
            raise BadInput(
                f"probability of task '{self.name}'", got=f"{self.probability}", expected="above 0.5, at most 1"
            )
        if not 1 <= self.fewest <= self.most:
            raise BadInput(
                f"choices between reversals of task '{self.name}'",
                got=f"{self.fewest} to {self.most}",
                expected="1 <= fewest <= most",
            )

    def begin(self, n: int, rng: np.random.Generator) -> Episodes:
        """Draw which stimulus is better at first."""
        return _Turning(self, n, rng)


class _Turning(Episodes):
    task: Reversal

    def __init__(self, task: Reversal, n: int, rng: np.random.Generator) -> None:
        super().__init__(task, n, rng)
        self.better = rng.integers(2, size=n)
        self.left = rng.integers(task.fewest, task.most + 1, size=n)

    def outcome(self, actions: Actions) -> npt.NDArray[np.floating]:
        """Return the rewards; count correct choices and turn the world where there have been enough."""
        correct = actions == self.better
        pays = np.where(correct, self.task.probability, 1 - self.task.probability)
        rewards = (self.rng.random(self.n) < pays).astype(np.float64)
        self.left = self.left - correct
        turn = self.left == 0
        self.better = np.where(turn, 1 - self.better, self.better)
        anew = self.rng.integers(self.task.fewest, self.task.most + 1, size=self.n)
        self.left = np.where(turn, anew, self.left)
        return rewards

    def best(self) -> Actions:
        """Return the better stimulus."""
        return self.better.copy()
