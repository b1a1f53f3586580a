"""Fixed points of systems whose fixed points are known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from tertium.dynamics import fixed_points, grid_states, sample_states
from tertium.errors import BadInput


def hopfield(h: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Three units that excite themselves, each with two memories: 27 = 3 ** 3 fixed points."""
    return torch.tanh(2 * h + x)


def lorenz(h: np.ndarray, x: np.ndarray) -> np.ndarray:
    a, b, c = h.T
    return np.stack([10 * (b - a), a * (28 - c) - b, a * b - 8 / 3 * c], axis=1)


def test_every_corner_edge_face_and_centre_of_a_cube_is_found() -> None:
    found = fixed_points(hopfield, np.random.default_rng(0).uniform(-1.2, 1.2, (1000, 3)))
    assert np.bincount(found.index).tolist() == [8, 12, 6, 1]
    assert found.certified.all()
    memory = 0.957504  # m = tanh(2 m)
    assert np.allclose(np.abs(found.points[found.index == 0]), memory, atol=1e-6)
    assert np.all(found.speeds < 1e-12)
    assert found.counts.sum() + len(found.slow) + len(found.unresolved) <= found.starts


def test_lorenz_by_arrays_of_numpy() -> None:
    found = fixed_points(lorenz, np.random.default_rng(1).normal((0, 0, 20), 15, (50, 3)), time="continuous")
    expected = np.array([[0, 0, 0], [np.sqrt(72), np.sqrt(72), 27], [-np.sqrt(72), -np.sqrt(72), 27]])
    assert len(found) == 3
    for point in expected:
        assert np.abs(found.points - point).sum(1).min() < 1e-8
    origin = found.modes(int(np.abs(found.points).sum(1).argmin()))
    # closed form: -8/3 and the roots of s^2 + 11 s - 270
    roots = [-8 / 3, (-11 + np.sqrt(121 + 1080)) / 2, (-11 - np.sqrt(121 + 1080)) / 2]
    assert np.allclose(sorted(origin.values.real), sorted(roots), atol=1e-5)
    assert found.index.tolist() == [1, 2, 2]


def test_one_start_is_enough_and_the_same_start_gives_the_same_point() -> None:
    once, again = (fixed_points(hopfield, np.array([[0.4, -0.7, 0.9]])) for _ in range(2))
    assert len(once) == 1
    assert np.array_equal(once.points, again.points)


def test_each_start_may_have_its_own_input() -> None:
    inputs = np.linspace(-0.2, 0.2, 5)[:, None]
    found = fixed_points(lambda h, x: 0.5 * h + x, np.zeros((5, 1)), inputs)
    order = np.argsort(found.inputs[:, 0])
    assert np.allclose(found.points[order], 2 * inputs, atol=1e-12)  # h = 2 x
    assert np.allclose(found.input_jacobians, 1)
    assert len(fixed_points(lambda h, x: 0.5 * h + 0 * x, np.zeros((5, 1)), inputs)) == 5, "one for each input"


def test_a_linear_system_has_one_certified_point_with_its_modes() -> None:
    matrix = np.array([[0.5, -0.4], [0.4, 0.5]])
    found = fixed_points(
        lambda h, x: h @ torch.from_numpy(matrix).T + 1.0, np.random.default_rng(0).normal(size=(9, 2))
    )
    assert np.allclose(found.points[0], np.linalg.solve(np.eye(2) - matrix, [1.0, 1.0]))
    assert found.certified.all()
    assert found.counts.tolist() == [9]
    modes = found.modes(0)
    assert np.allclose(modes.values, [0.5 + 0.4j, 0.5 - 0.4j])
    assert np.allclose(modes.left @ modes.right, np.eye(2))
    assert np.allclose(modes.time_constants, -1 / np.log(abs(0.5 + 0.4j)))
    assert np.allclose(modes.right @ np.diag(modes.values) @ modes.left, matrix)


def test_slow_points_are_never_among_the_roots() -> None:
    # a saddle-node ghost: h' = 0.01 + h^2 has no root and is slowest, 0.01, at 0
    found = fixed_points(lambda h, x: 0.01 + h**2, np.linspace(-1, 1, 11)[:, None], time="continuous")
    assert len(found) == 0
    assert np.allclose(found.slow.points, 0, atol=1e-5)
    assert np.allclose(found.slow.speeds, 0.01)
    assert "slow" in found.report()
    assert len(fixed_points(lambda h, x: 0.01 + h**2, np.ones((3, 1)), time="continuous", slow=None).slow) == 0
    by_gradient = fixed_points(
        lambda h, x: 0.01 + h**2, np.full((1, 1), 0.3), time="continuous", slow="gradient", iterations=500
    )
    assert abs(by_gradient.slow.points[0, 0]) < 0.1
    assert len(fixed_points(lambda h, x: 1 + h**2, np.ones((3, 1)), time="continuous", slowness=0.5).slow) == 0


