"""Whitened cosine and correlation without the pairs x pairs covariance: one small system a draw, solved in closed form.

The covariance V of all dissimilarities is 4 on the diagonal, 1 for two pairs that share a stimulus and 0 elsewhere
(Diedrichsen et al. 2021, independent patterns of equal noise). With B the incidence of pairs and stimuli,
V = 2 I + B B', so by Woodbury's identity

    x' V^-1 y = (x'y - (B'x)' (2 I + B'B)^-1 (B'y)) / 2.

In a draw, copies of a stimulus behave alike and the system keeps the size of the original stimuli. When all pairs were
measured its matrix is diagonal plus rank one.
"""

from __future__ import annotations

import numpy as np

from tertium.compare.similarity.moments import pair_count, sums
from tertium.compare.similarity.pairs import FloatArray, IntArray, Pairs, blocks

#: Draws handled at once.
DRAWS = 128


def whitened_cosine(models: FloatArray, data: FloatArray, pairs: Pairs, multiplicity: IntArray) -> FloatArray:
    """Whitened cosine of every model with every subject in every draw; parameters and result as in `moments.cosine`."""
    return _whitened(models, data, pairs, multiplicity, centred=False)


def whitened_correlation(models: FloatArray, data: FloatArray, pairs: Pairs, multiplicity: IntArray) -> FloatArray:
    """Whitened cosine after each vector's plain mean in the draw is taken off; shapes as in `whitened_cosine`."""
    return _whitened(models, data, pairs, multiplicity, centred=True)


def _whitened(
    models: FloatArray, data: FloatArray, pairs: Pairs, multiplicity: IntArray, *, centred: bool
) -> FloatArray:
    m, s = len(models), len(data)
    if centred:
        models = models - models.mean(axis=1, keepdims=True)
        data = data - data.mean(axis=1, keepdims=True)
    products, squares, totals = sums(models, data, pairs, multiplicity, plain=True)
    raw = squares.copy()
    squares_matrices = _squares(np.concatenate([models, data, np.ones((1, len(pairs)))]), pairs)
    counts = pair_count(pairs, multiplicity)
    for draws in blocks(len(multiplicity), DRAWS):
        w = np.asarray(multiplicity[draws], dtype=np.float64)
        rows, solved = _row_sums(squares_matrices, pairs, w)
        if centred:
            means = totals[draws] / counts[draws, None]
            products[draws] -= counts[draws, None, None] * means[:, :m, None] * means[:, None, m:]
            squares[draws] -= counts[draws, None] * means**2
            rows = rows[:, :-1] - means[:, :, None] * rows[:, -1:]
            solved = solved[:, :-1] - means[:, :, None] * solved[:, -1:]
        weighted = rows * w[:, None, :]
        products[draws] -= weighted[:, :m] @ solved[:, m : m + s].transpose(0, 2, 1)
        squares[draws] -= np.einsum("bvi,bvi->bv", weighted[:, : m + s], solved[:, : m + s])
    squares[squares <= 1e-12 * raw] = 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        return products / np.sqrt(squares[:, :m])[:, :, None] / np.sqrt(squares[:, m:])[:, None, :]


def _squares(vectors: FloatArray, pairs: Pairs) -> FloatArray:
    """Symmetric matrices, shape (vector, n, n), zero on the diagonal and where a pair is missing."""
    matrices = np.zeros((len(vectors), pairs.n, pairs.n))
    matrices[:, pairs.first, pairs.second] = vectors
    matrices[:, pairs.second, pairs.first] = vectors
    return matrices


def _row_sums(matrices: FloatArray, pairs: Pairs, w: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return B'x for each draw and vector, shape (draw, vector, stimulus), and (2 I + B'B)^-1 B'x likewise.

    The last matrix is that of a vector of ones: it tells which pairs there are.
    """
    k, n = len(matrices), pairs.n
    rows = (matrices.reshape(k * n, n) @ w.T).reshape(k, n, len(w)).transpose(2, 0, 1)
    total = w.sum(axis=1, keepdims=True)
    diagonal = 2 + total - 2 * w
    if pairs.complete and (diagonal > 0.5).all():
        inverse = 1 / diagonal
        shared = np.einsum("bvi,bi->bv", rows, w * inverse) / (1 + (w * inverse).sum(axis=1, keepdims=True))
        return rows, (rows - shared[:, :, None]) * inverse[:, None, :]
    there = matrices[-1]
    system = there * w[:, None, :]
    index = np.arange(n)
    system[:, index, index] = 2 + w @ there
    return rows, np.linalg.solve(system, rows.transpose(0, 2, 1)).transpose(0, 2, 1)


def inner_products(vectors: FloatArray, pairs: Pairs, multiplicity: IntArray, *, centred: bool) -> FloatArray:
    """Return x' V^-1 y, up to a factor, of all RDM vectors in one draw.

    Parameters
    ----------
    vectors : array, shape (vector, pair)
        Dissimilarities, no NaN.
    pairs : Pairs
        The stimuli of each pair.
    multiplicity : array of int, shape (stimulus,)
        How often each stimulus was drawn.
    centred : bool
        Whether each vector's mean in the draw is taken off first.

    Returns
    -------
    array, shape (vector, vector)
    """
    weights = pairs.weights(multiplicity[None])[:, 0]
    if centred:
        vectors = vectors - (vectors @ weights / weights.sum())[:, None]
    w = np.asarray(multiplicity, dtype=np.float64)
    rows, solved = _row_sums(_squares(np.concatenate([vectors, np.ones((1, len(pairs)))]), pairs), pairs, w[None])
    return np.asarray((vectors * weights) @ vectors.T - (rows[0, :-1] * w) @ solved[0, :-1].T)
