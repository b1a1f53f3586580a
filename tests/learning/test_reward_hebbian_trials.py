"""Miconi's rule one trial after another: the compiled trial, the plain one and the rule of batches agree."""

import numpy as np
import pytest
import torch

from tertium.errors import BadInput
from tertium.learning.rule import Trials
from tertium.learning.rules import named_rule
from tertium.learning.rules.three_factor import RewardHebbianTrials
from tertium.learning.rules.three_factor.reward_hebbian_compiled import tanh
from tertium.learning.rules.three_factor.reward_hebbian_trials import Pushes
from tertium.models import RateRNN
from tertium.tasks import make


def learner(units=21, gain=1.5, **options):
    weights = gain * np.random.default_rng(1).normal(size=(units, units)) / np.sqrt(units)
    return RewardHebbianTrials(weights, **options)


def drive(steps=120, units=21):
    return np.random.default_rng(2).normal(size=(steps, units)) * (np.arange(steps) < 60)[:, None]


def ran(made, seed=3):
    return made.run(drive(), np.random.default_rng(seed).uniform(-0.1, 0.1, 21), np.random.default_rng(seed))


def test_tanh_is_tanh_to_single_precision() -> None:
    x = np.linspace(-12, 12, 3001, dtype=np.float32)
    np.testing.assert_allclose([tanh(value) for value in x], np.tanh(x.astype(float)), atol=5e-7)


@pytest.mark.parametrize("power", [1.0, 2.0, 3.0, 2.5])
def test_compiled_and_plain_trials_agree(power) -> None:
    fast, plain = (
        learner(power=power, held={1: 1.0, 4: -1.0}, rate=30.0, waits=0, backend=backend)
        for backend in ("compiled", "reference")
    )
    for kind, loss in ((0, 0.8), (0, 0.4)):  # the second is better than expected
        trials = [ran(made) for made in (fast, plain)]
        for name in ("sent", "rates", "fluctuations"):
            np.testing.assert_allclose(getattr(trials[0], name), getattr(trials[1], name), atol=2e-5)
        for made, trial in zip((fast, plain), trials, strict=True):
            made.learn(trial, kind, loss)
    assert np.abs(fast.change).max() > 0
    np.testing.assert_allclose(fast.weights, plain.weights, rtol=1e-4, atol=2e-6)


def test_eligibility_is_that_of_the_rule_for_batches() -> None:
    made = learner()
    network = RateRNN(7, 21, 3, dt=0.001, tau=0.03, nonlinearity="tanh")
    trial = made.run(drive(), np.zeros(21), np.random.default_rng(3))
    potentials = np.arctanh(np.clip(trial.rates.astype(np.float64), -1 + 1e-9, 1 - 1e-9))
    task = make("context_decision", dt=0.001).batch(1, stimulus=0.03, fixation=0.03, delay=0.03, decision=0.03)
    assert task.inputs.shape[0] == 120
    states, rates = (torch.tensor(x[:, None], dtype=torch.float32) for x in (potentials, trial.rates))
    wanted = named_rule("reward_hebbian").eligibility(network.cell, states, rates, Trials.of(task))[0].numpy()
    np.testing.assert_allclose(made.eligibility(trial), wanted, rtol=2e-3, atol=2e-3 * np.abs(wanted).max())


def test_the_change_is_that_of_the_formula_and_bounded() -> None:
    made = learner(waits=1, rate=30.0)
    first = ran(made)
    made.learn(first, 0, 0.8)
    before = made.weights
    np.testing.assert_array_equal(made.change, 0)
    trial = ran(made, seed=4)
    made.learn(trial, 0, 0.1)
    wanted = np.clip(0.1 * 0.2 * (0.2 - 0.1) * made.eligibility(trial), -3e-4, 3e-4)  # E = 0.25 * 0.8
    np.testing.assert_allclose(made.weights - before, wanted, atol=1e-7)
    assert made.expected[0] == pytest.approx(0.75 * 0.2 + 0.25 * 0.1)
    made.learn(trial, 1, 0.5)  # another kind of trial, of which nothing is expected yet
    np.testing.assert_array_equal(made.change, 0)


def test_held_units_stay_and_hear_nothing_new() -> None:
    made = learner(held={2: 1.0}, waits=0)
    trial = ran(made)
    np.testing.assert_allclose(trial.rates[:, 2], np.tanh(1.0), rtol=1e-6)
    made.learn(trial, 0, 0.5)
    made.learn(ran(made), 0, 0.1)
    assert not made.change[2].any()
    assert made.change[:, 2].any()


def test_a_run_goes_on_from_its_state() -> None:
    one, other = learner(waits=0), learner(waits=0)
    for k in range(4):
        one.learn(ran(one, seed=k), k % 2, 1 / (k + 1))
        if k == 1:
            other.restore(**one.state())
        elif k > 1:
            other.learn(ran(other, seed=k), k % 2, 1 / (k + 1))
    np.testing.assert_array_equal(one.weights, other.weights)
    assert one.expected == other.expected


def test_pushes_are_as_frequent_and_large_as_asked_for() -> None:
    drawn = [Pushes.draw(np.random.default_rng(k), 1000, 200, 0.003, 16.0, first=4) for k in range(20)]
    assert np.mean([len(one.steps) for one in drawn]) == pytest.approx(0.003 * 996 * 200, rel=0.03)
    steps, units = (np.concatenate([getattr(one, name) for one in drawn]) for name in ("steps", "units"))
    assert (steps.min(), steps.max(), units.min(), units.max()) == (4, 999, 0, 199)
    assert all((np.diff(one.steps) >= 0).all() for one in drawn)
    assert abs(np.concatenate([one.sizes for one in drawn])).max() == pytest.approx(16, rel=0.01)


def test_what_does_not_fit_is_refused() -> None:
    for options in ({"eta": 0}, {"expects": 1.5}, {"tau": 1e-4}, {"backend": "fast"}):
        with pytest.raises(BadInput):
            learner(**options)
    with pytest.raises(BadInput, match="weights"):
        RewardHebbianTrials(np.zeros((2, 3)))
    with pytest.raises(BadInput, match="drive and start"):
        learner().run(np.zeros((5, 20)), np.zeros(21), np.random.default_rng(0))
    made = learner()
    with pytest.raises(BadInput, match="loss"):
        made.learn(ran(made), 0, float("nan"))
