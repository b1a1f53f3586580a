"""Batches made ahead of the step that needs them, in background threads, with unchanged results."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any

from tertium.errors import BadInput
from tertium.rng import Seeds
from tertium.tasks.task import TaskLike
from tertium.tasks.trial_batch import TrialBatch


class Prefetch(Iterator[TrialBatch]):
    """An iterator over batches that are being made ahead; made by `prefetch`. Closing it twice does no harm."""

    def __init__(
        self, task: TaskLike, n: int, seeds: Iterable[int | Seeds], workers: int, fixed: dict[str, Any]
    ) -> None:
        # the threads hold the task, not this object: so it can be dropped while they work
        self._make: Callable[[int | Seeds], TrialBatch] = lambda seed: task.batch(n, seed, **fixed)
        self._seeds = iter(seeds)
        self._ahead = 2 * workers
        self._pending: deque[Future[TrialBatch]] = deque()
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="tertium-prefetch") if workers else None

    def __next__(self) -> TrialBatch:
        try:
            if self._pool is None:
                return self._make(next(self._seeds))
            self._fill()
            if not self._pending:
                raise StopIteration
            batch = self._pending.popleft().result()
            self._fill()
            return batch
        except BaseException:  # also Ctrl-C while waiting: no thread is left behind
            self.close()
            raise

    def __enter__(self) -> Prefetch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        self._stop(wait=False)

    def close(self) -> None:
        """Drop what has not been asked for and end the threads, after the batch each is at."""
        self._stop(wait=True)

    def _stop(self, *, wait: bool) -> None:
        self._seeds = iter(())
        while self._pending:
            self._pending.pop().cancel()
        if self._pool is not None:
            self._pool.shutdown(wait=wait, cancel_futures=True)
            self._pool = None

    def _fill(self) -> None:
        # a bounded lead: with endless seeds memory stays that of a few batches
        while self._pool is not None and len(self._pending) < self._ahead:
            seed = next(self._seeds, None)
            if seed is None:
                return
            self._pending.append(self._pool.submit(self._make, seed))


def prefetch(task: TaskLike, n: int, seeds: Iterable[int | Seeds], workers: int = 1, **fixed: Any) -> Prefetch:
    """Make batches ahead of the step that needs them.

    The batches, and their order, are those of ``task.batch(n, seed, **fixed)`` for each seed in turn; NumPy works
    beside torch, since both let go of Python's lock in their loops. Use it in a ``with`` statement: then the threads
    end with it, also on an error or Ctrl-C.

    Parameters
    ----------
    task : TaskLike
        A `Task` or a `TaskSet` (whose ``batch`` keeps no state).
    n : int
        Trials of a batch.
    seeds : iterable of int or Seeds
        One for each batch; may be endless (``itertools.count()``).
    workers : int
        Threads; each has at most two batches in hand. With 0, batches are made when they are asked for.
    **fixed
        Conditions and durations that are given rather than drawn.

    Raises
    ------
    BadInput
        If ``workers`` is negative. An error in making a batch is raised in its turn.

    Examples
    --------
    >>> from tertium.tasks import make
    >>> task = make("context_decision")
    >>> with prefetch(task, 8, seeds=range(3)) as batches:
    ...     first = [float(batch.inputs[10, 0, 1]) for batch in batches]
    >>> first == [float(task.batch(8, seed).inputs[10, 0, 1]) for seed in range(3)]
    True
    """
    if isinstance(workers, bool) or workers != int(workers) or workers < 0:
        raise BadInput("workers", got=repr(workers), expected="an integer >= 0", repair="Pass workers=1.")
    return Prefetch(task, n, seeds, int(workers), fixed)
