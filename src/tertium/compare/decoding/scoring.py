"""How well held-out samples were decoded: balanced accuracy, errors of angles and numbers; chance and direction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tertium.compare.decoding.decoders.contract import Aim, FloatArray, Kind
from tertium.compare.validation.agreement import agreement
from tertium.errors import BadInput


@dataclass(frozen=True)
class Measure:
    """A way to score what was decoded.

    Attributes
    ----------
    words : str
        For axes, with the unit.
    lowest, highest : float
        Its range.
    higher_is_better : bool
    """

    words: str
    lowest: float
    highest: float
    higher_is_better: bool


#: For each kind, its measures; the first is taken where none is named.
MEASURES: dict[Kind, dict[str, Measure]] = {
    "class": {
        "balanced_accuracy": Measure("balanced accuracy", 0, 1, True),
        "accuracy": Measure("accuracy", 0, 1, True),
    },
    "number": {
        "r2": Measure("R2", -np.inf, 1, True),
        "correlation": Measure("correlation with the label", -1, 1, True),
        "median_error": Measure("median error (unit of the label)", 0, np.inf, False),
        "mean_error": Measure("mean error (unit of the label)", 0, np.inf, False),
    },
    "angle": {
        "median_error": Measure("median error (degrees)", 0, 180, False),
        "mean_error": Measure("mean error (degrees)", 0, 180, False),
        "mean_cosine": Measure("mean cosine of the error", -1, 1, True),
    },
}


def measure_name(measure: str | None, kind: Kind) -> str:
    """Return the measure's name, the usual one if none is given.

    Raises
    ------
    BadInput
        If the kind has no such measure.
    """
    known = MEASURES[kind]
    name = next(iter(known)) if measure is None else measure
    if name not in known:
        raise BadInput("measure", got=repr(measure), expected=" or ".join(f"'{m}'" for m in known) + f" of a {kind}")
    return name


def guess(aim: Aim, measure: str, folds: list[tuple[npt.NDArray[Any], npt.NDArray[Any]]]) -> float:
    """Return the score of guessing, where it is known or can be had from targets alone.

    Classes: one over their number; the share of the commonest for "accuracy". R2, correlation, mean cosine: 0. Angles:
    90 degrees, if angles are evenly spread. Errors of numbers: of always saying the fitted median.

    Parameters
    ----------
    folds : list of (fitted, tested) targets
    """
    if measure == "balanced_accuracy":
        return 1 / aim.n_classes
    if measure == "accuracy":
        return float(np.mean([(tested == np.bincount(fitted).argmax()).mean() for fitted, tested in folds]))
    if measure in ("r2", "correlation", "mean_cosine"):
        return 0.0
    if aim.kind == "angle":
        return 90.0
    middle = np.median if measure == "median_error" else np.mean
    return float(np.mean([middle(np.abs(tested - np.median(fitted, axis=0)), axis=0) for fitted, tested in folds]))


def scores(
    aim: Aim,
    measure: str,
    observed: npt.NDArray[Any],
    decoded: npt.NDArray[Any],
    known_mean: FloatArray,
    counts: FloatArray,
) -> FloatArray:
    """Return the score of each target in each draw of tested samples, (draw, target).

    Parameters
    ----------
    observed, decoded : array, shape (sample, target)
        Numbers of classes, or numbers.
    known_mean : array, shape (target,)
        Mean of the samples fitted, for "r2"; not looked at for classes and angles.
    counts : array, shape (draw, sample)
        How often each sample is drawn.

    Examples
    --------
    >>> aim = Aim("class", 2, 1)
    >>> seen, said = np.array([[0], [0], [0], [1]]), np.array([[0], [0], [0], [0]])
    >>> scores(aim, "balanced_accuracy", seen, said, np.zeros(1), np.ones((1, 4))).tolist()
    [[0.5]]
    >>> angles = np.radians([[350.0]]), np.radians([[20.0]])
    >>> scores(Aim("angle", 0, 1), "mean_error", *angles, np.zeros(1), np.ones((1, 1))).round(6).tolist()
    [[30.0]]
    """
    if aim.kind == "class":
        return _accuracy(observed, decoded, counts, aim.n_classes, balanced=measure == "balanced_accuracy")
    if measure == "r2":
        return agreement(observed, decoded, known_mean, counts, "r2")
    if measure == "correlation":
        return agreement(observed, decoded, known_mean, counts, "correlation")
    off = decoded - observed
    if measure == "mean_cosine":
        return np.asarray(counts @ np.cos(off) / counts.sum(1, keepdims=True))
    errors = np.degrees(np.abs(circular(off))) if aim.kind == "angle" else np.abs(off)
    if measure == "mean_error":
        return np.asarray(counts @ errors / counts.sum(1, keepdims=True))
    return _medians(errors, counts)


def circular(difference: FloatArray) -> FloatArray:
    """Return a difference of angles between -pi and pi, rad.

    Examples
    --------
    >>> circular(np.array([3 * np.pi / 2])).round(6).tolist()
    [-1.570796]
    """
    return np.asarray(np.mod(difference + np.pi, 2 * np.pi) - np.pi)


def _accuracy(
    observed: npt.NDArray[Any], decoded: npt.NDArray[Any], counts: FloatArray, n: int, *, balanced: bool
) -> FloatArray:
    right = observed == decoded
    if not balanced:
        return np.asarray(counts @ right / counts.sum(1, keepdims=True))
    recalls = np.zeros((len(counts), observed.shape[1]))
    present = np.zeros_like(recalls)
    for k in range(n):
        mine = observed == k
        drawn, hits = counts @ mine, counts @ (mine & right)
        recalls += np.divide(hits, drawn, out=np.zeros_like(recalls), where=drawn > 0)
        present += drawn > 0  # a class that a small fold or draw does not hold says nothing of its recall
    return recalls / present


def _medians(errors: FloatArray, counts: FloatArray) -> FloatArray:
    found = np.empty((len(counts), errors.shape[1]))
    once = bool((counts[0] == 1).all())
    if once:
        found[0] = np.median(errors, axis=0)
    for column, values in enumerate(errors.T):
        order = np.argsort(values)
        sorted_values = values[order]
        reached = np.cumsum(counts[int(once) :, order], axis=1)
        half = reached[:, -1:] / 2
        lower = np.minimum((reached < half).sum(1), len(values) - 1)
        upper = np.minimum((reached <= half).sum(1), len(values) - 1)
        found[int(once) :, column] = (sorted_values[lower] + sorted_values[upper]) / 2
    return found
