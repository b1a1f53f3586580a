"""Covariances of linear networks: closed forms against large drawn networks, and against each other."""

import numpy as np
import pytest

from tertium.errors import BadInput
from tertium.rng import Seeds
from tertium.theory import (
    covariance_density,
    covariance_edges,
    covariance_spread,
    linear_covariance,
    radius_from_spread,
    relative_dimension,
)


def test_covariances_solve_the_lyapunov_equation_of_a_normal_network():
    # for symmetric W integrated covariances are (1 - W)^-2 (exact)
    w = np.array([[0.0, 0.3], [0.3, 0.1]])
    np.testing.assert_allclose(linear_covariance(w), np.linalg.matrix_power(np.linalg.inv(np.eye(2) - w), 2))
    np.testing.assert_allclose(linear_covariance(np.zeros((2, 2)), [1.0, 4.0]), np.diag([1.0, 4.0]))


@pytest.mark.parametrize("radius", [0.3, 0.6])
def test_density_has_unit_mass_its_known_moments_and_its_known_edges(radius):
    low, high = covariance_edges(radius)
    x = np.linspace(low, high, 8001)
    density = covariance_density(x, radius)
    mass, mean, square = (np.trapezoid(density * x**k, x) for k in (0, 1, 2))
    assert mass == pytest.approx(1, abs=1e-3)
    assert mean == pytest.approx(1 / (1 - radius**2), rel=1e-3)
    assert mean**2 / square == pytest.approx(relative_dimension(radius), rel=1e-3)
    assert covariance_density([low * 0.99, high * 1.01], radius).tolist() == [0, 0]


def test_a_drawn_network_agrees_with_every_closed_form():
    n, radius = 600, 0.6
    covariances = linear_covariance(Seeds(3).numpy("w").normal(size=(n, n)) * radius / np.sqrt(n))
    values = np.linalg.eigvalsh(covariances)
    low, high = covariance_edges(radius)
    assert values[0] == pytest.approx(low, rel=0.05)
    assert values[-1] == pytest.approx(high, rel=0.15)
    x = np.geomspace(low, high, 1000)
    density = covariance_density(x, radius)
    cumulative = np.append(0, np.cumsum((density[1:] + density[:-1]) / 2 * np.diff(x)))
    assert np.abs(np.interp(values, x, cumulative) - np.linspace(0, 1, n)).max() < 0.02
    off = covariances[~np.eye(n, dtype=bool)]
    assert off.std() / np.diag(covariances).mean() == pytest.approx(covariance_spread(radius, n), rel=0.05)


@pytest.mark.parametrize("radius", [0.0, 0.2, 0.95])
def test_spread_and_radius_are_inverse(radius):
    assert radius_from_spread(covariance_spread(radius, 250), 250) == pytest.approx(radius, abs=1e-9)


def test_bad_input_is_named():
    with pytest.raises(BadInput, match="weights: got an eigenvalue of real part 1, expected all below 1"):
        linear_covariance(np.eye(3))
    with pytest.raises(BadInput, match="noise"):
        linear_covariance(np.zeros((2, 2)), [1.0, 0.0])
    with pytest.raises(BadInput, match="radius: got 1, expected 0 or more, below 1"):
        relative_dimension(1)
    with pytest.raises(BadInput, match="radius: got 0, expected above 0"):
        covariance_density(1.0, 0)
    with pytest.raises(BadInput, match="spread: got -1"):
        radius_from_spread(-1, 10)
    with pytest.raises(BadInput, match="units of the network: got 1"):
        covariance_spread(0.5, 1)
