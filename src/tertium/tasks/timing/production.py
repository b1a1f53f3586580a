"""Producing intervals: ready-set-go, one-two-three-go, and intervals that a cue names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput
from tertium.tasks.channels import Channel, OneHot
from tertium.tasks.course import TrialCourse
from tertium.tasks.distributions import Choice, Distribution, TruncatedExponential, Uniform
from tertium.tasks.noise import Noise
from tertium.tasks.response_rules import CrossingTime
from tertium.tasks.spec import LossWeight, Series, Stimulus, Target, TaskSpec, lasting

#: How the target of the ``go`` output looks: 1 from the right time on, or rising to 1 until then.
Shape = Literal["step", "ramp"]


def ready_set_go(
    *,
    dt: float = 0.01,
    interval: Distribution = Uniform(0.8, 1.5),
    gains: Sequence[float] = (1.0,),
    shape: Shape = "step",
    noise: float = 0.0,
    fixation: float | Distribution = 0.1,
    flash: float = 0.083,
    tolerance: float = 0.2,
) -> TaskSpec:
    """Measure the interval between ready and set, and go after it has passed again (Remington et al. 2018).

    Times are between onsets: from ready to set, and from set to go, the latter ``gain`` times the former.

    Parameters
    ----------
    dt : float
        Time step in seconds.
    interval : Distribution
        Seconds from ready to set.
    gains : sequence of float
        Factors by which the interval is to be stretched; with more than one, an input tells which from the start
        ((1.0, 1.5) in the paper).
    shape : {"step", "ramp"}
        The target: 1 from the right time on, or rising from 0 at set to 1 at the right time.
    noise : float
        Standard deviation of the noise on the flashes after a leaky unit of 100 ms; present throughout the trial.
    fixation, flash : float or Distribution
        Seconds; ``flash`` is the width of ready and of set.
    tolerance : float
        Largest relative error of the produced interval.
    """
    context = (OneHot("gain", len(gains)),) if len(gains) > 1 else ()
    factors = np.asarray(gains, dtype=np.float64)
    every = ("fixation", "ready", "wait", "set", "production")
    return TaskSpec(
        name="ready_set_go",
        what="Measure the interval between two flashes, and go after it has passed again.",
        cite="Remington, Narain, Hosseini & Jazayeri 2018 Neuron",
        dt=dt,
        epochs=lasting(
            fixation=fixation,
            ready=flash,
            wait=lambda c: _rest(c["interval"], flash, dt),
            set=flash,
            production=lambda c: 2 * c["production_time"],
        ),
        inputs=(Channel("fixation"), Channel("ready"), Channel("set"), *context),
        outputs=(Channel("go"),),
        conditions={
            "interval": interval,
            "gain_index": Choice(tuple(range(len(gains)))),
            "production_time": lambda c: c["interval"] * factors[c["gain_index"]],
        },
        stimuli=(
            Stimulus("fixation", 1.0, every[:-1]),
            Stimulus("ready", 1.0, "ready"),
            Stimulus("set", 1.0, "set"),
            *((Stimulus("gain", "gain_index", every),) if context else ()),
        ),
        targets=(Target("go", _go("set", "production_time", shape), ("set", "production")),),
        weights=(LossWeight(1.0, every),),
        response=_crossing("set", "production_time", shape, tolerance),
        noise={name: Noise(noise, "leaky", tau=0.1) for name in ("ready", "set")},
        facets=("gain_index",) if context else (),
    )


def one_two_three_go(
    *,
    dt: float = 0.01,
    interval: Distribution = Choice((0.6, 0.7, 0.8, 0.9, 1.0)),
    shape: Shape = "step",
    noise: float = 0.0,
    fixation: float | Distribution = TruncatedExponential(0.4, 0.1, 0.8),
    target: float | Distribution = TruncatedExponential(1.0, 0.5, 1.5),
    flash: float = 0.1,
    response: float = 1.0,
    tolerance: float = 0.2,
) -> TaskSpec:
    """See three flashes at equal intervals, and go when the fourth would come (Egger et al. 2019).

    Parameters
    ----------
    dt : float
        Time step in seconds.
    interval : Distribution
        Seconds between onsets of flashes, and from the third to the response.
    shape : {"step", "ramp"}
        The target: 1 from the right time on, or rising from 0 at the third flash to 1 at the right time.
    noise : float
        Standard deviation of the noise on the flashes after a leaky unit of 100 ms; present throughout the trial.
    fixation, target, flash, response : float or Distribution
        Seconds; ``response`` is what follows the right time. The defaults are those of the field's task collections.
    tolerance : float
        Largest relative error of the produced interval.
    """
    every = ("fixation", "target", "s1", "wait1", "s2", "wait2", "s3", "production")
    return TaskSpec(
        name="one_two_three_go",
        what="See three flashes at equal intervals, and go when the fourth would come.",
        cite="Egger, Remington, Chang & Jazayeri 2019 Nature Neuroscience",
        dt=dt,
        epochs=lasting(
            fixation=fixation,
            target=target,
            s1=flash,
            wait1=lambda c: _rest(c["interval"], flash, dt),
            s2=flash,
            wait2=lambda c: _rest(c["interval"], flash, dt),
            s3=flash,
            production=lambda c: _rest(c["interval"], flash, dt) + response,
        ),
        inputs=(Channel("fixation"), Channel("flash"), Channel("target")),
        outputs=(Channel("go"),),
        conditions={"interval": interval},
        stimuli=(
            Stimulus("fixation", 1.0, every),
            Stimulus("target", 1.0, every[1:]),
            Stimulus("flash", 1.0, ("s1", "s2", "s3")),
        ),
        targets=(Target("go", _go("s3", "interval", shape), ("s3", "production")),),
        weights=(LossWeight(1.0, every),),
        response=_crossing("s3", "interval", shape, tolerance),
        noise={"flash": Noise(noise, "leaky", tau=0.1)},
        facets=("interval",) if isinstance(interval, Choice) else (),
    )


def motor_timing(
    *,
    dt: float = 0.01,
    intervals: Sequence[float] = (0.8, 1.5),
    shape: Shape = "step",
    noise: float = 0.0,
    fixation: float | Distribution = 0.5,
    cue: float | Distribution = Uniform(1.0, 3.0),
    flash: float = 0.05,
    tolerance: float = 0.2,
) -> TaskSpec:
    """Produce, after set, the interval that a cue names (Wang, Narain, Hosseini & Jazayeri 2018).

    Parameters
    ----------
    dt : float
        Time step in seconds.
    intervals : sequence of float
        Seconds from set to the response; one cue input each.
    shape : {"step", "ramp"}
        The target: 1 from the right time on, or rising from 0 at set to 1 at the right time.
    noise : float
        Standard deviation of the noise on set after a leaky unit of 100 ms; present throughout the trial.
    fixation, cue, flash : float or Distribution
        Seconds; ``cue`` is the time from the cue to set, ``flash`` the width of set. The fixation is that of the
        field's task collections; the paper does not give it.
    tolerance : float
        Largest relative error of the produced interval.
    """
    named = np.asarray(intervals, dtype=np.float64)
    return TaskSpec(
        name="motor_timing",
        what="Produce the interval that a cue names.",
        cite="Wang, Narain, Hosseini & Jazayeri 2018 Nature Neuroscience",
        dt=dt,
        epochs=lasting(fixation=fixation, cue=cue, set=flash, production=lambda c: 2 * c["interval"]),
        inputs=(Channel("fixation"), OneHot("cue", len(named)), Channel("set")),
        outputs=(Channel("go"),),
        conditions={
            "cue_index": Choice(tuple(range(len(named)))),
            "interval": lambda c: named[c["cue_index"]],
        },
        stimuli=(
            Stimulus("fixation", 1.0, ("fixation", "cue", "set")),
            Stimulus("cue", "cue_index", ("cue", "set")),
            Stimulus("set", 1.0, "set"),
        ),
        targets=(Target("go", _go("set", "interval", shape), ("set", "production")),),
        weights=(LossWeight(1.0, ("fixation", "cue", "set", "production")),),
        response=_crossing("set", "interval", shape, tolerance),
        noise={"set": Noise(noise, "leaky", tau=0.1)},
        facets=("cue_index",),
    )


def _rest(interval: npt.NDArray[np.floating], flash: float, dt: float) -> npt.NDArray[np.floating]:
    """Return what is left of an interval between onsets after the flash, so that both together round as one."""
    rest = np.rint(interval / dt) - np.rint(flash / dt)
    if (rest < 0).any():
        raise BadInput(
            "interval between flashes",
            got=f"{interval.min():g} s",
            expected=f"at least the width of a flash, {flash:g} s",
        )
    return np.asarray(rest * dt)


def _go(since: str, wanted: str, shape: str) -> Series:
    """Return the target: it reaches 1 at the wanted time after the start of an epoch."""
    if shape not in ("step", "ramp"):
        raise BadInput("shape of the target", got=repr(shape), expected="'step' or 'ramp'")

    def series(course: TrialCourse) -> npt.NDArray[np.floating]:
        # in whole steps, so that the crossing is at the nearest one
        steps = np.rint(course.columns[wanted] / course.dt)
        passed = course.grid - course.start(since)
        if shape == "step":
            return (passed >= steps).astype(np.float64)
        return np.clip(passed / np.maximum(steps, 1), 0.0, 1.0)

    return Series(series)


def _crossing(since: str, wanted: str, shape: str, tolerance: float) -> CrossingTime:
    """Return the rule; a ramp has arrived when it is near 1, a step when it is halfway."""
    return CrossingTime(wanted, since=since, threshold=0.99 if shape == "ramp" else 0.5, tolerance=tolerance)
