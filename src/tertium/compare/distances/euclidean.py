"""Squared Euclidean distance divided by the number of channels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tertium.compare.distances.pairs import FloatArray, check_patterns, condensed, from_products, name_of
from tertium.errors import BadInput


def squared_euclidean(patterns: npt.ArrayLike, *, names: Sequence[str] | None = None) -> FloatArray:
    """Return how far each two patterns lie apart: their mean squared difference over channels.

    Dividing by the number of channels makes recordings of different size comparable (Walther et al. 2016, eq. 1).
    A NaN marks a channel that was not measured in a condition: each pair is then compared on the channels that both
    have, and divided by their number.

    Parameters
    ----------
    patterns : array, shape (condition, channel)
        Mean responses, in any unit; the result is in that unit squared.
    names : sequence of str, optional
        Names of the conditions, for messages.

    Returns
    -------
    array, shape (condition (condition - 1) / 2,)
        Not negative.

    Raises
    ------
    BadInput
        If there are fewer than two conditions, or two conditions share no measured channel.

    Examples
    --------
    >>> squared_euclidean([[0.0, 0.0], [3.0, 4.0]])
    array([12.5])
    """
    x = check_patterns(patterns)
    missing = np.isnan(x)
    if missing.any():
        return _on_shared_channels(x, ~missing, names)
    # distances ignore a common shift, and products of centred patterns lose fewer digits
    x = x - x.mean(axis=0)
    return np.asarray(np.maximum(condensed(from_products(x @ x.T)), 0.0) / x.shape[1])


def _on_shared_channels(x: FloatArray, seen: npt.NDArray[np.bool_], names: Sequence[str] | None) -> FloatArray:
    mask = seen.astype(np.float64)
    filled = np.where(seen, x - np.nanmean(np.where(seen.any(axis=0), x, 0.0), axis=0), 0.0)
    shared = condensed(mask @ mask.T)
    if (shared == 0).any():
        i, j = (int(k[np.argmin(shared)]) for k in np.triu_indices(len(x), 1))
        raise BadInput(
            f"conditions {name_of(i, names)} and {name_of(j, names)}",
            got="no channel measured in both",
            expected="at least one",
            repair="Leave one of them out.",
        )
    squares = filled**2 @ mask.T
    total = condensed(squares + squares.T - 2.0 * filled @ filled.T)
    return np.asarray(np.maximum(total, 0.0) / shared)
