"""`fit_ridge`: a ridge regression of all units on all samples, with weights, for predicting what comes later."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve

from tertium.compare.encoding.blockwise import executor
from tertium.compare.encoding.gram import gram
from tertium.compare.encoding.hats import Hats, dual_hats
from tertium.compare.encoding.memory import Held, MemoryNeed, count_penalties, in_gigabytes, machine_memory, say
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
        As `encode`; or if it takes more memory than the machine has.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(50, 3))
    >>> fit = fit_ridge(X, X @ np.array([[1.0], [2.0], [-1.0]]), (1e-6,))
    >>> fit.weights().round(4).ravel().tolist(), fit.predict(np.ones((2, 3))).round(4).ravel().tolist()
    ([1.0, 2.0, -1.0], [2.0, 2.0])
    """
    features, targets = matched_tables(X, Y, by)
    labels, kind = targets.labels() or features.labels(), targets.precision
    split: Sequence[tuple[Indices, Indices]] = ()
    if penalties is None or len(penalties) > 1:
        split = as_cross_validation(cv, labels).split(targets.n, labels).pairs
    say(fit_memory_need(features, targets, split, penalties, width))
    products = gram(features, width)
    candidates = np.sort(np.array(penalties)) if penalties is not None else default_penalties(products)
    parts = [(fitted, tested, dual_hats(products, fitted, tested, candidates, kind)) for fitted, tested in split]
    fitter = _DualFitter(targets, products, candidates, parts)
    dual, chosen = np.empty((targets.n, targets.width), dtype=kind), np.zeros(targets.width, dtype=np.int64)
    means = np.empty(targets.width)

    def take(span: slice, found: tuple[FloatArray, Indices, FloatArray]) -> None:
        dual[:, span], chosen[span], means[span] = found

    with executor(scheduler) as where:
        where.run(fitter, targets.spans(width), take, "blocks of units")
    return RidgeFit(dual, candidates[chosen], means, targets.columns, features, width)


def fit_memory_need(
    features: Table,
    targets: Table,
    split: Sequence[tuple[Indices, Indices]],
    penalties: tuple[float, ...] | None,
    width: int,
) -> MemoryNeed:
    """Work out what memory `fit_ridge` takes at most, beside X and Y themselves where these are in memory.

    Parameters
    ----------
    features, targets, penalties, width
        As of `fit_ridge`.
    split : sequence of (fitted, tested)

    Raises
    ------
    BadInput
        If that is more than the machine has even where all units take the same penalty.

    Examples
    --------
    >>> X, Y = np.zeros((1000, 5000)), np.zeros((1000, 300))
    >>> 0.02e9 < fit_memory_need(table(X, "X"), table(Y, "Y"), (), (1.0,), 100).total < 0.05e9
    True
    """
    n, count, number = features.n, count_penalties(penalties), targets.precision.itemsize
    fitted, tested = (max((len(part[i]) for part in split), default=0) for i in (0, 1))
    pairs = sum(len(a) * len(b) for a, b in split)
    square = 8.0 * n**2
    # products, hats of all folds, and a factor for every penalty that some unit takes
    kept, others = 2 * square + number * count * pairs, (min(count, targets.width) - 1) * square
    column = number * ((count + 2) * tested + 3 * fitted) + 8.0 * 4 * n
    results = targets.width * (number * n + 16.0)
    # while hats are made; then, as large as two squares, while a factor is
    passing = max(8.0 * 5 * fitted**2, 2 * square, 3 * 8.0 * n * min(width, features.width))
    need = MemoryNeed(Held(passing, kept + others, column), results, column, min(width, targets.width), "width=...")
    least, machine = need.total - others, machine_memory()
    if least > machine:
        raise BadInput(
            "X and Y",
            got=f"{n} samples, {count} penalties and {targets.width} units for {in_gigabytes(machine)} of memory",
            expected=f"at most what takes that; these take {in_gigabytes(least)}",
            repair="Take fewer samples or penalties, a smaller width=, or fit some units at a time.",
        )
    return need


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
