"""Matching over a delay: the same sample, the same category, the learnt partner."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput
from tertium.tasks.channels import Channel, OneHot, Ring
from tertium.tasks.decision.two_choice import fixate_then_choose, fixate_then_go
from tertium.tasks.distributions import Choice, Columns, Distribution, Given, Rows
from tertium.tasks.noise import Noise
from tertium.tasks.spec import Stimulus, TaskSpec, lasting


def delayed_match_to_sample(
    *,
    dt: float = 0.02,
    samples: int = 2,
    noise: float = 0.1,
    fixation: float = 0.3,
    sample: float = 0.5,
    delay: float | Distribution = 1.0,
    test: float = 0.5,
    decision: float = 0.9,
    stimulus: Channel | None = None,
) -> TaskSpec:
    """Tell whether the test stimulus is the sample shown before the delay (as in Miller, Erickson & Desimone 1996).

    Choice 0 is match, choice 1 is non-match; each comes on half of the trials.

    Parameters
    ----------
    dt : float
        Time step in seconds.
    samples : int
        Number of stimuli, directions spread evenly over the circle.
    noise : float
        Standard deviation of the sensory noise after a leaky unit of 100 ms; present throughout the trial.
    fixation, sample, delay, test, decision : float or Distribution
        Seconds; those of the field's task collections.
    stimulus : Channel, optional
        How a stimulus, its index, is shown; by default one channel each.

    Raises
    ------
    BadInput
        If there are fewer than two samples.
    """
    if samples < 2:
        raise BadInput("samples to match", got=f"{samples}", expected="an integer >= 2", repair="Pass samples=2.")
    frame = fixate_then_choose(("fixation", "sample", "delay", "test"))
    return frame.task(
        name="delayed_match_to_sample",
        what="Tell whether the test is the sample that was shown before the delay.",
        cite="Miller, Erickson & Desimone 1996 J Neurosci",
        dt=dt,
        epochs=lasting(fixation=fixation, sample=sample, delay=delay, test=test, decision=decision),
        inputs=(stimulus or OneHot("stimulus", samples),),
        conditions={
            "sample_identity": Choice(tuple(range(samples))),
            "choice": Choice((0, 1)),
            "step": Given(lambda rng, drawn, n: rng.integers(1, samples, size=n)),
            "test_identity": lambda c: (c["sample_identity"] + c["choice"] * c["step"]) % samples,
        },
        stimuli=(
            Stimulus("stimulus", "sample_identity", "sample"),
            Stimulus("stimulus", "test_identity", "test"),
        ),
        noise={"stimulus": Noise(noise, "leaky", tau=0.1)},
        facets=("sample_identity", "choice"),
    )


def delayed_match_to_category(
    *,
    dt: float = 0.02,
    directions: int = 12,
    units: int = 32,
    boundary: float = 0.0,
    noise: float = 0.1,
    fixation: float = 0.5,
    sample: float = 0.65,
    delay: float | Distribution = 1.0,
    test: float = 0.65,
) -> TaskSpec:
    """Tell whether sample and test are of one category, halves of the circle of directions (Freedman & Assad 2006).

    The answer is due while the test is shown: choice 0 is match, choice 1 is non-match, each on half of the trials.

    Parameters
    ----------
    dt : float
        Time step in seconds.
    directions : int
        Directions of motion, evenly spread, none on the boundary (12 in the paper); even.
    units : int
        Tuned input units on the ring.
    boundary : float
        Direction of the category boundary in radians.
    noise : float
        Standard deviation of the sensory noise after a leaky unit of 100 ms; present throughout the trial.
    fixation, sample, delay, test : float or Distribution
        Seconds: 0.5, 0.65, 1 and 0.65 in the paper.

    Raises
    ------
    BadInput
        If the number of directions is odd or below 2.
    """
    if directions < 2 or directions % 2:
        raise BadInput("directions", got=f"{directions}", expected="an even number >= 2", repair="Pass directions=12.")
    half = directions // 2
    circle = boundary + 2 * np.pi * (np.arange(directions) + 0.5) / directions

    def test_index(rng: np.random.Generator, drawn: Columns, n: int) -> npt.NDArray[Any]:
        category = (drawn["sample_category"] + drawn["choice"]) % 2
        return category * half + rng.integers(half, size=n)

    frame = fixate_then_choose(("fixation", "sample", "delay"), decision="test")
    return frame.task(
        name="delayed_match_to_category",
        what="Tell whether sample and test motion are of one category.",
        cite="Freedman & Assad 2006 Nature",
        dt=dt,
        epochs=lasting(fixation=fixation, sample=sample, delay=delay, test=test),
        inputs=(Ring("motion", units),),
        conditions={
            "sample_index": Choice(tuple(range(directions))),
            "sample_category": lambda c: c["sample_index"] // half,
            "choice": Choice((0, 1)),
            "test_index": Given(test_index),
            "test_category": lambda c: c["test_index"] // half,
            "sample_direction": lambda c: circle[c["sample_index"]],
            "test_direction": lambda c: circle[c["test_index"]],
        },
        stimuli=(
            Stimulus("motion", "sample_direction", "sample"),
            Stimulus("motion", "test_direction", "test"),
        ),
        noise={"motion": Noise(noise, "leaky", tau=0.1)},
        facets=("sample_category", "choice"),
    )


def delayed_paired_association(
    *,
    dt: float = 0.02,
    noise: float = 0.1,
    fixation: float = 0.0,
    stimulus: float = 1.0,
    delay: float | Distribution = 1.0,
    wait: float = 1.0,
    decision: float = 0.5,
) -> TaskSpec:
    """Go if the second stimulus is the partner of the first, else hold (Zhang et al. 2019).

    Of the stimuli 0 and 1 that may come first, 0 goes with 2 and 1 goes with 3; half of the trials are such pairs.

    Parameters
    ----------
    dt : float
        Time step in seconds.
    noise : float
        Standard deviation of the sensory noise after a leaky unit of 100 ms; present throughout the trial.
    fixation, stimulus, delay, wait, decision : float or Distribution
        Seconds, those of the field's task collections; ``stimulus`` is the time of each of the two, ``wait`` the time
        from the second to the decision.
    """
    frame = fixate_then_go(("fixation", "stimulus1", "delay", "stimulus2", "wait"))
    return frame.task(
        name="delayed_paired_association",
        what="Go if the second stimulus is the partner of the first, else hold.",
        cite="Zhang et al. 2019 eLife",
        dt=dt,
        epochs=lasting(
            fixation=fixation, stimulus1=stimulus, delay=delay, stimulus2=stimulus, wait=wait, decision=decision
        ),
        inputs=(OneHot("stimulus", 4),),
        conditions={
            ("first", "second"): Rows([(0, 2), (0, 3), (1, 2), (1, 3)]),
            "go": lambda c: (c["second"] - c["first"] == 2).astype(int),
            "choice": lambda c: c["go"] - 1,
        },
        stimuli=(
            Stimulus("stimulus", "first", "stimulus1"),
            Stimulus("stimulus", "second", "stimulus2"),
        ),
        noise={"stimulus": Noise(noise, "leaky", tau=0.1)},
        facets=("first", "second"),
    )
