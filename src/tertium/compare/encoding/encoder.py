"""The contract of encoding models: made ready for features and folds, then given targets block by block."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

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


#: Labels of samples, by name.
Labels = dict[str, npt.NDArray[Any]]

#: Folds, and the model made ready for them.
Prepared = tuple[Folds, ReadyEncoder]


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


class KeptEncoders:
    """Models made ready for some features and folds, kept for the next targets: those used last, up to some memory.

    One of these is for one method under one scheme of cross-validation.

    Parameters
    ----------
    most : float
        Bytes that are kept; the model of the last call is, whatever it takes.
    """

    def __init__(self, most: float = 1e9) -> None:
        self._most = most
        # tables are kept too, so that the identity of one is never that of another
        self._kept: OrderedDict[tuple[int, str], tuple[Table, Labels, Prepared, float]] = OrderedDict()

    def find(self, features: Table, labels: Labels, kind: np.dtype[Any]) -> Prepared | None:
        """Return folds and the ready model of this very table, samples so labelled, and precision of the targets."""
        found = self._kept.get((id(features), kind.str))
        if found is None or not _alike(found[1], labels):
            return None
        self._kept.move_to_end((id(features), kind.str))
        return found[2]

    def keep(self, features: Table, labels: Labels, kind: np.dtype[Any], prepared: Prepared, size: float) -> None:
        """Keep a ready model of so many bytes, and forget those that were used longest ago."""
        self._kept[id(features), kind.str] = (features, labels, prepared, size)
        self._kept.move_to_end((id(features), kind.str))
        while len(self._kept) > 1 and sum(one[3] for one in self._kept.values()) > self._most:
            self._kept.popitem(last=False)


def _alike(one: Labels, other: Labels) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)
