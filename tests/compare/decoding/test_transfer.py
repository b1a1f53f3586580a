"""Generalisation over conditions, contexts and times: planted abstract, tangled, turned and moving codes."""

from __future__ import annotations

import numpy as np
import pytest

from tertium.compare import cross_condition_generalisation, decode, generalisation_matrix, shattering
from tertium.data import make_responses
from tertium.errors import BadInput


def cube(tangled, trials=20, units=40, noise=1.0, seed=0):
    """Return eight conditions: corners of a cube with three abstract labels, or eight random places as far apart."""
    rng = np.random.default_rng(seed)
    corner = np.array([[i >> 2 & 1, i >> 1 & 1, i & 1] for i in range(8)])
    places = (corner - 0.5) @ (3 * np.linalg.qr(rng.normal(size=(units, 3)))[0].T)
    if tangled:
        places = rng.normal(size=(8, units)) * np.linalg.norm(places, axis=1).mean() / np.sqrt(units)
    shown = np.repeat(np.arange(8), trials)
    values = places[shown] + noise * rng.normal(size=(len(shown), units)) / 2
    labels = {"stimulus": shown.astype(str), "rule": corner[shown, 0], "value": corner[shown, 1]}
    return make_responses(values, trial=labels)


def test_an_abstract_code_generalises_and_a_tangled_one_only_decodes():
    abstract, tangled = cube(False), cube(True)
    options = {"n_permutations": 40}
    found = cross_condition_generalisation(abstract, "rule", "stimulus", **options)
    other = cross_condition_generalisation(tangled, "rule", "stimulus", **options)
    assert len(found.splits) == 16
    assert found.value > 0.95
    assert found.p < 0.05
    assert other.p > 0.05
    assert other.value < 0.75
    assert abs(other.null.mean() - 0.5) < 0.1
    for r in (abstract, tangled):  # the label is there in both
        assert decode(r, "rule", cv=5, n_permutations=0).mean > 0.9
    assert set(found.table()) >= {"held_out", "score", "chance", "p"}
    assert len(found.figure().data) == 2


def test_values_of_another_label_are_held_out_one_by_one():
    found = cross_condition_generalisation(cube(False), "rule", "value", n_permutations=40)
    assert found.splits == (("0, 0", "1, 0"), ("0, 1", "1, 1"))
    assert found.value > 0.95
    assert found.p < 0.05
    square = cube(False).isel(trial=np.flatnonzero(np.arange(160) // 20 % 2 == 0))  # four corners
    by_value = cross_condition_generalisation(square, "rule", "value", n_permutations=0)
    diagonal = cross_condition_generalisation(square, "rule", "stimulus", n_permutations=0)
    assert by_value.value > 0.95
    assert diagonal.value == pytest.approx(0.75, abs=0.08)  # two splits of four are diagonal, at chance


def test_shattering_tells_dimension_from_abstraction():
    abstract, tangled = (shattering(cube(flag, trials=10), "stimulus", folds=4) for flag in (False, True))
    assert len(abstract.divisions) == 35
    assert tangled.dimensionality > abstract.dimensionality + 0.05
    assert tangled.dimensionality > 0.9
    best = abstract.table().head(3)
    assert (best["generalisation"] > 0.95).all()  # the three labels of the cube, and no other
    assert abstract.table()["generalisation"].iloc[3] < 0.9
    assert set(best["half"]) == {"0, 1, 2, 3", "0, 1, 4, 5", "0, 2, 4, 6"}
    assert tangled.generalisation.max() < 0.9
    assert len(abstract.figure().data) == 1


def test_contexts_that_share_a_code_and_contexts_that_do_not():
    rng = np.random.default_rng(1)
    context, choice = np.repeat(["a", "b", "c"], 60), np.tile([0, 1], 90)
    axis = {"a": np.eye(10)[0], "b": np.eye(10)[0], "c": np.eye(10)[1]}
    values = rng.normal(size=(180, 10)) + 4 * np.stack(
        [(c - 0.5) * axis[k] for c, k in zip(choice, context, strict=True)]
    )
    r = make_responses(values, trial={"context": context, "choice": choice})
    found = generalisation_matrix(r, "choice", "context", n_permutations=40)
    same = np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1]], dtype=bool)
    assert (found.mean[same] > 0.85).all()  # the best decoder: 0.977; of 60 trials, give or take 0.03
    assert (found.mean[~same] < 0.7).all()
    assert (found.p[same] < 0.05).all()
    # any direction separates far classes, rightly or wrongly: shuffling both labels alone would be too sure
    assert found.null_fitted[:, 2, 0].std() > 1.2 * found.null[:, 2, 0].std()
    assert abs(found.null.mean() - 0.5) < 0.03
    assert found.within > found.between
    assert len(found.table()) == 9
    assert len(found.figure().data) == 2
    again = generalisation_matrix(r, "choice", "context", n_permutations=40)
    assert np.array_equal(found.null, again.null)


def test_a_code_that_moves_is_not_read_at_other_times():
    rng = np.random.default_rng(2)
    choice = np.tile([0, 1], 40)
    values = rng.normal(size=(80, 4, 8))
    for t, unit in enumerate([0, 0, 1, 2]):
        values[:, t, unit] += 4 * (choice - 0.5)
    found = generalisation_matrix(
        make_responses(values, dt=0.1, trial={"choice": choice}), "choice", "time", n_permutations=0
    )
    stable = np.eye(4, dtype=bool)
    stable[0, 1] = stable[1, 0] = True
    assert (found.mean[stable] > 0.9).all()
    assert (found.mean[~stable] < 0.7).all()
    assert np.isnan(found.p).all()


def test_refusals():
    r = cube(False, trials=4)
    mixed = np.array([{"0": "x", "2": "x"}.get(s, s) for s in r["stimulus"].values])
    with pytest.raises(BadInput, match="one value of 'value' in every condition"):
        cross_condition_generalisation(r, "value", mixed)
    with pytest.raises(BadInput, match="at least two, one to fit"):
        cross_condition_generalisation(r, "rule", "rule")
    with pytest.raises(BadInput, match="no label 'stim'"):
        cross_condition_generalisation(r, "rule", "stim")
    with pytest.raises(BadInput, match="one for each trial"):
        cross_condition_generalisation(r, "rule", [1, 2, 3])
    with pytest.raises(BadInput, match="one context only"):
        generalisation_matrix(r, "rule", np.zeros(32))
    with pytest.raises(BadInput, match="one for each fold"):
        generalisation_matrix(r, "rule", "value", folds=20)
    with pytest.raises(BadInput, match="without a value"):
        generalisation_matrix(r, "rule", [None] * 32)
    with pytest.raises(BadInput, match="an even number"):
        shattering(r, np.arange(32) % 3)
    with pytest.raises(BadInput, match="a label of the trials"):
        shattering(r, "stim")
