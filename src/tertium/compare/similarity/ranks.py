"""Spearman and rho-a of many RDMs under many draws: each RDM is sorted once, a draw only recounts its ranks."""

from __future__ import annotations

import numpy as np

from tertium.compare.similarity.pairs import FloatArray, IntArray, Pairs


def spearman(models: FloatArray, data: FloatArray, pairs: Pairs, multiplicity: IntArray) -> FloatArray:
    """Spearman correlation of every model with every subject in every draw; ties share their mean rank.

    Parameters and result as in `moments.cosine`. NaN where a vector is constant in a draw.
    """
    return _ranked(models, data, pairs, multiplicity, ties_broken=False)


def rho_a(models: FloatArray, data: FloatArray, pairs: Pairs, multiplicity: IntArray) -> FloatArray:
    """Rho-a, Spearman's correlation expected under random tie breaking (Schütt et al. 2023); shapes as `spearman`."""
    return _ranked(models, data, pairs, multiplicity, ties_broken=True)


class Sorted:
    """One RDM vector's order, from which the ranks in any draw follow by a cumulative sum of weights.

    Parameters
    ----------
    vector : array, shape (pair,)
        Dissimilarities, no NaN.

    Examples
    --------
    >>> ranks = np.empty(3)
    >>> Sorted(np.array([0.3, 0.1, 0.3])).ranks(np.array([1.0, 2.0, 1.0]), ranks)
    >>> ranks
    array([6., 2., 6.])
    """

    def __init__(self, vector: FloatArray) -> None:
        self.order = np.argsort(vector, kind="stable")
        ordered = vector[self.order]
        new = np.r_[True, ordered[1:] != ordered[:-1]]
        self.starts = np.flatnonzero(new)
        self.ends = np.r_[self.starts[1:], len(vector)]
        self.group = np.empty(len(vector), dtype=np.intp)
        self.group[self.order] = np.cumsum(new) - 1
        self.tied = len(self.starts) < len(vector)
        self._cumulated = np.zeros(len(vector) + 1)

    def ranks(self, weights: FloatArray, out: FloatArray) -> None:
        """Write twice the mid-rank of each pair, less 1, into ``out``, for whole-number weights; both shape (pair,).

        Pairs with weight 0 get a rank between those of their neighbours; they carry no weight in what follows.
        """
        cumulated = self._cumulated
        # mode="clip" lets take write straight into its output
        np.take(weights, self.order, out=cumulated[1:], mode="clip")
        np.cumsum(cumulated[1:], out=cumulated[1:])
        first, last = (cumulated[self.starts], cumulated[self.ends]) if self.tied else (cumulated[:-1], cumulated[1:])
        of_group = first + last
        np.take(of_group, self.group, out=out, mode="clip")


def _ranked(
    models: FloatArray, data: FloatArray, pairs: Pairs, multiplicity: IntArray, *, ties_broken: bool
) -> FloatArray:
    sorted_vectors = [Sorted(v) for v in (*models, *data)]
    m = len(models)
    result = np.empty((len(multiplicity), m, len(data)))
    ranks = np.empty((len(sorted_vectors), len(pairs)))
    for draw, row in enumerate(np.asarray(multiplicity, dtype=np.float64)):
        weights = row[pairs.first] * row[pairs.second]
        n = weights.sum()
        for vector, out in zip(sorted_vectors, ranks, strict=True):
            vector.ranks(weights, out)
        ranks -= n  # the mean of the doubled ranks
        products = (ranks[:m] * weights) @ ranks[m:].T
        if ties_broken:
            result[draw] = 3 * products / (n**3 - n) if n > 1 else np.nan
        else:
            squares = (ranks * ranks) @ weights
            norms = np.sqrt(np.where(squares > 0, squares, np.nan))
            result[draw] = products / norms[:m, None] / norms[m:]
    return result
