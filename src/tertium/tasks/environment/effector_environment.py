"""A reaching task for an agent that moves a body: actions are forces or torques."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt

from tertium.tasks.environment.trial_environment import TrialEnvironment
from tertium.tasks.motor.reach_task import ReachTask
from tertium.tasks.trial_batch import TrialBatch

#: Gains of the ideal agent's feedback, per second^2 and per second: critically damped at 20 rad/s.
_STIFFNESS, _DAMPING = 400.0, 40.0

#: Bounds of the effector's state in observations, as the agent sees it: (rad or units), then per second.
_WIDEST, _FASTEST = 10.0, 100.0


class EffectorEnvironment(TrialEnvironment):
    """Reaching by force or torque.

    Actions lie within [-1, 1] and are multiplied by the effector's ``largest_command``. Observations are the task's
    inputs, then the position of the hand (in the units of the targets) and its velocity (units per second), then the
    state of the effector if it has joints (rad, rad/s); they are clipped to 10 and 100. Each step costs its share of
    the mean squared distance from the minimum-jerk path, and a correct trial gives 1 at its end. ``best_action`` is
    that of an agent that follows the path by inverse dynamics and feedback.

    Parameters
    ----------
    task : ReachTask
        The task.
    trials_per_episode : int
        How many trials follow each other; the hand is put back to the start before each.
    """

    task: ReachTask

    def __init__(self, task: ReachTask, *, trials_per_episode: int = 1) -> None:
        super().__init__(task, trials_per_episode=trials_per_episode)

    def _bounds(self, measured: list[TrialBatch]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        low, high = super()._bounds(measured)
        body = [_WIDEST] * 2 + [_FASTEST] * 2
        if self._has_joints():
            body += [_WIDEST] * 2 + [_FASTEST] * 2
        widest = np.array(body, dtype=np.float32)
        return np.concatenate([low, -widest]), np.concatenate([high, widest])

    def _has_joints(self) -> bool:
        effector = self.task.effector
        state = effector.at_rest(np.array(effector.start))
        return not np.allclose(state[:2], effector.hand(state))

    def _continuous_actions(self) -> gymnasium.spaces.Box:
        return gymnasium.spaces.Box(-1.0, 1.0, (self.task.effector.n_command,), dtype=np.float32)

    def _begin_trial(self) -> None:
        self._state = self.task.start(1)[0].astype(np.float64)
        super()._begin_trial()

    def _as_outputs(self, action: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        command = np.asarray(action, dtype=np.float64) * self.task.effector.largest_command
        self._state = np.asarray(self.task.effector.step(self._state, command, self.task.dt))
        return np.asarray(self.task.positions(self._state), dtype=np.float32)

    def _observation(self) -> npt.NDArray[np.float32]:
        velocity = self.task.effector.hand_velocity(self._state) / self.task.scale
        parts = [self.trial.inputs[self._at, 0], self.task.positions(self._state), velocity]
        if len(self._low) > sum(len(part) for part in parts):
            parts.append(self._state)
        return np.clip(np.concatenate(parts).astype(np.float32), self._low, self._high)

    def _best_action(self) -> Any:
        """Return the command of inverse dynamics along the path, with feedback, over the largest command."""
        task, dt = self.task, self.task.dt
        path = np.concatenate([np.zeros((1, 2)), self.trial.targets[:, 0]]) * task.scale
        at = min(self._at, len(path) - 2)
        later = path[min(at + 2, len(path) - 1)]
        acceleration = (later - 2 * path[at + 1] + path[at]) / dt**2
        velocity = (path[at + 1] - path[max(at - 1, 0)]) / (2 * dt)
        here = task.positions(self._state) * task.scale
        moving = task.effector.hand_velocity(self._state)
        wanted = acceleration + _DAMPING * (velocity - moving) + _STIFFNESS * (path[at] - here)
        command = task.effector.command_for(self._state, wanted)
        return np.clip(command / task.effector.largest_command, -1, 1).astype(np.float32)
