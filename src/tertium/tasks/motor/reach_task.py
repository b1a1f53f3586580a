"""Reaching tasks: a supervised side with hand paths, and an effector through which commands become paths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium.tasks.motor.effectors import Effector, Numbers
from tertium.tasks.response_rules import ResponseRule, at_last_step
from tertium.tasks.spec import TaskSpec
from tertium.tasks.task import Task
from tertium.tasks.trial_batch import TrialBatch

if TYPE_CHECKING:
    import gymnasium


@dataclass(frozen=True)
class EndPoint(ResponseRule):
    """The answer is where the hand ends; correct within ``tolerance`` of the target, if it left only after the go cue.

    Parameters
    ----------
    tolerance : float
        Largest distance to the target at the end, and from the start at the go cue, in units of the outputs.
    before, last : str
        The epoch at whose last step the hand still has to be at the start, and the last epoch.
    """

    tolerance: float
    before: str = "delay"
    last: str = "hold"

    def read(self, outputs: npt.NDArray[Any], batch: TrialBatch) -> npt.NDArray[Any]:
        """Return the distance between hand and target at the end, shape (trial,)."""
        return self._distance(outputs, batch, self.last)

    def correct(self, outputs: npt.NDArray[Any], batch: TrialBatch) -> npt.NDArray[np.bool_]:
        """Return where the hand waited at the start and ended at the target."""
        waited = self._distance(outputs, batch, self.before) <= self.tolerance
        return np.asarray(waited & (self.read(outputs, batch) <= self.tolerance))

    def _distance(self, outputs: npt.NDArray[Any], batch: TrialBatch, epoch: str) -> npt.NDArray[Any]:
        apart = at_last_step(outputs, batch, epoch) - at_last_step(batch.targets, batch, epoch)
        return np.asarray(np.linalg.norm(apart[:, batch.block("hand")], axis=-1))


class ReachTask(Task):
    """A task whose outputs are positions of a hand, in units of ``scale`` metres from where it starts.

    Parameters
    ----------
    spec : TaskSpec
        The task.
    effector : Effector
        The body that an agent, or a network that is trained through it, moves.
    scale : float
        Metres for 1 on the channels.
    """

    def __init__(self, spec: TaskSpec, effector: Effector, scale: float) -> None:
        super().__init__(spec)
        self.effector, self.scale = effector, scale

    def start(self, n: int) -> npt.NDArray[np.float32]:
        """Return the state of the effector at the beginning of ``n`` trials, shape (trial, state)."""
        hand = np.tile(np.asarray(self.effector.start), (n, 1))
        return np.asarray(self.effector.at_rest(hand), dtype=np.float32)

    def positions(self, states: Numbers) -> Numbers:
        """Return the hand on the task's channels for states of the effector, shape (..., 2)."""
        x, y = self.effector.start
        hand = self.effector.hand(states)
        origin = hand.new_tensor([x, y]) if hasattr(hand, "new_tensor") else np.array([x, y], dtype=hand.dtype)
        return (hand - origin) / self.scale

    def paths(self, commands: Numbers) -> Numbers:
        """Return the paths of the hand under commands: what the task's outputs are when a network gives commands.

        Parameters
        ----------
        commands : array or tensor, shape (time, trial, command)
            Newtons (point mass) or newton metres (arm). A tensor's gradient flows through the body.

        Returns
        -------
        array or tensor, shape (time, trial, 2)
            To be compared with ``targets``; the position at a step is that after its command.

        Examples
        --------
        >>> from tertium.tasks import make
        >>> task = make("reach")
        >>> task.paths(np.zeros((5, 3, 2))).shape
        (5, 3, 2)
        """
        begin = self.start(commands.shape[1])
        state = commands.new_tensor(begin) if hasattr(commands, "new_tensor") else begin.astype(commands.dtype)
        return self.positions(self.effector.move(state, commands, self.dt))

    def environment(self, *, trials_per_episode: int = 1) -> gymnasium.Env[Any, Any]:
        """Return the Gymnasium environment in which an agent moves the effector by force or torque."""
        from tertium.tasks.environment.effector_environment import EffectorEnvironment

        return EffectorEnvironment(self, trials_per_episode=trials_per_episode)
