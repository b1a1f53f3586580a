"""The factorised readout: planted masks and weights, ridge regression as its border, and what it refuses."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import PoissonRegressor

from tertium.compare import FactorisedReadout, KFold, PoissonRidge, Ridge, encode
from tertium.compare.encoding.memory import memory_need
from tertium.compare.encoding.models.readouts.alternating import Prior, first_factors, fit_factors, shares
from tertium.compare.encoding.models.readouts.grid import grid_of, roughness
from tertium.compare.encoding.tables import table
from tertium.data import make_responses
from tertium.errors import BadInput

SHAPE = (8, 7, 6)


def bump(row, column, width=1.0):
    rows, columns = np.mgrid[: SHAPE[1], : SHAPE[2]]
    found = np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / (2 * width**2))
    return found / np.linalg.norm(found)


def planted(n=150, noise=0.5, seed=0):
    """Return features (sample, channel x place), responses of four units, their weights and masks."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, *SHAPE)) + 3
    masks = np.stack([bump(2, 2), bump(4, 3), bump(3, 1, 0.6), bump(5, 4)])
    weights = rng.normal(size=(4, SHAPE[0]))
    weights /= np.linalg.norm(weights, axis=1, keepdims=True)
    signal = np.einsum("nchw,uhw,uc->nu", X, masks, weights)
    return X.reshape(n, -1), signal + noise * rng.normal(size=signal.shape), weights, masks


def ready_of(model, X, Y, cv):
    return model.prepare(table(X, "X"), table(Y, "Y"), cv.split(len(X)), 1000)


def test_planted_masks_and_weights_are_found():
    X, Y, weights, masks = planted(450)
    ready = ready_of(FactorisedReadout(SHAPE), X, Y, KFold(3))
    seen = 0
    for units, _, found in ready.fit(0, Y[ready._folds.pairs[0][0]]):
        for i, u in enumerate(units):
            what, where = found.what[i, 0], found.where[i, 0]
            assert abs(np.corrcoef(what, weights[u])[0, 1]) > 0.95
            assert abs(np.corrcoef(where, masks[u].ravel())[0, 1]) > 0.95
            assert (what @ weights[u]) * (where @ masks[u].ravel()) > 0
            seen += 1
    assert seen == 4


def test_turns_arrive_at_one_minimum_from_wherever_they_begin():
    X, Y, _, _ = planted(120)
    X = (X - X.mean(0)).reshape(120, SHAPE[0], -1)
    prior, random = Prior(np.eye(42) + roughness(7, 6), 0.0), np.random.default_rng(4)
    start = first_factors(X, Y, 1, poisson=False)
    best = fit_factors(X, Y, start, np.full(4, 30.0), prior, steps=200).path[-1]
    for _ in range(5):
        other = replace(start, where=random.normal(size=start.where.shape))
        assert np.allclose(fit_factors(X, Y, other, np.full(4, 30.0), prior, steps=200).path[-1], best, rtol=1e-3)


def test_with_few_samples_it_beats_ridge_regression():
    X, Y, _, _ = planted(120)
    factorised = encode(X, Y, FactorisedReadout(SHAPE), cv=4, measure="r2")
    ridge = encode(X, Y, "ridge", cv=4, measure="r2")
    assert factorised.minus(ridge)[0] > 0.2
    assert (factorised.value > 0.45).all(), "0.8 can be explained"
    assert (ridge.value < 0.2).all()
    assert factorised.method == "factorised readout (8 channels, 7 x 6 places, rank 1; squared loss; 5 penalties)"
    assert factorised.penalties.shape == (4, 4)


def test_weights_that_do_not_factorise_take_a_higher_rank():
    X, Y, _, _ = planted(450)
    both = Y[:, :1] + 2 * Y[:, 1:2]
    one = encode(X, both, FactorisedReadout(SHAPE), cv=3, measure="r2", n_bootstrap=0)
    two = encode(X, both, FactorisedReadout(SHAPE, rank=2), cv=3, measure="r2", n_bootstrap=0)
    assert two.mean > 0.64 > one.mean, "0.8 can be explained; of that the stronger pair is four fifths"


@pytest.mark.parametrize("sparse", [0.0, 0.5])
def test_one_place_is_ridge_regression_and_one_channel_too(sparse):
    X, Y, _, _ = planted(90)
    penalties, some = (3.0, 300.0), X[:, :30]
    ridge = encode(some, Y, Ridge(penalties), cv=3, n_bootstrap=0)
    model = FactorisedReadout((30, 1, 1), penalties=penalties, sparse=(sparse,))
    assert np.allclose(encode(some, Y, model, cv=3, n_bootstrap=0).folds, ridge.folds, atol=1e-6)
    if not sparse:
        model = FactorisedReadout((1, 5, 6), penalties=penalties, smooth=(0.0,))
        assert np.allclose(encode(some, Y, model, cv=3, n_bootstrap=0).folds, ridge.folds, atol=1e-6)


