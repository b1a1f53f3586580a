"""Flow fields: closed forms in one to three dimensions, subspaces, nullclines, the field as a system, refusals."""

import numpy as np
import pytest

from tertium.dynamics import Subspace, fixed_points, flow_field, simulate
from tertium.dynamics.fields.streamlines import streamlines
from tertium.dynamics.fields.zero_contours import zero_contours, zero_crossings
from tertium.errors import BadInput


def fitzhugh(h, x):
    v, w = h[:, 0], h[:, 1]
    return np.stack([v - v**3 / 3 - w + 0.5, 0.08 * (v + 0.7 - 0.8 * w)], axis=1)


def rank_two(n=40, seed=0):
    """Return a network dx/dt = -x + M tanh(x) of rank 2, and the plane that it does not leave."""
    rng = np.random.default_rng(seed)
    m = rng.normal(size=(n, 2))
    weights = 1.5 * m @ (m + rng.normal(size=(n, 2))).T / n
    return (lambda h, x: -h + np.tanh(h) @ weights.T), m


def test_velocities_are_those_of_the_system_in_the_order_of_the_grid():
    field = flow_field(fitzhugh, [-2, -1], [2, 1.5], [9, 6], time="continuous")
    assert field.velocity.shape == (9, 6, 2)
    at = np.array([[field.ticks[0][7], field.ticks[1][2]]])
    np.testing.assert_array_equal(field.velocity[7, 2], fitzhugh(at, 0)[0])
    np.testing.assert_allclose(field.speed, np.linalg.norm(field.velocity, axis=-1))
    assert not field.leaving.any()


def test_the_velocity_of_discrete_time_is_a_displacement():
    field = flow_field(lambda h, x: 0.5 * h, [-1], [1], 5)
    np.testing.assert_allclose(field.velocity[:, 0], -0.5 * field.ticks[0])


def test_the_plane_of_a_network_of_rank_two_is_not_left():
    step, m = rank_two()
    field = flow_field(step, [-3, -3], [3, 3], 15, time="continuous", axes=m)
    assert field.leaving.max() < 1e-12
    other = np.random.default_rng(1).normal(size=m.shape)
    tilted = flow_field(step, [-3, -3], [3, 3], 15, time="continuous", axes=other)
    assert np.median(tilted.leaving) > 0.1


def test_the_projection_error_is_the_sine_of_the_angle():
    velocity = np.array([3.0, 0.0, 4.0])
    field = flow_field(lambda h, x: 0 * h + velocity, [0, 0], [1, 1], 3, time="continuous", axes=np.eye(3)[:, :2])
    np.testing.assert_allclose(field.leaving, 0.8)
    np.testing.assert_allclose(field.speed, 5)
    np.testing.assert_allclose(field.velocity, np.broadcast_to([3.0, 0.0], (3, 3, 2)))


def test_axes_are_made_orthonormal_and_the_origin_moves_the_grid():
    plane = Subspace.spanned([[1.0, 1.0], [0.0, 1.0], [0.0, 0.0]], origin=[0.0, 0.0, 7.0])
    np.testing.assert_allclose(plane.axes.T @ plane.axes, np.eye(2), atol=1e-15)
    field = flow_field(lambda h, x: h, [0, 0], [1, 1], 2, time="continuous", axes=plane.axes, origin=plane.origin)
    np.testing.assert_allclose(field.speed[0, 0], 7)  # the origin, whose velocity points out of the plane
    assert field.leaving[0, 0] == 1
    points = np.random.default_rng(0).normal(size=(4, 2))
    np.testing.assert_allclose(plane.project(plane.lift(points)), points)


def test_principal_axes_of_a_planted_plane_are_found():
    rng = np.random.default_rng(3)
    basis = np.linalg.qr(rng.normal(size=(10, 2)))[0]
    states = rng.normal(size=(200, 2)) * [3, 1] @ basis.T + 5
    plane = Subspace.of(states)
    np.testing.assert_allclose(plane.axes @ plane.axes.T, basis @ basis.T, atol=1e-12)
    low, high = plane.box(states, margin=0)
    np.testing.assert_allclose([low, high], [plane.project(states).min(0), plane.project(states).max(0)])


def test_nullclines_are_those_of_the_closed_form():
    cubic, line = flow_field(fitzhugh, [-2.5, -1], [2.5, 2], 101, time="continuous").nullclines
    (cubic,), (line,) = cubic, line
    np.testing.assert_allclose(cubic[:, 1], cubic[:, 0] - cubic[:, 0] ** 3 / 3 + 0.5, atol=3e-3)
    np.testing.assert_allclose(line[:, 1], (line[:, 0] + 0.7) / 0.8, atol=1e-12)
    coarse = flow_field(fitzhugh, [-2.5, -1], [2.5, 2], 51, time="continuous").nullclines[0][0]

    def worst(c):
        return np.abs(c[:, 1] - (c[:, 0] - c[:, 0] ** 3 / 3 + 0.5)).max()

    assert 3 < worst(coarse) / worst(cubic) < 5  # second order


def test_roots_of_one_dimension_are_found_once():
    field = flow_field(lambda h, x: h - h**3, [-2], [2], 41, time="continuous")  # zero at places of the grid
    np.testing.assert_allclose(np.ravel(field.nullclines[0]), [-1, 0, 1], atol=1e-12)
    assert zero_crossings(np.arange(3.0), np.array([0.0, 1.0, -1.0])).tolist() == [0, 1.5]


