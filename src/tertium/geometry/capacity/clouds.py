"""Manifolds as clouds of points: from labelled responses, or as they are given; their centres and own axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput
from tertium.geometry.samples import labelled

Floats = npt.NDArray[np.float64]

#: Singular values below this share of the largest are rounding error.
FLAT = 1e-9


def as_clouds(r: Any, labels: Any) -> tuple[list[Floats], tuple[str, ...]]:
    """Return the points of each manifold, arrays (point, unit), about the mean over manifolds, and their names.

    Parameters
    ----------
    r : responses or array with ``labels``; or a sequence of arrays (point, unit), one a manifold
    labels : str or sequence, optional
        As in `tertium.geometry.samples.labelled`.

    Raises
    ------
    BadInput
        If there are fewer than 2 manifolds, or they have different units, no point, or values that are not finite.

    Examples
    --------
    >>> clouds, names = as_clouds([[[0.0, 1.0], [0.0, 3.0]], [[4.0, 0.0]]], None)
    >>> clouds[0].tolist(), names
    ([[-2.0, 0.0], [-2.0, 2.0]], ('0', '1'))
    """
    if labels is not None:
        found = labelled(r, labels, each=1)
        return _centred(found.clouds()), tuple(str(level) for level in found.levels)
    if hasattr(r, "dims") or not isinstance(r, Sequence | np.ndarray):
        raise BadInput(
            "manifolds",
            got="responses without labels",
            expected="labels that say which manifold a trial belongs to, or a sequence of arrays (point, unit)",
            repair="Pass labels='stimulus', for instance.",
        )
    clouds = [np.asarray(one, dtype=np.float64) for one in r]
    if len(clouds) < 2 or any(one.ndim != 2 or not one.size for one in clouds):
        shapes = ", ".join(str(one.shape) for one in clouds[:4])
        raise BadInput("manifolds", got=f"shapes {shapes}", expected="2 or more arrays (point, unit)")
    if len({one.shape[1] for one in clouds}) > 1:
        raise BadInput("manifolds", got="different numbers of units", expected="the same units for all")
    if not all(np.isfinite(one).all() for one in clouds):
        raise BadInput("manifolds", got="a value that is not finite", expected="finite numbers")
    return _centred(clouds), tuple(str(i) for i in range(len(clouds)))


def own_axes(cloud: Floats) -> Floats:
    """Return points in units of the centre's norm, along the manifold's own axes, with the last coordinate 1.

    Examples
    --------
    >>> np.abs(own_axes(np.array([[2.0, 1.0], [2.0, -1.0]]))).tolist()  # a segment, two from the origin
    [[0.5, 1.0], [0.5, 1.0]]
    """
    centre = cloud.mean(0)
    norm = float(np.linalg.norm(centre))
    left, sizes, _ = np.linalg.svd(cloud - centre, full_matrices=False)
    kept = sizes > FLAT * max(float(sizes[0]), norm)
    return np.hstack([left[:, kept] * sizes[kept] / norm, np.ones((len(cloud), 1))])


def _centred(clouds: list[Floats]) -> list[Floats]:
    """Take off the mean of the centres, so that no manifold counts more for having more points."""
    mean = np.mean([one.mean(0) for one in clouds], axis=0)
    moved = [one - mean for one in clouds]
    scale = max(float(np.abs(one).max()) for one in moved)
    if scale == 0 or min(float(np.linalg.norm(one.mean(0))) for one in moved) <= 1e-12 * scale:
        raise BadInput(
            "manifolds",
            got="a centre that coincides with the mean of all centres",
            expected="centres that differ",
            repair="Leave that manifold out.",
        )
    return moved
