"""Running operations on inputs: sine waves whose frequency an input sets, and the mean of the last two values."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput
from tertium.tasks.channels import Channel
from tertium.tasks.course import TrialCourse
from tertium.tasks.distributions import Choice
from tertium.tasks.noise import Noise
from tertium.tasks.response_rules import FollowsTarget
from tertium.tasks.spec import Epoch, LossWeight, Series, Stimulus, Stream, Target, TaskSpec, lasting


def sine_generator(
    *,
    dt: float = 0.01,
    frequencies: int = 51,
    lowest: float = 1.0,
    highest: float = 6.0,
    settle: float = 0.0,
    duration: float = 5.0,
    noise: float = 0.0,
    tolerance: float = 0.2,
) -> TaskSpec:
    """Put out a sine wave whose frequency a constant input sets (Sussillo & Barak 2013).

    The input of frequency j of J is ``j / J + 0.25``; the target is ``sin(omega_j t)``. The 51 levels follow the paper
    to the best of our knowledge; its frequencies, in units of its time constant, could not be checked: those here are
    ours.

    Parameters
    ----------
    dt : float
        Time step in seconds.
    frequencies : int
        How many.
    lowest, highest : float
        Range of omega in radians per second, evenly spaced.
    settle : float
        Seconds of input before the wave starts and is asked for.
    duration : float
        Seconds of the wave.
    noise : float
        Standard deviation of the noise on the input after a leaky unit of 100 ms; present throughout the trial.
    tolerance : float
        Largest root-mean-square error.

    Raises
    ------
    BadInput
        If there is no frequency.
    """
    if frequencies < 1:
        raise BadInput("sine generator", got=f"{frequencies} frequencies", expected="at least 1")
    omegas = np.linspace(lowest, highest, frequencies)

    def wave(course: TrialCourse) -> npt.NDArray[np.floating]:
        return np.asarray(np.sin(course.columns["omega"] * course.since("wave")))

    return TaskSpec(
        name="sine_generator",
        what="Put out a sine wave whose frequency a constant input sets.",
        cite="Sussillo & Barak 2013 Neural Computation",
        dt=dt,
        epochs=lasting(settle=settle, wave=duration),
        inputs=(Channel("frequency"),),
        outputs=(Channel("wave"),),
        conditions={
            "index": Choice(tuple(range(frequencies))),
            "omega": lambda c: omegas[c["index"]],
            "level": lambda c: (c["index"] + 1) / frequencies + 0.25,
        },
        stimuli=(Stimulus("frequency", "level", ("settle", "wave")),),
        targets=(Target("wave", Series(wave), "wave"),),
        weights=(LossWeight(1.0, "wave"),),
        response=FollowsTarget(tolerance),
        noise={"frequency": Noise(noise, "leaky", tau=0.1)},
    )


def moving_average(
    *,
    dt: float = 0.01,
    duration: float = 5.0,
    points: int = 2,
    shortest_gap: float = 0.1,
    rate: float = 2.0,
    noise: float = 0.0,
    tolerance: float = 0.1,
) -> TaskSpec:
    """Keep the mean of the last two values that were marked (the 2-point moving average of Sussillo & Barak 2013).

    One input is a value in [-1, 1), held from mark to mark; the other marks, for one step, when it takes a new one.
    Values before the first count as 0. The paper's times could not be checked; those here are ours.

    Parameters
    ----------
    dt : float
        Time step in seconds.
    duration : float
        Seconds.
    points : int
        How many of the last values are averaged.
    shortest_gap : float
        Seconds in which no mark follows a mark.
    rate : float
        Marks per second after that.
    noise : float
        Standard deviation of the noise on the value after a leaky unit of 100 ms; present throughout the trial.
    tolerance : float
        Largest root-mean-square error.

    Raises
    ------
    BadInput
        If no value is averaged.
    """
    if points < 1:
        raise BadInput("moving average", got=f"{points} points", expected="at least 1", repair="Pass points=2.")
    return TaskSpec(
        name="moving_average",
        what="Keep the mean of the last two values that were marked.",
        cite="Sussillo & Barak 2013 Neural Computation",
        dt=dt,
        epochs=(Epoch("average", duration),),
        inputs=(Channel("value"), Channel("mark")),
        outputs=(Channel("average"),),
        conditions={},
        stimuli=(
            Stimulus("value", Series(lambda course: _held(course, 1)), "average"),
            Stimulus("mark", Series(lambda course: (course.streams["marks"] > 0).astype(float)), "average"),
        ),
        targets=(Target("average", Series(lambda course: _held(course, points)), "average"),),
        weights=(LossWeight(1.0, "average"),),
        response=FollowsTarget(tolerance),
        noise={"value": Noise(noise, "leaky", tau=0.1)},
        streams={"marks": _marks(shortest_gap, rate), "values": _values},
    )


def _marks(shortest_gap: float, rate: float) -> Stream:
    """Return the stream that holds the number of a mark, from 1, at its step and 0 elsewhere."""

    def draw(rng: np.random.Generator, course: TrialCourse) -> npt.NDArray[Any]:
        gap = max(1, round(shortest_gap / course.dt))
        most = course.steps // gap + 1
        waits = gap + rng.geometric(min(1.0, rate * course.dt), size=(most, course.n)) - 1
        waits[0] -= gap  # the first may come at once
        at = np.cumsum(waits, axis=0)
        marks = np.zeros((course.steps, course.n), dtype=np.int64)
        number, trial = np.nonzero(at < course.steps)
        marks[at[number, trial], trial] = number + 1
        return marks

    return draw


def _values(rng: np.random.Generator, course: TrialCourse) -> npt.NDArray[np.floating]:
    """Return the stream of values: row k is the value of the k-th mark, row 0 is 0; shape (time + 1, trial)."""
    return np.concatenate([np.zeros((1, course.n)), rng.uniform(-1, 1, (course.steps, course.n))])


def _held(course: TrialCourse, points: int) -> npt.NDArray[np.floating]:
    """Return the mean of the last few marked values at each step, shape (time, trial)."""
    latest = np.maximum.accumulate(course.streams["marks"], axis=0)
    values, trial = course.streams["values"], np.arange(course.n)
    return np.asarray(sum(values[np.maximum(latest - k, 0), trial] for k in range(points)) / points)
