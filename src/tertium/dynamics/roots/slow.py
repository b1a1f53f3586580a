"""Slow points: where a state moves least, by the Levenberg-Marquardt method or by gradient descent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from tertium.dynamics.roots.newton import Search, solve, speed
from tertium.dynamics.step import PART

if TYPE_CHECKING:
    from tertium.dynamics.step import Dynamics

Floats = npt.NDArray[np.float64]
Minimiser = Literal["levenberg_marquardt", "gradient"]


def slowest(
    system: Dynamics,
    states: Floats,
    inputs: Floats,
    *,
    method: Minimiser = "levenberg_marquardt",
    tolerance: float = 1e-9,
    iterations: int = 200,
) -> Search:
    """Follow ``q = |F|^2 / 2`` downhill from each start (Sussillo & Barak 2013, eq. 2.2).

    Parameters
    ----------
    system : Dynamics
    states : array, shape (start, unit)
    inputs : array, shape (start, channel)
    method : {"levenberg_marquardt", "gradient"}
        The first solves ``(J'J + damping) step = -J'F`` with a damping for each start, tenfold more where q rose and
        threefold less where it fell. The second steps along ``-J'F``, with a length for each start that is halved
        where q rose and grows by a fifth where it fell; it takes long, but strays less along a slow manifold.
    tolerance : float
        A start has converged where a step changes q by less than this fraction, or |F| is below it.
    iterations : int
        At most so many.

    Returns
    -------
    Search
        ``converged`` says that q falls no more, not that the velocity vanishes.
    """
    at = states.copy()
    speeds = speed(system, at, inputs)
    converged, alive = np.zeros(len(at), dtype=bool), np.flatnonzero(np.isfinite(speeds))
    knob = np.full(len(at), 1e-2 if method == "levenberg_marquardt" else 0.5)  # damping, or length
    more, less = (10.0, 1 / 3) if method == "levenberg_marquardt" else (0.5, 1.2)
    for _ in range(iterations):
        step = _steps(system, at[alive], inputs[alive], knob[alive], method)
        moved = at[alive] + step
        after = speed(system, moved, inputs[alive])
        before = speeds[alive]
        fell = after < before  # False for NaN
        still = fell & (before**2 - after**2 <= tolerance * before**2)
        stuck = ~fell & (np.linalg.norm(step, axis=1) <= 1e-12 * (1 + np.linalg.norm(at[alive], axis=1)))
        at[alive[fell]], speeds[alive[fell]] = moved[fell], after[fell]
        knob[alive] *= np.where(fell, less, more)
        finished = still | stuck | (speeds[alive] < tolerance)
        converged[alive[finished]] = True
        alive = alive[~finished]
        if not len(alive):
            break
    return Search(at, speeds, converged)


def _steps(system: Dynamics, h: Floats, x: Floats, knob: Floats, method: Minimiser) -> Floats:
    steps = np.empty_like(h)
    for start in range(0, len(h), PART):
        part = slice(start, start + PART)
        jacobian = system.velocity_jacobian(h[part], x[part])
        gradient = np.einsum("bij,bi->bj", jacobian, system.velocity(h[part], x[part]))
        if method == "gradient":
            steps[part] = -knob[part, None] * gradient
            continue
        normal = jacobian.transpose(0, 2, 1) @ jacobian
        diagonal = np.einsum("bii->bi", normal)
        normal[:, range(h.shape[1]), range(h.shape[1])] += knob[part, None] * np.maximum(
            diagonal, 1e-8 * diagonal.max(1, keepdims=True) + 1e-300
        )
        steps[part] = np.nan_to_num(-solve(normal, gradient))
    return steps
