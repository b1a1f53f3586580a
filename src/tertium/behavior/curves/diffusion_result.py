"""What fitting a diffusion to choices and reaction times returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tertium.behavior.checks import Interval
from tertium.behavior.curves.diffusion import accuracy, mean_seconds

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Chronometric:
    """A diffusion to bounds fitted to choices and mean reaction times.

    Attributes
    ----------
    bound : Interval
        A, in root seconds (noise has a variance of 1 a second).
    sensitivity : Interval
        k, drift per unit of evidence, in root hertz; where ``to`` is "choices", bound x sensitivity.
    rest : Interval
        t_R, seconds that do not depend on the evidence.
    strength, n, k : array, shape (level,)
        Strengths of the evidence, trials, correct choices.
    seconds, error : array, shape (level,)
        Mean reaction time, and its standard error.
    deviance, chi_square : float
        Misfit of the choices (binomial) and of the mean times (in squared standard errors). If the model holds their
        sum is about as large as levels (twice, for both) less the three constants.
    to, times_of : str
        What was fitted, and whose times.
    draws : array, shape (draw, 3)
        Constants of the bootstrap: bound, sensitivity, rest.
    """

    bound: Interval
    sensitivity: Interval
    rest: Interval
    strength: Floats
    n: Floats
    k: Floats
    seconds: Floats
    error: Floats
    deviance: float
    chi_square: float
    to: str
    times_of: str
    draws: Floats

    def accuracy(self, strength: npt.ArrayLike) -> Floats:
        """Return the fraction of correct choices that the fit says; from times alone it is a prediction."""
        bound = 1.0 if self.to == "choices" else self.bound.value
        return accuracy(strength, bound, self.sensitivity.value)

    def mean_seconds(self, strength: npt.ArrayLike) -> Floats:
        """Return the mean reaction time that the fit says, seconds; NaN where times were not fitted."""
        return mean_seconds(strength, self.bound.value, self.sensitivity.value, self.rest.value)

    def table(self) -> pd.DataFrame:
        """Return one row for each constant."""
        import pandas as pd

        rows = {"bound": self.bound, "sensitivity": self.sensitivity, "rest": self.rest}
        columns = {end: [getattr(c, end) for c in rows.values()] for end in ("value", "low", "high")}
        return pd.DataFrame(columns, index=pd.Index(list(rows), name="constant", dtype=object))

    def figure(self, *, x: str = "strength of evidence") -> go.Figure:
        """Draw fractions correct and mean times with 95 % intervals, and the curves of the one fit."""
        from plotly.subplots import make_subplots
        from scipy import stats

        from tertium.figure import COLOURS, dots_with_intervals, lines_with_band, new

        base = new(x=x, y="fraction correct", title=self._title())
        figure = make_subplots(rows=1, cols=2, horizontal_spacing=0.12)
        figure.update_layout(base.layout)
        figure.update_layout(
            xaxis={"domain": [0, 0.44]}, xaxis2={**base.layout.xaxis.to_plotly_json(), "domain": [0.56, 1]}
        )
        figure.update_layout(
            yaxis2={
                **base.layout.yaxis.to_plotly_json(),
                "title": {"text": "mean reaction time (s)", "font": {"size": 13}},
            }
        )
        fine = np.linspace(0, float(self.strength[-1]), 200)
        bound = np.ones(len(self.draws)) if self.to == "choices" else self.draws[:, 0]
        right = accuracy(fine, bound[:, None], self.draws[:, [1]])
        wilson = [
            stats.binomtest(int(k), int(n)).proportion_ci(method="wilson") for k, n in zip(self.k, self.n, strict=True)
        ]
        ends = np.array([[w.low, w.high] for w in wilson]).T
        panels = [(self.accuracy(fine), right, self.k / self.n, ends)]
        if self.to != "choices":
            long = mean_seconds(fine, *self.draws.T[:, :, None])
            reach = 1.96 * self.error
            panels.append((self.mean_seconds(fine), long, self.seconds, np.stack([-reach, reach]) + self.seconds))
        for i, (middle, drawn, dots, (low, high)) in enumerate(panels):
            a, b = np.quantile(drawn, [0.025, 0.975], axis=0).tolist()
            part = lines_with_band(new(), fine.tolist(), middle.tolist(), a, b, "diffusion, 95 % band")
            x_of = self.strength.tolist()
            name = "measured, 95 % interval"
            dots_with_intervals(part, x_of, dots.tolist(), low.tolist(), high.tolist(), name, colour=COLOURS[1])
            for trace in part.data:
                trace.showlegend = bool(trace.showlegend) and i == 0
                figure.add_trace(trace, row=1, col=i + 1)
        figure.update_layout(legend={"x": 0.44, "xanchor": "right", "y": 0.05, "yanchor": "bottom"})
        return figure

    def _title(self) -> str:
        fitted = {"both": "choices and times", "times": "times alone", "choices": "choices alone"}[self.to]
        return f"{int(self.n.sum())} trials, fit to {fitted}: " + (
            f"A {self.bound.value:.2f}, k {self.sensitivity.value:.1f}, t_R {self.rest.value:.2f} s"
            if self.to != "choices"
            else f"A k {self.sensitivity.value:.1f}"
        )
