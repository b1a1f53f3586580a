"""How alike networks are, in geometry and in topology, and whether one can tell from it what kind they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from tertium.compare import RDM, mds, svcca
from tertium.dynamics import graph_distance
from tertium.rng import Seeds
from tertium.studies.methods.flipflop import cube
from tertium.studies.methods.maheswaranathan_topology import RING, SEGMENT

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]

#: Distances on paper that differ by less count as the same.
TIE = 1e-6

#: Graphs whose spectra are nearer than this are the same.
SAME = 1e-9


def geometry_distances(activities: Sequence[Floats]) -> Floats:
    """Return one minus the mean canonical correlation of the components with 99 % of the variance, all pairs.

    Parameters
    ----------
    activities : sequence of array, shape (sample, unit)
        Of each network in the same trials, all steps.
    """
    return _of_pairs(len(activities), lambda a, b: 1 - float(svcca(activities[a], activities[b])))


def topology_distances(graphs: Sequence[Booleans]) -> Floats:
    """Return the distances of the graphs' spectra, all pairs; what is only rounding is 0."""
    return _of_pairs(len(graphs), lambda a, b: round(graph_distance(graphs[a], graphs[b]), 9))


def _of_pairs(n: int, distance: Callable[[int, int], float]) -> Floats:
    whole = np.zeros((n, n))
    for a, b in combinations(range(n), 2):
        whole[a, b] = whole[b, a] = distance(a, b)
    return whole


def laid_out(distances: Floats) -> Floats:
    """Lay networks out in two dimensions (metric MDS), shape (network, 2)."""
    labels = tuple(str(k) for k in range(len(distances)))
    return mds(RDM(distances[np.triu_indices(len(distances), 1)], labels)).points


def confusion(points: Floats, labels: Sequence[str], names: Sequence[str]) -> Floats:
    """Tell what kind a network is by its nearest neighbour on paper; networks at the same distance share the vote.

    Parameters
    ----------
    points : array, shape (network, dimension)
    labels : sequence of str
        The kind of each.
    names : sequence of str
        The kinds.

    Returns
    -------
    array, shape (kind, guessed kind)
        Share of the networks of each kind.

    Examples
    --------
    >>> confusion(np.array([[0.0], [0.1], [5.0], [5.1]]), list("aabb"), list("ab")).tolist()
    [[1.0, 0.0], [0.0, 1.0]]

    Where all lie on one point, nothing is known:

    >>> confusion(np.zeros((4, 1)), list("aabb"), list("ab")).round(2).tolist()
    [[0.33, 0.67], [0.67, 0.33]]
    """
    of = np.array([list(names).index(label) for label in labels])
    apart = np.linalg.norm(points[:, None] - points, axis=-1)
    np.fill_diagonal(apart, np.inf)
    near = apart <= apart.min(1, keepdims=True) + TIE
    votes = np.stack([(near & (of == kind)).sum(1) for kind in range(len(names))], axis=1) / near.sum(1, keepdims=True)
    return np.stack([votes[of == kind].mean(0) for kind in range(len(names))])


def decodable(points: Floats, labels: Sequence[str], names: Sequence[str]) -> float:
    """Return the share of networks whose kind their nearest neighbour tells, the mean over kinds."""
    return float(np.trace(confusion(points, labels, names)) / len(names))


def by_chance(points: Floats, labels: Sequence[str], names: Sequence[str], seeds: Seeds, times: int) -> Floats:
    """Return `decodable` with the labels exchanged among the networks, so many times."""
    rng = seeds.numpy("labels")
    return np.array([decodable(points, [str(x) for x in rng.permutation(labels)], names) for _ in range(times)])


def scaffold(task: str, bits: int) -> Booleans:
    """Return the graph that is expected of a task under one constant input.

    Bits: the corners of a cube, joined through the midpoints of its edges. Sines: a ring round its centre.
    Integration: a path.

    Examples
    --------
    >>> [len(scaffold(task, 3)) for task in ("bits", "sines", "integration")]
    [20, 7, 6]
    """
    if task == "bits":
        ends = np.argwhere(np.triu(cube(bits)))
        corners, size = 2**bits, 2**bits + len(ends)
        pairs = [(corner, corners + edge) for edge, both in enumerate(ends) for corner in both]
    elif task == "sines":
        size = RING + 1
        pairs = [(k, (k + 1) % RING) for k in range(RING)] + [(k, RING) for k in range(RING)]
    else:
        size = SEGMENT
        pairs = [(k, k + 1) for k in range(SEGMENT - 1)]
    graph = np.zeros((size, size), dtype=bool)
    for a, b in pairs:
        graph[a, b] = graph[b, a] = True
    return graph


def is_scaffold(graph: Booleans, task: str, bits: int) -> bool:
    """Whether a graph is the one that is expected of a task.

    Examples
    --------
    >>> is_scaffold(scaffold("sines", 3), "sines", 3), is_scaffold(np.zeros((1, 1), dtype=bool), "sines", 3)
    (True, False)
    """
    wanted = scaffold(task, bits)
    return len(graph) == len(wanted) and graph_distance(graph, wanted) <= SAME
