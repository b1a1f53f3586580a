"""COG08: the sequentiality index finds planted sequences, skill is what it says, networks begin as they should."""

import numpy as np
import pytest
import torch

from tertium.errors import BadInput
from tertium.rng import Seeds
from tertium.studies.methods.orhan import (
    angular_error,
    mean_log_ridge,
    population_vector_skill,
    rank_correlation,
    sequentiality,
    shuffled_in_time,
    skill,
)
from tertium.studies.methods.orhan_comparison import comparison, tuning
from tertium.studies.methods.orhan_networks import (
    MEASURES,
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


def bumps(peaks, steps=150, trials=3, width=4.0, background=0.05):
    """Units that peak at given steps, the same in all trials: shape (time, trial, unit)."""
    one = background + 4 * np.exp(-(((np.arange(steps)[:, None] - np.asarray(peaks)) / width) ** 2))
    return np.repeat(one[:, None], trials, axis=1)


def index_by_loops(rates, bins=20, window=5):
    """The definition, unit by unit: what the fast one has to agree with."""
    trials = []
    for one in np.moveaxis(rates, 1, 0):
        peaks, logs = [], []
        for unit in one.T:
            if unit.mean() <= 0.1:
                continue
            peak = int(unit.argmax())
            near = range(max(peak - window // 2, 0), min(peak + window // 2, len(unit) - 1))
            far = [t for t in range(len(unit)) if t not in near]
            peaks.append(peak)
            logs.append(np.log(np.mean([unit[t] for t in near]) / np.mean([unit[t] for t in far])))
        edges = np.linspace(min(peaks), max(peaks), bins + 1)
        share = np.array(
            [sum(min(np.searchsorted(edges, p, "right") - 1, bins - 1) == b for p in peaks) for b in range(bins)]
        )
        share = (share + 0.1) / (share + 0.1).sum()
        trials.append(np.mean(logs) - (share * np.log(share)).sum())
    return float(np.mean(trials))


@pytest.mark.parametrize("seed", [0, 1])
def test_index_is_that_of_the_definition(seed):
    rates = np.random.default_rng(seed).gamma(0.3, 1.0, size=(60, 4, 30))
    rates[..., :5] *= 0.05  # silent units
    assert sequentiality(rates).index == pytest.approx(index_by_loops(rates), abs=1e-12)
    assert sequentiality(rates).units.max() <= 25


def test_a_sequence_has_a_high_index_and_a_persistent_state_a_low_one():
    sequence = sequentiality(bumps(np.linspace(2, 147, 60)))
    persistent = sequentiality(1 + 0.01 * bumps(np.full(60, 30)))
    assert sequence.entropy[0] == pytest.approx(np.log(20), abs=0.02)  # 60 peaks do not quite divide evenly
    assert persistent.ridge[0] == pytest.approx(np.log(1.04), abs=0.005)
    # one bin holds 60.1, nineteen hold 0.1
    share = np.array([60.1] + [0.1] * 19) / 62
    assert persistent.entropy[0] == pytest.approx(-(share * np.log(share)).sum(), abs=1e-12)
    assert sequence.index - persistent.index > 4


def test_narrower_bumps_are_more_sequential():
    peaks = np.linspace(5, 145, 40)
    indices = [sequentiality(bumps(peaks, width=w)).index for w in (2.0, 5.0, 15.0, 60.0)]
    assert all(np.diff(indices) < -0.3)


def test_bins_of_the_whole_trial_see_that_peaks_are_close_together():
    rates = bumps(np.repeat(np.arange(30, 50), 3))
    assert sequentiality(rates).index - sequentiality(rates, whole_trial=True).index > 1.0
    spread = bumps(np.linspace(0, 149, 60))
    assert sequentiality(spread).index == pytest.approx(sequentiality(spread, whole_trial=True).index, abs=1e-9)


def test_shuffling_keeps_rates_and_destroys_bumps():
    rates = bumps(np.linspace(2, 147, 60), width=10.0)
    mixed = shuffled_in_time(rates, np.random.default_rng(0))
    assert np.array_equal(np.sort(rates, axis=0), np.sort(mixed, axis=0))
    assert sequentiality(mixed).ridge.mean() < sequentiality(rates).ridge.mean() - 0.5


def test_window_at_both_ends_of_the_trial():
    rates = np.ones((10, 2))
    rates[0, 0] = rates[9, 1] = 5.0
    # peak at 0: steps 0 and 1 are the ridge, (5 + 1) / 2; peak at 9: steps 7 and 8, the last is never in it
    expected = (np.log(3.0) + np.log(1.0) - np.log(12 / 8)) / 2
    assert mean_log_ridge(rates, np.array([0, 9])) == pytest.approx(expected, abs=1e-12)


def test_units_without_a_ratio_are_left_out_and_silence_has_no_index():
    rates = np.full((20, 1, 2), 0.5)
    rates[3, 0, 0] = 2.0
    alone = sequentiality(rates[..., :1]).ridge[0]
    rates[:, 0, 1], rates[5, 0, 1] = -0.2, 50.0  # on average active, elsewhere negative
    assert sequentiality(rates).ridge[0] == pytest.approx(alone)
    assert np.isnan(sequentiality(np.zeros((20, 2, 3))).index)


def test_rates_that_cannot_be_measured():
    with pytest.raises(
        BadInput, match=r"rates: got shape \(5, 2, 3\), expected \(time, trial, unit\) with more than 5"
    ):
        sequentiality(np.ones((5, 2, 3)))
    with pytest.raises(BadInput, match="a value that is not finite"):
        sequentiality(np.full((20, 2, 3), np.inf))


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


def test_kinds_differ_from_the_compared_network_in_one_thing():
    config = NetworksConfig()
    found = {kind.name: kind for kind in kinds(config)}
    others = [found[name] for name in ("fixed delay again", "variable delay", "comparison", "tanh")]
    fields = ("lambda0", "sigma0", "task", "variable", "nonlinearity")
    assert [sum(getattr(o, f) != getattr(found["fixed delay"], f) for f in fields) for o in others] == [0, 1, 1, 1]
    batch = task_of(found["variable delay"], config).batch(200, seed=0)
    delays = np.diff(batch.epochs["delay"], axis=1)[:, 0]
    assert sorted(set(delays)) == [10, 40, 70, 100]


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
    kind = kinds(config)[-1]
    task = task_of(kind, config)
    numbers, rates = measure(blank_network(kind, config, task, Seeds(0)), task.batch(8, seed=0), Seeds(0))
    assert tuple(numbers) == MEASURES[:8]
    assert rates.shape == (150, 8, 30)


def planted(index, **skill):
    names = ["0.8", "0.9", "0.91", "0.92", "fixed delay", "fixed delay again", "variable delay", "comparison", "tanh"]
    measures = {name: np.full(9, 0.9) for name in MEASURES}
    measures |= {"index": np.array(index), "index untrained": np.arange(9.0)[::-1], "skill untrained": np.zeros(9)}
    for name, value in skill.items():
        measures["skill"][names.index(name)] = value
    return Orhan2019.Results(names, np.array([0.8, 0.9, 0.91, 0.92]), measures, {})


def test_claims_take_the_right_differences():
    claims = {c.id: c for c in Orhan2019().claims(planted([2.0, 2.5, 2.6, 2.9, 3.0, 3.05, 2.5, 3.4, 2.2]))}
    assert claims["lambda0"].value == pytest.approx(1.0)
    assert claims["lambda0"].control.value == pytest.approx(-1.0)
    values = [claims[n].value for n in ("variable_delay", "comparison", "tanh")]
    assert values == pytest.approx([0.5, 0.4, 0.8])
    assert claims["tanh"].control.value == pytest.approx(0.05)
    assert claims["learned"].value == pytest.approx(0.9)


def test_networks_that_have_not_learned_are_compared_with_none():
    claims = {c.id: c for c in Orhan2019().claims(planted([3.0] * 9, comparison=0.3, tanh=0.1))}
    assert np.isnan(claims["comparison"].value)
    assert np.isnan(claims["tanh"].value)
    assert claims["variable_delay"].value == 0
    assert claims["learned"].value == pytest.approx(0.3), "tanh units do not count"
