"""Patterns of confusion: written-out d', planted patterns, and consistency that noise does not lower."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from tertium.behavior import behavioral_pattern, confusions_of_model, count_confusions, pattern_consistency
from tertium.errors import BadInput, UnknownName

OBJECTS, IMAGES = 6, 60
OF = np.arange(IMAGES) % OBJECTS


def observe(rng, ease, reps):
    """Choices of an observer who is right with probability Phi(ease) of (image, distractor)."""
    i, d, _ = (g.ravel() for g in np.meshgrid(np.arange(IMAGES), np.arange(OBJECTS), np.arange(reps), indexing="ij"))
    there = OF[i] != d
    i, d = i[there], d[there]
    return count_confusions(i, OF[i], d, rng.random(i.size) < norm.cdf(ease[i, d]))


def two_eases(rng, shared):
    """Difficulties of two observers whose differences between images of an object correlate this much."""
    common, one, other = rng.normal(size=(3, IMAGES, 1)) * 0.5
    a, b = (1 + np.sqrt(shared) * common + np.sqrt(1 - shared) * own for own in (one, other))
    return np.repeat(a, OBJECTS, 1), np.repeat(b, OBJECTS, 1)


def test_sensitivities_are_hits_against_false_alarms():
    trials = {  # image, object, distractor: right of ten
        ("a1", "a", "b"): 9, ("a1", "a", "c"): 8, ("b1", "b", "a"): 7, ("b1", "b", "c"): 6, ("c1", "c", "a"): 5,
        ("c1", "c", "b"): 4, ("a2", "a", "b"): 6, ("a2", "a", "c"): 3,
    }  # fmt: skip
    rows = [(*key, int(r < right)) for key, right in trials.items() for r in range(10)]
    found = count_confusions(*map(list, zip(*rows, strict=True)))
    z = norm.ppf
    i2 = behavioral_pattern(found, "i2")
    assert i2[0, 1] == pytest.approx(z(0.9) - z(0.3))  # image a1 against b: false alarms of a, when b was shown
    assert np.isnan(i2[0, 0])
    i1 = behavioral_pattern(found, "i1")
    false_a = (3 + 5) / 20  # a chosen when b or c was shown
    np.testing.assert_allclose(i1[:2], [z(17 / 20) - z(false_a), z(9 / 20) - z(false_a)])
    assert behavioral_pattern(found, "o2")[0, 2] == pytest.approx(z(11 / 20) - z(0.5))
    assert behavioral_pattern(found, "o1")[0] == pytest.approx(z(26 / 40) - z(false_a))
    i1n = behavioral_pattern(found, "i1n")
    np.testing.assert_allclose(i1n[:2], (i1[:2] - i1[:2].mean()))
    assert i1n[2] == 0  # the only image of its object
    i2n = behavioral_pattern(found, "i2n")
    np.testing.assert_allclose(i2n[:2, 1], i2[:2, 1] - i2[:2, 1].mean())


def test_rates_of_one_stay_finite():
    found = count_confusions([0, 1] * 5, ["a", "b"] * 5, ["b", "a"] * 5, [1] * 10)
    np.testing.assert_array_equal(behavioral_pattern(found, "i1"), [5, 5])


@pytest.mark.parametrize("pattern", ["i1", "i1n", "i2n"])
def test_same_pattern_with_noise_is_consistent(pattern):
    rng = np.random.default_rng(1)
    corrected, raw = [], []
    for i in range(8):
        ease = 1 + 0.6 * rng.normal(size=(IMAGES, 1 if pattern != "i2n" else OBJECTS)) * np.ones((1, OBJECTS))
        a, b = observe(rng, ease, 12), observe(rng, ease, 12)
        found = pattern_consistency(a, b, pattern, n_splits=10, n_bootstrap=100, seed=i)
        corrected.append(found.corrected.value)
        raw.append(found.raw)
    assert np.mean(corrected) == pytest.approx(1, abs=0.08)
    assert np.mean(raw) < 0.9


def test_planted_correlation_comes_back_where_raw_ones_are_low():
    rng = np.random.default_rng(2)
    corrected, raw, covered = [], [], []
    for i in range(24):
        a, b = two_eases(rng, shared=0.5)
        inside = [x[:, 0] - [x[o == OF, 0].mean() for o in OF] for x in (a, b)]
        truth = np.corrcoef(*inside)[0, 1]
        found = pattern_consistency(observe(rng, a, 4), observe(rng, b, 4), "i1n", n_splits=5, n_bootstrap=100, seed=i)
        corrected.append(found.corrected.value - truth)
        raw.append(found.raw - truth)
        covered.append(truth in found.corrected)
    assert abs(np.mean(corrected)) < 0.1  # their standard error is 0.04
    assert np.mean(raw) < -0.15
    assert np.mean(covered) > 0.75


def test_independent_patterns_are_not_consistent():
    rng = np.random.default_rng(3)
    a, b = two_eases(rng, shared=0.0)
    found = pattern_consistency(observe(rng, a, 12), observe(rng, b, 12), "i1n")
    assert abs(found.corrected.value) < 0.35
    assert found.corrected.low < 0.15


def test_a_model_without_noise_is_reliable():
    rng = np.random.default_rng(4)
    p = rng.dirichlet(np.ones(OBJECTS), size=IMAGES) + 0.01
    model = confusions_of_model(p, OF, np.arange(OBJECTS), np.arange(IMAGES))
    own = p[np.arange(IMAGES), OF][:, None]
    monkey = observe(rng, norm.ppf(own / (own + p)), 24)
    found = pattern_consistency(model, monkey, "i2n")
    assert found.reliability[0] == pytest.approx(1)
    assert found.corrected.value == pytest.approx(1, abs=0.12)


def test_halves_are_all_trials():
    whole = observe(np.random.default_rng(5), np.ones((IMAGES, OBJECTS)), 5)
    a, b = whole.halves(np.random.default_rng(0))
    np.testing.assert_array_equal(a.n + b.n, whole.n)
    np.testing.assert_array_equal(a.hits + b.hits, whole.hits)
    assert np.all(a.hits <= a.n)
    assert set(a.n[whole.n > 0]) == {2.0, 3.0}


def test_seed_table_and_figure():
    rng = np.random.default_rng(6)
    ease = 1 + rng.normal(size=(IMAGES, OBJECTS))
    a, b = observe(rng, ease, 10), observe(rng, ease, 10)
    one, two = (pattern_consistency(a, b, n_bootstrap=100, seed=2) for _ in range(2))
    assert one.corrected == two.corrected
    assert one.table().index.tolist() == ["i1n"]
    assert "less the mean of the object" in one.figure(one="monkey").layout.xaxis.title.text


def test_bad_input_says_what_is_wrong():
    with pytest.raises(BadInput, match="'a' on trial 1, the object shown"):
        count_confusions([0, 0], ["a", "a"], ["b", "a"], [1, 0])
    with pytest.raises(BadInput, match="'0' with two objects"):
        count_confusions([0, 0], ["a", "b"], ["b", "a"], [1, 0])
    with pytest.raises(BadInput, match="'c' offered but never shown"):
        count_confusions([0, 1], ["a", "b"], ["b", "c"], [1, 0])
    with pytest.raises(BadInput, match="no label on trial 1"):
        count_confusions(["x", None], ["a", "b"], ["b", "a"], [1, 0])
    with pytest.raises(BadInput, match="'cow', which is no class"):
        confusions_of_model([[0.5, 0.5]], ["cow"], ["cat", "dog"])
    with pytest.raises(BadInput, match="above 0"):
        confusions_of_model([[1.0, 0.0]], ["cat"], ["cat", "dog"])
    rng = np.random.default_rng(7)
    a = observe(rng, np.ones((IMAGES, OBJECTS)), 6)
    with pytest.raises(UnknownName):
        behavioral_pattern(a, "i3")
    shuffled = confusions_of_model(np.ones((IMAGES, OBJECTS)), OF, np.arange(OBJECTS), np.arange(IMAGES) + 1)
    with pytest.raises(BadInput, match="'0' in one of them only"):
        pattern_consistency(a, shuffled)
    flat = observe(rng, np.full((IMAGES, OBJECTS), 40.0), 6)  # right on every trial: no pattern at all
    with pytest.raises(BadInput, match=r"reliability of 'one': got 0\.000"):
        pattern_consistency(flat, a)
