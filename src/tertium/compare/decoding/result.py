"""`Decoded`: a score of what was decoded, with the predictions behind it and chance by permutation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium.compare.decoding.decoders.contract import Kind
from tertium.compare.decoding.scoring import MEASURES, Measure
from tertium.compare.resample import p_value
from tertium.compare.validation.score import FloatArray, Score
from tertium.errors import BadInput

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go


@dataclass(frozen=True, eq=False, kw_only=True)
class Decoded(Score):
    """How well labels were decoded from responses, on samples that were not fitted; see `tertium.compare.decode`.

    A `Score` whose columns are decoded variables, or time bins, in place of units.

    Attributes
    ----------
    value : array, shape (column,)
        The score over all tested samples; the mean over folds for "r2" and "correlation".
    measure : str
        "balanced_accuracy" (mean over classes of the share recognised) or "accuracy"; of numbers "r2", "correlation",
        "median_error", "mean_error" (unit of the label); of angles "median_error", "mean_error" (degrees),
        "mean_cosine". `range` and `direction` say how to read it.
    chance : float
        The score of guessing.
    null : array, shape (permutation, column)
        The score with shuffled labels, all else the same.
    kind : {"class", "number", "angle"}
    classes : tuple of str
        In the order of the confusion matrix; empty for numbers and angles.
    observed, predictions : array, shape (sample, column)
        Numbers of classes, or numbers (angles in rad), each sample as it was first tested; NaN, or -1 for a class,
        where it never was.
    time : array, shape (column,), or None
        Seconds, where every time bin was decoded by itself.
    label : str
        What was decoded.
    n_units : int
    says_folds : str
        How samples were divided.
    """

    kind: Kind
    null: FloatArray
    classes: tuple[str, ...]
    observed: npt.NDArray[Any]
    predictions: npt.NDArray[Any]
    time: FloatArray | None
    label: str
    n_units: int
    says_folds: str = field(default="")

    @property
    def how(self) -> Measure:
        """The measure in words, its range and its direction."""
        return MEASURES[self.kind][self.measure]

    @property
    def range(self) -> tuple[float, float]:
        """Lowest and highest score that there can be."""
        return self.how.lowest, self.how.highest

    @property
    def direction(self) -> str:
        """Whether more is better: "higher is better" or "lower is better"."""
        return "higher is better" if self.how.higher_is_better else "lower is better"

    @property
    def null_mean(self) -> FloatArray:
        """Mean score with shuffled labels, shape (column,); NaN without permutations."""
        return np.asarray(self.null.mean(0)) if len(self.null) else np.full(len(self), np.nan)

    @property
    def null_interval(self) -> FloatArray:
        """Where 95 % of scores with shuffled labels lie, shape (2, column); NaN without permutations."""
        return self._quantiles(self.null)

    @property
    def p(self) -> FloatArray:
        """Share of shuffles at least as good, the data counted as one of them, shape (column,); NaN without any."""
        if not len(self.null):
            return np.full(len(self), np.nan)
        side = "greater" if self.how.higher_is_better else "less"
        return np.array([p_value(float(v), null, side) for v, null in zip(self.value, self.null.T, strict=True)])

    @property
    def p_corrected(self) -> FloatArray:
        """The same, corrected for looking at all columns: against the best column of each shuffle.

        Columns are compared in units of their spread over shuffles and data together: were the data left out, their
        own deviations would be judged by a yardstick that others had helped to make.
        """
        if not len(self.null):
            return np.full(len(self), np.nan)
        everything = np.concatenate([self.value[None], self.null]) * (1 if self.how.higher_is_better else -1)
        deviations = (everything - everything.mean(0)) / np.maximum(everything.std(0), 1e-12)
        best = deviations[1:].max(1)
        return np.array([p_value(float(v), best) for v in deviations[0]])

    @property
    def errors(self) -> FloatArray:
        """Decoded less observed, (sample, column): of angles in rad, between -pi and pi.

        Raises
        ------
        BadInput
            Of classes.
        """
        if self.kind == "class":
            raise BadInput("errors", got="classes", expected="numbers or angles", repair="See confusion.")
        off = self.predictions - self.observed
        return np.mod(off + np.pi, 2 * np.pi) - np.pi if self.kind == "angle" else off

    @property
    def confusion(self) -> FloatArray:
        """Share of the samples of each class (row) read as each (column), (class, class); per bin, (bin, class, class).

        Raises
        ------
        BadInput
            Of numbers and angles.
        """
        if self.kind != "class":
            raise BadInput("confusion", got=f"a {self.kind}", expected="classes", repair="See errors.")
        n = len(self.classes)
        found = np.zeros((len(self), n, n))
        for column in range(len(self)):
            tested = self.predictions[:, column] >= 0
            np.add.at(found[column], (self.observed[tested, column], self.predictions[tested, column]), 1)
        total = found.sum(2, keepdims=True)
        shares = np.divide(found, total, out=np.zeros_like(found), where=total > 0)
        return shares if self.time is not None else shares[0]

    def table(self, by: str = "unit") -> pd.DataFrame:
        """Return one row for each decoded variable or time bin: score, interval, chance, shuffles, p values."""
        import pandas as pd

        if by != "unit":
            raise BadInput("by", got=repr(by), expected="nothing: rows are what was decoded")
        low, high = self.interval
        null_low, null_high = self.null_interval
        columns: dict[str, object] = {"score": self.value, "low": low, "high": high, "chance": self.chance}
        columns |= {"null": self.null_mean, "null_low": null_low, "null_high": null_high}
        columns |= {"p": self.p}
        if len(self) > 1:
            columns |= {"p_corrected": self.p_corrected}
        columns |= {"measure": self.measure, "direction": self.direction}
        if self.time is not None:
            return pd.DataFrame(columns, index=pd.Index(self.time, name="time_s"))
        return pd.DataFrame(columns, index=pd.Index(self.units, name="label", dtype=object))

    def figure(self) -> go.Figure:
        """Draw the score beside chance and what was decoded: over time, or with the confusion of classes or values."""
        from tertium.compare.decoding.pictures import decoded_figure

        return decoded_figure(self)
