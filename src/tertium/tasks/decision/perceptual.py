"""Perceptual decision: which of two directions the noisy motion goes; fixed, variable, delayed and reaction time."""

from __future__ import annotations

from collections.abc import Sequence

from tertium.tasks.channels import Opposed
from tertium.tasks.decision.first_to_threshold import FirstToThreshold
from tertium.tasks.decision.two_choice import choice_from, fixate_then_choose, signed
from tertium.tasks.distributions import Choice, Distribution, TruncatedExponential
from tertium.tasks.noise import Noise
from tertium.tasks.response_rules import ResponseRule
from tertium.tasks.spec import Epoch, Stimulus, TaskSpec, lasting

#: Motion strengths of the monkeys' task (Roitman & Shadlen 2002), as fractions.
COHERENCES = (0.0, 0.032, 0.064, 0.128, 0.256, 0.512)


def perceptual_decision(
    *,
    dt: float = 0.02,
    coherences: Sequence[float] = COHERENCES,
    noise: float = 0.1,
    fixation: float | Distribution = 0.1,
    stimulus: float | Distribution = 2.0,
    delay: float | Distribution = 0.0,
    decision: float = 0.1,
) -> TaskSpec:
    """Judge in which of two directions noisy motion goes, shown for a fixed time (Britten et al. 1992).

    Parameters
    ----------
    dt : float
        Time step in seconds.
    coherences : sequence of float
        Strengths of motion, 0 to 1; the sign is drawn, and at 0 the correct answer is.
    noise : float
        Standard deviation of the sensory noise after a leaky unit of 100 ms; present throughout the trial.
    fixation, stimulus, delay, decision : float or Distribution
        Seconds. The defaults are those that the field's task collections use for Britten et al.
    """
    return _perceptual(
        "perceptual_decision",
        "Judge in which of two directions noisy motion goes; it is shown for a fixed time.",
        "Britten, Shadlen, Newsome & Movshon 1992 J Neurosci",
        dt,
        lasting(fixation=fixation, stimulus=stimulus, delay=delay, decision=decision),
        coherences,
        noise,
    )


def perceptual_decision_variable(
    *,
    dt: float = 0.02,
    coherences: Sequence[float] = COHERENCES,
    noise: float = 0.1,
    fixation: float | Distribution = 0.75,
    stimulus: float | Distribution = TruncatedExponential(0.33, 0.08, 1.5),
    decision: float = 0.5,
) -> TaskSpec:
    """Judge the direction of noisy motion that is shown for an unpredictable time (Kiani et al. 2008).

    Parameters
    ----------
    dt : float
        Time step in seconds.
    coherences : sequence of float
        Strengths of motion, 0 to 1; the sign is drawn, and at 0 the correct answer is.
    noise : float
        Standard deviation of the sensory noise after a leaky unit of 100 ms; present throughout the trial.
    fixation, stimulus, decision : float or Distribution
        Seconds. The viewing time's exponential has mean 330 ms between 80 and 1500 ms, as in Song et al. 2017.
    """
    return _perceptual(
        "perceptual_decision_variable",
        "Judge the direction of noisy motion that is shown for an unpredictable time.",
        "Kiani, Hanks & Shadlen 2008 J Neurosci",
        dt,
        lasting(fixation=fixation, stimulus=stimulus, decision=decision),
        coherences,
        noise,
    )


def perceptual_decision_delay_response(
    *,
    dt: float = 0.02,
    coherences: Sequence[float] = COHERENCES,
    noise: float = 0.1,
    fixation: float | Distribution = 0.1,
    stimulus: float | Distribution = 1.15,
    delay: float | Distribution = Choice((0.3, 0.5, 0.7, 0.9, 1.2, 2.0, 3.2, 4.0)),
    decision: float = 1.5,
) -> TaskSpec:
    """Judge the direction of evidence and keep the answer through an unpredictable delay (Inagaki et al. 2019).

    Parameters
    ----------
    dt : float
        Time step in seconds.
    coherences : sequence of float
        Strengths of evidence, 0 to 1; the sign is drawn, and at 0 the correct answer is.
    noise : float
        Standard deviation of the sensory noise after a leaky unit of 100 ms; present throughout the trial.
    fixation, stimulus, delay, decision : float or Distribution
        Seconds; sample 1.15 s and the eight delays of the paper. The fixation of 0.1 s is ours.
    """
    return _perceptual(
        "perceptual_decision_delay_response",
        "Judge the direction of noisy evidence and report it after an unpredictable delay.",
        "Inagaki, Fontolan, Romani & Svoboda 2019 Nature",
        dt,
        lasting(fixation=fixation, stimulus=stimulus, delay=delay, decision=decision),
        coherences,
        noise,
    )


def perceptual_decision_rt(
    *,
    dt: float = 0.02,
    coherences: Sequence[float] = COHERENCES,
    noise: float = 0.1,
    fixation: float | Distribution = 0.3,
    stimulus: float | Distribution = 2.0,
    grace: float = 0.3,
    threshold: float = 0.5,
) -> TaskSpec:
    """Judge the direction of noisy motion, and answer at any time from its onset (Roitman & Shadlen 2002).

    The answer is the first choice output to reach a threshold; `FirstToThreshold.reaction_time` tells when.

    Parameters
    ----------
    dt : float
        Time step in seconds.
    coherences : sequence of float
        Strengths of motion, 0 to 1; the sign is drawn, and at 0 the correct answer is.
    noise : float
        Standard deviation of the sensory noise after a leaky unit of 100 ms; present throughout the trial.
    fixation, stimulus : float or Distribution
        Seconds; the motion stays on until the trial ends (at most 2 s in Song et al. 2017).
    grace : float
        Seconds from motion onset in which the outputs are not trained (0.3 in Song et al. 2016). Answers in it count.
    threshold : float
        Level of a choice output that makes an answer.
    """
    return _perceptual(
        "perceptual_decision_rt",
        "Judge the direction of noisy motion and answer as soon as ready.",
        "Roitman & Shadlen 2002 J Neurosci",
        dt,
        lasting(fixation=fixation, stimulus=stimulus),
        coherences,
        noise,
        grace,
        FirstToThreshold("choice", during="stimulus", threshold=threshold),
    )


def _perceptual(
    name: str,
    what: str,
    cite: str,
    dt: float,
    epochs: Sequence[Epoch],
    coherences: Sequence[float],
    noise: float,
    grace: float = 0.0,
    response: ResponseRule | None = None,
) -> TaskSpec:
    """Return the description; the last epoch is the one in which the choice is reported."""
    *before, last = (epoch.name for epoch in epochs)
    frame = fixate_then_choose(before, last, weight=5.0 if response is None else 1.0, grace=grace)
    return frame.task(
        name=name,
        what=what,
        cite=cite,
        dt=dt,
        epochs=epochs,
        inputs=(Opposed("motion"),),
        conditions={"coherence": Choice(signed(coherences)), "choice": choice_from("coherence")},
        stimuli=(Stimulus("motion", "coherence", "stimulus"),),
        response=response,
        noise={"motion": Noise(noise, "leaky", tau=0.1)},
        facets=("choice",),
    )
