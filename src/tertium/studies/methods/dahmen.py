"""Linear networks with independent and with symmetric random weights, and their fluctuations in time (THY07)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tertium.theory import covariance_density, covariance_edges

Floats = NDArray[np.float64]


def random_weights(n_units: int, radius: float, rng: np.random.Generator) -> Floats:
    """Return independent Gaussian weights whose eigenvalues fill a disc of this radius, shape (unit, unit)."""
    return np.asarray(rng.normal(0.0, radius / np.sqrt(n_units), (n_units, n_units)))


def symmetric_weights(n_units: int, radius: float, rng: np.random.Generator) -> Floats:
    """Return symmetric Gaussian weights whose eigenvalues lie between -radius and radius, shape (unit, unit).

    Examples
    --------
    >>> w = symmetric_weights(400, 0.8, np.random.default_rng(0))
    >>> bool(np.all(w == w.T)), round(float(np.abs(np.linalg.eigvalsh(w)).max()), 1)
    (True, 0.8)
    """
    w = random_weights(n_units, radius / np.sqrt(2), rng)
    return np.asarray((w + w.T) / 2)


def participation_ratio(covariances: Floats) -> float:
    """Return the number of dimensions that fluctuations fill: ``(sum of eigenvalues)^2 / sum of their squares``.

    Examples
    --------
    >>> participation_ratio(np.eye(5))
    5.0
    """
    return float(np.trace(covariances) ** 2 / (covariances**2).sum())


def distance_from_theory(eigenvalues: Floats, radius: float) -> float:
    """Return the largest distance of the distribution of eigenvalues from that of Hu & Sompolinsky (2022).

    Kolmogorov and Smirnov's, 0 to 1. The mean of the eigenvalues is set to the theory's ``1 / (1 - R^2)``, so that the
    noise need not be known.
    """
    values = np.sort(eigenvalues) / (eigenvalues.mean() * (1 - radius**2))
    low, high = covariance_edges(radius)
    x = np.geomspace(low, high, 2000)
    density = covariance_density(x, radius)
    cumulative = np.append(0.0, np.cumsum((density[1:] + density[:-1]) / 2 * np.diff(x)))
    expected = np.interp(values, x, cumulative / cumulative[-1])
    ranks = np.arange(len(values) + 1) / len(values)
    return float(max(np.abs(expected - ranks[1:]).max(), np.abs(expected - ranks[:-1]).max()))


def fluctuations(weights: Floats, trials: int, steps: int, rng: np.random.Generator, *, dt: float = 0.1) -> Floats:
    """Return stationary fluctuations of a linear network under white noise, shape (trial, time, unit).

    ``dx/dt = -x + W x + noise`` in units of the time constant, by Euler's method; the beginning is left out.

    Parameters
    ----------
    weights : array, shape (unit, unit)
    trials, steps : int
    rng : numpy.random.Generator
    dt : float
        Step, in time constants.
    """
    n = len(weights)
    step = (1 - dt) * np.eye(n) + dt * weights
    x = np.zeros((trials, n))
    settling = round(20 / dt)
    kept = np.empty((trials, steps, n))
    for t in range(settling + steps):
        x = x @ step.T + np.sqrt(dt) * rng.normal(size=x.shape)
        if t >= settling:
            kept[:, t - settling] = x
    return kept
