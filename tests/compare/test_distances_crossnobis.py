"""Crossnobis: fast paths against plain loops, invariances, unbiasedness by simulation, designs that cannot work."""

import itertools

import numpy as np
import pytest

from tertium.compare.distances.crossnobis import balanced_products, crossnobis, crossnobis_across
from tertium.compare.distances.reference import crossnobis_loops
from tertium.errors import BadInput
from tertium.rng import Seeds

N, P, R = 6, 10, 4


def precision(seed=0, n=P):
    a = Seeds(seed).numpy("precision").normal(size=(n, 4 * n))
    return np.linalg.inv(a @ a.T / (4 * n))


@pytest.fixture
def balanced():
    random = Seeds(0).numpy("balanced")
    condition, run = (k.ravel() for k in np.meshgrid(np.arange(N), np.arange(R)))
    values = random.normal(size=(N, P))[condition] + random.normal(size=(N * R, P)) + 30.0
    return values, condition, run


@pytest.fixture
def unbalanced():
    """Different numbers of trials in each cell, one condition missing from one run."""
    random = Seeds(1).numpy("unbalanced")
    counts = random.integers(1, 5, size=(R, N))
    counts[2, 3] = 0
    run, condition = (np.repeat(k.ravel(), counts.ravel()) for k in np.indices(counts.shape))
    values = random.normal(size=(N, P))[condition] + random.normal(size=(len(run), P))
    return values, condition, run


@pytest.mark.parametrize("metric", [None, np.linspace(0.5, 2.0, P), precision()], ids=["identity", "diagonal", "full"])
@pytest.mark.parametrize("design", ["balanced", "unbalanced"])
def test_equals_loops(request, design, metric):
    data = request.getfixturevalue(design)
    np.testing.assert_allclose(
        crossnobis(*data, precision=metric), crossnobis_loops(*data, precision=metric), rtol=1e-10, atol=1e-12
    )


def test_closed_form_equals_the_general_estimator_on_balanced_data(balanced):
    values, condition, run = balanced
    p = precision()
    # a precision for each run, all equal, takes the general way
    general = crossnobis(values, condition, run, precision=dict.fromkeys(range(R), p))
    np.testing.assert_allclose(crossnobis(values, condition, run, precision=p), general, rtol=1e-10)
    np.testing.assert_allclose(crossnobis_across(values, condition, run, precision=p), general, rtol=1e-9)


def test_closed_form_with_runs_of_different_length():
    random = Seeds(4).numpy("runs")
    condition = np.concatenate([np.tile(np.arange(N), k) for k in (1, 2, 5)])
    run = np.repeat(np.arange(3), np.array([1, 2, 5]) * N)
    values = random.normal(size=(len(run), P))
    np.testing.assert_allclose(crossnobis(values, condition, run), crossnobis_loops(values, condition, run), rtol=1e-10)


def test_mean_product_over_pairs_of_runs(balanced):
    x = balanced[0].reshape(R, N, P)
    pairs = [x[r] @ x[s].T for r, s in itertools.permutations(range(R), 2)]
    np.testing.assert_allclose(balanced_products(x), np.mean(pairs, axis=0), rtol=1e-12)


@pytest.mark.parametrize("design", ["balanced", "unbalanced"])
@pytest.mark.parametrize("estimate", [crossnobis, crossnobis_across])
def test_order_of_trials_does_not_matter(request, design, estimate):
    values, condition, run = request.getfixturevalue(design)
    order = Seeds(7).numpy("order").permutation(len(run))
    np.testing.assert_allclose(
        estimate(values[order], condition[order], run[order]), estimate(values, condition, run), rtol=1e-9, atol=1e-11
    )


def test_offsets_of_runs_cancel_within_runs_only(unbalanced):
    values, condition, run = unbalanced
    shifted = values + Seeds(8).numpy("offsets").normal(scale=3.0, size=(R, P))[run]
    plain = crossnobis(values, condition, run)
    np.testing.assert_allclose(crossnobis(shifted, condition, run), plain, rtol=1e-9, atol=1e-11)
    assert np.abs(crossnobis_across(shifted, condition, run) - crossnobis_across(values, condition, run)).max() > 0.05


def test_across_runs_equals_loops_over_trials(unbalanced):
    values, condition, run = unbalanced
    values = values.copy()
    values[Seeds(9).numpy("holes").random(values.shape) < 0.1] = np.nan

    def product(i, j):
        pairs = [
            values[a] * values[b]
            for a in np.flatnonzero(condition == i)
            for b in np.flatnonzero(condition == j)
            if run[a] != run[b]
        ]
        return np.nanmean(pairs)

    expected = [product(i, i) + product(j, j) - 2 * product(i, j) for i, j in itertools.combinations(range(N), 2)]
    np.testing.assert_allclose(crossnobis_across(values, condition, run), expected, rtol=1e-9, atol=1e-11)


def test_without_runs_every_trial_is_a_fold(unbalanced):
    values, condition, _ = unbalanced
    each = np.arange(len(values))
    np.testing.assert_allclose(
        crossnobis_across(values, condition), crossnobis_across(values, condition, each), rtol=1e-9, atol=1e-11
    )


def test_missing_channels_equal_loops(unbalanced):
    values, condition, run = unbalanced
    values = values.copy()
    values[Seeds(10).numpy("holes").random(values.shape) < 0.3] = np.nan
    diagonal = np.linspace(0.5, 2.0, P)
    for metric in (None, diagonal):
        np.testing.assert_allclose(
            crossnobis(values, condition, run, precision=metric),
            crossnobis_loops(values, condition, run, precision=metric),
            rtol=1e-10,
            atol=1e-12,
        )


