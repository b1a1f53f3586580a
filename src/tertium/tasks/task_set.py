"""Several tasks with the same channels, for one network that learns them all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput, unknown_name
from tertium.rng import Seeds
from tertium.tasks.task import Task
from tertium.tasks.trial_batch import TrialBatch


class TaskSet:
    """Tasks that share input and output channels; each batch holds trials of one of them.

    Parameters
    ----------
    name : str
        Name of the set.
    tasks : mapping of str to Task
        Name -> task.
    weights : mapping of str to float, optional
        How often a task is drawn, relative to the others; 1 where none is given.
    what : str
        One sentence: what the tasks are, as the catalogue lists the set.
    cite : str
        The paper.

    Attributes
    ----------
    name, what, cite : str
    tasks : dict of str to Task
    names : tuple of str
        In the order of ``tasks``.
    probabilities : array, shape (task,)
        Of being drawn for a batch.
    n_inputs, n_outputs : int
    dt : float
        Time step in seconds.

    Raises
    ------
    BadInput
        If there are no tasks, they differ in channels or time step, or a weight is not a number >= 0.
    UnknownName
        If a weight names no task of the set.

    Examples
    --------
    >>> from tertium.tasks import make
    >>> both = make("yang19", tasks=["contextdm1", "contextdm2"])
    >>> both.names, both.n_inputs
    (('contextdm1', 'contextdm2'), 85)
    >>> both.batch(8, seed=3).spec.name
    'yang19/contextdm1'
    """

    def __init__(
        self,
        name: str,
        tasks: Mapping[str, Task],
        weights: Mapping[str, float] | None = None,
        *,
        what: str = "",
        cite: str = "",
    ) -> None:
        if not tasks:
            raise BadInput(f"tasks of set '{name}'", got="none", expected="at least one")
        self.name, self.what, self.cite = name, what, cite
        self.tasks, self.names = dict(tasks), tuple(tasks)
        shapes = {(t.n_inputs, t.n_outputs, t.dt) for t in tasks.values()}
        if len(shapes) > 1:
            raise BadInput(
                f"tasks of set '{name}'",
                got="; ".join(f"{i} inputs, {o} outputs, dt={dt:g}" for i, o, dt in sorted(shapes)),
                expected="the same channels and time step in all",
            )
        self.n_inputs, self.n_outputs, self.dt = shapes.pop()
        given = dict(weights or {})
        for key, weight in given.items():
            if key not in self.tasks:
                raise unknown_name(f"task of set '{name}'", key, self.names)
            if not (np.isfinite(weight) and weight >= 0):
                raise BadInput(f"weight of task '{key}'", got=f"{weight}", expected="a number >= 0")
        relative = np.array([given.get(key, 1.0) for key in self.names], dtype=np.float64)
        if not relative.sum() > 0:
            raise BadInput(f"weights of set '{name}'", got="zero for every task", expected="some above zero")
        self.probabilities = relative / relative.sum()

    def __repr__(self) -> str:
        count = f"{len(self.names)} task{'s' if len(self.names) > 1 else ''}"
        return f"TaskSet('{self.name}', {count}, {self.n_inputs} inputs, {self.n_outputs} outputs, dt={self.dt:g} s)"

    def __getitem__(self, name: str) -> Task:
        try:
            return self.tasks[name]
        except KeyError:
            raise unknown_name(f"task of set '{self.name}'", name, self.names) from None

    def batch(self, n: int, seed: int | Seeds = 0, task: str | None = None, **fixed: Any) -> TrialBatch:
        """Draw trials of one task of the set.

        Parameters
        ----------
        n : int
            How many.
        seed : int or Seeds
            The same seed gives the same task and the same trials.
        task : str, optional
            Which task; drawn with the weights of the set by default.
        **fixed
            Conditions and durations that are given rather than drawn; the task has to have them.

        Raises
        ------
        BadInput
            If ``n`` is no positive integer or a given array has another length.
        UnknownName
            If there is no such task, or it has no such condition or epoch.
        """
        seeds = seed if isinstance(seed, Seeds) else Seeds(seed)
        if task is None:
            task = self.names[int(seeds.numpy("task").choice(len(self.names), p=self.probabilities))]
        return self[task].batch(n, seeds, **fixed)

    def performance(self, outputs: npt.ArrayLike, batch: TrialBatch) -> float:
        """Return the fraction of trials answered correctly, 0 to 1, by the rule of the batch's own task."""
        return float(batch.correct(outputs).mean())


def chosen(set_name: str, wanted: Sequence[str] | None, names: Sequence[str]) -> tuple[str, ...]:
    """Return the tasks of a set that are wanted, all by default, in the order asked for.

    Raises
    ------
    BadInput
        If a single word is given in place of a list, or a name twice.
    UnknownName
        If the set has no such task.
    """
    if wanted is None:
        return tuple(names)
    if isinstance(wanted, str) or len(set(wanted)) < len(wanted):
        raise BadInput(
            f"tasks of set '{set_name}'", got=repr(wanted), expected="a list of different names", repair="Pass a list."
        )
    for name in wanted:
        if name not in names:
            raise unknown_name(f"task of set '{set_name}'", name, names)
    return tuple(wanted)
