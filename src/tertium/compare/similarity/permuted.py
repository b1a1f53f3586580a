"""Similarity after the stimuli's names were shuffled: what a model without any knowledge of the stimuli would get."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from tertium.compare.similarity.engine import FORMS, check_method
from tertium.compare.similarity.pairs import FloatArray, IntArray, Pairs, blocks
from tertium.compare.similarity.tau import weighted_tau_a

#: Numbers handled at once (32 MB of float64).
NUMBERS = 4_000_000


def permuted(models: FloatArray, data: FloatArray, permutations: IntArray, method: str) -> FloatArray:
    """Similarity of each model, its rows and columns shuffled alike, with every subject.

    Parameters
    ----------
    models : array, shape (model, pair)
        Dissimilarities of all pairs of n stimuli, no NaN: a shuffled model must predict every measured pair.
    data : array, shape (subject, pair)
        Measured dissimilarities; NaN where not measured.
    permutations : array of int, shape (permutation, n)
        Orders of the stimuli.
    method : str
        One of `METHODS`.

    Returns
    -------
    array, shape (permutation, model, subject)
    """
    check_method(method)
    pairs = Pairs.all(permutations.shape[1])
    result = np.empty((len(permutations), len(models), len(data)))
    complete = bool(np.isfinite(data).all())
    factor = np.ones((len(models), len(data)))
    if complete and method in ("spearman", "rho_a"):
        # Shuffling all pairs shuffles the ranks: rank once, correlate the ranks.
        models, data = rankdata(models, axis=1), rankdata(data, axis=1)
        if method == "rho_a":
            p = len(pairs)
            spread = np.concatenate([models, data]).var(axis=1) * 12 * p / (p**3 - p)
            factor = np.sqrt(spread[: len(models), None] * spread[len(models) :])
        method = "pearson"
    squares = np.zeros((len(models), pairs.n, pairs.n))
    squares[:, pairs.first, pairs.second] = squares[:, pairs.second, pairs.first] = models
    once = np.ones((1, pairs.n), dtype=np.int64)
    for some in blocks(len(permutations), NUMBERS // (len(pairs) * (2 + len(data)))):
        order = permutations[some]
        first, second = order[:, pairs.first], order[:, pairs.second]
        for i, square in enumerate(squares):
            shuffled = square[first, second]
            for j, subject in enumerate(data):
                mask = np.isfinite(subject)
                here = shuffled[:, mask] if not complete else shuffled
                if method == "kendall_tau_a":
                    ones = np.ones(mask.sum())
                    result[some, i, j] = [weighted_tau_a(row, subject[mask], ones) for row in here]
                else:
                    result[some, i, j] = FORMS[method](here, subject[None, mask], pairs.keep(mask), once)[0, :, 0]
    return np.clip(result * factor, -1.0, 1.0)
