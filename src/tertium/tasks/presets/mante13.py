"""The network task of Mante, Sussillo, Shenoy & Newsome 2013: two streams of evidence, two contexts, one output."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tertium.tasks.channels import Channel, OneHot
from tertium.tasks.decision.two_choice import choice_from, signed
from tertium.tasks.distributions import Choice, Uniform
from tertium.tasks.noise import Noise
from tertium.tasks.response_rules import SignOfOutput
from tertium.tasks.spec import Epoch, LossWeight, Stimulus, Target, TaskSpec

#: Offsets of the inputs with which the trained network is probed; training draws them from a range.
PROBES = (0.009, 0.036, 0.15)


def mante13(
    *,
    dt: float = 0.001,
    coherences: Sequence[float] | None = None,
    largest: float = 0.1875,
    noise: float = 31.623,
    stimulus: float = 0.75,
) -> TaskSpec:
    """Integrate motion or colour over 750 ms, as the context says, and put out its sign (Mante et al. 2013).

    Motion and colour are one noisy channel each, the two contexts one channel each, on throughout. The output is to be
    +1 (choice 0) or -1 at the last step, the only one that counts.

    Checked against public re-implementations, not against the supplement itself: offsets drawn evenly from
    +-0.1875 for training and +-0.009, +-0.036, +-0.15 for probing. Taken over unchecked: dt 1 ms for units with tau
    10 ms, 750 ms, and a standard deviation of ``31.623 sqrt(dt)`` per sample (1 at 1 ms; dt in seconds), which is
    applied as it stands to any other ``dt`` and is not invariant to it. What the paper asks of the output before the
    last step was not found; nothing is asked here.

    Parameters
    ----------
    dt : float
        Time step in seconds.
    coherences : sequence of float, optional
        Sizes of the offsets of both inputs, the sign is drawn; by default any value between -largest and +largest.
        `PROBES` holds the paper's three.
    largest : float
        Largest offset where ``coherences`` is not given.
    noise : float
        A sample's standard deviation at dt = 1 s; it goes with the square root of ``dt``.
    stimulus : float
        Seconds, the whole trial.
    """
    every = ("stimulus", "decision")
    offset = Uniform(-largest, largest) if coherences is None else Choice(signed(coherences))
    white = Noise(noise * dt**0.5, "sample")
    return TaskSpec(
        name="mante13",
        what="Integrate motion or colour, as the context says, and put out the sign of its mean.",
        cite="Mante, Sussillo, Shenoy & Newsome 2013 Nature",
        dt=dt,
        epochs=(Epoch("stimulus", stimulus - dt), Epoch("decision", dt)),
        inputs=(Channel("motion"), Channel("colour"), OneHot("context", 2)),
        outputs=(Channel("choice"),),
        conditions={
            "context": Choice((0, 1)),
            "motion": offset,
            "colour": offset,
            "relevant": lambda c: np.where(c["context"] == 0, c["motion"], c["colour"]),
            "choice": choice_from("relevant"),
            "answer": lambda c: 1 - 2 * c["choice"],
        },
        stimuli=(
            Stimulus("motion", "motion", every),
            Stimulus("colour", "colour", every),
            Stimulus("context", "context", every),
        ),
        targets=(Target("choice", "answer", "decision"),),
        weights=(LossWeight(1.0, "decision"),),
        response=SignOfOutput("answer"),
        noise={"motion": white, "colour": white},
        facets=("context", "choice"),
    )
