"""Decoding of classes: closed-form error, agreement with scikit-learn, chance, folds that leak nothing, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kstest, norm
from sklearn.covariance import ledoit_wolf_shrinkage
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import balanced_accuracy_score, confusion_matrix

from tertium.compare import (
    BlockedKFold,
    GroupedKFold,
    KFold,
    LeaveOneOut,
    LinearDiscriminant,
    Logistic,
    Score,
    StratifiedKFold,
    SupportVectors,
    decode,
)
from tertium.compare.decoding.decoders.classifiers import ledoit_wolf
from tertium.data import make_responses
from tertium.errors import BadInput, UnknownName


def clouds(n=200, units=10, distance=2.0, seed=0, classes=2):
    """Return Gaussian clouds with correlated noise, whose Mahalanobis distance is ``distance``, and their classes."""
    rng = np.random.default_rng(seed)
    mixing = rng.normal(size=(units, units)) / np.sqrt(units) + np.eye(units)
    y = np.repeat(np.arange(classes), n // classes)
    white = rng.normal(size=(n, units))
    white[:, 0] += distance * y
    return white @ mixing.T + 3, np.array(["left", "right", "up"])[y]


@pytest.mark.parametrize("method", [LinearDiscriminant(), LinearDiscriminant(0.0), Logistic(1e-3), SupportVectors()])
def test_accuracy_of_gaussian_clouds_is_that_of_the_closed_form(method):
    # balanced accuracy of the best decoder is Phi(d' / 2); with 4000 samples its error is 0.006
    X, y = clouds(n=4000, distance=1.5)
    found = decode(X, y, method, n_permutations=0)
    assert found.mean == pytest.approx(norm.cdf(0.75), abs=0.02)
    low, high = found.interval[:, 0]
    assert low < found.mean < high < low + 0.05


@pytest.mark.parametrize("shrinkage", [0.0, 1.0])
def test_lda_is_that_of_scikit_learn_and_with_full_shrinkage_takes_noise_as_independent(shrinkage):
    X, y = clouds(classes=3, n=150, distance=0.7)
    folds = StratifiedKFold("label", 5)
    found = decode(X, y, LinearDiscriminant(shrinkage), cv=folds, n_permutations=0)
    said = np.empty(len(y), dtype=object)
    for number, (fitted, tested) in enumerate(folds.split(len(y), {"label": y})):
        means = {k: X[fitted][y[fitted] == k].mean(0) for k in ("left", "right", "up")}
        within = np.std(X[fitted] - np.array([means[k] for k in y[fitted]]), axis=0)
        if shrinkage:
            apart = [(((X[tested] - mean) / within) ** 2).sum(1) for mean in means.values()]
            said[tested] = np.array(list(means))[np.argmin(apart, axis=0)]
        else:
            model = LinearDiscriminantAnalysis(solver="lsqr", priors=[1 / 3] * 3)
            said[tested] = model.fit(X[fitted], y[fitted]).predict(X[tested])
        expected = balanced_accuracy_score(y[tested], said[tested].astype(str))
        assert found.folds[number, 0] == pytest.approx(expected, abs=1e-12)
    assert found.mean == pytest.approx(balanced_accuracy_score(y, said.astype(str)), abs=1e-12)
    assert np.allclose(found.confusion, confusion_matrix(y, said.astype(str), normalize="true"))
    assert np.array_equal(np.array(found.classes)[found.predictions[:, 0]], said)


@pytest.mark.parametrize("method", ["lda", SupportVectors(0.01, kernel="rbf")])
def test_p_values_of_noise_are_uniform_although_there_are_more_units_than_samples(method):
    rng = np.random.default_rng(1)
    y = np.repeat(["a", "b"], [20, 12])  # unequal: accuracy would be above one half by guessing
    p, value = [], []
    for _ in range(40):
        found = decode(rng.normal(size=(32, 40)), y, method, cv=4, n_permutations=29, n_bootstrap=0)
        p.append(found.p[0])
        value.append(found.mean)
    assert abs(np.mean(value) - 0.5) < 4 * np.std(value) / np.sqrt(40)
    assert kstest(p, "uniform").pvalue > 0.01
    assert min(p) >= 1 / 30


def test_labels_that_are_there_are_found_and_chance_is_one_over_classes():
    X, y = clouds(classes=3, n=150)
    found = decode(X, y, "logistic", n_permutations=30)
    assert isinstance(found, Score)
    assert found.chance == pytest.approx(1 / 3)
    assert found.p[0] == pytest.approx(1 / 31)
    assert found.null_mean[0] == pytest.approx(1 / 3, abs=0.04)
    assert (found.range, found.direction) == ((0, 1), "higher is better")
    row = found.table().iloc[0]
    assert row["null"] == pytest.approx(found.null.mean())
    assert {"score", "low", "high", "chance", "p"} <= set(row.index)
    assert "labels shuffled" in {trace.name for trace in found.figure().data}
    again = decode(X, y, "logistic", n_permutations=30)
    assert np.array_equal(found.null, again.null)
    assert np.array_equal(found.draws, again.draws)


def test_each_time_is_decoded_by_itself_and_corrected_for_looking_at_all():
    rng = np.random.default_rng(0)
    values, choice = rng.normal(size=(80, 6, 10)), np.repeat([0, 1], 40)
    values[:, 3:, 0] += 2.5 * choice[:, None]
    r = make_responses(values, dt=0.1, trial={"choice": choice})
    found = decode(r, "choice", time="each", n_permutations=60)
    assert np.allclose(found.time, np.arange(6) * 0.1)
    assert (found.p_corrected[3:] < 0.05).all()
    assert (found.p_corrected >= found.p - 1e-12).mean() > 0.6
    at_4 = decode(values[:, 4], choice, n_permutations=0)
    assert found.value[4] == pytest.approx(at_4.mean, abs=0.06)
    assert found.confusion.shape == (6, 2, 2)
    assert found.table().index.name == "time_s"
    assert len(found.figure().data) == 6
    mean = decode(r, "choice", n_permutations=0)
    assert mean.mean == decode(values.mean(1), choice, n_permutations=0).mean


def test_the_weight_of_shrinkage_is_that_of_scikit_learn():
    X, _ = clouds(n=30)
    for x in (X, X[:, :1] + 1e-3 * X, X[:6]):
        centred = x - x.mean(0)
        expected = ledoit_wolf_shrinkage(centred, assume_centered=True)
        assert ledoit_wolf(centred, centred.T @ centred / len(x)) == pytest.approx(expected, abs=1e-10)


def test_looking_at_many_times_finds_nothing_in_noise_more_often_than_it_says():
    rng, choice = np.random.default_rng(0), np.repeat([0, 1], 30)
    least = []
    for _ in range(30):
        found = decode(rng.normal(size=(60, 6, 8)), choice, time="each", n_permutations=19, n_bootstrap=0)
        least.append(found.p_corrected.min())
    assert np.sum(np.array(least) <= 0.05) <= 5  # 1.5 expected; 6 or more have a probability of 0.3 %
    assert np.sum(np.array(least) <= 0.5) >= 8  # 15 expected; 7 or fewer have a probability of 0.3 %


def test_whole_stimuli_are_tested_so_that_they_are_not_recognised():
    # each picture has a pattern of its own that says nothing of its category
    rng = np.random.default_rng(2)
    picture = np.repeat(np.arange(40), 5)
    category = np.where(picture % 2 == 0, "face", "house")
    values = rng.normal(size=(40, 60))[picture] + 0.3 * rng.normal(size=(200, 60))
    r = make_responses(values, trial={"stimulus": picture.astype(str), "category": category})
    found = decode(r, "category", n_permutations=60)
    assert "whole='stimulus'" in found.says_folds
    assert abs(found.mean - found.null_mean[0]) < 3.5 * found.null.std()
    assert decode(r, "category", cv=StratifiedKFold("category"), n_permutations=0).mean > 0.9  # recognised
    # the null shuffles whole pictures: a shuffle of trials would be too narrow by far
    assert found.null.std() > 0.06
    assert decode(r, "stimulus", n_permutations=0).mean > 0.95  # what is decoded is never kept whole


def test_stratified_parts_keep_shares_and_whole_stimuli():
    stimulus = np.repeat(np.arange(12), 3)
    kind = np.where(stimulus < 8, "a", "b")
    labels = {"kind": kind, "stimulus": stimulus}
    folds = StratifiedKFold("kind", 4, repeats=2, whole="stimulus").split(36, labels)
    assert len(folds) == 8
    for fitted, tested in folds:
        assert not set(stimulus[fitted]) & set(stimulus[tested])
        assert np.unique(kind[tested], return_counts=True)[1].tolist() == [6, 3]
    with pytest.raises(BadInput, match="several values of 'kind'"):
        StratifiedKFold("kind", 2, whole="stimulus").split(4, {"kind": np.array(list("abab")), "stimulus": np.zeros(4)})


def test_a_network_without_noise_is_decoded_without_error():
    X = np.repeat(np.random.default_rng(0).normal(size=(3, 6)), 10, axis=0)
    assert decode(X, np.repeat(list("abc"), 10), n_permutations=0).mean == 1


def test_balance_fits_as_many_of_each_class():
    seen = []

    class Spy(LinearDiscriminant):
        def fit(self, x, y, fitting):
            seen.append(np.bincount(y).tolist())
            return super().fit(x, y, fitting)

    X, _ = clouds(n=100)
    y = np.repeat(["a", "b"], [80, 20])
    decode(X, y, Spy(), balance=True, n_permutations=0)
    assert seen == [[16, 16]] * 5


def test_scaling_is_by_fitted_samples_only_and_nothing_given_is_changed():
    X, y = clouds(n=60)
    before = X.copy()
    found = decode(X, y, cv=KFold(3), n_permutations=0)
    assert np.array_equal(X, before)
    shifted = X.copy()
    fitted, tested = KFold(3).split(60).pairs[0]
    shifted[tested] += 100  # moves what is tested in fold 0, and nothing that fold 0 fits
    one = decode(shifted, y, cv=KFold(3), n_permutations=0)
    by_hand = [
        (X[fitted] - X[fitted].mean(0)) / X[fitted].std(0),
        (shifted[tested] - X[fitted].mean(0)) / X[fitted].std(0),
    ]
    model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.1, priors=[0.5, 0.5])
    assert len(set(model.fit(by_hand[0], y[fitted]).predict(by_hand[1]))) == 1
    assert len(set(one.predictions[tested, 0])) == 1
    assert one.mean < found.mean


def test_groups_and_series_are_shuffled_as_such():
    rng = np.random.default_rng(3)
    X = np.cumsum(rng.normal(size=(400, 5)), axis=0)  # slow, and knows nothing of the label
    y = np.where(np.arange(400) // 40 % 2 == 0, "in", "out")
    values = [decode(X + rng.normal(size=X.shape), y, cv=BlockedKFold(5), n_permutations=19, n_bootstrap=0).p[0]]
    assert min(values) > 0.05
    session = np.repeat(np.arange(4), 20)
    label = np.where(rng.random(80) < np.repeat([0.1, 0.9, 0.1, 0.9], 20), "a", "b")
    offset = np.repeat([0.0, 3.0, 0.0, 3.0], 20)[:, None]  # sessions differ in label and in mean response
    r = make_responses(rng.normal(size=(80, 4)) + offset, trial={"session": session, "choice": label})
    assert decode(r, "choice", n_permutations=60).p[0] < 0.05  # confounded
    assert decode(r, "choice", n_permutations=60, within="session").p[0] > 0.05
    by_session = decode(r, "choice", cv=LeaveOneOut("session"), n_permutations=40)
    assert len(by_session.folds) == 4
    assert by_session.p[0] > 0.05


def test_refusals():
    X, y = clouds(n=40)
    with pytest.raises(BadInput, match="one value only"):
        decode(X, ["a"] * 40)
    with pytest.raises(BadInput, match="3 rows with label"):
        decode(X, ["a"] * 37 + ["b"] * 3)
    with pytest.raises(BadInput, match=r"shape \(39,\) for 40 samples"):
        decode(X, y[:39])
    bad = X.copy()
    bad[3, 2] = np.nan
    with pytest.raises(BadInput, match="nan at sample 3, unit 2"):
        decode(bad, y)
    with pytest.raises(BadInput, match="no value in 1 samples"):
        decode(X, [None, *y[1:]])
    with pytest.raises(BadInput, match="Pass method='ridge'"):
        decode(X, X[:, 0])
    with pytest.raises(UnknownName, match="Did you mean 'logistic'"):
        decode(X, y, "logistics")
    r = make_responses(X, trial={"choice": y})
    with pytest.raises(BadInput, match="Did you mean 'choice'"):
        decode(r, "choise")
    with pytest.raises(BadInput, match="within"):
        decode(r, "choice", within="session")
    with pytest.raises(BadInput, match="no sample of class 'left' fitted in fold 0"):
        decode(X, y, cv=BlockedKFold(2))
    with pytest.raises(BadInput, match="balanced_accuracy"):
        decode(X, y, measure="r2")
    with pytest.raises(BadInput, match="n_permutations"):
        decode(X, y, n_permutations=-1)
    with pytest.raises(BadInput, match="scheme like StratifiedKFold"):
        decode(X, y, cv=1)
    with pytest.raises(BadInput, match="'each' of an array"):
        decode(X, y, time="each")
    with pytest.raises(BadInput, match="cannot be inverted"):
        decode(np.tile(X, 4), y, LinearDiscriminant(0.0))
    with pytest.raises(BadInput, match="above 0"):
        Logistic(0.0)
    with pytest.raises(BadInput, match="'auto', or a number"):
        LinearDiscriminant(2.0)
    with pytest.raises(BadInput, match="no label 'choice'"):
        decode(X, y, cv=GroupedKFold("choice"))
