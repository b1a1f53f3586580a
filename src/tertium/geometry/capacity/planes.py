"""Planes through the origin that put manifolds on the sides of their labels: is there one, and how far off can it be.

The largest margin is found by cutting planes: the nearest point of the hull of a few points (least distance programming
by non-negative least squares, Lawson & Hanson 1974, chapter 23), to which the worst point of each manifold is added
until none is on the wrong side.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput

Floats = npt.NDArray[np.float64]

#: Of a plane, (dimension,), the worst points of all manifolds, multiplied by their labels: (manifold, dimension).
Worst = Callable[[Floats], Floats]

#: A margin below this, relative to the longest point, is rounding error of the solver.
TOUCHES = 1e-7

#: Relative gap between the margin of the points added and that of all points.
GAP = 1e-6

#: Points held for each dimension beyond which those without weight are let go.
MANY = 5

#: Times that worst points are added, at most.
ROUNDS = 1000


def largest_margin(worst: Worst, start: Floats, *, exact: bool = True, least: float = TOUCHES) -> tuple[float, Floats]:
    """Return the largest margin of a plane through the origin, and the plane's unit normal.

    Parameters
    ----------
    worst : callable
        Worst points of all manifolds for a plane.
    start : array, shape (manifold, dimension)
        A point of each manifold, multiplied by its label.
    exact : bool
        Stop only where the margin is the largest; otherwise at the first plane that separates.
    least : float
        Margins that can be no larger than this, relative to the longest of the first points, count as none.

    Returns
    -------
    float
        In the unit of the points; 0 if no plane separates them.
    array, shape (dimension,)
        Zeros if no plane separates them.

    Raises
    ------
    BadInput
        If the solver does not settle.

    Examples
    --------
    >>> points = np.array([[3.0, 1.0], [3.0, -2.0]])  # signed
    >>> margin, normal = largest_margin(worst_of([points]), points[:1])
    >>> round(margin, 6), normal.round(6).tolist()
    (3.0, [1.0, 0.0])
    """
    from scipy.optimize import nnls

    scale = float(np.linalg.norm(start, axis=1).max())
    none = (0.0, np.zeros(start.shape[1]))
    if scale == 0:
        return none
    held = start / scale
    for _ in range(ROUNDS):
        system = np.vstack([held.T, np.ones(len(held))])
        goal = np.append(np.zeros(held.shape[1]), 1.0)
        weights, _ = nnls(system, goal, maxiter=100 * system.shape[1])
        residual = system @ weights - goal
        length = float(np.linalg.norm(residual[:-1]))
        if length < TOUCHES:
            return none
        normal = residual[:-1] / length
        margin = -float(residual[-1]) / length  # of the points held: no plane has more for all points
        if margin < least:
            return none
        found = worst(normal) / scale
        reached = found @ normal
        if reached.min() >= margin * (1 - GAP) or (not exact and reached.min() > TOUCHES):
            return max(float(reached.min()), 0.0) * scale, normal
        # the margin falls with every round, so that points without weight may go and come back, but not for ever
        kept = held[weights > 0] if len(held) > MANY * held.shape[1] else held
        held = np.vstack([kept, found[reached < margin * (1 - GAP)]])
    raise BadInput(
        "plane", got=f"no answer after {ROUNDS} rounds", expected="points that are clearly apart, or clearly not",
        repair="Scale the responses.",
    )  # fmt: skip


def worst_of(signed: list[Floats]) -> Worst:
    """Return the function that finds the worst point of each cloud, (point, dimension), for a plane."""
    ends = np.cumsum([0, *(len(one) for one in signed)])
    every = np.concatenate(signed)

    def worst(normal: Floats) -> Floats:
        reached = every @ normal
        lowest = [start + int(reached[start:stop].argmin()) for start, stop in pairwise(ends)]
        return np.asarray(every[lowest])

    return worst


def worst_of_balls(centres: Floats, axes: Floats, radius: float) -> Worst:
    """Return the function that finds the worst point of each ball for a plane.

    Parameters
    ----------
    centres : array, shape (ball, dimension)
        Multiplied by their labels.
    axes : array, shape (ball, axis, dimension)
    radius : float
    """

    def worst(normal: Floats) -> Floats:
        along = axes @ normal
        along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-300)
        return np.asarray(centres - radius * np.einsum("ba,bad->bd", along, axes))

    return worst
