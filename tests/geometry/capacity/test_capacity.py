"""Manifold capacity: anchor points against peers, closed forms, simulation against theory, shared axes, refusals."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime, nnls

import tertium as tt
from tertium.errors import BadInput
from tertium.geometry.capacity.anchor_points import anchor_points
from tertium.geometry.capacity.centres import cost_and_slope, mean_correlation
from tertium.geometry.capacity.planes import largest_margin, worst_of

geometry = tt.geometry


def random_clouds(manifolds, points, units, dimensions, size, seed):
    """Return Gaussian clouds in random directions, about random centres of norm about the square root of the units."""
    rng = np.random.default_rng(seed)
    clouds = []
    for _ in range(manifolds):
        axes = np.linalg.qr(rng.normal(size=(units, dimensions)))[0] * np.sqrt(units)
        clouds.append(rng.normal(size=units) + size * rng.normal(size=(points, dimensions)) @ axes.T)
    return clouds


@pytest.mark.parametrize(("points", "coordinates"), [(30, 40), (60, 5), (200, 3)])
@pytest.mark.parametrize("margin", [0.0, 0.4])
def test_anchor_points_are_those_of_nonnegative_least_squares_one_by_one(points, coordinates, margin):
    rng = np.random.default_rng(0)
    s = np.hstack([0.4 * rng.normal(size=(points, coordinates)), np.ones((points, 1))])
    drawn = rng.normal(size=(40, coordinates + 1))
    found = anchor_points(s, drawn, margin)
    moved = drawn + margin * np.eye(coordinates + 1)[-1]
    expected = [(s.T @ nnls(s.T, one)[0]) for one in moved]
    assert found.cost == pytest.approx([one @ one for one in expected], abs=1e-9)
    assert found.residual < 1e-10
    assert (found.weights >= 0).all()
    assert found.points[:, -1] == pytest.approx(np.ones(40))


def test_points_that_coincide_do_no_harm():
    s = np.hstack([np.random.default_rng(1).normal(size=(10, 3)), np.ones((10, 1))])
    drawn = np.random.default_rng(2).normal(size=(30, 4))
    assert anchor_points(np.vstack([s, s]), drawn).cost == pytest.approx(anchor_points(s, drawn).cost, abs=1e-9)


def test_points_have_the_capacity_of_cover():
    clouds = list(np.random.default_rng(0).normal(size=(60, 1, 100)))
    found = geometry.manifold_capacity(clouds, readouts=2000, correlations="keep")
    assert found.value == pytest.approx(2.0, abs=0.05)
    assert found.radius == found.dimension == 0
    simulated = geometry.simulated_capacity(clouds, draws=150)
    assert simulated.value == pytest.approx(2.0, abs=0.1)


def test_balls_have_the_capacity_of_their_closed_form():
    # at radius 1 the cone of a ball is its own dual: 2 / (1 + D)
    for dimension in (1, 2.5, 7, 40):
        assert geometry.ball_capacity(1.0, dimension) == pytest.approx(2 / (1 + dimension), rel=1e-9)
    rng = np.random.default_rng(1)  # elsewhere the average that the integral stands for
    t, t0 = np.sqrt(rng.chisquare(4, size=400_000)), rng.normal(size=400_000) + 0.3
    edge = (0.5 * t + t0) ** 2 / 1.25
    cost = np.where(t <= 0.5 * t0, t**2 + t0**2, np.where(0.5 * t + t0 <= 0, 0.0, edge))
    assert geometry.ball_capacity(0.5, 4, margin=0.3) == pytest.approx(1 / cost.mean(), rel=0.01)
    grid = np.array([[geometry.ball_capacity(r, d) for d in (1, 3, 10)] for r in (0.1, 0.5, 2.0)])
    assert (np.diff(grid, axis=0) < 0).all()
    assert (np.diff(grid, axis=1) < 0).all()


@pytest.mark.parametrize("radius", [0.3, 1.0, 3.0])
def test_discs_by_anchor_points_agree_with_the_closed_form(radius):
    rng, angle = np.random.default_rng(2), np.arange(120) * 2 * np.pi / 120
    clouds = []
    for _ in range(20):
        axes = np.linalg.qr(rng.normal(size=(200, 3)))[0]
        clouds.append(axes[:, 0] + radius * np.stack([np.cos(angle), np.sin(angle)], axis=1) @ axes[:, 1:].T)
    found = geometry.manifold_capacity(clouds, readouts=1000, correlations="keep")
    assert found.value == pytest.approx(geometry.ball_capacity(radius, 2), rel=0.06)
    assert found.dimension == pytest.approx(2, rel=0.01)
    if radius == 0.3:  # anchors lie on the rim
        assert found.radius == pytest.approx(0.3, rel=0.05)


@pytest.mark.parametrize(("radius", "dimension"), [(0.3, 1), (3.0, 1), (0.5, 3)])
def test_whole_balls_simulated_agree_with_the_closed_form(radius, dimension):
    found = geometry.simulated_ball_capacity(radius, dimension, manifolds=30, draws=40)
    assert found.value == pytest.approx(geometry.ball_capacity(radius, dimension), rel=0.1)


@pytest.mark.parametrize(("dimensions", "size"), [(3, 0.3), (8, 0.2), (5, 0.6)])
def test_theory_and_simulation_agree_within_a_tenth_on_random_manifolds(dimensions, size):
    clouds = random_clouds(30, 25, 200, dimensions, size, seed=dimensions)
    theory = geometry.manifold_capacity(clouds, readouts=500)
    simulated = geometry.simulated_capacity(clouds, draws=30)
    assert theory.value == pytest.approx(simulated.value, rel=0.1)
    mixed = np.concatenate(clouds)  # the control: points dealt out to manifolds at random are far harder
    mixed = np.random.default_rng(0).permutation(mixed).reshape(30, 25, 200)
    assert geometry.manifold_capacity(list(mixed)).value < 0.6 * theory.value


def test_the_published_numbers_of_random_clouds():
    rng = np.random.default_rng(0)
    clouds = [rng.normal(size=(50, 2000)) for _ in range(30)]
    found = geometry.manifold_capacity(clouds, readouts=200)
    # 0.04, 1.47 and 36.2 of 100 clouds of 50 points in 5000 units, with the code of the authors
    assert found.value == pytest.approx(0.04, abs=0.001)
    assert found.radius == pytest.approx(1.47, abs=0.03)
    assert found.dimension == pytest.approx(36.17, abs=0.4)


def test_shared_axes_are_found_and_taken_out():
    clouds = random_clouds(30, 20, 400, 4, 0.3, seed=5)
    rng = np.random.default_rng(6)
    plain = geometry.manifold_capacity(clouds)
    common = 6 * rng.normal(size=(30, 2)) @ rng.normal(size=(2, 400))
    moved = [cloud + shift for cloud, shift in zip(clouds, common, strict=True)]
    found = geometry.manifold_capacity(moved)
    kept = geometry.manifold_capacity(moved, correlations="keep")
    assert found.centre_correlation > 0.4
    assert found.residual_correlation < 0.06
    assert 2 <= found.shared <= 4
    assert found.value == pytest.approx(plain.value, rel=0.1)
    assert kept.value > 1.25 * plain.value  # long shared centres make manifolds look small
    assert geometry.simulated_capacity(moved, draws=15).value == pytest.approx(found.value, rel=0.12)


def test_the_slope_of_the_cost_of_shared_axes_is_its_derivative():
    rng = np.random.default_rng(7)
    x, w = rng.normal(size=(7, 6)), rng.normal(size=12)
    numerical = approx_fprime(w, lambda v: cost_and_slope(v, x, 2)[0], 1e-7)
    assert cost_and_slope(w, x, 2)[1] == pytest.approx(numerical, abs=1e-5)
    assert mean_correlation(np.eye(4)) == 0


def test_margins_are_those_of_the_oracle():
    rng = np.random.default_rng(8)
    seen = []
    for _ in range(12):
        signed = [rng.normal(size=(6, 12)) + 0.8 * rng.normal(size=12) for _ in range(5)]
        margin, normal = largest_margin(worst_of(signed), np.array([one.mean(0) for one in signed]))
        every = np.concatenate(signed)
        expected = tt.theory.largest_margin(every, np.ones(len(every)))
        assert margin == pytest.approx(expected, abs=1e-5)
        if expected > 0:
            assert (every @ normal).min() == pytest.approx(expected, abs=1e-5)
        seen.append(expected > 0)
    assert 0 < np.mean(seen) < 1


def test_units_in_random_order_a_bias_and_determinism():
    clouds = random_clouds(20, 6, 80, 3, 0.3, seed=9)
    one, same = (geometry.simulated_capacity(clouds, by="units", draws=10, seed=3) for _ in range(2))
    assert one.needed.tolist() == same.needed.tolist()
    assert one.value == pytest.approx(geometry.simulated_capacity(clouds, draws=10).value, rel=0.25)
    with_bias = geometry.simulated_capacity(clouds, by="units", draws=10, seed=3, bias=True)
    assert (with_bias.needed <= one.needed).all()
    assert one.table()["share"].iloc[-1] == 1.0
    assert one.curve(one.critical) == pytest.approx(0.5)
    a, b = (geometry.manifold_capacity(clouds, seed=4) for _ in range(2))
    assert a.capacities.tolist() == b.capacities.tolist()


def test_responses_with_labels_and_clouds_agree():
    clouds = random_clouds(8, 5, 30, 2, 0.3, seed=10)
    names = np.repeat([f"object {i}" for i in range(8)], 5)
    r = tt.data.make_responses(np.concatenate(clouds), trial={"object": names})
    found = geometry.manifold_capacity(r, "object")
    assert found.value == pytest.approx(geometry.manifold_capacity(clouds).value, rel=1e-9)
    assert found.names[0] == "object 0"
    assert found.table().columns.tolist() == ["manifold", "capacity", "radius", "dimension", "span"]
    assert len(found.figure().data) == 2
    assert geometry.simulated_capacity(r, "object", draws=5).figure().layout.shapes


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: geometry.manifold_capacity(tt.data.make_responses(np.ones((4, 3)))), "without labels"),
        (lambda: geometry.manifold_capacity([np.ones((3, 4))]), "2 or more arrays"),
        (lambda: geometry.manifold_capacity([np.ones((3, 4)), np.ones((3, 5))]), "different numbers of units"),
        (lambda: geometry.manifold_capacity([np.ones((3, 4)), np.full((3, 4), np.nan)]), "not finite"),
        (lambda: geometry.manifold_capacity([np.eye(4), np.eye(4)]), "coincides"),
        (lambda: geometry.manifold_capacity(random_clouds(3, 4, 9, 2, 0.1, 0)), "correlations='keep'"),
        (lambda: geometry.manifold_capacity(random_clouds(5, 4, 9, 2, 0.1, 0), margin=-1), "margin"),
        (lambda: geometry.manifold_capacity(random_clouds(5, 4, 9, 2, 0.1, 0), readouts=2), "readouts"),
        (lambda: geometry.manifold_capacity(random_clouds(5, 4, 9, 2, 0.1, 0), correlations="x"), "'remove'"),
        (lambda: geometry.simulated_capacity(random_clouds(5, 4, 9, 2, 0.1, 0), by="pca"), "'units'"),
        (lambda: geometry.simulated_capacity(random_clouds(5, 4, 9, 2, 0.1, 0), draws=2), "draws"),
        (lambda: geometry.simulated_capacity(random_clouds(30, 4, 6, 2, 1.0, 0)), "not separable even in all 6"),
        (lambda: geometry.simulated_ball_capacity(-1.0, 2), "radius -1.0"),
        (lambda: geometry.ball_capacity(1.0, -2), "dimension"),
    ],
)
def test_what_cannot_be_measured_is_refused(call, says):
    with pytest.raises(BadInput, match=says):
        call()
