"""A task that can be asked for batches of trials."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import numpy.typing as npt

from tertium.rng import Seeds
from tertium.tasks.engine.checking import trials_asked_for
from tertium.tasks.generator import TrialGenerator
from tertium.tasks.spec import TaskSpec
from tertium.tasks.trial_batch import TrialBatch


@runtime_checkable
class TaskLike(Protocol):
    """What training asks of a task: a `Task`, a `TaskSet`, or anything else that can do this.

    Attributes
    ----------
    name : str
    n_inputs, n_outputs : int
        Channels of ``inputs`` and ``targets``.
    dt : float
        Time step in seconds.
    """

    name: str
    n_inputs: int
    n_outputs: int
    dt: float

    def batch(self, n: int, seed: int | Seeds = 0, **fixed: Any) -> TrialBatch:
        """Draw ``n`` trials; the same seed gives the same trials."""
        ...

    def performance(self, outputs: npt.ArrayLike, batch: TrialBatch) -> float:
        """Return the fraction of trials answered correctly, 0 to 1."""
        ...


class Task:
    """A task, ready to generate trials.

    Parameters
    ----------
    spec : TaskSpec
        Its description.

    Attributes
    ----------
    name : str
    n_inputs, n_outputs : int
        Channels of ``inputs`` and ``targets``.
    dt : float
        Time step in seconds.

    Examples
    --------
    >>> from tertium.tasks import make
    >>> task = make("context_decision")
    >>> batch = task.batch(64, seed=1)
    >>> batch.inputs.shape[1:], batch.targets.shape[1:], len(batch.conditions)
    ((64, 7), (64, 3), 64)
    """

    def __init__(self, spec: TaskSpec) -> None:
        self.spec, self._generator = spec, TrialGenerator(spec)
        self.name, self.dt = spec.name, spec.dt
        self.n_inputs, self.n_outputs = self._generator.n_inputs, self._generator.n_outputs

    def __repr__(self) -> str:
        return f"Task('{self.name}', {self.n_inputs} inputs, {self.n_outputs} outputs, dt={self.dt:g} s)"

    def batch(self, n: int, seed: int | Seeds = 0, **fixed: Any) -> TrialBatch:
        """Draw trials.

        Parameters
        ----------
        n : int
            How many.
        seed : int or Seeds
            The same seed gives the same trials.
        **fixed
            Conditions that are given rather than drawn, and durations of epochs in seconds: one value, or one a trial
            (``coherence=0.512``, ``delay=1.0``).

        Raises
        ------
        BadInput
            If ``n`` is no positive integer or a given array has another length.
        UnknownName
            If the task has no such condition or epoch.
        """
        n, seeds = trials_asked_for(n), seed if isinstance(seed, Seeds) else Seeds(seed)
        return self._generator.draw(n, seeds.numpy("trials"), fixed)

    def performance(self, outputs: npt.ArrayLike, batch: TrialBatch) -> float:
        """Return the fraction of trials answered correctly, 0 to 1."""
        return float(batch.correct(outputs).mean())
