"""Distances between many samples, block by block: the two nearest of each, and how many pairs are how close."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

#: Distances held at once.
BLOCK = 4_000_000

#: Candidates taken by fast distances, of which the nearest two are then found by exact ones.
CANDIDATES = 8


def two_nearest(points: Floats) -> Floats:
    """Return the distances of each sample to its nearest and second nearest other, (sample, 2).

    Parameters
    ----------
    points : array, shape (sample, unit)

    Examples
    --------
    >>> two_nearest(np.array([[0.0], [1.0], [3.0], [7.0]])).tolist()
    [[1.0, 3.0], [1.0, 2.0], [2.0, 3.0], [4.0, 6.0]]
    """
    n = len(points)
    k = min(CANDIDATES, n - 1)
    found = np.empty((n, 2))
    for rows in _blocks(n):
        squared = _squared(points, rows)
        squared[np.arange(len(rows)), rows] = np.inf
        near = np.argpartition(squared, k - 1, axis=1)[:, :k]
        # fast squares lose digits where samples nearly coincide
        exact = np.sqrt(((points[near] - points[rows, None]) ** 2).sum(2))
        found[rows] = np.sort(exact, axis=1)[:, :2]
    return found


def pair_counts(points: Floats, edges: Floats, groups: Integers, apart: int = 0) -> npt.NDArray[np.int64]:
    """Count pairs of samples by distance, for each pair of groups.

    Parameters
    ----------
    points : array, shape (sample, unit)
    edges : array, shape (edge,)
        Rising distances; those between consecutive edges are counted together, smaller ones with the first.
    groups : array of int, shape (sample,)
        Of each sample; samples of a group lie side by side.
    apart : int
        Pairs that are no more than so many samples apart are left out.

    Returns
    -------
    array of int, shape (group, group, edge)
        Pairs up to each edge and beyond the one before, each counted once, in the upper triangle.

    Examples
    --------
    >>> pair_counts(np.array([[0.0], [1.0], [3.0]]), np.array([1.5, 2.5, 9.0]), np.array([0, 0, 1]))[:, :, :].tolist()
    [[[1, 0, 0], [0, 1, 1]], [[0, 0, 0], [0, 0, 0]]]
    """
    n, bins = len(points), len(edges)
    many = int(groups.max()) + 1
    counts = np.zeros((many, many, bins + 1), dtype=np.int64)
    squares = edges**2
    for group in range(many):
        members = np.flatnonzero(groups == group)
        for part in np.array_split(members, max(1, len(members) * n // BLOCK + 1)):
            if not len(part):
                continue
            later = np.arange(part[0] + apart + 1, n)
            squared = _squared(points, part)[:, later]
            kept = later[None, :] > part[:, None] + apart
            place = np.searchsorted(squares, squared[kept])
            other = np.broadcast_to(groups[later], kept.shape)[kept]
            counts[group] += np.bincount(other * (bins + 1) + place, minlength=many * (bins + 1)).reshape(many, -1)
    return counts[:, :, :bins]


def _squared(points: Floats, rows: Integers) -> Floats:
    norms = (points**2).sum(1)
    squared = norms[rows, None] + norms - 2 * (points[rows] @ points.T)
    return np.asarray(np.maximum(squared, 0.0))


def _blocks(n: int) -> list[Integers]:
    return np.array_split(np.arange(n), n * n // BLOCK + 1)
