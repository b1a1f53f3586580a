"""Planted facts of the working-memory tasks."""

import numpy as np
import pytest

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
    counts = np.array([poisson_counts(rng, expected) for _ in range(20_000)])
    np.testing.assert_allclose(counts.mean(0), expected, atol=0.05)
    np.testing.assert_allclose(counts.var(0), expected, atol=0.12)
    assert np.abs(np.corrcoef(counts[:, 1:].T)[np.triu_indices(3, 1)]).max() < 0.03
    assert (counts[:, 2] == 0).mean() == pytest.approx(np.exp(-0.5), abs=0.012)
    assert poisson_counts(rng, np.zeros((2, 3))).tolist() == [[0, 0, 0], [0, 0, 0]]
