"""Encoding models against scikit-learn, planted truth, ceilings, blocks, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.cross_decomposition import PLSRegression
from sklearn.kernel_ridge import KernelRidge as TheirKernelRidge
from sklearn.linear_model import Ridge as TheirRidge

from tertium.compare import (
    BandedRidge,
    GroupedKFold,
    KernelRidge,
    KFold,
    LeaveOneOut,
    PartialLeastSquares,
    ReducedRank,
    Ridge,
    encode,
    fit_ridge,
)
from tertium.compare.encoding.hats import dual_hats, primal_hats
from tertium.data import make_responses
from tertium.errors import BadInput, UnknownName


def planted(n=120, p=300, units=7, noise=1.0, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) * np.geomspace(3, 0.1, p) + rng.normal(size=p)
    return X, X @ rng.normal(size=(p, units)) / 3 + noise * rng.normal(size=(n, units)) + 5, rng


def correlations(a, b):
    return np.array([np.corrcoef(a[:, i], b[:, i])[0, 1] for i in range(a.shape[1])])


@pytest.mark.parametrize("p", [300, 20])
@pytest.mark.parametrize("form", ["dual", "primal"])
def test_ridge_equals_scikit_learn_with_a_penalty_for_each_unit(p, form):
    X, Y, _ = planted(p=p)
    penalties, scheme = (0.3, 10.0, 300.0), KFold(4, seed=1)
    score = encode(X, Y, Ridge(penalties, form=form), cv=scheme, n_bootstrap=0)
    folds = scheme.split(len(X))
    for number, (fitted, tested) in enumerate(folds):
        losses = np.zeros((3, Y.shape[1]))
        for a, b in folds.inside(fitted, number):
            for i, penalty in enumerate(penalties):
                model = TheirRidge(alpha=penalty).fit(X[fitted][a], Y[fitted][a])
                losses[i] += ((model.predict(X[fitted][b]) - Y[fitted][b]) ** 2).sum(0)
        chosen = losses.argmin(0)
        assert np.array_equal(score.penalties[number], np.array(penalties)[chosen])
        for unit, i in enumerate(chosen):
            model = TheirRidge(alpha=penalties[i]).fit(X[fitted], Y[fitted][:, unit])
            expected = np.corrcoef(model.predict(X[tested]), Y[tested][:, unit])[0, 1]
            assert score.folds[number, unit] == pytest.approx(expected, abs=1e-8)


def test_dual_and_primal_hats_agree():
    X, Y, _ = planted(p=40)
    fitted, tested, penalties = np.arange(0, 90), np.arange(90, 120), np.array([1e-2, 1.0, 100.0])
    centred = Y[fitted] - Y[fitted].mean(0)
    dual = dual_hats(X @ X.T, fitted, tested, penalties).predict(centred)
    assert np.allclose(dual, primal_hats(X, fitted, tested, penalties).predict(centred), atol=1e-8)
    theirs = TheirRidge(alpha=1.0).fit(X[fitted], Y[fitted]).predict(X[tested]) - Y[fitted].mean(0)
    assert np.allclose(dual[1], theirs, atol=1e-8)


@pytest.mark.parametrize("units", [7, 200])
def test_partial_least_squares_equals_scikit_learn(units):
    X, Y, _ = planted(units=units)
    scheme = KFold(3, seed=2)
    score = encode(X, Y, PartialLeastSquares(5), cv=scheme, n_bootstrap=0)
    for number, (fitted, tested) in enumerate(scheme.split(len(X))):
        model = PLSRegression(5, scale=False, tol=1e-14, max_iter=20_000).fit(X[fitted], Y[fitted])
        expected = correlations(model.predict(X[tested]), Y[tested])
        assert np.allclose(score.folds[number], expected, atol=1e-5)


def test_r2_is_that_of_scikit_learn_up_to_the_mean_that_is_known():
    X, Y, _ = planted()
    scheme = KFold(3)
    score = encode(X, Y, Ridge((10.0,)), cv=scheme, measure="r2", n_bootstrap=0)
    for number, (fitted, tested) in enumerate(scheme.split(len(X))):
        error = TheirRidge(alpha=10.0).fit(X[fitted], Y[fitted]).predict(X[tested]) - Y[tested]
        about = Y[tested] - Y[fitted].mean(0)
        assert np.allclose(score.folds[number], 1 - (error**2).sum(0) / (about**2).sum(0), atol=1e-9)


def test_a_fit_on_all_samples_equals_scikit_learn_in_weights_and_predictions(tmp_path):
    X, Y, rng = planted()
    fit = fit_ridge(X, Y, (1.0, 50.0), cv=KFold(4), width=64)
    new = rng.normal(size=(5, X.shape[1]))
    weights = np.lib.format.open_memmap(tmp_path / "weights.npy", "w+", shape=(X.shape[1], Y.shape[1]))
    fit.weights(out=weights)
    for unit, penalty in enumerate(fit.penalties):
        theirs = TheirRidge(alpha=penalty).fit(X, Y[:, unit])
        assert np.allclose(weights[:, unit], theirs.coef_, rtol=1e-6, atol=1e-9)
        assert np.allclose(fit.predict(new)[:, unit], theirs.predict(new), rtol=1e-6)
    with pytest.raises(BadInput, match="300, as were fitted"):
        fit.predict(new[:, :7])


@pytest.mark.parametrize("method", [Ridge(form="dual"), Ridge(form="primal"), PartialLeastSquares(3)])
def test_what_is_given_is_not_changed(method):
    X, Y, _ = planted(p=30)
    before = X.copy(), Y.copy()
    encode(X, Y, method)
    fit_ridge(X, Y).weights()
    assert np.array_equal(X, before[0])
    assert np.array_equal(Y, before[1])


def test_single_precision_is_used_where_it_is_safe_only():
    X, Y, _ = planted()
    fitted, tested = np.arange(90), np.arange(90, 120)
    products, penalties = X @ X.T, np.array([1e-3, 1.0, 1e4])
    single = dual_hats(products, fitted, tested, penalties, np.float32)
    double = dual_hats(products, fitted, tested, penalties)
    assert single.left.dtype == np.float32
    assert np.allclose(single.predict(Y[fitted]), double.predict(Y[fitted]), rtol=1e-3, atol=1e-3 * np.abs(Y).max())


def test_blocks_change_nothing(memory_for):
    X, Y, _ = planted(units=40)
    whole = encode(X, Y, cv=4)
    small = encode(X, Y, cv=4, memory=memory_for(3, X, Y, cv=4))
    assert np.allclose(whole.folds, small.folds, atol=1e-10)
    assert np.allclose(whole.draws, small.draws, atol=1e-10)
    assert np.allclose(whole.penalties, small.penalties)


def test_float32_is_computed_as_such_and_agrees():
    X, Y, _ = planted()
    double, single = encode(X, Y, n_bootstrap=0), encode(X.astype(np.float32), Y.astype(np.float32), n_bootstrap=0)
    assert np.allclose(double.folds, single.folds, atol=1e-4)


def test_unrelated_features_score_at_chance_and_the_interval_of_a_gap_says_so():
    X, Y, rng = planted(n=300, p=30, units=20)
    other = encode(rng.normal(size=X.shape), Y, cv=5)
    score = encode(X, Y, cv=5)
    assert abs(other.mean) < 0.1 < 0.5 < score.mean
    assert score.range == (-1.0, 1.0)
    assert encode(X, Y, measure="r2", n_bootstrap=0).range == (-np.inf, 1.0)
    assert (score.chance, score.direction) == (0.0, "higher is better")
    low, high = score.minus(other)
    assert 0.3 < low < score.mean - other.mean < high
    low, high = other.mean_interval
    assert low < other.mean < high
    assert (score.interval[0] < score.value).all()
    assert (score.value < score.interval[1]).all()


def repeated(repeats=6, noise=2.0):
    rng = np.random.default_rng(3)
    stimuli = [f"s{i:02d}" for i in range(60)]
    features = rng.normal(size=(60, 8))
    signal = features @ rng.normal(size=(8, 5))
    shown = np.repeat(np.arange(60), repeats)
    rng.shuffle(shown)
    trials = signal[shown] + noise * rng.normal(size=(len(shown), 5))
    X = make_responses(features[::-1], trial={"stimulus": stimuli[::-1]})
    unit = {"region": ["V4", "V4", "IT", "IT", "IT"]}
    Y = make_responses(trials, trial={"stimulus": [stimuli[i] for i in shown]}, unit=unit)
    return X, Y, signal


def test_responses_are_matched_by_stimulus_and_their_repeats_give_a_ceiling():
    X, Y, signal = repeated()
    score = encode(X, Y, cv=6)
    reliability = signal.var(0) / (signal.var(0) + 4.0 / 6)
    assert np.allclose(score.ceiling, np.sqrt(reliability), atol=0.05)
    assert (score.corrected > 0.9).all()
    assert score.table("region").index.tolist() == ["V4", "IT"]
    assert score.table()["above_ceiling"].sum() == score.above_ceiling.sum()
    assert score.figure().data[0].error_y.array is not None
    alone = encode(X, Y.isel(trial=np.unique(Y["stimulus"].values, return_index=True)[1]), cv=6)
    assert alone.ceiling is None
    assert np.isnan(alone.corrected).all()


def test_a_stimulus_is_never_fitted_and_tested():
    labels = {"stimulus": np.array(list("aabbccdd"))}
    for scheme in (GroupedKFold("stimulus", 4), LeaveOneOut("stimulus")):
        folds = scheme.split(8, labels)
        assert sorted(i for _, tested in folds for i in tested) == list(range(8))
        for fitted, tested in folds:
            assert not set(labels["stimulus"][fitted]) & set(labels["stimulus"][tested])
            for a, b in folds.inside(fitted) if isinstance(scheme, LeaveOneOut) else ():
                assert not set(labels["stimulus"][fitted][a]) & set(labels["stimulus"][fitted][b])


def test_other_stimuli_are_named():
    X, Y, _ = repeated()
    with pytest.raises(BadInput, match="s59"):
        encode(X, Y.isel(trial=Y["stimulus"].values != "s59"))


def test_refusals():
    X, Y, _ = planted()
    with pytest.raises(UnknownName, match="Did you mean 'ridge'"):
        encode(X, Y, "rige")
    with pytest.raises(BadInput, match="120 and 100 samples"):
        encode(X, Y[:100])
    with pytest.raises(BadInput, match="at least 3"):
        encode(X, Y, cv=60)
    with pytest.raises(BadInput, match="at least 121"):
        encode(X, Y, cv=KFold(121))
    bad = Y.copy()
    bad[3, 2] = np.nan
    with pytest.raises(BadInput, match="nan at sample 3, unit '2'"):
        encode(X, bad)
    with pytest.raises(BadInput, match="do not vary"):
        encode(np.ones_like(X), Y)
    with pytest.raises(BadInput, match="GB"):
        encode(X, Y, memory=1e-9)
    with pytest.raises(BadInput, match="components"):
        encode(X[:, :3], Y, PartialLeastSquares(5))
    with pytest.raises(BadInput, match="above 0"):
        Ridge((0.0, 1.0))
    with pytest.raises(BadInput, match="Did you mean 'category'"):
        LeaveOneOut("categroy").split(4, {"category": np.arange(4)})
    with pytest.raises(BadInput, match="same samples, folds and draws"):
        encode(X, Y).minus(encode(X, Y, n_bootstrap=10))


def test_one_band_is_ridge():
    X, Y, _ = planted()
    scale = float(((X - X.mean(0)) ** 2).sum(1).mean())
    banded = encode(X, Y, BandedRidge((300,), penalties=(1e-3, 1e-1)), n_bootstrap=0)
    plain = encode(X, Y, Ridge((1e-3 * scale, 1e-1 * scale), form="dual"), n_bootstrap=0)
    assert np.allclose(banded.folds, plain.folds, atol=1e-8)


def test_bands_that_say_nothing_are_switched_off():
    rng = np.random.default_rng(4)
    useful, noise = rng.normal(size=(150, 40)), 3 * rng.normal(size=(150, 400))
    Y = useful @ rng.normal(size=(40, 6)) + 3 * rng.normal(size=(150, 6))
    both = np.concatenate([useful, noise], axis=1)
    plain, banded = encode(both, Y), encode(both, Y, BandedRidge((40, 400), draws=4))
    alone = encode(useful, Y)
    assert banded.minus(plain)[0] > 0.1
    assert abs(banded.mean - alone.mean) < 0.05
    with pytest.raises(BadInput, match="add up to the 440 columns"):
        encode(both, Y, BandedRidge((40, 300)))


def test_a_gaussian_kernel_equals_scikit_learn_and_sees_what_lines_do_not():
    rng = np.random.default_rng(5)
    X = rng.uniform(-2, 2, size=(200, 2))
    Y = np.stack([np.sin(3 * X[:, 0]) * X[:, 1], X[:, 0] ** 2], axis=1) + 0.1 * rng.normal(size=(200, 2))
    score = encode(X, Y, KernelRidge(0.5, (1e-2,)), cv=KFold(4), n_bootstrap=0)
    assert (score.value > 0.8).all()
    assert encode(X, Y).mean < 0.3
    distances = np.linalg.norm(X[:, None] - X, axis=2)
    gamma = 1 / (2 * (0.5 * np.median(distances[np.triu_indices(200, 1)])) ** 2)
    fitted, tested = KFold(4).split(200).pairs[0]
    theirs = TheirKernelRidge(alpha=1e-2, kernel="rbf", gamma=gamma)
    mean = Y[fitted].mean(0)
    expected = correlations(theirs.fit(X[fitted], Y[fitted] - mean).predict(X[tested]), Y[tested])
    assert np.allclose(score.folds[0], expected, atol=2e-2), "ours has a free intercept in the kernel's space"


def test_reduced_rank_is_the_truncated_ridge_and_finds_the_planted_rank():
    rng = np.random.default_rng(6)
    X = rng.normal(size=(160, 30))
    Y = X @ rng.normal(size=(30, 2)) @ rng.normal(size=(2, 50)) + 8 * rng.normal(size=(160, 50))
    scheme, penalty = KFold(4), 5.0
    score = encode(X, Y, ReducedRank(2, (penalty,)), cv=scheme, n_bootstrap=0)
    fitted, tested = scheme.split(160).pairs[0]
    model = TheirRidge(alpha=penalty).fit(X[fitted], Y[fitted])
    own = model.predict(X[fitted]) - Y[fitted].mean(0)
    directions = np.linalg.svd(own, full_matrices=False)[2][:2]
    truncated = (model.predict(X[tested]) - Y[fitted].mean(0)) @ directions.T @ directions
    assert np.allclose(score.folds[0], correlations(truncated, Y[tested]), atol=1e-8)
    assert score.mean > encode(X, Y, Ridge((penalty,)), cv=scheme).mean
    assert score.mean > encode(X, Y, ReducedRank(1, (penalty,)), cv=scheme).mean


def test_reduced_rank_chooses_the_penalty_of_least_error():
    X, Y, _ = planted()
    penalties = (1e-2, 100.0, 1e7)
    score = encode(X, Y, ReducedRank(3, penalties), cv=KFold(4), n_bootstrap=0)
    assert set(np.unique(score.penalties)) <= {1e-2, 100.0}
    with pytest.raises(BadInput, match="the rank of the fitted responses"):
        encode(X, Y, ReducedRank(20))


def test_tables_on_disk_are_read_block_by_block(tmp_path, monkeypatch, memory_for):
    from tertium.compare.encoding.tables import Table
    from tertium.data import load, save

    X, Y, _ = repeated()
    for name, table in (("X", X), ("Y", Y)):
        save(table, tmp_path / f"{name}.zarr")
    lazy_X, lazy_Y = (load(tmp_path / f"{name}.zarr") for name in ("X", "Y"))
    widths = []
    plain = Table.block

    def watched(self, start, stop):
        widths.append((self.name, stop - start))
        return plain(self, start, stop)

    monkeypatch.setattr(Table, "block", watched)
    memory = memory_for(2, lazy_X, lazy_Y, cv=6, draws=10)
    found = encode(lazy_X, lazy_Y, cv=6, memory=memory, n_bootstrap=10)
    assert max(width for name, width in widths if name == "Y") == 2
    monkeypatch.undo()
    assert np.allclose(found.value, encode(X, Y, cv=6, n_bootstrap=10).value, atol=1e-10)
    assert np.allclose(found.ceiling, encode(X, Y, cv=6, n_bootstrap=0).ceiling, atol=1e-10)


def test_constant_units_are_named_or_score_nothing():
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(40, 5)), rng.normal(size=(40, 6))
    Y[:, [1, 4]] = 3.0
    with pytest.raises(BadInput, match=r"unit '1', '4'.*constant='zero'"):
        encode(X, Y)
    assert (encode(X, Y, constant="zero").value[[1, 4]] == 0).all()
    with pytest.raises(BadInput, match="'raise' or 'zero'"):
        encode(X, Y, constant="keep")


def test_pls_takes_as_many_components_as_there_are():
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(40, 5)), rng.normal(size=(40, 3))
    assert "5 components" in encode(X, Y, "pls").method
    with pytest.raises(BadInput, match="at most 5"):
        encode(X, Y, PartialLeastSquares(12))