def test_a_ring_attractor_is_found_as_a_ring() -> None:
    # radius relaxes to 1, the angle does not move: every point of the circle is a fixed point
    def ring(h: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        return h * (1 - (h**2).sum(1, keepdim=True))

    found = fixed_points(ring, np.random.default_rng(0).normal(size=(200, 2)), time="continuous")
    everything = np.concatenate([found.points, found.slow.points])
    radius = np.linalg.norm(everything, axis=1)
    on_ring = radius > 0.5
    assert np.allclose(radius[on_ring], 1, atol=1e-6)
    assert on_ring.sum() > 150
    origin = ~(np.linalg.norm(found.points, axis=1) > 0.5)
    assert found.certified[origin].all()
    assert not found.certified[~origin].any(), "no point of a continuum is an isolated root"


def test_one_start_at_the_origin_is_enough() -> None:
    found = fixed_points(lambda h, x: 2 - h, np.zeros((1, 3)), time="continuous")
    assert np.allclose(found.points, 2)
    assert found.certified.all()


def test_where_gates_are_saturated_there_is_no_root_but_a_slow_point() -> None:
    # far out the update gate is closed to rounding: nothing moves, and nothing says that a root is near
    def gated(h: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        held = torch.sigmoid(h**2 - 4)
        return held * h + (1 - held) * torch.tanh(2 * h)

    starts = np.concatenate([np.random.default_rng(0).normal(size=(40, 1)), np.full((8, 1), 9.0)])
    found = fixed_points(gated, starts)
    assert len(found) == 3
    assert found.certified.all()
    assert np.abs(found.slow.points[:, 0] - 9).min() < 0.5
    assert found.counts.sum() + found.slow.counts.sum() + len(found.unresolved) == len(starts)


def test_the_certificate_refuses_a_point_that_is_not_near_a_root() -> None:
    from tertium.dynamics.roots.certificate import certify
    from tertium.dynamics.step import as_dynamics

    ghost = as_dynamics(lambda h, x: 0.01 + h**2, 1, time="continuous")
    assert not certify(ghost, np.array([[0.05]]), np.zeros((1, 1))).certified[0]
    square = as_dynamics(lambda h, x: h**2 - 2, 1, time="continuous")
    for start, expected in ((1.45, True), (0.3, False)):
        proof = certify(square, np.array([[start]]), np.zeros((1, 1)))
        assert proof.certified[0] == expected
        if expected:
            assert abs(start - np.sqrt(2)) <= proof.radius[0] <= 2 * abs(start - np.sqrt(2))
            assert proof.apart[0] <= start + np.sqrt(2)


@pytest.mark.parametrize("kind", ["RNNCell", "GRUCell", "LSTMCell", "RNN", "GRU", "LSTM"])
def test_modules_of_torch_are_opened_and_left_alone(kind: str) -> None:
    torch.manual_seed(0)  # torch's modules draw from the global generator
    module = getattr(torch.nn, kind)(2, 6)
    before = {name: (value.clone(), value.dtype, value.requires_grad) for name, value in module.named_parameters()}
    module.train()
    units = 12 if "LSTM" in kind else 6
    found = fixed_points(module, np.random.default_rng(0).normal(0, 0.3, (20, units)), np.array([0.3, -0.2]))
    assert module.training
    for name, value in module.named_parameters():
        assert torch.equal(before[name][0], value)
        assert (value.dtype, value.requires_grad, value.grad) == (*before[name][1:], None)
    assert len(found) >= 1
    # the module itself, run for long from a stable point, stays there
    point = torch.from_numpy(found.points[found.stable][:1]).float()
    assert len(point) == 1
    x = torch.tensor([[0.3, -0.2]])
    state: Any = point.chunk(2, 1) if "LSTM" in kind else point
    for _ in range(20):
        if kind.endswith("Cell"):
            state = module(x, state)
        else:
            inside = tuple(part[None] for part in state) if kind == "LSTM" else state[None]
            _, after = module(x[None], inside)
            state = tuple(part[0] for part in after) if kind == "LSTM" else after[0]
    moved = torch.cat(state, 1) if "LSTM" in kind else state
    assert torch.allclose(moved, point, atol=1e-5)


def test_a_cell_of_ours_and_its_network_are_opened_by_their_step() -> None:
    from tertium.models import RateRNN

    network = RateRNN(2, 8, 1, seed=0)
    starts = np.random.default_rng(0).normal(size=(10, 8))
    of_network, of_cell = fixed_points(network, starts, 0.1), fixed_points(network.cell, starts, 0.1)
    assert np.array_equal(of_network.points, of_cell.points)
    assert of_network.inputs.shape[1] == 2
    assert network.cell.recurrent_weight.dtype == torch.float32


def test_a_given_jacobian_and_automatic_differentiation_agree() -> None:
    weights = np.random.default_rng(0).normal(0, 1.5 / np.sqrt(20), (20, 20))

    def step(h: np.ndarray, x: np.ndarray) -> np.ndarray:
        return np.tanh(h @ weights.T + x)

    def jacobian(h: np.ndarray, x: np.ndarray) -> np.ndarray:
        return (1 - step(h, x) ** 2)[:, :, None] * weights

    starts = np.random.default_rng(1).normal(size=(30, 20))
    tensor = torch.from_numpy(weights)
    by_hand = fixed_points(step, starts, jacobian=jacobian)
    by_torch = fixed_points(lambda h, x: torch.tanh(h @ tensor.T + x), starts)
    by_differences = fixed_points(step, starts)
    assert np.allclose(by_hand.points, by_torch.points, atol=1e-10)
    assert np.allclose(by_hand.points, by_differences.points, atol=1e-8)
    assert np.allclose(by_hand.jacobians, by_torch.jacobians, atol=1e-9)


def test_bad_input_is_told() -> None:
    starts = np.zeros((3, 2))
    with pytest.raises(BadInput, match=r"states: got shape \(2,\)"):
        fixed_points(hopfield, np.zeros(2))
    with pytest.raises(BadInput, match="states: got a value that is not finite"):
        fixed_points(hopfield, np.full((2, 2), np.nan))
    with pytest.raises(BadInput, match="inputs: got a value that is not finite"):
        fixed_points(hopfield, starts, np.array([np.inf, 0.0]))
    with pytest.raises(BadInput, match=r"inputs: got shape \(2, 2\)"):
        fixed_points(hopfield, starts, np.zeros((2, 2)))
    with pytest.raises(BadInput, match="a tuple of 2"):
        fixed_points(lambda h, x: (h, h), starts)
    with pytest.raises(BadInput, match=r"step: got shape \(2, 1\)"):
        fixed_points(lambda h, x: h[:, :1], starts)
    with pytest.raises(BadInput, match=r"float64"):
        fixed_points(lambda h, x: torch.nn.Linear(2, 2)(h), starts)
    with pytest.raises(BadInput, match="expected 12, hidden state and memory"):
        fixed_points(torch.nn.LSTMCell(1, 6), np.zeros((1, 6)))
    with pytest.raises(BadInput, match="one layer"):
        fixed_points(torch.nn.GRU(1, 6, num_layers=2), np.zeros((1, 6)))
    with pytest.raises(BadInput, match="time"):
        fixed_points(hopfield, starts, time="never")  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="tolerance"):
        fixed_points(hopfield, starts, tolerance=0)
    with pytest.raises(BadInput, match="jacobian: got shape"):
        fixed_points(hopfield, starts, jacobian=lambda h, x: torch.zeros(1))


def test_starts_are_drawn_between_and_round_what_was_visited() -> None:
    visited = np.array([[[0.0, 0.0], [2.0, 0.0]]])  # (trial, time, unit)
    drawn = sample_states(visited, 500, mixtures=True, noise=0.1, seed=3)
    assert np.array_equal(drawn, sample_states(visited, 500, mixtures=True, noise=0.1, seed=3))
    spread = np.sqrt(0.5)  # root mean square over both units of (1, 0)
    assert abs(drawn[:, 1].std() - 0.1 * spread) < 0.01
    assert abs(drawn[:, 0].mean() - 1) < 0.1
    assert grid_states([0], [1], [3]).tolist() == [[0.0], [0.5], [1.0]]
    for call in (
        lambda: sample_states(visited, 0),
        lambda: sample_states(visited, 1, noise=-1),
        lambda: grid_states([0, 1], [1], 3),
        lambda: grid_states([0], [1], 0),
    ):
        with pytest.raises(BadInput):
            call()
