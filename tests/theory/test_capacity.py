"""The oracles of one threshold unit, held against enumeration, linear programs and quadratic programs."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from tertium.errors import BadInput
from tertium.models.foundations import binary_inputs, realised, truth_code
from tertium.rng import Seeds
from tertium.theory import cover_count, largest_margin, novikoff_bound, parity_ceiling, separable, separable_probability


@pytest.mark.parametrize(("points", "dimensions"), [(3, 2), (5, 3), (6, 4), (7, 3)])
def test_cover_counts_what_a_linear_program_counts(points, dimensions):
    x = Seeds(points).numpy("points").normal(size=(points, dimensions))
    counted = sum(separable(x, signs) for signs in product((-1, 1), repeat=points))
    assert counted == cover_count(points, dimensions)


def test_cover_knows_its_corners():
    assert cover_count(5, 7) == 2**5  # fewer points than dimensions: every dichotomy
    assert separable_probability(20, 10) == 0.5
    assert separable_probability(90, 60) > 0.99
    assert separable_probability(150, 60) < 0.02


@pytest.mark.parametrize("n", [2, 3, 4])
def test_parity_ceiling_is_the_best_of_all_units(n):
    parity = binary_inputs(n).sum(axis=1) % 2
    functions = (realised(n, range(-3, 4))[:, None] >> np.arange(2**n)) & 1
    assert (functions == parity).mean(axis=1).max() == parity_ceiling(n)


def test_linear_program_agrees_with_enumeration_on_all_functions_of_three_bits():
    x = np.column_stack([binary_inputs(3), np.ones(8)])
    signs = 2 * ((np.arange(256)[:, None] >> np.arange(8)) & 1) - 1
    found = [code for code in range(256) if separable(x, signs[code])]
    np.testing.assert_array_equal(found, realised(3, range(-2, 3)))


def test_margin_agrees_with_a_quadratic_program():
    from scipy.optimize import minimize

    rng = Seeds(1).numpy("points")
    x = rng.normal(size=(15, 4))
    signs = np.where(x @ rng.normal(size=4) > 0, 1.0, -1.0)
    z = x * signs[:, None]
    best = minimize(
        lambda w: w @ w,
        10 * z.mean(axis=0),
        jac=lambda w: 2 * w,
        constraints={"type": "ineq", "fun": lambda w: z @ w - 1, "jac": lambda w: z},
        method="SLSQP",
        options={"maxiter": 500, "ftol": 1e-12},
    )
    assert best.success
    assert largest_margin(x, signs) == pytest.approx(1 / np.linalg.norm(best.x), rel=1e-5)
    assert largest_margin(1000 * x, signs) == pytest.approx(1000 * largest_margin(x, signs), rel=1e-9)


def test_linear_program_and_margin_agree_near_capacity():
    rng = Seeds(4).numpy("sets")
    sets = [(rng.normal(size=(40, 20)), rng.choice([-1.0, 1.0], 40)) for _ in range(40)]
    by_program = [separable(x, signs) for x, signs in sets]
    assert by_program == [largest_margin(x, signs) > 0 for x, signs in sets]
    assert 5 < sum(by_program) < 35  # both answers occur


def test_no_margin_without_separability():
    x = np.column_stack([binary_inputs(2), np.ones(4)])
    xor = [-1, 1, 1, -1]
    assert largest_margin(x, xor) == 0
    assert novikoff_bound(x, xor) == np.inf
    assert truth_code(np.array(xor) > 0) == 6


def test_bad_input_is_named():
    with pytest.raises(BadInput, match=r"signs: got \[0.0, 1.0\], expected -1 and \+1"):
        separable([[1.0], [2.0]], [0, 1])
    with pytest.raises(BadInput, match=r"labelled set: got inputs \(2, 1\) and signs \(3,\)"):
        largest_margin([[1.0], [2.0]], [1, 1, -1])
    with pytest.raises(BadInput, match="dimensions: got 0, expected an integer >= 1"):
        cover_count(3, 0)
    with pytest.raises(BadInput, match="inputs: got 1, expected an integer >= 2"):
        parity_ceiling(1)
