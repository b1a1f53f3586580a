"""An episodic task as a Gymnasium environment: one subject of those that could play side by side."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput, unknown_name
from tertium.rng import Seeds
from tertium.tasks.episodic.episodic_task import Episodes, EpisodicTask


class EpisodicEnvironment(gymnasium.Env[npt.NDArray[np.float32], Any]):
    """One subject playing an episodic task; an episode ends after the task's number of trials.

    ``info`` has ``best_action``, what one who knows the hidden world would do now; the last step adds ``share_best``,
    the fraction of the choices that were the best.

    Parameters
    ----------
    task : EpisodicTask
        The task.

    Raises
    ------
    BadInput
        If an action is not one of the task's.
    """

    metadata = {"render_modes": []}

    def __init__(self, task: EpisodicTask) -> None:
        self.task = task
        self.action_space = gymnasium.spaces.Discrete(task.n_actions)
        # features, one-hot states and the clock lie within 1; a reward may go further down or up
        low = np.full(task.n_inputs, -1.0, dtype=np.float32)
        high = np.ones(task.n_inputs, dtype=np.float32)
        if task.shows_past:
            low[-1], high[-1] = min(task.reward_range[0], 0.0), max(task.reward_range[1], 0.0)
        self.observation_space = gymnasium.spaces.Box(low, high, dtype=np.float32)
        self._episodes: Episodes | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[npt.NDArray[np.float32], dict[str, Any]]:
        """Begin an episode in a new world; the same seed gives the same worlds.

        Raises
        ------
        UnknownName
            If options are given: there are none.
        """
        for name in options or {}:
            raise unknown_name(f"option of an episode of task '{self.task.name}'", name, ())
        super().reset(seed=0 if self._episodes is None and seed is None else seed)
        self._episodes = self.task.begin(1, Seeds(int(self.np_random.integers(2**63))).numpy("world"))
        self._right, self._asked = 0, 0
        return self._episodes.observations()[0], {"best_action": int(self._episodes.best()[0])}

    def step(self, action: Any) -> tuple[npt.NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Act; return observation, reward, terminated, truncated (never) and info."""
        if self._episodes is None:
            raise BadInput("step", got="an environment that was not reset", expected="a reset one", repair="reset().")
        if self._episodes.finished:
            raise BadInput(
                "step", got="an episode that has ended", expected="one that is going on", repair="Call reset() first."
            )
        if not self.action_space.contains(action):
            raise BadInput(
                f"action in task '{self.task.name}'", got=repr(action), expected=f"one of {self.action_space}"
            )
        world = self._episodes
        if world.matters()[0]:
            self._asked += 1
            self._right += int(action == world.best()[0])
        reward = float(world.step(np.array([action]))[0])
        info: dict[str, Any] = {"best_action": int(world.best()[0])}
        if world.finished:
            info["share_best"] = self._right / max(self._asked, 1)
        return world.observations()[0], reward, world.finished, False, info
