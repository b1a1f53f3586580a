"""Psychometric functions, and what fitting one returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import numpy.typing as npt

from tertium.behavior.checks import Interval

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

Floats = npt.NDArray[np.float64]
Shape = Literal["normal", "logistic", "weibull"]

#: Shapes of psychometric functions by name.
SHAPES: tuple[str, ...] = get_args(Shape)


def curve(
    level: npt.ArrayLike,
    threshold: npt.ArrayLike,
    width: npt.ArrayLike,
    guess: npt.ArrayLike,
    lapse: npt.ArrayLike,
    *,
    shape: str,
) -> Floats:
    """Return ``guess + (1 - guess - lapse) F(level)``; arrays are broadcast.

    Examples
    --------
    >>> curve([0.0, 1.0], 0.0, 1.0, 0.02, 0.02, shape="logistic").round(3).tolist()
    [0.5, 0.722]
    >>> curve([0.1], 0.1, 1.5, 0.5, 0.0, shape="weibull").round(3).tolist()     # 1 - 1 / (2 e)
    [0.816]
    """
    from scipy.special import expit, ndtr

    x, a, b, g, lost = (np.asarray(part, dtype=np.float64) for part in (level, threshold, width, guess, lapse))
    if shape == "weibull":
        with np.errstate(over="ignore"):
            f = -np.expm1(-((np.maximum(x, 0.0) / a) ** b))
    else:
        f = (ndtr if shape == "normal" else expit)((x - a) / b)
    return np.asarray(g + (1 - g - lost) * f)


@dataclass(frozen=True, eq=False)
class Psychometric:
    """A psychometric function fitted to choices.

    Attributes
    ----------
    shape : str
        "normal", "logistic" or "weibull".
    threshold, width : Interval
        In the unit of the level: mean and standard deviation of the Gaussian, centre and scale of the logistic
        function. Of the Weibull function the level at which F is 1 - 1 / e, and its exponent (no unit).
    guess, lapse : Interval
        Probabilities; fixed ones have an interval of no length.
    level, n, k : array, shape (level,)
        Levels, trials, and choices.
    log_likelihood : float
        Of the choices given levels, without binomial coefficients (trial by trial).
    n_fitted : int
        How many constants were fitted.
    deviance, p_value : float
        Distance from the saturated model, and the share of data sets drawn from the fitted function that
        have as large a one.
    draws : array, shape (draw, 4)
        Constants of the bootstrap: threshold, width, guess, lapse.
    """

    shape: str
    threshold: Interval
    width: Interval
    guess: Interval
    lapse: Interval
    level: Floats
    n: Floats
    k: Floats
    log_likelihood: float
    n_fitted: int
    deviance: float
    p_value: float
    draws: Floats

    def probability(self, level: npt.ArrayLike) -> Floats:
        """Return the probability of the choice at any levels."""
        four = (self.threshold, self.width, self.guess, self.lapse)
        return curve(level, *(c.value for c in four), shape=self.shape)

    def level_at(self, probability: float) -> Interval:
        """Return the level at which the choice has a probability (a threshold, as 0.75), NaN where it never has.

        Draws of the bootstrap that never reach it are left out of the interval.
        """
        from tertium.behavior.checks import interval

        values = np.array([[c.value for c in (self.threshold, self.width, self.guess, self.lapse)]])
        return interval(
            float(_inverse(probability, values, self.shape)[0]), _inverse(probability, self.draws, self.shape)
        )

    @property
    def bic(self) -> float:
        """Schwarz's criterion: constants x log(trials) - 2 log likelihood; lower is better."""
        return self.n_fitted * float(np.log(self.n.sum())) - 2 * self.log_likelihood

    def table(self) -> pd.DataFrame:
        """Return one row for each constant."""
        import pandas as pd

        rows = {"threshold": self.threshold, "width": self.width, "guess": self.guess, "lapse": self.lapse}
        columns = {end: [getattr(c, end) for c in rows.values()] for end in ("value", "low", "high")}
        return pd.DataFrame(columns, index=pd.Index(list(rows), name="constant", dtype=object))

    def figure(self, *, x: str = "level of the stimulus", y: str = "probability of the choice") -> go.Figure:
        """Draw the measured fractions with Wilson's intervals, and the function with its bootstrap band."""
        from scipy import stats

        from tertium.figure import dots_with_intervals, lines_with_band, new

        low, high = float(self.level[0]), float(self.level[-1])
        fine = np.linspace(low - 0.03 * (high - low), high + 0.03 * (high - low), 200)
        if self.shape == "weibull":
            fine = np.linspace(max(low, 0.0), high, 400)
        below, above = np.quantile(curve(fine, *self.draws.T[:, :, None], shape=self.shape), [0.025, 0.975], axis=0)
        title = f"{int(self.n.sum())} trials, {self.shape}: threshold {self.threshold.value:.3g}"
        figure = new(x=x, y=y, title=f"{title}, width {self.width.value:.3g}; fit p = {self.p_value:.2g}")
        name = "fitted, 95 % band"
        lines_with_band(figure, fine.tolist(), self.probability(fine).tolist(), below.tolist(), above.tolist(), name)
        wilson = [
            stats.binomtest(int(k), int(n)).proportion_ci(method="wilson") for k, n in zip(self.k, self.n, strict=True)
        ]
        ends = [w.low for w in wilson], [w.high for w in wilson]
        dots_with_intervals(
            figure, self.level.tolist(), (self.k / self.n).tolist(), *ends, "measured, 95 % interval", colour="#222222"
        )
        figure.update_yaxes(range=[-0.03 if self.guess.value < 0.3 else 0.4, 1.03])
        return figure.update_layout(legend={"x": 1, "xanchor": "right", "y": 0.05, "yanchor": "bottom"})


def _inverse(probability: float, constants: Floats, shape: str) -> Floats:
    from scipy.special import logit, ndtri

    threshold, width, guess, lapse = constants.T
    f = (probability - guess) / (1 - guess - lapse)
    f = np.where((f > 0) & (f < 1), f, np.nan)
    if shape == "weibull":
        return np.asarray(threshold * (-np.log1p(-f)) ** (1 / width))
    return np.asarray(threshold + width * (ndtri if shape == "normal" else logit)(f))
