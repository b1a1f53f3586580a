"""FND11: the instruments say what is planted, and what ought to fail fails."""

import numpy as np
import pytest
import torch

from tertium.rng import Seeds
from tertium.studies.base import verdicts
from tertium.studies.lab import MemoryLab
from tertium.studies.methods.williams import (
    PeakBytes,
    discrete_cell,
    line,
    lyapunov_spectrum,
    online_gradient,
    product_norms,
    small_network,
    step_jacobians,
)
from tertium.studies.williams1989 import Williams1989


@pytest.fixture(scope="module")
def finished():
    study = Williams1989()
    return study, study.run(study.configure(size="smoke"), MemoryLab(0))


def test_the_product_of_jacobians_is_what_the_loop_back_propagates():
    rng = np.random.default_rng(0)
    cell = discrete_cell(rng.normal(size=(5, 5)))
    start, noise = (torch.from_numpy(rng.normal(size=shape)) for shape in ((5,), (8, 1, 5)))

    def end(state):
        return cell.unroll(state.new_zeros(8, 1, 1), state[None], noise)[-1, 0]

    whole = torch.autograd.functional.jacobian(end, start).numpy()
    states, product = start[None], np.eye(5)
    for t in range(8):
        slope = 1 - np.tanh(states.detach().numpy()[0]) ** 2
        product = (cell.recurrent_weight.detach().numpy() * slope) @ product
        states, _ = cell.step(states, states.new_zeros(1, 1), noise[t])
    np.testing.assert_allclose(whole, product, rtol=1e-10, atol=1e-14)


def test_step_jacobians_are_weights_times_slopes_of_visited_states():
    weights = np.random.default_rng(1).normal(size=(4, 4)) * 0.3
    still = step_jacobians(discrete_cell(weights), 2, 3, 0.0, np.random.default_rng(0))
    # without noise a weakly coupled network is at rest after 100 steps, where all slopes are 1
    np.testing.assert_allclose(still, np.broadcast_to(weights, (3, 2, 4, 4)), atol=1e-8)
    driven = step_jacobians(discrete_cell(weights), 2, 3, 1.0, np.random.default_rng(0))
    slopes = driven / weights  # (step, trajectory, target, source): one slope for each source
    assert np.ptp(slopes, axis=2).max() < 1e-9
    assert 0 < slopes.min() < slopes.max() < 1


def test_exponents_of_a_constant_product_are_logs_of_its_eigenvalues():
    rng = np.random.default_rng(2)
    basis = rng.normal(size=(4, 4))
    matrix = basis @ np.diag([2.0, 1.0, 0.5, 0.1]) @ np.linalg.inv(basis)
    found = lyapunov_spectrum(np.broadcast_to(matrix, (400, 4, 4)), discard=100)
    np.testing.assert_allclose(found, np.log([2.0, 1.0, 0.5, 0.1]), atol=1e-6)


def test_exponents_of_independent_gaussian_matrices_are_those_of_newman():
    """For products of Gaussian n x n matrices: (digamma((n-i+1)/2) + log(2/n)) / 2 (Newman 1986)."""
    from scipy.special import digamma

    n, rng = 6, np.random.default_rng(3)
    found = lyapunov_spectrum(rng.normal(size=(4000, n, n)) / np.sqrt(n))
    expected = (digamma((n - np.arange(n)) / 2) + np.log(2 / n)) / 2
    np.testing.assert_allclose(found, expected, atol=0.06)  # three standard errors of the last: 0.04


def test_sizes_of_a_known_product():
    jacobians = np.broadcast_to(np.diag([3.0, 0.5]), (4, 2, 2, 2))
    found = product_norms(jacobians, np.array([2, 4]))
    np.testing.assert_allclose(found["spectral"], np.log([9.0, 81.0]))
    np.testing.assert_allclose(found["volume"], np.log([1.5, 2.25]))
    np.testing.assert_allclose(found["frobenius"], np.log(np.sqrt([(81 + 1 / 16) / 2, (81**2 + 1 / 256) / 2])))


def test_bytes_alive_at_once_are_counted():
    with PeakBytes() as counted:
        kept = [torch.zeros(10, dtype=torch.float64) for _ in range(3)]
        kept[0].add_(1)
        view = kept[1][2:]
        kept = view = None  # noqa: F841
        again = torch.ones(5, dtype=torch.float64) * 2  # noqa: F841
    assert counted.peak == 240


def test_the_gradient_worked_out_on_the_way_is_that_of_bptt():
    network = small_network(5, seed=1)
    xs, targets = (torch.randn(12, 2, n, generator=Seeds(0).torch("x"), dtype=torch.float64) for n in (2, 1))
    found = online_gradient(network, xs, targets)
    ((network(xs)[0] - targets) ** 2).sum().backward()
    for name, parameter in network.named_parameters():
        torch.testing.assert_close(found[name], parameter.grad, rtol=1e-10, atol=1e-12)


def test_a_curve_is_no_line():
    t = np.arange(50)
    assert line(t, np.exp(t / 5.0))[1] < 0.7
    assert line(t, 3 - 0.5 * t) == pytest.approx((-0.5, 1.0))


def test_claims_of_gradients_and_memory_hold_at_any_size_and_their_controls_fail(finished):
    study, results = finished
    judged = {v.id: v for v in verdicts(study, [results])}
    for name in ("one_gradient", "memory_bptt", "memory_rtrl"):
        assert judged[name].held, judged[name]
    assert judged["one_gradient"].control_value > 0.01


def test_slopes_that_saturation_does_not_lower_are_not_predicted(finished):
    study, results = finished
    judged = {v.id: v for v in verdicts(study, [results])}
    assert judged["slope_spectral"].control_failed
    assert judged["slope_volume"].control_failed
    assert judged["slope_norm_rotation"].control_failed


def test_figures_are_drawn(finished):
    study, results = finished
    assert [p.id for p in study.figures([results, results])] == ["jacobian", "spectra", "memory"]
