"""Lessons: easier tasks that come before the one to be learned, each until it is mastered; and their batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real

from tertium.errors import BadInput
from tertium.rng import Seeds
from tertium.tasks.engine.ahead import Prefetch, prefetch
from tertium.tasks.task import TaskLike
from tertium.tasks.trial_batch import TrialBatch


@dataclass(frozen=True)
class Lesson:
    """A task, and the performance at which it counts as learned.

    Parameters
    ----------
    task : TaskLike
        What is trained and validated.
    until : float, optional
        Performance on fresh trials, 0 to 1, at which the lesson ends; None for never.
    checks : int
        At so many validations in a row.

    Raises
    ------
    BadInput
        If the task is none, ``until`` is not in (0, 1] or ``checks`` is not positive.
    """

    task: TaskLike
    until: float | None = None
    checks: int = 1

    def __post_init__(self) -> None:
        if not hasattr(self.task, "batch"):
            raise BadInput(
                "task of a lesson",
                got=repr(self.task),
                expected="a task",
                repair="Make it first: tertium.tasks.make('go_nogo').",
            )
        if self.until is not None and not (isinstance(self.until, Real) and 0 < self.until <= 1):
            raise BadInput(
                "until", got=repr(self.until), expected="a fraction correct in (0, 1]", repair="Pass until=0.95."
            )
        if isinstance(self.checks, bool) or not isinstance(self.checks, int) or self.checks < 1:
            raise BadInput("checks", got=repr(self.checks), expected="an integer >= 1")

    def reached(self, performance: float) -> bool:
        """Return whether one validation was good enough."""
        return self.until is not None and performance >= self.until


def lessons(before: Sequence[Lesson], last: Lesson) -> tuple[Lesson, ...]:
    """Return the whole course: the lessons of a curriculum, then the task itself.

    Raises
    ------
    BadInput
        If something is no lesson, has no end, or other channels or another time step than the task.
    """
    if not isinstance(before, Sequence) or not all(isinstance(lesson, Lesson) for lesson in before):
        raise BadInput(
            "curriculum", got=repr(before), expected="a list of lessons", repair="Pass [Lesson(task, until=0.9)]."
        )
    course = (*before, last)
    want = (last.task.n_inputs, last.task.n_outputs, last.task.dt)
    for number, lesson in enumerate(before):
        if lesson.until is None:
            raise BadInput(
                f"lesson {number} of the curriculum",
                got="until=None",
                expected="a performance at which it ends",
                repair="Pass Lesson(task, until=0.9).",
            )
        have = (lesson.task.n_inputs, lesson.task.n_outputs, lesson.task.dt)
        if have != want:
            raise BadInput(
                f"lesson {number} of the curriculum",
                got="{} inputs, {} outputs, dt={:g} s".format(*have),
                expected="those of the task: {} inputs, {} outputs, dt={:g} s".format(*want),
            )
    return course


class Batches:
    """The batch of each step, which depends on the seed and the number of the step alone; made ahead where wanted.

    Parameters
    ----------
    n : int
        Trials of a batch.
    steps : int
        Steps of the whole training.
    seeds : Seeds
        Seeds of the training.
    ahead : int
        Threads that make the batches of the next steps; 0 makes each when it is asked for.
    """

    def __init__(self, n: int, steps: int, seeds: Seeds, ahead: int) -> None:
        self._n, self._steps, self._seeds, self._ahead = n, steps, seeds, ahead
        self._lesson: Lesson | None = None
        self._made: Prefetch | None = None

    def __enter__(self) -> Batches:
        return self

    def __exit__(self, *_: object) -> None:
        if self._made is not None:
            self._made.close()

    def seed(self, step: int) -> int:
        """Return the seed of a step's batch: ``task.batch(n, seed)`` draws it again."""
        return self._seeds.integer(f"batch {step}")

    def at(self, step: int, lesson: Lesson) -> TrialBatch:
        """Return the batch of a step; steps are asked for one after the other."""
        if self._made is None or lesson is not self._lesson:
            self.__exit__()  # what was made ahead of the last lesson is dropped
            seeds = (self.seed(later) for later in range(step, self._steps))
            self._made, self._lesson = prefetch(lesson.task, self._n, seeds, workers=self._ahead), lesson
        return next(self._made)
