"""The moving average of marked pulses: values come and go, so that two of them must be kept in the network."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from tertium.tasks import make
from tertium.tasks.course import TrialCourse
from tertium.tasks.spec import LossWeight, Series, Stimulus, Stream, Target
from tertium.tasks.task import Task

Floats = npt.NDArray[np.floating]


def pulsed_average(
    *,
    points: int = 2,
    dt: float = 0.02,
    duration: float = 8.0,
    pulse: float = 0.1,
    gap: float = 0.6,
    rate: float = 2.0,
    marked: float = 0.75,
    grace: float = 0.1,
    tolerance: float = 0.1,
) -> Task:
    """Return the task: put out the mean of the last marked values, each shown as a short pulse.

    `tertium.tasks.make("moving_average")` holds each value until the next mark: the newest need not be remembered,
    being there. Here values are pulses, some come without a mark and must be ignored, and between pulses both inputs
    are zero, so that what the output is made of is kept by the network alone.

    Parameters
    ----------
    points : int
        How many of the last marked values are averaged; those before the first count as 0.
    dt, duration : float
        Time step and length of a trial, seconds.
    pulse : float
        Seconds of a value's pulse, and of its mark.
    gap : float
        Seconds from the beginning of a pulse in which no other begins.
    rate : float
        Pulses per second after that.
    marked : float
        Share of pulses that come with a mark.
    grace : float
        Seconds after each pulse in which errors do not count, nor do they in the pulse.
    tolerance : float
        Largest root-mean-square error of a correct trial.

    Examples
    --------
    >>> batch = pulsed_average(duration=2.0).batch(4, seed=1)
    >>> batch.inputs.shape, bool((batch.inputs[..., 0] == 0).mean() > 0.5)
    ((100, 4, 2), True)
    """
    spec = make(
        "moving_average", dt=dt, duration=duration, points=points, shortest_gap=gap, rate=rate, tolerance=tolerance
    ).spec
    width, rest = round(pulse / dt), round((pulse + grace) / dt)

    def value(course: TrialCourse) -> Floats:
        values = np.take_along_axis(course.streams["values"], _number(course), axis=0)
        return np.asarray(np.where(_since(course) < width, values, 0.0))

    def mark(course: TrialCourse) -> Floats:
        given = np.take_along_axis(course.streams["given"], _number(course), axis=0)
        return np.asarray((_since(course) < width) & given, dtype=np.float64)

    def mean(course: TrialCourse) -> Floats:
        return np.asarray(sum(_back(course, k) for k in range(points)) / points)

    return Task(
        replace(
            spec,
            what="Keep the mean of the last marked values, which come as pulses.",
            stimuli=(Stimulus("value", Series(value), "average"), Stimulus("mark", Series(mark), "average")),
            targets=(Target("average", Series(mean), "average"),),
            weights=(LossWeight(1.0, "average", where=Series(lambda course: _since(course) >= rest)),),
            streams={**spec.streams, "given": _given(marked)},
        )
    )


def interval(gap: float, rate: float, marked: float) -> float:
    """Return the mean seconds from a mark to the next.

    Examples
    --------
    >>> interval(0.5, 2.0, 0.5)
    2.0
    """
    return (gap + 1 / rate) / marked


def _given(share: float) -> Stream:
    """Return the stream of which pulses come with a mark: row k of pulse k, row 0 of none; (time + 1, trial)."""

    def draw(rng: np.random.Generator, course: TrialCourse) -> npt.NDArray[Any]:
        drawn = rng.random((course.steps, course.n)) < share
        return np.concatenate([np.zeros((1, course.n), dtype=bool), drawn])

    return draw


def _number(course: TrialCourse) -> npt.NDArray[np.int64]:
    """Return the number of the latest pulse at each step, 0 before the first, (time, trial)."""
    return np.maximum.accumulate(course.streams["marks"], axis=0)


def _since(course: TrialCourse) -> npt.NDArray[np.int64]:
    """Return the steps since the latest pulse began, (time, trial); very many before the first."""
    begun = np.where(course.streams["marks"] > 0, course.grid, -(10**6))
    return np.asarray(course.grid - np.maximum.accumulate(begun, axis=0))


def _back(course: TrialCourse, k: int) -> Floats:
    """Return the marked value that came ``k`` marks before the latest, at each step, 0 where there is none."""
    given, values = course.streams["given"], course.streams["values"]
    rank = np.cumsum(given, axis=0)
    in_order = np.zeros_like(values)
    pulse, trial = np.nonzero(given)
    in_order[rank[pulse, trial], trial] = values[pulse, trial]
    wanted = np.take_along_axis(rank, _number(course), axis=0) - k
    return np.take_along_axis(in_order, np.maximum(wanted, 0), axis=0)  # row 0 is 0
