"""Players of episodic tasks: the random one, heuristics, and ideals to measure agents against."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from tertium.tasks.episodic.episodic_task import Actions, Episodes, Floats


class Player(Protocol):
    """Someone who plays an episodic task with ``n`` subjects side by side."""

    def begin(self, episodes: Episodes, rng: np.random.Generator) -> None:
        """Get ready for new episodes."""
        ...

    def act(self, observations: Floats) -> Actions:
        """Return actions, shape (n,), for observations, shape (n, n_inputs)."""
        ...

    def learn(self, actions: Actions, rewards: npt.NDArray[np.floating]) -> None:
        """Take note of what actions led to."""
        ...


class UniformlyRandom:
    """Does anything, each action equally often."""

    def begin(self, episodes: Episodes, rng: np.random.Generator) -> None:
        """Get ready."""
        self._n, self._actions, self._rng = episodes.n, episodes.task.n_actions, rng

    def act(self, observations: Floats) -> Actions:
        """Return random actions."""
        return self._rng.integers(self._actions, size=self._n)

    def learn(self, actions: Actions, rewards: npt.NDArray[np.floating]) -> None:
        """Learn nothing."""


class KnowsBest:
    """Looks behind the scenes and always takes the action with the largest expected reward: the upper bound."""

    def begin(self, episodes: Episodes, rng: np.random.Generator) -> None:
        """Get ready."""
        self._episodes = episodes

    def act(self, observations: Floats) -> Actions:
        """Return the best actions."""
        return self._episodes.best()

    def learn(self, actions: Actions, rewards: npt.NDArray[np.floating]) -> None:
        """Learn nothing: all is known."""


class ThompsonSampling:
    """Draws a reward probability of each arm from what is known about it (a beta posterior) and takes the largest.

    Rewards have to be 0 or 1 and arms independent (Thompson 1933 Biometrika).
    """

    def begin(self, episodes: Episodes, rng: np.random.Generator) -> None:
        """Begin with a uniform prior on each arm."""
        self._rng, self._subjects = rng, np.arange(episodes.n)
        self._won = np.ones((episodes.n, episodes.task.n_actions))
        self._lost = np.ones_like(self._won)

    def act(self, observations: Floats) -> Actions:
        """Return the arm whose drawn probability is largest."""
        return self._rng.beta(self._won, self._lost).argmax(1)

    def learn(self, actions: Actions, rewards: npt.NDArray[np.floating]) -> None:
        """Count wins and losses of the arm that was taken."""
        self._won[self._subjects, actions] += rewards
        self._lost[self._subjects, actions] += 1 - rewards


class WinStay:
    """Repeats an action that was rewarded and takes another one, at random, after one that was not."""

    def begin(self, episodes: Episodes, rng: np.random.Generator) -> None:
        """Begin at random."""
        self._rng, self._n_actions = rng, episodes.task.n_actions
        self._next = rng.integers(self._n_actions, size=episodes.n)

    def act(self, observations: Floats) -> Actions:
        """Return the same or another action."""
        return self._next

    def learn(self, actions: Actions, rewards: npt.NDArray[np.floating]) -> None:
        """Stay or shift."""
        other = (actions + self._rng.integers(1, self._n_actions, size=actions.shape)) % self._n_actions
        self._next = np.where(rewards > 0, actions, other)


class OneShot:
    """Has learnt to learn: guesses once which of two objects is rewarded, then knows (Harlow's learning set).

    For the task `harlow`: the first half of what is shown is the left object, the second half the right one.
    """

    def begin(self, episodes: Episodes, rng: np.random.Generator) -> None:
        """Know nothing yet."""
        self._rng, self._size = rng, episodes.shown().shape[1] // 2
        self._good: Floats | None = None

    def act(self, observations: Floats) -> Actions:
        """Return the side of the good object."""
        self._left = observations[:, : self._size]
        self._right = observations[:, self._size : 2 * self._size]
        if self._good is None:
            return self._rng.integers(2, size=len(observations))
        return np.where((self._right == self._good).all(1), 1, 0)

    def learn(self, actions: Actions, rewards: npt.NDArray[np.floating]) -> None:
        """Remember the object that was, or must have been, rewarded."""
        right = np.where(rewards > 0, actions, 1 - actions)
        self._good = np.where(right[:, None] == 1, self._right, self._left)
