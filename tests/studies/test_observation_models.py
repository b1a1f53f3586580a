"""The small instruments inside the study of observation models: known values, and that they can say no."""

from __future__ import annotations

import numpy as np
import pytest

from tertium.rng import Seeds
from tertium.studies.methods.observation import LEVELS, cka, in_order, latent_codes, procrustes
from tertium.studies.observation_models import ObservationModels


@pytest.fixture
def pair():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 12))
    rotation = np.linalg.qr(rng.normal(size=(12, 12)))[0]
    return x, 3.0 * x @ rotation + 5.0, rng.normal(size=(60, 12))


def test_similarities_do_not_see_rotation_scale_and_offset(pair):
    x, turned, other = pair
    assert cka(x, turned) == pytest.approx(1.0)
    assert procrustes(x, turned) == pytest.approx(1.0)
    assert abs(cka(x, other)) < 0.15  # unbiased: around 0 for unrelated patterns
    assert procrustes(x, other) < 0.7


def test_unbiased_hsic_equals_its_sum_over_distinct_quadruples():
    """Song et al. 2012, eq. 5, written as the sums that it estimates, on a small problem."""
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(7, 2)), rng.normal(size=(7, 3))

    def hsic(a, b):
        k, m = a @ a.T, b @ b.T
        n, total = 7, 0.0
        for i in range(n):
            for j in range(n):
                for q in range(n):
                    for r in range(n):
                        if len({i, j, q, r}) == 4:
                            total += k[i, j] * (m[i, j] + m[q, r] - 2 * m[i, q])
        return total / (n * (n - 1) * (n - 2) * (n - 3))

    a, b = x - x.mean(axis=0), y - y.mean(axis=0)
    assert cka(x, y) == pytest.approx(hsic(a, b) / np.sqrt(hsic(a, a) * hsic(b, b)), rel=1e-9)


def test_order_counts_falling_neighbours():
    assert in_order(np.array([[6, 5, 4, 3, 2, 1], [1, 2, 3, 4, 5, 6], [6, 5, 5, 3, 4, 1]])).tolist() == [5, 0, 3]


def test_models_share_the_stated_part_of_the_code():
    config = ObservationModels.configure({"stimuli": 4000})
    codes = latent_codes(config, Seeds(0))
    shared = [np.corrcoef(codes[0].ravel(), code.ravel())[0, 1] ** 2 for code in codes]
    np.testing.assert_allclose(shared, LEVELS, atol=0.03)
