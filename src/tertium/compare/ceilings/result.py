"""What an estimate of noise ceilings returns: numbers, what they are ceilings of, and what they assume."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tertium.compare.ceilings.definitions import DEFINITIONS

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

FloatArray = npt.NDArray[np.float64]

_AXES = {
    "reliability": "explainable variance of means (share of 1)",
    "share": "explainable variance of trials (share of 1)",
    "correlation": "correlation",
}


@dataclass(frozen=True, eq=False)
class NoiseCeiling:
    """Noise ceilings of many units, and what exactly they are ceilings of.

    Parameters
    ----------
    value, lower, upper : array, shape (unit,)
        The ceiling of each unit and its bounds; the ``definition`` says what they bound. Estimates are not clipped:
        a unit without signal scatters around 0, below it too.
    units : tuple of str
        Names of the units.
    method : str
        The estimator, one of `tertium.compare.CEILINGS`.
    definition : str
        What the numbers are, in words.
    assumes : str
        What must be true of the responses for them to be that.
    n_repeats : array of int, shape (stimulus,)
        Repeats of each stimulus.
    signal, noise : array, shape (unit,)
        Unbiased estimates of the variance of the true mean responses over stimuli, and of the variance of single
        trials around them, in squared units of the response. For ceilings over subjects: the variance that subjects
        share, and what each has beyond it.
    interval : array, shape (2, unit)
        Ends of the 95 % interval of ``value``.
    n_subjects : int
        How many subjects; 1 for ceilings from repeats.
    """

    value: FloatArray
    lower: FloatArray
    upper: FloatArray
    units: tuple[str, ...]
    method: str
    definition: str
    assumes: str
    n_repeats: npt.NDArray[np.int64]
    signal: FloatArray
    noise: FloatArray
    interval: FloatArray
    n_subjects: int = 1

    @property
    def mean(self) -> float:
        """Mean ceiling over units."""
        return float(self.value.mean())

    @property
    def correlation(self) -> FloatArray:
        """Correlation that a perfect model reaches, shape (unit,).

        With the mean response for "split_half", "signal_power" and "temporal", with single trials for "feve" (the root
        of the value, 0 where that is negative: CC_max of Schoppe et al. 2016); the others are correlations already.
        """
        return self.value if _scale(self.method) == "correlation" else np.sqrt(np.maximum(self.value, 0.0))

    @property
    def single_trial(self) -> FloatArray:
        """Share of the variance of single trials that is signal, shape (unit,): signal / (signal + noise)."""
        return self.signal / (self.signal + self.noise)

    def table(self) -> pd.DataFrame:
        """Return one row for each unit."""
        import pandas as pd

        columns = {"value": self.value, "lower": self.lower, "upper": self.upper, "signal": self.signal}
        if DEFINITIONS[self.method].bounds:
            columns |= {"interval_low": self.interval[0], "interval_high": self.interval[1]}
        index = pd.Index(self.units, name="unit", dtype=object)
        return pd.DataFrame({**columns, "noise": self.noise}, index=index)

    def figure(self) -> go.Figure:
        """Draw the ceilings of all units, sorted, with their bounds or intervals."""
        import plotly.graph_objects as go

        from tertium.figure import COLOURS, error_bars, new

        order = np.argsort(self.value)
        low, high = int(self.n_repeats.min()), int(self.n_repeats.max())
        shown = f"{low}" if low == high else f"{low} to {high}"
        who = f", {self.n_subjects} subjects" if self.n_subjects > 1 else ""
        bars = "bars: lower to upper bound" if DEFINITIONS[self.method].bounds else "bars: 95 % interval"
        figure = new(
            x=f"unit, sorted ({bars})",
            y=_AXES[_scale(self.method)],
            title=f"Noise ceiling ({self.method}): {len(order)} units, {len(self.n_repeats)} stimuli, {shown} repeats"
            + who,
        )
        value, lower, upper = self.value[order], self.lower[order], self.upper[order]
        figure.add_trace(
            go.Scatter(
                x=np.arange(1, len(order) + 1),
                y=value,
                mode="markers",
                marker={"color": COLOURS[0], "size": 6},
                error_y=error_bars(value.tolist(), lower.tolist(), upper.tolist()),
                text=[self.units[i] for i in order],
                hovertemplate="unit %{text}: %{y:.3f}<extra></extra>",
            )
        )
        return figure


def _scale(method: str) -> str:
    return DEFINITIONS[method].scale
