"""Memory that is tested more than once: two items with retro-cues, and a sample among distractors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput
from tertium.tasks.channels import Channel, OneHot, Ring
from tertium.tasks.distributions import Choice, Columns, Given
from tertium.tasks.noise import Noise
from tertium.tasks.response_rules import LargestOutput, ResponseRule, mean_during
from tertium.tasks.spec import Epoch, LossWeight, Stimulus, Target, TaskSpec

if TYPE_CHECKING:
    from tertium.tasks.trial_batch import TrialBatch


def dual_delay_match(
    *,
    dt: float = 0.02,
    noise: float = 0.1,
    fixation: float = 0.5,
    sample: float = 0.5,
    delay: float = 0.5,
    cue: float = 0.5,
    test: float = 0.5,
) -> TaskSpec:
    """Remember two items; a cue says which of them each of two tests will be about (retro-cue, Rose et al. 2016).

    Both items are shown together. The first cue selects one for the first test; the second cue selects one for the
    second test, the same or the other, so that the uncued item has to be kept. Each answer is due while its test is
    shown: 0 match, 1 non-match. A trial is correct if both answers are.

    Parameters
    ----------
    dt : float
        Time step in seconds.
    noise : float
        Standard deviation of the sensory noise after a leaky unit of 100 ms; present throughout the trial.
    fixation, sample, delay, cue, test : float
        Seconds, those of the field's task collections (which always cue the other item second).
    """
    order = ("fixation", "sample", "delay1", "cue1", "test1", "delay2", "cue2", "test2")
    seconds = {"fixation": fixation, "sample": sample, "delay": delay, "cue": cue, "test": test}
    before = tuple(name for name in order if not name.startswith("test"))
    sensory = Noise(noise, "leaky", tau=0.1)
    return TaskSpec(
        name="dual_delay_match",
        what="Remember two items; cues say which of them each of two tests is about.",
        cite="Rose et al. 2016 Science",
        dt=dt,
        epochs=tuple(Epoch(name, seconds[name.rstrip("12")]) for name in order),
        inputs=(Channel("fixation"), OneHot("item1", 2), OneHot("item2", 2), OneHot("cue", 2)),
        outputs=(Channel("fixation"), OneHot("choice", 2)),
        conditions={
            **{name: Choice((0, 1)) for name in ("sample1", "sample2", "cued1", "cued2", "choice1", "choice2")},
            "probe1": lambda c: np.where(c["cued1"] == 0, c["sample1"], c["sample2"]) ^ c["choice1"],
            "probe2": lambda c: np.where(c["cued2"] == 0, c["sample1"], c["sample2"]) ^ c["choice2"],
        },
        stimuli=(
            Stimulus("fixation", 1.0, before),
            Stimulus("item1", "sample1", "sample"),
            Stimulus("item2", "sample2", "sample"),
            *(Stimulus("cue", f"cued{i}", f"cue{i}") for i in (1, 2)),
            # the probe comes where its item was
            *(
                Stimulus(f"item{item + 1}", f"probe{i}", f"test{i}", strength=_cued(i, item))
                for i in (1, 2)
                for item in (0, 1)
            ),
        ),
        targets=(
            Target("fixation", 1.0, before),
            *(Target("choice", f"choice{i}", f"test{i}") for i in (1, 2)),
        ),
        weights=(LossWeight(1.0, before), LossWeight(5.0, ("test1", "test2"))),
        response=AllAnswers(("choice1", "choice2"), ("test1", "test2")),
        noise={"item1": sensory, "item2": sensory},
        facets=("cued1", "cued2"),
    )


def _cued(test: int, item: int) -> Any:
    return lambda c: c[f"cued{test}"] == item


@dataclass(frozen=True)
class AllAnswers(ResponseRule):
    """Several answers, each the largest output during an epoch of its own; correct where all are.

    Parameters
    ----------
    correct_answers : sequence of str
        Conditions that hold the correct indices.
    during : sequence of str
        The epoch of each answer.
    channel : str
        Block of outputs, one channel an alternative.
    """

    correct_answers: Sequence[str]
    during: Sequence[str]
    channel: str = "choice"

    def _rules(self) -> list[LargestOutput]:
        pairs = zip(self.correct_answers, self.during, strict=True)
        return [LargestOutput(answer, channel=self.channel, during=epoch) for answer, epoch in pairs]

    def read(self, outputs: npt.NDArray[Any], batch: TrialBatch) -> npt.NDArray[Any]:
        """Return the answers, shape (trial, answer)."""
        return np.stack([rule.read(outputs, batch) for rule in self._rules()], axis=-1)

    def correct(self, outputs: npt.NDArray[Any], batch: TrialBatch) -> npt.NDArray[np.bool_]:
        """Return where all answers are correct."""
        return np.all([rule.correct(outputs, batch) for rule in self._rules()], axis=0)


def delayed_match_distractor(
    *,
    dt: float = 0.02,
    directions: int = 8,
    units: int = 32,
    distractors: int = 2,
    noise: float = 0.1,
    fixation: float = 0.3,
    sample: float = 0.5,
    delay: float = 1.0,
    test: float = 0.5,
) -> TaskSpec:
    """Respond to the test that matches the sample, and to none of the distractors before it (Miller et al. 1996).

    The trial ends with the match, after 0 to ``distractors`` tests that differ from the sample.

    Parameters
    ----------
    dt : float
        Time step in seconds.
    directions : int
        Stimuli, directions spread evenly over the circle.
    units : int
        Tuned input units on the ring.
    distractors : int
        Largest number of tests before the match.
    noise : float
        Standard deviation of the sensory noise after a leaky unit of 100 ms; present throughout the trial.
    fixation, sample, delay, test : float
        Seconds, those of the field's task collections; a delay comes before each test.

    Raises
    ------
    BadInput
        If there are fewer than two directions or no distractor.
    """
    if directions < 2 or distractors < 1:
        raise BadInput(
            "matching among distractors",
            got=f"{directions} directions, {distractors} distractors",
            expected="at least 2 directions and 1 distractor",
            repair="For a match without distractors use delayed_match_to_sample.",
        )
    rounds = range(1, distractors + 2)
    tests = tuple(f"test{i}" for i in rounds)
    held = ("fixation", "sample", *(f"delay{i}" for i in rounds))
    circle = 2 * np.pi * np.arange(directions) / directions

    def shown(i: int) -> Any:
        return lambda c: circle[np.where(c["match"] == i, c["sample_index"], c[f"distractor{i}"])]

    return TaskSpec(
        name="delayed_match_distractor",
        what="Respond to the test that matches the sample, not to the distractors before it.",
        cite="Miller, Erickson & Desimone 1996 J Neurosci",
        dt=dt,
        epochs=(
            Epoch("fixation", fixation),
            Epoch("sample", sample),
            *(epoch for i in rounds for epoch in _round(i, delay, test)),
        ),
        inputs=(Channel("fixation"), Ring("stimulus", units)),
        outputs=(Channel("match"),),
        conditions={
            "sample_index": Choice(tuple(range(directions))),
            "match": Choice(tuple(rounds)),
            **{f"distractor{i}": Given(_another(directions)) for i in rounds},
        },
        stimuli=(
            Stimulus("fixation", 1.0, (*held, *tests)),
            Stimulus("stimulus", lambda c: circle[c["sample_index"]], "sample"),
            *(Stimulus("stimulus", shown(i), f"test{i}") for i in rounds),
        ),
        targets=tuple(Target("match", _matches(i), f"test{i}") for i in rounds),
        weights=(LossWeight(1.0, held), LossWeight(5.0, tests)),
        response=FirstTestAbove("match", "match", tests),
        noise={"stimulus": Noise(noise, "leaky", tau=0.1)},
        facets=("match",),
    )


def _round(i: int, delay: float, test: float) -> tuple[Epoch, Epoch]:
    """Return the delay and the test number ``i``, without length on trials that ended before."""
    return (
        Epoch(f"delay{i}", lambda c: np.where(c["match"] >= i, delay, 0.0)),
        Epoch(f"test{i}", lambda c: np.where(c["match"] >= i, test, 0.0)),
    )


def _matches(i: int) -> Any:
    return lambda c: (c["match"] == i).astype(float)


def _another(directions: int) -> Any:
    """Return the draw of a direction other than the sample."""

    def draw(rng: np.random.Generator, drawn: Columns, n: int) -> npt.NDArray[Any]:
        return (drawn["sample_index"] + rng.integers(1, directions, size=n)) % directions

    return draw


@dataclass(frozen=True)
class FirstTestAbove(ResponseRule):
    """The answer is the first of several tests in whose mean the output is above 0.5, counted from 1.

    Parameters
    ----------
    correct_answer : str
        Condition that holds the number of the right test.
    channel : str
        The output.
    tests : sequence of str
        The epochs, in order.
    """

    correct_answer: str
    channel: str
    tests: Sequence[str]

    def read(self, outputs: npt.NDArray[Any], batch: TrialBatch) -> npt.NDArray[Any]:
        """Return the number of the test, 0 for none, shape (trial,)."""
        block = outputs[..., batch.block(self.channel)]
        above = np.stack([mean_during(block, batch, test)[:, 0] > 0.5 for test in self.tests], axis=-1)
        return np.where(above.any(1), above.argmax(1) + 1, 0)

    def correct(self, outputs: npt.NDArray[Any], batch: TrialBatch) -> npt.NDArray[np.bool_]:
        """Return where it is the right test."""
        return np.asarray(self.read(outputs, batch) == batch.columns[self.correct_answer])
