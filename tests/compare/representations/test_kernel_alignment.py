"""Kernel alignment against its definition, batches against all samples, and what independent noise gives."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import torch

from tertium.compare import cka, minibatch_cka
from tertium.compare.representations.kernel_alignment import Alignment
from tertium.compare.representations.kernels import centred_gram, linear_dependence
from tertium.compare.representations.samples import read
from tertium.errors import BadInput


def song(k: np.ndarray, m: np.ndarray) -> float:
    """The unbiased estimate as Song et al. 2012 write it."""
    n = len(k)
    k, m = k - np.diag(np.diag(k)), m - np.diag(np.diag(m))
    one = np.ones(n)
    mixed = np.trace(k @ m) + (one @ k @ one) * (one @ m @ one) / ((n - 1) * (n - 2)) - 2 / (n - 2) * one @ k @ m @ one
    return float(mixed / (n * (n - 3)))


def gretton(k: np.ndarray, m: np.ndarray) -> float:
    h = np.eye(len(k)) - 1 / len(k)
    return float(np.trace(k @ h @ m @ h) / (len(k) - 1) ** 2)


def rbf(x: np.ndarray) -> np.ndarray:
    d2 = ((x[:, None] - x) ** 2).sum(2)
    upper = np.sort(d2[np.triu_indices(len(x), 1)])
    return np.exp(-d2 / (2 * upper[(len(upper) - 1) // 2]))


def pair(samples: int = 30, p: int = 6, q: int = 50) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(samples, p)) + 2
    return x, np.tanh(x @ rng.normal(size=(p, q))) + rng.normal(size=(samples, q))


@pytest.mark.parametrize("kernel", ["linear", "rbf"])
@pytest.mark.parametrize("unbiased", [True, False])
@pytest.mark.parametrize("q", [3, 50])
def test_values_are_those_of_the_definition(kernel, unbiased: bool, q: int) -> None:
    x, y = pair(q=q)
    k, m = (rbf(v) if kernel == "rbf" else v @ v.T for v in (x, y))
    h = song if unbiased else gretton
    expected = h(k, m) / np.sqrt(h(k, k) * h(m, m))
    assert cka(x, y, kernel=kernel, unbiased=unbiased) == pytest.approx(expected, abs=1e-12)
    prepared = [centred_gram(torch.from_numpy(one), unbiased=unbiased) for one in (k, m)]
    assert float((prepared[0] * prepared[1]).sum()) == pytest.approx(h(k, m), rel=1e-10)


def test_linear_dependence_needs_no_gram_matrix() -> None:
    x, y = (torch.from_numpy(v - v.mean(0)) for v in pair(q=3))
    assert float(linear_dependence(x, y, unbiased=True)) == pytest.approx(song((x @ x.T).numpy(), (y @ y.T).numpy()))


def test_a_kernel_can_be_a_function() -> None:
    x, y = pair()
    assert cka(x, y, kernel=lambda v: v @ v.T) == pytest.approx(cka(x, y), abs=1e-12)


@pytest.mark.parametrize("kernel", ["linear", "rbf"])
def test_rotations_shifts_and_scales_do_not_matter_but_shears_do(kernel) -> None:
    x, y = pair()
    rng = np.random.default_rng(1)
    turned = 30 * x @ np.linalg.qr(rng.normal(size=(6, 6)))[0] - 4
    assert cka(turned, y, kernel=kernel) == pytest.approx(cka(x, y, kernel=kernel), abs=1e-10)
    assert cka(x, turned, kernel=kernel) == pytest.approx(1, abs=1e-12)
    assert abs(cka(x @ np.diag([20.0, 1, 1, 1, 1, 1]), y, kernel=kernel) - cka(x, y, kernel=kernel)) > 0.01


def test_independent_noise_with_many_units_is_not_similar() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 300, 6000))
    assert abs(cka(x, y)) < 0.01
    assert cka(x, y, unbiased=False) > 0.9, "the bias that the default does not have"
    assert cka(x, x) == pytest.approx(1, abs=1e-12)


def test_the_mean_over_independent_pairs_is_zero() -> None:
    rng = np.random.default_rng(0)
    found = np.array([cka(*rng.normal(size=(2, 12, 5))) for _ in range(400)])
    assert abs(found.mean()) < 4 * found.std() / 20


def test_all_batches_together_are_all_samples() -> None:
    """The unbiased estimate is a U-statistic: its mean over all batches of a size is its value on all samples."""
    x, y = pair(samples=8, q=4)
    batches = [(x[list(rows)], y[list(rows)]) for rows in combinations(range(8), 5)]
    assert minibatch_cka(batches) == pytest.approx(cka(x, y), abs=1e-12)
    singly = np.mean([cka(*batch) for batch in batches])
    assert abs(singly - cka(x, y)) > 1e-3, "the mean of ratios is not"


def test_batches_and_gradients() -> None:
    x, y = (torch.from_numpy(v[:12]).requires_grad_() for v in pair(q=4))

    def batches(a, b):
        return minibatch_cka([(a[:6], b[:6]), (a[6:], b[6:])])

    assert torch.autograd.gradcheck(batches, (x, y))
    assert minibatch_cka([(x, y)]) == cka(x, y)


@pytest.mark.parametrize("kernel", ["linear", "rbf"])
@pytest.mark.parametrize("unbiased", [True, False])
def test_gradients_are_those_of_central_differences(kernel, unbiased: bool) -> None:
    x, y = (torch.from_numpy(v[:9]).requires_grad_() for v in pair(q=12))
    assert torch.autograd.gradcheck(lambda a, b: cka(a, b, kernel=kernel, unbiased=unbiased), (x, y))


@pytest.mark.parametrize("shape", [(50, 4), (12, 40)])
@pytest.mark.parametrize("measure", [Alignment(), Alignment(False), Alignment(True, "rbf")])
def test_all_pairs_at_once_are_pairs_one_by_one(measure: Alignment, shape: tuple[int, int], monkeypatch) -> None:
    monkeypatch.setattr("tertium.compare.representations.kernels._NUMBERS", 4 * 7 * shape[0])  # blocks of 7 rows
    rng = np.random.default_rng(0)
    samples = [read(rng.normal(size=(shape[0], shape[1] + i)), "X") for i in range(4)]
    ready = [measure.prepare(x) for x in samples]
    expected = torch.stack([torch.stack([measure.between(a, b) for a in ready]) for b in ready])
    assert torch.allclose(measure.all_pairs(samples), expected, rtol=0, atol=1e-12)


def test_bad_input_is_told() -> None:
    x, y = pair()
    with pytest.raises(BadInput, match="Did you mean 'linear'"):
        cka(x, y, kernel="linaer")  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="bandwidth: got 0"):
        cka(x, y, kernel="rbf", bandwidth=0)
    with pytest.raises(BadInput, match="X: got 3 samples, expected at least 4 for unbiased=True"):
        cka(x[:3], y[:3])
    with pytest.raises(BadInput, match="samples all equally alike"):
        cka(np.eye(6), y[:6])
    with pytest.raises(BadInput, match="more than half of all samples alike"):
        cka(np.repeat(x[:2], [1, 20], axis=0), y[:21], kernel="rbf")
    with pytest.raises(BadInput, match="kernel: got shape"):
        cka(x, y, kernel=lambda v: v)
    with pytest.raises(BadInput, match="batches: got none"):
        minibatch_cka([])
