"""Any Gymnasium environment, neurogym's among them, as a task that gives batches for supervised training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput
from tertium.rng import Seeds
from tertium.tasks.channels import Vector
from tertium.tasks.engine.checking import trials_asked_for
from tertium.tasks.response_rules import FollowsTarget, ResponseRule, at_last_step
from tertium.tasks.spec import Epoch, LossWeight, TaskSpec
from tertium.tasks.trial_batch import TrialBatch

#: An agent: from an observation (flattened) to an action of the environment.
Policy = Callable[[npt.NDArray[np.float32]], Any]


def from_gym(
    env: gymnasium.Env[Any, Any] | Callable[[], gymnasium.Env[Any, Any]],
    *,
    policy: Policy | None = None,
    dt: float | None = None,
    max_steps: int = 1000,
) -> GymnasiumTask:
    """Take a Gymnasium environment for a task: its observations are inputs, right actions are targets.

    The right actions are those that the environment tells: ``info["best_action"]`` (tertium's own environments), or the
    ground truth of a neurogym trial, which is taken whole and not played. Where an environment tells none, a ``policy``
    must be given, and what it did are the targets: the network then learns to imitate it.

    Parameters
    ----------
    env : gymnasium.Env, or callable that makes one
        Discrete or box actions; observations are flattened.
    policy : callable, optional
        From an observation, shape (input,), to an action. Plays the trials; by default the right actions are played.
    dt : float, optional
        Seconds of one step; by default the environment's own (``dt``, neurogym's in milliseconds), else 1.
    max_steps : int
        Longest trial; a longer episode is cut.

    Raises
    ------
    BadInput
        If this is no environment, or its actions are neither discrete nor a vector.

    Examples
    --------
    >>> from tertium.tasks.environment import gym
    >>> task = from_gym(gym("context_decision"))
    >>> batch = task.batch(4, seed=2)
    >>> batch.inputs.shape[2], batch.targets.shape[2], task.performance(batch.targets, batch)
    (7, 3, 1.0)
    """
    if not isinstance(env, gymnasium.Env) and not callable(env):
        raise BadInput(
            "env",
            got=repr(env),
            expected="an environment, or a function that makes one",
            repair=f"Pass gymnasium.make({env!r})." if isinstance(env, str) else "",
        )
    made = env if isinstance(env, gymnasium.Env) else env()
    return GymnasiumTask(made, policy=policy, dt=dt, max_steps=max_steps)


@dataclass(frozen=True)
class LastAction(ResponseRule):
    """The answer is the largest output at the last step of a trial; correct if it is the right action there."""

    def read(self, outputs: npt.NDArray[Any], batch: TrialBatch) -> npt.NDArray[Any]:
        """Return the index of the action, shape (trial,)."""
        return np.asarray(at_last_step(outputs, batch, "trial").argmax(-1))

    def correct(self, outputs: npt.NDArray[Any], batch: TrialBatch) -> npt.NDArray[np.bool_]:
        """Return where it is the target's."""
        return np.asarray(self.read(outputs, batch) == self.read(batch.targets, batch))


@dataclass(frozen=True)
class _Rollout:
    """One trial: what was seen, what should have been done, shape (time, ...), and what it was."""

    inputs: npt.NDArray[np.float32]
    targets: npt.NDArray[np.float32]
    reward: float
    conditions: dict[str, Any]


