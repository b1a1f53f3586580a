"""Products of samples with samples: all that ridge, kernels and PLS need of features, however many there are."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tertium.compare.encoding.tables import Table

FloatArray = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]


def gram(features: Table, width: int) -> FloatArray:
    """Return X X', shape (sample, sample), each column less its mean; ``width`` columns are read at a time.

    Taking the means away first keeps the numbers small; which constant is taken away does not change `centred`.

    Examples
    --------
    >>> from tertium.compare.encoding.tables import table
    >>> gram(table(np.array([[1.0, 5.0], [3.0, 5.0]]), "X"), 1).tolist()
    [[1.0, -1.0], [-1.0, 1.0]]
    """
    return gram_of_columns(features, np.arange(features.width), width)


def gram_of_columns(features: Table, columns: Indices, width: int) -> FloatArray:
    """Return the same of some of the columns, given in ascending order."""
    total = np.zeros((features.n, features.n))
    for where, block in features.blocks(width):
        mine = columns[(columns >= where.start) & (columns < where.stop)] - where.start
        if len(mine):
            part = block if len(mine) == block.shape[1] else block[:, mine]
            part -= part.mean(0)
            total += part @ part.T
    return total


def centred(products: FloatArray, fitted: Indices, tested: Indices) -> tuple[FloatArray, FloatArray]:
    """Return the products of samples less the mean of the fitted ones: fitted by fitted, and tested by fitted.

    Parameters
    ----------
    products : array, shape (sample, sample)
        Gram or kernel matrix of all samples.
    fitted, tested : array of int

    Examples
    --------
    >>> x = np.array([[0.0], [2.0], [5.0]])
    >>> inside, across = centred(x @ x.T, np.array([0, 1]), np.array([2]))
    >>> inside.tolist(), across.tolist()
    ([[1.0, -1.0], [-1.0, 1.0]], [[-4.0, 4.0]])
    """
    inside, across = products[np.ix_(fitted, fitted)], products[np.ix_(tested, fitted)]
    means, mean = inside.mean(0), inside.mean()
    return inside - means - means[:, None] + mean, across - means - across.mean(1, keepdims=True) + mean
