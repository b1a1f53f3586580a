"""THY01: formulas have their limits, manifolds are as asked for, and theory meets simulation on a small grid."""

from __future__ import annotations

import numpy as np
import pytest

from tertium.geometry import ball_capacity
from tertium.rng import Seeds
from tertium.studies.chung2018 import Chung2018, falls_by_radius
from tertium.studies.methods.chung import (
    balls,
    cloud_manifolds,
    clouds,
    falls,
    layer_capacities,
    point_capacity,
    points,
    wide_ball_capacity,
)


@pytest.fixture(scope="module")
def small():
    """Return a small grid."""
    return Chung2018.Config(
        dimensions=(1, 3), radii=(0.3, 1.0), manifolds=20, draws=(60, 40), small_draws=60, many_points=40,
        point_draws=60, points=6, cloud_draws=30, readouts=100,
    )  # fmt: skip


def test_gardner_capacity_is_its_integral():
    from scipy.integrate import quad

    for margin in (0.0, 0.7, 3.0):
        mean = quad(lambda t, m=margin: (t + m) ** 2 * np.exp(-(t**2) / 2) / np.sqrt(2 * np.pi), -margin, np.inf)[0]
        assert point_capacity(margin) == pytest.approx(1 / mean, rel=1e-7)


def test_the_formula_of_many_dimensions_is_the_limit_and_fails_for_few():
    assert wide_ball_capacity(0.3, 1000) == pytest.approx(ball_capacity(0.3, 1000), rel=0.02)
    assert wide_ball_capacity(3.0, 1) / ball_capacity(3.0, 1) > 1.2


def test_theory_meets_simulation(small):
    whole, sampled = balls(small, Seeds(0)), clouds(small, Seeds(0))
    assert np.abs(whole["ball_theory"] / whole["ball_simulated"] - 1).max() < 0.15
    assert np.abs(sampled["cloud_theory"] / sampled["cloud_simulated"] - 1).max() < 0.15
    assert falls(whole["ball_simulated"]) == 1
    assert falls(sampled["cloud_simulated"]) == 1
    assert falls_by_radius(sampled["cloud_alike"]) == 0, "the radius counts in norms of the centre"


def test_points_have_capacity_two_and_pairs_less(small):
    found = points(small, Seeds(1))
    assert found["point_theory"] == pytest.approx(2, abs=0.12)
    assert found["point_simulated"] == pytest.approx(2, abs=0.12)
    assert max(found["pair_theory"], found["pair_simulated"]) < 1.5


def test_clouds_lie_on_spheres_about_their_centres(small):
    made = cloud_manifolds(0.5, 3, small, Seeds(2))
    assert len(made) == 20
    assert made[0].shape == (6, 120)
    assert np.linalg.matrix_rank(made[0] - made[0].mean(0)) == 3
    near, far = (cloud_manifolds(r, 3, small, Seeds(2), alike=True)[0] for r in (1.0, 3.0))
    assert np.allclose(3 * near, far)


def test_layers_with_tighter_classes_have_more_capacity():
    random, labels = Seeds(3).numpy("layers"), np.repeat(np.arange(6), 10)
    centres = random.normal(size=(6, 80))[labels]
    noise = random.normal(size=(60, 80))
    found = layer_capacities({"wide": centres + noise, "tight": centres + 0.2 * noise}, labels, 40, Seeds(4))
    assert found[1] > 1.5 * found[0]


def test_claims_read_the_planted_results():
    grid = np.array([[2.0, 1.0], [1.5, 0.5]])
    results = Chung2018.Results(
        dimensions=[1, 10], radii=[0.3, 3.0], point_simulated=2.02, point_theory=1.98, pair_simulated=1.2,
        pair_theory=1.1, ball_simulated=grid, ball_theory=1.05 * grid, ball_limit=1.3 * grid,
        cloud_simulated=2 * grid, cloud_theory=1.9 * grid, cloud_alike=np.ones((2, 2)),
        layers=["pixels", "conv1", "conv2", "pooled"], trained=np.array([1.0, 1.2, 1.6, 9.0]),
        untrained=np.ones(4), shuffled=np.ones(4), shuffled_untrained=np.ones(4),
    )  # fmt: skip
    got = {c.id: (c.value, c.control.value) for c in Chung2018().claims(results)}
    assert got["balls"] == pytest.approx((0.05, 0.3))
    assert got["clouds"] == pytest.approx((0.05, 0.475))
    assert got["falls"] == (1.0, 0.0)
    assert got["trained"] == pytest.approx((1.4, 1.0))
    assert got["points_theory"] == pytest.approx((1.98, 1.1))
    assert len(list(Chung2018().figures([results]))) == 4
