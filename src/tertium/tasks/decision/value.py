"""Decisions on value: two juices in different amounts, and a sure reward for those who doubt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium.tasks.channels import Channel, OneHot, Opposed
from tertium.tasks.decision.perceptual import COHERENCES
from tertium.tasks.decision.two_choice import choice_from, fixate_then_choose, signed
from tertium.tasks.distributions import Choice, Distribution, Rows, TruncatedExponential, Uniform
from tertium.tasks.noise import Noise
from tertium.tasks.response_rules import LargestOutput
from tertium.tasks.spec import Stimulus, TaskSpec, lasting

if TYPE_CHECKING:
    from tertium.tasks.trial_batch import TrialBatch

#: Amounts on offer, of the less and of the more valued juice (B, A), in drops (Padoa-Schioppa & Assad 2006).
OFFERS = ((0, 1), (1, 3), (1, 2), (1, 1), (2, 1), (3, 1), (4, 1), (6, 1), (2, 0))


def economic_choice(
    *,
    dt: float = 0.02,
    ratio: float = 2.2,
    offers: Sequence[tuple[float, float]] = OFFERS,
    scale: float = 5.0,
    noise: float = 0.0,
    fixation: float = 1.5,
    offer: float | Distribution = Uniform(1.0, 2.0),
    decision: float = 0.75,
) -> TaskSpec:
    """Choose between two juices in different amounts, A worth 2.2 times B (Padoa-Schioppa & Assad 2006).

    Conditions tell what neurons of the orbitofrontal cortex were found to encode: the offers' values ``value_a`` and
    ``value_b``, the ``chosen_value`` and the ``chosen_juice`` (of who chooses rightly), all in units of juice B.

    Parameters
    ----------
    dt : float
        Time step in seconds.
    ratio : float
        How many drops of B one drop of A is worth.
    offers : sequence of (float, float)
        Drops of B and of A; which is on the left is drawn.
    scale : float
        Drops that an input of 1 stands for.
    noise : float
        Standard deviation of the noise on the amounts after a leaky unit of 100 ms; present throughout the trial.
    fixation, offer, decision : float or Distribution
        Seconds: 1.5, 1 to 2, and 0.75 in the paper.
    """
    frame = fixate_then_choose(("fixation", "offer"))
    return frame.task(
        name="economic_choice",
        what="Choose the more valuable of two amounts of two juices.",
        cite="Padoa-Schioppa & Assad 2006 Nature",
        dt=dt,
        epochs=lasting(fixation=fixation, offer=offer, decision=decision),
        inputs=(OneHot("left_juice", 2), OneHot("right_juice", 2), Channel("left"), Channel("right")),
        conditions={
            ("amount_b", "amount_a"): Rows([tuple(map(float, pair)) for pair in offers]),
            "left_juice": Choice((0, 1)),  # 0 is A
            "value_a": lambda c: ratio * c["amount_a"],
            "value_b": lambda c: c["amount_b"],
            "left_amount": lambda c: np.where(c["left_juice"] == 0, c["amount_a"], c["amount_b"]),
            "right_amount": lambda c: np.where(c["left_juice"] == 0, c["amount_b"], c["amount_a"]),
            "advantage": lambda c: (c["value_a"] - c["value_b"]) * np.where(c["left_juice"] == 0, 1, -1),
            "choice": choice_from("advantage"),  # 0 is the left
            "chosen_juice": lambda c: np.where(c["choice"] == c["left_juice"], "A", "B"),
            "chosen_value": lambda c: np.where(c["chosen_juice"] == "A", c["value_a"], c["value_b"]),
        },
        stimuli=(
            Stimulus("left_juice", "left_juice", "offer"),
            Stimulus("right_juice", lambda c: 1 - c["left_juice"], "offer"),
            Stimulus("left", "left_amount", "offer", strength=1 / scale),
            Stimulus("right", "right_amount", "offer", strength=1 / scale),
        ),
        response=Offer("choice"),
        noise={"left": Noise(noise, "leaky", tau=0.1), "right": Noise(noise, "leaky", tau=0.1)},
        facets=("left_juice", "choice"),
    )


def post_decision_wager(
    *,
    dt: float = 0.02,
    coherences: Sequence[float] = COHERENCES,
    noise: float = 0.1,
    sure_reward: float = 0.7,
    fixation: float = 0.1,
    stimulus: float | Distribution = TruncatedExponential(0.18, 0.1, 0.9),
    delay: float | Distribution = TruncatedExponential(1.35, 1.2, 1.8),
    before_sure: float | Distribution = Uniform(0.5, 0.75),
    decision: float = 0.1,
) -> TaskSpec:
    """Judge the direction of motion or, where it is offered, take a sure but smaller reward (Kiani & Shadlen 2009).

    On half of the trials (condition ``wager``) the sure target comes on during the delay. As in the field's task
    collections the target to train on is the direction; `Wager.reward` tells what each answer earns, for learning
    from reward, in which the sure choice is taken when confidence is low.

    Parameters
    ----------
    dt : float
        Time step in seconds.
    coherences : sequence of float
        Strengths of motion, 0 to 1; the sign is drawn, and at 0 the correct answer is.
    noise : float
        Standard deviation of the sensory noise after a leaky unit of 100 ms; present throughout the trial.
    sure_reward : float
        Reward of the sure choice, that of a correct direction being 1 (0.7 in Song et al. 2017).
    fixation, stimulus, delay, before_sure, decision : float or Distribution
        Seconds; ``before_sure`` is the time from the end of the motion to the sure target, which is part of the delay.
    """
    frame = fixate_then_choose(("fixation", "stimulus", "early_delay", "late_delay"), alternatives=3)
    return frame.task(
        name="post_decision_wager",
        what="Judge the direction of motion, or take a sure but smaller reward.",
        cite="Kiani & Shadlen 2009 Science",
        dt=dt,
        epochs=lasting(
            fixation=fixation,
            stimulus=stimulus,
            early_delay="before_sure",
            late_delay=lambda c: np.maximum(c["delay"] - c["before_sure"], 0.0),
            decision=decision,
        ),
        inputs=(Opposed("motion"), Channel("sure")),
        conditions={
            "coherence": Choice(signed(coherences)),
            "wager": Choice((False, True)),
            "delay": _as_distribution(delay),
            "before_sure": _as_distribution(before_sure),
            "choice": choice_from("coherence"),
        },
        stimuli=(
            Stimulus("motion", "coherence", "stimulus"),
            Stimulus("sure", lambda c: c["wager"].astype(float), ("late_delay", "decision")),
        ),
        response=Wager("choice", sure_reward=sure_reward),
        noise={"motion": Noise(noise, "leaky", tau=0.1)},
        facets=("wager", "choice"),
    )


@dataclass(frozen=True)
class Offer(LargestOutput):
    """The answer is the offer taken, left (0) or right (1); what it earns is its value, in units of juice B."""

    def reward(self, outputs: npt.NDArray[Any], batch: TrialBatch) -> npt.NDArray[np.floating]:
        """Return the value of the juice taken in each trial, shape (trial,)."""
        takes_a = self.read(outputs, batch) == batch.columns["left_juice"]
        return np.where(takes_a, batch.columns["value_a"], batch.columns["value_b"])


@dataclass(frozen=True)
class Wager(LargestOutput):
    """The answer is the largest of three outputs: one direction (0), the other (1), or the sure choice (2).

    Parameters
    ----------
    sure_reward : float
        Reward of the sure choice where it is offered, that of a correct direction being 1.
    """

    sure_reward: float = 0.7

    def sure(self, outputs: npt.NDArray[Any], batch: TrialBatch) -> npt.NDArray[np.bool_]:
        """Return where the sure choice was taken, shape (trial,)."""
        return np.asarray(self.read(outputs, batch) == 2)

    def reward(self, outputs: npt.NDArray[Any], batch: TrialBatch) -> npt.NDArray[np.floating]:
        """Return the reward of each trial: 1 for the correct direction, 0 for the other, -1 for an unoffered wager."""
        wagered = np.where(batch.columns["wager"], self.sure_reward, -1.0)
        return np.where(self.sure(outputs, batch), wagered, self.correct(outputs, batch))


def _as_distribution(seconds: float | Distribution) -> Distribution:
    return seconds if isinstance(seconds, Distribution) else Choice((seconds,))
