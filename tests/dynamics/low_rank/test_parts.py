"""Low-rank structure that was planted in random connectivity is found, and what is not there is not."""

import numpy as np
import pytest

from tertium.dynamics import Loadings, low_rank_parts
from tertium.dynamics.low_rank.parts import modulus_p_values
from tertium.errors import BadInput
from tertium.rng import Seeds


def planted(rank, gain, n=300, seed=0):
    rng = Seeds(seed).numpy("planted")
    m, noise = rng.normal(size=(2, n, rank))
    loadings = Loadings(m, m @ np.diag([1.6, 2.4][:rank]) + 0.3 * noise)
    return loadings, gain * rng.normal(size=(n, n)) / np.sqrt(n) + loadings.weights()


@pytest.mark.parametrize("rank", [1, 2])
def test_rank_gain_and_outliers_are_recovered(rank):
    loadings, w = planted(rank, 0.6)
    parts = low_rank_parts(w)
    assert parts.loadings.rank == rank
    assert parts.gain == pytest.approx(0.6, rel=0.05)
    expected = np.sort(np.linalg.eigvals(loadings.overlaps).real)
    np.testing.assert_allclose(np.sort(parts.outliers.real), expected, atol=0.1)
    assert list(parts.table()["mode"]) == list(range(1, rank + 1))
    # planted directions are those of the singular modes
    basis = np.linalg.qr(parts.loadings.m)[0]
    for column in loadings.m.T:
        assert np.linalg.norm(basis.T @ column) / np.linalg.norm(column) > 0.9


def test_without_random_part_the_split_is_exact():
    loadings, w = planted(2, 0.0)
    parts = low_rank_parts(w)
    assert (parts.gain, parts.loadings.rank, len(parts.outliers)) == (0, 2, 2)
    np.testing.assert_allclose(parts.loadings.weights(), w, atol=1e-12)
    np.testing.assert_allclose(
        np.sort(parts.overlap_eigenvalues.real), np.sort(np.linalg.eigvals(loadings.overlaps).real), rtol=1e-8
    )


def test_random_weights_have_outliers_as_seldom_as_the_level_says():
    rng = Seeds(5).numpy("null")
    smallest = []
    for _ in range(150):
        w = rng.normal(size=(60, 60)) / np.sqrt(60)
        smallest.append(modulus_p_values(np.abs(np.linalg.eigvals(w)).max(keepdims=True), 1.0, 60)[0])
    smallest = np.array(smallest)
    assert (smallest < 0.05).mean() < 0.1
    assert 0.3 < (smallest < 0.5).mean() < 0.65


def test_figure_says_what_is_drawn():
    figure = low_rank_parts(planted(1, 0.6)[1]).figure()
    assert {"bulk", "outliers", "of the overlaps"} <= {t.name for t in figure.data}


def test_bad_input_is_named():
    with pytest.raises(BadInput, match=r"weights: got shape \(12, 11\)"):
        low_rank_parts(np.ones((12, 11)))
    with pytest.raises(BadInput, match="weights: got zeros only"):
        low_rank_parts(np.zeros((12, 12)))
    with pytest.raises(BadInput, match="weights: got a value that is not finite"):
        low_rank_parts(np.full((12, 12), np.nan))
    with pytest.raises(BadInput, match="rank: got 12, expected 1 to 11"):
        low_rank_parts(np.eye(12), 12)
    with pytest.raises(BadInput, match="loadings: got m"):
        Loadings(np.ones(3), np.ones(4))
    with pytest.raises(BadInput, match="rank: got 2 of 3 columns"):
        Loadings.split(np.ones((5, 3)), 2)
