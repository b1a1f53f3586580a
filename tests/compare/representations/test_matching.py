"""Matched units: permutations, copies, the transport against a linear programme, gradients."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
import torch
from scipy.optimize import linprog

from tertium.compare import matched_correlation, permutation_match, procrustes, soft_match
from tertium.compare.representations import matching
from tertium.compare.representations.matching import transport
from tertium.data import make_responses
from tertium.errors import BadInput


def pair(samples: int = 25, p: int = 5, q: int = 5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(samples, p)) * np.arange(1, p + 1) + 2
    return x, x @ rng.normal(size=(p, q)) + rng.normal(size=(samples, q))


def unit_size(v: np.ndarray) -> np.ndarray:
    v = v - v.mean(0)
    return v / np.linalg.norm(v)


def test_the_pairing_is_the_best_of_all_permutations() -> None:
    x, y = pair()
    products = unit_size(x).T @ unit_size(y)
    best = max(sum(products[i, j] for i, j in enumerate(order)) for order in permutations(range(5)))
    assert permutation_match(x, y) == pytest.approx(np.arccos(best), abs=1e-12)
    assert soft_match(x, y) == pytest.approx(permutation_match(x, y), abs=1e-12), "a permutation is the best transport"


def test_permutations_do_not_matter_and_rotations_do() -> None:
    x, y = pair()
    order = [3, 1, 4, 0, 2]
    rotation = np.linalg.qr(np.random.default_rng(1).normal(size=(5, 5)))[0]
    for measure in (permutation_match, soft_match):
        assert measure(x, 3 * x[:, order] + 1) < 1e-7
        assert measure(x[:, order], y) == pytest.approx(measure(x, y), abs=1e-12)
        assert measure(x, x @ rotation) > 0.3
        assert measure(x, y) >= procrustes(x, y)
    assert matched_correlation(x, 3 * x[:, order] * np.arange(1, 6)) == pytest.approx(1)
    assert matched_correlation(x, x @ rotation) < 0.95


def test_copies_of_units_do_not_matter_for_the_soft_match_only() -> None:
    x, y = pair()
    copied = np.repeat(x, 3, axis=1)
    assert soft_match(x, copied) < 1e-7
    assert soft_match(copied, y) == pytest.approx(soft_match(x, y), abs=1e-9)
    assert matched_correlation(copied, y) == pytest.approx(matched_correlation(x, y), abs=1e-12)
    assert permutation_match(x, copied) > 0.5, "two thirds of the units have nothing to be paired with"


@pytest.mark.parametrize(("p", "q"), [(4, 6), (3, 7), (6, 6), (1, 5)])
def test_both_ways_to_the_transport_agree(p: int, q: int, monkeypatch) -> None:
    gain = np.random.default_rng(0).normal(size=(p, q))
    rows = np.kron(np.eye(p), np.ones(q))
    columns = np.kron(np.ones(p), np.eye(q))
    asked = np.r_[np.full(p, 1 / p), np.full(q, 1 / q)]
    expected = -linprog(-gain.ravel(), A_eq=np.vstack([rows, columns]), b_eq=asked).fun
    for copies in (matching._COPIES, 0):
        monkeypatch.setattr(matching, "_COPIES", copies)
        plan = transport(gain)
        assert (plan * gain).sum() == pytest.approx(expected, abs=1e-12)
        assert np.allclose(plan.sum(1), 1 / p)
        assert np.allclose(plan.sum(0), 1 / q)


def test_triangles_hold() -> None:
    rng = np.random.default_rng(0)
    for _ in range(60):
        sizes = rng.integers(1, 6, 3)
        x, y, z = (rng.normal(size=(8, p)) * rng.exponential(size=p) for p in sizes)
        assert soft_match(x, y) <= soft_match(x, z) + soft_match(z, y) + 1e-9
        x, y, z = (rng.normal(size=(8, 4)) * rng.exponential(size=4) for _ in range(3))
        assert permutation_match(x, y) <= permutation_match(x, z) + permutation_match(z, y) + 1e-9


@pytest.mark.parametrize("measure", [permutation_match, soft_match, matched_correlation])
@pytest.mark.parametrize("q", [5, 7])
def test_gradients_are_those_of_central_differences(measure, q: int) -> None:
    x, y = (torch.from_numpy(v).requires_grad_() for v in pair(q=q))
    assert torch.autograd.gradcheck(measure, (x, y), atol=1e-6)


def test_constant_units_are_named() -> None:
    x, y = pair()
    silent = make_responses(
        np.hstack([x, np.full((25, 2), 0.1)])[:, None], dt=1, trial={"stimulus": [str(i) for i in range(25)]}
    )
    with pytest.raises(BadInput, match=r"X: got constant responses in unit '5', '6'.*no correlation"):
        matched_correlation(silent, y)
    assert soft_match(silent, y) > 0, "they are nothing but silent here"
