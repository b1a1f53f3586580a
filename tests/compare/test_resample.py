"""Bootstrap and permutation tests: coverage, closed forms, planted effects, bad input."""

from __future__ import annotations

import numpy as np
import pytest

from tertium.compare.resample import bootstrap, multiplicities, p_value, permutation_test
from tertium.errors import BadInput


def test_multiplicities_are_those_of_draws_with_replacement() -> None:
    counts = multiplicities(20, 5000, np.random.default_rng(0)).astype(float)
    assert (counts.sum(axis=1) == 20).all()
    # Multinomial: mean 1, variance 1 - 1/n, covariance -1/n; four standard errors.
    assert counts.mean(axis=0) == pytest.approx(np.ones(20), abs=4 / np.sqrt(5000))
    covariance = np.cov(counts.T)
    assert np.diag(covariance).mean() == pytest.approx(1 - 1 / 20, abs=0.02)
    assert covariance[np.triu_indices(20, 1)].mean() == pytest.approx(-1 / 20, abs=0.005)


def test_draws_with_too_few_different_things_are_drawn_again() -> None:
    counts = multiplicities(4, 500, np.random.default_rng(0), least=3)
    assert ((counts > 0).sum(axis=1) >= 3).all()
    with pytest.raises(BadInput, match=r"got 3 to draw from, expected enough .* holds 4 different ones"):
        multiplicities(3, 10, np.random.default_rng(0), least=4)


def test_bootstrap_error_of_the_mean_equals_the_closed_form() -> None:
    x = np.random.default_rng(0).normal(size=50)
    result = bootstrap(x, n=4000)
    assert float(result.error) == pytest.approx(x.std(ddof=1) / np.sqrt(50), rel=0.05)
    assert result.interval[0] < x.mean() < result.interval[1]


def test_bootstrap_intervals_cover_the_planted_mean() -> None:
    rng = np.random.default_rng(1)
    covered = 0
    for i in range(200):
        low, high = bootstrap(rng.normal(3.0, 1.0, 40), n=200, seed=i).interval
        covered += bool(low < 3.0 < high)
    assert 0.88 < covered / 200 < 0.99


def test_bootstrap_keeps_rows_of_several_arrays_together() -> None:
    x = np.random.default_rng(0).normal(size=(30, 2))
    result = bootstrap(x[:, 0], 2 * x[:, 0], statistic=lambda a, b: np.corrcoef(a, b)[0, 1], n=50)
    assert result.draws == pytest.approx(np.ones(50))


def test_bootstrap_repeats_with_its_seed() -> None:
    x = np.arange(10.0)
    assert (bootstrap(x, n=20, seed=3).draws == bootstrap(x, n=20, seed=3).draws).all()
    assert (bootstrap(x, n=20, seed=3).draws != bootstrap(x, n=20, seed=4).draws).any()


def test_bootstrap_says_what_is_wrong() -> None:
    with pytest.raises(BadInput, match="got 1 samples, expected at least 2"):
        bootstrap([1.0])
    with pytest.raises(BadInput, match="2 and 3 samples"):
        bootstrap([1.0, 2.0], [1.0, 2.0, 3.0])
    with pytest.raises(BadInput, match="1 NaN or infinite"):
        bootstrap([1.0, np.nan, 2.0])
    with pytest.raises(BadInput, match="NaN or infinity in"):
        bootstrap([0.0, 0.0, 1.0], statistic=lambda a: np.inf if a.sum() == 0 else a.sum(), n=100)
    with pytest.raises(BadInput, match="level"):
        bootstrap([1.0, 2.0], level=95)


@pytest.mark.parametrize("kind", ["groups", "paired", "association"])
def test_permutation_test_finds_what_is_planted_and_nothing_else(kind: str) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=25)
    planted = x + 2.0 + 0.3 * rng.normal(size=25)
    assert permutation_test(x, planted, kind=kind, n=300).p < 0.01
    p = [permutation_test(rng.normal(size=12), rng.normal(size=12), kind=kind, n=60).p for _ in range(150)]
    assert np.mean(np.array(p) <= 0.1) < 0.19  # 0.1 plus 3.7 standard errors
    assert np.mean(p) == pytest.approx(0.5, abs=0.1)


def test_permutation_test_equals_all_shuffles_counted() -> None:
    # 3 against 3, one-sided: the data are the single most extreme of 20 splits.
    result = permutation_test([4.0, 5.0, 6.0], [1.0, 2.0, 3.0], alternative="greater", n=8000)
    assert result.p == pytest.approx(1 / 20, abs=0.01)


def test_p_values_are_never_zero_and_count_equals() -> None:
    assert p_value(5.0, np.zeros(99)) == pytest.approx(0.01)
    assert p_value(0.0, np.zeros(99)) == 1.0
    assert p_value(-5.0, np.zeros(99), "less") == pytest.approx(0.01)
    assert p_value(-5.0, np.array([-1.0, 1.0] * 50), "two-sided") == pytest.approx(1 / 101)


def test_permutation_test_says_what_is_wrong() -> None:
    with pytest.raises(BadInput, match="kind: got 'pairs', expected 'groups' or 'paired' or 'association'"):
        permutation_test([1.0, 2.0], [1.0, 2.0], kind="pairs")
    with pytest.raises(BadInput, match="3 and 2 samples"):
        permutation_test([1.0, 2.0, 3.0], [1.0, 2.0], kind="paired")
