"""The comparison task of Orhan & Ma 2019: which of two values, a delay apart, is larger."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tertium.tasks.channels import Channel, Vector
from tertium.tasks.course import TrialCourse
from tertium.tasks.distributions import Uniform
from tertium.tasks.memory.orientation import AboveHalf, poisson_counts
from tertium.tasks.spec import Epoch, LossWeight, Series, Stimulus, Stream, Target, TaskSpec
from tertium.tasks.task import Task

#: Values are drawn from -LARGEST to LARGEST; preferred values reach a little farther; width of the tuning.
LARGEST, FARTHEST, WIDTH = 40.0, 50.0, 10.0


def tuning(values: npt.NDArray[np.floating], units: int) -> npt.NDArray[np.floating]:
    """Return activities of Gaussian tuned units relative to their largest, shape (trial, unit).

    Examples
    --------
    >>> tuning(np.array([0.0]), 11).round(3)[0, 4:7].tolist()
    [0.607, 1.0, 0.607]
    """
    apart = np.asarray(values)[:, None] - np.linspace(-FARTHEST, FARTHEST, units)
    return np.asarray(np.exp(-((apart / WIDTH) ** 2) / 2))


def comparison(
    *,
    dt: float = 0.01,
    units: int = 50,
    stimulus: float = 0.25,
    delay: float = 1.0,
    test: float = 0.25,
    spontaneous: float = 0.1,
) -> Task:
    """Tell whether the value shown before a delay is larger than the one after it (Orhan & Ma 2019, task COMP).

    As `change_detection`, but with Gaussian tuning to values from -40 to 40, and 1 where the first value is larger.

    Parameters
    ----------
    dt : float
        Time step in seconds.
    units : int
        Input units, preferred values spread over [-50, 50].
    stimulus, delay, test : float
        Seconds.
    spontaneous : float
        Spikes per second of a unit while nothing is shown.

    Examples
    --------
    >>> batch = comparison().batch(100, seed=0)
    >>> bool(np.all(batch.columns["larger"] == (batch.columns["before"] > batch.columns["after"])))
    True
    """
    shown = {"stimulus": "before", "test": "after"}

    def draw(rng: np.random.Generator, course: TrialCourse) -> npt.NDArray[np.int64]:
        expected = np.full((course.steps, course.n, units), spontaneous * course.dt)
        for epoch, condition in shown.items():
            steps = np.maximum(course.stop(epoch) - course.start(epoch), 1)
            each_step = tuning(course.columns[condition], units) / steps[:, None]
            np.copyto(expected, each_step, where=course.during(epoch)[..., None])
        return poisson_counts(rng, expected)

    stream: Stream = draw
    return Task(
        TaskSpec(
            name="comparison",
            what="Tell whether the value before the delay is larger than the one after it.",
            cite="Orhan & Ma 2019 Nature Neuroscience",
            dt=dt,
            epochs=(Epoch("stimulus", stimulus), Epoch("delay", delay), Epoch("test", test)),
            inputs=(Vector("value", units),),
            outputs=(Channel("larger"),),
            conditions={
                "before": Uniform(-LARGEST, LARGEST),
                "after": Uniform(-LARGEST, LARGEST),
                "larger": lambda c: (c["before"] > c["after"]).astype(np.int64),
            },
            stimuli=(Stimulus("value", Series(lambda c: c.streams["counts"]), ("stimulus", "delay", "test")),),
            targets=(Target("larger", "larger", "test"),),
            weights=(LossWeight(1.0, "test"),),
            response=AboveHalf("larger", "larger", "test"),
            streams={"counts": stream},
            facets=("larger",),
        )
    )
