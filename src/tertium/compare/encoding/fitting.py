"""`fit_ridge`: a ridge regression of all units on all samples, with weights, for predicting what comes later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve

from tertium.compare.encoding.gram import gram
from tertium.compare.encoding.hats import dual_hats
from tertium.compare.encoding.models.ridge import choose, default_penalties
from tertium.compare.encoding.tables import Table, matched_tables, table
from tertium.compare.validation.folds import CrossValidation, as_cross_validation
from tertium.errors import BadInput

if TYPE_CHECKING:
    import xarray as xr

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RidgeFit:
    """A fitted ridge regression, in the dual form: a weight for each sample and unit.

    Attributes
    ----------
    dual : array, shape (sample, unit)
        Weights of the samples, centred features times which are the weights of the features.
    penalties : array, shape (unit,)
        What was chosen for each unit.
    means : array, shape (unit,)
        Mean response of each unit: the prediction at the mean of the features.
    units : tuple of str
    """

    dual: FloatArray
    penalties: FloatArray
    means: FloatArray
    units: tuple[str, ...]
    _features: Table
    _width: int

    def predict(self, X: xr.DataArray | npt.ArrayLike) -> FloatArray:
        """Return the predicted responses to other samples, (sample, unit).

        Raises
        ------
        BadInput
            If there are not as many features as were fitted.
        """
        new = table(X, "X", self._features.by or "stimulus")
        if new.width != self._features.width:
            raise BadInput("X", got=f"{new.width} features", expected=f"{self._features.width}, as were fitted")
        across = np.zeros((new.n, self._features.n), dtype=self.dual.dtype)
        for where, block in self._features.blocks(self._width):
            mean = block.mean(0)
            across += (new.block(where.start, where.stop) - mean) @ (block - mean).T
        return np.asarray(across @ self.dual + self.means)

    def weights(self, out: Any = None) -> Any:
        """Return the weights of the features, (feature, unit), written block by block into ``out`` where that is given.

        Parameters
        ----------
        out : array or zarr.Array of that shape, optional
            Where weights larger than memory go.
        """
        if out is None:
            out = np.empty((self._features.width, len(self.units)), dtype=self.dual.dtype)
        for where, block in self._features.blocks(self._width):
            out[where] = (block - block.mean(0)).astype(self.dual.dtype).T @ self.dual
        return out


def fit_ridge(
    X: xr.DataArray | npt.ArrayLike,
    Y: xr.DataArray | npt.ArrayLike,
    penalties: tuple[float, ...] | None = None,
    *,
    cv: int | CrossValidation = 5,
    by: str = "stimulus",
    width: int = 2048,
) -> RidgeFit:
    """Fit a ridge regression to all samples, each unit under the penalty that predicts it best in cross-validation.

    For a score on samples that were not fitted call `encode`, which does this within each fold.

    Parameters
    ----------
    X, Y, cv, by
        As of `encode`.
    penalties : tuple of float, optional
        As of `Ridge`.
    width : int
        Columns of X or Y that are read at a time.

    Returns
    -------
    RidgeFit

    Raises
    ------
    BadInput
        As `encode`.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(50, 3))
    >>> fit = fit_ridge(X, X @ np.array([[1.0], [2.0], [-1.0]]), (1e-6,))
    >>> fit.weights().round(4).ravel().tolist(), fit.predict(np.ones((2, 3))).round(4).ravel().tolist()
    ([1.0, 2.0, -1.0], [2.0, 2.0])
    """
    features, targets = matched_tables(X, Y, by)
    products = gram(features, width)
    candidates = np.sort(np.array(penalties)) if penalties is not None else default_penalties(products)
    kind = targets.precision
    everything = np.arange(targets.n)
    parts = []
    if len(candidates) > 1:
        labels = targets.labels() or features.labels()
        for fitted, tested in as_cross_validation(cv, labels).split(targets.n, labels):
            hats = dual_hats(products, fitted, tested, candidates, kind)
            parts.append((fitted, tested, hats))
    factors: dict[int, Any] = {}
    dual, chosen = np.empty((targets.n, targets.width), dtype=kind), np.zeros(targets.width, dtype=np.int64)
    means = np.empty(targets.width)
    for where, block in targets.blocks(width):
        block = block.astype(kind, copy=False)
        means[where] = block.mean(0)
        if parts:
            chosen[where] = choose(block, parts)
        for i in np.unique(chosen[where]):
            if i not in factors:
                factors[int(i)] = cho_factor(products + candidates[i] * np.eye(len(everything)), lower=True)
            mine = np.flatnonzero(chosen[where] == i)
            centred = np.asarray(block[:, mine] - means[where][mine], dtype=np.float64)
            dual[:, where.start + mine] = cho_solve(factors[int(i)], centred, check_finite=False)
    return RidgeFit(dual, candidates[chosen], means, targets.columns, features, width)
