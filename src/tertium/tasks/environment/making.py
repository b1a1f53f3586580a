"""Environments by the names of their tasks."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import gymnasium

from tertium.errors import BadInput, nearest
from tertium.tasks.catalogue import TASKS, make

if TYPE_CHECKING:
    from tertium.tasks.episodic.episodic_task import EpisodicTask
    from tertium.tasks.task import Task
    from tertium.tasks.task_set import TaskSet


def gym(name: str | Task | TaskSet | EpisodicTask, **config: Any) -> gymnasium.Env[Any, Any]:
    """Make a Gymnasium environment of a task, for reinforcement learning.

    Parameters
    ----------
    name : str or task
        A task of the catalogue, or a task of your own, which then takes the options of the environment only.
    **config
        Options of the environment (`TrialEnvironment`: ``trials_per_episode``, ``abort``, ``break_reward``,
        ``wrong_reward``) and of the task (``dt``, durations, noise).

    Returns
    -------
    gymnasium.Env
        Observations are the task's inputs; which actions there are follows from its response rule.

    Raises
    ------
    UnknownName
        If no such task is catalogued.
    BadInput
        If neither the task nor the environment has an option.

    Examples
    --------
    >>> env = gym("context_decision", dt=0.05)
    >>> observation, info = env.reset(seed=1)
    >>> total, ended = 0.0, False
    >>> while not ended:
    ...     observation, reward, ended, _, info = env.step(info["best_action"])
    ...     total += reward
    >>> total, info["correct"]
    (1.0, True)
    """
    if not isinstance(name, str):
        return _of_task(name, config)
    taken = inspect.signature(TASKS.load(name)).parameters
    for key in config:
        if key not in (*taken, *_OPTIONS) and not nearest(key, taken) and (close := nearest(key, _OPTIONS, limit=1)):
            raise BadInput(
                f"option of the environment of task '{name}'",
                got=f"'{key}'",
                expected=f"one of {', '.join(_OPTIONS)}, or an option of the task",
                repair=f"Did you mean '{close[0]}'?",
            )
    of_environment = {key: config[key] for key in _OPTIONS if key in config}
    task = make(name, **{key: value for key, value in config.items() if key not in _OPTIONS})
    env = _of_task(task, of_environment)
    env.spec = _specification(name, config)
    return env


def _of_task(task: Any, options: dict[str, Any]) -> gymnasium.Env[Any, Any]:
    """Return the environment of a task: its own, or the one in which each trial is an episode."""
    from tertium.tasks.environment.trial_environment import TrialEnvironment

    if not hasattr(task, "batch"):
        raise BadInput(
            "task",
            got=repr(task),
            expected="the name of a task, or a task",
            repair="A TaskSpec becomes one by Task(spec).",
        )
    own = getattr(task, "environment", None)
    known = list(inspect.signature(own).parameters) if own is not None else list(_OPTIONS)
    for key in options:
        if key not in known:
            raise BadInput(
                f"option of the environment of task '{task.name}'",
                got=f"'{key}'",
                expected=f"one of {', '.join(known)}" if known else "none",
                repair="See what `make` of this task takes.",
            )
    env: gymnasium.Env[Any, Any] = TrialEnvironment(task, **options) if own is None else own(**options)
    return env


#: Options of `TrialEnvironment`; the rest are the task's.
_OPTIONS = ("trials_per_episode", "abort", "break_reward", "wrong_reward")


def register() -> list[str]:
    """Tell Gymnasium of all tasks, so that ``gymnasium.make("tertium/context_decision-v0")`` finds them.

    Returns
    -------
    list of str
        The names under which they are known there; a slash in a task's name becomes a dot.

    Examples
    --------
    >>> "tertium/context_decision-v0" in register()
    True
    """
    specifications = [_specification(name, {}) for name in TASKS]
    for made in specifications:
        gymnasium.envs.registration.registry.setdefault(made.id, made)
    return [made.id for made in specifications]


def _specification(name: str, config: dict[str, Any]) -> gymnasium.envs.registration.EnvSpec:
    return gymnasium.envs.registration.EnvSpec(
        id=f"tertium/{name.replace('/', '.')}-v0", entry_point=f"{__name__}:gym", kwargs={"name": name, **config}
    )
