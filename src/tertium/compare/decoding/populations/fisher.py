"""`fisher_information`: how finely a population tells neighbouring stimuli apart, and the bound on any decoder."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tertium import figure as style
from tertium.compare.decoding.decoders.contract import FloatArray
from tertium.compare.decoding.samples import gather
from tertium.errors import BadInput

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go
    import xarray as xr

    from tertium.compare.decoding.result import Decoded


@dataclass(frozen=True, eq=False)
class FisherInformation:
    """Linear Fisher information between neighbouring stimuli; see `tertium.compare.fisher_information`.

    All per squared unit of the label.

    Attributes
    ----------
    low, high : array, shape (pair,)
        The two values of the label.
    value : array, shape (pair,)
        Without the bias of few trials; may be below 0 by chance.
    naive : array, shape (pair,)
        With it: the information of the fitted decoder on its own trials.
    independent : array, shape (pair,)
        Were the noise of units independent, without bias. Larger than ``value`` where correlations limit information.
    error : array, shape (pair,)
        Standard error of ``value``.
    interval : array, shape (2, pair)
        95 %, exact for Gaussian responses; not below 0.
    n_trials : array, shape (pair,)
    n_units : int
    label : str
    """

    low: FloatArray
    high: FloatArray
    value: FloatArray
    naive: FloatArray
    independent: FloatArray
    error: FloatArray
    interval: FloatArray
    n_trials: npt.NDArray[np.int64]
    n_units: int
    label: str

    @property
    def bound(self) -> FloatArray:
        """Least deviation of any unbiased linear decoder (SD, unit of the label; Cramér-Rao); NaN if value <= 0."""
        return np.asarray(1 / np.sqrt(np.where(self.value > 0, self.value, np.nan)))

    def efficiency(self, decoded: Decoded) -> FloatArray:
        """Return the share of the information that a decoder keeps, shape (pair,): 1 at the bound.

        The decoder's own information is that of its output: the squared slope of its mean over its variance, so that a
        decoder that shrinks towards the middle is not taken for a good one.

        Parameters
        ----------
        decoded : Decoded
            The same label as a number or an angle, from the same stimuli.

        Raises
        ------
        BadInput
            If classes were decoded, or not these stimuli.
        """
        if decoded.kind == "class":
            raise BadInput("efficiency", got="decoded classes", expected="a number", repair="Decode by 'ridge'.")
        true, errors = decoded.observed[:, 0], decoded.errors[:, 0]
        found = np.empty(len(self.low))
        for i, (low, high) in enumerate(zip(self.low, self.high, strict=True)):
            a, b = errors[np.isclose(true, low)], errors[np.isclose(true, high)]
            if min(len(a), len(b)) < 2:
                raise BadInput("decoded", got=f"no two samples of {low:g} and {high:g}", expected="the same stimuli")
            slope = 1 + (np.nanmean(b) - np.nanmean(a)) / (high - low)
            variance = (np.nanvar(a, ddof=1) + np.nanvar(b, ddof=1)) / 2
            found[i] = slope**2 / variance / self.value[i] if self.value[i] > 0 and variance > 0 else np.nan
        return found

    def table(self) -> pd.DataFrame:
        """Return one row for each pair of neighbouring stimuli."""
        import pandas as pd

        return pd.DataFrame(
            {
                "from": self.low,
                "to": self.high,
                "information": self.value,
                "error": self.error,
                "low": self.interval[0],
                "high": self.interval[1],
                "naive": self.naive,
                "independent": self.independent,
                "bound": self.bound,
                "trials": self.n_trials,
            }
        )

    def figure(self) -> go.Figure:
        """Draw the information between neighbours with 95 % intervals, with bias, and without correlations."""
        drawn = style.new(
            x=f"{self.label} (middle of two values, unit of the label)",
            y="linear Fisher information (1 / unit²)",
            title=f"Fisher information: {self.n_units} units, {self.n_trials.min()} to {self.n_trials.max()} trials a "
            "pair; bars: 95 %",
        )
        middle = ((self.low + self.high) / 2).tolist()
        low, high = self.interval.tolist()
        style.dots_with_intervals(drawn, middle, self.value.tolist(), low, high, "without bias", lines=True)
        for name, values, colour, symbol in (
            ("naive, biased upwards", self.naive, "#7F7F7F", "x"),
            ("noise made independent", self.independent, style.COLOURS[1], "diamond-open"),
        ):
            drawn.add_scatter(
                x=middle, y=values, name=name, mode="markers", marker={"color": colour, "symbol": symbol, "size": 8}
            )
        return drawn.update_yaxes(rangemode="tozero")


def fisher_information(R: xr.DataArray | npt.ArrayLike, labels: str | npt.ArrayLike) -> FisherInformation:
    """Estimate the linear Fisher information about a number from trials, without the bias of having few.

    Between two neighbouring values, ``I = dm' S^-1 dm / ds^2`` with the pooled covariance S. Its expectation and
    variance under Gaussian noise are those of Hotelling's statistic, which gives the unbiased estimate of
    Kanitscheider, Coen-Cagli, Kohn & Pouget (2015) for equal numbers of trials, and its extension to unequal ones.

    Parameters
    ----------
    R : responses, or array-like of shape (trial, unit)
        Averaged over time.
    labels : str, or array-like of shape (trial,)
        A number (orientation, coherence) with few values, repeated.

    Raises
    ------
    BadInput
        If there is one value, or a pair of neighbours has fewer trials than units + 6.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> s = np.repeat([0.0, 1.0], 500)
    >>> R = rng.normal(size=(1000, 4)) + s[:, None]          # each unit tells 1 / unit^2
    >>> found = fisher_information(R, s)
    >>> bool(found.interval[0, 0] < 4 < found.interval[1, 0]), found.bound.round(1).tolist()
    (True, [0.5])
    """
    samples = gather(R, labels, "number", ("number",), "mean")
    if samples.aim.variables > 1:
        raise BadInput("labels", got=f"{samples.aim.variables}", expected="one")
    x, s = samples.values[:, 0], samples.target[:, 0]
    levels = np.unique(s)
    rows = [_pair(x[s == low], x[s == high], float(low), float(high)) for low, high in pairwise(levels)]
    value, naive, independent, error, lower, upper, trials = np.array(rows).T
    return FisherInformation(
        levels[:-1], levels[1:], value, naive, independent, error, np.stack([lower, upper]),
        trials.astype(np.int64), x.shape[1], samples.names[0],
    )  # fmt: skip


def _pair(a: FloatArray, b: FloatArray, low: float, high: float) -> tuple[float, ...]:
    units, n = a.shape[1], len(a) + len(b) - 2
    if len(a) < 2 or len(b) < 2 or n < units + 4:
        raise BadInput(
            "trials",
            got=f"{len(a)} at {low:g} and {len(b)} at {high:g} for {units} units",
            expected=f"at least {units + 6} in all",
            repair="Take fewer units, or see learning_curve with a decoder.",
        )
    naive, value, error, interval = unbiased(a, b)
    within = ((a - a.mean(0)) ** 2).sum(0) + ((b - b.mean(0)) ** 2).sum(0)
    ratios = np.divide((b.mean(0) - a.mean(0)) ** 2 * n, within, out=np.zeros(units), where=within > 0)
    h = 1 / len(a) + 1 / len(b)
    independent = float((ratios * (n - 2) / n - h * (within > 0)).sum())
    scale = (high - low) ** 2
    numbers = (value, naive, independent, error, *interval)
    return (*(number / scale for number in numbers), float(len(a) + len(b)))


def unbiased(a: FloatArray, b: FloatArray) -> tuple[float, float, float, tuple[float, float]]:
    """Return the squared distance of two clouds (d'^2): naive, without bias, its standard error, 95 % interval.

    With n = trials - 2 degrees of freedom, N units and h = 1 / T1 + 1 / T2, ``naive (n - N + 1) / (h n N)`` is
    noncentral F with N and n - N + 1 degrees of freedom and noncentrality d'^2 / h.

    Parameters
    ----------
    a, b : array, shape (trial, unit)
    """
    units, n = a.shape[1], len(a) + len(b) - 2
    apart = b.mean(0) - a.mean(0)
    left = np.concatenate([a - a.mean(0), b - b.mean(0)])
    try:
        naive = float(apart @ np.linalg.solve(left.T @ left / n, apart))
    except np.linalg.LinAlgError:
        raise BadInput(
            "units", got="some that never vary, or copies of others", expected="independent ones", repair="Drop them."
        ) from None
    h, over = 1 / len(a) + 1 / len(b), n - units - 1
    value = naive * over / n - units * h
    far = max(value, 0.0) / h
    variance = 2 * h**2 * ((units + far) ** 2 + (units + 2 * far) * over) / (over - 2)
    return naive, value, float(np.sqrt(variance)), _interval(naive, units, n, h)


def _interval(naive: float, units: int, n: int, h: float) -> tuple[float, float]:
    """Return the d'^2 under which what was seen is just not too large, and just not too small."""
    from scipy.optimize import brentq
    from scipy.stats import f as central
    from scipy.stats import ncf

    seen, other = naive * (n - units + 1) / (h * n * units), n - units + 1

    def reach(noncentrality: float, tail: float) -> float:
        below = ncf.cdf(seen, units, other, noncentrality) if noncentrality > 0 else central.cdf(seen, units, other)
        return float(below) - tail

    ends = []
    for tail in (0.975, 0.025):
        top = max(2 * naive / h, 10.0)
        while reach(top, tail) > 0:
            top *= 2
        ends.append(h * float(brentq(reach, 0.0, top, args=(tail,))) if reach(0.0, tail) > 0 else 0.0)
    return ends[0], ends[1]
