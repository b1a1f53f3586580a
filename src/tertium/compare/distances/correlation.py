"""Distances between the shapes of patterns: one minus their correlation, one minus the cosine of their angle."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tertium.compare.distances.pairs import FloatArray, check_patterns, condensed, name_of, scaled
from tertium.errors import BadInput


def correlation(patterns: npt.ArrayLike, *, names: Sequence[str] | None = None) -> FloatArray:
    """Return one minus the Pearson correlation over channels of each two patterns, from 0 to 2.

    Parameters
    ----------
    patterns : array, shape (condition, channel)
        Mean responses, in any unit.
    names : sequence of str, optional
        Names of the conditions, for messages.

    Returns
    -------
    array, shape (condition (condition - 1) / 2,)

    Raises
    ------
    BadInput
        If a pattern is the same in all channels: its correlation with any other is undefined.

    Examples
    --------
    >>> correlation([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [3.0, 2.0, 1.0]]).round(12)
    array([0., 2., 2.])
    """
    x = scaled(check_patterns(patterns))  # the only copy: patterns of whole layers are large
    size = np.maximum(x.max(axis=1), -x.min(axis=1)) * np.sqrt(x.shape[1])
    x -= x.mean(axis=1, keepdims=True)
    length = np.linalg.norm(x, axis=1)
    # a mean of equal numbers is off by rounding, so that the centred pattern is not exactly zero
    flat = ~(length > 1e-13 * size)
    if flat.any():
        raise BadInput(
            f"correlation distance of condition {name_of(int(np.argmax(flat)), names)}",
            got=f"a pattern that is the same in all {x.shape[1]} channels"
            + (f" ({int(flat.sum())} such conditions)" if flat.sum() > 1 else ""),
            expected="some variance over channels",
            repair="Leave these conditions out, or use metric='euclidean'.",
        )
    x /= length[:, None]
    return _one_minus_products(x)


def cosine(patterns: npt.ArrayLike, *, names: Sequence[str] | None = None) -> FloatArray:
    """Return one minus the cosine of the angle between each two patterns, from 0 to 2.

    Parameters
    ----------
    patterns : array, shape (condition, channel)
        Mean responses, in any unit; zero is taken to be a meaningful origin.
    names : sequence of str, optional
        Names of the conditions, for messages.

    Returns
    -------
    array, shape (condition (condition - 1) / 2,)

    Raises
    ------
    BadInput
        If a pattern is zero in all channels: it has no direction.

    Examples
    --------
    >>> cosine([[1.0, 0.0], [0.0, 2.0], [-3.0, 0.0]])
    array([1., 2., 1.])
    """
    x = scaled(check_patterns(patterns))
    length = np.linalg.norm(x, axis=1)
    empty = ~(length > 0)
    if empty.any():
        raise BadInput(
            f"cosine distance of condition {name_of(int(np.argmax(empty)), names)}",
            got="a pattern of zeros" + (f" ({int(empty.sum())} such conditions)" if empty.sum() > 1 else ""),
            expected="a pattern with a direction",
            repair="Leave these conditions out, or use metric='euclidean'.",
        )
    x /= length[:, None]
    return _one_minus_products(x)


def _one_minus_products(unit: FloatArray) -> FloatArray:
    return np.asarray(np.clip(1.0 - condensed(unit @ unit.T), 0.0, 2.0))
