"""Functions and networks become systems; fast derivatives agree with the readable ones."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tertium.dynamics import as_dynamics
from tertium.dynamics.modules import step_of_module
from tertium.errors import BadInput


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("kind", ["RNNCell", "GRUCell", "LSTMCell", "RNN", "GRU", "LSTM"])
def test_derivatives_agree_with_central_differences_and_with_torch(kind: str, bias: bool) -> None:
    units = 10 if kind.startswith("LSTM") else 5
    torch.manual_seed(0)
    module = getattr(torch.nn, kind)(3, 5, bias=bias)
    step, channels = step_of_module(module, units)
    assert channels == 3
    rng = np.random.default_rng(0)
    h, x = rng.normal(size=(7, units)), rng.normal(size=(7, 3))

    def by_numpy(state: np.ndarray, given: np.ndarray) -> np.ndarray:
        return step(torch.from_numpy(state), torch.from_numpy(given)).numpy()

    exact, differences = as_dynamics(module, units), as_dynamics(by_numpy, units, np.zeros(3))
    assert np.allclose(exact.derivative(h, x), differences.derivative(h, x), atol=1e-8)
    assert np.allclose(exact.input_derivative(h, x), differences.input_derivative(h, x), atol=1e-8)
    by_torch = as_dynamics(step, units, np.zeros(3))
    assert np.allclose(exact.derivative(h, x), by_torch.derivative(h, x), atol=1e-14)


def test_the_jacobian_of_rectified_units() -> None:
    module = torch.nn.RNNCell(3, 5, nonlinearity="relu")
    h, x = np.random.default_rng(1).normal(size=(7, 5)), np.zeros((7, 3))
    closed, by_torch = as_dynamics(module, 5), as_dynamics(step_of_module(module, 5)[0], 5, np.zeros(3))
    assert np.array_equal(closed.derivative(h, x), by_torch.derivative(h, x))
    assert closed.derivative(h, x).any()


def test_a_function_with_an_in_place_loop_is_differentiated() -> None:
    def step(h: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        out = torch.empty_like(h)
        for b in range(len(h)):
            out[b] = h[b] ** 2
        return out + x

    h = np.random.default_rng(0).normal(size=(4, 3))
    system = as_dynamics(step, 3)
    assert np.allclose(system.derivative(h, np.zeros((4, 1))), 2 * h[:, :, None] * np.eye(3))
    assert np.allclose(system.input_derivative(h, np.zeros((4, 1))), 1)


def test_velocity_of_discrete_and_continuous_time() -> None:
    h, x = np.array([[2.0]]), np.zeros((1, 1))
    for time, velocity, slope in (("discrete", -1.0, -0.5), ("continuous", 1.0, 0.5)):
        system = as_dynamics(lambda h, x: 0.5 * h, 1, time=time)  # type: ignore[arg-type]
        assert system.velocity(h, x)[0, 0] == velocity
        assert system.velocity_jacobian(h, x)[0, 0, 0] == pytest.approx(slope)


def test_a_system_is_passed_through_and_must_fit() -> None:
    system = as_dynamics(lambda h, x: 0.5 * h, 3)
    assert as_dynamics(system, 3) is system
    with pytest.raises(BadInput, match="got 2 units, expected 3"):
        as_dynamics(system, 2)
    with pytest.raises(BadInput, match="a function"):
        as_dynamics("relu", 2)
    with pytest.raises(BadInput, match="a cell or one-layer recurrent network"):
        as_dynamics(torch.nn.Linear(2, 2), 2)
    with pytest.raises(BadInput, match="expected 5"):
        as_dynamics(torch.nn.GRUCell(1, 5), 2)
