"""Context-dependent decision: judge the motion or the colour of one stimulus, as a cue says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tertium.tasks.channels import Channel, OneHot, Opposed
from tertium.tasks.distributions import Choice, Distribution, TruncatedExponential
from tertium.tasks.noise import Noise
from tertium.tasks.response_rules import LargestOutput
from tertium.tasks.spec import LossWeight, Stimulus, Target, TaskSpec, lasting


def context_decision(
    *,
    dt: float = 0.02,
    coherences: Sequence[float] = (0.05, 0.15, 0.5),
    noise: float = 0.1,
    delay: float | Distribution = TruncatedExponential(0.6, 0.3, 3.0),
) -> TaskSpec:
    """Judge the motion or the colour of a stimulus that has both, as the context cue says (Mante et al. 2013).

    Parameters
    ----------
    dt : float
        Time step in seconds.
    coherences : sequence of float
        Strengths of evidence, 0 to 1; the sign is drawn.
    noise : float
        Standard deviation of the sensory noise after a leaky unit of 100 ms; it comes and goes with the stimulus.
    delay : float or Distribution
        Seconds between the stimulus and the decision.
    """
    signed = tuple(sorted({s * c for c in coherences for s in (-1, 1)}))
    sensory = Noise(noise, "leaky", tau=0.1, during="stimulus")
    before = ("fixation", "stimulus", "delay")
    return TaskSpec(
        name="context_decision",
        what="Judge the motion or the colour of a stimulus, whichever the context cue asks for.",
        cite="Mante, Sussillo, Shenoy & Newsome 2013 Nature",
        dt=dt,
        epochs=lasting(fixation=0.3, stimulus=0.75, delay=delay, decision=0.1),
        inputs=(Channel("fixation"), Opposed("motion"), Opposed("colour"), OneHot("context", 2)),
        outputs=(Channel("fixation"), Channel("choice", 2)),
        conditions={
            "context": Choice((0, 1)),
            "motion": Choice(signed),
            "colour": Choice(signed),
            "choice": lambda c: np.where(np.where(c["context"] == 0, c["motion"], c["colour"]) > 0, 0, 1),
        },
        stimuli=(
            Stimulus("fixation", 1.0, before),
            Stimulus("context", "context", (*before, "decision")),
            Stimulus("motion", "motion", "stimulus"),
            Stimulus("colour", "colour", "stimulus"),
        ),
        targets=(
            Target("fixation", 1.0, before),
            Target("choice", lambda c: np.eye(2)[c["choice"]], "decision"),
        ),
        weights=(LossWeight(1.0, before), LossWeight(5.0, "decision")),
        response=LargestOutput("choice"),
        noise={"motion": sensory, "colour": sensory},
        facets=("context",),
    )
