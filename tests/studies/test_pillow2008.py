"""The measurements inside the study of spike-train models: definitions written out, and planted circuits."""

from __future__ import annotations

import numpy as np
import pytest

from tertium.compare import simulate_spike_trains
from tertium.studies.methods.pillow import (
    DT,
    Circuit,
    expected,
    explained,
    fitted,
    heard,
    log_likelihoods,
    planted,
    read_back,
    recovery,
    seen,
    shuffled,
    white,
)
from tertium.studies.methods.pillow_recorded import Recording, compared


@pytest.fixture(scope="module")
def recorded():
    rng = np.random.default_rng(0)
    circuit, stimuli = planted(3, rng), white(20, 1000, rng)
    made = simulate_spike_trains(circuit.log_rates(stimuli), circuit.kernels, dt=DT, seed=1)
    return circuit, stimuli, made


def test_expectations_are_those_of_the_simulator(recorded):
    circuit, stimuli, made = recorded
    np.testing.assert_allclose(expected(circuit, stimuli, made.spikes.values), made.expected, rtol=1e-9)


def test_filters_look_at_the_right_bins():
    stimuli = np.zeros((1, 6))
    stimuli[0, 2] = 1.0
    filters = np.array([[3.0], [2.0], [1.0]])
    assert seen(stimuli, filters)[0, :, 0].tolist() == [0, 0, 3, 2, 1, 0]
    spikes = np.zeros((1, 6, 2))
    spikes[0, 1, 0] = 1
    kernels = np.zeros((2, 2, 2))
    kernels[:, 0, 1] = 5.0, 4.0  # unit 0 is heard by unit 1 from the next bin on
    assert heard(spikes, kernels)[0, :, 1].tolist() == [0, 0, 5, 4, 0, 0]
    assert not heard(spikes, kernels)[0, :, 0].any()


def test_likelihoods_are_poisson_likelihoods_written_out(recorded):
    circuit, stimuli, made = recorded
    spikes, candidates = np.asarray(made.spikes.values, dtype=float)[:4, :30], stimuli[:3, :30]
    found = log_likelihoods(circuit, candidates, spikes)
    for trial in range(4):
        for k in range(3):
            mean = expected(circuit, candidates[[k]], spikes[[trial]])[0]
            assert found[trial, k] == pytest.approx((spikes[trial] * np.log(mean) - mean).sum(), rel=1e-9)


def test_a_planted_circuit_is_read_back_and_a_scrambled_one_is_not(recorded):
    circuit, stimuli, made = recorded
    spikes = np.asarray(made.spikes.values, dtype=float)
    fit = fitted(spikes, stimuli)
    found = recovery(circuit, fit)
    assert found["stimulus"].mean() > 0.85
    assert found["history"].mean() > 0.95
    back = read_back(fit)
    own = expected(back, stimuli, spikes)[:, -900:].reshape(-1, 3)
    np.testing.assert_allclose(own[-200:], fit.expected[-200:], rtol=0.02)  # up to the mean that the fit subtracts
    mixed = shuffled(spikes, np.random.default_rng(2))
    assert sorted(mixed.sum(1)[:, 0]) == sorted(spikes.sum(1)[:, 0])
    assert recovery(circuit, fitted(mixed, stimuli))["stimulus"].mean() < 0.7


def test_deviance_explained_of_the_mean_and_of_perfection():
    counts = np.array([[0.0], [1.0], [3.0], [2.0]])
    assert explained(counts, np.full((4, 1), 1.5))[0] == pytest.approx(0)
    assert explained(counts, np.maximum(counts, 1e-12))[0] == pytest.approx(1)


def test_deaf_neurons_keep_their_own_past():
    circuit = planted(4, np.random.default_rng(3))
    deaf = circuit.uncoupled()
    assert isinstance(deaf, Circuit)
    own = np.eye(4, dtype=bool)
    np.testing.assert_array_equal(deaf.kernels[:, own], circuit.kernels[:, own])
    assert not deaf.kernels[:, ~own].any()


def test_the_past_of_a_refractory_unit_helps_and_its_past_run_backwards_does_not():
    rng = np.random.default_rng(4)
    kernel = np.full((4, 1, 1), -4.0)
    wave = rng.normal(size=(60, 400, 1)).cumsum(1) / 20
    made = simulate_spike_trains(np.log(60) + wave, kernel, dt=DT, seed=5)
    spikes = [one.astype(float) for one in made.spikes.values]
    found = compared([Recording("a", spikes, list(wave))], DT, span=0.05, functions=5, penalty=0.1)
    plain, past, backwards = found["bits"][0]
    assert past > plain + 0.02
    assert backwards < plain + 0.005
    assert found["statistic"][0, 1] <= found["band"][0] < found["statistic"][0, 0]
    assert found["history"][0, 0] < -2
