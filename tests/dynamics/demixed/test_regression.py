"""Reduced-rank regression: against brute force, PCA, and the formula of the published Python package."""

import numpy as np
import pytest
from scipy.optimize import minimize

from tertium.dynamics.demixed.marginals import default_groups, marginalise
from tertium.dynamics.demixed.regression import fit_parts
from tertium.rng import Seeds

LABELS = ["stimulus", "decision"]


def parts_of(shape=(6, 3, 2, 5), seed=0):
    table = Seeds(seed).numpy("table").normal(size=shape) * np.arange(1, shape[0] + 1).reshape(-1, 1, 1, 1)
    return {k: v.reshape(shape[0], -1) for k, v in marginalise(table, default_groups(LABELS), LABELS).items()}


def loss(part, x, encoder, decoder, penalty):
    residual = part - encoder @ (decoder.T @ x)
    return (residual**2).sum() + np.trace(encoder @ decoder.T @ penalty @ decoder @ encoder.T)


@pytest.mark.parametrize("with_noise", [False, True])
def test_no_descent_goes_lower(with_noise):
    parts = parts_of()
    x, n_units = sum(parts.values()), 6
    half = Seeds(1).numpy("noise").normal(size=(n_units, n_units))
    noise = half @ half.T if with_noise else None
    ridge = 0.1
    penalty = (noise if with_noise else 0) + ridge**2 * (x**2).sum() * np.eye(n_units)
    fits = fit_parts(parts, noise, dict.fromkeys(parts, 2), dict.fromkeys(parts, ridge))
    for name, part in parts.items():
        found = loss(part, x, *fits[name], penalty)

        def of(flat, part=part):
            encoder, decoder = flat.reshape(2, n_units, 2)
            return loss(part, x, encoder, decoder, penalty)

        starts = Seeds(2).numpy(name).normal(size=(4, 4 * n_units)) * 0.3
        best = min(minimize(of, start, method="BFGS", options={"maxiter": 3000}).fun for start in starts)
        assert found <= best * (1 + 1e-9)
        assert found == pytest.approx(best, rel=1e-5)  # BFGS finds it too


def test_one_marginalisation_is_pca():
    x = sum(parts_of((8, 4, 3, 6)).values())
    encoder, decoder = fit_parts({"all": x}, None, {"all": 5}, {"all": 0.0})["all"]
    axes, singular, _ = np.linalg.svd(x, full_matrices=False)
    np.testing.assert_allclose(np.abs(encoder.T @ axes[:, :5]), np.eye(5), atol=1e-9)
    np.testing.assert_allclose(decoder, encoder, atol=1e-9)
    np.testing.assert_allclose(((decoder.T @ x) ** 2).sum(1), singular[:5] ** 2, rtol=1e-9)


@pytest.mark.parametrize("ridge", [0.0, 0.05, 0.5])
def test_the_published_formula(ridge):
    """Augmented data ``[X, mu I]``, regression, singular vectors of the fit (published Python package, exact SVD)."""
    parts = parts_of((7, 3, 2, 6), seed=3)
    x = sum(parts.values())
    scale = ridge * np.sqrt((x**2).sum())
    wide = np.hstack([x, scale * np.eye(len(x))])
    fits = fit_parts(parts, None, dict.fromkeys(parts, 3), dict.fromkeys(parts, ridge))
    for name, part in parts.items():
        a = np.hstack([part, np.zeros((len(x), len(x)))]) @ np.linalg.pinv(wide)
        u = np.linalg.svd(a @ wide)[0][:, : fits[name][0].shape[1]]
        encoder, decoder = fits[name]
        np.testing.assert_allclose(encoder @ decoder.T, u @ u.T @ a, atol=1e-10)


def test_more_units_than_samples_without_ridge():
    """The averages do not span all units: the decoder of least length is taken, and the fit is exact."""
    table = Seeds(4).numpy("table").normal(size=(40, 2, 2, 3))
    parts = {k: v.reshape(40, -1) for k, v in marginalise(table, default_groups(LABELS), LABELS).items()}
    fits = fit_parts(parts, None, dict.fromkeys(parts, 10), dict.fromkeys(parts, 0.0))
    x = sum(parts.values())
    for name, part in parts.items():
        encoder, decoder = fits[name]
        assert encoder.shape[1] == np.linalg.matrix_rank(part)
        np.testing.assert_allclose(encoder @ (decoder.T @ x), part, atol=1e-10)
        np.testing.assert_allclose(encoder.T @ encoder, np.eye(encoder.shape[1]), atol=1e-10)
