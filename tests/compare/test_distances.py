"""Dissimilarities against independent oracles: SciPy, NumPy, scikit-learn, plain loops, simulation."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform

from tertium.compare.distances.cells import gather
from tertium.compare.distances.correlation import correlation, cosine
from tertium.compare.distances.euclidean import squared_euclidean
from tertium.compare.distances.mahalanobis import mahalanobis, whiten
from tertium.compare.distances.poisson import poisson_kl, poisson_kl_cv
from tertium.errors import BadInput
from tertium.rng import Seeds


@pytest.fixture
def patterns():
    return Seeds(0).numpy("patterns").normal(2.0, 1.0, size=(12, 30))


def precision_of(n, seed=0):
    a = Seeds(seed).numpy("precision").normal(size=(n, 3 * n))
    return np.linalg.inv(a @ a.T / (3 * n))


def test_euclidean_is_squared_pdist_by_channels(patterns):
    expected = pdist(patterns) ** 2 / patterns.shape[1]
    np.testing.assert_allclose(squared_euclidean(patterns), expected, rtol=1e-12)


def test_euclidean_keeps_digits_far_from_zero(patterns):
    # products of patterns at 1e6 would lose 12 digits if the patterns were not centred first
    np.testing.assert_allclose(squared_euclidean(patterns + 1e6), pdist(patterns) ** 2 / 30, rtol=1e-8)


def test_equal_patterns_are_at_distance_zero_not_below(patterns):
    twice = np.vstack([patterns[:3], patterns[:3]])
    d = squareform(squared_euclidean(twice))
    assert (squared_euclidean(twice) >= 0).all()
    np.testing.assert_allclose(np.diag(d[:3, 3:]), 0.0, atol=1e-14)


def test_euclidean_on_shared_channels_equals_loops(patterns):
    x = patterns.copy()
    x[Seeds(1).numpy("holes").random(x.shape) < 0.2] = np.nan
    x[:, 7] = np.nan  # a channel nobody has
    expected = [np.nanmean((x[i] - x[j]) ** 2) for i, j in zip(*np.triu_indices(len(x), 1), strict=True)]
    np.testing.assert_allclose(squared_euclidean(x), expected, rtol=1e-11)


def test_conditions_without_a_shared_channel_are_named():
    x = np.array([[1.0, np.nan], [2.0, 1.0], [np.nan, 3.0]])
    with pytest.raises(BadInput, match="conditions 'a' and 'c': got no channel measured in both"):
        squared_euclidean(x, names=["a", "b", "c"])


def test_correlation_is_one_minus_corrcoef(patterns):
    expected = 1 - np.corrcoef(patterns)[np.triu_indices(12, 1)]
    np.testing.assert_allclose(correlation(patterns), expected, rtol=0, atol=1e-13)


def test_cosine_is_scipys(patterns):
    np.testing.assert_allclose(cosine(patterns), pdist(patterns, "cosine"), rtol=0, atol=1e-13)


@pytest.mark.parametrize("level", [0.0, 0.1, 1e6])
def test_constant_pattern_is_named(patterns, level):
    x = patterns.copy()
    x[4] = level
    with pytest.raises(BadInput, match="condition 'n4': got a pattern that is the same in all 30 channels"):
        correlation(x, names=[f"n{i}" for i in range(12)])


def test_zero_pattern_is_named(patterns):
    x = patterns.copy()
    x[[4, 6]] = 0.0
    with pytest.raises(BadInput, match=r"condition 'n4': got a pattern of zeros \(2 such conditions\)"):
        cosine(x, names=[f"n{i}" for i in range(12)])


@pytest.mark.parametrize("metric", [squared_euclidean, correlation, cosine, poisson_kl])
def test_one_condition_is_too_few(metric):
    with pytest.raises(BadInput, match="got 1 condition, expected at least 2"):
        metric(np.ones((1, 4)))


def test_mahalanobis_is_scipys(patterns):
    p = precision_of(30)
    expected = pdist(patterns, "mahalanobis", VI=p) ** 2 / 30
    np.testing.assert_allclose(mahalanobis(patterns, p), expected, rtol=1e-10)
    np.testing.assert_allclose(
        mahalanobis(patterns, np.diag(p)), mahalanobis(patterns, np.diag(np.diag(p))), rtol=1e-10
    )
    np.testing.assert_allclose(mahalanobis(patterns, np.eye(30)), squared_euclidean(patterns), rtol=1e-12)


def test_products_of_whitened_patterns_are_products_under_the_precision(patterns):
    p = precision_of(30)
    stacked = np.stack([patterns, 2 * patterns])
    white = whiten(stacked, p)
    np.testing.assert_allclose(white[1] @ white[0].T, 2 * patterns @ p @ patterns.T, rtol=1e-11)


@pytest.mark.parametrize(
    ("precision", "message"),
    [
        (np.eye(3), r"got shape \(3, 3\), expected \(30, 30\)"),
        (-np.eye(30), "a diagonal down to -1"),
        (np.full(30, np.nan), "not finite"),
        (np.ones((30, 30)), "not positive definite"),
        (np.eye(30) + np.triu(np.ones((30, 30)), 1), "asymmetric"),
    ],
)
def test_bad_precisions(patterns, precision, message):
    with pytest.raises(BadInput, match=message):
        mahalanobis(patterns, precision)


def test_noise_correlations_need_all_channels(patterns):
    x = patterns.copy()
    x[2, 3] = np.nan
    with pytest.raises(BadInput, match=r"missing channels: got NaN.*Use noise='diagonal'"):
        mahalanobis(x, np.eye(30))


def test_poisson_is_the_sum_of_both_divergences():
    counts = Seeds(0).numpy("counts").poisson(4.0, size=(6, 9)).astype(float)
    rates = (counts + 1.0 * 0.1) / 1.1

    def kl(a, b):  # of two Poisson distributions, summed over independent channels
        return np.sum(a * np.log(a / b) - a + b)

    expected = [
        (kl(rates[i], rates[j]) + kl(rates[j], rates[i])) / 9 for i, j in zip(*np.triu_indices(6, 1), strict=True)
    ]
    np.testing.assert_allclose(poisson_kl(counts), expected, rtol=1e-12)


def test_negative_rates_are_named():
    with pytest.raises(BadInput, match=r"condition 'b': got a negative rate in channel 1 \(-0.5 at the lowest\)"):
        poisson_kl([[1.0, 2.0], [1.0, -0.5]], names=["a", "b"])


@pytest.mark.parametrize("prior", [{"prior_rate": 0.0}, {"prior_weight": -1.0}])
def test_poisson_prior_is_positive(prior):
    with pytest.raises(BadInput, match=r"Poisson prior.*two positive numbers"):
        poisson_kl([[1.0], [2.0]], **prior)


def test_cross_validated_poisson_equals_loops_on_an_unbalanced_design():
    random = Seeds(3).numpy("design")
    condition, run = random.integers(0, 4, 60), random.integers(0, 3, 60)
    counts = random.poisson(3.0 + condition[:, None], size=(60, 7)).astype(float)
    expected = []
    for i, j in zip(*np.triu_indices(4, 1), strict=True):
        top = bottom = 0.0
        for r in range(3):
            for s in range(3):
                parts = {(c, k): counts[(condition == c) & (run == k)] for c in (i, j) for k in (r, s)}
                if r == s or min(map(len, parts.values())) == 0:
                    continue
                w = np.prod([1 / (1 / len(parts[i, k]) + 1 / len(parts[j, k])) for k in (r, s)])
                rate = {key: (trials.mean(axis=0) + 0.1) / 1.1 for key, trials in parts.items()}
                gap = (rate[i, r] - rate[j, r]) @ (np.log(rate[i, s]) - np.log(rate[j, s]))
                top, bottom = top + w * gap, bottom + w * 7
        expected.append(top / bottom)
    np.testing.assert_allclose(poisson_kl_cv(counts, condition, run), expected, rtol=1e-11)


def test_cross_validated_poisson_is_unbiased_where_the_plain_one_is_not():
    random = Seeds(5).numpy("counts")
    condition, run = np.tile([0, 1], 6), np.repeat(np.arange(3), 4)
    crossed, plain = [], []
    for _ in range(1500):
        counts = random.poisson(5.0, size=(12, 4)).astype(float)
        crossed.append(poisson_kl_cv(counts, condition, run)[0])
        plain.append(poisson_kl([counts[condition == c].mean(axis=0) for c in (0, 1)])[0])
    error = np.std(crossed) / np.sqrt(len(crossed))
    assert abs(np.mean(crossed)) < 3.5 * error
    assert np.mean(plain) > 20 * error


def test_cells_average_trials_and_count_them():
    random = Seeds(2).numpy("cells")
    condition, run = random.integers(0, 5, 80), random.integers(0, 4, 80)
    values = random.normal(size=(80, 3))
    values[random.random(values.shape) < 0.3] = np.nan
    cells = gather(values, condition, run)
    for r in range(4):
        for c in range(5):
            here = values[(condition == c) & (run == r)]
            assert cells.counts[r, c] == len(here)
            for p in range(3):
                seen = here[~np.isnan(here[:, p]), p]
                assert cells.seen[r, c, p] == (len(seen) > 0)
                np.testing.assert_allclose(cells.means[r, c, p], seen.mean() if len(seen) else 0.0, atol=1e-14)
