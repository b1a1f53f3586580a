"""Angles of subspaces: known rotations, SciPy's values, and the law of random directions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import subspace_angles
from scipy.stats import kstest

from tertium.dynamics import angle_between_axes, principal_angles
from tertium.errors import BadInput


def random_basis(rng, n, k):
    return np.linalg.qr(rng.normal(size=(n, k)))[0]


@pytest.mark.parametrize("planted", [(10.0, 35.0), (0.0, 90.0), (1e-7, 89.999)])
def test_planted_angles(planted):
    """Each axis of B is turned from one of A by a known angle, into a dimension of its own; then both are mixed."""
    rng = np.random.default_rng(0)
    frame = random_basis(rng, 12, 4)
    turn = np.radians(planted)
    B = frame[:, :2] * np.cos(turn) + frame[:, 2:] * np.sin(turn)
    found = principal_angles(frame[:, :2] @ rng.normal(size=(2, 2)), B @ rng.normal(size=(2, 2)), n_random=10)
    np.testing.assert_allclose(found.angles, planted, atol=1e-6)


def test_angles_and_vectors_against_scipy():
    rng = np.random.default_rng(1)
    A, B = rng.normal(size=(10, 3)), rng.normal(size=(10, 4))
    found = principal_angles(A, B, n_random=0)
    np.testing.assert_allclose(found.angles, np.degrees(subspace_angles(A, B))[::-1], atol=1e-9)
    np.testing.assert_allclose(found.vectors_a.T @ found.vectors_a, np.eye(3), atol=1e-12)
    cosines = np.cos(np.radians(found.angles))
    np.testing.assert_allclose(found.vectors_a.T @ found.vectors_b, np.diag(cosines), atol=1e-9)
    assert np.isnan(found.p).all()


def test_random_subspaces_are_no_closer_than_random_and_shared_ones_are():
    rng = np.random.default_rng(2)
    p = [
        principal_angles(rng.normal(size=(15, 2)), rng.normal(size=(15, 3)), n_random=99, seed=seed).p[0]
        for seed in range(60)
    ]
    assert kstest(p, "uniform").pvalue > 0.001
    A = rng.normal(size=(15, 2))
    B = np.column_stack([A[:, 0] + 0.1 * rng.normal(size=15), rng.normal(size=15)])
    assert principal_angles(A, B, n_random=199).p[0] == 1 / 200


def test_two_random_directions_follow_the_beta_law():
    rng = np.random.default_rng(3)
    angles = angle_between_axes(rng.normal(size=(7, 40)), rng.normal(size=(7, 40)))
    assert kstest(angles.p.ravel()[::41], "uniform").pvalue > 0.001
    # P(|cos| > c) in 3 dimensions is 1 - c: Archimedes
    three = angle_between_axes([1.0, 0, 0], [1.0, 1.0, 0])
    assert float(three.p[0, 0]) == pytest.approx(1 - np.sqrt(0.5))


def test_signed_and_unsigned_axes():
    a, b = np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([-3.0, 0.0])
    np.testing.assert_allclose(angle_between_axes(a, b).degrees.ravel(), [0, 90], atol=1e-12)
    np.testing.assert_allclose(angle_between_axes(a, b, signed=True).degrees.ravel(), [180, 90], atol=1e-12)
    tiny = angle_between_axes([1.0, 0.0], [1.0, 1e-9], signed=True)
    assert float(tiny) == pytest.approx(np.degrees(1e-9), rel=1e-6)


def test_refusals():
    with pytest.raises(BadInput, match="span 1 dimensions"):
        principal_angles([[1.0, 2.0], [2.0, 4.0], [0.0, 0.0]], np.eye(3)[:, :1])
    with pytest.raises(BadInput, match="3 and 2 units"):
        principal_angles(np.eye(3)[:, :1], np.eye(2)[:, :1])
    with pytest.raises(BadInput, match="finite"):
        principal_angles([[np.nan], [1.0]], np.eye(2)[:, :1])
    with pytest.raises(BadInput, match="n_random"):
        principal_angles(np.eye(2)[:, :1], np.eye(2)[:, :1], n_random=-1)
    with pytest.raises(BadInput, match="length 0"):
        angle_between_axes([0.0, 0.0], [1.0, 0.0])
    with pytest.raises(BadInput, match="names"):
        angle_between_axes(np.eye(2), names_a=["choice"])
    with pytest.raises(BadInput, match="one pair"):
        float(angle_between_axes(np.eye(2)))


def test_tables_and_figures():
    found = principal_angles(np.eye(6)[:, :2], np.eye(6)[:, 1:4], n_random=50)
    table = found.table()
    np.testing.assert_allclose(table["degrees"], [0, 90], atol=1e-9)
    assert (table["random_low"] < table["random_high"]).all()
    np.testing.assert_allclose(found.figure().data[-1].y, found.angles)
    pairs = angle_between_axes(np.eye(3), names_a=["choice", "motion", "colour"])
    assert pairs.table().shape == (9, 4)
    assert pairs.figure().data[0].y == ("choice", "motion", "colour")
