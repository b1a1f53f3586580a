"""Reduced-rank regression against closed forms, and planted communication subspaces."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import subspace_angles
from sklearn.linear_model import Ridge

from tertium.data import make_responses
from tertium.dynamics import communication_subspace
from tertium.dynamics.axes.reduced_rank import errors_by_rank, reduced_rank
from tertium.errors import BadInput


def areas(rank=2, n=800, sources=15, targets=10, noise=1.0, seed=0):
    """Return source and target activity and the planted predictive dimensions (source unit, rank)."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 5)) @ rng.normal(size=(5, sources)) + rng.normal(size=(n, sources))
    axes = np.linalg.qr(rng.normal(size=(sources, max(rank, 1))))[0][:, :rank]
    Y = X @ axes @ rng.normal(size=(rank, targets)) + noise * rng.normal(size=(n, targets))
    return X + 3, Y - 1, axes


@pytest.mark.parametrize("ridge", [0.0, 50.0])
def test_full_rank_is_ordinary_or_ridge_regression(ridge):
    X, Y, _ = areas(n=60)
    fit = reduced_rank(X, Y, ridge)
    peer = Ridge(alpha=ridge).fit(X, Y) if ridge else None
    expected = peer.coef_.T if peer else np.linalg.lstsq(X - X.mean(0), Y - Y.mean(0), rcond=None)[0]
    np.testing.assert_allclose(fit.at(10), expected, atol=1e-9)


def test_error_is_the_least_that_any_matrix_of_that_rank_has():
    """Closed form: sum of squares less the largest eigenvalues of Y' P Y, P the projection on the sources."""
    X, Y, _ = areas(n=80)
    x, y = X - X.mean(0), Y - Y.mean(0)
    P = x @ np.linalg.pinv(x)
    gains = np.sort(np.linalg.eigvalsh(y.T @ P @ y))[::-1]
    errors, total = errors_by_rank(reduced_rank(X, Y), X, Y, 10)
    np.testing.assert_allclose(errors, total - np.concatenate([[0], np.cumsum(gains)]), rtol=1e-9)
    fit = reduced_rank(X, Y)
    for rank in (0, 1, 4):
        assert np.linalg.matrix_rank(fit.at(rank)) == rank
        assert ((y - x @ fit.at(rank)) ** 2).sum() == pytest.approx(errors[rank])


def test_white_sources_give_the_truncated_svd():
    rng = np.random.default_rng(1)
    x = np.linalg.qr(rng.normal(size=(50, 6)) - 0)[0]
    x -= x.mean(0)
    x = np.linalg.qr(x)[0]  # orthonormal columns of mean 0
    y = rng.normal(size=(50, 4))
    y -= y.mean(0)
    U, s, Vt = np.linalg.svd(x.T @ y, full_matrices=False)
    np.testing.assert_allclose(reduced_rank(x, y).at(2), U[:, :2] * s[:2] @ Vt[:2], atol=1e-12)


def test_ridge_of_low_rank_is_that_of_augmented_data():
    X, Y, _ = areas(n=40)
    x, y = X - X.mean(0), Y - Y.mean(0)
    more = np.concatenate([x, np.sqrt(20.0) * np.eye(15)]), np.concatenate([y, np.zeros((15, 10))])
    B = np.linalg.lstsq(*more, rcond=None)[0]
    V = np.linalg.svd(more[0] @ B, full_matrices=False)[2][:3].T
    np.testing.assert_allclose(reduced_rank(X, Y, 20.0).at(3), B @ V @ V.T, atol=1e-9)


@pytest.mark.parametrize("rank", [1, 2, 4])
def test_planted_ranks_and_subspaces_are_recovered(rank):
    X, Y, axes = areas(rank, n=2000)
    found = communication_subspace(X, Y)
    assert found.rank == rank
    assert np.degrees(subspace_angles(found.source_axes[:, :rank], axes)).max() < 8
    np.testing.assert_allclose(found.target_axes.T @ found.target_axes, np.eye(10), atol=1e-10)
    assert np.linalg.matrix_rank(found.coefficients) == rank
    # held-out share of variance against that of the planted map
    true = 1 - 10 / Y.var(0).sum()
    assert found.means[rank] == pytest.approx(true, abs=0.03)


