"""The similarities written as in their definitions, for two vectors at a time: slow, readable, what the tests trust.

A draw of stimuli is written out here: `expand` repeats each dissimilarity as often as its pair occurs. The fast forms
in the other files never write a draw out; tests show that both agree.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from tertium.compare.similarity.pairs import FloatArray, IntArray


def expand(vector: FloatArray, first: IntArray, second: IntArray, drawn: IntArray) -> FloatArray:
    """Write out the dissimilarities of a draw of stimuli, leaving out pairs of a stimulus with its own copy.

    Parameters
    ----------
    vector : array, shape (pair,)
        Dissimilarities.
    first, second : array of int, shape (pair,)
        The stimuli of each pair.
    drawn : array of int, shape (n,)
        The stimuli drawn, copies included.

    Returns
    -------
    array, shape (pair of the draw,)
        In the order of the upper triangle of the drawn RDM, stimuli sorted; NaN stays NaN.
    """
    n = int(max(drawn.max(), second.max())) + 1
    square = np.full((n, n), np.nan)
    square[first, second] = square[second, first] = vector
    drawn = np.sort(drawn)
    i, j = np.triu_indices(len(drawn), 1)
    different = drawn[i] != drawn[j]
    return square[drawn[i], drawn[j]][different]


def cosine(x: FloatArray, y: FloatArray) -> float:
    """Cosine of the angle between two RDM vectors, both shape (pair,)."""
    return float(x @ y / np.sqrt((x @ x) * (y @ y)))


def pearson(x: FloatArray, y: FloatArray) -> float:
    """Pearson correlation of two RDM vectors, both shape (pair,)."""
    return cosine(x - x.mean(), y - y.mean())


def spearman(x: FloatArray, y: FloatArray) -> float:
    """Pearson correlation of the ranks; tied dissimilarities share their mean rank."""
    return pearson(rankdata(x), rankdata(y))


def rho_a(x: FloatArray, y: FloatArray) -> float:
    """Spearman correlation expected when ties are broken at random (Schütt et al. 2023, eLife 12:e82566).

    With mean ranks r, 12 sum (r_x - mean)(r_y - mean) / (P^3 - P): the variance of the ranks is that of P untied
    ones, so that a model with many ties is not favoured.
    """
    p = len(x)
    middle = (p + 1) / 2
    return float(12 * (rankdata(x) - middle) @ (rankdata(y) - middle) / (p**3 - p))


def kendall_tau_a(x: FloatArray, y: FloatArray) -> float:
    """Concordant less discordant pairs of dissimilarities over all pairs, ties counting as neither (Kendall 1938)."""
    agreement = np.sign(x[:, None] - x) * np.sign(y[:, None] - y)
    return float(agreement.sum() / (len(x) * (len(x) - 1)))


def dissimilarity_covariance(first: IntArray, second: IntArray, sigma: FloatArray | None = None) -> FloatArray:
    """Covariance, up to a factor, of dissimilarity estimates of patterns that are all alike: V, shape (pair, pair).

    V = (C Sigma C')^2 element by element, C the matrix of pairwise contrasts and Sigma the covariance of the pattern
    estimates over stimuli (Diedrichsen et al. 2021, Neurons Behav Data Anal Theory, eq. 9 ff.); the identity if None.
    """
    stimuli, position = np.unique(np.concatenate([first, second]), return_inverse=True)
    i, j = position[: len(first)], position[len(first) :]
    contrasts = np.zeros((len(first), len(stimuli)))
    contrasts[np.arange(len(first)), i] = 1
    contrasts[np.arange(len(first)), j] = -1
    sigma = np.eye(len(stimuli)) if sigma is None else sigma
    return np.asarray((contrasts @ sigma @ contrasts.T) ** 2)


def whitened_cosine(x: FloatArray, y: FloatArray, v: FloatArray) -> float:
    """Cosine in the metric V^-1, which counts correlated dissimilarities less; dense, for few stimuli."""
    inner = np.linalg.solve(v, np.stack([x, y], axis=1))
    return float(x @ inner[:, 1] / np.sqrt((x @ inner[:, 0]) * (y @ inner[:, 1])))


def whitened_correlation(x: FloatArray, y: FloatArray, v: FloatArray) -> float:
    """Whitened cosine of the dissimilarities less their plain mean."""
    return whitened_cosine(x - x.mean(), y - y.mean(), v)
