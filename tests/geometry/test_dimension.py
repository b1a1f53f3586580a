"""Participation ratio: closed forms, U-statistics by brute force, recovery from few samples, refusals."""

from itertools import permutations

import numpy as np
import pytest

import tertium as tt
from tertium.errors import BadInput
from tertium.geometry.dimension import squared_variances, traces


@pytest.mark.parametrize(
    ("eigenvalues", "dimension"), [([1.0] * 7, 7.0), ([5.0, 0, 0], 1.0), ([2.0, 1.0, 1.0], 16 / 6)]
)
def test_the_closed_form_of_a_spectrum_in_any_orientation(eigenvalues, dimension):
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(len(eigenvalues),) * 2))[0]
    found = tt.geometry.participation_ratio(turn @ np.diag(eigenvalues) @ turn.T, kind="covariance")
    assert found.value == pytest.approx(dimension, rel=1e-12)
    assert found.eigenvalues == pytest.approx(sorted(eigenvalues, reverse=True), abs=1e-12)
    assert found.samples is None
    assert np.isnan(found.interval).all()


@pytest.mark.parametrize("units", [3, 9])  # both Gram matrices: fewer and more units than samples
def test_traces_are_the_averages_over_four_different_samples(units):
    x = np.random.default_rng(1).exponential(size=(6, units))
    first, second = [], []
    for a, b, c, d in permutations(range(6), 4):
        p, q = x[a] - x[b], x[c] - x[d]
        first.append((p @ p) * (q @ q) / 4)
        second.append((p @ q) ** 2 / 4)
    assert traces(x, corrected=True) == pytest.approx((np.mean(first), np.mean(second)), rel=1e-10)
    s = np.cov(x.T)
    assert traces(x, corrected=False) == pytest.approx((np.trace(s) ** 2, (s**2).sum()), rel=1e-10)


def test_few_samples_are_corrected_where_the_raw_ratio_is_bounded_by_them():
    rng = np.random.default_rng(2)
    scales = np.arange(1, 201) ** -0.4
    true = (scales**2).sum() ** 2 / (scales**4).sum()
    found = [tt.geometry.participation_ratio(rng.normal(size=(30, 200)) * scales) for _ in range(40)]
    assert max(one.raw for one in found) < 30 < true
    assert np.median([one.value for one in found]) == pytest.approx(true, rel=0.1)
    inside = [one.interval[0] < true < one.interval[1] for one in found]
    assert np.mean(inside) >= 0.75  # a jackknife of a ratio with 30 samples is not exact


def test_responses_and_arrays_agree_and_trials_make_the_interval():
    rng = np.random.default_rng(3)
    values = rng.normal(size=(12, 5, 8)) + 3 * rng.normal(size=(12, 1, 8))  # trials differ more than their times
    of_array = tt.geometry.participation_ratio(values)
    of_responses = tt.geometry.participation_ratio(tt.data.make_responses(values, dt=0.1))
    flat = tt.geometry.participation_ratio(rng.permutation(values.reshape(60, 8)))
    assert of_responses.value == of_array.value == pytest.approx(flat.value)
    assert np.ptp(np.log(of_array.interval)) > 1.2 * np.ptp(np.log(flat.interval))
    row = of_array.table().iloc[0]
    assert row["samples"] == 60
    assert row["dimension"] == of_array.value
    assert of_array.figure().layout.xaxis.title.text == "component"


@pytest.mark.parametrize(
    ("r", "kind", "says"),
    [
        (np.zeros((3, 4)), "activity", "5 samples"),
        (np.ones((30, 4)), "activity", "never vary"),
        (np.full((30, 4), np.nan), "activity", "finite"),
        (np.zeros(30), "activity", "(sample, unit)"),
        (np.triu(np.ones((3, 3))), "covariance", "symmetric"),
        (np.zeros((3, 3)), "covariance", "variance"),
        (np.eye(3), "correlation", "'covariance'"),
    ],
)
def test_what_cannot_be_measured_is_refused(r, kind, says):
    with pytest.raises(BadInput, match=says.replace("(", r"\(").replace(")", r"\)")):
        tt.geometry.participation_ratio(r, kind=kind)


def test_too_few_samples_to_see_any_covariance_are_refused():
    few = np.eye(6, 40)  # samples at right angles
    with pytest.raises(BadInput, match="no squared covariance"):
        tt.geometry.participation_ratio(few)
    assert tt.geometry.participation_ratio(few, corrected=False).value == pytest.approx(5.0)


def test_the_result_is_a_number_where_one_is_wanted():
    found = tt.geometry.participation_ratio(np.random.default_rng(0).normal(size=(200, 5)))
    assert float(found) == found.value


def test_squared_variances_are_the_averages_over_four_different_samples():
    x = np.random.default_rng(4).exponential(size=(6, 3))
    drawn = [((x[a] - x[b]) ** 2 * (x[c] - x[d]) ** 2 / 4).sum() for a, b, c, d in permutations(range(6), 4)]
    assert squared_variances(x, corrected=True) == pytest.approx(np.mean(drawn), rel=1e-10)
    assert squared_variances(x, corrected=False) == pytest.approx((x.var(0, ddof=1) ** 2).sum(), rel=1e-10)


def covariances(units, rank, seed):
    """Return covariances of many units: a smooth spectrum of latent variables and noise of each unit."""
    rng = np.random.default_rng(seed)
    loadings = rng.normal(size=(units, rank)) * np.arange(1, rank + 1) ** -0.3
    return loadings @ loadings.T + np.diag(rng.uniform(2, 6, units))


def test_a_random_sample_of_units_tells_the_dimension_of_the_population():
    c = covariances(1200, 60, 5)
    true = tt.geometry.participation_ratio(c, kind="covariance").value
    root, rng = np.linalg.cholesky(c), np.random.default_rng(6)
    few, plain, inside = [], [], []
    for _ in range(20):
        chosen = rng.choice(1200, 60, replace=False)
        r = rng.normal(size=(150, 1200)) @ root[chosen].T
        one = tt.geometry.participation_ratio(r, population=1200)
        few.append(one.value)
        inside.append(one.interval[0] < true < one.interval[1])
        plain.append(tt.geometry.participation_ratio(r).value)
    assert np.median(few) == pytest.approx(true, rel=0.1)
    assert np.mean(inside) >= 0.75
    assert max(plain) < 0.8 * true  # the control: of the recorded units alone it is far smaller


def test_the_whole_population_recorded_is_what_it_is_and_an_infinite_one_leaves_out_private_noise():
    c = covariances(40, 5, 7)
    whole = tt.geometry.participation_ratio(c, kind="covariance", population=40)
    assert whole.value == pytest.approx(whole.raw, rel=1e-12)
    signal = c - np.diag(np.diag(c))
    expected = (np.trace(c) ** 2 - (np.diag(c) ** 2).sum()) / (signal**2).sum()
    endless = tt.geometry.participation_ratio(c, kind="covariance", population=np.inf)
    assert endless.value == pytest.approx(expected, rel=1e-12)
    assert endless.table()["population"].item() == np.inf


@pytest.mark.parametrize("population", [5, np.nan])
def test_a_population_smaller_than_what_was_recorded_is_refused(population):
    with pytest.raises(BadInput, match="8 of them recorded"):
        tt.geometry.participation_ratio(np.random.default_rng(0).normal(size=(30, 8)), population=population)
