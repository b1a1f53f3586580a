"""Planted facts of the working-memory tasks."""

import numpy as np
import pytest

from tertium.errors import BadInput
from tertium.tasks import Choice, make
from tertium.tasks.memory.orientation import poisson_counts


def test_delayed_estimation_shows_counts_whose_expectation_is_the_tuning():
    task = make("delayed_estimation", units=50)
    batch = task.batch(1000, seed=0, orientation=np.pi / 2)
    assert batch.steps == 150
    counts = batch.inputs[:25].sum(0).mean(0)
    preferred = np.linspace(0, np.pi, 50)
    expected = np.exp(2 * (np.cos(2 * (np.pi / 2 - preferred)) - 1))
    np.testing.assert_allclose(counts, expected, atol=5 * np.sqrt(1 / 1000))
    # 0.1 spikes per second through a delay of 1 s
    assert batch.inputs[25:125].sum(0).mean() == pytest.approx(0.1, abs=0.006)
    assert (batch.targets[125:, :, 0] == np.float32(np.pi / 2)).all()


def test_the_population_vector_of_the_counts_estimates_the_orientation():
    batch = make("delayed_estimation", gain=20.0).batch(200, seed=1)
    counts = batch.inputs[:25].sum(0)
    preferred = np.linspace(0, np.pi, 50)
    vector = counts @ np.exp(2j * preferred)
    estimate = np.angle(vector) / 2 % np.pi
    apart = (estimate - batch.columns["orientation"] + np.pi / 2) % np.pi - np.pi / 2
    assert np.abs(apart).mean() < 0.1


def test_errors_go_the_short_way_round_the_orientations():
    task = make("delayed_estimation", tolerance=0.2)
    batch = task.batch(2, seed=0, orientation=[0.05, 1.0])
    outputs = np.zeros_like(batch.targets)
    outputs[:, 0], outputs[:, 1] = np.pi - 0.05, 1.3
    np.testing.assert_allclose(task.spec.response.error(outputs, batch), [-0.1, 0.3], atol=1e-6)
    assert batch.correct(outputs).tolist() == [True, False]


def test_delays_vary_from_trial_to_trial_within_a_batch():
    batch = make("delayed_estimation", delay=Choice((0.1, 0.4, 0.7, 1.0))).batch(400, seed=0)
    steps, counts = np.unique(np.diff(batch.epochs["delay"], axis=1), return_counts=True)
    assert steps.tolist() == [10, 40, 70, 100]
    assert counts.min() > 60
    assert (batch.mask.sum((0, 2)) == 25).all()


def test_half_of_the_trials_change_and_only_those():
    batch = make("change_detection", poisson=False, spontaneous=0.0).batch(1000, seed=0)
    assert batch.columns["change"].mean() == pytest.approx(0.5, abs=0.06)
    same = np.isclose(batch.inputs[0], batch.inputs[-1], atol=1e-6).all(-1)
    np.testing.assert_array_equal(~same, batch.columns["change"] == 1)
    assert (batch.targets[-1, :, 0] == batch.columns["change"]).all()


def test_changes_can_be_kept_from_being_small():
    batch = make("change_detection", smallest_change=0.5).batch(500, seed=0)
    moved = batch.columns["change"] == 1
    apart = (batch.columns["after"] - batch.columns["before"] + np.pi / 2) % np.pi - np.pi / 2
    assert np.abs(apart[moved]).min() >= 0.5
    assert (apart[~moved] == 0).all()


def test_fast_poisson_counts_have_the_mean_variance_and_independence_of_poisson_numbers():
    expected = np.array([0.0, 0.05, 0.5, 3.0])
    rng = np.random.default_rng(0)
    counts = poisson_counts(rng, np.tile(expected, (20_000, 1)))
    np.testing.assert_allclose(counts.mean(0), expected, atol=0.05)
    np.testing.assert_allclose(counts.var(0), expected, atol=0.12)
    assert np.abs(np.corrcoef(counts[:, 1:].T)[np.triu_indices(3, 1)]).max() < 0.03
    assert (counts[:, 2] == 0).mean() == pytest.approx(np.exp(-0.5), abs=0.012)
    assert poisson_counts(rng, np.zeros((2, 3))).tolist() == [[0, 0, 0], [0, 0, 0]]


def test_the_first_or_the_second_vibration_is_higher_as_the_inputs_say():
    batch = make("parametric_working_memory", noise=0.0, delay=0.5).batch(1000, seed=0)
    first, second = batch.epochs["f1"][0, 0], batch.epochs["f2"][0, 0]
    higher_first = batch.inputs[first, :, 1] > batch.inputs[second, :, 1]
    np.testing.assert_array_equal(batch.columns["choice"] == 0, higher_first)
    np.testing.assert_array_equal(batch.inputs[first, :, 2] < batch.inputs[second, :, 2], higher_first)
    assert higher_first.mean() == pytest.approx(0.5, abs=0.06)
    # 10 Hz gives 0.2, 34 Hz gives 1
    np.testing.assert_allclose(
        batch.inputs[first, :, 1], 0.2 + 0.8 * (batch.columns["frequency1"] - 10) / 24, atol=1e-6
    )
    assert (np.abs(batch.columns["difference"]) == 8).all()


