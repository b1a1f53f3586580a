"""Interval discrimination: which of two stimuli lasted longer."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput
from tertium.tasks.channels import Channel
from tertium.tasks.decision.two_choice import choice_from, fixate_then_choose
from tertium.tasks.distributions import Columns, Distribution, Given, Uniform
from tertium.tasks.noise import Noise
from tertium.tasks.spec import Stimulus, TaskSpec, lasting


def interval_discrimination(
    *,
    dt: float = 0.02,
    shortest: float = 0.3,
    longest: float = 0.6,
    noise: float = 0.1,
    fixation: float = 0.3,
    delay1: float | Distribution = Uniform(0.8, 1.5),
    delay2: float | Distribution = 0.5,
    decision: float = 0.3,
) -> TaskSpec:
    """Tell which of two stimuli was shown for longer (Genovesio, Tsujimoto & Wise 2009).

    Durations are whole steps and never equal. Choice 0: the first lasted longer.

    Parameters
    ----------
    dt : float
        Time step in seconds.
    shortest, longest : float
        Seconds between which the two durations are drawn.
    noise : float
        Standard deviation of the sensory noise after a leaky unit of 100 ms; present throughout the trial.
    fixation, delay1, delay2, decision : float or Distribution
        Seconds, those of the field's task collections.

    Raises
    ------
    BadInput
        If there are not two different durations between the limits.
    """
    low, high = round(shortest / dt), round(longest / dt)
    if high <= low:
        raise BadInput(
            "durations to tell apart",
            got=f"{shortest:g} to {longest:g} s in steps of {dt:g} s",
            expected="at least two different numbers of steps",
            repair="Pass a smaller dt or a larger longest=.",
        )

    def other(rng: np.random.Generator, drawn: Columns, n: int) -> npt.NDArray[Any]:
        first = np.rint(drawn["duration1"] / dt).astype(int) - low
        second = (first + rng.integers(1, high - low + 1, size=n)) % (high - low + 1)
        return (second + low) * dt

    frame = fixate_then_choose(("fixation", "stimulus1", "delay1", "stimulus2", "delay2"))
    return frame.task(
        name="interval_discrimination",
        what="Tell which of two stimuli was shown for longer.",
        cite="Genovesio, Tsujimoto & Wise 2009 Neuron",
        dt=dt,
        epochs=lasting(
            fixation=fixation,
            stimulus1="duration1",
            delay1=delay1,
            stimulus2="duration2",
            delay2=delay2,
            decision=decision,
        ),
        inputs=(Channel("stimulus1"), Channel("stimulus2")),
        conditions={
            "duration1": Given(lambda rng, drawn, n: rng.integers(low, high + 1, size=n) * dt),
            "duration2": Given(other),
            "difference": lambda c: c["duration1"] - c["duration2"],
            "choice": choice_from("difference"),
        },
        stimuli=(Stimulus("stimulus1", 1.0, "stimulus1"), Stimulus("stimulus2", 1.0, "stimulus2")),
        noise={name: Noise(noise, "leaky", tau=0.1) for name in ("stimulus1", "stimulus2")},
        facets=("choice",),
    )
