"""Canonical correlations against their definition by covariances, their invariances, and their gradients."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm

from tertium.compare import canonical_correlations, cca, pwcca, svcca
from tertium.compare.representations.spectral import leading_basis, nuclear_norm
from tertium.errors import BadInput


def latent_pair(seed: int = 0, samples: int = 300) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(samples, 3))
    x = np.hstack([shared, rng.normal(size=(samples, 3))]) @ rng.normal(size=(6, 8)) + rng.normal(size=(samples, 8))
    y = np.hstack([shared, rng.normal(size=(samples, 2))]) @ rng.normal(size=(5, 6)) + rng.normal(size=(samples, 6))
    return x + 3.0, y - 5.0


def by_covariances(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Singular values of Cxx^-1/2 Cxy Cyy^-1/2, as in textbooks."""
    x, y = x - x.mean(0), y - y.mean(0)
    whitened = np.linalg.inv(sqrtm(x.T @ x).real) @ x.T @ y @ np.linalg.inv(sqrtm(y.T @ y).real)
    return np.linalg.svd(whitened, compute_uv=False)


def test_correlations_are_those_of_the_covariances() -> None:
    x, y = latent_pair()
    expected = by_covariances(x, y)
    assert np.allclose(canonical_correlations(x, y), expected, atol=1e-10)
    assert cca(x, y) == pytest.approx(expected.mean(), abs=1e-10)
    assert cca(x, y, squared=True) == pytest.approx((expected**2).mean(), abs=1e-10)
    assert cca(x, y) == pytest.approx(cca(y, x), abs=1e-12)


def test_one_unit_each_is_the_correlation() -> None:
    x, y = latent_pair()
    assert cca(x[:, :1], y[:, :1]) == pytest.approx(abs(np.corrcoef(x[:, 0], y[:, 0])[0, 1]), abs=1e-12)


def test_planted_shared_dimensions_are_found() -> None:
    rng = np.random.default_rng(1)
    shared = rng.normal(size=(4000, 2))
    x = np.hstack([shared, rng.normal(size=(4000, 2))]) @ rng.normal(size=(4, 4))
    y = np.hstack([shared, rng.normal(size=(4000, 3))]) @ rng.normal(size=(5, 5))
    found = canonical_correlations(x, y)
    assert np.allclose(found[:2], 1)
    assert float(found[2]) < 0.1


def test_invertible_maps_change_nothing_for_cca_and_rotations_nothing_for_svcca() -> None:
    x, y = latent_pair()
    rng = np.random.default_rng(2)
    invertible, rotation = rng.normal(size=(8, 8)), np.linalg.qr(rng.normal(size=(8, 8)))[0]
    assert cca(x @ invertible + 1, y) == pytest.approx(cca(x, y), abs=1e-10)
    assert svcca(7 * x @ rotation - 2, y) == pytest.approx(svcca(x, y), abs=1e-10)
    assert abs(svcca(x @ np.diag([100.0, 1, 1, 1, 1, 1, 1, 0.01]), y) - svcca(x, y)) > 1e-3


def test_svcca_is_cca_of_the_principal_components() -> None:
    x, y = latent_pair()

    def components(values: np.ndarray, k: int) -> np.ndarray:
        values = values - values.mean(0)
        return values @ np.linalg.svd(values)[2][:k].T

    assert svcca(x, y, components=3) == pytest.approx(cca(components(x, 3), components(y, 3)), abs=1e-10)
    k = [
        int(np.searchsorted(np.cumsum(s**2) / (s**2).sum(), 0.9) + 1)
        for s in (np.linalg.svd(v - v.mean(0), compute_uv=False) for v in (x, y))
    ]
    expected = cca(components(x, k[0]), components(y, k[1]))
    assert svcca(x, y, variance=0.9) == pytest.approx(expected, abs=1e-10)


