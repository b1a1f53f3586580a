"""How sequential activity is: whether units peak one after the other, each for a short time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tertium.dynamics.states import is_responses
from tertium.errors import BadInput

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go
    import xarray as xr

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Sequentiality:
    """How sequential activity is, for each trial; NaN in trials without an active unit.

    Attributes
    ----------
    entropy : array, shape (trial,)
        Entropy of the units' peak times, nats; at most the logarithm of the number of bins.
    ridge : array, shape (trial,)
        Mean over units of the log ratio of the rate near the peak to the rate elsewhere.
    units : array of int, shape (trial,)
        Active units.
    rates : array, shape (time, unit)
        Active units of the first trial that has any, for the picture.
    """

    entropy: Floats
    ridge: Floats
    units: npt.NDArray[np.int64]
    rates: Floats

    @property
    def index(self) -> float:
        """The sequentiality index: entropy plus ridge, averaged over trials; NaN if no trial has an active unit."""
        both = self.entropy + self.ridge
        return float(both[np.isfinite(both)].mean()) if np.isfinite(both).any() else float("nan")

    def table(self) -> pd.DataFrame:
        """Return one row a trial."""
        import pandas as pd

        return pd.DataFrame({"entropy": self.entropy, "ridge": self.ridge, "units": self.units})

    def figure(self) -> go.Figure:
        """Draw the active units of one trial by the time of their peak, each rate divided by its largest."""
        from tertium import figure

        order = np.argsort(self.rates.argmax(0), kind="stable") if self.rates.size else np.zeros(0, dtype=int)
        shown = self.rates[:, order] / self.rates[:, order].max(0) if self.rates.size else np.zeros((1, 1))
        drawn = figure.new(x="time (steps)", y=f"unit by peak time (n = {self.rates.shape[1]})")
        return figure.heatmap(drawn, shown.T, colour="rate / largest rate", limits=(0.0, 1.0))


def sequentiality(
    r: xr.DataArray | npt.ArrayLike,
    *,
    bins: int = 20,
    window: int = 5,
    active: float = 0.1,
    added: float = 0.1,
    whole_trial: bool = False,
) -> Sequentiality:
    """Measure how far units peak one after the other, each for a short time (Orhan & Ma 2019, sequentiality index).

    Trial by trial, with the units whose mean rate exceeds ``active``. Peak times are counted in bins between the first
    and the last of them, ``added`` goes to each count, and the entropy is taken. The ridge of a unit is its mean rate
    in the steps round its peak (of a window of 5 the paper's code takes four, from two before it to one after it, cut
    at the ends), the background its mean rate in all other steps; the log of their ratio is averaged over units. A unit
    whose ratio has no log (a negative or silent background) is left out of that average, as in the paper's code. The
    index is the sum of both; its chance level is that of activity shuffled in time.

    Parameters
    ----------
    r : responses, or array-like of shape (trial, time, unit)
        Rates.
    bins : int
        Bins of the peak times.
    window : int
        Width of the peak, time bins.
    active : float
        Least mean rate of a unit that counts, in the unit of the rates.
    added : float
        Pseudo-count of each bin.
    whole_trial : bool
        Bins between the beginning and the end of the trial, in place of the first and last peak: a handful of peaks
        close together then has a low entropy.

    Raises
    ------
    BadInput
        If the rates have another number of axes, too few steps, or a value that is not finite.

    Examples
    --------
    >>> steps = np.arange(100)[:, None]
    >>> tiling = 4 * np.exp(-(((steps - np.arange(100)) / 5) ** 2))[None]  # units that peak one after the other
    >>> constant = 1 + 1e-3 * tiling                                       # the same peaks on a high background
    >>> round(sequentiality(tiling).index, 1), round(sequentiality(constant).index, 1)
    (5.9, 3.0)
    """
    rates = np.asarray(r.values if is_responses(r) else r)
    if rates.ndim != 3 or rates.shape[1] <= window:
        raise BadInput(
            "rates", got=f"shape {rates.shape}", expected=f"(trial, time, unit) with more than {window} steps"
        )
    if not np.isfinite(rates).all():
        raise BadInput("rates", got="a value that is not finite", expected="finite rates")
    if bins < 2 or window < 2:
        raise BadInput("bins and window", got=f"{bins} and {window}", expected="at least 2 of each")
    trials, steps, _ = rates.shape
    entropy, ridge, units = np.full(trials, np.nan), np.full(trials, np.nan), np.zeros(trials, dtype=np.int64)
    shown = np.zeros((steps, 0))
    for trial in range(trials):
        one = rates[trial].astype(np.float64)
        one = one[:, one.mean(0) > active]
        units[trial] = one.shape[1]
        if not units[trial]:
            continue
        shown = shown if shown.size else one
        peaks = one.argmax(0)
        counts, _ = np.histogram(peaks, bins, range=(0, steps) if whole_trial else None)
        share = (counts + added) / (counts + added).sum()
        entropy[trial] = -(share * np.log(share)).sum()
        ridge[trial] = mean_log_ridge(one, peaks, window)
    return Sequentiality(entropy, ridge, units, shown)


def mean_log_ridge(rates: Floats, peaks: npt.NDArray[np.int64], window: int = 5) -> float:
    """Return the mean over units of log(mean rate near the peak / mean rate elsewhere), NaN if no unit has one.

    Parameters
    ----------
    rates : array, shape (time, unit)
    peaks : array of int, shape (unit,)
        Step of each unit's peak.
    window : int
        Width of the peak.
    """
    steps = len(rates)
    # the last step is never part of a window: in the paper's code it is the largest end, and ends are exclusive
    start, stop = (np.clip(peaks + shift, 0, steps - 1) for shift in (-(window // 2), window // 2))
    step = np.arange(steps)[:, None]
    near = (step >= start) & (step < stop)
    ridge, background = (rates * near).sum(0) / near.sum(0), (rates * ~near).sum(0) / (~near).sum(0)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(ridge) - np.log(background)
    return float(logs[np.isfinite(logs)].mean()) if np.isfinite(logs).any() else float("nan")
