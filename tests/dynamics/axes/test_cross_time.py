"""Decoding across time: stable and turning codes, scikit-learn's decoders, honest chance."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.covariance import ledoit_wolf as sklearn_ledoit_wolf
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import balanced_accuracy_score

from tertium.data import folds, make_responses
from tertium.dynamics import cross_temporal
from tertium.dynamics.axes.decoders import discriminant, ledoit_wolf, logistic, ridge
from tertium.errors import BadInput


def session(turning, trials=120, units=12, times=8, strength=1.0, classes=2, seed=0):
    """Return responses with a code of ``label`` that stays, or moves to other units at each time, from bin 2 on."""
    rng = np.random.default_rng(seed)
    label = np.arange(trials) % classes
    values = rng.normal(size=(trials, times, units))
    for t in range(2, times):
        axis = np.random.default_rng(t if turning else 0).normal(size=(classes, units))
        values[:, t] += strength * axis[label]
    names = np.array(["left", "right", "up", "down"], dtype=object)[label]
    return make_responses(values, dt=0.1, trial={"target": names, "value": label - 0.5}, quantity="rate")


def off_diagonal(matrix):
    late = matrix[2:, 2:]
    return late[~np.eye(len(late), dtype=bool)]


def test_a_stable_code_carries_over_and_a_turning_one_does_not():
    stable, turning = (cross_temporal(session(turn), "target", n_permutations=60) for turn in (False, True))
    for found in (stable, turning):
        assert np.diagonal(found.mean)[2:].min() > 0.85
        assert np.abs(found.mean[:, :2] - 0.5).max() < 0.2  # 16 shares of 120 trials, standard error 0.05
        assert (np.diagonal(found.p_corrected)[2:] < 0.05).all()
        assert (np.diagonal(found.p_corrected)[:2] > 0.05).all()
    assert off_diagonal(stable.mean).min() > 0.85
    # a decoder of other axes is as often wrong as right
    assert abs(off_diagonal(turning.mean).mean() - 0.5) < 0.1


@pytest.mark.parametrize("method", ["lda", "logistic", "ridge"])
def test_all_methods_read_the_planted_label(method):
    r = session(False)
    label = "value" if method == "ridge" else "target"
    found = cross_temporal(r, label, method=method, n_permutations=0)
    assert off_diagonal(found.mean).min() > 0.8
    assert found.chance == (0.0 if method == "ridge" else 0.5)
    assert np.isnan(found.p).all()


def test_four_classes():
    found = cross_temporal(session(False, classes=4, strength=2.0), "target", n_permutations=20)
    assert found.chance == 0.25
    assert found.levels == ("left", "right", "up", "down")
    assert np.diagonal(found.mean)[2:].min() > 0.8
    assert found.null.mean() == pytest.approx(0.25, abs=0.02)


@pytest.mark.parametrize("shrinkage", [0.0, 0.3])
def test_discriminant_is_scikit_learns(shrinkage):
    x = session(True).values
    codes = np.arange(120) % 3
    ours = discriminant(x, codes, 3, shrinkage)
    for t in (1, 5):
        peer = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage, priors=[1 / 3] * 3).fit(x[:, t], codes)
        expected = x[:, t] @ peer.coef_.T + peer.intercept_
        said = ours.outputs(x, slice(t, t + 1))[0, :, t]
        # priors are the shares of the trials there: the same, as classes are of one size; constants cancel
        centred = [one - one.mean(1, keepdims=True) for one in (said, expected)]
        np.testing.assert_allclose(*centred, rtol=1e-7, atol=1e-8)


def test_shrinkage_is_that_of_ledoit_and_wolf():
    x = session(True, trials=20).values.transpose(1, 0, 2)
    left = x - x.mean(1, keepdims=True)
    covariance = left.transpose(0, 2, 1) @ left / 20
    expected = [sklearn_ledoit_wolf(one, assume_centered=True)[1] for one in left]
    np.testing.assert_allclose(ledoit_wolf(left, covariance), expected)


def test_ridge_and_logistic_are_scikit_learns():
    r = session(True)
    x, y = r.values, np.random.default_rng(0).normal(size=120)
    ours = ridge(x, y, 0.2)
    peer = Ridge(alpha=0.2 * 120).fit(x[:, 3], y)
    np.testing.assert_allclose(ours.weights[3, :, 0], peer.coef_)
    assert ours.bias[3, 0] == pytest.approx(peer.intercept_)
    codes = np.arange(120) % 3
    said = logistic(x, codes, 3, 0.1).outputs(x, slice(4, 5))[0, :, 4]
    model = LogisticRegression(C=1 / 12, max_iter=2000, class_weight="balanced").fit(x[:, 4], codes)
    np.testing.assert_array_equal(said.argmax(1), model.predict(x[:, 4]))


def test_scores_are_those_of_a_loop_over_times():
    """The same folds and scaling, one decoder and one test at a time."""
    r = session(True, trials=60)
    found = cross_temporal(r, "target", shrinkage=0.2, n_permutations=0, k=4, seed=3)
    target = r["target"].values.astype(str)
    for i, fold in enumerate(folds(r["target"].values, 4, seed=3)):
        train, test = r.values[fold.train], r.values[fold.test]
        centre, spread = train.mean((0, 1)), train.std((0, 1))
        for fitted, tested in ((2, 2), (3, 7), (6, 0)):
            peer = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.2, priors=[0.5, 0.5])
            peer.fit((train[:, fitted] - centre) / spread, target[fold.train])
            said = peer.predict((test[:, tested] - centre) / spread)
            expected = balanced_accuracy_score(target[fold.test], said)
            assert found.scores[i, fitted, tested] == pytest.approx(expected)


def test_unequal_classes_do_not_lift_the_score():
    rng = np.random.default_rng(0)
    found = cross_temporal(rng.normal(size=(100, 4, 6)), np.arange(100) < 85, n_permutations=0)
    assert abs(found.mean.mean() - 0.5) < 0.08


def test_p_values_of_noise_are_uniform():
    p = []
    for seed in range(40):
        r = np.random.default_rng(seed).normal(size=(30, 2, 5))
        p.append(cross_temporal(r, np.arange(30) % 2, n_permutations=39, k=3, seed=seed).p_corrected.min())
    # 40 uniform numbers: mean 0.5 +- 0.046; below 0.05 on average 2, more than 7 in 1 of 1,000 such tests
    assert abs(np.mean(p) - 0.5) < 0.14
    assert np.sum(np.array(p) <= 0.05) <= 7


def test_a_decoder_fitted_to_noise_is_not_taken_for_a_code():
    """Nothing to read at bin 0, two classes far apart at bin 3: a direction of noise separates these by luck."""
    p, naive = [], []
    for seed in range(40):
        r = session(False, trials=40, times=4, strength=1.5, seed=seed)
        found = cross_temporal(r, "target", n_permutations=39, seed=seed)
        p.append(found.p[0, 3])
        naive.append((1 + (found.null[:, 0, 3] >= found.mean[0, 3]).sum()) / 40)
        assert found.p[3, 3] == 1 / 40
    assert abs(np.mean(p) - 0.5) < 0.14
    assert np.sum(np.array(p) <= 0.05) <= 7
    assert np.sum(np.array(naive) <= 0.05) > 10  # the control: shuffling all labels alike lets luck pass


def test_a_network_without_noise():
    """All trials of a class alike, nothing at all before bin 2: no covariance to invert."""
    target = np.arange(20) % 2
    r = np.zeros((20, 5, 4))
    r[:, 2:, 0] = (target * 2 - 1)[:, None]
    r[:, 2:, 1:] = [0.1, 0.2, 0.3]
    for shrinkage in (None, 0.0):
        found = cross_temporal(r, target, shrinkage=shrinkage, n_permutations=10)
        np.testing.assert_allclose(found.mean[2:, 2:], 1)
        np.testing.assert_allclose(found.mean[:2, :], 0.5)
    values = cross_temporal(r, target, method="ridge", penalty=0.0, n_permutations=0)
    np.testing.assert_allclose(values.mean[2:, 2:], 1)
    np.testing.assert_allclose(values.mean[:2, :], 0)


def test_one_time_bin():
    rng = np.random.default_rng(0)
    target = np.arange(40) % 2
    found = cross_temporal(rng.normal(size=(40, 6)) + 2 * target[:, None], target, n_permutations=20)
    assert found.mean.shape == (1, 1)
    assert found.mean[0, 0] > 0.9
    assert len(found.figure().data) == 1


def test_determinism():
    r = session(False, trials=40, strength=0.3)
    a, b, c = (cross_temporal(r, "target", n_permutations=5, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(a.scores, b.scores)
    np.testing.assert_array_equal(a.null, b.null)
    assert (a.null != c.null).any()


def test_table_and_figures():
    found = cross_temporal(session(False), "target", n_permutations=30)
    table = found.table()
    assert len(table) == 64
    assert table.query("fitted_s > 0.15 and tested_s > 0.15")["p_corrected"].max() < 0.05
    drawn = found.figure()
    np.testing.assert_array_equal(drawn.data[0].z, found.mean)
    assert (drawn.data[0].zmin + drawn.data[0].zmax) / 2 == pytest.approx(0.5)
    assert drawn.layout.yaxis.title.text == "fitted at (s)"
    assert drawn.data[1].mode == "lines"
    assert min(v for v in drawn.data[1].x if v is not None) == pytest.approx(0.15)
    assert found.time_figure().layout.shapes[0].y0 == 0.5


def test_refusals():
    r = session(False, trials=20)
    x, flat = r.values, r.copy()
    flat[:, :, 3] = 1.0
    for given, options, said in (
        ((r, "choice"), {}, "no such label of the trials; there are target, value"),
        ((x, np.ones(20)), {}, "one value only"),
        ((x, np.arange(19)), {}, "length 20"),
        ((r, np.arange(19)), {}, "one for each trial"),
        ((x, np.arange(20) < 3), {}, "at least 5 rows of each label"),
        ((x, np.arange(20) / 3), {}, "method='ridge'"),
        ((r, "target"), {"method": "ridge"}, "finite numbers"),
        ((x, np.ones(20)), {"method": "ridge"}, "values that differ"),
        ((r, "value"), {"method": "ridge", "k": 10}, "3 trials or more"),
        ((r, "target"), {"method": "svm"}, "'lda', 'logistic' or 'ridge'"),
        ((r, "target"), {"shrinkage": 2.0}, "0 to 1"),
        ((r, "target"), {"penalty": 0.0, "method": "logistic"}, "above 0"),
        ((r, "target"), {"n_permutations": -1}, "0 or more"),
        ((r, "target"), {"shrinkage": 0.0, "k": 2}, "10 to fit 12 units without shrinkage"),
        ((flat, "target"), {}, "never vary: 3"),
        (({"a": r, "b": r}, "target"), {}, "expected one"),
    ):
        with pytest.raises(BadInput, match=said):
            cross_temporal(*given, **options)
