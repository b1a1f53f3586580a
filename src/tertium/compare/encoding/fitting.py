"""`fit_ridge`: a ridge regression of all units on all samples, with weights, for predicting what comes later."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve

from tertium.compare.encoding.blockwise import executor
from tertium.compare.encoding.gram import gram
from tertium.compare.encoding.hats import Hats, dual_hats
from tertium.compare.encoding.models.ridge import choose, default_penalties
from tertium.compare.encoding.tables import Table, matched_tables, table
from tertium.compare.encoding.weights import weight_blocks, write_weights
from tertium.compare.validation.folds import CrossValidation, as_cross_validation
from tertium.errors import BadInput

if TYPE_CHECKING:
    import xarray as xr
    from distributed import Client

FloatArray = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]


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
        """Return the weights of the features, (feature, unit).

        Parameters
        ----------
        out : path, or array or zarr.Array of that shape, optional
            Where weights larger than memory go. Under a path, a zarr store is written block by block, which
            `tertium.data.load` opens: features as conditions, with their ``mean``, units with their ``intercept``
            and ``penalty``. It gets its name when it is complete; features are read twice.

        Returns
        -------
        array, or ``out``
        """
        if isinstance(out, str | os.PathLike):
            return write_weights(Path(out), self._features, self.dual, self.penalties, self.means, self.units)
        if out is None:
            out = np.empty((self._features.width, len(self.units)), dtype=self.dual.dtype)
        for where, block in weight_blocks(self._features, self.dual, self._width):
            out[where] = block
        return out


def fit_ridge(
    X: xr.DataArray | npt.ArrayLike,
    Y: xr.DataArray | npt.ArrayLike,
    penalties: tuple[float, ...] | None = None,
    *,
    cv: int | CrossValidation = 5,
    by: str = "stimulus",
    width: int = 2048,
    scheduler: str | Client | None = None,
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
        Columns of X or Y that are read at a time; where they lie on disk in wider chunks, as many as these hold.
    scheduler : str or distributed.Client, optional
        As of `encode`.

    Returns
    -------
    RidgeFit
        Its ``dual`` weights are held in memory, (sample, unit), as large as Y is. Weights of features, which may be far
        larger, are written to disk by ``weights("weights.zarr")``.

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
    parts = []
    if len(candidates) > 1:
        labels = targets.labels() or features.labels()
        for fitted, tested in as_cross_validation(cv, labels).split(targets.n, labels):
            hats = dual_hats(products, fitted, tested, candidates, kind)
            parts.append((fitted, tested, hats))
    fitter = _DualFitter(targets, products, candidates, parts)
    dual, chosen = np.empty((targets.n, targets.width), dtype=kind), np.zeros(targets.width, dtype=np.int64)
    means = np.empty(targets.width)

    def take(span: slice, found: tuple[FloatArray, Indices, FloatArray]) -> None:
        dual[:, span], chosen[span], means[span] = found

    with executor(scheduler) as where:
        where.run(fitter, targets.spans(width), take, "blocks of units")
    return RidgeFit(dual, candidates[chosen], means, targets.columns, features, width)


@dataclass(frozen=True, eq=False)
class _DualFitter:
    """Dual weights, choice of penalty and mean of some targets; equations are factorised once in a process."""

    targets: Table
    products: FloatArray
    penalties: FloatArray
    parts: list[tuple[Indices, Indices, Hats]]
    factors: dict[int, Any] = field(default_factory=dict)

    def __call__(self, span: slice) -> tuple[FloatArray, Indices, FloatArray]:
        kind = self.targets.precision
        block = self.targets.part(span.start, span.stop).block(0, span.stop - span.start).astype(kind, copy=False)
        means = np.asarray(block.mean(0), dtype=np.float64)
        chosen = choose(block, self.parts) if self.parts else np.zeros(block.shape[1], dtype=np.int64)
        dual = np.empty(block.shape, dtype=kind)
        for i in np.unique(chosen).tolist():
            if i not in self.factors:
                self.factors[i] = cho_factor(self.products + self.penalties[i] * np.eye(len(block)), lower=True)
            mine = np.flatnonzero(chosen == i)
            centred = np.asarray(block[:, mine] - means[mine], dtype=np.float64)
            dual[:, mine] = cho_solve(self.factors[i], centred, check_finite=False)
        return dual, chosen, means
