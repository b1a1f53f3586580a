"""An endless, reproducible stream of single trials, and what their channels can hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tertium.rng import Seeds
from tertium.tasks.channels import Channel
from tertium.tasks.task import Task
from tertium.tasks.task_set import TaskSet
from tertium.tasks.trial_batch import TrialBatch

#: Trials drawn at once, at most: one batch of 64 costs about as much as six single trials.
_AHEAD = 64


class TrialStream:
    """Trials of a task one after the other; the first is drawn alone, later ones ahead of their use in larger batches.

    Parameters
    ----------
    task : Task or TaskSet
        The task, or the set from which a task is drawn for each trial.
    seeds : Seeds
        The same seeds give the same trials in the same order.
    """

    def __init__(self, task: Task | TaskSet, seeds: Seeds) -> None:
        self._task, self._seeds = task, seeds
        # trials of one batch are of one task, and may share their timing: then each trial is drawn alone
        self._alone = isinstance(task, TaskSet) or task.spec.shared_timing
        self._batch: TrialBatch | None = None
        self._next, self._batches, self._given = 0, 0, 0

    def draw(self, fixed: Mapping[str, Any]) -> TrialBatch:
        """Return the next trial as a batch of one; with ``fixed`` conditions it comes from a stream of its own."""
        if fixed:
            self._given += 1
            return self._task.batch(1, self._seeds.child(f"given {self._given}"), **fixed)
        if self._batch is None or self._next == len(self._batch):
            size = 1 if self._alone else min(2 ** min(self._batches, 16), _AHEAD)
            self._batch = self._task.batch(size, self._seeds.child(f"batch {self._batches}"))
            self._next, self._batches = 0, self._batches + 1
        self._next += 1
        return one_trial(self._batch, self._next - 1)


def one_trial(batch: TrialBatch, trial: int) -> TrialBatch:
    """Return one trial of a batch as a batch of one, without padding.

    Examples
    --------
    >>> from tertium.tasks import make
    >>> batch = make("context_decision").batch(8)
    >>> one_trial(batch, 3).steps == int(batch.lengths[3])
    True
    """
    place, steps = slice(trial, trial + 1), int(batch.lengths[trial])
    return TrialBatch(
        batch.inputs[:steps, place],
        batch.targets[:steps, place],
        batch.mask[:steps, place],
        {name: edges[place] for name, edges in batch.epochs.items()},
        {name: values[place] for name, values in batch.columns.items()},
        {name: values[:steps, place] for name, values in batch.streams.items()},
        batch.dt,
        batch.spec,
    )


def block_ranges(
    values: npt.NDArray[Any], blocks: Sequence[Channel]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return the lowest and highest value of each block, repeated for its channels, 0 always among them.

    Parameters
    ----------
    values : array, shape (time, trial, channel)
        Inputs or targets of a batch.
    blocks : sequence of Channel
        The blocks along the last axis.
    """
    low, high, start = [], [], 0
    for block in blocks:
        part = values[..., start : start + block.size]
        low += [min(float(part.min(initial=0.0)), 0.0)] * block.size
        high += [max(float(part.max(initial=0.0)), 0.0)] * block.size
        start += block.size
    return np.array(low, dtype=np.float32), np.array(high, dtype=np.float32)
