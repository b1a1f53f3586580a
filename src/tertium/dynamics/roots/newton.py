"""Newton's method on many starts at once: damped, norm-clipped, in float64."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tertium.dynamics.step import PART

if TYPE_CHECKING:
    from tertium.dynamics.step import Dynamics

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Search:
    """Where each start ended.

    Attributes
    ----------
    states : array, shape (start, unit)
        The last state.
    speeds : array, shape (start,)
        Norm of the velocity there.
    converged : array of bool, shape (start,)
        Whether the speed and the last Newton step fell below the tolerance.
    """

    states: Floats
    speeds: Floats
    converged: npt.NDArray[np.bool_]


def newton_steps(system: Dynamics, states: Floats, inputs: Floats) -> Floats:
    """Return the Newton steps ``-J^-1 F``, (start, unit); NaN where the Jacobian of the velocity is singular."""
    steps = np.empty_like(states)
    for start in range(0, len(states), PART):
        part = slice(start, start + PART)
        velocity = system.velocity(states[part], inputs[part])
        steps[part] = -solve(system.velocity_jacobian(states[part], inputs[part]), velocity)
    return steps


def solve(matrices: Floats, vectors: Floats) -> Floats:
    """Solve each linear system of a batch; NaN where the matrix is singular.

    Parameters
    ----------
    matrices : array, shape (batch, n, n)
    vectors : array, shape (batch, n)

    Examples
    --------
    >>> solve(np.array([[[2.0]], [[0.0]]]), np.array([[1.0], [1.0]])).tolist()
    [[0.5], [nan]]
    """
    import torch

    # LAPACK by way of torch solves the others where one of the batch is singular; NumPy gives up on all
    found, failed = torch.linalg.solve_ex(torch.from_numpy(matrices), torch.from_numpy(vectors)[..., None])
    answer = found[..., 0].numpy()
    answer[failed.numpy() != 0] = np.nan
    return np.asarray(answer)


def newton(
    system: Dynamics,
    states: Floats,
    inputs: Floats,
    *,
    tolerance: float = 1e-10,
    iterations: int = 100,
    longest: float | None = None,
    halvings: int = 6,
) -> Search:
    """Look for a root of the velocity from each start.

    A step is clipped to the norm ``longest`` and halved, at most ``halvings`` times, until the speed falls by a
    ten-thousandth of what the step promises (Armijo's rule); where it never does, the shortest step is taken all the
    same, which gets starts out of the flat places of a saturating network. Newton's method finds saddles as well as
    attractors.

    Parameters
    ----------
    system : Dynamics
    states : array, shape (start, unit)
    inputs : array, shape (start, channel)
    tolerance : float
        Of the speed and of the Newton step, relative to one plus the norm of the state.
    iterations : int
        At most so many.
    longest : float, optional
        Longest step; by default half the root mean square norm of the starts about their mean, at least 1.
    halvings : int
        Of a step, at most.

    Returns
    -------
    Search
    """
    if longest is None:
        longest = max(1.0, 0.5 * float(np.sqrt(((states - states.mean(0)) ** 2).sum(1).mean())))
    at = states.copy()
    speeds = np.full(len(at), np.inf)
    converged = np.zeros(len(at), dtype=bool)
    alive = np.arange(len(at))
    for _ in range(iterations):
        h, x = at[alive], inputs[alive]
        before = speed(system, h, x)
        step = newton_steps(system, h, x)
        with np.errstate(over="ignore"):  # of a Jacobian that is all but singular
            size = np.linalg.norm(step, axis=1)
        usable = np.isfinite(size)
        scale = tolerance * (1 + np.linalg.norm(h, axis=1))
        there = usable & (before < scale) & (size < scale)
        step[usable] *= np.minimum(1.0, longest / np.maximum(size[usable], 1e-300))[:, None]
        moved, after = backtrack(system, h, x, np.where(usable[:, None], step, 0.0), before, halvings)
        better = ~there | (after < before)  # a last step may only polish
        at[alive[better]], before[better] = moved[better], after[better]
        speeds[alive] = before
        converged[alive[there]] = True
        alive = alive[usable & ~there & np.isfinite(after)]
        if not len(alive):
            break
    return Search(at, speeds, converged)


def speed(system: Dynamics, h: Floats, x: Floats) -> Floats:
    """Return the norm of the velocity, (batch,); infinite or NaN for states too far out to be worked with."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(np.linalg.norm(system.velocity(h, x), axis=1))


def backtrack(
    system: Dynamics, h: Floats, x: Floats, step: Floats, before: Floats, halvings: int
) -> tuple[Floats, Floats]:
    """Shorten the steps that do not slow the state down; return the new states and their speeds."""
    length = np.ones(len(h))
    moved = h + step
    after = speed(system, moved, x)
    for _ in range(halvings):
        worse = ~(after <= (1 - 1e-4 * length) * before)  # NaN is worse
        if not worse.any():
            break
        length[worse] /= 2
        moved[worse] = h[worse] + length[worse, None] * step[worse]
        after[worse] = speed(system, moved[worse], x[worse])
    return moved, after
