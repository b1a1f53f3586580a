"""Random networks of DYN02, and what the theory of infinitely many units says of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class RandomNetwork:
    """A network ``dx/dt = -x + g J tanh(x)`` (Sompolinsky, Crisanti & Sommers 1988, eq. 1); time in time constants.

    Attributes
    ----------
    weights : array, shape (unit, unit)
        ``g J``, row = target; entries of J have variance 1 / unit.
    """

    weights: Floats

    @classmethod
    def draw(cls, units: int, gain: float, rng: np.random.Generator, *, symmetric: bool = False) -> RandomNetwork:
        """Draw independent Gaussian weights; symmetric ones have the same variance."""
        weights = rng.normal(size=(units, units)) / np.sqrt(units)
        if symmetric:
            weights = (weights + weights.T) / np.sqrt(2)
        return cls(gain * weights)

    def velocity(self, h: Floats, x: Floats) -> Floats:
        """Return dx/dt, (batch, unit)."""
        return np.asarray(-h + np.tanh(h) @ self.weights.T)

    def jacobian(self, h: Floats, x: Floats) -> Floats:
        """Return the derivative of the velocity, (batch, unit, unit)."""
        return np.asarray(-np.eye(h.shape[1]) + self.weights * (1 - np.tanh(h) ** 2)[:, None])


@dataclass(frozen=True)
class MeanField:
    """What holds for infinitely many units at one gain above 1.

    Attributes
    ----------
    variance : float
        Of the states, Delta(0).
    lags : array, shape (lag,)
    correlation : array, shape (lag,)
        Autocorrelation Delta(lag) / Delta(0), falling from 1 to 0.001.
    time : float
        Its integral from 0 to infinity.
    exponent : float
        Largest Lyapunov exponent.
    """

    variance: float
    lags: Floats
    correlation: Floats
    time: float
    exponent: float


class _Gaussian:
    """Means of products over two Gaussian variables of one variance, by Gauss-Hermite quadrature."""

    def __init__(self, points: int = 80) -> None:
        nodes, weights = np.polynomial.hermite_e.hermegauss(points)
        self.nodes, self.weights = nodes, weights / weights.sum()

    def product(self, kind: str, variance: float, covariance: Floats) -> Floats:
        """Return <f(x) f(y)> for each covariance between 0 and the variance."""
        common = np.clip(np.asarray(covariance, dtype=np.float64), 0.0, variance)[..., None]
        at = np.sqrt(variance - common)[..., None] * self.nodes + (np.sqrt(common) * self.nodes)[..., None]
        # log cosh without overflow; the derivative of tanh
        size = np.abs(at)
        values = size + np.log1p(np.exp(-2 * size)) - np.log(2) if kind == "log cosh" else 1 - np.tanh(at) ** 2
        return np.asarray(((values @ self.weights) ** 2) @ self.weights)


def mean_field(gain: float) -> MeanField:
    """Solve the theory for a gain above 1 (Sompolinsky, Crisanti & Sommers 1988, eqs. 4 to 9).

    Delta moves like a particle in a potential V, from Delta(0) at rest to 0, where it arrives after infinite time:
    V(Delta(0)) = V(0) says which Delta(0). The largest exponent is ``sqrt(1 - E) - 1`` with the ground energy E of a
    particle in the potential ``1 - g^2 <tanh' tanh'>``.

    Examples
    --------
    Near gain 1 the correlation is 1 / cosh of width sqrt(3) / (g - 1), whose integral is pi / 2 times that:

    >>> found = mean_field(1.02)
    >>> round(float(found.time * 0.02 / np.sqrt(3) / (np.pi / 2)), 2), round(found.variance / 0.02, 2)
    (1.04, 1.02)
    """
    from scipy.integrate import cumulative_trapezoid
    from scipy.optimize import brentq

    gauss = _Gaussian()

    def potential(covariance: Floats, variance: float) -> Floats:
        return -(covariance**2) / 2 + gain**2 * gauss.product("log cosh", variance, covariance)

    def gap(variance: float) -> float:
        high, low = potential(np.array([variance, 0.0]), variance)
        return float((high - low) / variance**2)

    variance = brentq(gap, 1e-3 * (gain - 1), gain**2, xtol=1e-14, rtol=1e-14)
    # with Delta = Delta(0) (1 - u^2) the pace is smooth where it begins
    u = (np.arange(4000) + 0.5) / 4000
    share = 1 - u**2
    top = potential(np.array([variance]), variance)[0]
    pace = np.sqrt(2 * np.maximum(top - potential(variance * share, variance), 1e-300))
    slowness = 2 * variance * u / pace
    shown = share > 1e-3
    lags = np.concatenate([[0.0], cumulative_trapezoid(slowness, u, initial=0.0) + slowness[0] * u[0]])
    correlation = np.concatenate([[1.0], share])
    return MeanField(
        variance=float(variance),
        lags=lags[:-1][shown],
        correlation=correlation[:-1][shown],
        time=float((share * slowness).mean()),
        exponent=_exponent(gain, variance, lags[:-1][shown], correlation[:-1][shown], gauss),
    )


def _exponent(gain: float, variance: float, lags: Floats, correlation: Floats, gauss: _Gaussian) -> float:
    """Return the largest exponent from the ground state on a line on both sides of lag 0, by differences."""
    from scipy.linalg import eigh_tridiagonal

    longest = 3 * lags[-1]
    places = np.linspace(0, longest, 3001)
    covariance = variance * np.interp(places, lags, correlation, right=0.0)
    well = 1 - gain**2 * gauss.product("slope", variance, covariance)
    width = places[1]
    diagonal = 2 / width**2 + well
    beside = np.full(len(places) - 1, -1 / width**2)
    beside[0] *= np.sqrt(2)  # the ground state is even: only one side is needed
    energy = eigh_tridiagonal(diagonal, beside, eigvals_only=True, select="i", select_range=(0, 0))[0]
    return float(np.sqrt(1 - energy) - 1)
