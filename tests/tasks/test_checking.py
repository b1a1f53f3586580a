"""A description that does not fit together is refused where it is written, with one line that names the fault."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tertium.errors import BadInput, UnknownName
from tertium.tasks import (
    Channel,
    Choice,
    Epoch,
    LargestOutput,
    LossWeight,
    Noise,
    Normal,
    OneHot,
    Rows,
    Stimulus,
    Target,
    Task,
    TaskSpec,
    TruncatedExponential,
    Uniform,
    UniformSteps,
    make,
)

GOOD = TaskSpec(
    name="two_lights",
    what="Remember which of two lights was on.",
    cite="ours",
    dt=0.02,
    epochs=(Epoch("light", 0.3), Epoch("delay", Uniform(0.5, 1.5)), Epoch("decision", 0.2)),
    inputs=(OneHot("light", 2),),
    outputs=(Channel("fixation"), OneHot("choice", 2)),
    conditions={"side": Choice((0, 1))},
    stimuli=(Stimulus("light", "side", "light"),),
    targets=(Target("choice", "side", "decision"),),
    weights=(LossWeight(5.0, "decision"),),
    response=LargestOutput("side", fixation="fixation"),
)


def with_delay(duration: Any) -> dict[str, Any]:
    return {"epochs": (Epoch("light", 0.3), Epoch("delay", duration), Epoch("decision", 0.2))}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dt": "a"}, "dt: got a, expected seconds > 0"),
        ({"dt": np.inf}, "dt: got inf"),
        ({"dt": 5.0}, "dt: got 5 s, expected at most twice the 0.3 s of epoch 'light'"),
        ({"epochs": ()}, "epochs of task 'two_lights': got none"),
        ({"inputs": ()}, "inputs of task 'two_lights': got none"),
        ({"outputs": (Channel("choice"), Channel("choice"))}, "got choice, choice, expected different names"),
        (
            {"conditions": {"side": (0, 1)}},
            r"condition 'side' of task 'two_lights': got \(0, 1\), expected a distribution",
        ),
        (with_delay(None), "epoch 'delay': got a duration of None"),
        (with_delay((0.5, 1.5)), "epoch 'delay': got a duration of"),
        (with_delay(np.nan), "epoch 'delay': got a duration of nan"),
    ],
)
def test_a_part_that_cannot_be(change, message) -> None:
    with pytest.raises(BadInput, match=message):
        Task(replace(GOOD, **change))


@pytest.mark.parametrize(
    "change",
    [
        {"stimuli": (Stimulus("light", "sdie", "light"),)},
        {"stimuli": (Stimulus("light", "side", "light", strength="sdie"),)},
        {"targets": (Target("choice", "sdie", "decision"),)},
        {"response": LargestOutput("sdie")},
        {"facets": ("sdie",)},
        with_delay("sdie"),
    ],
)
def test_a_misspelt_condition_is_found_at_once(change) -> None:
    with pytest.raises(UnknownName, match=r"got 'sdie'.*side"):
        replace(GOOD, **change)


def test_a_misspelt_name_in_the_response_rule() -> None:
    with pytest.raises(
        UnknownName, match=r"during in the response rule of task 'two_lights': got 'decisoin'.*'decision'"
    ):
        replace(GOOD, response=LargestOutput("side", during="decisoin"))
    with pytest.raises(UnknownName, match=r"channel in the response rule.*Did you mean 'choice'"):
        replace(GOOD, response=LargestOutput("side", channel="choise"))


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda: Uniform(1.5, 0.5), "Uniform: got low=1.5, high=0.5, expected low <= high"),
        (lambda: UniformSteps(0.1, 0.2, 0.0), "step of UniformSteps: got 0.0, expected a number > 0"),
        (lambda: TruncatedExponential(1.0, 2.0, 1.0), "TruncatedExponential: got low=2, high=1"),
        (lambda: TruncatedExponential(-1.0, 0.5, 1.0), "mean of TruncatedExponential: got -1.0, expected a number > 0"),
        (lambda: Normal(0.0, -1.0), "std of Normal: got -1.0"),
        (lambda: Choice(()), "Choice: got no values"),
        (lambda: Choice((0, 1), (0.5, 0.6)), "probabilities of Choice: got 2 that sum to 1.1"),
        (
            lambda: Choice((0, 1), (1.0,)),
            "probabilities of Choice: got 1 that sum to 1, expected one for each of the 2",
        ),
        (lambda: Noise(-0.1), "std of Noise: got -0.1, expected a number >= 0"),
        (lambda: Noise(float("nan")), "std of Noise: got nan"),
        (lambda: Noise(0.1, tau=0.0), "tau of Noise: got 0.0, expected a number > 0"),
        (lambda: Channel("a", 0), "size of channel 'a': got 0, expected an integer >= 1"),
        (lambda: OneHot("a", 2.5), "size of channel 'a': got 2.5"),
        (lambda: LossWeight(-1.0, "light"), "weight of LossWeight: got -1.0, expected a number >= 0"),
        (lambda: LossWeight(1.0, "light", where=True), "where of LossWeight: got True, expected a Series, or None"),
        (lambda: make("context_decision", noise=-1.0), "std of Noise: got -1.0"),
        (lambda: make("context_decision", coherences=()), "Choice: got no values"),
        (lambda: make(3), "name of a task: got 3, expected text"),
    ],
)
def test_numbers_that_cannot_be(write, message) -> None:
    with pytest.raises(BadInput, match=message):
        write()


@pytest.mark.parametrize(
    ("fixed", "message"),
    [
        ({"delay": "a"}, "duration of epoch 'delay': got 'a', expected a number"),
        ({"delay": np.inf}, "epoch 'delay': got a duration of inf s"),
        ({"side": "left"}, "condition 'side': got 'left', expected a number"),
        ({"side": [[0, 1], [0, 1]]}, r"condition 'side': got shape \(2, 2\), expected one, or one for each of the 2"),
        ({"side": 7}, "value shown on 'light': got 7, expected an index from 0 to 1"),
    ],
)
def test_what_is_given_for_a_batch(fixed, message) -> None:
    with pytest.raises(BadInput, match=message):
        Task(GOOD).batch(2, **fixed)


def test_conditions_of_another_length_than_the_batch() -> None:
    rows = replace(GOOD, conditions={("side", "a", "b"): Rows([(0, 1), (1, 0)])})
    with pytest.raises(BadInput, match=r"values of shape \(2, 2\), expected one for each of the 2 trials and 3 names"):
        Task(rows).batch(2)
    short = replace(GOOD, conditions={"side": lambda drawn: np.zeros(3)})
    with pytest.raises(BadInput, match=r"condition 'side' of task 'two_lights': got values of shape \(3,\)"):
        Task(short).batch(2)


def test_outputs_that_are_no_numbers_are_not_correct() -> None:
    """A population vector of NaN once looked like fixation that was rightly held."""
    for name in ("context_decision", "yang19/dmsgo"):
        batch = make(name).batch(32, seed=1)
        assert batch.correct(batch.targets).all()
        broken = batch.targets.copy()
        broken[3, :16] = np.nan
        assert batch.correct(broken).tolist() == [False] * 16 + [True] * 16
        assert not batch.correct(np.full_like(broken, np.nan)).any()
    padding = np.where(batch.valid[..., None], batch.targets, np.nan)
    assert batch.correct(padding).all()
