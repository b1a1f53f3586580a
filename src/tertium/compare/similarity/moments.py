"""Cosine and Pearson correlation of many RDMs under many draws of stimuli, as matrix products over weights."""

from __future__ import annotations

import numpy as np

from tertium.compare.similarity.pairs import FloatArray, IntArray, Pairs, blocks

#: Draws handled at once, rows of the triangle in a band, and numbers in a band at most (32 MB).
DRAWS, BAND, NUMBERS = 128, 25, 4_000_000


def cosine(models: FloatArray, data: FloatArray, pairs: Pairs, multiplicity: IntArray) -> FloatArray:
    """Cosine of every model with every subject in every draw.

    Parameters
    ----------
    models : array, shape (model, pair)
        Model dissimilarities, no NaN.
    data : array, shape (subject, pair)
        Measured dissimilarities, no NaN.
    pairs : Pairs
        The stimuli of each pair.
    multiplicity : array of int, shape (draw, stimulus)
        How often each stimulus was drawn.

    Returns
    -------
    array, shape (draw, model, subject)
        In [-1, 1]; NaN where a vector is all zero in a draw.
    """
    products, squares, _ = sums(models, data, pairs, multiplicity, plain=False)
    return _ratio(products, squares[:, : len(models)], squares[:, len(models) :])


def pearson(models: FloatArray, data: FloatArray, pairs: Pairs, multiplicity: IntArray) -> FloatArray:
    """Pearson correlation of every model with every subject in every draw; shapes as in `cosine`.

    NaN where a vector is constant in a draw.
    """
    # Centring first keeps the one-pass variances below free of cancellation.
    models = models - models.mean(axis=1, keepdims=True)
    data = data - data.mean(axis=1, keepdims=True)
    products, squares, totals = sums(models, data, pairs, multiplicity, plain=True)
    weight = pair_count(pairs, multiplicity)
    left, right = totals[:, : len(models)], totals[:, len(models) :]
    products -= left[:, :, None] * (right / weight[:, None])[:, None, :]
    variances = squares - totals**2 / weight[:, None]
    variances[variances <= 1e-12 * squares] = 0.0
    return _ratio(products, variances[:, : len(models)], variances[:, len(models) :])


def sums(
    models: FloatArray, data: FloatArray, pairs: Pairs, multiplicity: IntArray, *, plain: bool
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Weighted sums over pairs: of model x subject, of squares, and (if asked for) plain.

    A sum over pairs of w_i w_j a_ij is a quadratic form in the multiplicities, so that no weights of pairs are formed:
    the upper triangle of a is cut into bands of rows, and a band meets all draws in one matrix product.

    Returns
    -------
    products : array, shape (draw, model, subject)
    squares, totals : array, shape (draw, model + subject)
        Totals are empty unless ``plain``.
    """
    m, s = len(models), len(data)
    both = np.concatenate([models, data])
    k = m * s + (2 if plain else 1) * (m + s)
    by_stimulus = np.ascontiguousarray(np.asarray(multiplicity).T, dtype=np.float64)
    result = np.zeros((k, len(multiplicity)))
    for band in blocks(pairs.n, min(BAND, NUMBERS // (k * pairs.n))):
        start, stop = np.searchsorted(pairs.first, [band.start, band.stop])
        left, right, v = models[:, start:stop], data[:, start:stop], both[:, start:stop]
        rows = [(left[:, None] * right).reshape(m * s, -1), v**2, *([v] if plain else [])]
        height, width = band.stop - band.start, pairs.n - band.start
        table = np.zeros((k, height, width))
        table[:, pairs.first[start:stop] - band.start, pairs.second[start:stop] - band.start] = np.concatenate(rows)
        for draws in blocks(len(multiplicity), DRAWS):
            w = by_stimulus[band.start :, draws]
            by_row = (table.reshape(k * height, width) @ w).reshape(k, height, -1)
            by_row *= w[:height]
            result[:, draws] += by_row.sum(axis=1)
    products = result[: m * s].T.reshape(-1, m, s)
    squares, totals = result[m * s : m * s + m + s].T, result[m * s + m + s :].T
    return products.copy(), squares.copy(), totals.copy()


def pair_count(pairs: Pairs, multiplicity: IntArray) -> FloatArray:
    """Number of pairs in each draw, copies counted, shape (draw,)."""
    w = np.asarray(multiplicity, dtype=np.float64)
    if pairs.complete:
        return np.asarray((w.sum(axis=1) ** 2 - (w**2).sum(axis=1)) / 2)
    return np.concatenate([pairs.weights(w[some]).sum(axis=0) for some in blocks(len(w), DRAWS)])


def _ratio(products: FloatArray, left: FloatArray, right: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        # Two square roots, since the product of two squares may overflow or vanish.
        return products / np.sqrt(left)[:, :, None] / np.sqrt(right)[:, None, :]