class GymnasiumTask:
    """A task whose trials are episodes of a Gymnasium environment; see `from_gym`.

    Discrete actions become one output each, and the answer is the largest at the last step. Box actions are outputs,
    correct within a root-mean-square error of 0.1. Errors count equally at all steps.
    """

    def __init__(
        self, env: gymnasium.Env[Any, Any], *, policy: Policy | None, dt: float | None, max_steps: int
    ) -> None:
        actions, response = env.action_space, LastAction()  # type: tuple[Any, ResponseRule]
        if isinstance(actions, gymnasium.spaces.Discrete):
            self.n_outputs = int(actions.n)
        elif isinstance(actions, gymnasium.spaces.Box) and len(actions.shape) == 1:
            self.n_outputs, response = actions.shape[0], FollowsTarget(0.1)
        else:
            raise BadInput(
                "actions of the environment", got=f"{actions}", expected="Discrete, or a Box of one dimension"
            )
        self.env, self._policy, self._max_steps = env, policy, max_steps
        self.n_inputs = int(gymnasium.spaces.flatdim(env.observation_space))
        self.name = env.spec.id if env.spec is not None else type(env.unwrapped).__name__
        self.dt = dt if dt is not None else _own_dt(env)
        self.spec = TaskSpec(
            name=self.name,
            what="Act as the environment asks.",
            cite="",
            dt=self.dt,
            epochs=(Epoch("trial", self.dt),),
            inputs=(Vector("observation", self.n_inputs),),
            outputs=(Vector("action", self.n_outputs),),
            conditions={},
            stimuli=(),
            targets=(),
            weights=(LossWeight(1.0, "trial"),),
            response=response,
        )

    def __repr__(self) -> str:
        return f"GymnasiumTask('{self.name}', {self.n_inputs} inputs, {self.n_outputs} outputs, dt={self.dt:g} s)"

    def batch(self, n: int, seed: int | Seeds = 0, **fixed: Any) -> TrialBatch:
        """Play (or take) trials; each has a seed of its own.

        Parameters
        ----------
        n : int
            How many.
        seed : int or Seeds
            The same seed gives the same trials, as far as the environment keeps to the seeds it is given.
        **fixed
            ``options`` of the environment's ``reset``.

        Returns
        -------
        TrialBatch
            ``columns`` hold the total ``reward`` (NaN where a trial was not played) and the conditions that the
            environment tells of every trial.
        """
        n, seeds = trials_asked_for(n), seed if isinstance(seed, Seeds) else Seeds(seed)
        trials = [self._trial(seeds.integer(f"trial {i}") % 2**31, fixed) for i in range(n)]
        lengths = np.array([len(trial.inputs) for trial in trials])
        steps = int(lengths.max())
        mask = np.zeros((steps, n, self.n_outputs), dtype=np.float32)
        inputs, targets = np.zeros((steps, n, self.n_inputs), dtype=np.float32), np.zeros_like(mask)
        for i, trial in enumerate(trials):
            place = slice(0, lengths[i])
            inputs[place, i], targets[place, i], mask[place, i] = trial.inputs, trial.targets, 1.0
        epochs = {"trial": np.stack([np.zeros_like(lengths), lengths], axis=1)}
        told = [name for name in trials[0].conditions if all(name in trial.conditions for trial in trials)]
        columns = {name: np.array([trial.conditions[name] for trial in trials]) for name in told}
        columns["reward"] = np.array([trial.reward for trial in trials])
        return TrialBatch(inputs, targets, mask, epochs, columns, {}, self.dt, self.spec)

    def performance(self, outputs: npt.ArrayLike, batch: TrialBatch) -> float:
        """Return the fraction of trials answered correctly, 0 to 1."""
        return float(batch.correct(outputs).mean())

    def _trial(self, seed: int, options: dict[str, Any]) -> _Rollout:
        if self._policy is None and _is_neurogym(self.env):
            return self._whole(seed, options)
        return self._played(seed, options)

    def _whole(self, seed: int, options: dict[str, Any]) -> _Rollout:
        """Take a trial of neurogym with its ground truth; its `reset` would throw a step of it away."""
        inner: Any = self.env.unwrapped
        inner.seed(seed)
        found = inner.new_trial(**options) or {}
        inputs, truth = np.asarray(inner.ob, dtype=np.float32), np.asarray(inner.gt)
        targets = np.stack([self._as_outputs(action) for action in truth])
        return _Rollout(inputs.reshape(len(inputs), -1), targets, float("nan"), _single(found))

    def _played(self, seed: int, options: dict[str, Any]) -> _Rollout:
        seen, info = self.env.reset(seed=seed, options=options or None)
        conditions = _single(info.get("conditions", {}))
        inputs: list[npt.NDArray[np.float32]] = []
        targets: list[npt.NDArray[np.float32]] = []
        total, ended = 0.0, False
        while not ended and len(inputs) < self._max_steps:
            flat = np.asarray(gymnasium.spaces.flatten(self.env.observation_space, seen), dtype=np.float32)
            if self._policy is None and "best_action" not in info:
                raise BadInput(
                    f"environment '{self.name}'",
                    got="no right actions (info['best_action'])",
                    expected="them, or a policy to imitate",
                    repair="Pass policy=, a function from an observation to an action.",
                )
            done = info["best_action"] if self._policy is None else self._policy(flat)
            inputs.append(flat)
            targets.append(self._as_outputs(info.get("best_action", done)))
            seen, reward, terminated, truncated, info = self.env.step(done)
            # neurogym's episodes have no end: a trial is over when the next one has begun
            ended = terminated or truncated or bool(info.get("new_trial", False))
            total += float(reward)
        return _Rollout(np.stack(inputs), np.stack(targets), total, conditions)

    def _as_outputs(self, action: Any) -> npt.NDArray[np.float32]:
        if isinstance(self.env.action_space, gymnasium.spaces.Discrete):
            place = int(action) - int(self.env.action_space.start)
            return np.eye(self.n_outputs, dtype=np.float32)[place]
        return np.asarray(action, dtype=np.float32).reshape(self.n_outputs)


def _is_neurogym(env: gymnasium.Env[Any, Any]) -> bool:
    return any(kind.__module__.startswith("neurogym") for kind in type(env.unwrapped).__mro__)


def _own_dt(env: gymnasium.Env[Any, Any]) -> float:
    inner: Any = env.unwrapped
    if hasattr(inner, "task"):
        return float(inner.task.dt)
    own = float(getattr(inner, "dt", 0) or 0)
    # neurogym counts in milliseconds
    return (own / 1000 if _is_neurogym(env) else own) or 1.0


def _single(told: dict[str, Any]) -> dict[str, Any]:
    """Return the conditions that are one value a trial."""
    return {name: value for name, value in told.items() if np.ndim(value) == 0}