def test_the_delay_between_vibrations_is_three_seconds():
    np.testing.assert_allclose(np.diff(make("parametric_working_memory").batch(3, seed=0).seconds("delay")), 3.0)


@pytest.mark.parametrize("samples", [2, 5])
def test_tests_match_their_sample_in_half_of_the_trials(samples):
    batch = make("delayed_match_to_sample", samples=samples, noise=0.0).batch(2000, seed=0)
    sample = batch.inputs[batch.epochs["sample"][0, 0], :, 1:].argmax(1)
    test = batch.inputs[batch.epochs["test"][0, 0], :, 1:].argmax(1)
    np.testing.assert_array_equal(sample == test, batch.columns["choice"] == 0)
    assert (sample == test).mean() == pytest.approx(0.5, abs=0.05)
    different = test[(sample == 0) & (sample != test)]
    shares = np.bincount(different, minlength=samples)[1:] / len(different)
    np.testing.assert_allclose(shares, 1 / (samples - 1), atol=0.12)


def test_categories_are_halves_of_the_circle():
    batch = make("delayed_match_to_category").batch(2000, seed=0)
    halves = [np.sin(batch.columns[f"{name}_direction"]) > 0 for name in ("sample", "test")]
    np.testing.assert_array_equal(halves[0] == halves[1], batch.columns["choice"] == 0)
    assert (halves[0] == halves[1]).mean() == pytest.approx(0.5, abs=0.05)
    assert len(np.unique(batch.columns["test_direction"].round(6))) == 12
    shown = batch.inputs[batch.epochs["test"][0, 0] + 1]
    assert shown.shape[1] == 33


def test_partners_go_and_strangers_do_not():
    task = make("delayed_paired_association")
    batch = task.batch(2000, seed=0)
    table = batch.conditions
    assert (
        table["go"] == [pair in {(0, 2), (1, 3)} for pair in zip(table["first"], table["second"], strict=True)]
    ).all()
    assert table["go"].mean() == pytest.approx(0.5, abs=0.05)
    # neither stimulus alone tells
    assert table.groupby("first")["go"].mean().between(0.4, 0.6).all()
    assert table.groupby("second")["go"].mean().between(0.4, 0.6).all()


def test_each_probe_is_about_the_cued_item():
    task = make("dual_delay_match", noise=0.0)
    batch = task.batch(1000, seed=0)
    sample = batch.inputs[batch.epochs["sample"][0, 0]]
    held = np.stack([sample[:, 1:3].argmax(1), sample[:, 3:5].argmax(1)])
    for i in (1, 2):
        cued = batch.inputs[batch.epochs[f"cue{i}"][0, 0], :, 5:].argmax(1)
        probe = batch.inputs[batch.epochs[f"test{i}"][0, 0], :, 1:5].reshape(-1, 2, 2)
        assert (probe.sum((1, 2)) == 1).all()
        assert (probe.sum(2).argmax(1) == cued).all()
        matches = probe.sum(1).argmax(1) == held[cued, np.arange(1000)]
        np.testing.assert_array_equal(matches, batch.columns[f"choice{i}"] == 0)
    assert (batch.columns["cued1"] != batch.columns["cued2"]).mean() == pytest.approx(0.5, abs=0.06)
    # a trial needs both answers
    outputs = batch.targets.copy()
    first, stop = batch.epochs["test2"][0]
    outputs[first:stop, :, 1:] = outputs[first:stop, :, :0:-1]
    assert task.performance(outputs, batch) == 0.0


def test_the_trial_ends_with_the_match_after_the_distractors():
    task = make("delayed_match_distractor", noise=0.0)
    batch = task.batch(600, seed=0)
    match = batch.columns["match"]
    np.testing.assert_allclose(batch.lengths * batch.dt, 0.8 + 1.5 * match)
    sample = batch.inputs[batch.epochs["sample"][0, 0], :, 1:]
    for i in (1, 2, 3):
        there = np.flatnonzero(match >= i)
        shown = batch.inputs[batch.epochs[f"test{i}"][there, 0], there, 1:]
        same = np.isclose(shown, sample[there], atol=1e-6).all(1)
        np.testing.assert_array_equal(same, match[there] == i)
    impatient = np.zeros_like(batch.targets)
    impatient[batch.epochs["sample"][0, 1] :] = 1.0
    np.testing.assert_array_equal(batch.correct(impatient), match == 1)


def test_impossible_matching_tasks_are_refused():
    with pytest.raises(BadInput, match="samples to match"):
        make("delayed_match_to_sample", samples=1)
    with pytest.raises(BadInput, match="directions: got 5, expected an even number"):
        make("delayed_match_to_category", directions=5)
    with pytest.raises(BadInput, match="use delayed_match_to_sample"):
        make("delayed_match_distractor", distractors=0)
