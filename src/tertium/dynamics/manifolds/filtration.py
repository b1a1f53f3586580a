"""The Vietoris-Rips filtration of a few hundred points: edges by length, triangles by their longest edge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Edges looked at in one go.
CHUNK = 4096


@dataclass(frozen=True, eq=False)
class Filtration:
    """Edges and triangles in the order in which they appear as points within a growing distance are joined.

    Edges are numbered by length (their *rank*; ties by vertices). A triangle has the number
    ``rank of its longest edge * n + vertex opposite to it``: these numbers grow with the diameter, and every edge of a
    triangle appears before it.

    Attributes
    ----------
    distances : array, shape (n, n)
    threshold : float
        Longest edge.
    ends : array of int, shape (edge, 2)
        Vertices of each edge, the smaller first.
    lengths : array, shape (edge,)
    ranks : array of int, shape (n, n)
        Rank of each edge; the number of edges where there is none.
    """

    distances: Floats
    threshold: float
    ends: Ints
    lengths: Floats
    ranks: npt.NDArray[np.int32]

    @classmethod
    def of(cls, distances: Floats, threshold: float) -> Filtration:
        """Sort the edges that are no longer than the threshold."""
        n = len(distances)
        first, second = np.triu_indices(n, 1)
        lengths = distances[first, second]
        order = np.argsort(lengths, kind="stable")
        order = order[lengths[order] <= threshold]
        ends = np.stack([first[order], second[order]], axis=1).astype(np.int64)
        ranks = np.full((n, n), len(order), dtype=np.int32)
        ranks[ends[:, 0], ends[:, 1]] = ranks[ends[:, 1], ends[:, 0]] = np.arange(len(order))
        return cls(distances, threshold, ends, lengths[order], ranks)

    def __len__(self) -> int:
        return len(self.ends)

    @property
    def n(self) -> int:
        """Number of points."""
        return len(self.distances)

    def spanning_forest(self) -> Ints:
        """Return the ranks of the edges that join two components (Prim), in order: each ends a bar of dimension 0.

        Examples
        --------
        >>> line = np.abs(np.subtract.outer([0.0, 1.0, 3.0], [0.0, 1.0, 3.0]))
        >>> Filtration.of(line, 3.0).spanning_forest().tolist()
        [0, 1]
        """
        nearest = self.ranks[0].copy()
        waiting = np.ones(self.n, dtype=bool)
        waiting[0] = False
        found = []
        for _ in range(self.n - 1):
            at = int(np.where(waiting, nearest, len(self) + 1).argmin())
            found.append(int(nearest[at]))
            waiting[at] = False
            nearest = np.minimum(nearest, self.ranks[at])
        return np.array(sorted(rank for rank in found if rank < len(self)), dtype=np.int64)

    def twins(self) -> Ints:
        """Return for each edge the first vertex that makes it the longest edge of a triangle, or -1, shape (edge,).

        The edge and that triangle come and go together (an apparent pair: Bauer 2021, definition 3.2): no bar, and no
        need to reduce. The edges without one are the relative neighbourhood graph.
        """
        found = np.empty(len(self), dtype=np.int64)
        for start in range(0, len(self), CHUNK):
            i, j = self.ends[start : start + CHUNK].T
            own = np.arange(start, start + len(i))[:, None]
            inside = (self.ranks[i] < own) & (self.ranks[j] < own)
            found[start : start + CHUNK] = np.where(inside.any(1), inside.argmax(1), -1)
        return found

    def coboundary(self, rank: int) -> tuple[Ints, npt.NDArray[np.int16]]:
        """Return the numbers of the triangles that an edge is part of, and its sign in each."""
        i, j = (int(v) for v in self.ends[rank])
        to_i, to_j = self.ranks[i], self.ranks[j]
        sides = np.maximum(to_i, to_j)
        k = np.flatnonzero(sides < len(self))
        k = k[(k != i) & (k != j)]
        a, b, longest = to_i[k], to_j[k], np.maximum(sides[k], rank)
        opposite = np.where(longest == rank, k, np.where(a > b, j, i))
        signs = np.where((k > i) & (k < j), -1, 1).astype(np.int16)
        return longest.astype(np.int64) * self.n + opposite, signs
