"""Skew-symmetric least squares: against descent and Sylvester's equation; planes and frequencies of known rotations."""

import numpy as np
import pytest
from scipy.linalg import solve_sylvester
from scipy.optimize import minimize

from tertium.dynamics.rotations.skew import differences, fit_free, fit_skew, free_frequencies, frequencies, planes, r2
from tertium.rng import Seeds


def samples(seed=0, n=60, k=4):
    rng = Seeds(seed).numpy("samples")
    return rng.normal(size=(n, k)) * np.arange(1, k + 1), rng.normal(size=(n, k))


def test_closed_form_against_descent_and_sylvester():
    x, dx = samples()
    found = fit_skew(x, dx)
    np.testing.assert_allclose(found, -found.T, atol=0)
    c, b = x.T @ x, dx.T @ x
    np.testing.assert_allclose(found, solve_sylvester(c, c, b - b.T), atol=1e-12)
    rows, columns = np.triu_indices(4, 1)

    def build(flat):
        m = np.zeros((4, 4))
        m[rows, columns], m[columns, rows] = flat, -flat
        return m

    best = minimize(lambda flat: ((dx - x @ build(flat).T) ** 2).sum(), np.zeros(6), method="BFGS", tol=1e-12)
    np.testing.assert_allclose(found, build(best.x), atol=1e-6)
    # and by the vectorised system: one column for each free entry
    design = np.stack([(x @ build(row).T).ravel() for row in np.eye(6)], axis=1)
    np.testing.assert_allclose(found, build(np.linalg.lstsq(design, dx.ravel(), rcond=None)[0]), atol=1e-12)
    assert r2(x, dx, found) <= r2(x, dx, fit_free(x, dx))


def turn(angle):
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def test_two_rotations_hidden_in_six_dimensions():
    """Exact frequencies, axes and R2 with midpoints; forward differences bend them as they must."""
    dt, hertz = 0.01, np.array([3.0, 1.2, 0.5])
    rng = Seeds(1).numpy("mix")
    mix = np.linalg.qr(rng.normal(size=(6, 6)))[0]
    states = np.empty((7, 40, 6))
    states[:, 0] = rng.normal(size=(7, 6))
    move = np.zeros((6, 6))
    for i, f in enumerate(hertz):
        move[2 * i : 2 * i + 2, 2 * i : 2 * i + 2] = turn(2 * np.pi * f * dt)
    for t in range(39):
        states[:, t + 1] = states[:, t] @ move.T
    x, dx = differences(states @ mix.T, "midpoint")
    found = fit_skew(x, dx)
    assert r2(x, dx, found) == pytest.approx(1.0, abs=1e-12)
    taken = planes(found, (states @ mix.T)[:, 0])
    np.testing.assert_allclose(frequencies(taken.angles, dt, "midpoint"), hertz, rtol=1e-9)
    np.testing.assert_allclose(free_frequencies(fit_free(x, dx), dt, "midpoint"), hertz, rtol=1e-9)
    np.testing.assert_allclose(taken.axes.T @ taken.axes, np.eye(6), atol=1e-9)
    for i in range(3):
        own, true = taken.axes[:, 2 * i : 2 * i + 2], mix[:, 2 * i : 2 * i + 2]
        np.testing.assert_allclose(own @ own.T, true @ true.T, atol=1e-8)
        assert own[:, 1] @ found @ own[:, 0] > 0  # counter-clockwise
        first = (states @ mix.T)[:, 0] @ own
        cross = first.T @ first
        assert cross[0, 0] > cross[1, 1]
        assert abs(cross[0, 1]) < 1e-8
    x, dx = differences(states @ mix.T, "forward")
    bent = frequencies(planes(fit_skew(x, dx), states[:, 0]).angles, dt, "forward")
    # the sine, exactly so only where states are as variable along all axes
    np.testing.assert_allclose(bent, np.sin(2 * np.pi * hertz * dt) / (2 * np.pi * dt), rtol=2e-3)
    np.testing.assert_allclose(free_frequencies(fit_free(x, dx), dt, "forward"), hertz, rtol=1e-9)
