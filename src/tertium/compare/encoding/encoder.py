"""The contract of encoding models: made ready for features and folds, then given targets block by block."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tertium.compare.encoding.tables import Table
from tertium.compare.validation.folds import Folds

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Predicted:
    """Predictions of the tested samples of a fold.

    Attributes
    ----------
    values : array, shape (tested, target)
    fitted_mean : array, shape (target,)
        Mean of the samples that were fitted.
    penalties : array, shape (target,), or None
        What was chosen for each target.
    """

    values: FloatArray
    fitted_mean: FloatArray
    penalties: FloatArray | None


class ReadyEncoder(ABC):
    """An encoding model that has seen the features and the folds."""

    @abstractmethod
    def predict(self, fold: int, targets: FloatArray) -> Predicted:
        """Fit a fold and predict its tested samples.

        Parameters
        ----------
        fold : int
            Number of the fold.
        targets : array, shape (sample, target)
            All samples of some targets.
        """

    @property
    @abstractmethod
    def says(self) -> str:
        """What was done, in words."""


class Encoder(ABC):
    """An encoding model and its options."""

    @abstractmethod
    def prepare(self, features: Table, targets: Table, folds: Folds, width: int) -> ReadyEncoder:
        """Return the model made ready; at most ``width`` columns are read at a time.

        Raises
        ------
        BadInput
            If the features or the folds do not allow it.
        """