def test_pwcca_is_the_weighted_mean_of_the_correlations() -> None:
    x, y = latent_pair()
    x, y = x - x.mean(0), y - y.mean(0)
    roots = [np.linalg.inv(sqrtm(v.T @ v).real) for v in (x, y)]
    left, correlations, _ = np.linalg.svd(roots[0] @ x.T @ y @ roots[1], full_matrices=False)
    variates = x @ roots[0] @ left  # orthonormal over samples
    weights = np.abs(variates.T @ x).sum(1)
    assert pwcca(x, y) == pytest.approx((weights * correlations).sum() / weights.sum(), abs=1e-9)
    assert pwcca(x, y @ np.random.default_rng(0).normal(size=(6, 6))) == pytest.approx(pwcca(x, y), abs=1e-9)
    assert pwcca(x, x) == pytest.approx(1, abs=1e-9)
    assert abs(pwcca(x, y) - pwcca(y, x)) > 1e-3


def test_units_that_repeat_others_or_never_change_do_not_matter() -> None:
    x, y = latent_pair()
    more = np.hstack([x, x[:, :3] + x[:, 3:6], np.full((300, 2), 0.1)])
    assert cca(more, y) == pytest.approx(cca(x, y), abs=1e-9)
    assert cca(more.astype(np.float32), y) == pytest.approx(cca(x, y), abs=1e-4), "rounding is not a dimension"


@pytest.mark.parametrize(
    "measure", [cca, svcca, lambda x, y: svcca(x, y, components=3), lambda x, y: cca(x, y, squared=True)]
)
def test_gradients_are_those_of_central_differences(measure: Callable[..., torch.Tensor]) -> None:
    x, y = (torch.from_numpy(v[:20]).requires_grad_() for v in latent_pair())
    assert torch.autograd.gradcheck(measure, (x, y), atol=1e-6)


def test_gradients_are_finite_where_representations_agree() -> None:
    x = torch.from_numpy(latent_pair()[0]).requires_grad_()
    for measure in (cca, svcca, pwcca):
        (gradient,) = torch.autograd.grad(measure(x, x.detach()), x)
        assert gradient.abs().max() < 1e-8, "nothing is gained at the maximum"


def test_nuclear_norm_at_equal_and_zero_singular_values() -> None:
    matrix = torch.zeros(4, 3, dtype=torch.float64)
    matrix[0, 0] = matrix[1, 1] = 2
    matrix.requires_grad_()
    nuclear_norm(matrix).backward()
    assert matrix.grad is not None
    assert torch.allclose(matrix.grad, matrix.detach() / 2)


def test_second_derivatives_are_refused_not_wrong() -> None:
    matrix = torch.eye(3, dtype=torch.float64).requires_grad_()
    (first,) = torch.autograd.grad(nuclear_norm(matrix).square(), matrix, create_graph=True)
    with pytest.raises(RuntimeError, match="twice"):
        first.sum().backward()


def test_the_gradient_of_a_leading_space_with_more_units_than_samples() -> None:
    rng = np.random.default_rng(0)
    wide = torch.from_numpy(rng.normal(size=(6, 9))).requires_grad_()
    weight = torch.from_numpy(rng.normal(size=(6, 6)))

    def invariant(matrix: torch.Tensor) -> torch.Tensor:
        basis = leading_basis(matrix, lambda values: 3)
        return (basis @ basis.T * weight).sum()

    assert torch.autograd.gradcheck(invariant, (wide,))


def test_too_few_samples_are_refused() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(BadInput, match=r"X: got 9 dimensions in 10 samples.*whatever the data"):
        cca(rng.normal(size=(10, 20)), rng.normal(size=(10, 3)))
    with pytest.raises(BadInput, match="components: got 4, expected at most 3, the rank of Y"):
        svcca(rng.normal(size=(10, 5)), rng.normal(size=(10, 3)), components=4)
    with pytest.raises(BadInput, match="0 < variance <= 1"):
        svcca(rng.normal(size=(10, 5)), rng.normal(size=(10, 3)), variance=1.5)
