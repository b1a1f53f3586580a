"""The moving average taken apart: slow points for pairs of values, whether they are of use, how many ways they give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium.dynamics import as_dynamics, fixed_points, sample_states
from tertium.dynamics.roots.slow import slowest
from tertium.geometry import participation_ratio
from tertium.studies.methods.sussillo_networks import Equations, ExamplesConfig
from tertium.studies.methods.sussillo_pulses import interval

if TYPE_CHECKING:
    from tertium.rng import Seeds

Floats = npt.NDArray[np.float64]
Truths = npt.NDArray[np.bool_]

#: Largest error of an output that is right, as in the task.
RIGHT = 0.1

#: The next values that a point of use must take in.
PROBES = (-0.8, 0.0, 0.8)

#: Time constants without input before the plane is laid through the states.
REST = 10

#: Dimensions that are held while q is minimised: as many as values that count.
HELD = 2


def pairs(values: int, reach: float = 0.9) -> Floats:
    """Return pairs of values on a square grid, (pair, 2): the last but one, the last.

    Examples
    --------
    >>> pairs(2).tolist()
    [[-0.9, -0.9], [-0.9, 0.9], [0.9, -0.9], [0.9, 0.9]]
    """
    grid = np.linspace(-reach, reach, values)
    return np.stack([one.ravel() for one in np.meshgrid(grid, grid, indexing="ij")], axis=1)


def show(equations: Equations, x: Floats, value: npt.ArrayLike, config: ExamplesConfig, wait: float) -> Floats:
    """Return states after one marked pulse, of one value or one for each state, and seconds without input."""
    given = np.stack([np.broadcast_to(np.asarray(value, dtype=np.float64), len(x)), np.ones(len(x))], axis=1)
    shown = equations.run(x, given, round(config.pulse / config.dt))
    return equations.run(shown, np.zeros(2), round(wait / config.dt))


def keep(equations: Equations, two: Floats, config: ExamplesConfig) -> Floats:
    """Return the states in which a network keeps pairs of values, (pair, unit): both were shown, and it was left alone.

    It is left alone for the shortest gap after either pulse and then for `REST` time constants more.
    """
    x = np.zeros((len(two), len(equations.bias)))
    for value in two.T:
        x = show(equations, x, value, config, config.gap)
    return equations.run(x, np.zeros(2), round(REST * config.tau / config.dt))


def slow_points(equations: Equations, kept: Floats, held: int = HELD) -> tuple[Floats, Truths]:
    """Return for each state the point of least q with the same place in the plane of all states; and whether q settled.

    Where a plane is nearly but not quite stationary, minimisation of q slides along it until it comes to one of a few
    true zeros, and its last state depends on how soon it was stopped. So the place along the plane is held, the first
    two principal components of all states, and q minimised across it. (Of a first network, gradient descent that was
    free to slide and stopped after 2000 steps came to the same values of q.)

    Parameters
    ----------
    equations : Equations
    kept : array, shape (state, unit)
    held : int
        Components that are held; 0 lets the states slide.
    """
    centred = kept - kept.mean(0)
    along = np.linalg.svd(centred, full_matrices=False)[2][:held]
    across = np.eye(kept.shape[1]) - along.T @ along
    still = np.zeros((len(kept), equations.incoming.shape[1]))

    def place(x: Floats, begun: Floats) -> Floats:
        return np.asarray(begun + (x - begun) @ across)

    def velocity(x: Floats, begun: Floats) -> Floats:
        return equations.velocity(place(x, begun), still[: len(x)])

    def slope(x: Floats, begun: Floats) -> Floats:
        return equations.slope(place(x, begun), still[: len(x)]) @ across

    system = as_dynamics(velocity, kept.shape[1], np.zeros(kept.shape[1]), time="continuous", jacobian=slope)
    found = slowest(system, kept, kept, iterations=500)
    return place(found.states, kept), found.converged


def useful(equations: Equations, points: Floats, two: Floats, config: ExamplesConfig, count: int = 2) -> Truths:
    """Return which points stand for their pairs: the network that is put there answers as if it had seen them.

    Its output must be right (within 0.1) at once, after the mean interval between pulses without input, and after
    each of three further values, -0.8, 0 and 0.8, shown then.

    Parameters
    ----------
    equations : Equations
    points : array, shape (pair, unit)
    two : array, shape (pair, 2)
        The last but one value and the last.
    config : ExamplesConfig
    count : int
        How many values the network averages, 1 or 2.
    """
    wait = config.gap + 1 / config.rate
    waited = equations.run(points, np.zeros(2), round(wait / config.dt))
    mean = two[:, -count:].mean(1)
    good = [np.abs(equations.output(x) - mean) <= RIGHT for x in (points, waited)]
    for value in PROBES:
        after = show(equations, waited, value, config, config.gap - config.pulse)
        wanted = (two[:, 1] + value) / 2 if count == 2 else np.full(len(two), value)
        good.append(np.abs(equations.output(after) - wanted) <= RIGHT)
    return np.asarray(np.all(good, axis=0))


def flatness(config: ExamplesConfig) -> float:
    """Return the singular value of the Jacobian below which a direction is flat, per time constant.

    q rises by ``(s d)^2 / 2`` at a distance d along the direction of a singular value s. A value counts until the
    second mark after its own; a direction is flat if the speed that a displacement brings moves the state by less
    than that displacement in this time, two mean intervals between marks.

    Examples
    --------
    >>> round(flatness(ExamplesConfig()), 4)
    0.0341
    """
    return config.tau / (2 * interval(config.gap, config.rate, config.marked))


def plane(
    equations: Equations, two: Floats, config: ExamplesConfig, starts: int, seeds: Seeds, count: int = 2
) -> dict[str, Any]:
    """Find the slow points of a network for pairs of values, and its fixed points.

    Returns
    -------
    dict
        By pair: ``points`` (pair, unit), ``settled``, ``q``, ``useful``, ``useful_shuffled`` (the points of other
        pairs), ``outputs``, ``singular`` (pair, 6: smallest singular values of the Jacobian), ``growth`` (pair, 6: real
        parts of the slowest modes, per time constant), ``slid_q`` (of states that were free to slide), ``nearest``
        (whether the nearest fixed point is of use); and ``fixed`` (points), ``fixed_index``, ``shares`` (of the points'
        variance by component), ``dimension`` (their participation ratio).
    """
    kept = keep(equations, two, config)
    still = np.zeros((len(kept), 2))
    points, settled = slow_points(equations, kept)
    slid, _ = slow_points(equations, kept, held=0)
    begin = sample_states(np.concatenate([kept, points]), starts, mixtures=True, seed=seeds.integer("starts") % 2**31)
    system = as_dynamics(
        equations.velocity, len(equations.bias), np.zeros(2), time="continuous", jacobian=equations.slope
    )
    found = fixed_points(system, begin, np.zeros(2), slow=None)
    slopes = equations.slope(points, still)
    centred = points - points.mean(0)
    variance = np.linalg.svd(centred, compute_uv=False) ** 2
    return {
        "points": points,
        "settled": settled,
        "q": equations.q(points, still),
        "useful": useful(equations, points, two, config, count),
        "useful_shuffled": useful(equations, seeds.numpy("pairs").permutation(points), two, config, count),
        "outputs": equations.output(points),
        "singular": np.sort(np.linalg.svd(slopes, compute_uv=False), axis=1)[:, :6],
        "growth": -np.sort(-np.linalg.eigvals(slopes).real, axis=1)[:, :6],
        "slid_q": equations.q(slid, still),
        "nearest": _nearest_useful(equations, found.points, points, two, config, count),
        "fixed": found.points,
        "fixed_index": found.index,
        "shares": variance[:10] / variance.sum(),
        "dimension": float(participation_ratio(points)),
    }


def _nearest_useful(
    equations: Equations, fixed: Floats, points: Floats, two: Floats, config: ExamplesConfig, count: int
) -> Truths:
    """Return of which pairs the nearest fixed point is of use; none where there is no fixed point."""
    if not len(fixed):
        return np.zeros(len(two), dtype=bool)
    nearest = np.linalg.norm(points[:, None] - fixed, axis=-1).argmin(1)
    return useful(equations, fixed[nearest], two, config, count)
