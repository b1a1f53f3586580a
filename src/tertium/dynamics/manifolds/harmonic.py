"""From a cocycle to an angle: lift it to whole numbers of turns, then spread the turn as smoothly as can be."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from tertium.dynamics.manifolds.bars import Barcode
from tertium.errors import BadInput

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Weights = Literal["density", "equal"]


def whole_turns(barcode: Barcode, loop: int, scale: float) -> Floats:
    """Return how many turns each edge makes, (point, point), antisymmetric whole numbers; NaN where there is no edge.

    The cocycle modulo the prime is lifted to the numbers nearest to zero (de Silva et al. 2011, section 2.4).

    Raises
    ------
    BadInput
        If the lift makes a turn round some triangle: then it is no cocycle over the whole numbers.
    """
    filtration, prime, cocycle = barcode.filtration, barcode.prime, barcode.cocycles[loop]
    n = filtration.n
    turns = np.full((n, n), np.nan)
    short = filtration.ends[filtration.lengths <= scale]
    turns[short[:, 0], short[:, 1]] = turns[short[:, 1], short[:, 0]] = 0.0
    here = filtration.lengths[cocycle.ranks] <= scale
    i, j = filtration.ends[cocycle.ranks[here]].T
    values = cocycle.values[here]
    lifted = np.where(values > prime // 2, values - prime, values)
    turns[i, j], turns[j, i] = lifted, -lifted
    for vertex in range(n):
        near = np.flatnonzero(np.isfinite(turns[vertex]))
        round_triangles = turns[vertex, near][:, None] + turns[np.ix_(near, near)] - turns[vertex, near]
        if np.nanmax(np.abs(round_triangles), initial=0.0) > 0:
            raise BadInput(
                f"loop {loop}",
                got=f"a cocycle modulo {prime} that is none over the whole numbers",
                expected="one that can be lifted",
                repair="Pass another prime, or another scale.",
            )
    return turns


def smoothest_angle(turns: Floats, distances: Floats, width: float, weights: Weights) -> Floats:
    """Return the angle of each point, rad, 0 to 2 pi, that changes as little as can be along edges.

    Minimises the weighted sum over edges of the squared change (de Silva et al. 2011, section 2.5). Points that no
    chain of edges joins to the loop get NaN.

    Parameters
    ----------
    turns : array, shape (point, point)
        From `whole_turns`.
    distances : array, shape (point, point)
    width : float
        Width of the Gaussian by which long edges weigh less, and density is judged.
    weights : {"density", "equal"}
        "equal" is the original. There the angle hurries through places with few points. "density" divides each edge by
        the density at both of its ends (the normalisation of Coifman & Lafon 2006, alpha = 1), and lets long edges, the
        chords of a curved loop, weigh less.
    """
    from scipy.sparse.csgraph import connected_components

    edges = np.isfinite(turns)
    np.fill_diagonal(edges, val=False)
    _, part = connected_components(edges, directed=False)
    i, j = np.nonzero(np.nan_to_num(turns))
    joined = np.flatnonzero(np.isin(part, part[np.concatenate([i, j])]))
    angle = np.full(len(turns), np.nan)
    if not len(joined):
        return angle
    inside = np.ix_(joined, joined)
    weight = edges[inside].astype(np.float64)
    if weights == "density":
        kernel = np.exp(-((distances[inside] / width) ** 2))
        density = kernel.sum(1)
        weight *= kernel / np.outer(density, density)
        weight /= weight.max()
    laplacian = np.diag(weight.sum(1)) - weight
    moment = (weight * np.nan_to_num(turns[inside])).sum(0)
    # the Laplacian has one direction of freedom a component: the zero of the angle
    found = np.linalg.lstsq(laplacian, moment, rcond=None)[0]
    angle[joined] = 2 * np.pi * (found % 1.0)
    return angle
