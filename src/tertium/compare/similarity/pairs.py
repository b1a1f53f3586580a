"""Which two stimuli each dissimilarity belongs to, and how often a pair occurs when stimuli are drawn several times."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.integer[Any]]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Pairs:
    """The pairs of stimuli behind a vector of dissimilarities.

    Parameters
    ----------
    n : int
        Number of stimuli.
    first, second : array of int, shape (pair,)
        The two stimuli of each pair, first < second, in the order of an RDM's vector.

    Examples
    --------
    >>> pairs = Pairs.all(3)
    >>> pairs.first, pairs.second
    (array([0, 0, 1]), array([1, 2, 2]))
    >>> pairs.weights(np.array([[2, 1, 0]]))
    array([[2.],
           [0.],
           [0.]])
    """

    n: int
    first: IntArray
    second: IntArray

    @classmethod
    def all(cls, n: int) -> Pairs:
        """Return all n (n - 1) / 2 pairs in the order of an RDM's vector."""
        first, second = np.triu_indices(n, k=1)
        return cls(n, first, second)

    def __len__(self) -> int:
        return len(self.first)

    @property
    def complete(self) -> bool:
        """Whether every pair of the n stimuli is there."""
        return len(self.first) == self.n * (self.n - 1) // 2

    def keep(self, mask: Mask) -> Pairs:
        """Return the pairs where a mask, shape (pair,), is true."""
        return self if mask.all() else Pairs(self.n, self.first[mask], self.second[mask])

    def weights(self, multiplicity: npt.ArrayLike, dtype: npt.DTypeLike = np.float64) -> npt.NDArray:
        """Return how often each pair occurs in each draw, shape (pair, draw).

        A stimulus drawn w_i times and another drawn w_j times meet in w_i w_j pairs. Pairs of a stimulus with its own
        copy have distance 0 by construction, tell nothing and do not occur.

        Parameters
        ----------
        multiplicity : array of int, shape (draw, stimulus)
            How often each stimulus was drawn.
        dtype : dtype
            Of the result.
        """
        by_stimulus = np.ascontiguousarray(np.asarray(multiplicity).T, dtype=dtype)
        weights = by_stimulus[self.first]
        weights *= by_stimulus[self.second]
        return weights


def blocks(total: int, size: int) -> Iterator[slice]:
    """Cut ``range(total)`` into slices of at most ``size``, so that memory stays bounded.

    Examples
    --------
    >>> list(blocks(5, 2))
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    size = max(1, size)
    for start in range(0, total, size):
        yield slice(start, min(total, start + size))
