"""Gradient steps of banded ridge: the derivative, what they find, and that they never do worse than random search."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from tertium.compare import BandedRidge, KFold, encode
from tertium.compare.encoding.models.spaces.strengths import BOUNDS, InnerFold, inner_loss
from tertium.compare.encoding.tables import table
from tertium.errors import BadInput


def planted(n=90, sizes=(6, 20, 40, 12), strengths=(3.0, 0.6, 0.0, 0.15), units=3, seed=0):
    """Return features in bands whose weights have very different sizes, and responses."""
    rng = np.random.default_rng(seed)
    X = [rng.normal(size=(n, size)) for size in sizes]
    Y = sum(s * x @ rng.normal(size=(x.shape[1], units)) for s, x in zip(strengths, X, strict=True))
    return np.concatenate(X, axis=1), Y + 2 * rng.normal(size=(n, units)), sizes


def ready_of(model, X, Y, cv):
    return model.prepare(table(X, "X"), table(Y, "Y"), cv.split(len(X)), 1000)


def inner_of(X, sizes, cv):
    folds = cv.split(len(X))
    fitted = folds.pairs[0][0]
    products = []
    for columns in np.split(X - X.mean(0), np.cumsum(sizes)[:-1], axis=1):
        one = columns @ columns.T
        products.append((one * len(X) / np.trace(one))[np.ix_(fitted, fitted)])
    return fitted, [InnerFold.of(np.stack(products), a, b) for a, b in folds.inside(fitted, 0)]


def test_the_gradient_is_that_of_central_differences():
    X, Y, sizes = planted()
    fitted, inner = inner_of(X, sizes, KFold(3))
    at = np.array([2.0, -1.0, 0.5, -4.0])
    _, gradient = inner_loss(at, inner, Y[fitted, 0])
    for band, step in enumerate(1e-5 * np.eye(4)):
        up, down = (inner_loss(at + sign * step, inner, Y[fitted, 0])[0] for sign in (1, -1))
        assert gradient[band] == pytest.approx((up - down) / 2e-5, rel=1e-6, abs=1e-6 * np.abs(gradient).max())


def test_steps_find_less_error_than_random_search_of_equal_cost():
    X, Y, sizes = planted()
    cv = KFold(3)
    few = ready_of(BandedRidge(sizes, draws=2, steps=15), X, Y, cv)
    many = ready_of(BandedRidge(sizes, draws=22), X, Y, cv)  # 27 sets, 9 penalties each: 180 more fits than 7 sets
    fitted, inner = inner_of(X, sizes, cv)
    known = Y[fitted]
    losses, penalty = few.search(0, known)
    found = few.refine(0, known, losses, penalty)
    searched = many.search(0, known)[0].min(0)
    assert set(found) == {0, 1, 2}
    for u, strengths in found.items():
        loss = inner_loss(np.log(strengths), inner, known[:, u])[0]
        assert loss < losses[:, u].min()
        assert loss < searched[u]
    strongest = [int(np.argmax(strengths)) for strengths in found.values()]
    assert strongest == [0, 0, 0]
    assert all(strengths[2] < 0.2 * strengths[0] for strengths in found.values()), "the band that says nothing"


def test_two_bands_agree_with_a_grid():
    X, Y, sizes = planted(n=150, sizes=(5, 30), strengths=(1.0, 0.5), units=1)
    cv = KFold(3)
    fitted, inner = inner_of(X, sizes, cv)
    ready = ready_of(BandedRidge(sizes, draws=0, steps=60), X, Y, cv)
    strengths = ready.refine(0, Y[fitted], *ready.search(0, Y[fitted]))[0]
    axis = np.arange(-3.0, 4.0, 0.125)
    grid = np.array([[inner_loss(np.array([a, b]), inner, Y[fitted, 0])[0] for b in axis] for a in axis])
    best = np.unravel_index(grid.argmin(), grid.shape)
    loss = inner_loss(np.log(strengths), inner, Y[fitted, 0])[0]
    assert grid.min() * (1 - 1e-3) < loss <= grid.min()
    assert np.allclose(np.log(strengths), axis[list(best)], atol=0.2)
    assert min(best) > 0
    assert max(best) < len(axis) - 1


def test_encode_takes_the_steps_says_so_and_is_not_worse():
    X, Y, sizes = planted(n=120)
    plain = encode(X, Y, BandedRidge(sizes, draws=2), cv=3, measure="r2", n_bootstrap=0)
    model = BandedRidge(sizes, draws=2, steps=10)
    walked = encode(X, Y, model, cv=3, measure="r2", n_bootstrap=0)
    assert "then up to 10 gradient steps" in walked.method
    assert "gradient" not in plain.method
    assert walked.mean > plain.mean - 0.01
    assert not np.allclose(walked.folds, plain.folds)
    assert walked.penalties.shape == (3, 3)
    ready = ready_of(model, X, Y, KFold(3))
    copy = pickle.loads(pickle.dumps(ready))
    whole = ready.predict(1, Y)
    assert np.array_equal(copy.predict(1, Y).values, whole.values)
    for u in range(3):
        assert np.allclose(ready.predict(1, Y[:, [u]]).values, whole.values[:, [u]], atol=1e-9), "blocks of one unit"


def test_constant_units_and_a_single_band_are_survived():
    X, Y, sizes = planted(n=60)
    Y[:, 1] = 4.0
    assert encode(X, Y, BandedRidge(sizes, draws=0, steps=3), cv=3, constant="zero").value[1] == 0.0
    one = encode(X, Y, BandedRidge((X.shape[1],), steps=3), cv=3, constant="zero")
    assert np.array_equal(one.folds, encode(X, Y, BandedRidge((X.shape[1],)), cv=3, constant="zero").folds)
    assert BOUNDS[0] < 0 < BOUNDS[1]


def test_refusals():
    with pytest.raises(BadInput, match="0 for no gradient steps"):
        BandedRidge(steps=-1)
    with pytest.raises(BadInput, match="0 for no gradient steps"):
        BandedRidge(steps=1.5)
