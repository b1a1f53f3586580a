"""Noise ceilings against planted signal and noise, closed forms, and each other."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest

from tertium.compare.ceiling import noise_ceiling
from tertium.data.responses import make_responses
from tertium.errors import BadInput, UnknownName


def table(values, stimulus, **options):
    return make_responses(values, trial={"stimulus": stimulus}, **options)


def planted(rng, stimuli=30, repeats=6, units=1, reliability=0.5, fixed=False):
    """Normal signal of variance 1 (over the set itself if fixed) and noise such that the mean has a reliability."""
    signal = rng.normal(size=(stimuli, units))
    if fixed:
        signal = (signal - signal.mean(axis=0)) / signal.std(axis=0, ddof=1)
    noise = np.sqrt(repeats * (1 / reliability - 1))
    values = np.repeat(signal, repeats, axis=0) + noise * rng.normal(size=(stimuli * repeats, units))
    return table(values, np.repeat(np.arange(stimuli), repeats))


@pytest.mark.parametrize("method", ["split_half", "signal_power"])
@pytest.mark.parametrize("reliability", [0.2, 0.5, 0.8])
def test_reliability_is_unbiased(method, reliability):
    """100 draws of 40 units each: the standard error of the mean is far below the 0.02 of the canon."""
    rng = np.random.default_rng(1)
    found = [
        noise_ceiling(planted(rng, units=40, reliability=reliability), method, n_splits=20, seed=i).value
        for i in range(100)
    ]
    spread = np.std(found) / np.sqrt(4000)
    assert spread < 0.005
    assert np.mean(found) == pytest.approx(reliability, abs=4 * spread)


@pytest.mark.parametrize(("stimuli", "bound"), [(20, 0.017), (50, 0.009)])
def test_bias_for_a_fixed_set_of_stimuli_is_as_small_as_documented(stimuli, bound):
    rng = np.random.default_rng(2)
    r = planted(rng, stimuli=stimuli, repeats=5, units=4000, reliability=0.5, fixed=True)
    assert abs(noise_ceiling(r, "signal_power").mean - 0.5) < bound


def test_plain_split_half_is_biased_where_ours_is_not():
    """The usual way, a mean of corrected correlations, is low at 12 stimuli; the claim of unbiasedness has content."""
    rng = np.random.default_rng(3)
    r = planted(rng, stimuli=12, repeats=4, units=4000)
    halves = r.values[:, 0].reshape(12, 2, 2, 4000).mean(axis=2)
    halves = halves - halves.mean(axis=0)
    c = (halves[:, 0] * halves[:, 1]).sum(0) / np.sqrt((halves[:, 0] ** 2).sum(0) * (halves[:, 1] ** 2).sum(0))
    assert np.mean(2 * c / (1 + c)) < 0.5 - 0.05
    assert noise_ceiling(r, "split_half", n_splits=20).mean == pytest.approx(0.5, abs=0.02)


def test_poisson_counts_with_their_unequal_variances():
    rng = np.random.default_rng(4)
    rates = rng.gamma(4.0, 2.0, size=(40, 500))  # mean 8, variance 16
    counts = rng.poisson(np.repeat(rates, 10, axis=0)).astype(float)
    ceiling = noise_ceiling(table(counts, np.repeat(np.arange(40), 10)), "signal_power")
    assert ceiling.signal.mean() == pytest.approx(16.0, rel=0.05)
    assert ceiling.noise.mean() == pytest.approx(8.0, rel=0.02)
    assert ceiling.mean == pytest.approx(16 / (16 + 0.8), abs=0.01)
    assert ceiling.single_trial.mean() == pytest.approx(16 / 24, abs=0.02)


def test_interval_covers_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(5)
    ceiling = noise_ceiling(planted(rng, stimuli=15, repeats=4, units=4000, reliability=0.6), "signal_power")
    covered = np.mean((ceiling.lower <= 0.6) & (ceiling.upper >= 0.6))
    assert covered == pytest.approx(0.95, abs=0.015)


@pytest.mark.parametrize(("stimuli", "repeats"), [(6, 2), (4, 4)])
def test_all_splits_give_the_spearman_brown_formula_and_the_signal_power(stimuli, repeats):
    """Every way of halving every stimulus, written out; then the correction of the ratio's bias."""
    rng = np.random.default_rng(6)
    r = planted(rng, stimuli=stimuli, repeats=repeats, reliability=0.8)
    values = r.values[:, 0, 0].reshape(stimuli, repeats)
    ways = [np.isin(np.arange(repeats), c) for c in combinations(range(repeats), repeats // 2)]
    covariances, variances = [], []
    for halves in product(ways, repeat=stimuli):
        a = np.array([v[h].mean() for v, h in zip(values, halves, strict=True)])
        b = np.array([v[~h].mean() for v, h in zip(values, halves, strict=True)])
        covariances.append(np.cov(a, b)[0, 1])
        variances.append((a.var(ddof=1) + b.var(ddof=1)) / 2)
    half = np.mean(covariances) / np.mean(variances)
    exact = noise_ceiling(r, "signal_power")
    np.testing.assert_allclose(exact.signal[0], np.mean(covariances), rtol=1e-10)
    shrunk = 1 - (1 - 2 * half / (1 + half)) * (stimuli - 3) / (stimuli - 1)
    np.testing.assert_allclose(exact.value[0], shrunk, rtol=1e-10)
    drawn = noise_ceiling(r, "split_half", n_splits=20_000).value
    np.testing.assert_allclose(drawn, exact.value, atol=0.01)


@pytest.mark.parametrize("method", ["split_half", "signal_power"])
def test_unequal_numbers_of_repeats(method):
    rng = np.random.default_rng(8)
    n = rng.integers(2, 9, size=60)
    signal = rng.normal(size=(60, 800))
    values = np.repeat(signal, n, axis=0) + 1.5 * rng.normal(size=(n.sum(), 800))
    truth = 1 / (1 + 2.25 * np.mean(1 / n))
    shuffled = rng.permutation(n.sum())
    r = table(values[shuffled], np.repeat(np.arange(60), n)[shuffled])
    ceiling = noise_ceiling(r, method, n_splits=20)
    assert ceiling.mean == pytest.approx(truth, abs=0.01)
    np.testing.assert_array_equal(ceiling.n_repeats, n)
    assert "2 to 8 repeats" in ceiling.definition
    loo = noise_ceiling(r, "loo")
    assert np.mean(loo.lower) < np.mean(loo.upper)


def test_loo_meets_its_closed_form_and_brackets_the_truth():
    rng = np.random.default_rng(9)
    s, n, repeats = 1.0, 2.0, 5
    signal = rng.normal(size=(400, 50))
    values = np.repeat(signal, repeats, axis=0) + np.sqrt(n) * rng.normal(size=(400 * repeats, 50))
    loo = noise_ceiling(table(values, np.repeat(np.arange(400), repeats)), "loo")
    lower = s / np.sqrt((s + n) * (s + n / (repeats - 1)))
    upper = (s + n / repeats) / np.sqrt((s + n) * (s + n / repeats))
    truth = np.sqrt(s / (s + n))  # a perfect model's correlation with single repeats
    assert loo.lower.mean() == pytest.approx(lower, abs=0.01)
    assert loo.upper.mean() == pytest.approx(upper, abs=0.01)
    assert np.all((loo.lower < truth) & (truth < loo.upper))
    np.testing.assert_array_equal(loo.correlation, loo.value)


def test_a_perfect_model_reaches_the_ceiling():
    rng = np.random.default_rng(10)
    signal = rng.normal(size=(500, 1))
    values = np.repeat(signal, 4, axis=0) + 1.5 * rng.normal(size=(2000, 1))
    r = table(values, np.repeat(np.arange(500), 4))
    means = values.reshape(500, 4).mean(axis=1)
    reached = np.corrcoef(signal[:, 0], means)[0, 1]
    assert noise_ceiling(r, "signal_power").correlation[0] == pytest.approx(reached, abs=0.03)


def test_units_without_signal_scatter_around_zero():
    rng = np.random.default_rng(11)
    r = table(rng.normal(size=(240, 2000)), np.repeat(np.arange(40), 6))
    ceiling = noise_ceiling(r)
    assert ceiling.mean == pytest.approx(0.0, abs=0.03)
    assert ceiling.value.min() < 0  # not clipped: clipping would bias it
    assert ceiling.correlation.min() == 0


def test_time_bins_are_responses_of_their_own():
    rng = np.random.default_rng(12)
    signal = rng.normal(size=(10, 30, 20))
    values = np.repeat(signal, 5, axis=0) + 2.0 * rng.normal(size=(50, 30, 20))
    r = table(values, np.repeat(np.arange(10), 5), dt=0.01)
    assert noise_ceiling(r).mean == pytest.approx(1 / (1 + 4 / 5), abs=0.02)


def test_constant_units_are_named_or_zero():
    rng = np.random.default_rng(13)
    values = rng.normal(size=(40, 3))
    values[:, 1] = 2.0
    r = table(values, np.repeat(np.arange(10), 4), unit={"unit": ["a", "b", "c"]})
    with pytest.raises(BadInput, match="the same number on all trials in 1 units, first 'b'"):
        noise_ceiling(r)
    for method in ("split_half", "signal_power", "loo"):
        ceiling = noise_ceiling(r, method, constant="zero")
        assert ceiling.value[1] == ceiling.lower[1] == ceiling.upper[1] == 0
        assert np.isfinite(ceiling.value).all()


def test_seeds_seed_and_the_table_says_all():
    rng = np.random.default_rng(14)
    r = planted(rng, repeats=5, units=2)
    a, b, c = (noise_ceiling(r, n_splits=3, seed=s).value for s in (1, 1, 2))
    np.testing.assert_array_equal(a, b)
    assert (a != c).any()
    frame = noise_ceiling(r).table()
    assert list(frame.columns) == ["value", "lower", "upper", "signal", "noise"]
    assert frame.index.name == "unit"
    figure = noise_ceiling(r).figure()
    assert "explainable variance" in figure.layout.yaxis.title.text
    assert "30 stimuli, 5 repeats" in figure.layout.title.text


@pytest.mark.parametrize(
    ("stimulus", "options", "message"),
    [
        ([0, 0, 1, 1, 2, 2, 3], {}, "1 of 4 stimuli shown once only, first '3', expected at least 2 repeats"),
        ([0, 0, 0, 1, 1, 2, 2], {}, "3 stimuli and 1 time bins, expected at least 4"),
        ([0, 0, 0, 1, 1, 2, 2], {"by": "image"}, "no label 'image'"),
        ([0, 0, 0, 1, 1, 2, 2], {"n_splits": 0}, "n_splits: got 0"),
        ([0, 0, 0, 1, 1, 2, 2], {"by": "unit"}, "single trials"),
    ],
)
def test_bad_input_says_what_is_wrong(stimulus, options, message):
    r = table(np.random.default_rng(0).normal(size=(7, 2)), stimulus)
    with pytest.raises(BadInput, match=message):
        noise_ceiling(r, **options)


def test_a_misspelt_method_gets_its_nearest():
    r = table(np.random.default_rng(0).normal(size=(8, 2)), np.repeat(np.arange(4), 2))
    with pytest.raises(UnknownName, match="Did you mean 'split_half'"):
        noise_ceiling(r, "half")


def test_averaged_responses_have_no_noise_left():
    r = table(np.random.default_rng(0).normal(size=(4, 2)), ["a", "b", "c", "d"]).rename(trial="condition")
    r = r.assign_coords(condition=["a", "b", "c", "d"])
    with pytest.raises(BadInput, match="pass the single trials"):
        noise_ceiling(r, by="condition")
