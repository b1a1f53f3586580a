"""Persistent cohomology of a Vietoris-Rips filtration up to dimension 1, with the cocycles that draw the loops."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tertium.dynamics.manifolds.filtration import Filtration, Ints

Small = npt.NDArray[np.int16]

#: Entries of a column that are searched in one go for the next one that is not zero.
STRETCH = 8192


@dataclass(frozen=True, eq=False)
class Cocycle:
    """A function on edges whose sum round every triangle is zero, and not zero round one loop.

    Attributes
    ----------
    ranks : array of int, shape (edge,)
    values : array of int, shape (edge,)
        Modulo the prime; for the edge as it runs from its smaller to its larger vertex.
    """

    ranks: Ints
    values: Ints


@dataclass(frozen=True, eq=False)
class Pairs:
    """Births and deaths as ranks of edges: what appears with which edge, and goes with which.

    Attributes
    ----------
    merges : array of int, shape (edge,)
        Edges that join two components.
    births, deaths : array of int, shape (loop,)
        Edge that closes each loop, longest edge of the triangle that fills it; the number of edges where none does.
    cocycles : tuple of Cocycle, one a loop
    """

    merges: Ints
    births: Ints
    deaths: Ints
    cocycles: tuple[Cocycle, ...]


@dataclass(frozen=True, eq=False)
class _Column:
    """A reduced coboundary, and the cochain it is the coboundary of."""

    triangles: Ints
    values: Small
    cochain: Cocycle


def cohomology(filtration: Filtration, prime: int) -> Pairs:
    """Pair edges with triangles by reducing coboundaries over the integers modulo a prime.

    Edges go from the last to the first (de Silva, Morozov & Vejdemo-Johansson 2011, "Dualities in persistent
    (co)homology"). Those that join components are left out (clearing: Chen & Kerber 2011); those that a triangle fills
    at once are never reduced, only used (apparent pairs: Bauer 2021). What is left is the relative neighbourhood graph,
    a few edges a point.

    Examples
    --------
    A square: its loop closes with the fourth side and is filled with the diagonals.

    >>> corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1.0]])
    >>> lengths = np.linalg.norm(corners[:, None] - corners, axis=2)
    >>> found = cohomology(Filtration.of(lengths, 2.0), 47)
    >>> found.births.tolist(), found.deaths.tolist()
    ([3], [4])
    """
    merges, twins = filtration.spanning_forest(), filtration.twins()
    left = np.setdiff1d(np.flatnonzero(twins < 0), merges)
    work = _Reduction(filtration, twins, prime)
    births, deaths, cocycles = [], [], []
    for rank in left[::-1].tolist():
        column, last = work.reduce(rank)
        births.append(rank)
        deaths.append(last)
        cocycles.append(column.cochain)
    return Pairs(merges, np.array(births, dtype=np.int64), np.array(deaths, dtype=np.int64), tuple(cocycles))


class _Reduction:
    """The columns reduced so far, and room for one that is at work."""

    def __init__(self, filtration: Filtration, twins: Ints, prime: int) -> None:
        self.filtration, self.twins, self.prime = filtration, twins, prime
        self.owners: dict[int, _Column] = {}
        # dense, since a column under work is filled at random places and read in order
        self.column = np.zeros(len(filtration) * filtration.n, dtype=np.int16)
        self.cochain = np.zeros(len(filtration), dtype=np.int16)
        self.touched: list[Ints] = []
        self.known: dict[int, tuple[Ints, Small]] = {}

    def reduce(self, rank: int) -> tuple[_Column, int]:
        """Return the reduced column of an edge, and the rank of the edge that fills its loop."""
        self._add_edge(rank, 1)
        pivot = self._next(rank * self.filtration.n)
        while pivot >= 0:
            owner = self.owners.get(pivot)
            last, vertex = divmod(pivot, self.filtration.n)
            if owner is not None:
                factor = self._factor(pivot, int(owner.values[0]))
                self._add(owner.triangles, owner.values, factor)
                self._put(self.cochain, owner.cochain.ranks, owner.cochain.values.astype(np.int16), factor)
            elif self.twins[last] == vertex:
                _, signs = self._edge(last)
                self._add_edge(last, self._factor(pivot, int(signs[self._edge(last)[0] == pivot][0])))
            else:
                break
            pivot = self._next(pivot)
        column = self._finish()
        if pivot < 0:
            return column, len(self.filtration)
        self.owners[pivot] = column
        return column, pivot // self.filtration.n

    def _factor(self, pivot: int, of_owner: int) -> int:
        return int(-int(self.column[pivot]) * pow(of_owner, -1, self.prime) % self.prime)

    def _edge(self, rank: int) -> tuple[Ints, Small]:
        found = self.known.get(rank)
        if found is None:
            found = self.known[rank] = self.filtration.coboundary(rank)
        return found

    def _add_edge(self, rank: int, factor: int) -> None:
        self._add(*self._edge(rank), factor)
        self.cochain[rank] = (self.cochain[rank] + factor) % self.prime

    def _add(self, triangles: Ints, values: Small, factor: int) -> None:
        self._put(self.column, triangles, values, factor)
        self.touched.append(triangles)

    def _put(self, to: Small, places: Ints, values: Small, factor: int) -> None:
        to[places] = (to[places] + np.int16(factor) * values) % np.int16(self.prime)

    def _next(self, start: int) -> int:
        """Return the first place at or after ``start`` that is not zero, or -1."""
        for at in range(start, len(self.column), STRETCH):
            there = self.column[at : at + STRETCH] != 0
            first = int(there.argmax())
            if there[first]:
                return at + first
        return -1

    def _finish(self) -> _Column:
        """Take the column out, and leave the room empty."""
        touched = np.concatenate(self.touched)
        triangles = np.sort(touched[self.column[touched] != 0])  # np.unique is far slower here
        triangles = triangles[np.diff(triangles, prepend=-1) > 0]
        self.touched.clear()
        ranks = np.flatnonzero(self.cochain)
        column = _Column(triangles, self.column[triangles], Cocycle(ranks, self.cochain[ranks].astype(np.int64)))
        self.column[triangles] = 0
        self.cochain[ranks] = 0
        return column
