"""Boundaries of spiking networks: convex parts of a function, the neurons whose thresholds touch them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tertium.errors import BadInput

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LatentNetwork:
    """A network in which all neurons hear the same two latent variables, excitation and inhibition.

    A neuron fires where ``inputs * x + excitation * yE - yI >= thresholds``; a line in the plane of input and latent.

    Attributes
    ----------
    inputs : array, shape (neuron,)
        Weights of the input, F.
    thresholds : array, shape (neuron,)
        T; voltages are measured from them.
    excitation : array, shape (neuron,)
        Weights of the excitatory latent variable; that of the inhibitory one is -1 for all.
    n_excitatory : int
        How many are excitatory; these come first.
    """

    inputs: Floats
    thresholds: Floats
    excitation: Floats
    n_excitatory: int

    def crossing(self, x: Floats) -> Floats:
        """Return the excitatory latent variable at which both boundaries meet, (input,), for a rank-2 network.

        Each population's boundary is the highest of its neurons' lines; within a population all weigh excitation alike,
        so that both are solved for it (Podlaski & Machens 2024, difference of two convex functions).
        """
        n = self.n_excitatory
        lines = self.inputs[:, None] * x - self.thresholds[:, None]
        return (lines[:n].max(axis=0) - lines[n:].max(axis=0)) / (self.excitation[n] - self.excitation[0])


def tangents(grid: Floats, curve: Floats, count: int) -> tuple[Floats, Floats]:
    """Return slopes and thresholds of the lines ``slope * x - threshold`` that touch a convex curve.

    They lie the denser the more the curve bends, as the best piecewise linear fit does.

    Examples
    --------
    >>> x = np.linspace(-1.0, 1.0, 201)
    >>> slopes, thresholds = tangents(x, x**2, 8)
    >>> bool(np.abs((slopes[:, None] * x - thresholds[:, None]).max(axis=0) - x**2).max() < 0.02)
    True
    """
    slope = np.gradient(curve, grid)
    bend = np.sqrt(np.maximum(np.gradient(slope, grid), 0.0))
    passed = np.concatenate([[0.0], np.cumsum(0.5 * (bend[1:] + bend[:-1]) * np.diff(grid))])
    if passed[-1] < 1e-9:  # a straight line is touched anywhere
        passed = grid - grid[0]
    at = np.interp((np.arange(count) + 0.5) / count * passed[-1], passed, grid)
    slopes = np.interp(at, grid, slope)
    return slopes, slopes * at - np.interp(at, grid, curve)


def convex_parts(grid: Floats, curve: Floats, least: float) -> tuple[Floats, Floats]:
    """Return two convex curves that are nowhere below ``least``, with ``curve`` as their difference.

    The bends of one sign go to the first, those of the other to the second. A straight line that both share changes
    nothing but the inhibition that is needed; it is such that the second begins and ends alike.
    """
    slope = np.gradient(curve, grid)
    bend = np.gradient(slope, grid) * (grid[1] - grid[0])
    lower = _integral(grid, np.cumsum(np.maximum(-bend, 0.0)))
    lower -= lower[-1] * (grid - grid[0]) / (grid[-1] - grid[0])
    upper = lower + curve
    shift = least - min(upper.min(), lower.min())
    return upper + shift, lower + shift


def convex_fit(grid: Floats, curve: Floats, knots: int = 40) -> Floats:
    """Return the convex curve that is nearest to a curve in the mean square, piecewise linear.

    Examples
    --------
    >>> x = np.linspace(-1.0, 1.0, 101)
    >>> bool(np.abs(convex_fit(x, -(x**2)) + (x**2).mean()).max() < 1e-6)  # the nearest to a concave one is straight
    True
    """
    from scipy.optimize import nnls

    hinges = np.maximum(grid[:, None] - np.linspace(grid[0], grid[-1], knots + 1)[1:-1], 0.0)
    straight = np.stack([np.ones_like(grid), grid - grid.mean()], axis=1)
    basis = np.concatenate([straight, -straight, hinges], axis=1)
    return np.asarray(basis @ nnls(basis, curve)[0])


def rank_two(
    grid: Floats, curve: Floats, per_population: int, weights: tuple[float, float], *, least: float
) -> LatentNetwork:
    """Return the rank-2 network whose boundaries meet at ``curve``.

    Parameters
    ----------
    grid, curve : array, shape (input,)
        What the excitatory latent variable shall be.
    per_population : int
        Excitatory neurons, and inhibitory ones.
    weights : tuple of float
        Weights of the excitatory latent variable in the excitatory and the inhibitory neurons; the second is larger,
        so that the crossing is stable.
    least : float
        Least value of the convex parts.

    Raises
    ------
    BadInput
        If inhibitory neurons do not weigh excitation more.
    """
    own, across = weights
    if across <= own:
        raise BadInput(
            "weights of excitation", got=f"{weights}", expected="the second larger: inhibition stabilises the crossing"
        )
    upper, lower = convex_parts(grid, (across - own) * curve, least)
    parts = [tangents(grid, part, per_population) for part in (upper, lower)]
    return LatentNetwork(
        inputs=np.concatenate([part[0] for part in parts]),
        thresholds=np.concatenate([part[1] for part in parts]),
        excitation=np.repeat(weights, per_population).astype(float),
        n_excitatory=per_population,
    )


def inhibitory(grid: Floats, curve: Floats, neurons: int) -> LatentNetwork:
    """Return the rank-1 inhibitory network whose boundary is the convex curve nearest to ``curve``."""
    slopes, thresholds = tangents(grid, convex_fit(grid, curve), neurons)
    return LatentNetwork(slopes, thresholds, np.zeros(neurons), 0)


def excitatory(grid: Floats, concave: Floats, neurons: int) -> LatentNetwork:
    """Return the rank-1 excitatory network whose (unstable) boundary is a concave curve."""
    slopes, thresholds = tangents(grid, -concave, neurons)
    return LatentNetwork(slopes, thresholds, np.ones(neurons), neurons)


def random_curve(grid: Floats, scale: float, rng: np.random.Generator) -> Floats:
    """Return a smooth random function from 1 to 5: a Gaussian process of a length, as in the authors' tutorial."""
    apart = grid[:, None] - grid
    values, vectors = np.linalg.eigh(np.exp(-0.5 * (apart / scale) ** 2))
    drawn = vectors[:, -60:] @ (np.sqrt(np.maximum(values[-60:], 0.0)) * rng.normal(size=60))
    return np.asarray(1 + 4 * (drawn - drawn.min()) / np.ptp(drawn))


def _integral(grid: Floats, slope: Floats) -> Floats:
    return np.concatenate([[0.0], np.cumsum(0.5 * (slope[1:] + slope[:-1]) * np.diff(grid))])
