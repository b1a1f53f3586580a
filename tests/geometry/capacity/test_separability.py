"""Linear separability: logic gates, support vector machines, Cover's count, dichotomies, refusals."""

import numpy as np
import pytest
from sklearn.svm import SVC

import tertium as tt
from tertium.errors import BadInput
from tertium.geometry.capacity.separability import _sides
from tertium.rng import Seeds

linear_separability = tt.geometry.linear_separability


def test_margins_are_those_of_a_support_vector_machine():
    rng = np.random.default_rng(0)
    labels = np.arange(75) % 5
    r = 2.0 * rng.normal(size=(5, 8))[labels] + rng.normal(size=(75, 8)) + 7.0  # a bias is needed
    found = linear_separability(r, labels)
    assert found.every
    assert found.sides.shape == (15, 5)
    assert 0.2 < found.fraction < 1
    for side, margin in zip(found.sides, found.margins, strict=True):
        # the oracle's planes pass through the origin: a column of ones lets them off it
        assert tt.theory.separable(np.hstack([r, np.ones((75, 1))]), side[labels]) == (margin > 0)
        if margin > 0:
            machine = SVC(kernel="linear", C=1e7, tol=1e-6).fit(r, side[labels])
            assert margin == pytest.approx(1 / np.linalg.norm(machine.coef_), rel=2e-3)


@pytest.mark.parametrize(("points", "units"), [(10, 3), (10, 4), (9, 9)])
def test_random_points_are_separable_as_often_as_cover_says(points, units):
    shares = [
        linear_separability(
            np.random.default_rng(seed).normal(size=(points, units)), np.arange(points), dichotomies=3000
        )
        for seed in range(2)
    ]
    # a bias counts as one dimension more; the dichotomy with all on one side is not tried
    expected = (tt.theory.cover_count(points, units + 1) - 2) / (2**points - 2)
    for found in shares:
        assert found.every
        assert found.fraction == pytest.approx(expected, abs=1e-12)  # the count is the same for any points


def test_nonlinear_mixing_makes_more_dichotomies_separable():
    rng = np.random.default_rng(1)
    a, b, c = (np.array([i >> k & 1 for i in range(8)]) for k in range(3))
    pure = np.stack([a, b, c], axis=1) @ rng.normal(size=(3, 10))
    mixed = pure + 0.7 * np.tanh(4 * np.stack([a ^ b, b ^ c, a ^ c, a ^ b ^ c], axis=1) - 2) @ rng.normal(size=(4, 10))
    names, noise = np.tile(np.arange(8), 40), 0.02 * rng.normal(size=(320, 10))
    # of three bits 104 functions are linear, two of them constant
    assert linear_separability(np.tile(pure, (40, 1)) + noise, names).fraction == pytest.approx(102 / 254, abs=1e-9)
    assert linear_separability(np.tile(mixed, (40, 1)) + noise, names).fraction == 1


def test_all_dichotomies_once_or_random_ones():
    sides, every = _sides(5, 15, Seeds(0))
    assert every
    assert len({tuple(side) for side in sides}) == 15
    assert (np.abs(sides.sum(1)) < 5).all()
    drawn, every = _sides(5, 14, Seeds(0))
    assert not every
    assert drawn.shape == (14, 5)
    assert (np.abs(drawn.sum(1)) < 5).all()


def test_tables_figures_intervals_and_determinism():
    r = np.random.default_rng(2).normal(size=(60, 5))
    one, same = (linear_separability(r, np.arange(60) // 5, dichotomies=40, seed=1) for _ in range(2))
    assert one.table().equals(same.table())
    assert one.interval[0] <= one.fraction <= one.interval[1]
    assert one.interval[1] > one.fraction
    assert (one.relative < 1).all()
    assert one.figure().layout.yaxis.title.text.startswith("dichotomies")
    exact = linear_separability(tt.data.make_responses(r, trial={"c": np.arange(60) % 2}), "c")
    assert exact.interval == (exact.fraction, exact.fraction)
    assert float(exact) == exact.fraction


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"labels": np.zeros(20)}, "2 or more"),
        ({"r": np.ones((20, 4))}, "never vary"),
        ({"dichotomies": 0}, "1 or more"),
        ({"r": np.full((20, 4), np.nan)}, "finite"),
    ],
)
def test_what_cannot_be_measured_is_refused(change, says):
    given = {"r": np.random.default_rng(0).normal(size=(20, 4)), "labels": np.arange(20) % 2} | change
    with pytest.raises(BadInput, match=says):
        linear_separability(given.pop("r"), given.pop("labels"), **given)
