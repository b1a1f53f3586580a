"""Ridge predictions as matrices that take fitted responses to predicted ones, so that targets can stream through.

With K the centred products of the samples that are fitted and k those of tested with fitted ones, the prediction of a
ridge regression with penalty a is ``mean + k (K + a I)^-1 (y - mean)`` (the dual form): one matrix for each penalty,
the same for every target. With fewer features than samples the primal form costs less,
``mean + x (X'X + a I)^-1 X' (y - mean)``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import LinAlgError, get_lapack_funcs

from tertium.compare.encoding.gram import centred

FloatArray = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

#: Condition number below which single precision keeps four digits.
_WELL_CONDITIONED = 1e3


@dataclass(frozen=True, eq=False)
class Hats:
    """Matrices from fitted to predicted responses, one for each penalty (one in all, for what has no penalty).

    Attributes
    ----------
    left : array, shape (penalty, tested, middle)
    right : array, shape (middle, fitted), or None
        A hat matrix is ``left[i] @ right``; None is the identity.
    """

    left: FloatArray
    right: FloatArray | None

    def in_precision(self, kind: npt.DTypeLike) -> Hats:
        """Return the same numbers in another precision."""
        return Hats(self.left.astype(kind), None if self.right is None else self.right.astype(kind))

    def predict(self, responses: FloatArray) -> FloatArray:
        """Return predictions under every penalty, (penalty, tested, target), from centred responses."""
        inner = responses if self.right is None else self.right @ responses
        penalties, tested, middle = self.left.shape
        return np.asarray((self.left.reshape(-1, middle) @ inner).reshape(penalties, tested, -1))

    def predict_chosen(self, responses: FloatArray, chosen: Indices) -> FloatArray:
        """Return predictions (tested, target), each target under its own penalty, given by number."""
        inner = responses if self.right is None else self.right @ responses
        found = np.empty((self.left.shape[1], responses.shape[1]), dtype=inner.dtype)
        for i in np.unique(chosen):
            mine = chosen == i
            found[:, mine] = self.left[i] @ inner[:, mine]
        return found


def dual_hats(
    products: FloatArray, fitted: Indices, tested: Indices, penalties: FloatArray, kind: npt.DTypeLike = np.float64
) -> Hats:
    """Return the hats from the products of samples, shape (sample, sample).

    With ``kind`` float32 equations are solved in single precision where their condition number is below a thousand,
    so that predictions keep four digits.

    Examples
    --------
    >>> x = np.array([[-1.0], [1.0], [3.0]])
    >>> hats = dual_hats(x @ x.T, np.array([0, 1]), np.array([2]), np.array([2.0]))
    >>> hats.predict(np.array([[-1.0], [1.0]])).ravel().round(12).tolist()  # slope 2 / (2 + 2)
    [1.5]
    """
    inside, across = centred(products, fitted, tested)
    left = np.empty((len(penalties), *across.shape), dtype=kind)
    largest = _largest_eigenvalue(inside) if left.dtype == np.float32 else np.inf
    for i, penalty in enumerate(penalties):
        enough = np.float32 if largest / penalty < _WELL_CONDITIONED else np.float64
        left[i] = _solved(inside.astype(enough), across.T.astype(enough), penalty).T
    return Hats(left, None)


def primal_hats(features: FloatArray, fitted: Indices, tested: Indices, penalties: FloatArray) -> Hats:
    """Return the hats from the features themselves, shape (sample, feature).

    Examples
    --------
    >>> x = np.array([[-1.0], [1.0], [3.0]])
    >>> hats = primal_hats(x, np.array([0, 1]), np.array([2]), np.array([2.0]))
    >>> hats.predict(np.array([[-1.0], [1.0]])).ravel().round(12).tolist()
    [1.5]
    """
    mean = features[fitted].mean(0)
    inside, across = features[fitted] - mean, features[tested] - mean
    products = inside.T @ inside
    left = np.empty((len(penalties), *across.shape))
    for i, penalty in enumerate(penalties):
        left[i] = _solved(products.copy(), across.T, penalty).T
    return Hats(left, np.ascontiguousarray(inside.T))


def _solved(products: FloatArray, right: FloatArray, penalty: float) -> FloatArray:
    """Return (K + penalty I)^-1 of some columns; K is overwritten.

    LAPACK is called by itself: what scipy does around it takes as long, at a hundred samples.
    """
    diagonal = np.arange(len(products))
    products[diagonal, diagonal] += penalty
    factorise, solve = get_lapack_funcs(("potrf", "potrs"), (products, right))
    factor, failed = factorise(products.T, lower=True, overwrite_a=True, clean=False)
    if failed:
        raise LinAlgError(f"products and penalty {penalty:g} are not positive definite at sample {failed}")
    return np.asarray(solve(factor, right, lower=True)[0])


def _largest_eigenvalue(products: FloatArray) -> float:
    """Return an upper guess of the largest eigenvalue: thirty steps of the power method, and a tenth more."""
    vector, size = products[np.argmax(np.diagonal(products))].copy(), 0.0
    for _ in range(30):
        size = float(np.linalg.norm(vector))
        if size == 0:
            return 0.0
        vector = products @ (vector / size)
    return 1.1 * float(np.linalg.norm(vector))
