"""N-bit flip-flop: remember the sign of the last pulse on each of several channels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput
from tertium.tasks.channels import Vector
from tertium.tasks.course import TrialCourse
from tertium.tasks.noise import Noise
from tertium.tasks.response_rules import ResponseRule
from tertium.tasks.spec import Epoch, LossWeight, Series, Stimulus, Stream, Target, TaskSpec

if TYPE_CHECKING:
    from tertium.tasks.trial_batch import TrialBatch


def flip_flop(
    *,
    bits: int = 3,
    dt: float = 0.01,
    duration: float = 5.0,
    rate: float = 2.0,
    pulse: float = 0.01,
    noise: float = 0.15,
    blind: float = 0.04,
    fraction: float = 0.95,
) -> TaskSpec:
    """Keep each output at the sign of the last pulse on its input (Sussillo & Barak 2013).

    The first step carries a pulse on every channel, so that there is always something to remember. The defaults are
    the settings of the Computation-through-Dynamics Benchmark (500 steps, a flip of either sign with probability 0.01
    a step, noise 0.15, 4 blind steps), whose step we call 10 ms; Sussillo & Barak do not state theirs. The benchmark's
    loss is blind after changes of the target only, ours after every pulse.

    Parameters
    ----------
    bits : int
        Number of channels.
    dt : float
        Time step in seconds.
    duration : float
        Seconds.
    rate : float
        Pulses per second on each channel, of either sign.
    pulse : float
        Width of a pulse in seconds.
    noise : float
        Standard deviation of the noise on each sample of the inputs, as the benchmark has it. It is not scaled with
        ``dt``: at half the step, what a unit that integrates collects of it in a second is smaller by sqrt(2). Scale it
        by sqrt(0.01 / dt) for the same disturbance at another step.
    blind : float
        Seconds from a pulse on that do not count, on its own channel: neither in the loss nor in the judgement.
    fraction : float
        Smallest fraction of the steps of a trial, over all channels, that must have the right sign.
    """
    if bits < 1:
        raise BadInput("bits of the flip-flop", got=f"{bits}", expected="an integer >= 1", repair="Pass bits=3.")
    return TaskSpec(
        name="flip_flop",
        what="Keep each output at the sign of the last pulse on its input.",
        cite="Sussillo & Barak 2013 Neural Computation",
        dt=dt,
        epochs=(Epoch("memory", duration),),
        inputs=(Vector("pulse", bits),),
        outputs=(Vector("memory", bits),),
        conditions={},
        stimuli=(Stimulus("pulse", Series(_shown(pulse)), "memory"),),
        targets=(Target("memory", Series(lambda course: course.streams["state"]), "memory"),),
        weights=(LossWeight(1.0, "memory", where=Series(lambda course: _counts(course.streams, blind, course.dt))),),
        response=TracksBits(blind, fraction),
        noise={"pulse": Noise(noise, "sample")},
        streams={"pulses": _pulses(bits, rate), "state": _state},
    )


@dataclass(frozen=True)
class TracksBits(ResponseRule):
    """The answer is the sign of each output at each step; correct where nearly all of them are right.

    Parameters
    ----------
    blind : float
        Seconds after a pulse, on its own channel, that do not count.
    fraction : float
        Smallest fraction of the other steps that must be right.
    """

    blind: float
    fraction: float

    def read(self, outputs: npt.NDArray[Any], batch: TrialBatch) -> npt.NDArray[Any]:
        """Return the fraction of counted steps with the right sign, shape (trial,)."""
        counted = _counts(batch.streams, self.blind, batch.dt) & batch.valid[..., None]
        right = (np.sign(outputs) == batch.streams["state"]) & counted
        return np.asarray(right.sum((0, 2)) / np.maximum(counted.sum((0, 2)), 1))

    def correct(self, outputs: npt.NDArray[Any], batch: TrialBatch) -> npt.NDArray[np.bool_]:
        """Return where the fraction is large enough."""
        return np.asarray(self.read(outputs, batch) >= self.fraction)


def _pulses(bits: int, rate: float) -> Stream:
    def draw(rng: np.random.Generator, course: TrialCourse) -> npt.NDArray[Any]:
        shape = (course.steps, course.n, bits)
        pulsed = rng.random(shape) < rate * course.dt
        pulsed[:1] = True
        return pulsed * rng.choice((-1.0, 1.0), shape)

    return draw


def _state(rng: np.random.Generator, course: TrialCourse) -> npt.NDArray[Any]:
    """Return the sign of the last pulse, shape (time, trial, bit)."""
    pulses = course.streams["pulses"]
    last = np.arange(course.steps)[:, None, None] - _steps_since_pulse(pulses)
    return np.take_along_axis(pulses, last, axis=0)


def _shown(width: float) -> Any:
    def show(course: TrialCourse) -> npt.NDArray[Any]:
        lasting = _steps_since_pulse(course.streams["pulses"]) < max(1, round(width / course.dt))
        return np.asarray(course.streams["state"] * lasting)

    return show


def _counts(streams: Mapping[str, npt.NDArray[Any]], blind: float, dt: float) -> npt.NDArray[np.bool_]:
    """Return the steps that are not blinded by a pulse on their own channel, shape (time, trial, bit)."""
    return _steps_since_pulse(streams["pulses"]) >= round(blind / dt)


def _steps_since_pulse(pulses: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    grid = np.arange(len(pulses))[:, None, None]
    return np.asarray(grid - np.maximum.accumulate(np.where(pulses != 0, grid, 0), axis=0))
