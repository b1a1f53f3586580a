"""DYN09: networks have the statistics they are built from, and the mechanism works because of them."""

import numpy as np
import pytest
import torch

from tertium.studies.mastrogiuseppe2018 import Mastrogiuseppe2018, explained_within, run_network
from tertium.studies.methods.mastrogiuseppe import (
    COLUMNS,
    context_populations,
    deciding_network,
    onset,
    outlier_error,
    random_part,
    rank_one,
    rotation,
    sampled,
    two_states,
)
from tertium.tasks import make
from tertium.theory import kappa_flow, rank_one_states


def test_loadings_have_the_overlaps_they_are_built_for():
    rng = np.random.default_rng(0)
    assert rank_one(1.6, 20_000, rng).overlaps[0, 0] == pytest.approx(1.6, abs=0.05)
    values = np.linalg.eigvals(rotation(1.4, 0.6, 20_000, rng).overlaps)
    np.testing.assert_allclose(sorted(values.imag), [-1.4, 1.4], atol=0.05)
    np.testing.assert_allclose(values.real, 0.6, atol=0.05)


def test_the_error_of_an_outlier_is_zero_without_random_part():
    loadings = rotation(1.4, 0.6, 200, np.random.default_rng(1))
    assert outlier_error(np.zeros((200, 200)), loadings, loadings) < 1e-6
    other = rank_one(2.0, 200, np.random.default_rng(2))
    assert outlier_error(random_part(200, 0.5, np.random.default_rng(3)), other, other) < 0.15


def test_two_states_lie_where_theory_puts_them():
    overlaps = np.array([0.8, 1.5, 2.0])
    apart = two_states(overlaps, 4000, np.random.default_rng(4), duration=60.0)
    assert abs(apart[0]) < 0.02
    for overlap, found in zip(overlaps[1:], apart[1:], strict=True):
        assert found == pytest.approx(rank_one_states(overlap)[1].kappa, rel=0.05)
    assert np.isnan(onset(overlaps, np.zeros(3)))


def test_cues_switch_the_gains_of_populations_and_with_them_the_evidence_that_is_passed_on():
    shares, covariances = context_populations()
    assert covariances.shape == (2, len(COLUMNS), len(COLUMNS))
    for cue, relevant in (((1, 0), 0), ((0, 1), 1)):
        flow = kappa_flow([[0.0, 0.0]], [0, 0, *cue], weights=shares, means=np.zeros((2, 8)), covariances=covariances)
        assert flow.gain[0, relevant] > 10 * flow.gain[0, 1 - relevant]
        passed = flow.feedforward[0].sum(0)[1, :2]
        assert passed[relevant] > 10 * passed[1 - relevant]


def small_run(shares, covariances, trials=60, units=2500, **options):
    config = Mastrogiuseppe2018.configure({})
    batch = make("context_decision", noise=config.noise, delay=config.delay).batch(trials, 1)
    loadings = sampled(shares, covariances, units, np.random.default_rng(5))
    return loadings, batch, *run_network(loadings, config, batch, **options)


def test_two_populations_decide_by_context_and_one_of_the_same_covariance_does_not():
    shares, covariances = context_populations()
    loadings, batch, right, states = small_run(shares, covariances)
    assert right.mean() > 0.85
    assert explained_within(states, loadings, batch) == pytest.approx(1, abs=1e-6)
    one = np.tensordot(shares, covariances, 1)[None]
    assert small_run(np.ones(1), one)[2].mean() < 0.7


def test_a_random_part_is_seen_as_such():
    loadings, batch, _, states = small_run(*context_populations(), trials=20, units=800, random_gain=1.0)
    assert explained_within(states, loadings, batch) < 0.97


def test_the_network_is_its_loadings():
    task = make("context_decision")
    loadings = sampled(*context_populations(), 50, np.random.default_rng(6))
    network = deciding_network(loadings, task)
    x = torch.zeros(1, 1, task.n_inputs)
    x[0, 0, 1:3] = torch.tensor([0.8, 0.2])
    _, states = network(x)
    expected = 0.2 * 0.6 * loadings.inputs[:, 0]  # dt / tau, difference of the channels
    np.testing.assert_allclose(states[0, 0].detach().numpy(), expected, rtol=1e-4, atol=1e-5)
