"""From second moments to distances: every quadratic dissimilarity here is read off an (n, n) matrix of products."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def condensed(square: FloatArray) -> FloatArray:
    """Return the upper triangle of a square matrix as a vector, pairs (0, 1), (0, 2), ..., (n - 2, n - 1).

    Examples
    --------
    >>> condensed(np.arange(9.0).reshape(3, 3))
    array([1., 2., 5.])
    """
    return np.asarray(square[np.triu_indices(len(square), k=1)])


def from_products(products: FloatArray) -> FloatArray:
    """Turn products of patterns into squared distances: ``k_ii + k_jj - k_ij - k_ji``, shape (n, n).

    The products ``k`` need not be symmetric (those of two different runs are not). No array of pairs by channels
    is ever formed, so memory is that of the (n, n) matrix.

    Examples
    --------
    >>> x = np.array([[0.0, 0.0], [3.0, 4.0]])
    >>> from_products(x @ x.T)
    array([[ 0., 25.],
           [25.,  0.]])
    """
    own = np.diagonal(products)
    return np.asarray(own[:, None] + own[None, :] - products - products.T)


def check_patterns(patterns: npt.ArrayLike, what: str = "patterns") -> FloatArray:
    """Return patterns as float64, shape (n, channel).

    Raises
    ------
    BadInput
        If there are fewer than two conditions, no channels, or not two dimensions.
    """
    x = np.asarray(patterns, dtype=np.float64)
    if x.ndim != 2:
        raise BadInput(what, got=f"shape {x.shape}", expected="(condition, channel)", repair="Reshape them.")
    if len(x) < 2:
        raise BadInput(
            what,
            got=f"{len(x)} condition{'' if len(x) == 1 else 's'}",
            expected="at least 2 conditions, since a dissimilarity is between two",
            repair="Choose a trial label with more values.",
        )
    if x.shape[1] == 0:
        raise BadInput(
            what, got="no channels", expected="at least one channel", repair="Look at the selection of units."
        )
    return x


def scaled(vectors: FloatArray) -> FloatArray:
    """Return a copy whose rows lie within -1 to 1, so that their squares neither overflow nor vanish.

    Rows are divided by powers of two, which changes no digit of what only depends on their direction.

    Examples
    --------
    >>> scaled(np.array([[3e200, 4e200], [0.0, 0.0]])).round(2).tolist()
    [[0.49, 0.65], [0.0, 0.0]]
    """
    largest = np.maximum(np.nanmax(vectors, axis=1, initial=0.0), -np.nanmin(vectors, axis=1, initial=0.0))
    return np.asarray(np.ldexp(vectors, -np.frexp(largest)[1][:, None]))


def name_of(index: int, names: Sequence[str] | None) -> str:
    """Return how a message calls condition number ``index``.

    Examples
    --------
    >>> name_of(2, None), name_of(0, ["face"])
    ('number 2', "'face'")
    """
    return f"number {index}" if names is None else f"'{names[index]}'"
