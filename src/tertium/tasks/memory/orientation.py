"""Delayed estimation and change detection of orientations that noisy tuned units show (Orhan & Ma 2019)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium.tasks.channels import Channel, Vector
from tertium.tasks.course import TrialCourse
from tertium.tasks.distributions import Distribution, Given, Uniform
from tertium.tasks.response_rules import ResponseRule, mean_during
from tertium.tasks.sequence.near_value import NearValue
from tertium.tasks.spec import LossWeight, Series, Stimulus, Stream, Target, TaskSpec, lasting

if TYPE_CHECKING:
    from tertium.tasks.trial_batch import TrialBatch


def delayed_estimation(
    *,
    dt: float = 0.01,
    units: int = 50,
    stimulus: float = 0.25,
    delay: float | Distribution = 1.0,
    response: float = 0.25,
    kappa: float = 2.0,
    gain: float = 1.0,
    spontaneous: float = 0.1,
    poisson: bool = True,
    tolerance: float = 0.2,
) -> TaskSpec:
    """Remember an orientation through a delay and report it as a number (Orhan & Ma 2019, task DE-1).

    Fixed delay by default; ``delay=Choice((0.1, 0.4, 0.7, 1.0))`` is the paper's variable delay. The periods are 25,
    100 and 25 steps in the paper's code; we call a step 10 ms. The error counts during the response only (the
    orientation is the target throughout the trial in the paper's code, which counts a part of it).

    Parameters
    ----------
    dt : float
        Time step in seconds.
    units : int
        Input units, preferred orientations spread over [0, pi] (both ends, as in the paper's code).
    stimulus, delay, response : float or Distribution
        Seconds.
    kappa : float
        Concentration of the tuning, ``exp(kappa (cos 2(s - phi) - 1))``.
    gain : float
        Spikes of a unit at its preferred orientation, expected over the whole stimulus.
    spontaneous : float
        Spikes per second of a unit while nothing is shown. 0.1 over a delay of 1 s is the paper's; its code has the
        same count over the (shorter) response when the delay is fixed, and the same rate when it varies.
    poisson : bool
        Inputs are Poisson counts in each step; if not, their expected values.
    tolerance : float
        Largest error in radians, round the circle of orientations, that counts as correct; ours. The population vector
        of the counts, with the defaults, errs by 0.115 (standard deviation) and is within 0.2 on 92 % of the trials.
    """
    tuned = Tuned(units, kappa)
    return TaskSpec(
        name="delayed_estimation",
        what="Remember an orientation through a delay and report it.",
        cite="Orhan & Ma 2019 Nature Neuroscience",
        dt=dt,
        epochs=lasting(stimulus=stimulus, delay=delay, response=response),
        inputs=(Vector("orientation", units),),
        outputs=(Channel("orientation"),),
        conditions={"orientation": Uniform(0, np.pi)},
        stimuli=(Stimulus("orientation", Series(lambda c: c.streams["counts"]), ("stimulus", "delay", "response")),),
        targets=(Target("orientation", "orientation", "response"),),
        weights=(LossWeight(1.0, "response"),),
        response=NearValue("orientation", "orientation", "response", tolerance, period=np.pi),
        streams={"counts": _counts(tuned, {"stimulus": ("orientation", gain)}, spontaneous, poisson)},
    )


def change_detection(
    *,
    dt: float = 0.01,
    units: int = 50,
    stimulus: float = 0.25,
    delay: float | Distribution = 1.0,
    test: float = 0.25,
    kappa: float = 2.0,
    gain: float = 1.0,
    spontaneous: float = 0.1,
    poisson: bool = True,
    smallest_change: float = 0.0,
) -> TaskSpec:
    """Tell whether the orientation shown after a delay is another one than before (Orhan & Ma 2019, task CD-1).

    On half of the trials the second orientation is drawn anew, so that a change can be too small to see. The answer
    is asked for while the test is shown: 1 for change, 0 for none. Times and tuning as in `delayed_estimation`.

    Parameters
    ----------
    dt : float
        Time step in seconds.
    units : int
        Input units, preferred orientations spread over [0, pi].
    stimulus, delay, test : float or Distribution
        Seconds; ``delay=Choice((0.1, 0.4, 0.7, 1.0))`` is the paper's variable delay.
    kappa, gain, spontaneous, poisson
        See `delayed_estimation`.
    smallest_change : float
        Radians round the circle of orientations, below pi / 2; 0 in the paper.
    """
    tuned = Tuned(units, kappa)
    shown = {"stimulus": ("before", gain), "test": ("after", gain)}
    return TaskSpec(
        name="change_detection",
        what="Tell whether the orientation after the delay is another one than before it.",
        cite="Orhan & Ma 2019 Nature Neuroscience",
        dt=dt,
        epochs=lasting(stimulus=stimulus, delay=delay, test=test),
        inputs=(Vector("orientation", units),),
        outputs=(Channel("change"),),
        conditions={
            "before": Uniform(0, np.pi),
            "change": Given(lambda rng, drawn, n: rng.integers(2, size=n)),
            "shift": Uniform(smallest_change, np.pi - smallest_change),
            "after": lambda c: np.where(c["change"] == 1, (c["before"] + c["shift"]) % np.pi, c["before"]),
        },
        stimuli=(Stimulus("orientation", Series(lambda c: c.streams["counts"]), ("stimulus", "delay", "test")),),
        targets=(Target("change", "change", "test"),),
        weights=(LossWeight(1.0, "test"),),
        response=AboveHalf("change", "change", "test"),
        streams={"counts": _counts(tuned, shown, spontaneous, poisson)},
        facets=("change",),
    )


@dataclass(frozen=True)
class Tuned:
    """Units with von Mises tuning to orientation.

    Parameters
    ----------
    units : int
        Preferred orientations spread evenly over [0, pi], both ends included.
    kappa : float
        Concentration.

    Examples
    --------
    >>> Tuned(3, 2.0)(np.array([0.0])).round(3).tolist()
    [[1.0, 0.018, 1.0]]
    """

    units: int
    kappa: float

    def __call__(self, orientation: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
        """Return activities relative to the preferred orientation's, shape (trial, unit)."""
        apart = orientation[:, None] - np.linspace(0, np.pi, self.units)
        return np.asarray(np.exp(self.kappa * (np.cos(2 * apart) - 1)))


@dataclass(frozen=True)
class AboveHalf(ResponseRule):
    """The answer is whether one output is above 0.5 in the mean of the response; correct where it should be."""

    correct_answer: str
    channel: str
    during: str

    def read(self, outputs: npt.NDArray[Any], batch: TrialBatch) -> npt.NDArray[Any]:
        """Return 1 for above, 0 for not."""
        return (mean_during(outputs[..., batch.block(self.channel)], batch, self.during)[:, 0] > 0.5).astype(int)

    def correct(self, outputs: npt.NDArray[Any], batch: TrialBatch) -> npt.NDArray[np.bool_]:
        """Return where the answer is the right one."""
        return np.asarray(self.read(outputs, batch) == batch.columns[self.correct_answer])


def _counts(tuned: Tuned, shown: dict[str, tuple[str, float]], spontaneous: float, poisson: bool) -> Stream:
    """Return the stream of spike counts; ``shown`` names the condition and the gain of each stimulus epoch."""

    def draw(rng: np.random.Generator, course: TrialCourse) -> npt.NDArray[Any]:
        expected = np.full((course.steps, course.n, tuned.units), spontaneous * course.dt)
        for epoch, (condition, gain) in shown.items():
            steps = np.maximum(course.stop(epoch) - course.start(epoch), 1)
            each_step = gain / steps[:, None] * tuned(course.columns[condition])
            np.copyto(expected, each_step, where=course.during(epoch)[..., None])
        return poisson_counts(rng, expected) if poisson else expected

    return draw


def poisson_counts(rng: np.random.Generator, expected: npt.NDArray[np.floating]) -> npt.NDArray[np.int64]:
    """Return independent Poisson counts with given expectations, shape as ``expected``.

    Where counts are rare this is some ten times as fast as drawing each: the total of all is one Poisson number, and
    each of its events falls on a cell with probability in proportion to the cell's expectation, independently.
    """
    upto = np.cumsum(expected)
    if not len(upto) or not upto[-1] > 0:
        return np.zeros(expected.shape, dtype=np.int64)
    events = upto[-1] * rng.random(rng.poisson(upto[-1]))
    cells = np.searchsorted(upto, events, side="right")
    return np.bincount(cells, minlength=expected.size).reshape(expected.shape)
