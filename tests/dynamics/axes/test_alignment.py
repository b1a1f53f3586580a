"""The alignment index: planted overlaps, and both nulls against what is known of them."""

from __future__ import annotations

import numpy as np
import pytest

from tertium.data import make_responses
from tertium.dynamics import subspace_alignment
from tertium.dynamics.axes.alignment import random_alignment
from tertium.errors import BadInput


def activity(rng, frame, sizes, n=500):
    return rng.normal(size=(n, len(sizes))) * sizes @ frame.T


def test_planted_overlap():
    """One of two dimensions is shared, with 9 of 10 parts of Y's variance."""
    rng = np.random.default_rng(0)
    frame = np.linalg.qr(rng.normal(size=(20, 4)))[0]
    X = activity(rng, frame[:, [0, 1]], np.array([2.0, 1.0]), 20_000)
    Y = activity(rng, frame[:, [0, 2]], np.array([3.0, 1.0]), 20_000)
    found = subspace_alignment(X, Y, n=2, n_random=20)
    assert found.index == pytest.approx(0.9, abs=0.01)
    assert found.reverse == pytest.approx(0.8, abs=0.01)
    assert subspace_alignment(X, X, n=2, n_random=5).index == pytest.approx(1)


def test_the_index_is_the_formula():
    rng = np.random.default_rng(1)
    X, Y = rng.normal(size=(2, 40, 6)) @ rng.normal(size=(2, 6, 6))
    axes = np.linalg.svd(X - X.mean(0))[2][:3].T
    C = np.cov(Y, rowvar=False)
    expected = np.trace(axes.T @ C @ axes) / np.sort(np.linalg.eigvalsh(C))[-3:].sum()
    assert subspace_alignment(X, Y, n=3, n_random=5).index == pytest.approx(expected)


def test_uniform_null_has_its_mean_and_is_the_covariance_null_of_white_data():
    rng = np.random.default_rng(2)
    uniform = random_alignment(np.eye(20), 5, 2000, rng)
    assert uniform.mean() == pytest.approx(5 / 20, abs=4 * uniform.std() / np.sqrt(2000))
    full = random_alignment(np.diag([5.0, 4, 3, 2, 1, *[0.0] * 15]), 5, 10, rng)
    np.testing.assert_allclose(full, 1)  # five dimensions hold every draw of five
    one = random_alignment(np.diag([1.0, 1, 1, 0, 0]), 1, 4000, rng)
    assert one.mean() == pytest.approx(1 / 3, abs=0.02)  # a direction within three dimensions


def test_orthogonal_epochs_are_less_aligned_than_both_nulls_and_shared_ones_more():
    rng = np.random.default_rng(3)
    frame = np.linalg.qr(rng.normal(size=(30, 8)))[0]
    sizes = np.array([3.0, 2.0, 1.5, 1.0])
    apart = [activity(rng, frame[:, some], sizes) for some in (slice(0, 4), slice(4, 8))]
    same = [activity(rng, frame[:, :4], sizes) for _ in range(2)]
    away, shared = (subspace_alignment(*pair, n=4, n_random=300) for pair in (apart, same))
    assert away.p_orthogonal["covariance"] < 0.05 < shared.p_orthogonal["covariance"]
    assert shared.p_aligned["uniform"] == pytest.approx(1 / 301)
    assert away.null_covariance.mean() > away.null_uniform.mean() + 0.1


def test_responses_and_seed():
    rng = np.random.default_rng(4)
    X, Y = rng.normal(size=(2, 6, 10, 5))
    found = [subspace_alignment(make_responses(X), make_responses(Y), n=2, n_random=20, seed=s) for s in (0, 0, 1)]
    assert found[0].index == subspace_alignment(X.reshape(-1, 5), Y.reshape(-1, 5), n=2, n_random=5).index
    np.testing.assert_array_equal(found[0].null_covariance, found[1].null_covariance)
    assert (found[0].null_covariance != found[2].null_covariance).any()


def test_refusals():
    X = np.random.default_rng(0).normal(size=(20, 5))
    with pytest.raises(BadInput, match="5 and 4 units"):
        subspace_alignment(X, X[:, :4], n=2)
    with pytest.raises(BadInput, match="10 dimensions of 5 units"):
        subspace_alignment(X, X)
    with pytest.raises(BadInput, match="1 to 2"):
        subspace_alignment(X, X[:3], n=4)
    with pytest.raises(BadInput, match="Y: got no variance"):
        subspace_alignment(X, np.ones((20, 5)), n=2)
    with pytest.raises(BadInput, match="n_random"):
        subspace_alignment(X, X, n=2, n_random=0)


def test_table_and_figure():
    X, Y = np.random.default_rng(0).normal(size=(2, 50, 8))
    found = subspace_alignment(X, Y, n=3, n_random=100)
    table = found.table()
    assert table["null"].tolist() == ["uniform", "covariance"]
    assert (table["null_low"] < table["null_high"]).all()
    lines = [t for t in found.figure().data if t.type == "scatter"]
    assert [t.x[0] for t in lines] == [found.index, found.reverse]
