"""Discrete power laws: planted exponents and beginnings, closed forms, calibrated p values, other tails."""

import numpy as np
import pytest
from scipy import stats

import tertium as tt
from tertium.errors import BadInput
from tertium.geometry.criticality.laws.power_law import Values, distances, draw_power_law, find_power_law, tail_sum
from tertium.geometry.criticality.laws.ratio_tests import ratio_test
from tertium.geometry.criticality.laws.sums import support
from tertium.geometry.criticality.laws.tails import fit_tail


@pytest.mark.parametrize(("low", "high"), [(1, None), (7, None), (1, 500), (3, 40)])
@pytest.mark.parametrize("exponent", [1.3, 2.5])
def test_sums_are_those_of_the_terms(exponent, low, high):
    k = np.arange(low, (high or 3_000_000) + 1, dtype=float)
    rest = 0.0 if high else (k[-1] + 0.5) ** (1 - exponent) / (exponent - 1)
    whole = (k**-exponent).sum() + rest
    assert float(tail_sum(exponent, low, high)) == pytest.approx(whole, rel=1e-9)
    places, weights = support(low, high)
    far = 0.0 if high else 1e12 ** (1 - exponent) / (exponent - 1)
    assert weights @ places**-exponent + far == pytest.approx(whole, rel=1e-7)


@pytest.mark.parametrize(
    ("exponent", "low", "high"), [(1.5, 1, None), (2.5, 6, None), (1.5, 1, 1000), (2.0, 4, 300), (1.1, 1, 50)]
)
def test_planted_exponents_are_found_and_their_errors_are_right(exponent, low, high):
    rng = np.random.default_rng(0)
    z = []
    for _ in range(60):
        sample = draw_power_law(1500, exponent, low, high, rng)
        found = tt.geometry.fit_power_law(sample, low=low, high=high, bootstrap=0, alternatives=())
        z.append((found.exponent - exponent) / ((found.interval[1] - found.interval[0]) / 3.92))
    assert abs(np.mean(z)) < 3.5 / np.sqrt(60)
    assert 0.75 < np.std(z) < 1.3


def test_the_exponent_is_the_likeliest_one():
    values = Values.of(draw_power_law(800, 2.2, 3, 200, np.random.default_rng(1)))
    exponent, _, _ = find_power_law(values, low=3, high=200, least=10)
    grid = np.linspace(1.5, 3, 3001)
    k = np.arange(3, 201, dtype=float)
    likelihood = [-len(values) * np.log((k**-a).sum()) - a * (values.often @ np.log(values.unique)) for a in grid]
    assert exponent == pytest.approx(grid[np.argmax(likelihood)], abs=6e-4)


def test_the_distance_is_that_of_the_whole_cumulative_distribution():
    values = Values.of(np.array([2, 2, 3, 9, 30]))
    k = np.arange(2, 101)
    law = np.cumsum(k**-1.8) / (k**-1.8).sum()
    empirical = np.searchsorted(np.array([2, 2, 3, 9, 30]), k, side="right") / 5
    assert distances(values, np.array([1.8]), np.array([2]), 100)[0] == pytest.approx(
        np.abs(law - empirical)[:-1].max()
    )


def test_a_planted_beginning_is_found():
    rng = np.random.default_rng(2)
    sample = np.concatenate([draw_power_law(4000, 2.5, 20, None, rng), rng.integers(1, 20, 4000)])
    found = tt.geometry.fit_power_law(sample, bootstrap=0, alternatives=())
    assert 15 <= found.low <= 30
    assert found.exponent == pytest.approx(2.5, abs=0.12)
    assert found.share == pytest.approx(0.5 * (20 / found.low) ** 1.5, abs=0.06)
    assert found.sample.unique[0] == 1  # what lies outside is kept for the picture


@pytest.mark.slow
def test_p_values_of_lawful_samples_are_uniform_and_of_others_small():
    rng = np.random.default_rng(3)
    lawful, others = [], []
    for i in range(40):
        options = {"high": 300, "decades": 1.0, "bootstrap": 40, "seed": i, "alternatives": ()}
        lawful.append(tt.geometry.fit_power_law(draw_power_law(400, 1.6, 1, 300, rng), **options).p_value)
        others.append(tt.geometry.fit_power_law(rng.geometric(0.05, size=400), **options).p_value)
    assert np.mean(np.array(lawful) < 0.1) <= 0.25  # 4 of 40 expected
    assert 0.3 < np.mean(lawful) < 0.7
    assert np.mean(np.array(others) < 0.1) >= 0.95


def test_a_law_over_a_decade_begins_early_enough():
    sample = np.random.default_rng(4).geometric(0.05, size=3000)
    free = tt.geometry.fit_power_law(sample, bootstrap=0, alternatives=())
    decade = tt.geometry.fit_power_law(sample, decades=1, bootstrap=0, alternatives=())
    assert free.decades < 0.6 < 1 <= decade.decades


