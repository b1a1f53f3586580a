"""Error consistency: Cohen's formula, planted agreement, what accuracies bound and chance makes."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from tertium.behavior import error_consistency
from tertium.errors import BadInput


def copying(rng, n, p, share):
    """Two observers right with probability p; the second copies the first on a share of the trials: kappa = share."""
    one, own = rng.random((2, n)) < p
    return one, np.where(rng.random(n) < share, one, own)


def test_kappa_is_cohens():
    rng = np.random.default_rng(1)
    right = rng.random((3, 400)) < np.array([[0.9], [0.7], [0.5]])
    found = error_consistency(right, n_draws=100)
    for i in range(3):
        for j in range(3):
            assert found.kappa[i, j] == pytest.approx(cohen_kappa_score(right[i], right[j]))
    np.testing.assert_allclose(np.diag(found.kappa), 1)


@pytest.mark.parametrize("share", [0.0, 0.4, 0.8])
def test_planted_agreement_comes_back_and_intervals_cover(share):
    rng = np.random.default_rng(2)
    found = [error_consistency(np.stack(copying(rng, 400, 0.75, share)), n_draws=200, seed=i) for i in range(60)]
    assert np.mean([f.kappa[0, 1] for f in found]) == pytest.approx(share, abs=0.02)
    assert np.mean([f.low[0, 1] <= share <= f.high[0, 1] for f in found]) >= 0.85
    if share == 0:
        assert np.mean([f.chance_low[0, 1] <= f.kappa[0, 1] <= f.chance_high[0, 1] for f in found]) >= 0.85
    else:
        assert all(f.kappa[0, 1] > f.chance_high[0, 1] for f in found)


def test_interval_covers_where_nobody_is_ever_wrong_together():
    """Both right on 95 %: in a third of such data no trial is wrong for both, and a bootstrap of trials excludes 0."""
    rng = np.random.default_rng(5)
    found = [error_consistency(np.stack(copying(rng, 400, 0.95, 0.0)), n_draws=200, seed=i) for i in range(60)]
    assert np.mean([f.low[0, 1] <= 0 <= f.high[0, 1] for f in found]) >= 0.88


def test_bounds_are_reached_and_never_passed():
    n = 100
    a, nested, apart = np.arange(n) < 80, np.arange(n) < 60, np.arange(n) >= 40
    found = error_consistency({"a": a, "nested": nested, "apart": apart}, n_draws=100)
    assert found.kappa[0, 1] == pytest.approx(found.most[0, 1])
    assert found.kappa[0, 2] == pytest.approx(found.least[0, 2])
    rng = np.random.default_rng(3)
    right = rng.random((6, 50)) < rng.uniform(0.2, 0.9, size=(6, 1))
    free = error_consistency(right, n_draws=100)
    assert np.all(free.kappa >= free.least - 1e-9)
    assert np.all(free.kappa <= free.most + 1e-9)


def test_perfect_observers_have_no_kappa():
    found = error_consistency([np.ones(20), np.ones(20)], n_draws=100)
    assert np.isnan(found.kappa[0, 1])
    assert found.observed[0, 1] == 1


def test_table_figure_and_seed():
    rng = np.random.default_rng(4)
    right = dict(zip("abc", rng.random((3, 60)) < 0.7, strict=True))
    one, two = (error_consistency(right, n_draws=100, seed=3) for _ in range(2))
    np.testing.assert_array_equal(one.low, two.low)
    assert list(one.table().index) == [("a", "b"), ("a", "c"), ("b", "c")]
    assert "3 observers, 60 trials" in one.figure().layout.title.text


@pytest.mark.parametrize(
    ("correct", "message"),
    [
        ({"a": [1] * 12}, "observers: got 1"),
        ({"a": [1] * 12, "b": [0] * 11}, "correct of 'a'|a 12, b 11"),
        ({"a": [1] * 5, "b": [0] * 5}, "at least 10"),
        ({"a": [1] * 12, "b": [2] * 12}, "correct of 'b': got 2"),
        ([1, 0, 1], r"shape \(3,\)"),
    ],
)
def test_bad_input_says_what_is_wrong(correct, message):
    with pytest.raises(BadInput, match=message):
        error_consistency(correct)
