"""What every task must do: epochs without gaps, empty padding, the same seed the same trials, targets that solve it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from tertium.tasks.task import Task
from tertium.tasks.task_set import TaskSet
from tertium.tasks.trial_batch import TrialBatch
from tertium.testing.model_conformance import NonConforming

#: Answers that know nothing; a task that they solve asks nothing.
CONSTANTS = (0.0, 0.5, 1.0)


def check_task(
    task: Task | TaskSet, *, n: int = 32, seed: int = 0, largest: float = 10.0, ignorant: float = 0.9
) -> None:
    """Check a task, or each task of a set, against the contract of `tertium.tasks`.

    Checked are: shapes and number type; everything is finite; inputs and loss weights are zero after the end of a
    trial, whose epochs follow each other without a gap; something is weighed in every trial; targets are of a size
    that an output can reach; the same seed gives the same batch whatever was drawn in between, another seed another
    one; NumPy's global generator is left alone; the table of conditions has what pictures ask for; outputs equal to
    the targets are correct in every trial, and outputs that never change are not.

    Parameters
    ----------
    task : Task or TaskSet
        The task.
    n : int
        Trials of a batch.
    seed : int
        Of the batch.
    largest : float
        Largest absolute target that counts as within reach.
    ignorant : float
        Fraction correct that constant outputs must stay below.

    Raises
    ------
    NonConforming
        If a clause does not hold; the message names the task and the clause.

    Examples
    --------
    >>> from tertium.tasks import make
    >>> check_task(make("context_decision"))
    """
    if isinstance(task, TaskSet):
        for one in task.tasks.values():
            check_task(one, n=n, seed=seed, largest=largest, ignorant=ignorant)
        return
    before = _global_state()
    batch = task.batch(n, seed)
    _check_arrays(task, batch, n, largest)
    _check_epochs(task, batch)
    _check_padding(task, batch)
    _check_seeds(task, batch, n, seed)
    _check_answers(task, batch, ignorant)
    _require(_global_state() == before, task, "it draws from NumPy's global generator")
    _require(len(task.batch(1, seed)) == 1, task, "a batch of one trial has another length")


def _global_state() -> tuple[Any, ...]:
    """Return the state of NumPy's global generator: its words, and how many of them were used."""
    state = np.random.get_state(legacy=False)  # noqa: NPY002  (the legacy generator is what is watched)
    assert isinstance(state, dict)
    return (*state["state"]["key"].tolist(), state["state"]["pos"], state["has_gauss"])


def _require(holds: object, task: Task, clause: str) -> None:
    if not holds:
        raise NonConforming(f"task '{task.name}': {clause}")


def _check_arrays(task: Task, batch: TrialBatch, n: int, largest: float) -> None:
    for name, array, channels in (
        ("inputs", batch.inputs, task.n_inputs),
        ("targets", batch.targets, task.n_outputs),
        ("mask", batch.mask, task.n_outputs),
    ):
        _require(array.dtype == np.float32, task, f"{name} are {array.dtype}, not float32")
        shape = (batch.steps, n, channels)
        _require(array.shape == shape, task, f"{name} are {array.shape}, not {shape} (time, trial, channel)")
        _require(np.isfinite(array).all(), task, f"{name} are not all finite")
        _require(array.flags.c_contiguous, task, f"{name} are not contiguous")
    _require((batch.mask >= 0).all(), task, "a loss weight is negative")
    _require((batch.mask.sum((0, 2)) > 0).all(), task, "nothing is weighed in some trial")
    reach = float(np.abs(batch.targets).max())
    _require(reach <= largest, task, f"a target is {reach:g}, out of reach (> {largest:g})")
    _require(len(batch.conditions) == n, task, "the table of conditions has not one row a trial")
    for facet in task.spec.facets:
        _require(facet in batch.conditions, task, f"facet '{facet}' is not in the table of conditions")


def _check_epochs(task: Task, batch: TrialBatch) -> None:
    edges = list(batch.epochs.values())
    _require([*batch.epochs] == [e.name for e in task.spec.epochs], task, "the epochs are not those described")
    _require((edges[0][:, 0] == 0).all(), task, "a trial does not begin with its first epoch")
    for before, after in pairwise(edges):
        _require((before[:, 1] == after[:, 0]).all(), task, "an epoch does not begin where the one before ends")
    _require(all((e[:, 1] >= e[:, 0]).all() for e in edges), task, "an epoch ends before it begins")
    _require((batch.lengths >= 1).all(), task, "a trial has no step")
    _require(batch.lengths.max() == batch.steps, task, "the batch is not as long as its longest trial")


def _check_padding(task: Task, batch: TrialBatch) -> None:
    _require(not batch.inputs[~batch.valid].any(), task, "something is shown after the end of a trial")
    _require(not batch.mask[~batch.valid].any(), task, "something is weighed after the end of a trial")


def _check_seeds(task: Task, batch: TrialBatch, n: int, seed: int) -> None:
    other = task.batch(n, seed + 1)
    _require(not _same(batch, other), task, "another seed gives the same batch")
    _require(_same(batch, task.batch(n, seed)), task, "the same seed gives another batch")


def _same(one: TrialBatch, two: TrialBatch) -> bool:
    pairs = [(getattr(one, part), getattr(two, part)) for part in ("inputs", "targets", "mask")]
    pairs += [(one.columns[name], two.columns[name]) for name in one.columns]
    return all(_equal(a, b) for a, b in pairs)


def _equal(one: npt.NDArray[np.generic], two: npt.NDArray[np.generic]) -> bool:
    return np.array_equal(one, two, equal_nan=one.dtype.kind == "f" and two.dtype.kind == "f")


def _check_answers(task: Task, batch: TrialBatch, ignorant: float) -> None:
    right = batch.correct(batch.targets)
    _require(right.shape == (len(batch),) and right.dtype == bool, task, "correctness is not one truth value a trial")
    _require(right.all(), task, f"the targets themselves are correct in only {right.mean():.0%} of the trials")
    for constant in CONSTANTS:
        share = task.performance(np.full_like(batch.targets, constant), batch)
        _require(
            share < ignorant, task, f"outputs that are always {constant:g} are correct in {share:.0%} of the trials"
        )
