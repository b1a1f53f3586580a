"""Units predicted by features they are matched with: copies are found, rotations are not, and what is refused."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from tertium.compare import KFold, OneToOne, SoftMatched, encode
from tertium.compare.encoding.memory import memory_need
from tertium.compare.encoding.models import matched
from tertium.compare.encoding.tables import table
from tertium.errors import BadInput


def features(n=120, p=12, seed=0):
    rng = np.random.default_rng(seed)
    return rng.gamma(1.0, size=(n, p)), rng


@pytest.mark.parametrize("method", ["one_to_one", "soft_matching", OneToOne(shared=True)])
def test_a_permuted_copy_is_predicted_exactly_and_a_rotated_one_is_not(method):
    X, rng = features()
    copy = X[:, rng.permutation(12)] * rng.uniform(0.2, 30, 12) + rng.normal(size=12)
    assert encode(X, copy, method, measure="r2", n_bootstrap=0).value == pytest.approx(1, abs=1e-9)
    turned = X @ np.linalg.qr(rng.normal(size=(12, 12)))[0]
    rotated = encode(X, turned, method, measure="r2", n_bootstrap=0)
    assert rotated.mean < 0.6
    assert encode(X, turned, "ridge", measure="r2", n_bootstrap=0).mean > 0.999, "which ridge does not see"


def test_one_to_one_is_the_best_assignment_and_a_line_through_it():
    X, rng = features()
    Y = X[:, :5] @ rng.normal(size=(5, 7)) + rng.normal(size=(120, 7))
    cv = KFold(4)
    score = encode(X, Y, "one_to_one", cv=cv, n_bootstrap=0, measure="r2")
    best = encode(X, Y, OneToOne(shared=True), cv=cv, n_bootstrap=0, measure="r2")
    shared = set()
    for number, (fitted, tested) in enumerate(cv.split(120)):
        between = np.corrcoef(X[fitted].T, Y[fitted].T)[:12, 12:]
        rows, columns = linear_sum_assignment(between, maximize=True)
        pairs = dict(zip(columns.tolist(), rows.tolist(), strict=True))
        assert len(set(pairs.values())) == 7
        for unit in range(7):
            for found, feature in ((score, pairs[unit]), (best, int(between[:, unit].argmax()))):
                slope, offset = np.polyfit(X[fitted, feature], Y[fitted, unit], 1)
                error = Y[tested, unit] - slope * X[tested, feature] - offset
                about = Y[tested, unit] - Y[fitted, unit].mean()
                assert found.folds[number, unit] == pytest.approx(1 - (error @ error) / (about @ about), abs=1e-9)
        shared |= {len(set(between.argmax(0).tolist())) < 7}
    assert shared == {True}, "several units have one best feature, so that the two differ"


def test_soft_matching_averages_noisy_copies_and_one_to_one_takes_one_of_them():
    rng = np.random.default_rng(1)
    Y = rng.normal(size=(600, 5))
    X = np.repeat(Y, 4, axis=1) + rng.normal(size=(600, 20))
    soft = encode(X, Y, "soft_matching", measure="r2", n_bootstrap=0)
    single = encode(X, Y, "one_to_one", measure="r2", n_bootstrap=0)
    assert soft.value == pytest.approx(0.8, abs=0.07), "the mean of four copies of signal to noise 1"
    assert single.value == pytest.approx(0.5, abs=0.12)


def test_soft_matching_with_as_many_features_is_one_to_one():
    X, rng = features()
    Y = X @ rng.normal(size=(12, 12)) + rng.normal(size=(120, 12))
    one, soft = (encode(X, Y, method, n_bootstrap=0) for method in ("one_to_one", "soft_matching"))
    assert np.allclose(one.folds, soft.folds, atol=1e-9)


@pytest.mark.parametrize("model", [OneToOne(), OneToOne(shared=True), SoftMatched()])
def test_blocks_pickling_single_precision_and_tested_samples_change_nothing(model):
    X, rng = features(60)
    Y = X[:, ::-1][:, :6] + rng.normal(size=(60, 6))
    whole = encode(X, Y, model, cv=3, n_bootstrap=0)
    single = encode(X.astype(np.float32), Y.astype(np.float32), model, cv=3, n_bootstrap=0)
    assert np.allclose(whole.folds, single.folds, atol=1e-4)
    folds = KFold(3).split(60)
    ready = model.prepare(table(X, "X"), table(Y, "Y"), folds, 4)
    copy = pickle.loads(pickle.dumps(ready))
    assert np.allclose(copy.predict(2, Y[:, 2:4]).values, ready.predict(2, Y).values[:, 2:4], atol=1e-12)
    other = Y.copy()
    other[folds.pairs[0][1]] += rng.normal(size=(20, 6))
    again = model.prepare(table(X, "X"), table(other, "Y"), folds, 4)
    assert np.array_equal(ready.predict(0, Y).values, again.predict(0, other).values)


def test_units_left_over_constants_and_silence_score_at_chance():
    X, _ = features(60, 3)
    Y = np.c_[X[:, ::-1], np.random.default_rng(2).normal(size=(60, 2))]
    X[:, 1] = 2.0
    score = encode(X, Y, "one_to_one", cv=3, n_bootstrap=0)
    assert score.value[[0, 2]] == pytest.approx(1)
    assert (np.abs(score.value) < 1e-12).sum() >= 2
    Y[:, 4] = 1.0
    for method in ("one_to_one", "soft_matching", OneToOne(shared=True)):
        assert encode(X, Y, method, cv=3, n_bootstrap=0, constant="zero").value[4] == 0.0


def test_refusals(monkeypatch):
    X, _ = features(60)
    for method in ("one_to_one", "soft_matching", OneToOne(shared=True)):
        with pytest.raises(BadInput, match="do not vary"):
            encode(np.ones((60, 3)), X, method)
    ready = OneToOne().prepare(table(X, "X"), table(X, "Y"), KFold(3).split(60), 4)
    with pytest.raises(BadInput, match="12 units that were not matched"):
        ready.predict(0, X + 1)
    monkeypatch.setattr(matched, "_MOST_PAIRS", 100)
    monkeypatch.setattr(matched, "_MOST_TRANSPORTED", 100)
    for method in ("one_to_one", "soft_matching"):
        with pytest.raises(BadInput, match=r"12 features and 12 units.*at most 100 pairs"):
            encode(X, X, method)
    assert encode(X, X, OneToOne(shared=True), n_bootstrap=0).mean == pytest.approx(1)


def test_memory_goes_by_the_pairs_that_are_assigned():
    X, _ = features(60)
    few, many = table(X[:, :1], "Y"), table(np.repeat(X, 100, axis=1), "Y")
    for model, grows in ((OneToOne(), True), (SoftMatched(), True), (OneToOne(shared=True), False)):
        need = [memory_need(model, table(X, "X"), Y, KFold(3).split(60), 0).held.passing for Y in (few, many)]
        assert (need[1] > need[0]) == grows
