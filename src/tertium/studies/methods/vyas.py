"""Networks of DYN01, and measurements on them: orders of convergence, flow in a plane, nullclines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tertium.dynamics import FlowField, simulate
from tertium.errors import BadInput

Floats = NDArray[np.float64]
Velocity = Callable[[Floats, Floats], Floats]

#: Constants of FitzHugh and Nagumo's model.
RECOVERY, OFFSET, SHARE = 0.08, 0.7, 0.8


def rate_network(weights: Floats) -> Velocity:
    """Return the velocity of ``dh/dt = -h + W tanh(h)``, time in time constants."""

    def velocity(h: Floats, x: Floats) -> Floats:
        return np.asarray(-h + np.tanh(h) @ weights.T)

    return velocity


def rank_two(units: int, gain: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Draw weights ``m n^T / units`` of rank 2 whose overlap turns and grows, and the columns of m (unit, 2)."""
    m, noise = rng.normal(size=(2, units, 2))
    turn = gain * np.array([[1.0, -0.5], [0.5, 1.0]])
    return m @ (m @ turn + 0.5 * noise).T / units, m


def full_rank(units: int, gain: float, rng: np.random.Generator) -> Floats:
    """Draw independent Gaussian weights of variance gain^2 / units."""
    return np.asarray(gain * rng.normal(size=(units, units)) / np.sqrt(units))


def fitzhugh_nagumo(current: float) -> Velocity:
    """Return the velocity of FitzHugh and Nagumo's model under a constant current."""

    def velocity(h: Floats, x: Floats) -> Floats:
        v, w = h[:, 0], h[:, 1]
        return np.stack([v - v**3 / 3 - w + current, RECOVERY * (v + OFFSET - SHARE * w)], axis=1)

    return velocity


def nullcline_error(field: FlowField, current: float) -> float:
    """Return the largest distance in w of a field's nullclines from those of the model in closed form."""
    worst = 0.0
    for lines, expected in zip(
        field.nullclines,
        (lambda v: v - v**3 / 3 + current, lambda v: (v + OFFSET) / SHARE),
        strict=True,
    ):
        for line in lines:
            worst = max(worst, float(np.abs(line[:, 1] - expected(line[:, 0])).max()))
    return worst


def errors_of_steps(
    velocity: Velocity, starts: Floats, steps: NDArray[np.int64], method: Literal["euler", "rk4"], exact: Floats
) -> Floats:
    """Return the largest error after one unit of time for each number of steps, relative to the states' norm."""
    size = np.linalg.norm(exact, axis=1).max()
    found = []
    for n in steps.tolist():
        run = simulate(velocity, starts, n, time="continuous", dt=1 / n, method=method, every=n)
        found.append(np.linalg.norm(run[:, -1] - exact, axis=1).max() / size)
    return np.array(found)


def order(steps: NDArray[np.int64], errors: Floats) -> float:
    """Return the power of the step with which errors fall.

    Examples
    --------
    >>> round(order(np.array([10, 20, 40]), np.array([1.0, 0.25, 0.0625])), 6)
    2.0
    """
    return float(-np.polyfit(np.log(steps), np.log(errors), 1)[0])


def explained(true: Floats, found: Floats) -> float:
    """Return the fraction of the variance of states (run, time, unit) that others explain, all units together.

    Examples
    --------
    >>> explained(np.array([[[0.0], [2.0]]]), np.array([[[0.0], [2.0]]]))
    1.0
    """
    centred = true - true.mean((0, 1))
    return float(1 - ((true - found) ** 2).sum() / (centred**2).sum())


def followed(field: FlowField, states: Floats, dt: float) -> Floats:
    """Let a field in a plane move by itself from where runs (run, time, unit) begin, and lift the result to states."""
    if field.subspace is None:
        raise BadInput("field", got="one in the system's own space", expected="one in a plane", repair="Pass axes=.")
    begin = field.subspace.project(states[:, 0])
    flat = simulate(field.dynamics(), begin, states.shape[1] - 1, time="continuous", dt=dt)
    return field.subspace.lift(flat)
