"""COG08: the sequentiality index finds planted sequences, skill is what it says, networks begin as they should."""

import numpy as np
import pytest
import torch

from tertium.dynamics import sequentiality
from tertium.rng import Seeds
from tertium.studies.methods.orhan import (
    angular_error,
    population_vector_skill,
    rank_correlation,
    shuffled_in_time,
    skill,
)
from tertium.studies.methods.orhan_comparison import comparison, tuning
from tertium.studies.methods.orhan_networks import (
    CONDITIONS,
    FIXED,
    MEASURES,
    VARIABLE,
    Kind,
    NetworksConfig,
    absolute_error,
    binary_cross_entropy,
    blank_network,
    kinds,
    measure,
    task_of,
)
from tertium.studies.orhan2019 import Orhan2019
from tertium.tasks import make


def test_shuffling_keeps_rates_and_destroys_bumps():
    steps = np.arange(150)[:, None, None]
    rates = np.repeat(0.05 + 4 * np.exp(-(((steps - np.linspace(2, 147, 60)) / 10) ** 2)), 3, axis=1)
    mixed = shuffled_in_time(rates, np.random.default_rng(0))
    assert np.array_equal(np.sort(rates, axis=0), np.sort(mixed, axis=0))
    ridge = [sequentiality(one.swapaxes(0, 1)).ridge.mean() for one in (rates, mixed)]
    assert ridge[1] < ridge[0] - 0.5


def test_skill_of_guesses_of_the_truth_and_of_the_population_vector():
    batch = make("delayed_estimation").batch(600, seed=0)
    assert skill(batch.targets, batch) == pytest.approx(1.0, abs=1e-6)
    guesses = np.broadcast_to(np.random.default_rng(0).uniform(0, np.pi, (600, 1)), batch.targets.shape)
    assert skill(guesses, batch) == pytest.approx(0.0, abs=0.1)
    # Gaussian errors of 0.115 rad, as the task's description says: mean 0.115 * sqrt(2 / pi)
    assert population_vector_skill(batch) == pytest.approx(1 - 0.115 * np.sqrt(2 / np.pi) / (np.pi / 4), abs=0.02)
    pairs = comparison().batch(200, seed=0)
    assert skill(pairs.targets, pairs) == 1.0
    assert skill(np.zeros_like(pairs.targets), pairs) == pytest.approx(0.0, abs=0.25)


def test_inputs_of_the_comparison_are_tuned_and_timed_as_they_should():
    batch = comparison().batch(800, seed=0, before=10.0, after=-30.0)
    assert batch.inputs.shape == (150, 800, 50)
    assert batch.mask[:, 0, 0].nonzero()[0].tolist() == list(range(125, 150))
    for epoch, value in (("stimulus", 10.0), ("test", -30.0)):
        start, stop = batch.epochs[epoch][0]
        counts = batch.inputs[start:stop].sum(0).mean(0)
        assert np.abs(counts - tuning(np.array([value]), 50)[0]).max() < 4 / np.sqrt(800)  # four standard errors
    assert batch.inputs[25:125].sum(0).mean() == pytest.approx(0.1, abs=0.008)
    assert set(batch.columns["larger"]) == {1}


def test_angles_go_round():
    assert angular_error(np.array([0.0, 2.0]), np.array([np.pi - 0.25, 0.5])) == pytest.approx([0.25, 1.5])


def test_rank_correlation_has_no_value_without_ranks():
    assert rank_correlation(np.arange(5.0), np.array([1.0, 2.0, 3.0, 5.0, 4.0])) == pytest.approx(0.9)
    assert np.isnan(rank_correlation(np.arange(3.0), np.array([1.0, np.nan, 2.0])))
    assert np.isnan(rank_correlation(np.arange(3.0), np.ones(3)))


def test_conditions_differ_from_the_first_in_one_thing():
    config = NetworksConfig()
    fields = ("lambda0", "sigma0", "task", "variable", "nonlinearity")
    base = kinds(FIXED, config)
    assert [one.lambda0 for one in base] == list(config.lambda0)
    for condition, number in zip(CONDITIONS, (0, 0, 1, 1, 1), strict=True):
        pairs = zip(base, kinds(condition, config), strict=True)
        assert {sum(getattr(a, f) != getattr(b, f) for f in fields) for a, b in pairs} == {number}
    assert len({kind.key for condition in CONDITIONS for kind in kinds(condition, config)}) == 25
    batch = task_of(kinds(VARIABLE, config)[0], config).batch(200, seed=0)
    delays = np.diff(batch.epochs["delay"], axis=1)[:, 0]
    assert sorted(set(delays)) == [10, 40, 70, 100]
    rates = [kinds(condition, config)[0].learning_rate(config) for condition in CONDITIONS]
    assert rates == [1e-3, 1e-3, 1e-3, 5e-4, 3e-4]


