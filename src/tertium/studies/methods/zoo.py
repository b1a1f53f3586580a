"""Systems whose attractors are known: the set on which DYN02 tests the classifier, and numbers to check it by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from tertium.dynamics.step import Time

Floats = NDArray[np.float64]
Flow = Callable[[Floats, Floats], Floats]


@dataclass(frozen=True)
class Specimen:
    """A system with the kind of its attractor.

    Attributes
    ----------
    step : callable
        ``step(h, x)``, batched arrays of NumPy.
    n_units : int
    kind : str
        As `tertium.dynamics.classify_attractor` calls it.
    time : {"discrete", "continuous"}
    dt : float or None
        A step that is short enough.
    spread, centre : float
        Starts are drawn normally with this standard deviation and mean.
    length : float
        A run that tells it, relative to that of the others.
    """

    step: Flow
    n_units: int
    kind: str
    time: Time = "continuous"
    dt: float | None = 0.05
    spread: float = 1.0
    centre: float = 0.0
    length: float = 1.0


def draw_starts(one: Specimen, n: int, rng: np.random.Generator) -> Floats:
    """Return states to begin from, (n, unit)."""
    return one.centre + one.spread * rng.normal(size=(n, one.n_units))


def linear(h: Floats, x: Floats, matrix: Floats) -> Floats:
    """Return the velocity of a linear system."""
    return np.asarray(h @ matrix.T)


def hopf(h: Floats, x: Floats, mu: float, frequency: float = 1.0) -> Floats:
    """Return the velocity of the normal form of Hopf's bifurcation: a cycle of radius sqrt(mu) for mu above 0.

    The exponents are mu and mu at rest, 0 and -2 mu on the cycle.
    """
    turned = np.stack([-h[:, 1], h[:, 0]], axis=1)
    return np.asarray(mu * h + frequency * turned - (h**2).sum(1, keepdims=True) * h)


def van_der_pol(h: Floats, x: Floats, mu: float = 1.0) -> Floats:
    """Return the velocity of Van der Pol's oscillator."""
    return np.stack([h[:, 1], mu * (1 - h[:, 0] ** 2) * h[:, 1] - h[:, 0]], axis=1)


def two_oscillators(h: Floats, x: Floats, ratio: float) -> Floats:
    """Return the velocity of two oscillators that know nothing of each other, frequencies 1 and ``ratio``."""
    return np.concatenate([hopf(h[:, :2], x, 1.0), hopf(h[:, 2:], x, 1.0, ratio)], axis=1)


def lorenz(h: Floats, x: Floats, rho: float = 28.0, sigma: float = 10.0, beta: float = 8 / 3) -> Floats:
    """Return the velocity of Lorenz's system; its divergence is -(sigma + 1 + beta) everywhere."""
    a, b, c = h.T
    return np.stack([sigma * (b - a), a * (rho - c) - b, a * b - beta * c], axis=1)


def lorenz_jacobian(h: Floats, x: Floats, rho: float = 28.0, sigma: float = 10.0, beta: float = 8 / 3) -> Floats:
    """Return the derivative of `lorenz` in the state, (batch, 3, 3)."""
    a, b, c = h.T
    jacobian = np.zeros((len(h), 3, 3))
    jacobian[:, 0, 0], jacobian[:, 0, 1] = -sigma, sigma
    jacobian[:, 1, 0], jacobian[:, 1, 1], jacobian[:, 1, 2] = rho - c, -1, -a
    jacobian[:, 2, 0], jacobian[:, 2, 1], jacobian[:, 2, 2] = b, a, -beta
    return jacobian


def roessler(h: Floats, x: Floats, c: float = 5.7) -> Floats:
    """Return the velocity of Rössler's system with a = b = 0.2."""
    return np.stack([-h[:, 1] - h[:, 2], h[:, 0] + 0.2 * h[:, 1], 0.2 + h[:, 2] * (h[:, 0] - c)], axis=1)


def henon(h: Floats, x: Floats) -> Floats:
    """Return the next state of Hénon's map with a = 1.4, b = 0.3."""
    return np.stack([1 - 1.4 * h[:, 0] ** 2 + h[:, 1], 0.3 * h[:, 0]], axis=1)


def delayed_logistic(h: Floats, x: Floats, rate: float) -> Floats:
    """Return the next state of the delayed logistic map: an invariant circle for rates a little above 2."""
    return np.stack([rate * h[:, 0] * (1 - h[:, 1]), h[:, 0]], axis=1)


def specimens() -> dict[str, Specimen]:
    """Return the set, by name.

    Examples
    --------
    >>> sorted({one.kind for one in specimens().values()})
    ['chaos', 'fixed point', 'limit cycle', 'torus', 'unbounded']
    """
    spiral = np.array([[-0.1, 1.0], [-1.0, -0.1]])
    node = np.array([[-1.0, 0.5, 0.0], [0.0, -0.5, 0.2], [0.0, 0.0, -2.0]])
    map_like = partial(Specimen, time="discrete", dt=None)
    return {
        "linear spiral": Specimen(partial(linear, matrix=spiral), 2, "fixed point"),
        "linear node": Specimen(partial(linear, matrix=node), 3, "fixed point"),
        "linear, unstable": Specimen(partial(linear, matrix=-spiral), 2, "unbounded"),
        "Hopf, mu = -0.2": Specimen(partial(hopf, mu=-0.2), 2, "fixed point"),
        "Hopf, mu = 0.2": Specimen(partial(hopf, mu=0.2), 2, "limit cycle"),
        "Van der Pol": Specimen(van_der_pol, 2, "limit cycle"),
        "Rössler, c = 2.5": Specimen(partial(roessler, c=2.5), 3, "limit cycle", length=2.0),
        "Rössler, c = 3.5": Specimen(partial(roessler, c=3.5), 3, "limit cycle", length=2.0),
        "Rössler, c = 5.7": Specimen(roessler, 3, "chaos", length=2.0),
        "two oscillators, 1 : √2": Specimen(partial(two_oscillators, ratio=np.sqrt(2.0)), 4, "torus"),
        "Lorenz, rho = 10": Specimen(partial(lorenz, rho=10.0), 3, "fixed point", dt=0.01, spread=5.0, length=2.0),
        "Lorenz, rho = 28": Specimen(lorenz, 3, "chaos", dt=0.01, spread=5.0, length=2.0),
        "Hénon": map_like(henon, 2, "chaos", spread=0.1),
        "delayed logistic, 1.9": map_like(
            partial(delayed_logistic, rate=1.9), 2, "fixed point", spread=0.05, centre=0.5
        ),
        "delayed logistic, 2.1": map_like(partial(delayed_logistic, rate=2.1), 2, "torus", spread=0.05, centre=0.5),
    }
