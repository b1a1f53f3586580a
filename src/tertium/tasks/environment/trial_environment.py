"""A task as a Gymnasium environment: one step is one time step, one trial one episode."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput
from tertium.rng import Seeds
from tertium.tasks.environment.actions import HOLD, ActionMapping, action_mapping
from tertium.tasks.environment.trial_stream import TrialStream, block_ranges
from tertium.tasks.task import Task
from tertium.tasks.task_set import TaskSet
from tertium.tasks.trial_batch import TrialBatch

#: Trials from which the ranges of observations and targets are measured (of a set: all its tasks together).
_MEASURED = 128


class TrialEnvironment(gymnasium.Env[npt.NDArray[np.float32], Any]):
    """A task for an agent: it sees the inputs step by step and acts; an answer is rewarded and ends the trial.

    - Answering before it may breaks fixation: ``break_reward``, and the trial ends if ``abort``.
    - In the response epoch the first action that is not 0 is the answer: reward 1 if correct, else ``wrong_reward``.
    - Not answering in time gives 0; where holding is right, holding to the end of the response gives 1.
    - Where the outputs themselves are asked for, actions are outputs divided by ``output_scale``, within [-1, 1]. Each
      step costs its share of the weighted mean squared error of the trial; a correct trial gives 1 at its end.

    Observations are the task's inputs. Their bounds are the range in 128 trials widened on both sides by its own width
    (at least 1), and observations are clipped to them: with Gaussian noise this practically never happens.

    ``info`` has ``task``, ``conditions`` (those that are one value a trial; NaN is left out), ``epoch``, ``trial``
    (since the last seed) and ``best_action``, what an agent that knows the answer does at this step. The step that ends
    a trial adds ``correct`` and ``broke_fixation`` of the trial that ended.

    Parameters
    ----------
    task : Task or TaskSet
        The task; of a set, a task is drawn for each trial with the weights of the set.
    trials_per_episode : int
        How many trials follow each other, inputs going on without a gap, before the episode ends.
    abort : bool
        Whether a break of fixation ends the trial.
    break_reward, wrong_reward : float
        Rewards for a break of fixation and for a wrong answer.

    Raises
    ------
    BadInput
        If ``trials_per_episode`` is below 1, the tasks of a set differ in their actions, or an action is not one of
        the action space.
    """

    metadata = {"render_modes": []}

    def __init__(
        self,
        task: Task | TaskSet,
        *,
        trials_per_episode: int = 1,
        abort: bool = True,
        break_reward: float = -0.1,
        wrong_reward: float = 0.0,
    ) -> None:
        if trials_per_episode < 1:
            raise BadInput("trials_per_episode", got=repr(trials_per_episode), expected="an integer >= 1")
        self.task, self.trials_per_episode, self.abort = task, trials_per_episode, abort
        self.break_reward, self.wrong_reward = break_reward, wrong_reward
        members = list(task.tasks.values()) if isinstance(task, TaskSet) else [task]
        trials = max(16, _MEASURED // len(members))
        measured = [member.batch(trials, Seeds(0).child("range")) for member in members]
        self._low, self._high = self._bounds(measured)
        self.observation_space = gymnasium.spaces.Box(self._low, self._high, dtype=np.float32)
        self._mappings = {member.spec.name: action_mapping(member.spec) for member in members}
        self.output_scale = _output_scale(measured)
        spaces = [m.space if m else self._continuous_actions() for m in self._mappings.values()]
        self.action_space = spaces[0]
        if any(space != spaces[0] for space in spaces):
            raise BadInput(
                f"environment of task set '{task.name}'",
                got="tasks with different actions",
                expected="the same actions in all",
                repair="Make an environment of each task, or of a set with one kind of response.",
            )
        self._stream: TrialStream | None = None
        self._fixed: Mapping[str, Any] = {}

    def _bounds(self, measured: list[TrialBatch]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        ranges = [block_ranges(batch.inputs, batch.spec.inputs) for batch in measured]
        low = np.min([lows for lows, _ in ranges], axis=0)
        high = np.max([highs for _, highs in ranges], axis=0)
        width = np.maximum(high - low, 1.0)
        return low - width, high + width

    def _continuous_actions(self) -> gymnasium.spaces.Box:
        return gymnasium.spaces.Box(-1.0, 1.0, (self.task.n_outputs,), dtype=np.float32)

    @property
    def trial(self) -> TrialBatch:
        """The trial that is running, as a batch of one."""
        if self._stream is None:
            raise BadInput("step", got="an environment that was not reset", expected="a reset one", repair="reset().")
        return self._trial

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[npt.NDArray[np.float32], dict[str, Any]]:
        """Begin an episode.

        Parameters
        ----------
        seed : int, optional
            The same seed gives the same trials. Without it the stream of trials goes on (the first time from seed 0).
        options : dict, optional
            Conditions, or durations of epochs in seconds, that are given for this episode rather than drawn.
        """
        first = self._stream is None
        super().reset(seed=0 if first and seed is None else seed)
        if first or seed is not None:
            self._stream = TrialStream(self.task, Seeds(int(self.np_random.integers(2**63))))
            self._count = -1
        self._fixed, self._finished = options or {}, 0
        self._begin_trial()
        return self._observation(), self._info()

    def step(self, action: Any) -> tuple[npt.NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Act at the present time step; return observation, reward, terminated, truncated (never) and info.

        Raises
        ------
        BadInput
            If there was no reset, the episode has ended, or there is no such action.
        """
        trial = self.trial
        if self._finished >= self.trials_per_episode:
            raise BadInput(
                "step", got="an episode that has ended", expected="one that is going on", repair="Call reset() first."
            )
        if self._mapping is None:
            reward, outcome = self._follow(self._checked(action), trial)
        elif self.action_space.contains(action):
            reward, outcome = self._answer(int(action), self._mapping, trial)
        else:
            raise self._no_action(action)
        self._at += 1
        terminated = False
        if outcome is not None:
            self._finished += 1
            terminated = self._finished >= self.trials_per_episode
            if not terminated:
                self._begin_trial()
        # past the end of an episode nothing is shown
        seen = np.zeros_like(self._low) if terminated else self._observation()
        return seen, reward, terminated, False, self._info() | (outcome or {})

    def _checked(self, action: Any) -> npt.NDArray[np.float32]:
        numbers = np.asarray(action, dtype=np.float32)
        if numbers.shape != self.action_space.shape or not np.isfinite(numbers).all():
            raise self._no_action(action)
        return np.clip(numbers, -1, 1)

    def _no_action(self, action: Any) -> BadInput:
        return BadInput(f"action in task '{self.task.name}'", got=repr(action), expected=f"one of {self.action_space}")

    def _answer(
        self, action: int, mapping: ActionMapping[Any], trial: TrialBatch
    ) -> tuple[float, dict[str, Any] | None]:
        """Return the reward, and what is to be told if the trial ends."""
        if action != HOLD and not self._allowed[self._at]:
            ends = self.abort or self._at == self._last
            return self.break_reward, {"correct": False, "broke_fixation": True} if ends else None
        if action == HOLD and self._at < self._last:
            return 0.0, None
        correct = mapping.correct(action, self._at, trial)
        wrong = self.wrong_reward if action != HOLD else 0.0
        return (1.0 if correct else wrong), {"correct": correct, "broke_fixation": False}

    def _follow(self, action: npt.NDArray[np.float32], trial: TrialBatch) -> tuple[float, dict[str, Any] | None]:
        """Take an action for outputs; return the reward, and what is to be told if the trial ends."""
        at = self._at
        self._given[at, 0] = self._as_outputs(action)
        error = (trial.mask[at, 0] * (self._given[at, 0] - trial.targets[at, 0]) ** 2).sum()
        reward = -float(error) / max(float(trial.mask.sum()), 1e-12)
        if at < self._last:
            return reward, None
        correct = bool(trial.spec.response.correct(self._given, trial)[0])
        return reward + float(correct), {"correct": correct, "broke_fixation": False}

    def _as_outputs(self, action: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        return action * self.output_scale

    def _begin_trial(self) -> None:
        assert self._stream is not None
        self._trial = trial = self._stream.draw(self._fixed)
        self._mapping = self._mappings[trial.spec.name]
        self._at, self._count, self._last = 0, self._count + 1, trial.steps - 1
        self._epochs = _epoch_names(trial)
        self._conditions = _conditions(trial)
        if self._mapping is None:
            self._given = np.zeros_like(trial.targets)
            self._best: npt.NDArray[Any] = self._best_outputs(trial)
            return
        self._allowed, self._best = self._mapping.allowed(trial), self._mapping.best(trial)
        if self._allowed.any():
            self._last = int(np.flatnonzero(self._allowed)[-1])

    def _best_outputs(self, trial: TrialBatch) -> npt.NDArray[Any]:
        return np.clip(trial.targets[:, 0] / self.output_scale, -1, 1)

    def _observation(self) -> npt.NDArray[np.float32]:
        return np.maximum(np.minimum(self.trial.inputs[self._at, 0], self._high), self._low)

    def _best_action(self) -> Any:
        best = self._best[min(self._at, len(self._best) - 1)]
        return int(best) if self._mapping is not None else best.copy()

    def _info(self) -> dict[str, Any]:
        return {
            "task": self.trial.spec.name,
            "conditions": dict(self._conditions),
            "epoch": self._epochs[min(self._at, len(self._epochs) - 1)],
            "trial": self._count,
            "best_action": self._best_action(),
        }


def _output_scale(measured: list[TrialBatch]) -> npt.NDArray[np.float32]:
    """Return what actions in [-1, 1] are multiplied by to be outputs: 1 unless targets are larger."""
    ranges = [block_ranges(batch.targets, batch.spec.outputs) for batch in measured]
    reach = np.max([np.maximum(-low, high) for low, high in ranges], axis=0)
    return np.where(reach > 1, 1.5 * reach, 1.0).astype(np.float32)


def _epoch_names(trial: TrialBatch) -> list[str]:
    names = [""] * trial.steps
    for name, edges in trial.epochs.items():
        first, stop = (int(step) for step in edges[0])
        names[first:stop] = [name] * (stop - first)
    return names


def _conditions(trial: TrialBatch) -> dict[str, Any]:
    single = {name: values[0] for name, values in trial.columns.items() if values.ndim == 1}
    plain = {name: value.item() if isinstance(value, np.generic) else value for name, value in single.items()}
    # NaN stands for "not asked for in this trial", and is no equal of itself
    return {name: value for name, value in plain.items() if value == value}