def test_one_place_is_scikit_learns_poisson_regression():
    X, _, weights, _ = planted(90)
    X = X[:, ::42] - 3
    counts = np.random.default_rng(6).poisson(2 * np.exp(0.7 * X @ weights[:2].T)).astype(float)
    cv, strength = KFold(3), 4.0
    ready = ready_of(FactorisedReadout((8, 1, 1), penalties=(strength,), loss="poisson"), X, counts, cv)
    for number, (fitted, tested) in enumerate(cv.split(90)):
        found = ready.predict(number, counts)
        for unit in range(2):
            alpha = strength * counts[fitted, unit].mean() / len(fitted)
            theirs = PoissonRegressor(alpha=alpha, tol=1e-10, max_iter=1000).fit(X[fitted], counts[fitted, unit])
            assert np.allclose(found.values[:, unit], theirs.predict(X[tested]), rtol=1e-6)
            assert found.penalties[unit] == pytest.approx(alpha * len(fitted))


def test_full_rank_is_ridge_regression():
    X, Y, _, _ = planted(90)
    model = FactorisedReadout((3, 2, 5), rank=3, penalties=(30.0,), smooth=(0.0,), steps=500)
    found = encode(X[:, :30], Y, model, cv=3, n_bootstrap=0)
    assert np.allclose(found.folds, encode(X[:, :30], Y, Ridge((30.0,)), cv=3, n_bootstrap=0).folds, atol=1e-4)


@pytest.mark.parametrize("poisson", [False, True])
@pytest.mark.parametrize("rank", [1, 2])
def test_every_turn_lowers_what_is_minimised(poisson, rank):
    X, Y, _, _ = planted(100)
    X = (X - X.mean(0)).reshape(100, SHAPE[0], -1)
    if poisson:
        Y = np.random.default_rng(1).poisson(np.exp(0.7 * (Y - Y.mean(0)))).astype(float)
    prior = Prior(np.eye(42) + 2 * roughness(7, 6), 0.4)
    start = first_factors(X, Y, rank, poisson=poisson)
    found = fit_factors(X, Y, start, np.full(4, 20.0), prior, poisson=poisson, steps=25, tolerance=0.0)
    assert (np.diff(found.path, axis=0) <= 1e-9 * np.abs(found.path[0])).all()
    assert (found.path[-1] < found.path[0]).all()
    assert np.allclose(np.linalg.norm(found.where, axis=2), 1)


def test_penalties_shape_the_mask():
    X, Y, _, masks = planted(60, noise=1.0)
    centred = (X - X.mean(0)).reshape(60, SHAPE[0], -1)
    start, found = first_factors(centred, Y, 1, poisson=False), {}
    for smooth, sparse in ((0.0, 0.0), (5.0, 0.0), (0.0, 0.9)):
        prior = Prior(np.eye(42) + smooth * roughness(7, 6), sparse)
        found[smooth, sparse] = fit_factors(centred, Y, start, np.full(4, 60.0), prior).where[:, 0]
    rough = {key: np.einsum("up,pq,uq->u", where, roughness(7, 6), where).mean() for key, where in found.items()}
    peaks = {key: (np.abs(where) > 0.02).sum(1).mean() for key, where in found.items()}
    assert rough[5.0, 0.0] < 0.6 * rough[0.0, 0.0]
    assert peaks[0.0, 0.9] < 0.6 * peaks[0.0, 0.0]
    alike = {key: np.abs((where * masks.reshape(4, -1)).sum(1)).mean() for key, where in found.items()}
    assert alike[5.0, 0.0] > alike[0.0, 0.0], "masks are smooth"


def test_shares_are_the_best_ones():
    sizes = np.array([3.0, 1.0, 1e-6, 0.0])
    found = shares(sizes)
    assert found.sum() == pytest.approx(1)
    assert found.min() == pytest.approx(1e-3 / 4)
    value = (sizes**2 / found).sum()
    rng = np.random.default_rng(0)
    for other in rng.dirichlet(np.ones(4), size=200):
        bounded = 1e-3 / 4 + (1 - 1e-3) * other
        assert (sizes**2 / bounded).sum() >= value * (1 - 1e-12)


