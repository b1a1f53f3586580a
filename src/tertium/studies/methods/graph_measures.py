"""Measures of undirected graphs: modularity, clustering, efficiency, small-worldness against matched nulls, length."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tertium.errors import BadInput

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Edges = NDArray[np.bool_]


def strengths(weights: Floats) -> Floats:
    """Return how strongly units are connected, either way: the mean of ``|W|`` and its transpose, without autapses.

    Parameters
    ----------
    weights : array, shape (unit, unit)

    Returns
    -------
    array, shape (unit, unit)
        Symmetric, zero on the diagonal.
    """
    size = np.abs(np.asarray(weights, dtype=np.float64))
    both = (size + size.T) / 2
    np.fill_diagonal(both, 0.0)
    return both


def strongest(graph: Floats, density: float) -> Edges:
    """Keep the strongest pairs of a weighted graph, so that all graphs compared have as many edges.

    Parameters
    ----------
    graph : array, shape (node, node)
        Symmetric, zero on the diagonal; see `strengths`.
    density : float
        Fraction of the pairs that are kept.

    Returns
    -------
    array of bool, shape (node, node)
        Symmetric. Pairs of zero strength are never kept.

    Examples
    --------
    >>> strongest(np.array([[0, 3, 1], [3, 0, 2], [1, 2, 0]]), 1 / 3)[0].tolist()
    [False, True, False]
    """
    n = len(graph)
    rows, columns = np.triu_indices(n, 1)
    values = graph[rows, columns]
    order = np.argsort(-values, kind="stable")[: round(density * len(values))]
    order = order[values[order] > 0]
    return _adjacency(n, rows[order], columns[order])


def modularity(graph: Floats | Edges, labels: Integers) -> float:
    """Return how much of a graph lies within communities, beyond what its degrees give (Newman & Girvan 2004, Q).

    Parameters
    ----------
    graph : array, shape (node, node)
        Symmetric; edges or weights.
    labels : array of int, shape (node,)
        The community of each node.

    Returns
    -------
    float
        0 for a graph as random as its degrees; NaN for a graph without edges.

    Examples
    --------
    >>> two = np.kron(np.eye(2), np.ones((3, 3)) - np.eye(3))
    >>> round(modularity(two, np.array([0, 0, 0, 1, 1, 1])), 6)
    0.5
    """
    excess, total = _excess(graph)
    return float((excess * (labels[:, None] == labels)).sum() / total) if total > 0 else float("nan")


def communities(graph: Floats | Edges, rng: np.random.Generator, restarts: int = 10) -> Integers:
    """Find the communities of a graph with the largest modularity (Louvain: Blondel et al. 2008; resolution 1).

    Nodes move one by one to the community that gains most, communities are merged into nodes, and so on, from
    ``restarts`` random orders; the best is kept.

    Parameters
    ----------
    graph : array, shape (node, node)
        Symmetric; edges or weights.
    rng : numpy.random.Generator
        Order of the moves.
    restarts : int
        How often to begin anew.

    Returns
    -------
    array of int, shape (node,)
        0, 1, ...
    """
    excess, _ = _excess(graph)
    found = [_louvain(excess, rng) for _ in range(restarts)]
    return max(found, key=lambda labels: float((excess * (labels[:, None] == labels)).sum()))


def _excess(graph: Floats | Edges) -> tuple[Floats, float]:
    """Return edges beyond those expected from the degrees, and twice the number of edges."""
    weights = np.asarray(graph, dtype=np.float64)
    if weights.ndim != 2 or weights.shape[0] != weights.shape[1] or not np.allclose(weights, weights.T):
        raise BadInput(
            "graph", got=f"shape {weights.shape}", expected="a symmetric matrix", repair="Use strengths(weights)."
        )
    degrees, total = weights.sum(axis=1), float(weights.sum())
    return (weights - np.outer(degrees, degrees) / total if total > 0 else weights), total


def _louvain(excess: Floats, rng: np.random.Generator) -> Integers:
    """Move nodes, merge communities, repeat until nothing moves."""
    labels = np.arange(len(excess))
    while True:
        moved = _move(excess, rng)
        merged = moved.max() + 1
        labels = moved[labels]
        if merged == len(excess):
            return labels
        members = np.eye(merged)[moved]
        excess = members.T @ excess @ members


def _move(excess: Floats, rng: np.random.Generator) -> Integers:
    """Move single nodes to the community of largest gain until none gains."""
    n = len(excess)
    labels = np.arange(n)
    towards = excess.copy()  # (node, community): what a node has in excess with each community
    np.fill_diagonal(towards, 0.0)
    own = np.diagonal(excess).copy()  # goes with the node wherever it moves, so it never counts
    between = excess - np.diag(own)
    moved = True
    while moved:
        moved = False
        for node in rng.permutation(n):
            best = int(towards[node].argmax())
            if towards[node, best] > towards[node, labels[node]] + 1e-12:
                towards[:, labels[node]] -= between[node]
                towards[:, best] += between[node]
                labels[node] = best
                moved = True
    return np.unique(labels, return_inverse=True)[1].astype(np.int64)


def clustering(edges: Edges) -> float:
    """Return the mean probability that two neighbours of a node are neighbours (Watts & Strogatz 1998).

    Nodes with fewer than two neighbours count as 0.

    Examples
    --------
    >>> clustering(~np.eye(4, dtype=bool))
    1.0
    """
    a = np.asarray(edges, dtype=np.float64)
    degrees = a.sum(axis=1)
    triangles = ((a @ a) * a).sum(axis=1)
    pairs = degrees * (degrees - 1)
    return float(np.divide(triangles, pairs, out=np.zeros_like(pairs), where=pairs > 0).mean())


def efficiency(edges: Edges) -> float:
    """Return the mean inverse length of the shortest path between two nodes; pairs without a path count as 0.

    Its inverse is the characteristic path length L as the harmonic mean, which is finite for graphs in pieces (Latora
    & Marchiori 2001).

    Examples
    --------
    >>> efficiency(~np.eye(4, dtype=bool))
    1.0
    """
    from scipy.sparse.csgraph import shortest_path

    n = len(edges)
    lengths = shortest_path(np.asarray(edges, dtype=np.float64), unweighted=True, directed=False)
    apart = ~np.eye(n, dtype=bool)
    return float((1.0 / lengths[apart]).mean())


def random_graph(nodes: int, edges: int, rng: np.random.Generator) -> Edges:
    """Draw a graph with exactly so many edges, all equally likely (Erdos & Renyi): the density-matched null."""
    rows, columns = np.triu_indices(nodes, 1)
    chosen = rng.choice(len(rows), edges, replace=False)
    return _adjacency(nodes, rows[chosen], columns[chosen])


def rewired(edges: Edges, rng: np.random.Generator, swaps: int = 10) -> Edges:
    """Rewire a graph at random while every node keeps its degree (Maslov & Sneppen 2002): the degree-matched null.

    Parameters
    ----------
    edges : array of bool, shape (node, node)
        Symmetric.
    rng : numpy.random.Generator
        Which pairs of edges swap ends.
    swaps : int
        Attempted swaps for each edge.
    """
    graph = np.array(edges, dtype=bool)
    ends = np.argwhere(np.triu(graph, 1)).tolist()
    if len(ends) < 2:
        return graph
    draws = rng.integers(0, len(ends), (swaps * len(ends), 2)).tolist()
    crossed = (rng.random(swaps * len(ends)) < 0.5).tolist()
    linked = graph.tolist()  # lists: single entries are read and written much faster than in an array
    for (first, second), cross in zip(draws, crossed, strict=True):
        a, b = ends[first]
        c, d = reversed(ends[second]) if cross else ends[second]
        if len({a, b, c, d}) < 4 or linked[a][d] or linked[c][b]:
            continue
        for one, other, there in ((a, b, False), (c, d, False), (a, d, True), (c, b, True)):
            linked[one][other] = linked[other][one] = there
        ends[first], ends[second] = [a, d], [c, b]
    return np.array(linked)


def _adjacency(n: int, rows: Integers, columns: Integers) -> Edges:
    graph = np.zeros((n, n), dtype=bool)
    graph[rows, columns] = True
    return graph | graph.T


@dataclass(frozen=True)
class SmallWorld:
    """Small-worldness of a graph and what it is made of.

    Attributes
    ----------
    sigma : float
        ``(C / C_null) / (L / L_null)``; 1 for a random graph.
    clustering, path : float
        C and the (harmonic) characteristic path length L.
    null_clustering, null_path : float
        Their means over the nulls.
    """

    sigma: float
    clustering: float
    path: float
    null_clustering: float
    null_path: float


def small_worldness(
    edges: Edges, rng: np.random.Generator, *, nulls: int = 50, keep: Literal["density", "degrees"] = "density"
) -> SmallWorld:
    """Return how clustered a graph is for the length of its paths, against random ones (Humphries & Gurney 2008).

    The nulls have exactly the edges of the graph: with nulls of another density, sigma says nothing. L is the harmonic
    mean, as in the public code of Achterberg et al. (2023), so that graphs in pieces can be measured.

    Parameters
    ----------
    edges : array of bool, shape (node, node)
        Symmetric.
    rng : numpy.random.Generator
        Of the nulls.
    nulls : int
        Random graphs.
    keep : {"density", "degrees"}
        What the nulls share with the graph: the number of edges, or the degree of every node as well, which takes out
        the clustering that a few hubs bring along.

    Raises
    ------
    BadInput
        If the graph has no edges.

    Examples
    --------
    >>> ring = np.roll(np.eye(60), 1, 0) + np.roll(np.eye(60), 2, 0)
    >>> bool(small_worldness(ring + ring.T > 0, np.random.default_rng(0)).sigma > 2)
    True
    """
    n, count = len(edges), int(np.triu(edges, 1).sum())
    if count == 0:
        raise BadInput("graph", got="no edges", expected="at least one", repair="Lower the threshold.")
    drawn = (random_graph(n, count, rng) if keep == "density" else rewired(edges, rng) for _ in range(nulls))
    measured = np.array([(clustering(null), efficiency(null)) for null in drawn])
    null_c, null_e = measured.mean(axis=0)
    c, e = clustering(edges), efficiency(edges)
    sigma = (c / null_c) * (e / null_e) if null_c > 0 else float("nan")
    return SmallWorld(float(sigma), c, 1.0 / e, float(null_c), float(1.0 / null_e))
