"""Encoding with lags: planted delays, trials that stay apart, and folds that would leak."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from tertium.compare import BandedRidge, BlockedKFold, GroupedKFold, KFold, Lagged, Ridge, encode, fit_ridge, lagged
from tertium.compare.encoding.memory import memory_need
from tertium.compare.encoding.tables import table
from tertium.data import make_responses
from tertium.errors import BadInput

DELAYS = (1, 4)


def planted(trials=16, bins=40, noise=0.5, seed=0):
    """Return features (trial, time, 2) and responses of two units, each of one feature some bins before."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(trials, bins, 2))
    Y = np.concatenate([lagged(X[..., [i]], [delay]) for i, delay in enumerate(DELAYS)], axis=2)
    return X, Y + noise * rng.normal(size=Y.shape)


def flat(*given):
    return [one.reshape(-1, one.shape[-1]) for one in given]


def labelled(X, Y):
    names = {"stimulus": [f"s{i:02d}" for i in range(len(X))]}
    return [make_responses(one, dt=0.02, trial=names) for one in (X, Y)]


def test_planted_delays_are_found_in_series_with_trials():
    X, Y = planted()
    design = lagged(X, range(6))
    score = encode(*flat(design, Y), cv=BlockedKFold(5, gap=5), measure="r2", n_bootstrap=0)
    assert score.value == pytest.approx(0.8, abs=0.06)
    assert encode(*flat(X, Y), cv=BlockedKFold(5, gap=5), measure="r2", n_bootstrap=0).mean < 0.05
    weights = np.abs(fit_ridge(*flat(design, Y), (1.0,)).weights()).reshape(2, 6, 2)
    for unit, delay in enumerate(DELAYS):
        assert np.unravel_index(weights[..., unit].argmax(), (2, 6)) == (unit, delay)
    assert weights[0, DELAYS[0], 0] == pytest.approx(1, abs=0.1)


def test_the_model_is_ridge_on_the_lagged_design_labelled_or_not():
    X, Y = planted()
    cv, model = BlockedKFold(5, gap=5), Ridge(form="dual")
    plain = encode(*flat(lagged(X, range(6)), Y), model, cv=cv, n_bootstrap=0)
    arrays = encode(*flat(X, Y), Lagged(range(6), model, bins=40), cv=cv, n_bootstrap=0)
    tables = encode(*labelled(X, Y), Lagged(range(6), model), cv=cv, n_bootstrap=0)
    for found in (arrays, tables):
        assert np.allclose(found.folds, plain.folds, atol=1e-9)
        assert np.allclose(found.penalties, plain.penalties)
    assert arrays.method == f"lags of 0 to 5 bins, {plain.method}"
    whole = encode(*labelled(X, Y), Lagged(range(6)), cv=4, n_bootstrap=0)
    assert (whole.value > 0.8).all(), "a number of folds keeps trials whole"


def test_a_trial_sees_nothing_of_the_one_beside_it():
    X, Y = planted(noise=0.0)
    apart = encode(*flat(X, Y), Lagged(range(6), Ridge((1e-8,)), bins=40), cv=BlockedKFold(4, gap=5), measure="r2")
    assert apart.value == pytest.approx(1, abs=1e-9)
    one = encode(*flat(X, Y), Lagged(range(6), Ridge((1e-8,))), cv=BlockedKFold(4, gap=5), measure="r2")
    assert (one.value < 1 - 1e-3).all(), "taken for one trial, the first bins of each see the last of another"


def test_slow_noise_is_no_signal_and_bands_are_lags():
    rng = np.random.default_rng(5)
    slow = np.cumsum(rng.normal(size=(600, 2)), axis=0)
    other = np.convolve(rng.normal(size=629), np.ones(30) / 30, "valid")[:, None]
    unrelated = encode(slow - slow.mean(0), other, Lagged(range(8)), cv=BlockedKFold(4, gap=40), measure="r2")
    assert unrelated.mean < 0.1
    X, Y = planted(8)
    cv = BlockedKFold(4, gap=5)
    banded = encode(*flat(X, Y), Lagged(range(6), BandedRidge(draws=0), bins=40), cv=cv, n_bootstrap=0)
    assert "banded ridge (6 bands" in banded.method
    assert (banded.value > 0.8).all()


def test_folds_that_share_time_bins_are_refused():
    X, Y = flat(*planted())
    model = Lagged(range(6), bins=40)
    with pytest.raises(BadInput, match=r"within 5 bins of one that is fitted.*BlockedKFold\(5, gap=5\)"):
        encode(X, Y, model, cv=KFold(5))
    with pytest.raises(BadInput, match="bin 3 of trial 3 tested"):
        encode(X, Y, model, cv=BlockedKFold(5))
    with pytest.raises(BadInput, match="fitting and in testing"):
        encode(X, Y, model, cv=BlockedKFold(5, gap=4))
    assert encode(X, Y, model, cv=BlockedKFold(5, gap=5), n_bootstrap=0).mean > 0.8
    assert encode(X, Y, model, cv=BlockedKFold(4), n_bootstrap=0).mean > 0.8, "cut between trials"
    many = labelled(*planted())
    assert encode(*many, Lagged((-2, 1, 4)), cv=GroupedKFold("stimulus", 4), n_bootstrap=0).mean > 0.8


def test_it_can_be_sent_and_blocks_change_nothing():
    X, Y = flat(*planted(8))
    ready = Lagged(range(6), bins=40).prepare(table(X, "X"), table(Y, "Y"), BlockedKFold(4, gap=5).split(320), 10)
    whole = ready.predict(2, Y).values
    assert np.array_equal(pickle.loads(pickle.dumps(ready)).predict(2, Y).values, whole)
    assert np.allclose(ready.predict(2, Y[:, 1:]).values, whole[:, 1:], atol=1e-12)


def test_refusals():
    X, Y = flat(*planted(8, 40))
    cv = BlockedKFold(4)
    with pytest.raises(BadInput, match="a lag of 40 bins in trials of 40"):
        encode(X, Y, Lagged((0, 40), bins=40), cv=cv)
    with pytest.raises(BadInput, match="a lag of -45 bins in trials of 40"):
        encode(*labelled(*planted(8)), Lagged((0, -45)), cv=4)
    with pytest.raises(BadInput, match="the time bins of every trial"):
        encode(X, Y, Lagged(range(3), bins=33), cv=cv)
    with pytest.raises(BadInput, match="40, as responses have"):
        encode(*labelled(*planted(8)), Lagged(range(3), bins=20), cv=4)
    with pytest.raises(BadInput, match="different whole numbers"):
        Lagged((1, 1))
    with pytest.raises(BadInput, match="without lags of its own"):
        Lagged((0, 1), Lagged((0, 1)))
    with pytest.raises(BadInput, match="finite number"):
        Lagged((0, 1), fill=np.nan)
    with pytest.raises(BadInput, match="do not vary"):
        encode(np.zeros_like(X), Y, Lagged((0, 1), bins=40), cv=cv)


def test_memory_goes_by_the_number_of_lags():
    X, Y = (table(one, name) for one, name in zip(flat(*planted(8)), "XY", strict=True))
    few, many = (
        memory_need(Lagged(range(count), Ridge(form="dual"), bins=40), X, Y, BlockedKFold(4).split(320), 0).held
        for count in (2, 7)
    )
    assert many.kept - few.kept == 8 * 320 * 2 * 5