def test_counts_are_explained_better_through_an_exponential():
    X, _, weights, masks = planted(160)
    drive = np.einsum("nchw,uhw,uc->nu", X.reshape(160, *SHAPE) - 3, masks, weights)
    counts = np.random.default_rng(2).poisson(2 * np.exp(drive)).astype(float)
    options = {"cv": 2, "measure": "deviance", "n_bootstrap": 100}
    poisson = encode(X, counts, FactorisedReadout(SHAPE, penalties=(3.0, 30.0), loss="poisson"), **options)
    squared = encode(X, counts, FactorisedReadout(SHAPE, penalties=(3.0, 30.0, 300.0)), **options)
    full = encode(X, counts, PoissonRidge((0.1, 1.0, 10.0)), **options)
    assert poisson.minus(squared)[0] > 0.02
    assert poisson.minus(full)[0] > 0.1
    counts[:, 1] = 0
    counts[:, 2] = 3
    one = FactorisedReadout(SHAPE, penalties=(30.0,), loss="poisson")
    score = encode(X, counts, one, cv=2, n_bootstrap=0, constant="zero")
    assert score.value[[1, 2]].tolist() == [0.0, 0.0]
    assert (score.penalties > 0).all()
    with pytest.raises(BadInput, match="spike counts"):
        encode(X, counts + 0.5, FactorisedReadout(SHAPE, loss="poisson"))


def test_labels_say_where_features_are_in_whatever_order():
    X, Y, _, _ = planted(90)
    channel, row, column = (one.ravel() for one in np.indices(SHAPE))
    names = [f"s{i:02d}" for i in range(90)]
    order = np.random.default_rng(3).permutation(X.shape[1])
    places = {"channel": 3 * channel[order], "row": row[order], "column": column[order] + 2}
    labelled = make_responses(X[:, order], trial={"stimulus": names}, unit=places)
    assert np.array_equal(grid_of(table(labelled, "X"), None).order, np.argsort(order))
    responses = make_responses(Y, trial={"stimulus": names})
    found = encode(labelled, responses, "factorised", cv=3, n_bootstrap=0)
    assert np.allclose(found.folds, encode(X, Y, FactorisedReadout(SHAPE), cv=3, n_bootstrap=0).folds, atol=1e-9)
    with pytest.raises(BadInput, match="every channel at every place once"):
        encode(labelled[:, :, :-1], responses, "factorised")


def test_blocks_pickling_single_precision_and_tested_samples_change_nothing():
    X, Y, _, _ = planted(90)
    Y[:, 2] = 4.0
    model, cv = FactorisedReadout(SHAPE, penalties=(3.0, 30.0)), KFold(3)
    ready = ready_of(model, X, Y, cv)
    whole = ready.predict(1, Y)
    assert np.array_equal(pickle.loads(pickle.dumps(ready)).predict(1, Y).values, whole.values)
    assert np.allclose(ready.predict(1, Y[:, 1:2]).values, whole.values[:, 1:2], atol=1e-9)
    assert np.ptp(whole.values[:, 2]) == 0
    other = Y.copy()
    other[cv.split(90).pairs[1][1]] += 10
    assert np.array_equal(ready.predict(1, other).values, whole.values)
    single = ready_of(model, X.astype(np.float32), Y.astype(np.float32), cv).predict(1, Y.astype(np.float32))
    assert np.allclose(single.values, whole.values, atol=5e-3)


def test_refusals():
    X, Y, _, _ = planted(60)
    with pytest.raises(BadInput, match=r"\(8, 7, 7\) for 336 features"):
        encode(X, Y, FactorisedReadout((8, 7, 7)))
    with pytest.raises(BadInput, match="labels 'channel', 'row' and 'column'"):
        encode(X, Y, "factorised")
    with pytest.raises(BadInput, match="at most 8"):
        encode(X, Y, FactorisedReadout(SHAPE, rank=9))
    with pytest.raises(BadInput, match="do not vary"):
        encode(np.ones_like(X), Y, FactorisedReadout(SHAPE))
    for wrong in ({"rank": 0}, {"steps": 1.5}, {"smooth": (-1.0,)}, {"sparse": (1.0,)}, {"smooth": ()}, {"loss": "l1"}):
        with pytest.raises(BadInput, match=next(iter(wrong))):
            FactorisedReadout(**wrong)
    with pytest.raises(BadInput, match="above 0"):
        FactorisedReadout(penalties=(0.0,))


def test_memory_is_that_of_the_features():
    X, Y, _, _ = planted(60)
    kept = [
        memory_need(FactorisedReadout(SHAPE), table(one, "X"), table(Y, "Y"), KFold(3).split(60), 0).held.kept
        for one in (X, np.tile(X, (1, 10)))
    ]
    assert kept[1] - kept[0] == 9 * 336 * 8 * (60 + 3 * 40)
