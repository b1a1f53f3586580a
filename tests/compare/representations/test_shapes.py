"""Shape distances: invariances, closed forms, the triangle inequality, gradients."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.linalg import orthogonal_procrustes, sqrtm, subspace_angles

from tertium.compare import bures, canonical_correlations, procrustes
from tertium.compare.representations.spectral import angle, cross_norm, left_vectors, nuclear_norm, polar_factor, root
from tertium.errors import BadInput

ALPHAS = (0.0, 0.3, 0.5, 1.0)


def pair(samples: int = 40, p: int = 6, q: int = 4) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(samples, p)) * np.arange(1, p + 1) + 2
    return x, np.tanh(x @ rng.normal(size=(p, q))) + 0.5 * rng.normal(size=(samples, q))


def by_definition(x: np.ndarray, y: np.ndarray, alpha: float) -> float:
    """Angle after scipy's best rotation of partly whitened responses."""
    mapped = []
    for v in (x, y):
        v = v - v.mean(0)
        v = v / np.linalg.norm(v)
        v = v @ (alpha * np.sqrt(v.shape[1]) * np.eye(v.shape[1]) + (1 - alpha) * np.linalg.inv(sqrtm(v.T @ v).real))
        wide = np.zeros((len(v), max(x.shape[1], y.shape[1])))
        wide[:, : v.shape[1]] = v / np.linalg.norm(v)
        mapped.append(wide)
    rotation, _ = orthogonal_procrustes(*mapped)
    return float(np.arccos((mapped[0] @ rotation * mapped[1]).sum()))


@pytest.mark.parametrize("alpha", ALPHAS)
def test_values_are_those_of_the_definition(alpha: float) -> None:
    x, y = pair()
    assert procrustes(x, y, alpha) == pytest.approx(by_definition(x, y, alpha), abs=1e-10)


@pytest.mark.parametrize("alpha", ALPHAS)
def test_rotations_shifts_and_scales_do_not_matter(alpha: float) -> None:
    x, y = pair()
    rotation = np.linalg.qr(np.random.default_rng(1).normal(size=(6, 6)))[0]
    moved = 0.01 * x @ rotation + 5
    assert procrustes(moved, y, alpha) == pytest.approx(procrustes(x, y, alpha), abs=1e-9)
    assert procrustes(x, moved, alpha) < 1e-7
    assert procrustes(x, y, alpha) == pytest.approx(procrustes(y, x, alpha), abs=1e-12)


def test_only_whitened_ones_do_not_feel_invertible_maps() -> None:
    x, y = pair()
    sheared = x @ np.random.default_rng(1).normal(size=(6, 6))
    assert procrustes(sheared, y, 0) == pytest.approx(procrustes(x, y, 0), abs=1e-9)
    assert procrustes(x, sheared, 0) < 1e-7
    assert procrustes(x, sheared, 0.5) > 0.05
    assert procrustes(x, sheared) > procrustes(x, sheared, 0.5)


def test_whitened_is_the_arc_cosine_of_the_mean_canonical_correlation() -> None:
    x, y = pair(q=6)
    assert procrustes(x, y, 0) == pytest.approx(np.arccos(np.mean(canonical_correlations(x, y))), abs=1e-9)


def test_orthonormal_bases_give_the_principal_angles() -> None:
    rng = np.random.default_rng(0)
    bases = []
    for _ in range(2):
        values = rng.normal(size=(50, 5))
        bases.append(np.linalg.qr(values - values.mean(0))[0])
    expected = np.arccos(np.cos(subspace_angles(*bases)).mean())
    for alpha in ALPHAS:
        assert procrustes(bases[0], bases[1], alpha) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("alpha", ALPHAS)
def test_triangles_hold(alpha: float) -> None:
    rng = np.random.default_rng(0)
    for _ in range(60):
        x, y, z = (rng.normal(size=(12, p)) * rng.exponential(size=p) for p in rng.integers(1, 9, 3))
        mixed = x[:, :1] + 0.1 * y[:, :1]  # nearly on the way from one to the other
        for middle in (z, mixed):
            d = procrustes(x, middle, alpha), procrustes(middle, y, alpha), procrustes(x, y, alpha)
            assert d[2] <= d[0] + d[1] + 1e-9


@pytest.mark.parametrize(("p", "q"), [(6, 4), (30, 50)])
def test_bures_is_procrustes_by_another_way(p: int, q: int) -> None:
    x, y = pair(20, p, q)
    assert bures(x, y) == pytest.approx(procrustes(x, y), abs=1e-7)
    k, m = (v @ v.T for v in (x - x.mean(0), y - y.mean(0)))
    inner = sqrtm(k + 1e-12 * np.eye(20)).real
    fidelity = np.trace(sqrtm(inner @ m @ inner + 1e-12 * np.eye(20)).real)
    assert np.cos(bures(x, y)) == pytest.approx(fidelity / np.sqrt(np.trace(k) * np.trace(m)), abs=1e-5)


