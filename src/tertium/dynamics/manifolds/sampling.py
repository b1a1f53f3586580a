"""Which of many points stand for the cloud: the densest part of it, and landmarks spread over that part."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def densest(points: Floats, share: float, neighbours: int) -> Ints:
    """Return the indices of the points in the densest part of a cloud, in order.

    Density is judged by the distance to the k-th nearest neighbour (Carlsson et al. 2008, Int J Comput Vis 76:1).

    Examples
    --------
    >>> densest(np.array([[0.0], [0.1], [0.2], [5.0]]), 0.75, 2).tolist()
    [0, 1, 2]
    """
    if share >= 1:
        return np.arange(len(points))
    from scipy.spatial import cKDTree

    distance = cKDTree(points).query(points, [min(neighbours, len(points) - 1) + 1])[0][:, 0]
    n = max(1, round(share * len(points)))
    return np.sort(np.argsort(distance, kind="stable")[:n])


def farthest(points: Floats, n: int) -> Ints:
    """Return the indices of ``n`` points spread over a cloud: each the farthest from those before it (max-min).

    The first is the farthest from the mean, so that nothing is left to chance (Gonzalez 1985; de Silva & Carlsson
    2004, section 2.3). No point is taken twice: there may be fewer than asked for.

    Examples
    --------
    >>> farthest(np.arange(10.0)[:, None], 3).tolist()
    [0, 9, 4]
    """
    distance = ((points - points.mean(0)) ** 2).sum(1)
    chosen = [int(distance.argmax())]
    distance = ((points - points[chosen[0]]) ** 2).sum(1)
    while len(chosen) < min(n, len(points)) and distance.max() > 0:
        chosen.append(int(distance.argmax()))
        distance = np.minimum(distance, ((points - points[chosen[-1]]) ** 2).sum(1))
    return np.array(chosen, dtype=np.int64)
