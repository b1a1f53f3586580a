"""Hierarchical reasoning: a rule says where to look, an interval says which way."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tertium.tasks.channels import Channel, OneHot
from tertium.tasks.decision.two_choice import choice_from
from tertium.tasks.distributions import Choice, TruncatedExponential
from tertium.tasks.noise import Noise
from tertium.tasks.response_rules import LargestOutput
from tertium.tasks.spec import LossWeight, Stimulus, Target, TaskSpec, lasting


def hierarchical_reasoning(
    *,
    dt: float = 0.01,
    intervals: Sequence[float] = (0.53, 0.61, 0.69, 0.77, 0.85, 0.93, 1.01, 1.09, 1.17),
    noise: float = 0.0,
    report_rule: bool = True,
) -> TaskSpec:
    """Judge an interval and answer towards or away from the flashes, as a rule says (Sarafyazd & Jazayeri 2019).

    Two flashes come on one side. Under rule 0 a short interval asks for the side of the flashes and a long one for
    the other; under rule 1 the reverse. At the boundary, the middle interval, short or long is drawn. In the paper
    the rule changes unannounced between blocks and is inferred from errors over trials; here a trial stands alone, so
    the rule is shown while it is to be reported.

    Parameters
    ----------
    dt : float
        Time step in seconds.
    intervals : sequence of float
        Seconds between the end of the first and the start of the second flash; the nine of the task collections.
    noise : float
        Standard deviation of the noise on the flashes after a leaky unit of 100 ms; present throughout the trial.
    report_rule : bool
        Whether the rule is to be reported as well while it is shown; the choice alone makes a trial correct.
    """
    before = ("fixation", "rule_target", "fixation2", "flash1", "delay", "flash2")
    boundary = float(np.median(np.asarray(intervals, dtype=np.float64)))
    asked = (Target("rule", "rule", "rule_target"),) if report_rule else ()
    return TaskSpec(
        name="hierarchical_reasoning",
        what="Judge an interval between two flashes, then answer towards or away from them as a rule says.",
        cite="Sarafyazd & Jazayeri 2019 Science",
        dt=dt,
        epochs=lasting(
            fixation=TruncatedExponential(0.6, 0.4, 0.8),
            rule_target=1.0,
            fixation2=TruncatedExponential(0.6, 0.4, 0.9),
            flash1=0.1,
            delay="interval",
            flash2=0.1,
            decision=0.7,
        ),
        inputs=(Channel("fixation"), OneHot("rule", 2), OneHot("flash", 2)),
        outputs=(Channel("fixation"), *((OneHot("rule", 2),) if report_rule else ()), OneHot("choice", 2)),
        conditions={
            "interval": Choice(tuple(intervals)),
            "rule": Choice((0, 1)),
            "side": Choice((0, 1)),
            "shortness": lambda c: boundary - c["interval"],
            "long": choice_from("shortness"),
            "choice": lambda c: np.where(c["long"] == c["rule"], c["side"], 1 - c["side"]),
        },
        stimuli=(
            Stimulus("fixation", 1.0, before),
            Stimulus("rule", "rule", "rule_target"),
            Stimulus("flash", "side", ("flash1", "flash2")),
        ),
        targets=(Target("fixation", 1.0, before), *asked, Target("choice", "choice", "decision")),
        weights=(LossWeight(1.0, before), LossWeight(5.0, "decision")),
        response=LargestOutput("choice"),
        noise={"flash": Noise(noise, "leaky", tau=0.1)},
        facets=("rule", "side", "choice"),
    )
