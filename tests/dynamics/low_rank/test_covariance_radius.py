"""The radius of planted networks, corrections for few trials, intervals, and the direction of time."""

import numpy as np
import pytest

from tertium.data import make_responses
from tertium.dynamics import lag_asymmetry, spectral_radius_from_covariances
from tertium.dynamics.low_rank.pair_moments import moments_of_activity, moments_of_covariances
from tertium.errors import BadInput
from tertium.rng import Seeds


def network(radius, trials, n=300, seed=0, tails=False):
    rng = Seeds(seed).numpy("network")
    response = np.linalg.inv(np.eye(n) - radius * rng.normal(size=(n, n)) / np.sqrt(n))
    noise = rng.laplace(size=(trials, n)) / np.sqrt(2) if tails else rng.normal(size=(trials, n))
    return noise @ response.T, response @ response.T


@pytest.mark.parametrize("tails", [False, True])
def test_moments_are_unbiased_whatever_the_distribution(tails):
    rng = Seeds(1).numpy("moments")
    mixing = rng.normal(size=(5, 5))
    true = mixing @ mixing.T
    off = ~np.eye(5, dtype=bool)
    found = np.zeros(3)
    draws = 20_000
    for _ in range(draws):
        z = rng.exponential(size=(9, 5)) - 1 if tails else rng.normal(size=(9, 5))
        moments = moments_of_activity(z @ mixing.T)
        found += np.array([moments.squares[0, 1], moments.squared_mean, moments.squared_variance]) / draws
    expected = [true[0, 1] ** 2, true[off].mean() ** 2, np.trace(true) ** 2 / 25]
    np.testing.assert_allclose(found, expected, atol=0.03 * expected[2])


def test_a_covariance_matrix_of_gaussian_trials_is_corrected_alike():
    x, _ = network(0.6, 60)
    x = x[:, :100]
    by_trials, by_matrix = moments_of_activity(x), moments_of_covariances(np.cov(x.T), 60)
    assert by_matrix.spread == pytest.approx(by_trials.spread, rel=0.1)
    assert moments_of_covariances(np.cov(x.T)).spread > 2 * by_matrix.spread


@pytest.mark.parametrize("radius", [0.4, 0.8])
def test_the_radius_is_recovered_from_some_units_and_few_trials(radius):
    x, exact = network(radius, 300)
    known = spectral_radius_from_covariances(exact[:90, :90], 300, kind="covariance", n_bootstrap=100)
    found = spectral_radius_from_covariances(make_responses(x[:, :90]), 300, n_bootstrap=200)
    assert known.value == pytest.approx(radius, abs=0.05)
    assert found.value == pytest.approx(radius, abs=0.06)
    assert found.interval[0] < radius < found.interval[1]
    assert found.raw_spread > found.spread
    again = spectral_radius_from_covariances(x[:, :90], 300, n_bootstrap=200)
    assert again.interval == found.interval
    assert found.table()["recorded_units"].item() == 90
    assert len(found.figure().data) == 2


def test_heavy_tails_do_not_spoil_it_and_independent_units_have_none():
    x, _ = network(0.6, 200, tails=True)
    assert spectral_radius_from_covariances(x[:, :90], 300, n_bootstrap=0).value == pytest.approx(0.6, abs=0.08)
    still = Seeds(3).numpy("independent").normal(size=(200, 90))
    found = spectral_radius_from_covariances(still, 300, n_bootstrap=200)
    assert found.interval[0] < 0.1
    assert found.value < 0.3


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    covered = 0
    for seed in range(40):
        x, _ = network(0.6, 150, n=150, seed=seed)
        low, high = spectral_radius_from_covariances(x[:, :60], 150, n_bootstrap=150, seed=seed).interval
        covered += low < 0.6 < high
    assert covered >= 34  # 95 % of 40 is 38


@pytest.mark.parametrize(("symmetric", "low", "high"), [(True, -0.1, 0.1), (False, 0.15, 1.0)])
def test_lagged_covariances_tell_symmetric_from_independent_weights(symmetric, low, high):
    rng = Seeds(6).numpy("time")
    w = 0.7 * rng.normal(size=(60, 60)) / np.sqrt(60)
    w = (w + w.T) / 2**1.5 if symmetric else w
    x, kept = np.zeros((200, 60)), []
    for step in range(250):
        x = 0.9 * x + 0.1 * x @ w.T + rng.normal(size=x.shape)
        if step >= 150:
            kept.append(x)
    found = lag_asymmetry(np.stack(kept, axis=1), 10, n_permutations=99)
    assert low < found.value < high
    assert (found.p_value < 0.02) == (not symmetric)
    assert found.table()["lag"].item() == 10
    assert len(found.figure().data) == 2


def test_bad_input_is_named():
    x, exact = network(0.5, 30, n=40)
    with pytest.raises(BadInput, match="activity: got 19 trials of 40 units, expected at least 20 of each"):
        spectral_radius_from_covariances(x[:19], 100)
    with pytest.raises(BadInput, match="units of the network: got 39, expected at least the 40"):
        spectral_radius_from_covariances(x, 39)
    with pytest.raises(BadInput, match=r"activity: got units \[3\] that never vary"):
        spectral_radius_from_covariances(np.where(np.arange(40) == 3, 1.0, x), 40)
    with pytest.raises(BadInput, match="covariances: got shape"):
        spectral_radius_from_covariances(x[:, :30] @ np.diag(np.arange(30)), 40, kind="covariance")
    with pytest.raises(BadInput, match="covariances: got 40 units, 5 trials"):
        spectral_radius_from_covariances(exact, 40, kind="covariance", trials=5)
    with pytest.raises(BadInput, match="trials: got 30, expected none"):
        spectral_radius_from_covariances(x, 40, trials=30)
    with pytest.raises(BadInput, match="kind: got 'x'"):
        spectral_radius_from_covariances(x, 40, kind="x")
    with pytest.raises(BadInput, match="over: got 'x'"):
        spectral_radius_from_covariances(x, 40, over="x")
    with pytest.raises(BadInput, match="lag: got 0, expected 1 to 4 steps"):
        lag_asymmetry(np.zeros((20, 5, 2)), 0)
    with pytest.raises(BadInput, match="activity: got shape"):
        lag_asymmetry(np.zeros((5, 5, 2)), 1)
