"""Lagged designs that never leak over borders of trials, and the bases of filters."""

from __future__ import annotations

import numpy as np
import pytest

from tertium.compare import KFold, encode, impulses, lagged, raised_cosines
from tertium.compare.spike_trains.bases import Basis
from tertium.compare.spike_trains.lags import filtered
from tertium.data import make_responses, validate
from tertium.errors import BadInput


def test_each_lag_is_what_was_there_before_and_borders_are_filled():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3, 8, 2))
    made = lagged(X, [0, 2, -1], fill=9.0)
    assert made.shape == (3, 8, 6)
    for trial in range(3):
        for t in range(8):
            for column in range(2):
                for i, lag in enumerate([0, 2, -1]):
                    expected = X[trial, t - lag, column] if 0 <= t - lag < 8 else 9.0
                    assert made[trial, t, 3 * column + i] == expected


def test_nothing_leaks_over_the_border_of_a_trial():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(4, 10, 2))
    other = X.copy()
    other[1] += 100
    for change in (lambda one: lagged(one, range(-3, 12)), lambda one: lagged(list(one), range(-3, 12))):
        before, after = np.stack(change(X)), np.stack(change(other))
        assert np.array_equal(before[[0, 2, 3]], after[[0, 2, 3]])
        assert not np.array_equal(before[1], after[1])
    basis = Basis(rng.normal(size=(15, 3)), first=-3, dt=0.01)
    before, after = (np.stack(filtered(list(one), basis)) for one in (X, other))
    assert np.array_equal(before[[0, 2, 3]], after[[0, 2, 3]])


@pytest.mark.parametrize("first", [-9, -2, 0, 1, 4])
def test_filtering_is_the_lagged_design_times_the_basis(first):
    rng = np.random.default_rng(2)
    trials = [rng.normal(size=(n, 2)) for n in (5, 20, 3)]
    basis = Basis(rng.normal(size=(6, 3)), first=first, dt=0.01)
    for one, made in zip(lagged(trials, basis.lags), filtered(trials, basis), strict=True):
        expected = np.einsum("tcl,lf->tcf", one.reshape(len(one), 2, 6), basis.values).reshape(len(one), -1)
        assert np.allclose(made, expected, atol=1e-12)


def test_what_comes_in_comes_out():
    array, rng = np.zeros((7, 2)), np.random.default_rng(3)
    assert lagged(array, range(3)).shape == (7, 6)
    ragged = lagged([np.zeros((7, 2)), np.zeros((4, 2))], range(3))
    assert [one.shape for one in ragged] == [(7, 6), (4, 6)]
    unit = {"unit": ["x", "y"], "region": ["V1", "V2"]}
    X = make_responses(rng.normal(size=(5, 9, 2)), dt=0.02, trial={"stimulus": list("abcde")}, unit=unit)
    made = validate(lagged(X, [0, 1, 3]), needs=["stimulus", "region", "lag", "lag_of"])
    assert made["unit"].values.tolist()[:3] == ["x, lag 0 s", "x, lag 0.02 s", "x, lag 0.06 s"]
    assert made["region"].values.tolist() == ["V1"] * 3 + ["V2"] * 3
    assert np.allclose(made.sel(unit="y, lag 0.02 s").values[:, 1:], X.values[:, :-1, 1])


def test_encoding_with_lags_finds_a_memory_that_encoding_without_them_does_not():
    rng = np.random.default_rng(4)
    X = rng.normal(size=(30, 40, 1))
    Y = 2.0 * lagged(X, [3]) + rng.normal(size=X.shape)
    names = {"stimulus": [f"s{i:02d}" for i in range(30)]}
    X, Y = (make_responses(one, dt=0.01, trial=names) for one in (X, Y))
    assert abs(encode(X, Y, cv=KFold(5)).mean) < 0.1
    assert encode(lagged(X, range(5)), Y).mean > 0.85


def test_raised_cosines_add_up_to_two_inside_and_vanish_at_their_end():
    for scale in ("log", "linear"):
        basis = raised_cosines(6, 0.3, 0.001, start=0.001, scale=scale)
        total = basis.values.sum(1)
        first, last = basis.values[:, 1].argmax(), basis.values[:, -1].argmax() // 2
        assert np.allclose(total[first:last], 2.0, atol=1e-9)
        assert basis.values[0, 0] == 1.0
        assert basis.values[-1].max() < 0.01
        assert basis.times[0] == pytest.approx(0.001)
        assert basis.times[-1] == pytest.approx(0.299)
    even, stretched = raised_cosines(6, 0.3, 0.001, scale="linear"), raised_cosines(6, 0.3, 0.001)
    assert np.ptp(np.diff(even.values.argmax(0))) <= 1
    apart = np.diff(stretched.values.argmax(0))
    assert (np.diff(apart) > 0).all()
    assert apart[-1] > 5 * apart[0]


def test_raised_cosines_follow_the_formula():
    basis = raised_cosines(4, 0.1, 0.01, offset=0.02)
    low, high = np.log(0.02), np.log(0.12)
    apart = (high - low) / 5
    for lag in range(10):
        for j in range(4):
            away = np.log(0.01 * lag + 0.02) - (low + j * apart)
            expected = (1 + np.cos(np.pi * away / (2 * apart))) / 2 if abs(away) < 2 * apart else 0.0
            assert basis.values[lag, j] == pytest.approx(expected, abs=1e-12)


def test_refusals():
    with pytest.raises(BadInput, match="different whole numbers"):
        lagged(np.zeros((4, 1)), [0, 0])
    with pytest.raises(BadInput, match="different whole numbers"):
        lagged(np.zeros((4, 1)), [0.5])
    with pytest.raises(BadInput, match=r"nan in trial 0, bin 2, column 1"):
        lagged(np.array([[0.0, 0], [0, 0], [0, np.nan]]), [1])
    with pytest.raises(BadInput, match="columns alike"):
        lagged([np.zeros((4, 1)), np.zeros((4, 2))], [1])
    with pytest.raises(BadInput, match=r"values\[:, None\]"):
        lagged(np.zeros(4), [1])
    with pytest.raises(BadInput, match="20 functions of rank"):
        raised_cosines(20, 0.01, 0.001)
    with pytest.raises(BadInput, match="at least one bin"):
        raised_cosines(2, 0.0, 0.001)
    with pytest.raises(BadInput, match="'log' or 'linear'"):
        raised_cosines(2, 0.1, 0.001, scale="ln")
    with pytest.raises(BadInput, match="at least 1"):
        raised_cosines(0, 0.1, 0.001)
    with pytest.raises(BadInput, match="seconds, above 0"):
        raised_cosines(2, 0.1, 0.001, offset=0.0)
    assert np.array_equal(impulses(0.03, 0.01).values, np.eye(3))
