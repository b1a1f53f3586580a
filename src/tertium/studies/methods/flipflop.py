"""Fixed points of networks that do the flip-flop: how many of each index, what joins them, and how sure that is."""

from __future__ import annotations

from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from tertium.dynamics import Connections, FixedPoints, as_dynamics, connections, fixed_points, graph_distance
from tertium.dynamics.roots.certificate import certify
from tertium.dynamics.states import sample_states
from tertium.rng import Seeds

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def expected_counts(bits: int) -> Integers:
    """Return how many points of index 0, 1, ... a product of ``bits`` bistable systems has: C(n, k) 2^(n - k).

    Examples
    --------
    >>> expected_counts(3).tolist(), expected_counts(4).sum().item()
    ([8, 12, 6, 1], 81)
    """
    return np.array([comb(bits, k) * 2 ** (bits - k) for k in range(bits + 1)])


def counts(index: Integers) -> Integers:
    """Return how many points of index 0, 1, ... there are."""
    return np.bincount(np.asarray(index, dtype=np.int64))


def points_off(index: Integers, bits: int) -> float:
    """Return by how many points the counts by index differ from those expected, missing and surplus ones added up.

    Examples
    --------
    >>> points_off(np.array([0, 0, 1]), 1), points_off(np.array([0]), 1)
    (0.0, 2.0)
    """
    found, expected = counts(index), expected_counts(bits)
    size = max(len(found), len(expected))
    return float(np.abs(np.pad(found, (0, size - len(found))) - np.pad(expected, (0, size - len(expected)))).sum())


def cube(bits: int) -> NDArray[np.bool_]:
    """Return which corners of a cube are joined by an edge, shape (2^bits, 2^bits).

    Examples
    --------
    >>> int(cube(3).sum()) // 2
    12
    """
    corners = (np.arange(2**bits)[:, None] >> np.arange(bits)) & 1
    return np.asarray(np.abs(corners[:, None] - corners).sum(-1) == 1)


def explained(points: Floats, components: int) -> float:
    """Return the share of the variance of points, (point, unit), that so many principal components have.

    Examples
    --------
    >>> explained(np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 0.5], [0.0, -0.5]]), 1)
    0.8
    """
    if len(points) < 2:
        return float("nan")
    variance = np.linalg.svd(points - points.mean(0), compute_uv=False) ** 2
    return float(variance[:components].sum() / variance.sum())


def search(step: Any, states: Floats, inputs: Floats, starts: int, seed: int, **options: Any) -> FixedPoints:
    """Find fixed points from mixtures of visited states: saddles lie between memories."""
    return fixed_points(step, sample_states(states, starts, mixtures=True, seed=seed), inputs, **options)


def join(step: Any, found: FixedPoints) -> Connections | None:
    """Let the system run from each saddle; None where there is no saddle or no memory."""
    return None if found.stable.all() or not found.stable.any() else connections(step, found)


def anatomy(step: Any, states: Floats, inputs: Floats, starts: int, seeds: Seeds, read: Any) -> dict[str, Any]:
    """Take a network apart and return what was found as plain arrays.

    Parameters
    ----------
    step : callable or module
    states : array, shape (trial, time, unit)
        Where the network has been.
    inputs : array, shape (channel,)
        The constant input under which it is looked at.
    starts : int
    seeds : Seeds
    read : callable
        ``(point, unit) -> (point, output)``, the read-out.

    Returns
    -------
    dict
        ``points, index, speeds, decrements, certified, eigenvalues`` (of the fixed points, by index), ``outputs``
        (point, output), ``saddles`` and ``ends`` (the fixed point that each run from a saddle left, and came to, -1
        for none), ``slow`` (speeds of slow points), ``unresolved`` (number of starts), ``starts_certified`` (share of
        the starts that the certificate would pass: none should).
    """
    seed = seeds.integer("starts") % 2**31
    found = search(step, states, inputs, starts, seed)
    graph = join(step, found)
    none = np.zeros(0, dtype=np.int64)
    begun = sample_states(states, min(starts, 128), mixtures=True, seed=seed)
    system = as_dynamics(step, states.shape[-1], inputs)
    proof = certify(system, begun, system.inputs(inputs, len(begun)))
    return {
        "points": found.points,
        "index": found.index,
        "speeds": found.speeds,
        "decrements": found.decrements,
        "certified": found.certified,
        "eigenvalues": np.stack([found.eigenvalues.real, found.eigenvalues.imag], axis=-1),
        "outputs": np.asarray(read(found.points), dtype=np.float64),
        "saddles": none if graph is None else graph.starts,
        "ends": none if graph is None else graph.ends,
        "neighbours": np.zeros((0, 0), dtype=bool) if graph is None else graph.neighbours(),
        "slow": found.slow.speeds,
        "unresolved": len(found.unresolved),
        "starts_certified": float(proof.certified.mean()),
        "starts_speed": float(
            np.median(np.linalg.norm(system.velocity(begun, system.inputs(inputs, len(begun))), axis=1))
        ),
    }


