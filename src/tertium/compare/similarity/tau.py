"""Kendall's tau-a under many draws: the order of an RDM is cut into buckets once, a draw only changes the weights.

Tau-a needs, over all pairs of dissimilarities p and q, the sum of w_p w_q sign(x_p - x_q) sign(y_p - y_q). Both vectors
are cut into buckets of neighbouring values. Two dissimilarities are then

- in different buckets of x and of y: counted from the two-way table of bucket weights, by two triangular products;
- in one bucket of x: a small dense matrix of signs for each bucket;
- in one bucket of y, but not of x: another such matrix.

The sign matrices are made once for a model and a subject and then multiplied with the weights of all draws. All sums
are of whole numbers: they are done in float32 where that is exact (`_exact_dtype`) and in float64 otherwise.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from tertium.compare.similarity.pairs import FloatArray, IntArray, Mask, Pairs, blocks

#: Numbers in one block of weights (float32: 8 MB).
NUMBERS = 2_000_000

#: Up to here the plain definition, with all signs written out, is faster than buckets (a fold of stimuli in one draw).
FEW_PAIRS, FEW_DRAWS = 400, 4


def kendall_tau_a(
    models: FloatArray, data: FloatArray, pairs: Pairs, multiplicity: IntArray, wanted: Mask | None = None
) -> FloatArray:
    """Tau-a of every model with every subject in every draw; copies of a pair of stimuli count as tied.

    Parameters
    ----------
    models, data, pairs, multiplicity
        As in `moments.cosine`.
    wanted : array of bool, shape (model, subject), optional
        The combinations to compute; the others are NaN.

    Returns
    -------
    array, shape (draw, model, subject)
        In [-1, 1].
    """
    if len(pairs) <= FEW_PAIRS and len(multiplicity) <= FEW_DRAWS:
        return _by_all_signs(models, data, pairs, multiplicity)
    left, right = [Buckets.cut(v) for v in models], [Buckets.cut(v) for v in data]
    result = np.full((len(multiplicity), len(left), len(right)), np.nan)
    dtype = _exact_dtype(np.asarray(multiplicity), len(pairs))
    for i, x in enumerate(left):
        for j, y in enumerate(right):
            if wanted is not None and not wanted[i, j]:
                continue
            table = Concordance(x, y, dtype)
            for draws in blocks(len(multiplicity), NUMBERS // len(pairs)):
                result[draws, i, j] = table.tau_a(pairs, multiplicity[draws])
    return result


def _bucket_size(n_pairs: int) -> int:
    return max(8, round(1.1 * np.sqrt(n_pairs)))


def _exact_dtype(multiplicity: IntArray, n_pairs: int) -> npt.DTypeLike:
    """Return float32 where all sums of weights, and all products inside a bucket, are whole numbers below 2**24."""
    total = int(multiplicity.sum(axis=1).max()) ** 2 // 2
    heaviest = int(multiplicity.max()) ** 2
    return np.float32 if max(total, heaviest**2 * _bucket_size(n_pairs)) < 2**24 else np.float64


def _by_all_signs(models: FloatArray, data: FloatArray, pairs: Pairs, multiplicity: IntArray) -> FloatArray:
    weights = pairs.weights(multiplicity).T
    p = len(pairs)
    left = np.sign(models[:, :, None] - models[:, None, :]).reshape(len(models), p * p)
    right = np.sign(data[:, :, None] - data[:, None, :]).reshape(len(data), p * p)
    result = np.empty((len(weights), len(models), len(data)))
    for draw, w in enumerate(weights):
        n = w.sum()
        agreement = (left * np.outer(w, w).ravel()) @ right.T
        result[draw] = agreement / (n * (n - 1)) if n > 1 else np.nan
    return result


class Buckets:
    """A vector's order cut into runs of at most `size` neighbouring values; equal values are never parted.

    Attributes
    ----------
    rank : array of int, shape (pair,)
        Dense rank of each value.
    bucket : array of int, shape (pair,)
        The bucket of each value, ascending with it.
    slots : array of int, shape (bucket, size)
        The pairs of each bucket that holds different values, -1 where it has fewer; buckets of one value are left
        out, since nothing inside them is ordered.
    """

    def __init__(self, rank: IntArray, bucket: IntArray, slots: IntArray, n_buckets: int) -> None:
        self.rank, self.bucket, self.slots, self.n_buckets = rank, bucket, slots, n_buckets

    @classmethod
    def cut(cls, vector: FloatArray) -> Buckets:
        """Cut a vector, shape (pair,), into buckets of about the square root of its length."""
        size = _bucket_size(len(vector))
        values, rank, counts = np.unique(vector, return_inverse=True, return_counts=True)
        of_value = np.empty(len(values), dtype=np.intp)
        current, filled = -1, size
        for value, count in enumerate(counts):
            if filled + count > size:
                current, filled = current + 1, 0
            of_value[value] = current
            filled += count
        bucket = of_value[rank]
        order = np.argsort(bucket, kind="stable")
        n_values = np.bincount(of_value)
        starts = np.searchsorted(bucket[order], np.arange(current + 2))
        mixed = np.flatnonzero(n_values > 1)
        slots = np.full((len(mixed), size), -1, dtype=np.intp)
        for row, b in enumerate(mixed):
            members = order[starts[b] : starts[b + 1]]
            slots[row, : len(members)] = members
        return cls(rank, bucket, slots, current + 1)


class Concordance:
    """All that tau-a of one model with one subject needs, whatever the weights.

    Parameters
    ----------
    x, y : Buckets
        Of the two vectors.
    dtype : dtype
        Of the sums; must hold the squared number of stimuli drawn exactly.
    """

    def __init__(self, x: Buckets, y: Buckets, dtype: npt.DTypeLike) -> None:
        self.dtype = dtype
        self.inside = [
            (x.slots, _signs(x.slots, x.rank, y.rank, None, dtype)),
            (y.slots, _signs(y.slots, x.rank, y.rank, x.bucket, dtype)),
        ]
        cell = x.bucket * y.n_buckets + y.bucket
        ones = np.ones(len(cell), dtype=dtype)
        shape = (x.n_buckets * y.n_buckets, len(cell))
        self.cells = sparse.csr_matrix((ones, (cell, np.arange(len(cell)))), shape=shape)
        self.table = (x.n_buckets, y.n_buckets)

    def tau_a(self, pairs: Pairs, multiplicity: IntArray) -> FloatArray:
        """Return tau-a in each draw, shape (draw,), for multiplicities (draw, stimulus)."""
        weights = pairs.weights(multiplicity, self.dtype)
        agreement = self._between(weights)
        for slots, signs in self.inside:
            if len(slots):
                agreement += _within(weights, slots, signs)
        n = weights.sum(axis=0, dtype=np.float64)
        return np.asarray(agreement / (n * (n - 1) / 2))

    def _between(self, weights: npt.NDArray) -> FloatArray:
        """Sum over pairs of dissimilarities in different buckets of both vectors, each pair once, shape (draw,)."""
        rows, columns = self.table
        table = np.ascontiguousarray((self.cells @ weights).T).reshape(-1, rows, columns)
        below = np.tri(rows, k=-1, dtype=self.dtype)
        sides = np.tri(columns, k=-1, dtype=self.dtype)
        smaller = below @ table
        smaller = smaller @ (sides - sides.T).T
        return np.einsum("brc,brc->b", table, smaller, dtype=np.float64, casting="same_kind")


def _signs(slots: IntArray, x: IntArray, y: IntArray, apart: IntArray | None, dtype: npt.DTypeLike) -> npt.NDArray:
    """Signs of agreement in each bucket, shape (bucket, size, size); 0 for padding and pairs that share ``apart``."""
    result = np.zeros((*slots.shape, slots.shape[1]), dtype=dtype)
    for row, members in enumerate(slots):
        members = members[members >= 0]
        x_here, y_here = x[members], y[members]
        signs = np.sign(x_here[:, None] - x_here) * np.sign(y_here[:, None] - y_here)
        if apart is not None:
            signs *= apart[members][:, None] != apart[members]
        result[row, : len(members), : len(members)] = signs
    return result


def _within(weights: npt.NDArray, slots: IntArray, signs: npt.NDArray) -> FloatArray:
    """Half of w' S w summed over buckets, shape (draw,)."""
    total = np.zeros(weights.shape[1])
    for members, block in zip(slots, signs, strict=True):
        members = members[members >= 0]
        here = weights[members]
        agreement = block[: len(members), : len(members)] @ here
        agreement *= here
        total += agreement.sum(axis=0, dtype=np.float64)
    return total / 2


