"""Miconi's rule against a loop over synapses, and what it does to weights that matter."""

import pytest
import torch

from tertium.errors import BadInput, UnknownName
from tertium.learning.goals import mean_squared_error
from tertium.learning.rule import Trials
from tertium.learning.rules import angle_to_bptt, named_rule
from tertium.models import RateRNN
from tertium.rng import Seeds
from tertium.tasks import make
from tertium.testing.rule_conformance import short_trials


def network(units: int = 6) -> RateRNN:
    return RateRNN(7, units, 3, dt=0.02, nonlinearity="tanh", seed=3)


def test_eligibility_is_that_of_a_loop_over_synapses() -> None:
    made, trials, rule = network(), short_trials(n=3), named_rule("reward_hebbian")
    cell = made.cell
    states = torch.randn(len(trials.inputs), 3, 6, generator=Seeds(0).torch("states"))
    found = rule.eligibility(cell, states, torch.tanh(states), trials)
    for k, length in enumerate(trials.batch.lengths):
        wanted, mean, before = torch.zeros(6, 6), torch.zeros(6), torch.zeros(6)
        for x in states[:length, k]:
            wanted += (torch.outer(x - mean, torch.tanh(before))) ** 3
            mean, before = 0.05 * mean + 0.95 * x, x
        torch.testing.assert_close(found[k], wanted, rtol=1e-4, atol=1e-5)


def test_pushes_are_as_frequent_and_large_as_asked_for() -> None:
    made = RateRNN(7, 200, 3, dt=0.001, tau=0.03, nonlinearity="tanh")
    trials = Trials.of(make("context_decision", dt=0.001).batch(2))
    pushes = named_rule("reward_hebbian")._pushes(made.cell, trials, Seeds(0)) * made.cell.leak()
    assert float((pushes != 0).float().mean()) == pytest.approx(0.003, rel=0.05)
    assert float(pushes.abs().max()) == pytest.approx(16 / 30, rel=0.01)  # 16 dt / tau of the author's code


def test_no_change_passes_its_bound_and_trials_as_expected_change_nothing() -> None:
    made, trials = network(), short_trials(n=6)
    rule = named_rule("reward_hebbian", push=3.0, rate=20.0, eta=1e6, largest=1e-3)
    rule.fill(made, trials, mean_squared_error, seeds=Seeds(0))
    assert float(made.cell.recurrent_weight.grad.abs().max()) <= 1e-3
    assert made.cell.recurrent_weight.grad.any()
    rule.fill(made, trials, lambda outputs, _: outputs.sum() * 0.0 + 1.0, seeds=Seeds(0))
    assert not made.cell.recurrent_weight.grad.any()


def test_outputs_between_0_and_1_are_judged_as_they_come_out() -> None:
    seen = []
    for output, given in (("sigmoid", lambda y: y), ("linear", torch.sigmoid)):
        made, trials = RateRNN(7, 6, 3, dt=0.02, nonlinearity="tanh", output=output, seed=3), short_trials(n=6)
        rule = named_rule("reward_hebbian", push=3.0, rate=20.0, largest=1e9)
        filled = rule.fill(made, trials, lambda y, t, given=given: mean_squared_error(given(y), t), seeds=Seeds(0))
        seen.append((filled.loss, made.cell.recurrent_weight.grad))
        assert bool(((filled.outputs > 0) & (filled.outputs < 1)).all()) == (output == "sigmoid")
    assert seen[0][0] == pytest.approx(seen[1][0], rel=1e-6)
    assert seen[0][1].abs().max() > 0
    torch.testing.assert_close(seen[0][1], seen[1][1])


def test_supralinear_products_point_along_the_gradient_better_than_linear_ones() -> None:
    made = network(20)
    batch = make("context_decision", dt=0.02).batch(
        500, seed=1, context=0, motion=0.15, colour=0.15, fixation=0.1, stimulus=0.3, delay=0.1
    )
    trials = Trials.of(batch)
    angles = {
        power: angle_to_bptt(
            named_rule("reward_hebbian", power=power, largest=1e9, push=2.0, rate=1.0), made, trials
        ).parameters["cells.0.recurrent_weight"]
        for power in (1.0, 3.0)
    }
    assert angles[3.0] < 40 < 55 < angles[1.0]  # degrees; found: 26 and 64


def test_wrong_parameters_and_conditions_are_refused() -> None:
    with pytest.raises(BadInput, match="push of rule 'reward_hebbian'"):
        named_rule("reward_hebbian", push=0)
    with pytest.raises(BadInput, match="forgets"):
        named_rule("reward_hebbian", forgets=1.5)
    with pytest.raises(UnknownName, match="condition"):
        named_rule("reward_hebbian", expected_by="contxt").fill(
            network(), short_trials(), mean_squared_error, seeds=Seeds(0)
        )
    with pytest.raises(BadInput, match="full rank and form='membrane'"):
        named_rule("reward_hebbian").check(RateRNN(7, 5, 3, form="rate"))