def test_contours_of_a_saddle_and_of_two_circles_are_whole():
    x = np.linspace(-3, 3, 80)
    two = np.minimum((x[:, None] - 1.5) ** 2 + x**2, (x[:, None] + 1.5) ** 2 + x**2) - 1
    found = zero_contours(x, x, two)
    assert len(found) == 2
    for circle in found:
        assert (circle[0] == circle[-1]).all()
        length = np.linalg.norm(np.diff(circle, axis=0), axis=1).sum()
        assert length == pytest.approx(2 * np.pi, rel=2e-3)
    hyperbola = zero_contours(x, x, x[:, None] * x - 0.01)
    assert len(hyperbola) == 2
    assert all((line[:, 0] * line[:, 1] > 0).all() for line in hyperbola)
    assert zero_contours(x, x, np.full((80, 80), np.nan)) == []


def test_the_field_as_a_system_moves_as_the_system():
    starts = np.array([[-2.0, 1.5], [0.0, 0.0]])
    field = flow_field(fitzhugh, [-3, -2], [3, 3], 61, time="continuous")
    true = simulate(fitzhugh, starts, 400, time="continuous", dt=0.05)
    followed = simulate(field.dynamics(), starts, 400, time="continuous", dt=0.05)
    assert np.abs(true - followed).max() < 5e-3
    halved = flow_field(lambda h, x: 0.5 * h, [-1], [1], 5).dynamics()
    np.testing.assert_allclose(simulate(halved, [0.8], 3)[0, :, 0], [0.8, 0.4, 0.2, 0.1])


def test_streamlines_run_along_the_flow():
    field = flow_field(lambda h, x: h @ np.array([[0.0, 1.0], [-1.0, 0.0]]), [-1, -1], [1, 1], 41, time="continuous")
    lines = streamlines(field)
    assert len(lines) > 5
    for line in lines:
        radius = np.linalg.norm(line, axis=1)
        assert np.ptp(radius) < 0.02  # circles
        turn = line[:-1, 0] * line[1:, 1] - line[:-1, 1] * line[1:, 0]
        assert (turn > 0).all()  # the way the flow goes


def test_the_table_has_a_row_a_place():
    table = flow_field(fitzhugh, [-1, -1], [1, 1], [4, 3], time="continuous").table()
    assert list(table.columns) == ["x1", "x2", "velocity1", "velocity2", "speed", "leaving"]
    np.testing.assert_allclose(table[["velocity1", "velocity2"]], fitzhugh(table[["x1", "x2"]].to_numpy(), 0))


def test_pictures_have_what_was_asked_for():
    run = simulate(fitzhugh, [0.0, 0.0], 200, time="continuous", dt=0.1)
    points = fixed_points(fitzhugh, run, time="continuous")
    field = flow_field(fitzhugh, [-2.5, -1], [2.5, 2], time="continuous")
    for style, name in (("streamlines", "flow"), ("arrows", "direction")):
        drawn = field.figure(run, points, style=style, names=("v (mV)", "w"), unit="1/ms")
        names = {t.name for t in drawn.data}
        assert {name, "v stands still", "w stands still", "trajectory", "unstable fixed point"} <= names
        assert drawn.layout.xaxis.title.text == "v (mV)"
        assert drawn.data[0].colorbar.title.text == "speed (1/ms)"
    line = flow_field(lambda h, x: h - h**3, [-2], [2], time="continuous").figure([[[0.5], [0.9]]])
    assert {"velocity", "stable root", "unstable root", "trajectory"} <= {t.name for t in line.data}
    space = flow_field(lambda h, x: -h, [-1] * 3, [1] * 3, 5, time="continuous").figure(np.zeros((1, 4, 3)))
    assert [t.type for t in space.data] == ["cone", "scatter3d"]
    with pytest.raises(BadInput, match="3 dimensions"):
        _ = flow_field(lambda h, x: -h, [-1] * 3, [1] * 3, 3, time="continuous").nullclines
    with pytest.raises(BadInput, match="streamlines"):
        field.figure(style="quiver")
    with pytest.raises(BadInput, match="one an axis"):
        field.figure(names=("v",))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"low": [0, 0, 0, 0], "high": [1, 1, 1, 1]}, "1 to 3 axes"),
        ({"low": [1, 0], "high": [0, 1]}, "each low below its high"),
        ({"n": 1}, "2 or more"),
        ({"n": [5, 5, 5]}, "2 or more"),
        ({"n": 5000}, "2,000,000"),
        ({"origin": [0.0, 0.0]}, "Pass axes="),
        ({"axes": np.ones((5, 1))}, "as many of both"),
        ({"axes": np.ones((5, 2))}, "independent"),
        ({"axes": np.ones((2, 5))}, "transpose"),
        ({"axes": np.eye(5)[:, :2], "origin": [0.0]}, "one number a unit"),
        ({"step": lambda h, x: 1 / (h - h)}, "finite one everywhere"),
    ],
)
def test_what_is_no_field_is_refused(change, said):
    given = {"step": lambda h, x: -h, "low": [-1, -1], "high": [1, 1], "n": 5} | change
    with pytest.raises(BadInput) as problem, np.errstate(divide="ignore", invalid="ignore"):
        flow_field(given.pop("step"), given.pop("low"), given.pop("high"), given.pop("n"), time="continuous", **given)
    assert said in str(problem.value)
