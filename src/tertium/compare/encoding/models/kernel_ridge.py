"""Kernel ridge regression: ridge on products of samples in another space, in which nonlinear functions are linear."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tertium.compare.encoding.encoder import Encoder
from tertium.compare.encoding.gram import gram
from tertium.compare.encoding.hats import Hats, dual_hats
from tertium.compare.encoding.models.ridge import ReadyRidge, checked_penalties, default_penalties, ready_ridge
from tertium.compare.encoding.tables import Table
from tertium.compare.validation.folds import Folds
from tertium.errors import BadInput

FloatArray = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class KernelRidge(Encoder):
    """Ridge regression on the kernel ``exp(-|x - y|^2 / 2 s^2)``, the width s as a part of the median distance.

    Parameters
    ----------
    width : float
        s over the median distance between samples.
    penalties : sequence of float, optional
        As of `Ridge`, relative to a kernel that is 1 on its diagonal.
    """

    width: float = 1.0
    penalties: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        checked_penalties(self.penalties)
        if not np.isfinite(self.width) or self.width <= 0:
            raise BadInput("width", got=f"{self.width}", expected="a number above 0")

    def prepare(self, features: Table, targets: Table, folds: Folds, width: int) -> ReadyRidge:
        """Return the hat matrices of all folds."""
        products = gram(features, width)
        default_penalties(products)  # refuses features that do not vary
        kernel = gaussian_kernel(products, self.width)
        given = self.penalties
        penalties = np.logspace(-6, 2, 9) if given is None else np.sort(np.array(given))

        def make(of: FloatArray, fitted: Indices, tested: Indices) -> Hats:
            return dual_hats(of, fitted, tested, penalties, targets.precision)

        form = f"Gaussian kernel, width {self.width:g} median distances"
        return ready_ridge(make, kernel, folds, penalties, form, of_samples=True)


def gaussian_kernel(products: FloatArray, width: float) -> FloatArray:
    """Return the Gaussian kernel of samples from their products, (sample, sample).

    Examples
    --------
    >>> x = np.array([[0.0], [1.0], [2.0]])
    >>> gaussian_kernel(x @ x.T, 1.0).round(3)[0].tolist()
    [1.0, 0.607, 0.135]
    """
    norms = np.diagonal(products)
    squared = np.maximum(norms[:, None] + norms - 2 * products, 0)
    median = float(np.median(np.sqrt(squared[np.triu_indices(len(squared), 1)])))
    return np.asarray(np.exp(-squared / (2 * (width * median) ** 2)))