def distance_to_cube(neighbours: NDArray[np.bool_], bits: int) -> float:
    """Return how far the graph of memories is from a cube's; NaN where there is none."""
    return graph_distance(neighbours, cube(bits)) if len(neighbours) else float("nan")


def one_edge_less(neighbours: NDArray[np.bool_], bits: int) -> float:
    """Return the distance to the cube of a graph without one of its edges, for a control."""
    cut = np.array(neighbours, dtype=bool)
    joined = np.argwhere(cut)
    if len(joined):
        a, b = joined[0]
        cut[a, b] = cut[b, a] = False
    return distance_to_cube(cut, bits)


def edges(taken: dict[str, Any], shuffled: Seeds | None = None) -> float:
    """Return the share of saddles of index 1 whose two runs come to two memories that differ in one output's sign.

    Parameters
    ----------
    taken : dict
        From `anatomy`.
    shuffled : Seeds, optional
        Exchange the ends of the runs among the saddles, for a control.
    """
    saddles, ends = np.asarray(taken["saddles"]), np.asarray(taken["ends"])
    index = np.asarray(taken["index"])
    of_one = np.flatnonzero(index[saddles] == 1) if len(saddles) else np.zeros(0, dtype=np.int64)
    if not len(of_one):
        return float("nan")
    ended = ends[of_one] if shuffled is None else shuffled.numpy("ends").permutation(ends[of_one])
    signs = np.sign(taken["outputs"])
    good = []
    for saddle in np.unique(saddles[of_one]):
        two = ended[saddles[of_one] == saddle]
        memories = len(two) == 2 and (two >= 0).all() and (index[two] == 0).all()
        good.append(bool(memories) and int((signs[two[0]] != signs[two[1]]).sum()) == 1)
    return float(np.mean(good))


def few_unstable(index: Integers, most: int = 4) -> float:
    """Return the share of saddles with one to ``most`` unstable modes; NaN where there is no saddle."""
    saddles = np.asarray(index)[np.asarray(index) > 0]
    return float((saddles <= most).mean()) if len(saddles) else float("nan")


def moduli(found: FixedPoints) -> Floats:
    """Return the moduli of the eigenvalues of each point, largest first: their order is not a matter of rounding."""
    return np.asarray(-np.sort(-np.abs(found.eigenvalues), axis=1))


def same_again(step: Any, states: Floats, inputs: Floats, starts: int, seeds: Seeds, repeats: int) -> float:
    """Search again from other starts; return the largest difference of the moduli of eigenvalues, point by point.

    Each point of a search is compared with the nearest of the first search; infinite where their numbers differ.
    """
    first, *others = (
        search(step, states, inputs, starts, seeds.integer(f"search {k}") % 2**31, slow=None) for k in range(repeats)
    )
    return max((difference(first, other) for other in others), default=float("nan"))


def difference(first: FixedPoints, other: FixedPoints) -> float:
    """Return the largest difference of moduli between points that are nearest to each other."""
    if len(first) != len(other) or not len(first):
        return float("inf")
    _, near = cKDTree(first.points).query(other.points)
    if len(set(near.tolist())) < len(first):
        return float("inf")
    return float(np.abs(moduli(first)[near] - moduli(other)).max())
