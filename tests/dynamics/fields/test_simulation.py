"""Simulation: closed forms, orders of the methods, inputs of all shapes, refusals."""

import numpy as np
import pytest

from tertium.dynamics import as_dynamics, simulate
from tertium.errors import BadInput


def decay(h, x):
    return -h + x


def pendulum(h, x):
    return np.stack([h[:, 1], -np.sin(h[:, 0])], axis=1)


@pytest.mark.parametrize(("method", "order"), [("euler", 1), ("rk4", 4)])
def test_errors_fall_with_the_order_of_the_method(method, order):
    def end(n):
        return simulate(pendulum, [1.0, 0.0], int(n), time="continuous", dt=2 / n, method=method)[0, -1]

    exact = simulate(pendulum, [1.0, 0.0], 4096, time="continuous", dt=2 / 4096)[0, -1]
    counts = np.array([16, 32, 64, 128])
    errors = [np.linalg.norm(end(n) - exact) for n in counts]
    assert np.polyfit(np.log(1 / counts), np.log(errors), 1)[0] == pytest.approx(order, abs=0.1)


def test_decay_to_a_constant_input_is_the_closed_form():
    t = np.arange(21) * 0.1
    run = simulate(decay, [[0.0], [2.0]], 20, [[3.0], [0.0]], time="continuous", dt=0.1)
    np.testing.assert_allclose(run[0, :, 0], 3 * (1 - np.exp(-t)), atol=1e-6)
    np.testing.assert_allclose(run[1, :, 0], 2 * np.exp(-t), atol=1e-6)


def test_an_input_for_each_step_is_that_input():
    drive = np.random.default_rng(0).normal(size=(2, 6, 1))
    run = simulate(lambda h, x: 0.5 * h + x, [[1.0], [0.0]], 6, drive)
    expected = [np.array([1.0, 0.0])]
    for t in range(6):
        expected.append(0.5 * expected[-1] + drive[:, t, 0])
    np.testing.assert_allclose(run[..., 0], np.array(expected).T)
    shared = simulate(lambda h, x: 0.5 * h + x, [[1.0], [1.0]], 6, drive[:1])
    np.testing.assert_array_equal(shared[0], shared[1])


def test_one_in_every_so_many_is_kept():
    whole, thin = (simulate(pendulum, [1.0, 0.0], 10, time="continuous", dt=0.1, every=e) for e in (1, 4))
    np.testing.assert_array_equal(whole[:, [0, 4, 8]], thin)


def test_starts_do_not_know_of_each_other():
    starts = np.random.default_rng(1).normal(size=(5, 2))
    together = simulate(pendulum, starts, 30, time="continuous", dt=0.1)
    alone = [simulate(pendulum, s, 30, time="continuous", dt=0.1)[0] for s in starts]
    np.testing.assert_allclose(together, alone, atol=1e-14)


def test_functions_of_torch_and_ready_systems_do_too():
    import torch

    def torch_only(h, x):
        return torch.sin(h)

    system = as_dynamics(torch_only, 1, time="continuous")
    a = simulate(torch_only, [1.0], 5, time="continuous", dt=0.1)
    np.testing.assert_array_equal(a, simulate(system, [1.0], 5, time="continuous", dt=0.1))
    np.testing.assert_allclose(a, simulate(lambda h, x: np.sin(np.asarray(h)), [1.0], 5, time="continuous", dt=0.1))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"dt": None}, "Pass dt=0.01"),
        ({"dt": -0.1}, "above 0"),
        ({"time": "discrete"}, "time='continuous'"),
        ({"method": "heun"}, "'euler' or 'rk4'"),
        ({"steps": -1}, "0 or more"),
        ({"every": 0}, "1 or more"),
        ({"h0": [[np.nan]]}, "finite"),
        ({"h0": np.zeros((2, 2, 2, 2))}, "(state, unit)"),
        ({"inputs": np.zeros((2, 4, 1))}, "(1, 5, 1)"),
        ({"inputs": np.full((1, 5, 1), np.inf)}, "finite"),
    ],
)
def test_what_cannot_be_simulated_is_refused(change, said):
    given = {"h0": [1.0], "steps": 5, "inputs": 0.0, "time": "continuous", "dt": 0.1} | change
    with pytest.raises(BadInput) as problem:
        simulate(decay, given.pop("h0"), given.pop("steps"), given.pop("inputs"), **given)
    assert said in str(problem.value)


def test_a_run_that_explodes_is_named():
    with pytest.raises(BadInput, match=r"from 1 of 2 starts \(the first: 1\).*smaller dt"), np.errstate(over="ignore"):
        simulate(lambda h, x: h**3, [[0.0], [5.0]], 100, time="continuous", dt=0.5)
