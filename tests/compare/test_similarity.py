"""Similarities of RDM vectors: the fast forms against the definitions, scipy and draws written out."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tertium.compare.similarity import reference
from tertium.compare.similarity.engine import METHODS, resampled, similarity
from tertium.compare.similarity.pairs import Pairs
from tertium.compare.similarity.permuted import permuted
from tertium.compare.similarity.tau import FEW_PAIRS, Buckets, weighted_tau_a
from tertium.compare.similarity.whitened import inner_products
from tertium.errors import BadInput, UnknownName


def make(n: int, kind: str, seed: int = 0) -> tuple[np.ndarray, np.ndarray, Pairs]:
    """Three models and two subjects; "tied" has few values and a categorical model, "smooth" none twice."""
    rng = np.random.default_rng(seed)
    pairs = Pairs.all(n)
    models = rng.random((3, len(pairs)))
    data = rng.random((2, len(pairs))) + 0.4 * models[:2]
    if kind == "tied":
        models, data = np.round(models * 4), np.round(data * 6)
        models[0] = models[0] > 2
    return models, data, pairs


def draw(n: int, times: int, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.stack([np.bincount(rng.integers(0, n, n), minlength=n) for _ in range(times)])


def written_out(method: str, x: np.ndarray, y: np.ndarray, pairs: Pairs, counts: np.ndarray, mask: np.ndarray) -> float:
    """The definition on a draw written out, copies and all."""
    drawn = np.repeat(np.arange(pairs.n), counts)
    x, y = (reference.expand(np.where(mask, v, np.nan), pairs.first, pairs.second, drawn) for v in (x, y))
    there = np.isfinite(x)
    if method.startswith("whitened"):
        i, j = np.triu_indices(len(drawn), 1)
        different = drawn[i] != drawn[j]
        v = reference.dissimilarity_covariance(i[different][there], j[different][there])
        return getattr(reference, method)(x[there], y[there], v)
    return getattr(reference, method)(x[there], y[there])


@pytest.mark.parametrize("kind", ["smooth", "tied"])
@pytest.mark.parametrize("method", METHODS)
def test_every_draw_equals_the_definition_on_the_draw_written_out(method: str, kind: str) -> None:
    n = 30 if method == "kendall_tau_a" else 14  # more than FEW_PAIRS for the buckets
    models, data, pairs = make(n, kind)
    counts = draw(n, 6)
    found = resampled(models, data, pairs, counts, method)
    every = np.ones(len(pairs), dtype=bool)
    for b, m, s in np.ndindex(found.shape):
        assert found[b, m, s] == pytest.approx(
            written_out(method, models[m], data[s], pairs, counts[b], every), abs=1e-12
        )


@pytest.mark.parametrize("method", METHODS)
def test_pairs_not_measured_are_left_out_for_their_subject_only(method: str) -> None:
    n = 12
    models, data, pairs = make(n, "smooth")
    rng = np.random.default_rng(3)
    missing = rng.random(len(pairs)) < 0.2
    partial = data.copy()
    partial[1, missing] = np.nan
    counts = draw(n, 4)
    found = resampled(models, partial, pairs, counts, method)
    assert found[:, :, 0] == pytest.approx(resampled(models, data, pairs, counts, method)[:, :, 0], abs=1e-13)
    for b, m in np.ndindex(found.shape[:2]):
        expected = written_out(method, models[m], data[1], pairs, counts[b], ~missing)
        assert found[b, m, 1] == pytest.approx(expected, abs=1e-12)


def test_spearman_and_pearson_equal_scipy() -> None:
    for kind in ("smooth", "tied"):
        models, data, _ = make(20, kind)
        for m, s in np.ndindex(3, 2):
            assert similarity(models, data, "spearman")[m, s] == pytest.approx(
                stats.spearmanr(models[m], data[s]).statistic, abs=1e-12
            )
            assert similarity(models, data, "pearson")[m, s] == pytest.approx(
                stats.pearsonr(models[m], data[s]).statistic, abs=1e-12
            )


def test_tau_a_without_ties_equals_scipy_and_with_ties_follows_from_tau_b() -> None:
    models, data, _ = make(40, "smooth")
    expected = stats.kendalltau(models[0], data[0]).statistic
    assert similarity(models[0], data[0], "kendall_tau_a")[0, 0] == pytest.approx(expected, abs=1e-12)
    models, data, pairs = make(40, "tied")
    total = len(pairs) * (len(pairs) - 1) / 2
    untied = [
        total - (c * (c - 1) / 2).sum() for c in (np.unique(v, return_counts=True)[1] for v in (models[1], data[0]))
    ]
    expected = stats.kendalltau(models[1], data[0]).statistic * np.sqrt(np.prod(untied)) / total
    assert similarity(models[1], data[0], "kendall_tau_a")[0, 0] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("kind", ["smooth", "tied"])
def test_tau_a_three_ways(kind: str) -> None:
    models, data, pairs = make(30, kind)
    assert len(pairs) > FEW_PAIRS
    counts = draw(30, 5)
    bucketed = resampled(models, data, pairs, counts, "kendall_tau_a")
    for b, m, s in np.ndindex(bucketed.shape):
        weights = pairs.weights(counts[b : b + 1])[:, 0]
        assert bucketed[b, m, s] == pytest.approx(weighted_tau_a(models[m], data[s], weights), abs=1e-14)
        every = np.ones(len(pairs), dtype=bool)
        assert bucketed[b, m, s] == pytest.approx(
            written_out("kendall_tau_a", models[m], data[s], pairs, counts[b], every), abs=1e-14
        )


def test_tau_a_of_a_very_uneven_draw_is_exact() -> None:
    # Weights so uneven that float32 would round; the sums must move to float64.
    models, data, pairs = make(34, "smooth")
    counts = np.ones((5, 34), dtype=int)
    counts[:, :2] = 3000
    weights = pairs.weights(counts[:1])[:, 0]
    found = resampled(models, data, pairs, counts, "kendall_tau_a")
    assert found[0, 0, 0] == pytest.approx(weighted_tau_a(models[0], data[0], weights), abs=1e-15)


def test_buckets_never_part_equal_values_and_hold_every_pair_once() -> None:
    values = np.round(np.random.default_rng(0).random(500) * 20)
    cut = Buckets.cut(values)
    for value in np.unique(values):
        assert len(set(cut.bucket[values == value])) == 1
    held = cut.slots[cut.slots >= 0]
    assert len(held) == len(set(held))


def test_rho_a_is_the_mean_spearman_over_random_tie_breaking() -> None:
    rng = np.random.default_rng(0)
    x, y = np.round(rng.random(45) * 3), rng.random(45)
    broken = [reference.spearman(x + 1e-6 * rng.random(45), y) for _ in range(3000)]
    error = np.std(broken) / np.sqrt(len(broken))
    assert similarity(x, y, "rho_a")[0, 0] == pytest.approx(np.mean(broken), abs=4 * error)
    assert abs(similarity(x, y, "spearman")[0, 0]) > abs(similarity(x, y, "rho_a")[0, 0])


def test_whitened_inner_products_equal_the_dense_inverse() -> None:
    models, data, pairs = make(9, "smooth")
    v = reference.dissimilarity_covariance(pairs.first, pairs.second)
    both = np.vstack([models, data])
    for centred in (False, True):
        x = both - both.mean(axis=1, keepdims=True) if centred else both
        found = inner_products(both, pairs, np.ones(9, dtype=int), centred=centred)
        assert found / 2 == pytest.approx(x @ np.linalg.inv(v) @ x.T, abs=1e-10)


def test_whitened_cosine_in_a_draw_with_one_stimulus_many_times() -> None:
    # n + 2 = 2 w makes the closed form's diagonal zero: the general system has to take over.
    models, data, pairs = make(6, "smooth")
    counts = np.array([[4, 1, 1, 0, 0, 0], [3, 1, 1, 1, 0, 0]])
    found = resampled(models, data, pairs, counts, "whitened_cosine")
    every = np.ones(len(pairs), dtype=bool)
    for b, m, s in np.ndindex(found.shape):
        expected = written_out("whitened_cosine", models[m], data[s], pairs, counts[b], every)
        assert found[b, m, s] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_properties(method: str) -> None:
    models, _, _ = make(12, "smooth")
    assert np.diag(similarity(models, models, method)) == pytest.approx(np.ones(3), abs=1e-12)
    assert similarity(models, models, method) == pytest.approx(similarity(models, models, method).T, abs=1e-12)
    scaled = similarity(models * 3.0, models, method)
    assert scaled == pytest.approx(similarity(models, models, method), abs=1e-12)


def test_a_categorical_model_has_less_than_full_tau_a_with_itself() -> None:
    model = np.r_[np.zeros(15), np.ones(30)]
    share = 2 * 15 * 30 / (45 * 44)
    assert similarity(model, model, "kendall_tau_a")[0, 0] == pytest.approx(share, abs=1e-12)
    assert similarity(model, model, "spearman")[0, 0] == pytest.approx(1.0, abs=1e-12)


def test_undefined_is_nan_not_a_number() -> None:
    constant = np.ones(15)
    other = np.arange(15.0)
    for method in ("pearson", "spearman", "whitened_correlation"):
        assert np.isnan(similarity(constant, other, method)).all()
    assert np.isnan(similarity(0 * constant, other, "cosine")).all()
    assert similarity(constant, other, "kendall_tau_a")[0, 0] == 0


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("partial", [False, True])
def test_permuted_models_equal_permuting_by_hand(method: str, partial: bool) -> None:
    n = 9
    models, data, pairs = make(n, "tied")
    if partial:
        data[1, ::7] = np.nan
    rng = np.random.default_rng(5)
    orders = np.stack([rng.permutation(n) for _ in range(4)])
    found = permuted(models, data, orders, method)
    for b, order in enumerate(orders):
        shuffled = []
        for model in models:
            square = np.zeros((n, n))
            square[pairs.first, pairs.second] = square[pairs.second, pairs.first] = model
            shuffled.append(square[np.ix_(order, order)][pairs.first, pairs.second])
        assert found[b] == pytest.approx(similarity(np.stack(shuffled), data, method), abs=1e-12)


def test_bad_input_is_named() -> None:
    with pytest.raises(UnknownName, match=r"Did you mean 'spearman'"):
        similarity(np.arange(6.0), np.arange(6.0), "spearmann")
    with pytest.raises(BadInput, match="vectors of 6 and 10 dissimilarities"):
        similarity(np.arange(6.0), np.arange(10.0))
    with pytest.raises(BadInput, match="7 and 7"):
        similarity(np.arange(7.0), np.arange(7.0))
