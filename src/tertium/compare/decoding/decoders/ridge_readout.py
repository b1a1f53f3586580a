"""Ridge regression of numbers on responses, and of angles by their cosine and sine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from tertium.compare.decoding.decoders.contract import Decoder, Fitting, FloatArray, Indices, Kind, Place, Readout
from tertium.errors import BadInput

#: Tried where none are given: from next to nothing to a shrinkage of thousandfold.
_USUAL = tuple(float(p) for p in np.logspace(-3, 3, 13))


@dataclass(frozen=True)
class RidgeReadout(Decoder):
    """Ridge regression; an angle is that of its decoded cosine and sine (circular regression).

    Parameters
    ----------
    penalties : tuple of float, optional
        Candidates, of the squared weights beside the mean squared error of a sample, on z-scored units; the best is
        chosen within the samples that are fitted, by the same scheme of cross-validation, for each number by itself
        and for cosine and sine together. From 0.001 to 1000 if not given.
    """

    kinds: ClassVar[tuple[Kind, ...]] = ("number", "angle")
    side_by_side: ClassVar[bool] = True
    penalties: tuple[float, ...] = _USUAL

    def __post_init__(self) -> None:
        given = np.asarray(self.penalties, dtype=np.float64)
        if given.ndim != 1 or not len(given) or not np.isfinite(given).all() or not (given > 0).all():
            raise BadInput("penalties", got=f"{self.penalties}", expected="numbers above 0, at least one")

    def fit(self, x: FloatArray, y: npt.NDArray[Any], fitting: Fitting) -> Readout:
        """Choose a penalty for each target and fit."""
        circular = fitting.aim.kind == "angle"
        aims = np.concatenate([np.cos(y), np.sin(y)], axis=1) if circular else y
        penalties = np.sort(np.asarray(self.penalties, dtype=np.float64))
        chosen = np.zeros(y.shape[1], dtype=np.int64)
        if len(penalties) > 1:
            losses = np.zeros((len(penalties), aims.shape[1]))
            for fitted, tested in fitting.inside():
                losses += _losses(x, aims, fitted, tested, penalties)
            if circular:
                losses = losses[:, : y.shape[1]] + losses[:, y.shape[1] :]
            chosen = losses.argmin(0)
        each = penalties[np.tile(chosen, 2) if circular else chosen]
        left, sizes, right = np.linalg.svd(x - x.mean(0), full_matrices=False)
        mean = aims.mean(0)
        shrunk = sizes[:, None] / (sizes[:, None] ** 2 + len(x) * each)
        weights = right.T @ (shrunk * (left.T @ (aims - mean)))
        return Linear(weights, mean - x.mean(0) @ weights, circular)

    @property
    def says(self) -> str:
        """The decoder in words."""
        low, high = min(self.penalties), max(self.penalties)
        return f"ridge regression ({len(self.penalties)} penalties from {low:.2g} to {high:.2g})"


class Linear(Readout):
    """Weights and a constant; the first half of the outputs are cosines, the second sines, if angles are read."""

    def __init__(self, weights: FloatArray, constant: FloatArray, circular: bool) -> None:
        self._weights, self._constant, self._circular = weights, constant, circular

    def read(self, x: FloatArray, place: Place) -> npt.NDArray[Any]:
        """Return numbers, or angles (rad)."""
        found = x @ self._weights + self._constant
        if not self._circular:
            return np.asarray(found)
        cosine, sine = np.split(found, 2, axis=1)
        return np.asarray(np.arctan2(sine, cosine))


def _losses(x: FloatArray, aims: FloatArray, fitted: Indices, tested: Indices, penalties: FloatArray) -> FloatArray:
    """Return the squared error on tested samples, (penalty, target)."""
    mean, known = x[fitted].mean(0), aims[fitted].mean(0)
    left, sizes, right = np.linalg.svd(x[fitted] - mean, full_matrices=False)
    onto, across = left.T @ (aims[fitted] - known), (x[tested] - mean) @ right.T
    found = []
    for penalty in penalties:
        shrunk = (sizes / (sizes**2 + len(fitted) * penalty))[:, None]
        found.append(((across @ (shrunk * onto) + known - aims[tested]) ** 2).sum(0))
    return np.stack(found)
