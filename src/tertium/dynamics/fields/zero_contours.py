"""Where a sampled function is zero: roots on a line, contours in a plane (marching squares)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Edge = tuple[int, int, int]  # (0: along the first axis, 1: along the second), and the corner it begins at

#: For each pattern of signs of a square's corners (counter-clockwise from the lower ones), which sides are joined.
#: Sides: 0 from corner 0 to 1, 1 from 1 to 2, 2 from 3 to 2, 3 from 0 to 3. The two saddles are told apart by hand.
_JOINS: dict[int, tuple[tuple[int, int], ...]] = {
    1: ((3, 0),), 2: ((0, 1),), 3: ((3, 1),), 4: ((1, 2),), 6: ((0, 2),), 7: ((3, 2),),
    8: ((2, 3),), 9: ((2, 0),), 11: ((2, 1),), 12: ((1, 3),), 13: ((1, 0),), 14: ((0, 3),),
}  # fmt: skip
_CUT_EVEN, _CUT_ODD = ((3, 0), (1, 2)), ((0, 1), (2, 3))


def zero_crossings(x: Floats, values: Floats) -> Floats:
    """Return where a function that is sampled at increasing places changes its sign, by linear interpolation.

    Examples
    --------
    >>> zero_crossings(np.array([0.0, 1.0, 2.0]), np.array([-1.0, 3.0, 0.0])).tolist()
    [0.25, 2.0]
    """
    a, b = values[:-1], values[1:]
    crossing = np.flatnonzero((a * b < 0) | ((b == 0) & (a != 0)))
    share = a[crossing] / (a[crossing] - b[crossing])
    inside = x[crossing] + share * (x[crossing + 1] - x[crossing])
    return np.concatenate([x[:1], inside]) if values[0] == 0 else inside


def zero_contours(x: Floats, y: Floats, values: Floats) -> list[Floats]:
    """Return the lines on which a function of the plane is zero.

    Parameters
    ----------
    x, y : array, shape (nx,), (ny,)
        Increasing places.
    values : array, shape (nx, ny)
        The function there; squares with a corner that is not finite have no contour.

    Returns
    -------
    list of array, shape (vertex, 2)
        One for each piece; a closed one ends where it begins. A vertex is off by the order of the squared spacing.

    Examples
    --------
    >>> x = np.linspace(-2, 2, 41)
    >>> circle, = zero_contours(x, x, x[:, None] ** 2 + x**2 - 1)
    >>> bool(np.abs(np.linalg.norm(circle, axis=1) - 1).max() < 2e-3), bool((circle[0] == circle[-1]).all())
    (True, True)
    """
    segments = _segments(values)
    vertices = {edge: _vertex(edge, x, y, values) for pair in segments for edge in pair}
    return [np.array([vertices[edge] for edge in chain]) for chain in _chains(segments)]


def _segments(values: Floats) -> list[tuple[Edge, Edge]]:
    """Return pairs of edges that a contour joins, from square to square."""
    above = values >= 0
    corners = [above[:-1, :-1], above[1:, :-1], above[1:, 1:], above[:-1, 1:]]
    pattern = np.zeros(corners[0].shape, dtype=np.int64)
    for bit, corner in enumerate(corners):
        pattern += corner.astype(np.int64) << bit
    middle = (values[:-1, :-1] + values[1:, :-1] + values[1:, 1:] + values[:-1, 1:]) / 4
    finite = np.isfinite(middle)
    found: list[tuple[Edge, Edge]] = []
    for i, j in zip(*np.nonzero(finite & (pattern > 0) & (pattern < 15)), strict=True):
        kind = int(pattern[i, j])
        # of a saddle the corners that agree with the middle are joined
        saddle = _CUT_ODD if (middle[i, j] >= 0) == (kind == 5) else _CUT_EVEN
        joins = _JOINS.get(kind, saddle)
        sides: tuple[Edge, ...] = ((0, i, j), (1, i + 1, j), (0, i, j + 1), (1, i, j))
        found += [(sides[a], sides[b]) for a, b in joins]
    return found


def _vertex(edge: Edge, x: Floats, y: Floats, values: Floats) -> tuple[float, float]:
    along, i, j = edge
    k, m = (i + 1, j) if along == 0 else (i, j + 1)
    a, b = values[i, j], values[k, m]
    share = a / (a - b)
    return float(x[i] + share * (x[k] - x[i])), float(y[j] + share * (y[m] - y[j]))


def _chains(segments: list[tuple[Edge, Edge]]) -> list[list[Edge]]:
    """Join segments to lines, the open ones first; each edge has one or two segments."""
    neighbours: dict[Edge, list[Edge]] = {}
    for a, b in segments:
        neighbours.setdefault(a, []).append(b)
        neighbours.setdefault(b, []).append(a)
    ends = [edge for edge, near in neighbours.items() if len(near) == 1]
    chains, used = [], set[Edge]()
    for begin in [*ends, *neighbours]:
        if begin in used:
            continue
        chain = [begin]
        used.add(begin)
        while following := [edge for edge in neighbours[chain[-1]] if edge not in used]:
            chain.append(following[0])
            used.add(following[0])
        if len(chain) > 2 and begin in neighbours[chain[-1]] and len(neighbours[begin]) == 2:
            chain.append(begin)
        chains.append(chain)
    return chains