def test_initial_weights():
    config = NetworksConfig(units=400)
    kind = Kind("", 0.9, 0.3)
    task = task_of(kind, config)
    network = blank_network(kind, config, task, Seeds(0))
    weights = network.cell.recurrent_weight.detach().numpy()
    assert np.allclose(np.diag(weights), 0.9)
    assert weights[~np.eye(400, dtype=bool)].std() * 20 == pytest.approx(0.3, rel=0.02)
    assert float(network.cell.input_weight.detach().std()) == pytest.approx(0.95 * np.sqrt(2 / 450), rel=0.05)
    again = blank_network(kind, config, task, Seeds(0))
    assert torch.equal(again.cell.input_weight, network.cell.input_weight)
    # no leak: the state after one step is the drive alone, the next one adds W r
    x = torch.from_numpy(task.batch(4, seed=0).inputs)
    _, states = network(x)
    rates = torch.relu(states)
    drive = x @ network.cell.input_weight.T + network.cell.bias
    assert torch.allclose(states[5], drive[5] + rates[4] @ network.cell.recurrent_weight.T, atol=1e-5)


def test_goals_are_those_of_numpy():
    from tertium.learning.rule import Trials

    batch = comparison().batch(8, seed=1)
    p = np.random.default_rng(0).uniform(0.1, 0.9, batch.targets.shape).astype(np.float32)
    test, truth = p[-25:], batch.targets[-25:]
    expected = -np.mean(np.log(np.where(truth == 1, test, 1 - test)))
    assert float(binary_cross_entropy(torch.from_numpy(p), Trials.of(batch))) == pytest.approx(expected, rel=1e-5)
    batch = make("delayed_estimation").batch(8, seed=1)
    expected = np.abs(p - batch.targets)[-25:].mean()
    assert float(absolute_error(torch.from_numpy(p), Trials.of(batch))) == pytest.approx(expected, rel=1e-5)


def test_all_that_is_measured_has_a_name():
    config = NetworksConfig(units=30, trials=8)
    kind = kinds(FIXED, config)[-1]
    task = task_of(kind, config)
    numbers, rates = measure(blank_network(kind, config, task, Seeds(0)), task.batch(8, seed=0), Seeds(0))
    assert tuple(numbers) == MEASURES[:8]
    assert rates.shape == (150, 8, 30)


def planted(index, **skill):
    """Five conditions by four values of lambda0: the index of each condition rises along lambda0 from a mean."""
    along = np.array([-0.3, -0.1, 0.1, 0.3])
    measures = {name: np.full((5, 4), 0.9) for name in MEASURES}
    measures |= {"index": np.array(index)[:, None] + along, "skill untrained": np.zeros((5, 4))}
    measures["index untrained"] = np.tile(np.arange(4.0)[::-1], (5, 1))
    for name, value in skill.items():
        measures["skill"][CONDITIONS.index(name)] = value
    return Orhan2019.Results(np.array([0.8, 0.9, 0.91, 0.92]), measures, {})


def test_claims_take_the_right_differences():
    claims = {c.id: c for c in Orhan2019().claims(planted([3.0, 3.05, 2.5, 3.4, 2.2]))}
    assert claims["lambda0"].value == pytest.approx(1.0)
    assert claims["lambda0"].control.value == pytest.approx(-1.0)
    values = [claims[n].value for n in ("variable_delay", "comparison", "tanh")]
    assert values == pytest.approx([0.5, 0.4, 0.8])
    assert claims["tanh"].control.value == pytest.approx(0.05)
    assert claims["learned"].value == 1
    assert claims["learned"].control.value == 0


def test_networks_that_have_not_learned_are_compared_with_none():
    only_last = np.array([0.3, 0.3, 0.3, 0.9])
    claims = {c.id: c for c in Orhan2019().claims(planted([3.0, 3.0, 3.0, 3.4, 3.0], comparison=only_last, tanh=0.1))}
    assert claims["comparison"].value == pytest.approx(0.4), "of one lambda0"
    assert np.isnan(claims["tanh"].value)
    assert claims["variable_delay"].value == 0
    assert claims["learned"].value == pytest.approx(13 / 16), "tanh units do not count"
