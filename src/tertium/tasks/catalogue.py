"""The catalogue of tasks. Listing imports none of them."""

from __future__ import annotations

import inspect
from typing import Any

from tertium.errors import BadInput, nearest
from tertium.registry import Registry
from tertium.tasks.spec import TaskSpec
from tertium.tasks.task import Task

#: Task -> the function that writes its description. Installed packages may add to it (group ``tertium.tasks``).
TASKS = Registry(
    "task",
    {
        "context_decision": "tertium.tasks.decision.context_decision:context_decision",
    },
    group="tertium.tasks",
    listing="tertium tasks",
)


def make(name: str, **config: Any) -> Task:
    """Make a task of the catalogue.

    Parameters
    ----------
    name : str
        One of ``TASKS``.
    **config
        Options of that task: ``dt`` (seconds), durations, noise, numbers of channels.

    Raises
    ------
    UnknownName
        If no such task is catalogued.
    BadInput
        If the task has no such option.

    Examples
    --------
    >>> make("context_decision", dt=0.01).dt
    0.01
    >>> make("context_decision", det=0.01)
    Traceback (most recent call last):
    ...
    tertium.errors.BadInput: option of task 'context_decision': got 'det', expected one of coherences, delay, dt, noise. Did you mean 'dt'?
    """  # noqa: E501
    write = TASKS.load(name)
    options = inspect.signature(write).parameters
    for key in config:
        if key not in options:
            close = nearest(key, options, limit=1)
            raise BadInput(
                f"option of task '{name}'",
                got=f"'{key}'",
                expected=f"one of {', '.join(sorted(options))}",
                repair=f"Did you mean '{close[0]}'?" if close else "",
            )
    made: TaskSpec | Task = write(**config)
    return Task(made) if isinstance(made, TaskSpec) else made
