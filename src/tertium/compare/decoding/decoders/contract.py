"""The contract of decoders: options that are fitted to samples and give a readout of other samples."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from tertium.compare.validation.folds import Folds
from tertium.rng import Seeds

FloatArray = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Kind = Literal["class", "number", "angle"]


@dataclass(frozen=True, eq=False)
class Aim:
    """What is decoded.

    Attributes
    ----------
    kind : {"class", "number", "angle"}
    n_classes : int
        0 for numbers and angles.
    variables : int
        Numbers decoded together (2 for a position in the plane); 1 for classes and angles.
    """

    kind: Kind
    n_classes: int
    variables: int


@dataclass(frozen=True, eq=False)
class Place:
    """Where samples stand in the recording, for decoders that know about time.

    Attributes
    ----------
    index : array of int, shape (sample,)
        Number of the sample in the recording; neighbours are one apart.
    run : array of int, shape (sample,)
        Which uninterrupted run (trial) a sample belongs to.
    """

    index: Indices
    run: Indices

    def take(self, samples: Indices) -> Place:
        """Return the places of some samples."""
        return Place(self.index[samples], self.run[samples])

    @property
    def follows(self) -> npt.NDArray[np.bool_]:
        """Whether each sample comes right after the one before it, shape (sample,); the first does not."""
        near = (np.diff(self.index) == 1) & (np.diff(self.run) == 0)
        return np.concatenate([[False], near])


@dataclass(frozen=True, eq=False)
class Fitting:
    """What a decoder may know beside the samples that it is fitted to.

    Attributes
    ----------
    aim : Aim
    place : Place
        Of the samples that are fitted.
    inside : callable
        Returns folds of the samples that are fitted, by the same scheme as outside, for choosing options.
    seeds : Seeds
    """

    aim: Aim
    place: Place
    inside: Callable[[], Folds]
    seeds: Seeds


class Readout(ABC):
    """A decoder that has been fitted."""

    @abstractmethod
    def read(self, x: FloatArray, place: Place) -> npt.NDArray[Any]:
        """Decode samples.

        Parameters
        ----------
        x : array, shape (sample, unit)
        place : Place

        Returns
        -------
        array
            Numbers of classes, shape (sample,); or numbers (rad for angles), shape (sample, target).
        """


class Decoder(ABC):
    """A decoder and its options."""

    #: What it can decode; the first is what it takes labels for unless they say otherwise.
    kinds: ClassVar[tuple[Kind, ...]]
    #: Whether units are z-scored by the samples that are fitted; otherwise spike counts are handed over.
    scaled: ClassVar[bool] = True
    #: Whether targets may be fitted side by side, each as if alone.
    side_by_side: ClassVar[bool] = False

    @abstractmethod
    def fit(self, x: FloatArray, y: npt.NDArray[Any], fitting: Fitting) -> Readout:
        """Fit.

        Parameters
        ----------
        x : array, shape (sample, unit)
        y : array
            Numbers of classes (sample,), all of which occur; or numbers (sample, target).
        fitting : Fitting
        """

    @property
    @abstractmethod
    def says(self) -> str:
        """The decoder in words."""