def test_channels_missing_from_a_run_are_marginalised_under_noise_correlations(balanced):
    values, condition, run = balanced
    values = values.copy()
    values[np.ix_(run == 1, [2, 5])] = np.nan
    p = precision()
    covariance, keep = np.linalg.inv(p), np.setdiff1d(np.arange(P), [2, 5])
    cut = np.linalg.inv(covariance[np.ix_(keep, keep)])
    expected = []
    for i, j in itertools.combinations(range(N), 2):
        top = bottom = 0.0
        for r, s in itertools.combinations(range(R), 2):
            a, b = (values[(condition == i) & (run == k)][0] - values[(condition == j) & (run == k)][0] for k in (r, s))
            if 1 in (r, s):
                top, bottom = top + a[keep] @ cut @ b[keep], bottom + len(keep)
            else:
                top, bottom = top + a @ p @ b, bottom + P
        expected.append(top / bottom)
    np.testing.assert_allclose(crossnobis(values, condition, run, precision=p), expected, rtol=1e-9)
    values[3, 7] = np.nan
    with pytest.raises(BadInput, match="missing channels: got channel 7 in some conditions of a run only"):
        crossnobis(values, condition, run, precision=p)


@pytest.mark.parametrize("kind", ["full", "diagonal"])
def test_precisions_of_runs(balanced, kind):
    values, condition, run = balanced
    given = {r: precision(r) if kind == "full" else np.diag(precision(r)) for r in range(R)}
    square = {r: p if p.ndim == 2 else np.diag(p) for r, p in given.items()}
    x = values.reshape(R, N, P)
    expected = []
    for i, j in itertools.combinations(range(N), 2):
        products = [
            (x[r, i] - x[r, j])
            @ np.linalg.inv((np.linalg.inv(square[r]) + np.linalg.inv(square[s])) / 2)
            @ (x[s, i] - x[s, j])
            for r, s in itertools.permutations(range(R), 2)
        ]
        expected.append(np.mean(products) / P)
    np.testing.assert_allclose(crossnobis(values, condition, run, precision=given), expected, rtol=1e-9)


def test_a_run_without_precision(balanced):
    with pytest.raises(BadInput, match="noise precisions: got none for run number 3"):
        crossnobis(*balanced, precision={r: np.ones(P) for r in range(3)})


@pytest.mark.parametrize("estimate", [crossnobis, crossnobis_across])
def test_unbiased(unbalanced, estimate):
    """Conditions 0 and 1 are the same, 2 lies at a known distance; noise is correlated between channels."""
    _, condition, run = unbalanced
    keep = condition < 3
    condition, run = condition[keep], run[keep]
    truth = np.zeros((3, P))
    truth[2] = np.linspace(0.0, 1.0, P)
    mix = np.linalg.cholesky(np.linalg.inv(precision()))
    random = Seeds(11).numpy("noise")
    found = np.array(
        [
            estimate(
                truth[condition] + random.normal(size=(len(run), P)) @ mix.T, condition, run, precision=precision()
            )
            for _ in range(3000)
        ]
    )
    expected = np.array([0.0, truth[2] @ precision() @ truth[2] / P, truth[2] @ precision() @ truth[2] / P])
    error = found.std(axis=0) / np.sqrt(len(found))
    assert (np.abs(found.mean(axis=0) - expected) < 3.5 * error).all()
    assert (error < 0.01).all()  # small enough for the test to mean something


def test_weights_are_those_of_least_variance(unbalanced):
    """Against equal weights of runs, on conditions that do not differ."""
    _, condition, run = unbalanced
    keep = condition < 2
    condition, run = condition[keep], run[keep]
    random = Seeds(12).numpy("noise")
    ours, equal = [], []
    for _ in range(2000):
        values = random.normal(size=(len(run), P))
        ours.append(crossnobis(values, condition, run)[0])
        means = np.array([[values[(condition == c) & (run == r)].mean(axis=0) for c in (0, 1)] for r in range(R)])
        gaps = means[:, 0] - means[:, 1]
        equal.append(np.mean([gaps[r] @ gaps[s] / P for r, s in itertools.combinations(range(R), 2)]))
    assert np.var(ours) < np.var(equal)


def test_too_few_runs_or_conditions(balanced):
    values, condition, run = balanced
    with pytest.raises(BadInput, match="crossnobis: got 1 run, expected at least 2 runs"):
        crossnobis(values, condition, np.zeros_like(run))
    with pytest.raises(BadInput, match="crossnobis: got 1 condition, expected at least 2"):
        crossnobis(values, np.zeros_like(condition), run)
    with pytest.raises(BadInput, match="got 1 condition"):
        crossnobis_across(values, np.zeros_like(condition))


def test_conditions_that_share_one_run(balanced):
    values, condition, run = balanced
    keep = ~((condition == 0) & (run < 2)) & ~((condition == 1) & (run == 2))
    data = values[keep], condition[keep], run[keep]
    with pytest.raises(
        BadInput, match=r"conditions 'a' and 'b': got fewer than 2 runs that hold both \(1 of 15 pairs\)"
    ):
        crossnobis(*data, names=list("abcdef"))
    found = crossnobis(*data, partial=True)
    assert np.isnan(found[0])
    assert np.isfinite(found[1:]).all()
    np.testing.assert_allclose(found, crossnobis_loops(*data), rtol=1e-10, atol=1e-12)
    assert np.isfinite(crossnobis_across(*data)).all()


def test_a_condition_seen_once(balanced):
    values, condition, run = balanced
    keep = (condition != 4) | (run == 0)
    with pytest.raises(BadInput, match="crossnobis of condition 'e': got a single run"):
        crossnobis_across(values[keep], condition[keep], run[keep], names=list("abcdef"))
