"""Learning to learn: in each episode two new objects, one of which is always rewarded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput
from tertium.tasks.channels import Channel, Vector
from tertium.tasks.episodic.episodic_task import Actions, Episodes, EpisodicTask, Floats


@dataclass(frozen=True, kw_only=True)
class Harlow(EpisodicTask):
    """Find out in one trial which of two new objects is rewarded, wherever it stands (Harlow 1949; Wang et al. 2018).

    An episode has six trials with the same two objects, which are new in each episode and stand left and right at
    random. Choosing the good one gives 1, the other -1. A subject that has learnt to learn guesses in the first trial
    and is right from the second on.

    Parameters
    ----------
    features : int
        Numbers that describe an object, uniform between -1 and 1 (Wang et al. show pictures).
    """

    trials: int = 6
    features: int = 8

    name: ClassVar[str] = "harlow"
    what: ClassVar[str] = "Find out in one trial which of two new objects is rewarded, wherever it stands."
    cite: ClassVar[str] = "Harlow 1949 Psychological Review; Wang, Kurth-Nelson, Kumaran et al. 2018"
    reward_range: ClassVar[tuple[float, float]] = (-1.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.features < 1:
            raise BadInput(f"features of task '{self.name}'", got=f"{self.features}", expected="an integer >= 1")

    def channels(self) -> Sequence[Channel]:
        """Return the two objects."""
        return (Vector("left_object", self.features), Vector("right_object", self.features))

    def begin(self, n: int, rng: np.random.Generator) -> Episodes:
        """Draw two new objects for each episode."""
        return _Objects(self, n, rng)


class _Objects(Episodes):
    def __init__(self, task: Harlow, n: int, rng: np.random.Generator) -> None:
        super().__init__(task, n, rng)
        self.good, self.bad = rng.uniform(-1, 1, (2, n, task.features)).astype(np.float32)
        self.side = rng.integers(2, size=n)

    def shown(self) -> Floats:
        """Return the object on the left and the object on the right, shape (n, 2 features)."""
        left = np.where(self.side[:, None] == 0, self.good, self.bad)
        right = np.where(self.side[:, None] == 0, self.bad, self.good)
        return np.concatenate([left, right], axis=1)

    def outcome(self, actions: Actions) -> npt.NDArray[np.floating]:
        """Return 1 for the good object and -1 for the other; both are put down anew."""
        rewards = np.where(actions == self.side, 1.0, -1.0)
        self.side = self.rng.integers(2, size=self.n)
        return rewards

    def best(self) -> Actions:
        """Return the side of the good object."""
        return self.side.copy()
