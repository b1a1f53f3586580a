"""A ring of units with cosine couplings: bumps that rest anywhere, diffuse, and are turned by a velocity input."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Ring:
    """Units with preferred angles all round, and what connects them; time is in units of their time constant.

    ``du_i/dt = -u_i + drive + sum_j (w(i - j) + v s(i - j)) f(u_j) / n``, with ``w = inhibition + excitation cos``,
    ``s = excitation sin`` (minus the derivative of w) and f the logistic function. The sine turns the bump with the
    angular velocity v without changing its shape (Zhang 1996).

    Attributes
    ----------
    units : int
    excitation, inhibition, drive : float
        ``inhibition`` is the mean coupling, below 0.
    weights : array, shape (unit, unit), optional
        In place of the cosine, for a ring that is not perfect.
    """

    units: int
    excitation: float
    inhibition: float
    drive: float
    weights: Floats | None = None

    @property
    def angles(self) -> Floats:
        """Preferred angles, rad."""
        return np.arange(self.units) * 2 * np.pi / self.units

    def couplings(self) -> Floats:
        """Return the couplings ``w / n``, (unit, unit)."""
        if self.weights is not None:
            return self.weights
        away = self.angles[:, None] - self.angles
        return np.asarray((self.inhibition + self.excitation * np.cos(away)) / self.units)

    def velocity(self, u: Floats, turn: Floats | float = 0.0, extra: Floats | float = 0.0) -> Floats:
        """Return du/dt of states (run, unit), under a velocity input (run,) and an extra input (run, unit).

        Examples
        --------
        >>> ring = Ring(16, 18.0, -10.0, 2.5)
        >>> dense = Ring(16, 18.0, -10.0, 2.5, ring.couplings())
        >>> u = np.random.default_rng(0).normal(size=(3, 16))
        >>> bool(np.allclose(ring.velocity(u), dense.velocity(u)))
        True
        """
        rates = expit(u)
        cos, sin = np.cos(self.angles), np.sin(self.angles)
        a, b = rates @ cos / self.units, rates @ sin / self.units
        turn = np.broadcast_to(turn, a.shape)
        if self.weights is None:
            # three numbers are all that the cosine couplings ask of the rates
            mean = self.inhibition * rates.mean(1, keepdims=True)
            along, across = a - turn * b, b + turn * a
            inputs = mean + self.excitation * (along[:, None] * cos + across[:, None] * sin)
        else:
            inputs = rates @ self.weights.T
            inputs = inputs + self.excitation * turn[:, None] * (a[:, None] * sin - b[:, None] * cos)
        return np.asarray(self.drive + inputs + extra - u)

    def jacobian(self, u: Floats) -> Floats:
        """Return the derivative of `velocity` in the state, (run, unit, unit), without velocity input."""
        rates = expit(u)
        slopes = rates * (1 - rates)
        return np.asarray(self.couplings() * slopes[:, None, :] - np.eye(self.units))

    def decode(self, u: Floats) -> tuple[Floats, Floats]:
        """Return angle (rad) and amplitude (0 to 1) of the rates' first Fourier component, over the last axis."""
        wave = expit(u) @ np.exp(1j * self.angles) * 2 / self.units
        return np.angle(wave), np.abs(wave)


def bump(ring: Ring, angle: float = 0.0) -> Floats:
    """Return the resting state ``a + b cos(angle' - angle)`` of a perfect ring, (unit,), by Newton's method on (a, b).

    Examples
    --------
    >>> ring = Ring(64, 18.0, -10.0, 2.5)
    >>> bool(np.abs(ring.velocity(bump(ring, 0.3)[None])).max() < 1e-12)
    True
    """
    from scipy.optimize import fsolve

    cos = np.cos(ring.angles)

    def away(ab: Floats) -> list[float]:
        rates = expit(ab[0] + ab[1] * cos)
        return [
            ring.drive + ring.inhibition * rates.mean() - ab[0],
            ring.excitation * float(rates @ cos) / ring.units - ab[1],
        ]

    a, b = fsolve(away, [-1.0, 4.0], xtol=1e-13)
    return np.asarray(a + b * np.cos(ring.angles - angle))


def uniform(ring: Ring) -> Floats:
    """Return the resting state in which all units are alike, (unit,)."""
    from scipy.optimize import brentq

    level = brentq(lambda a: ring.drive + ring.inhibition * expit(a) - a, -100, 100)
    return np.full(ring.units, float(level))


def run(
    ring: Ring,
    start: Floats,
    duration: float,
    dt: float,
    *,
    noise: float = 0.0,
    rng: np.random.Generator | None = None,
    turn: Floats | None = None,
    shared: int = 0,
    every: int = 1,
) -> tuple[Floats, Floats]:
    """Run from states (run, unit) by the Euler-Maruyama method; return unwrapped angles and amplitudes.

    Parameters
    ----------
    ring : Ring
    start : array, shape (run, unit)
    duration, dt : float
        In time constants.
    noise : float
        Of each unit, per square root of a time constant.
    rng : numpy.random.Generator, optional
        Of the noise.
    turn : array, shape (step,), optional
        Velocity input, rad a time constant.
    shared : int
        Draw the noise as so many Fourier components, whatever the number of units, in place of one value a unit.
    every : int
        Steps between two states that are decoded.

    Returns
    -------
    angles, amplitudes : array, shape (time, run)
    """
    u = np.array(start, dtype=np.float64)
    steps = round(duration / dt)
    angle, size = ring.decode(u)
    angles, sizes = [angle], [size]
    waves = np.arange(1, shared // 2 + 1)[:, None] * ring.angles
    basis = np.concatenate([np.cos(waves), np.sin(waves)])
    for step in range(steps):
        u = u + dt * ring.velocity(u, 0.0 if turn is None else float(turn[step]))
        if noise and rng is not None:
            drawn = rng.standard_normal((len(u), shared)) @ basis if shared else rng.standard_normal(u.shape)
            u += noise * np.sqrt(dt) * drawn
        if (step + 1) % every == 0:
            angle, size = ring.decode(u)
            angles.append(angle)
            sizes.append(size)
    return np.unwrap(np.array(angles), axis=0), np.array(sizes)


def through_origin(x: Floats, y: Floats) -> tuple[float, float]:
    """Return the slope of the line through the origin, and the variance that it explains.

    Examples
    --------
    >>> through_origin(np.array([0.0, 1.0, 2.0]), np.array([0.0, 3.0, 6.0]))
    (3.0, 1.0)
    """
    slope = float(x @ y / (x @ x))
    return slope, float(1 - ((y - slope * x) ** 2).sum() / ((y - y.mean()) ** 2).sum())


def diffusion(ring: Ring, noise: float) -> tuple[float, float]:
    """Return the growth of the angle's variance (rad^2 a time constant) by theory, and by a shorter way that is wrong.

    Noise moves the bump by its part along the left eigenvector of the marginal mode, ``f'(u) sin``; the wrong way takes
    the bump's own derivative, ``sin``, as if the Jacobian were symmetric.

    Examples
    --------
    >>> small, large = (diffusion(Ring(n, 18.0, -10.0, 2.5), 1.0)[0] for n in (64, 128))
    >>> round(small / large, 6)
    2.0
    """
    u = bump(ring)
    rates, sin = expit(u), np.sin(ring.angles)
    moved = (u.max() - u.min()) / 2 * sin  # du/dangle
    left = rates * (1 - rates) * sin
    right, wrong = (float(noise**2 * (w @ w) / (w @ moved) ** 2) for w in (left, moved))
    return right, wrong
