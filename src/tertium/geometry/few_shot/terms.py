"""The geometry that few-shot learning rests on: distances, sizes and overlaps of manifolds, estimated from samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tertium.geometry.dimension import traces

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Terms:
    """Moments of all pairs of manifolds, in squared units of the responses (fourth powers for the last three).

    Attributes
    ----------
    distance : array, shape (manifold, manifold)
        Squared distance of the centres.
    size : array, shape (manifold,)
        Total variance, trace of the covariances C.
    along : array, shape (manifold, manifold)
        Variance of the row's manifold along the difference of centres, times its squared length: ``d' C d``.
    shared : array, shape (manifold, manifold)
        ``tr(C_a C_b)``; on the diagonal ``tr(C_a^2)``.
    """

    distance: Floats
    size: Floats
    along: Floats
    shared: Floats


def measure(clouds: list[Floats], *, corrected: bool) -> Terms:
    """Estimate the moments from clouds (sample, unit).

    Corrected, what few samples add is taken off: the variance of means from distances, and of estimated covariances
    from their products (exactly for the distance and for ``shared``, for Gaussian manifolds for ``along``).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> clouds = [rng.normal(size=(2000, 3)), rng.normal(size=(2000, 3)) + np.array([2.0, 0, 0])]
    >>> found = measure(clouds, corrected=True)
    >>> found.distance.round(0)[0, 1], found.size.round(0).tolist(), found.along.round(0)[0, 1]
    (np.float64(4.0), [3.0, 3.0], np.float64(4.0))
    """
    counts = np.array([len(one) for one in clouds], dtype=float)
    starts = np.cumsum([0, *(len(one) for one in clouds)])[:-1]
    centres = np.array([one.mean(0) for one in clouds])
    noise = np.concatenate([one - centre for one, centre in zip(clouds, centres, strict=True)])
    squares = np.add.reduceat(np.add.reduceat((noise @ noise.T) ** 2, starts, axis=0), starts, axis=1)
    shared = squares / np.outer(counts - 1, counts - 1)
    size = np.add.reduceat((noise**2).sum(1), starts) / (counts - 1)
    own = np.repeat(np.arange(len(clouds)), counts.astype(int))
    onto = noise @ centres.T
    onto = onto[np.arange(len(noise)), own][:, None] - onto
    along = np.add.reduceat(onto**2, starts, axis=0) / (counts - 1)[:, None]
    distance = ((centres[:, None] - centres) ** 2).sum(2)
    if corrected:
        np.fill_diagonal(shared, [traces(one, corrected=True)[1] for one in clouds])
        distance = distance - (size / counts)[:, None] - size / counts
        along = along - (np.diag(shared) / counts)[:, None] - shared / counts
    return Terms(distance, size, np.maximum(along, 0.0), np.maximum(shared, 0.0))
