"""CMP01: directions and times that were planted are found, and projections leave what they should."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from tertium.compare import canonical_correlations, svcca
from tertium.rng import Seeds
from tertium.studies.methods.raghu import (
    Digits,
    Layers,
    accuracy,
    canonical_directions,
    departures,
    divided,
    losses,
    noise,
    onto_directions,
    similarity_to_last,
    straight_line,
    time_to_reach,
    trained,
)
from tertium.studies.raghu2017 import Raghu2017


@pytest.fixture(scope="module")
def digits():
    """Return digits of 12 pixels that a small network can learn: ten centres with noise."""
    random = Seeds(0).numpy("digits")
    kinds = random.integers(0, 10, 1500)
    images = 2 * random.normal(size=(10, 12))[kinds] + 0.3 * random.normal(size=(1500, 12))
    flat, told = torch.from_numpy(images).float(), torch.from_numpy(kinds)
    return Digits(flat[:1000], told[:1000], flat[1000:], told[1000:])


@pytest.fixture(scope="module")
def learned(digits):
    """Return a network that learned them, when its snapshots are, and these."""
    network = Layers(12, 16, 3, Seeds(1))
    config = Raghu2017.Config(epochs=6, batch=20, learning_rate=5e-3)
    times, snapshots = trained(network, digits, config, Seeds(1))
    return network, times, snapshots


def planted():
    """Return two sets of responses that share three dimensions, in ten units each."""
    random = Seeds(2).numpy("planted")
    shared = random.normal(size=(800, 3))
    first, second = (
        np.hstack([shared, random.normal(size=(800, 4))]) @ np.linalg.qr(random.normal(size=(10, 7)))[0].T for _ in "ab"
    )
    return shared, first, second


def test_directions_are_those_that_are_shared_and_correlate_as_compare_says():
    shared, first, second = planted()
    weights, correlations = canonical_directions(first, second)
    scores = (first - first.mean(0)) @ weights
    assert np.allclose(scores.T @ scores, np.eye(scores.shape[1]), atol=1e-9), "orthonormal"
    assert correlations[:3] == pytest.approx(canonical_correlations(first, second)[:3], abs=0.02)
    assert correlations[:3].min() > 0.97
    assert correlations[3] < 0.3
    assert canonical_correlations(scores[:, :3], shared).min() > 0.97
    assert correlations.mean() == pytest.approx(svcca(first, second), abs=1e-6)


def test_projection_keeps_the_shared_and_is_the_regression_on_the_directions():
    shared, first, second = planted()
    weights, _ = canonical_directions(first, second)
    left = onto_directions(first, first, weights[:, :3])
    assert np.linalg.matrix_rank(left - left.mean(0), tol=1e-6) == 3
    assert canonical_correlations(left, shared).min() > 0.97
    scores = (first - first.mean(0)) @ weights[:, :3]
    assert np.allclose(left, first.mean(0) + scores @ scores.T @ first, atol=1e-8), "orthogonal among samples"
    assert np.allclose(onto_directions(left, first, weights[:, :3]), left, atol=1e-8), "twice is once"


def test_times_are_those_of_planted_curves():
    times = np.linspace(0, 10, 21)
    curves = np.stack([np.minimum(times / end, 1.0) for end in (2.0, 5.0, 10.0)], axis=1)
    assert time_to_reach(times, curves, 0.9) == pytest.approx([1.8, 4.5, 9.0])
    back = curves.copy()
    back[12, 0] = 0.0
    assert time_to_reach(times, back, 0.9)[0] == pytest.approx(6.45), "for good, not for the first time"
    assert time_to_reach(times, np.ones((21, 1)), 0.9).tolist() == [0.0]
    assert np.isnan(time_to_reach(times, np.zeros((21, 1)), 0.9)).all()


def test_training_learns_and_snapshots_lead_from_the_first_weights_to_the_last(learned, digits):
    network, times, snapshots = learned
    tested = digits.tested.double().numpy()
    assert accuracy(network, tested, -1, digits.tested_digits) > 95
    assert accuracy(Layers(12, 16, 3, Seeds(1)), tested, -1, digits.tested_digits) < 40
    assert times[:5].tolist() == [0, 0.24, 0.5, 0.76, 1.0]
    assert times[-1] == 6
    assert len(times) == len(snapshots) == 19
    assert all(torch.equal(a, b) for a, b in zip(snapshots[0], Layers(12, 16, 3, Seeds(1)).weights(), strict=True))
    similarity = similarity_to_last(network, snapshots, digits.tested)
    assert similarity.shape == (19, 3)
    assert similarity[-1] == pytest.approx(1, abs=1e-6)
    assert (similarity[0] < 0.99).all()
    assert (similarity[0] < similarity[-2]).all()
    assert all(torch.equal(a, b) for a, b in zip(snapshots[-1], network.weights(), strict=True)), "ends as the last"


def test_the_straight_line_has_the_first_and_the_last_weights_at_its_ends(learned):
    _, _, snapshots = learned
    line = straight_line(snapshots[0], snapshots[-1])
    for got, expected in ((line[0], snapshots[0]), (line[-1], snapshots[-1])):
        assert all(torch.allclose(a, b) for a, b in zip(got, expected, strict=True))
    middle = [(a + b) / 2 for a, b in zip(snapshots[0], snapshots[-1], strict=True)]
    assert all(torch.allclose(a, b) for a, b in zip(line[5], middle, strict=True))


def test_the_layers_above_do_what_the_network_does(learned, digits):
    network, _, _ = learned
    whole = network(digits.tested)
    for layer, responses in enumerate(network.responses(digits.tested)):
        assert torch.allclose(network.above(torch.from_numpy(responses).float(), layer), whole, atol=1e-5)


def test_nothing_is_lost_if_all_is_kept_and_much_if_little_is(learned, digits):
    network, _, _ = learned
    # with itself every direction is shared: all of the 99 % are kept
    found = losses(network, network, digits, (1, 16), 3, Seeds(3))
    assert np.abs(found["lost_units"][:, 1]).max() == pytest.approx(0, abs=1e-9)
    assert np.abs(found["lost_directions"][:, 1]).max() < 2
    assert found["lost_units"][:, 0].min() > 20
    assert found["lost_directions"][:, 0].min() > 20


def test_the_measure_is_blind_to_what_it_should_be(learned, digits):
    found = departures(learned[0].responses(digits.tested), Seeds(4))
    assert found["cca_mapped"] < 1e-6
    assert found["svcca_rotated"] < 1e-6
    assert found["cca_cubed"] > 0.01
    gaussians = noise(2000, 40, Seeds(5))
    assert gaussians["noise_ratio"] == pytest.approx(1, abs=0.1)
    assert gaussians["noise_half_ratio"] > 10
    assert gaussians["noise_itself"] == pytest.approx(1)
    assert 0 < gaussians["noise_svcca"] < 0.2


def test_digits_are_divided_without_overlap():
    images = np.arange(40 * 9, dtype=np.uint8).reshape(40, 3, 3)
    got = divided(images, np.arange(40), 15, Seeds(6))
    assert sorted([*got.fitted_digits.tolist(), *got.tested_digits.tolist()]) == list(range(40))
    assert got.tested.shape == (15, 9)
    both = torch.cat([got.fitted, got.tested])
    assert float(both.mean()) == pytest.approx(0, abs=1e-5)
    assert float(both.std()) == pytest.approx(1, abs=1e-5)


def test_claims_read_the_planted_results():
    times = np.array([1.0, 2.0, 3.0, 4.0])
    lost = np.array([[9.0, 0.5], [9.0, 0.9], [9.0, 0.1], [9.0, 0.2]])
    results = Raghu2017.Results(
        times=times, similarity=np.ones((2, 4, 4)), stops=times, straight=np.ones((2, 4, 4)), settled=times,
        settled_straight=times[::-1], order=np.array([3.0, 2.0, 1.0, 0.0]), accuracy=95.0, accuracy_untrained=12.0,
        counts=np.array([2.0, 5.0]), units=20, lost_directions=lost, lost_units=lost + 7.0, cca_mapped=0.0,
        cca_cubed=0.3, svcca_rotated=0.0, svcca_mapped=0.1, noise_svcca=0.2, noise_itself=1.0, noise_ratio=1.0,
        noise_half_ratio=9.0,
    )  # fmt: skip
    claims = {c.id: c for c in Raghu2017().claims(results)}
    assert claims["few_directions"].value == pytest.approx(5 / 20)
    assert claims["few_directions"].control.value == 1
    assert claims["random_units"].value == pytest.approx(7.1)
    assert claims["random_units"].control.value == pytest.approx(0.9)
    all_needed = replace(results, lost_directions=lost + 1.0)
    claims_then = {c.id: c for c in Raghu2017().claims(all_needed)}
    assert claims_then["few_directions"].value == 1
    assert claims_then["random_units"].value == 0, "a layer that needs all loses nothing with all units"
    assert claims["bottom_up"].value == pytest.approx(1)
    assert claims["bottom_up"].control.value == pytest.approx(-1)
    assert claims["straight_line"].value == pytest.approx(-1)
    never = {c.id: c for c in Raghu2017().claims(replace(results, settled=np.full(4, np.nan)))}
    assert np.isnan(never["bottom_up"].value)
