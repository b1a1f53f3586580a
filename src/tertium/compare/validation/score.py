"""`Score`: how well responses were predicted, unit by unit, with ceilings, folds and intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

FloatArray = npt.NDArray[np.float64]
Interval = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Score:
    """How well the responses of units were predicted, on samples that were not fitted.

    Attributes
    ----------
    value : array, shape (unit,)
        The score of each unit, the mean over folds. Higher is better.
    folds : array, shape (fold, unit)
        The score in each fold.
    units : tuple of str
        Names of the units.
    measure : str
        "correlation" (Pearson's, between held-out responses and their predictions, within each fold; -1 to 1) or "r2"
        (1 less the squared error over that of the mean of the fitted samples; up to 1), or "deviance" (the same with
        the Poisson deviance in place of squared error: the fraction of deviance explained, D2; up to 1).
    chance : float
        The score of a model that knows nothing.
    draws : array, shape (draw, unit)
        The value in each bootstrap draw of tested samples, the same draws for every model with the same folds and
        seed; no rows where there were no draws.
    ceiling : array, shape (unit,), or None
        The score of a perfect model, from repeats; None where there are none.
    ceiling_says : str
        What the ceiling is, in words.
    penalties : array, shape (fold, unit), or None
        What was chosen in each fold.
    regions : tuple of str
        Where each unit is; empty if that is not known.
    method : str
        The model, in words.
    n_samples : int
        Number of samples.
    level : float
        Coverage of intervals.
    """

    value: FloatArray
    folds: FloatArray
    units: tuple[str, ...]
    measure: str
    chance: float
    draws: FloatArray
    ceiling: FloatArray | None
    ceiling_says: str
    penalties: FloatArray | None
    regions: tuple[str, ...]
    method: str
    n_samples: int
    level: float = 0.95

    def __len__(self) -> int:
        return len(self.value)

    @property
    def range(self) -> tuple[float, float]:
        """Lowest and highest score that there can be."""
        return (-1.0, 1.0) if self.measure == "correlation" else (-np.inf, 1.0)

    @property
    def direction(self) -> str:
        """Whether more is better."""
        return "higher is better"

    @property
    def mean(self) -> float:
        """Mean over units."""
        return float(self.value.mean())

    @property
    def interval(self) -> FloatArray:
        """Lower and upper end for each unit, shape (2, unit), over draws of samples; NaN without draws."""
        return self._quantiles(self.draws)

    @property
    def mean_interval(self) -> Interval:
        """Interval of the mean over units, over draws of samples (the units are taken as they are)."""
        low, high = self._quantiles(self.draws.mean(1, keepdims=True))[:, 0]
        return float(low), float(high)

    @property
    def corrected(self) -> FloatArray:
        """Value over ceiling, shape (unit,); NaN where the ceiling is not above 0, or there is none."""
        if self.ceiling is None:
            return np.full(len(self), np.nan)
        return np.divide(self.value, self.ceiling, out=np.full(len(self), np.nan), where=self.ceiling > 0)

    @property
    def above_ceiling(self) -> npt.NDArray[np.bool_]:
        """Units whose value is above their ceiling, shape (unit,): a ceiling too low, or a leak between folds."""
        return np.zeros(len(self), dtype=bool) if self.ceiling is None else self.value > self.ceiling

    def table(self, by: str = "unit") -> pd.DataFrame:
        """Return one row for each unit, or for each region (means over its units).

        Parameters
        ----------
        by : {"unit", "region"}

        Raises
        ------
        BadInput
            If regions are asked for and not known.
        """
        import pandas as pd

        low, high = self.interval
        columns: dict[str, object] = {"score": self.value, "low": low, "high": high}
        if self.ceiling is not None:
            columns |= {"ceiling": self.ceiling, "corrected": self.corrected, "above_ceiling": self.above_ceiling}
        if self.penalties is not None:
            columns["penalty"] = np.exp(np.log(self.penalties).mean(0))
        if by == "unit":
            if self.regions:
                columns["region"] = list(self.regions)
            return pd.DataFrame(columns, index=pd.Index(self.units, name="unit", dtype=object))
        if by != "region":
            raise BadInput("by", got=repr(by), expected="'unit' or 'region'")
        return pd.DataFrame([self._region_row(name) for name in self._region_names()]).set_index("region")

    def minus(self, other: Score) -> Interval:
        """Return the interval of the difference of means, this one less the other, over the same draws of samples.

        Raises
        ------
        BadInput
            If the two do not have the same samples, folds and draws.

        Examples
        --------
        >>> import tertium as tt
        >>> rng = np.random.default_rng(0)
        >>> X = rng.normal(size=(100, 4))
        >>> Y = X @ rng.normal(size=(4, 3)) + rng.normal(size=(100, 3))
        >>> low, high = tt.compare.encode(X, Y).minus(tt.compare.encode(X[:, :1], Y))
        >>> low > 0
        True
        """
        if self.draws.shape[0] != other.draws.shape[0] or not len(self.draws) or self.n_samples != other.n_samples:
            raise BadInput(
                "scores to compare",
                got=f"{len(self.draws)} and {len(other.draws)} draws of {self.n_samples} and {other.n_samples} samples",
                expected="the same samples, folds and draws, and at least one draw",
                repair="Call encode for both with the same cv, seed and n_bootstrap.",
            )
        if len(self.folds) != len(other.folds) or self.measure != other.measure:
            raise BadInput(
                "scores to compare",
                got=f"{len(self.folds)} folds of {self.measure} and {len(other.folds)} of {other.measure}",
                expected="the same folds and measure",
            )
        gap = self.draws.mean(1) - other.draws.mean(1)
        low, high = self._quantiles(gap[:, None])[:, 0]
        return float(low), float(high)

    def figure(self) -> go.Figure:
        """Draw units, sorted by score, with intervals and ceilings; those above their ceiling are marked."""
        from tertium import figure

        order = np.argsort(self.value)
        place = np.arange(1, len(order) + 1)
        what = {
            "correlation": "correlation with held-out responses",
            "r2": "R2 on held-out samples",
            "deviance": "fraction of held-out deviance explained (D2)",
        }
        drawn = figure.new(
            x=f"unit, sorted (n = {len(self)})",
            y=what.get(self.measure, self.measure),
            title=f"{self.method}: mean {self.mean:.3f}{self._mean_in_words()}, {self.n_samples} samples",
        )
        low, high = (end[order] for end in self.interval)
        bars = figure.error_bars(self.value[order].tolist(), low.tolist(), high.tolist()) if len(self.draws) else None
        above = self.above_ceiling[order]
        mark = {"color": [figure.COLOURS[1] if over else figure.COLOURS[0] for over in above], "size": 6}
        names = [self.units[i] for i in order]
        drawn.add_scatter(
            x=place, y=self.value[order], mode="markers", marker=mark, error_y=bars, text=names, name="score",
            hovertemplate="unit %{text}: %{y:.3f}<extra></extra>",
        )  # fmt: skip
        if self.ceiling is not None:
            bar = {"color": "#444444", "symbol": "line-ew-open", "size": 9}
            drawn.add_scatter(x=place, y=self.ceiling[order], mode="markers", marker=bar, name="ceiling")
            if above.any():
                drawn.add_annotation(
                    text=f"{int(above.sum())} above the ceiling",
                    x=0.01, y=0.98, xref="paper", yref="paper", showarrow=False, font={"color": figure.COLOURS[1]},
                )  # fmt: skip
        figure.limit_line(drawn, self.chance, "chance")
        return drawn

    def _quantiles(self, draws: FloatArray) -> FloatArray:
        if not len(draws):
            return np.full((2, draws.shape[1]), np.nan)
        tail = (1 - self.level) / 2
        return np.asarray(np.quantile(draws, [tail, 1 - tail], axis=0))

    def _mean_in_words(self) -> str:
        low, high = self.mean_interval if len(self.draws) else (np.nan, np.nan)
        return f" [{low:.3f}, {high:.3f}]" if len(self.draws) else ""

    def _region_names(self) -> list[str]:
        if not self.regions:
            raise BadInput(
                "by", got="'region'", expected="'unit'", repair="Label the units of the responses with 'region'."
            )
        return list(dict.fromkeys(self.regions))

    def _region_row(self, name: str) -> dict[str, object]:
        inside = np.array([region == name for region in self.regions])
        low, high = self._quantiles(self.draws[:, inside].mean(1, keepdims=True))[:, 0]
        row: dict[str, object] = {"region": name, "units": int(inside.sum()), "score": float(self.value[inside].mean())}
        row |= {"low": low, "high": high}
        if self.ceiling is not None:
            row |= {
                "ceiling": float(self.ceiling[inside].mean()),
                "corrected": float(np.nanmean(self.corrected[inside])),
            }
            row["above_ceiling"] = int(self.above_ceiling[inside].sum())
        return row
