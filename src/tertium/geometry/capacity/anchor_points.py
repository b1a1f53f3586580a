"""Anchor points: the point of a manifold that decides a random readout, for many readouts at once.

All readouts of one manifold share its points, so that the quadratic programmes are solved side by side by an active-set
method (Lawson & Hanson 1974, chapter 23) whose steps are batched over the readouts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

#: A gradient below this, relative to the largest one, counts as none.
TOLERANCE = 1e-10

#: Largest residual of the conditions of Karush, Kuhn and Tucker that is let through.
RESIDUAL = 1e-6


@dataclass(frozen=True, eq=False)
class Anchors:
    """Solutions for many readouts of one manifold.

    Attributes
    ----------
    weights : array, shape (readout, point)
        Of the points, 0 or above; a readout that no point resists has none.
    points : array, shape (readout, coordinate)
        Anchor points: averages of the points by their weights, or the point that resists most where there are none.
    cost : array, shape (readout,)
        ``F``: squared distance by which the readout must be moved.
    residual : float
        Largest violation of the conditions of optimality, relative to the largest projection.
    iterations : int
    """

    weights: Floats
    points: Floats
    cost: Floats
    residual: float
    iterations: int


def anchor_points(points: Floats, readouts: Floats, margin: float = 0.0) -> Anchors:
    """Find the anchor point of each readout: ``min |V + T|^2`` so that no point of the manifold is above ``-margin``.

    With points ``s`` that end in the coordinate 1 of the centre, this is the problem of Chung et al. (2018, eq. 16),
    mirrored (T and -T are equally likely). Its dual has one weight a point,
    ``min |S' a|^2 / 2 - a (S T + margin)``, ``a >= 0``; the cost F is ``|S' a|^2``.

    Parameters
    ----------
    points : array, shape (point, coordinate)
        Of the manifold, the last coordinate 1.
    readouts : array, shape (readout, coordinate)
        Random vectors T.
    margin : float
        Margin, 0 or above, in units of the centre's norm.

    Returns
    -------
    Anchors

    Raises
    ------
    BadInput
        If the solver does not reach the conditions of optimality.

    Examples
    --------
    >>> disc = np.array([[1.0, 1.0], [-1.0, 1.0]])  # a segment of radius 1
    >>> found = anchor_points(disc, np.array([[0.0, 2.0], [3.0, 1.0], [0.5, -3.0]]))
    >>> found.cost.tolist(), found.points[1].tolist()
    ([4.0, 8.0, 0.0], [1.0, 1.0])
    """
    goal = readouts @ points.T + margin  # (readout, point)
    weights, iterations = _active_set(points, goal)
    moved = weights @ points
    gradient = goal - moved @ points.T
    scale = max(float(np.abs(goal).max()), 1e-300)
    residual = (
        max(float(gradient.max()), float(np.abs(gradient * weights).max() / max(weights.max(), 1.0)), 0.0) / scale
    )
    if not residual <= RESIDUAL:
        raise BadInput(
            "anchor points",
            got=f"conditions of optimality violated by {residual:.1e}",
            expected=f"{RESIDUAL:g} at most",
            repair="Scale the responses, or leave out points that nearly coincide.",
        )
    total = weights.sum(1)
    touching = total > 0
    found = points[goal.argmax(1)].copy()
    found[touching] = moved[touching] / total[touching, None]
    return Anchors(weights, found, (moved**2).sum(1), residual, iterations)


def _active_set(points: Floats, goal: Floats) -> tuple[Floats, int]:
    """Return weights (readout, point) that minimise ``|S' a|^2 / 2 - a goal`` for ``a >= 0``, and the steps taken."""
    many, size = goal.shape
    weights = np.zeros((many, size))
    active: Mask = np.zeros((many, size), dtype=bool)
    settled: Mask = np.ones(many, dtype=bool)  # weights are the best of their active set
    left = np.arange(many)
    floor = TOLERANCE * max(float(np.abs(goal).max()), 1e-300)
    for step in range(20 * (size + 10)):
        enters = settled[left]
        gradient = goal[left] - (weights[left] @ points) @ points.T
        gradient[active[left]] = -np.inf
        best = gradient.argmax(1)
        optimal = enters & (gradient[np.arange(len(left)), best] <= floor)
        entering = enters & ~optimal
        active[left[entering], best[entering]] = True
        left = left[~optimal]
        if not len(left):
            return weights, step + 1
        solved = _solve(points, goal[left], active[left])
        old = weights[left]
        falls = active[left] & (solved <= 0)
        good = ~falls.any(1)
        weights[left[good]] = solved[good]
        settled[left] = good
        bad = left[~good]
        if len(bad):
            before, wanted, leaves = old[~good], solved[~good], falls[~good]
            room = np.where(leaves, before / np.maximum(before - wanted, 1e-300), np.inf)
            share = room.min(1, keepdims=True)
            moved = before + share * (wanted - before)
            gone = leaves & (room <= share)
            moved[gone] = 0.0
            active[bad] &= ~gone
            weights[bad] = np.where(active[bad], np.maximum(moved, 0.0), 0.0)
    raise BadInput(
        "anchor points",
        got=f"no solution for {len(left)} of {many} readouts after {20 * (size + 10)} steps",
        expected="points that differ",
        repair="Leave out points that nearly coincide.",
    )


def _solve(points: Floats, goal: Floats, active: Mask) -> Floats:
    """Return the best weights on each active set, whatever their sign, (readout, point)."""
    count = active.sum(1)
    most = int(count.max())
    chosen = np.argsort(~active, axis=1, kind="stable")[:, :most]  # the active ones first
    real = np.arange(most) < count[:, None]
    picked = np.where(real[:, :, None], points[chosen], 0.0)
    gram = picked @ picked.transpose(0, 2, 1)
    gram[:, np.arange(most), np.arange(most)] += np.where(real, 0.0, 1.0)
    aim = np.where(real, np.take_along_axis(goal, chosen, 1), 0.0)
    found = np.linalg.solve(gram, aim[:, :, None])[:, :, 0]
    solved = np.zeros(goal.shape)
    np.put_along_axis(solved, chosen, np.where(real, found, 0.0), axis=1)
    return solved
