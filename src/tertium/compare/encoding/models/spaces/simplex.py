"""Weights that are not negative and add up to one, of least squared error: a small quadratic programme a target."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

#: Models at most: every set of them is tried.
MOST = 8

#: Added to the diagonal, over the mean of it: where models agree, they share their weight.
_JITTER = 1e-10


def simplex_weights(products: FloatArray) -> FloatArray:
    """Return the weights under which the weighted sum of errors is least, exactly and for all targets at once.

    With weights a that add up to one, the error of a mixture of predictions is the mixture of errors, and its square
    ``a'Q a``. On the models that have weight in the best mixture, the best is proportional to ``Q^-1 1``; so all sets
    of models are solved, and the best of those without negative weights is taken (Breiman 1996, Machine Learning
    24:49, with his weights bound to add up to one).

    Parameters
    ----------
    products : array, shape (target, model, model)
        Q: sums over held-out samples of products of the errors of two models, for at most eight models.

    Returns
    -------
    array, shape (target, model)

    Examples
    --------
    >>> simplex_weights(np.array([[[1.0, 0.0], [0.0, 3.0]], [[1.0, 2.0], [2.0, 5.0]]])).round(6).tolist()
    [[0.75, 0.25], [1.0, 0.0]]
    """
    targets, models, _ = products.shape
    mean = np.einsum("tii->t", products) / models
    scaled = products / np.where(mean > 0, mean, 1.0)[:, None, None]
    best, found = np.full(targets, np.inf), np.full((targets, models), 1 / models)
    for size in range(models, 0, -1):
        for some in combinations(range(models), size):
            part = scaled[:, some][:, :, some]
            weights = np.linalg.solve(part + _JITTER * np.eye(size), np.ones((targets, size, 1)))[..., 0]
            weights /= weights.sum(1, keepdims=True)
            loss = np.einsum("ts,tsr,tr->t", weights, part, weights)
            # a smaller set must be better, not as good: no model is dropped for nothing
            better = (weights >= 0).all(1) & (loss < best - 1e-12)
            best[better] = loss[better]
            found[better] = 0.0
            found[np.ix_(better, some)] = weights[better]
    return found
