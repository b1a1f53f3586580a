"""Cosine and Pearson correlation of many RDMs under many draws of stimuli, as matrix products over weights."""

from __future__ import annotations

import numpy as np

from tertium.compare.similarity.pairs import FloatArray, IntArray, Pairs, blocks

#: Draws and pairs handled at once: 256 x 4096 weights are 8 MB.
DRAWS, PAIRS = 256, 4096


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
    products, squares, _ = sums(models, data, pairs, multiplicity)
    return _ratio(products, squares[:, : len(models)], squares[:, len(models) :])


def pearson(models: FloatArray, data: FloatArray, pairs: Pairs, multiplicity: IntArray) -> FloatArray:
    """Pearson correlation of every model with every subject in every draw; shapes as in `cosine`.

    NaN where a vector is constant in a draw.
    """
    # Centring first keeps the one-pass variances below free of cancellation.
    models = models - models.mean(axis=1, keepdims=True)
    data = data - data.mean(axis=1, keepdims=True)
    products, squares, totals = sums(models, data, pairs, multiplicity)
    weight = pair_count(pairs, multiplicity)
    left, right = totals[:, : len(models)], totals[:, len(models) :]
    products -= left[:, :, None] * (right / weight[:, None])[:, None, :]
    variances = squares - totals**2 / weight[:, None]
    variances[variances <= 1e-12 * squares] = 0.0
    return _ratio(products, variances[:, : len(models)], variances[:, len(models) :])


def sums(
    models: FloatArray, data: FloatArray, pairs: Pairs, multiplicity: IntArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Weighted sums over pairs: of model x subject, of squares, and plain.

    Returns
    -------
    products : array, shape (draw, model, subject)
    squares, totals : array, shape (draw, model + subject)
    """
    m, s, n_draws = len(models), len(data), len(multiplicity)
    result = np.zeros((m * s + 2 * (m + s), n_draws))
    for some in blocks(len(pairs), PAIRS):
        left, right = models[:, some], data[:, some]
        both = np.concatenate([left, right])
        rows = np.concatenate([(left[:, None] * right).reshape(m * s, -1), both**2, both])
        part = Pairs(pairs.n, pairs.first[some], pairs.second[some])
        for draws in blocks(n_draws, DRAWS):
            result[:, draws] += rows @ part.weights(multiplicity[draws])
    products = result[: m * s].T.reshape(n_draws, m, s)
    squares = result[m * s : m * s + m + s].T
    return products.copy(), squares.copy(), result[m * s + m + s :].T.copy()


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
