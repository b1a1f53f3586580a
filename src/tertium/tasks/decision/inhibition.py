"""Not doing what suggests itself: go/no-go, and reaching away from a target."""

from __future__ import annotations

import numpy as np

from tertium.errors import BadInput
from tertium.tasks.channels import Channel, OneHot, Ring
from tertium.tasks.decision.two_choice import fixate_then_go
from tertium.tasks.distributions import Choice
from tertium.tasks.noise import Noise
from tertium.tasks.response_rules import PopulationVector
from tertium.tasks.spec import LossWeight, Stimulus, Target, TaskSpec, lasting


def go_nogo(
    *,
    dt: float = 0.02,
    go_probability: float = 0.5,
    noise: float = 0.1,
    fixation: float = 0.0,
    stimulus: float = 0.5,
    delay: float = 0.5,
    decision: float = 0.5,
) -> TaskSpec:
    """Respond after one stimulus and hold still after the other (as in Zhang et al. 2019).

    Parameters
    ----------
    dt : float
        Time step in seconds.
    go_probability : float
        Fraction of go trials.
    noise : float
        Standard deviation of the sensory noise after a leaky unit of 100 ms; present throughout the trial.
    fixation, stimulus, delay, decision : float
        Seconds: 0, 0.5, 0.5 and 0.5 in the field's task collections.
    """
    frame = fixate_then_go(("fixation", "stimulus", "delay"))
    return frame.task(
        name="go_nogo",
        what="Respond after one stimulus and hold still after the other.",
        cite="Zhang et al. 2019 eLife",
        dt=dt,
        epochs=lasting(fixation=fixation, stimulus=stimulus, delay=delay, decision=decision),
        inputs=(OneHot("stimulus", 2),),
        conditions={
            "go": Choice((0, 1), (1 - go_probability, go_probability)),
            "choice": lambda c: np.where(c["go"] == 1, 0, -1),
        },
        stimuli=(Stimulus("stimulus", "go", "stimulus"),),
        noise={"stimulus": Noise(noise, "leaky", tau=0.1)},
        facets=("go",),
    )


def anti_reach(
    *,
    dt: float = 0.02,
    directions: int = 32,
    anti: bool = True,
    noise: float = 0.01,
    fixation: float = 0.5,
    stimulus: float = 0.5,
    delay: float = 0.0,
    decision: float = 0.5,
) -> TaskSpec:
    """Reach to the side opposite to the target (the anti-saccade task, Munoz & Everling 2004).

    Parameters
    ----------
    dt : float
        Time step in seconds.
    directions : int
        Targets on the circle, and units of the rings of inputs and of outputs; even, so that each has its opposite.
    anti : bool
        If false, the reach goes to the target.
    noise : float
        Standard deviation of the sensory noise after a leaky unit of 100 ms; present throughout the trial.
    fixation, stimulus, delay, decision : float
        Seconds: 0.5, 0.5, 0 and 0.5 in the field's task collections.

    Raises
    ------
    BadInput
        If the number of directions is not even or below 4.
    """
    if directions < 4 or directions % 2:
        raise BadInput("directions", got=f"{directions}", expected="an even number >= 4", repair="Pass directions=32.")
    before = ("fixation", "stimulus", "delay")
    circle = tuple(2 * np.pi * np.arange(directions) / directions)
    return TaskSpec(
        name="anti_reach",
        what="Reach to the side opposite to the target.",
        cite="Munoz & Everling 2004 Nature Reviews Neuroscience",
        dt=dt,
        epochs=lasting(fixation=fixation, stimulus=stimulus, delay=delay, decision=decision),
        inputs=(Channel("fixation"), Ring("target", directions)),
        outputs=(Channel("fixation"), Ring("direction", directions)),
        conditions={
            "target": Choice(circle),
            "direction": lambda c: (c["target"] + (np.pi if anti else 0.0)) % (2 * np.pi),
        },
        stimuli=(Stimulus("fixation", 1.0, before), Stimulus("target", "target", "stimulus")),
        targets=(Target("fixation", 1.0, before), Target("direction", "direction", "decision")),
        weights=(LossWeight(1.0, before), LossWeight(5.0, "decision")),
        response=PopulationVector("direction", during="decision"),
        noise={"target": Noise(noise, "leaky", tau=0.1)},
    )
