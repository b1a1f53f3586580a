"""The adding problem: the sum of the two numbers of a sequence that were marked."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput
from tertium.tasks.channels import Channel
from tertium.tasks.course import TrialCourse
from tertium.tasks.distributions import Columns, Given
from tertium.tasks.sequence.near_value import NearValue
from tertium.tasks.spec import LossWeight, Series, Stimulus, Target, TaskSpec, lasting


def adding(*, length: int = 100, dt: float = 0.01, tolerance: float = 0.04) -> TaskSpec:
    """Report the sum of the two marked numbers of a long sequence (Hochreiter & Schmidhuber 1997).

    At each step a number, uniform in [0, 1), and a marker are shown. One step of the first half and one of the second
    is marked. The sum is asked for at the last step only; always answering 1 has a mean squared error of 1/6. This is
    the simplified form of the problem (Le, Jaitly & Hinton 2015); the original draws lengths and shows -1 at the ends.

    Parameters
    ----------
    length : int
        Numbers, one a step.
    dt : float
        Seconds that one step stands for; the task is in steps.
    tolerance : float
        Largest error that counts as correct (0.04 in Hochreiter & Schmidhuber).

    Raises
    ------
    BadInput
        If the sequence has fewer than two numbers.
    """
    if length < 2:
        raise BadInput("length of the adding problem", got=f"{length}", expected=">= 2", repair="Pass length=100.")
    half = length // 2
    return TaskSpec(
        name="adding",
        what="Report the sum of the two marked numbers of a sequence.",
        cite="Hochreiter & Schmidhuber 1997 Neural Computation",
        dt=dt,
        epochs=lasting(sequence=(length - 1) * dt, answer=dt),
        inputs=(Channel("number"), Channel("marker")),
        outputs=(Channel("sum"),),
        conditions={
            "numbers": Given(lambda rng, drawn, n: rng.random((n, length))),
            "first": Given(lambda rng, drawn, n: rng.integers(half, size=n)),
            "second": Given(lambda rng, drawn, n: rng.integers(half, length, size=n)),
            "sum": _sum,
        },
        stimuli=(
            Stimulus("number", Series(lambda course: course.columns["numbers"].T), ("sequence", "answer")),
            Stimulus("marker", Series(_marker), ("sequence", "answer")),
        ),
        targets=(Target("sum", "sum", "answer"),),
        weights=(LossWeight(1.0, "answer"),),
        response=NearValue("sum", "sum", "answer", tolerance),
    )


def _sum(drawn: Columns) -> npt.NDArray[np.floating]:
    trial = np.arange(len(drawn["first"]))
    return np.asarray(drawn["numbers"][trial, drawn["first"]] + drawn["numbers"][trial, drawn["second"]])


def _marker(course: TrialCourse) -> npt.NDArray[np.floating]:
    marked = (course.grid == course.columns["first"]) | (course.grid == course.columns["second"])
    return marked.astype(np.float64)
