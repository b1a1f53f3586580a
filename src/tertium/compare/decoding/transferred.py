"""Results of decoding elsewhere than where a decoder was fitted, with their tables and pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tertium import figure as style
from tertium.compare.resample import p_value

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

FloatArray = npt.NDArray[np.float64]
_GREY = "#7F7F7F"


@dataclass(frozen=True, eq=False)
class CrossCondition:
    """Cross-condition generalisation performance; see `tertium.compare.cross_condition_generalisation`.

    Attributes
    ----------
    scores : array, shape (split,)
        Balanced accuracy on the conditions held out.
    splits : tuple of tuple of str
        The conditions held out, one of each class.
    null : array, shape (permutation,)
        The mean over splits in random geometries.
    classes : tuple of str
    label, method : str
    n_trials, n_units : int
    """

    scores: FloatArray
    splits: tuple[tuple[str, ...], ...]
    null: FloatArray
    classes: tuple[str, ...]
    label: str
    method: str
    n_trials: int
    n_units: int

    @property
    def value(self) -> float:
        """Mean over splits; 0 to 1, higher is better."""
        return float(self.scores.mean())

    @property
    def chance(self) -> float:
        """One over the number of classes. Scores may be far below, where a code turns round between conditions."""
        return 1 / len(self.classes)

    @property
    def null_interval(self) -> tuple[float, float]:
        """Where 95 % of random geometries lie; NaN without any."""
        low, high = np.quantile(self.null, [0.025, 0.975]) if len(self.null) else (np.nan, np.nan)
        return float(low), float(high)

    @property
    def p(self) -> float:
        """Share of random geometries that generalise as well, the data counted as one; NaN without any."""
        return p_value(self.value, self.null) if len(self.null) else np.nan

    def table(self) -> pd.DataFrame:
        """Return one row for each split: the conditions held out and the score; chance and p are those of the mean."""
        import pandas as pd

        columns: dict[str, object] = {"held_out": [", ".join(split) for split in self.splits], "score": self.scores}
        return pd.DataFrame(columns | {"mean": self.value, "chance": self.chance, "p": self.p})

    def figure(self) -> go.Figure:
        """Draw splits, their mean, and the 95 % band of random geometries."""
        drawn = style.new(
            x="conditions held out",
            y=f"balanced accuracy ({len(self.classes)} classes)",
            title=f"{self.label} in conditions not fitted, by {self.method}: mean {self.value:.2f}"
            + (f", p = {self.p:.2g}" if len(self.null) else "")
            + f"; {self.n_units} units, {self.n_trials} trials",
        )
        names = [", ".join(split) for split in self.splits]
        if len(self.null):
            style.band(drawn, *self.null_interval, f"95 % of {len(self.null)} random geometries (of the mean)")
        drawn.add_scatter(
            x=names, y=self.scores, mode="markers", marker={"size": 8, "color": style.COLOURS[0]}, name="split"
        )
        drawn.add_scatter(
            x=[names[0], names[-1]], y=[self.value] * 2, mode="lines", line={"color": style.COLOURS[0]}, name="mean"
        )
        drawn.update_xaxes(showticklabels=len(names) <= 24, type="category")
        drawn.update_yaxes(range=[-0.02, 1.02])
        return style.limit_line(drawn, self.chance, "chance")


@dataclass(frozen=True, eq=False)
class GeneralisationMatrix:
    """Decoders of each context tested in every other; see `tertium.compare.generalisation_matrix`.

    Attributes
    ----------
    scores : array, shape (fold, context fitted, context tested)
        Balanced accuracy on trials that were not fitted; 0 to 1, higher is better.
    null : array, shape (permutation, context fitted, context tested)
        Means over folds with labels shuffled within contexts: nothing is to be read anywhere.
    null_fitted : array, shape (permutation, context fitted, context tested)
        With labels shuffled for fitting only: nothing is to be read where the decoder is fitted. It scatters more where
        classes are far apart in the context tested, since any direction separates them, rightly or wrongly.
    contexts : tuple of str
    label, across : str
        What was decoded; what tells contexts apart.
    classes : tuple of str
    method : str
    n_trials, n_units : int
    """

    scores: FloatArray
    null: FloatArray
    null_fitted: FloatArray
    contexts: tuple[str, ...]
    label: str
    across: str
    classes: tuple[str, ...]
    method: str
    n_trials: int
    n_units: int

    @property
    def mean(self) -> FloatArray:
        """Mean over folds, (context fitted, context tested)."""
        return np.asarray(self.scores.mean(0))

    @property
    def chance(self) -> float:
        """One over the number of classes."""
        return 1 / len(self.classes)

    @property
    def p(self) -> FloatArray:
        """Share of shuffles at least as good, (context fitted, context tested); NaN without any.

        The larger under both nulls, so that the label has to be there in both contexts; each pair by itself.
        """
        if not len(self.null):
            return np.full(self.mean.shape, np.nan)
        reached = [(null >= self.mean - 1e-12).sum(0) for null in (self.null, self.null_fitted)]
        return np.asarray((1 + np.max(reached, axis=0)) / (1 + len(self.null)))

    @property
    def within(self) -> float:
        """Mean score in the context that was fitted."""
        return float(np.diagonal(self.mean).mean())

    @property
    def between(self) -> float:
        """Mean score in other contexts."""
        return float(self.mean[~np.eye(len(self.contexts), dtype=bool)].mean())

    def table(self) -> pd.DataFrame:
        """Return one row for each pair of contexts."""
        import pandas as pd

        fitted, tested = np.indices(self.mean.shape)
        null = self.null.mean(0) if len(self.null) else np.full(self.mean.shape, np.nan)
        return pd.DataFrame(
            {
                "fitted": [self.contexts[i] for i in fitted.ravel()],
                "tested": [self.contexts[i] for i in tested.ravel()],
                "score": self.mean.ravel(),
                "chance": self.chance,
                "null": null.ravel(),
                "p": self.p.ravel(),
            }
        )

    def figure(self) -> go.Figure:
        """Draw the matrix, centred on chance; a dot marks pairs with p < 0.05 (each by itself)."""
        n = len(self.null)
        drawn = style.new(
            x=f"{self.across}, tested",
            y=f"{self.across}, fitted",
            title=f"{self.label}, by {self.method}<br>{self.n_units} units, {self.n_trials} trials, chance "
            f"{self.chance:.2g}" + (f"; dots: p < 0.05 of {n} shuffles" if n else ""),
            width=620,
            height=540,
        )
        drawn.update_layout(margin={"t": 64})
        reach = max(float(np.abs(self.mean - self.chance).max()), 1e-6)
        names = list(self.contexts)
        limits = (self.chance - reach, self.chance + reach)
        style.heatmap(
            drawn, self.mean, x=names, y=names, colour=f"balanced accuracy ({len(self.classes)} classes)",
            scale=style.DIVERGING, limits=limits, square=True,
        )  # fmt: skip
        rows, columns = np.nonzero(self.p < 0.05)
        dots = {"x": [names[i] for i in columns], "y": [names[i] for i in rows]}
        drawn.add_scatter(**dots, mode="markers", marker={"color": "#222222", "size": 4}, showlegend=False)
        return drawn.update_xaxes(type="category").update_yaxes(type="category")
