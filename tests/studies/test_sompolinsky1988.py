"""DYN02: the theory is that of the paper, networks are what they are said to be, and controls fail."""

import numpy as np
import pytest

from tertium.dynamics import as_dynamics
from tertium.rng import Seeds
from tertium.studies.base import verdicts
from tertium.studies.lab import MemoryLab
from tertium.studies.methods.sompolinsky import RandomNetwork, mean_field
from tertium.studies.methods.zoo import lorenz, lorenz_jacobian, specimens
from tertium.studies.sompolinsky1988 import Sompolinsky1988, memory


@pytest.fixture(scope="module")
def finished():
    study = Sompolinsky1988()
    return study, study.run(study.configure(size="smoke"), MemoryLab(0))


def test_near_the_border_the_theory_is_the_expansion_of_the_paper():
    gain = 1.02
    found = mean_field(gain)
    assert found.variance == pytest.approx(gain - 1, rel=0.03)
    width = np.sqrt(3) / (gain - 1)
    np.testing.assert_allclose(found.correlation, 1 / np.cosh(found.lags / width), atol=0.03)
    assert found.exponent == pytest.approx((gain - 1) ** 2 / 2, rel=0.1)
    assert found.time == pytest.approx(np.pi / 2 * width, rel=0.05)


def test_the_correlation_of_the_theory_obeys_its_equation_of_motion():
    """Delta'' = Delta - g^2 <tanh tanh> (eq. 5), the mean by sampling here and by quadrature there."""
    gain = 2.0
    found = mean_field(gain)
    delta = found.variance * found.correlation
    rng = Seeds(0).numpy("samples")
    a, b = rng.normal(size=(2, 400_000))
    lags = np.linspace(0, 10, 201)
    curve = np.interp(lags, found.lags, delta)
    bend = np.gradient(np.gradient(curve, lags), lags)
    for i in (40, 80, 120):
        share = curve[i] / found.variance
        x, y = np.sqrt(found.variance) * a, np.sqrt(found.variance) * (share * a + np.sqrt(1 - share**2) * b)
        expected = curve[i] - gain**2 * (np.tanh(x) * np.tanh(y)).mean()
        assert bend[i] == pytest.approx(expected, abs=0.01)


def test_a_large_network_has_the_variance_of_the_theory():
    from tertium.dynamics import simulate

    rng = np.random.default_rng(0)
    network = RandomNetwork.draw(600, 3.0, rng)
    run = simulate(network.velocity, rng.normal(size=(2, 600)), 200, time="continuous", dt=0.5)[:, 60:]
    assert (run**2).mean() == pytest.approx(mean_field(3.0).variance, rel=0.1)


def test_jacobians_are_derivatives():
    rng = np.random.default_rng(1)
    network = RandomNetwork.draw(8, 1.5, rng, symmetric=True)
    np.testing.assert_allclose(network.weights, network.weights.T)
    for velocity, jacobian, units in ((network.velocity, network.jacobian, 8), (lorenz, lorenz_jacobian, 3)):
        h, x = rng.normal(size=(4, units)), np.zeros((4, 1))
        by_differences = as_dynamics(velocity, units, time="continuous").derivative(h, x)
        np.testing.assert_allclose(jacobian(h, x), by_differences, atol=1e-7)
    assert RandomNetwork.draw(400, 2.0, rng, symmetric=True).weights.std() == pytest.approx(0.1, rel=0.02)


def test_memory_of_known_runs():
    t = np.arange(2000) * 0.1
    turning = np.stack([np.cos(t), np.sin(t)], axis=1)[None]
    assert memory(turning, 0.1) == pytest.approx(np.pi / 3, abs=1e-2)  # cos(lag) is one half
    assert memory(np.zeros((1, 50, 3)), 0.1) == np.inf
    assert memory(np.ones((1, 50, 3)), 0.1) == np.inf


def test_all_kinds_are_in_the_zoo():
    kinds = [one.kind for one in specimens().values()]
    assert {kinds.count(kind) > 0 for kind in ("fixed point", "limit cycle", "torus", "chaos", "unbounded")} == {True}


def test_claims_that_hold_at_any_size_and_controls_that_fail(finished):
    study, results = finished
    judged = {v.id: v for v in verdicts(study, [results])}
    for name in ("lorenz_sum", "rest"):
        assert judged[name].met, judged[name]
    for name in ("zoo", "lorenz", "lorenz_sum", "memory"):
        assert judged[name].control_failed, judged[name]
    # short runs are right or undecided, never wrong
    assert all(results.found[name] in (kind, "undecided") for name, kind in results.kinds.items())


def test_figures_are_drawn(finished):
    study, results = finished
    assert [p.id for p in study.figures([results, results])] == ["zoo", "exponents", "memory"]