def test_bures_of_a_kernel() -> None:
    x, y = pair(20)
    assert bures(x, 3 * x + 1, kernel="rbf") < 1e-6
    assert 0.1 < bures(x, y, kernel="rbf") < np.pi / 2
    assert bures(x, y, kernel=lambda v: v @ v.T) == pytest.approx(bures(x, y), abs=1e-9)


@pytest.mark.parametrize(
    ("alpha", "samples", "p", "q"),
    [*((alpha, 15, 4, 3) for alpha in ALPHAS), *((alpha, 6, 9, 8) for alpha in ALPHAS if alpha > 0)],
)
def test_gradients_are_those_of_central_differences(alpha: float, samples: int, p: int, q: int) -> None:
    x, y = (torch.from_numpy(v).requires_grad_() for v in pair(samples, p, q))
    assert torch.autograd.gradcheck(lambda a, b: procrustes(a, b, alpha), (x, y), atol=1e-6)


@pytest.mark.parametrize(("p", "q"), [(4, 3), (9, 12)])
@pytest.mark.parametrize("kernel", ["linear", "rbf"])
def test_gradients_of_bures(p: int, q: int, kernel) -> None:
    x, y = (torch.from_numpy(v).requires_grad_() for v in pair(8, p, q))
    assert torch.autograd.gradcheck(lambda a, b: bures(a, b, kernel=kernel), (x, y), atol=1e-6)


def test_gradients_of_the_parts() -> None:
    rng = np.random.default_rng(0)
    for shape in ((6, 4), (4, 6)):
        matrix = torch.from_numpy(rng.normal(size=shape)).requires_grad_()
        assert torch.autograd.gradcheck(polar_factor, (matrix,))
        assert torch.autograd.gradcheck(lambda m: left_vectors(m / m.detach().norm())[0].abs(), (matrix,), atol=1e-4)
        other = torch.from_numpy(rng.normal(size=(shape[0], 5))).requires_grad_()
        assert torch.autograd.gradcheck(cross_norm, (matrix, other))
    assert torch.autograd.gradcheck(
        lambda m: root(m @ m.T), (torch.from_numpy(rng.normal(size=(4, 4))).requires_grad_(),)
    )


def test_gradients_are_finite_where_representations_agree_and_where_singular_values_meet() -> None:
    x = torch.linalg.qr(torch.from_numpy(np.random.default_rng(0).normal(size=(20, 4))))[0].requires_grad_()
    for measure in (procrustes, bures, lambda a, b: procrustes(a, b, 0.5), lambda a, b: procrustes(a, b, 0)):
        for other in (x.detach(), x.detach().roll(3, 0)):
            (gradient,) = torch.autograd.grad(measure(x, other), x)
            assert torch.isfinite(gradient).all()
            assert gradient.abs().max() < 10
    assert float(angle(torch.tensor(1 + 1e-15, dtype=torch.float64))) == 0


@pytest.mark.parametrize(("fall", "safe"), [(0.0, True), (1.0, True), (6.0, False)])
def test_the_fast_sum_of_singular_values_is_right_and_knows_when_it_is_not(
    fall: float, safe: bool, monkeypatch
) -> None:
    rng = np.random.default_rng(0)
    left, right = (np.linalg.qr(rng.normal(size=(150, 150)))[0] for _ in range(2))
    values = np.arange(1, 151) ** -fall
    matrix = torch.from_numpy((left * values) @ right)
    slow: list[torch.Tensor] = []
    exact = torch.linalg.svdvals

    def counted(given: torch.Tensor) -> torch.Tensor:
        slow.append(given)
        return exact(given)

    monkeypatch.setattr(torch.linalg, "svdvals", counted)
    assert float(nuclear_norm(matrix)) == pytest.approx(values.sum(), rel=1e-10)
    assert float(nuclear_norm(matrix[:140])) == pytest.approx(float(exact(matrix[:140]).sum()), rel=1e-10)
    assert float(nuclear_norm(matrix[:, :140])) == pytest.approx(float(exact(matrix[:, :140]).sum()), rel=1e-10)
    assert bool(slow) != safe


def test_bad_input_is_told() -> None:
    x, y = pair()
    with pytest.raises(BadInput, match="alpha: got 2"):
        procrustes(x, y, 2)
    with pytest.raises(BadInput, match=r"X: got 5 dimensions in 6 samples.*or alpha above 0"):
        procrustes(x[:6], y[:6], 0)
    assert 0 < procrustes(x[:6], y[:6], 0.1) < np.pi / 2
    with pytest.raises(BadInput, match="positive semi-definite"):
        bures(x, y, kernel=lambda v: -v @ v.T)