def test_other_tails_are_fitted_as_their_closed_forms_say():
    rng = np.random.default_rng(5)
    x = rng.geometric(0.12, size=5000) + 3  # from 4 on
    rate = fit_tail("exponential", Values.of(x), 4, None).parameters[0]
    assert rate == pytest.approx(np.log1p(1 / (x.mean() - 4)), rel=1e-5)
    wide = np.round(np.exp(rng.normal(5, 1, 20_000))).astype(int)
    wide = wide[wide >= 1]
    assert fit_tail("lognormal", Values.of(wide), 1, None).parameters == pytest.approx((5, 1), abs=0.03)
    k = np.arange(1, 4000)
    cut = rng.choice(k, 20_000, p=(w := k**-1.5 * np.exp(-0.02 * k)) / w.sum())
    assert fit_tail("truncated power law", Values.of(cut), 1, None).parameters == pytest.approx((1.5, 0.02), rel=0.1)


@pytest.mark.parametrize("family", ["power law", "exponential", "lognormal", "truncated power law"])
def test_tails_are_distributions(family):
    sample = Values.of(np.random.default_rng(6).geometric(0.02, size=2000) + 1)
    for high in (None, 600):
        kept = Values.of(np.repeat(sample.unique, sample.often), high)
        tail = fit_tail(family, kept, 2, high)
        assert tail.survival([2])[0] == pytest.approx(1, abs=2e-3 if family == "power law" and not high else 1e-6)
        steps = np.exp(tail.log_probability(np.arange(5, 9)))
        assert tail.survival([5, 9]) @ [1, -1] == pytest.approx(steps.sum(), rel=1e-7)


def test_likelihood_ratios_tell_tails_apart():
    rng = np.random.default_rng(7)
    law = Values.of(draw_power_law(3000, 1.8, 1, 5000, rng))
    pure = fit_tail("power law", law, 1, 5000)
    assert ratio_test(pure, "exponential", law).favoured == "power law"
    assert ratio_test(pure, "truncated power law", law).log_ratio <= 0
    for family, drawn in (
        ("exponential", rng.geometric(0.1, size=2000)),
        ("lognormal", np.round(np.exp(rng.normal(3, 0.6, 2000))).astype(int)),
        ("truncated power law", rng.geometric(0.1, size=2000)),
    ):
        values = Values.of(drawn)
        found = ratio_test(fit_tail("power law", values, int(values.unique[0]), None), family, values)
        assert found.favoured == family
        assert found.p_value < 1e-6


def test_the_test_against_a_cut_off_law_is_calibrated():
    rng = np.random.default_rng(8)
    p = []
    for _ in range(80):
        values = Values.of(draw_power_law(500, 1.5, 1, 1000, rng))
        p.append(ratio_test(fit_tail("power law", values, 1, 1000), "truncated power law", values).p_value)
    # half of the chance is on p = 1; below that it is uniform
    assert stats.binomtest(int(np.sum(np.array(p) < 0.25)), 80, 0.25).pvalue > 0.01


def test_same_seed_same_p_value_and_table_and_figure():
    sample = draw_power_law(500, 2.0, 1, None, np.random.default_rng(9))
    first, second = (tt.geometry.fit_power_law(sample, bootstrap=10, seed=3) for _ in range(2))
    assert first.p_value == second.p_value
    assert list(first.table()["tail"]) == ["power law", "exponential", "lognormal", "truncated power law"]
    names = [trace.name for trace in first.figure("size").data]
    assert names[0] == "measured"
    assert len(names) == 5
    assert first.figure("size", density=True).layout.yaxis.title.text == "density (n = 500)"


@pytest.mark.parametrize(
    ("sample", "options", "says"),
    [
        ([0, 1, 2] * 50, {}, "from 1 on"),
        ([1.5, 2.0] * 50, {}, "not whole"),
        ([[1, 2]], {}, "in a row"),
        ([1, 2, 3], {}, "at least 50"),
        ([4] * 100, {}, "two of them different"),
        ([1, 2] * 100, {"low": 3}, "from 3 on"),
        ([1, 2] * 100, {"low": 0}, "1 or more"),
        ([1, 2] * 100, {"low": 5, "high": 5}, "above the beginning"),
        ([5, 6] * 100, {"high": 4}, "no value up to 4"),
        ([1, 2] * 100, {"decades": -1.0}, "0 or more"),
        ([1, 2] * 100, {"least": 1}, "2 or more"),
        ([20, 21, 22] * 100, {"low": 20}, "beyond 12"),
    ],
)
def test_what_is_no_sample_is_refused(sample, options, says):
    with pytest.raises(BadInput, match=says):
        tt.geometry.fit_power_law(sample, **options)