def test_nothing_in_common_has_rank_zero():
    rng = np.random.default_rng(2)
    found = [communication_subspace(*rng.normal(size=(2, 300, 8)), seed=s) for s in range(5)]
    assert [one.rank for one in found] == [0] * 5
    assert max(one.means[1:].max() for one in found) < 0.02


def test_low_rank_is_not_for_lack_of_dimensions_in_the_target():
    """The control of the paper: a target driven through all dimensions asks for more of them."""
    few = communication_subspace(*areas(2, n=2000)[:2])
    many = communication_subspace(*areas(9, n=2000)[:2])
    assert few.rank == 2
    assert many.rank >= 7


def test_a_penalty_is_chosen_where_there_are_few_samples():
    X, Y, _ = areas(2, n=60, sources=40)
    found = communication_subspace(X, Y, ridge=[1e-3, 10.0, 100.0, 1e6], k=5)
    assert found.ridge in (10.0, 100.0)
    assert found.ridge_scores[found.ridge].mean() > found.ridge_scores[1e-3].mean()
    with pytest.raises(BadInput, match="a penalty"):
        communication_subspace(X[:40], Y[:40])


def test_what_the_stimulus_does_to_both_areas_can_be_taken_off():
    rng = np.random.default_rng(3)
    stimulus = np.arange(120) % 4
    drive = rng.normal(size=(4, 5, 6))[stimulus]
    labels = {"stimulus": stimulus}
    X, Y = (make_responses(3 * drive + rng.normal(size=drive.shape), dt=0.1, trial=labels) for _ in range(2))
    assert communication_subspace(X, Y, k=5).rank > 2
    assert communication_subspace(X, Y, k=5, residual_by="stimulus").rank == 0


def test_samples_of_a_trial_stay_together():
    """Activity that is the same at all times of a trial, and nothing shared: divided trials would seem to predict."""
    rng = np.random.default_rng(4)
    X, Y = (np.repeat(rng.normal(size=(40, 1, 6)), 10, axis=1) for _ in range(2))
    noise = 0.01 * rng.normal(size=(2, 40, 10, 6))
    found = communication_subspace(X + noise[0], Y + noise[1], k=5)
    assert found.means[1:].max() < 0.1
    mixed = communication_subspace((X + noise[0]).reshape(-1, 6), (Y + noise[1]).reshape(-1, 6), k=5)
    assert mixed.means.max() > found.means.max() + 0.05


def test_determinism_and_bookkeeping():
    X, Y, _ = areas(2, n=300)
    a, b, c = (communication_subspace(X, Y, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(a.scores, b.scores)
    assert (a.scores[1:] != c.scores[1:]).any()
    fit = reduced_rank(X, Y)
    x, y = X - X.mean(0), Y - Y.mean(0)
    whole = 1 - ((y - x @ fit.coefficients) ** 2).sum() / (y**2).sum()
    assert a.predicted.sum() == pytest.approx(whole)
    table = a.table()
    assert table["chosen"].sum() == a.rank
    np.testing.assert_allclose(table["source_variance"][0], (x @ a.source_axes[:, 0]).var() / x.var(0).sum())
    drawn = a.figure()
    assert drawn.data[-1].name == f"chosen: {a.rank}"
    assert drawn.layout.xaxis.title.text == "predictive dimensions"


def test_refusals():
    X, Y, _ = areas(n=50)
    r = make_responses(X[:, None], trial={"stimulus": np.arange(50)})
    for given, options, said in (
        ((X, Y[:40]), {}, "the same trials and times"),
        ((X, Y), {"ridge": -1.0}, "0 or more"),
        ((X, Y), {"most": 11}, "1 to 10"),
        ((X, Y), {"k": 1}, "2 to 50 folds"),
        ((X, Y), {"residual_by": "stimulus"}, "responses, whose trials have labels"),
        ((r, r), {"residual_by": "stimulus"}, "at least 2 trials of each"),
        ((r, r), {"residual_by": "choice"}, "no such label"),
        ((r, r.assign_coords(trial=np.arange(50) + 1)), {}, "trial"),
        ((np.column_stack([X, np.ones(50)]), Y), {}, "never vary, first column 15"),
    ):
        with pytest.raises(BadInput, match=said):
            communication_subspace(*given, **options)