def weighted_tau_a(x: FloatArray, y: FloatArray, weights: FloatArray) -> float:
    """Tau-a of two vectors, shape (pair,), with whole-number weights, in P log P steps.

    Discordant pairs are counted bit by bit: with x sorted, a pair is discordant where the ranks of y agree in all
    higher bits and an earlier one has the bit set that a later one has not. For vectors that change with every draw
    (a shuffled model), where `kendall_tau_a` would have to be prepared anew each time.

    Examples
    --------
    >>> weighted_tau_a(np.array([1.0, 2, 3]), np.array([1.0, 3, 2]), np.ones(3))
    0.3333333333333333
    """
    there = weights > 0
    x, y, weights = x[there], y[there], weights[there]
    _, x_rank = np.unique(x, return_inverse=True)
    _, y_rank = np.unique(y, return_inverse=True)
    order = np.lexsort((y_rank, x_rank))
    n = weights.sum()
    joint = x_rank.astype(np.int64) * (int(y_rank.max()) + 1) + y_rank
    ties = _tied(x_rank, weights) + _tied(y_rank, weights) - _tied(np.unique(joint, return_inverse=True)[1], weights)
    discordant = _discordant(y_rank[order], weights[order])
    return float((n * (n - 1) / 2 - ties - 2 * discordant) / (n * (n - 1) / 2))


def _tied(group: IntArray, weights: FloatArray) -> float:
    sizes = np.bincount(group, weights=weights)
    return float((sizes * (sizes - 1)).sum() / 2)


def _discordant(rank: IntArray, weights: FloatArray) -> float:
    """Weighted number of pairs in which the earlier has the larger rank."""
    total = 0.0
    for bit in range(int(rank.max()).bit_length() - 1, -1, -1):
        prefix, here = rank >> (bit + 1), (rank >> bit) & 1
        # Grouped by the higher bits, in the order they came.
        set_before = np.cumsum(here * weights)
        first = np.flatnonzero(np.r_[True, prefix[1:] != prefix[:-1]])
        lengths = np.diff(np.r_[first, len(rank)])
        outside = np.repeat(np.r_[0.0, set_before][first], lengths)
        total += float((weights * (1 - here)) @ (set_before - outside))
        order = np.argsort(rank >> bit, kind="stable")
        rank, weights = rank[order], weights[order]
    return total
