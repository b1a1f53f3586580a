"""Partial least squares in the space of samples: one small eigenproblem a component, however many columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import eigh, solve

from tertium.compare.encoding.encoder import Encoder, Predicted, ReadyEncoder
from tertium.compare.encoding.gram import centred, gram
from tertium.compare.encoding.hats import Hats
from tertium.compare.encoding.tables import Table
from tertium.compare.validation.folds import Folds
from tertium.errors import BadInput

FloatArray = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]


#: Components where none are asked for.
USUAL = 25


@dataclass(frozen=True)
class PartialLeastSquares(Encoder):
    """Regression on the directions of features that covary most with all targets together (Wold 1975; PLS2).

    The same model as scikit-learn's ``PLSRegression(scale=False)``, to convergence, worked out from products of samples
    (Rännar, Lindgren, Geladi & Wold 1994, J Chemometrics 8:111).

    Parameters
    ----------
    components : int, optional
        Number of directions. If None, 25, which is usual for neurons in visual cortex (Schrimpf et al. 2018), or as
        many as there are.
    """

    components: int | None = None

    def __post_init__(self) -> None:
        if self.components is None:
            return
        if isinstance(self.components, bool) or not isinstance(self.components, int) or self.components < 1:
            raise BadInput("components", got=repr(self.components), expected="a whole number, at least 1")

    def prepare(self, features: Table, targets: Table, folds: Folds, width: int) -> ReadyPartialLeastSquares:
        """Return the hat matrix of each fold."""
        of_features = gram(features, width)
        small = targets.width < targets.n // 2
        wanted = targets.block(0, targets.width) if small else gram(targets, width)
        hats = []
        for fitted, tested in folds:
            own = wanted[fitted] - wanted[fitted].mean(0) if small else root(centred(wanted, fitted, tested)[0])
            hats.append(self._of_fold(of_features, own, fitted, tested))
        ready = [one.in_precision(targets.precision) for one in hats]
        return ReadyPartialLeastSquares(folds, ready, max(one.left.shape[2] for one in hats))

    def _of_fold(self, of_features: FloatArray, targets: FloatArray, fitted: Indices, tested: Indices) -> Hats:
        inside, across = centred(of_features, fitted, tested)
        scores, sources = components(inside, targets, self.components or USUAL)
        if scores.shape[1] < (self.components or 1):
            raise BadInput(
                "components",
                got=f"{self.components}",
                expected=f"at most {scores.shape[1]}: no more directions of the features covary with the targets",
            )
        spread = solve(scores.T @ inside @ sources, (across @ sources).T, transposed=True)
        return Hats(np.ascontiguousarray(spread.T)[None], np.ascontiguousarray(scores.T))


class ReadyPartialLeastSquares(ReadyEncoder):
    """Hat matrices of every fold; see `PartialLeastSquares`."""

    def __init__(self, folds: Folds, hats: list[Hats], components: int) -> None:
        self._folds, self._hats, self._components = folds, hats, components

    def predict(self, fold: int, targets: FloatArray) -> Predicted:
        """Predict the tested samples of a fold."""
        fitted, _ = self._folds.pairs[fold]
        mean = targets[fitted].mean(0)
        return Predicted(self._hats[fold].predict(targets[fitted] - mean)[0] + mean, mean, None)

    @property
    def says(self) -> str:
        """The model in words."""
        return f"partial least squares ({self._components} components)"


def root(products: FloatArray) -> FloatArray:
    """Return R with R R' the products of samples, shape (sample, rank): as good as the targets, and smaller."""
    values, vectors = eigh(products, check_finite=False)
    kept = values > len(values) * np.finfo(np.float64).eps * values[-1]
    return np.asarray(vectors[:, kept] * np.sqrt(values[kept]))


def components(products: FloatArray, targets: FloatArray, count: int) -> tuple[FloatArray, FloatArray]:
    """Return scores T, orthonormal, and target scores U, both (sample, component), of centred features and targets.

    Each component is the leading eigenvector c of Y'K Y (so that w = X'Y c is the leading singular direction of X'Y),
    u = Y c, t = K u less its part along earlier scores, normalised; Y is then made orthogonal to t. K need not be: what
    it is multiplied with from both sides already is.

    Parameters
    ----------
    products : array, shape (sample, sample)
        K = X X'.
    targets : array, shape (sample, target)
        Y, or anything with the same Y Y'.
    count : int
        Components; fewer come back where nothing is left that covaries.

    Examples
    --------
    >>> x = np.array([[-1.0], [0.0], [1.0]])
    >>> scores, _ = components(x @ x.T, 3 * x, 1)
    >>> np.abs(scores.ravel()).round(3).tolist()
    [0.707, 0.0, 0.707]
    """
    wanted = targets.copy()
    driven = products @ wanted
    scores, sources = np.empty((count, len(products))), np.empty((count, len(products)))
    first = 0.0
    for k in range(count):
        both = wanted.T @ driven
        last = len(both) - 1
        value, vector = eigh((both + both.T) / 2, subset_by_index=(last, last), check_finite=False)
        first = max(first, float(value[0]))
        if not value[0] > 1e-14 * first:
            return scores[:k].T, sources[:k].T
        sources[k] = wanted @ vector[:, 0]
        score = driven @ vector[:, 0]
        for _ in range(2):  # twice is enough (Parlett)
            score -= scores[:k].T @ (scores[:k] @ score)
        score /= np.linalg.norm(score)
        along = score @ wanted
        wanted -= np.outer(score, along)
        driven -= np.outer(products @ score, along)
        scores[k] = score
    return scores.T, sources.T
