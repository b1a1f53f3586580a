"""How strongly a recurrent network is coupled, from the spread of the covariances of some of its units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import numpy.typing as npt

from tertium.dynamics.low_rank.pair_moments import (
    PairMoments,
    moments_of_activity,
    moments_of_covariances,
    off_diagonal,
)
from tertium.dynamics.states import is_responses
from tertium.errors import BadInput
from tertium.rng import Seeds

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go
    import xarray as xr

Floats = npt.NDArray[np.float64]
Over = Literal["units", "trials", "both"]

#: Fewer trials or units than these are refused: the spread of covariances is a fourth moment.
FEWEST = 20


@dataclass(frozen=True, eq=False)
class SpectralRadius:
    """What `spectral_radius_from_covariances` found.

    Attributes
    ----------
    value : float
        Estimate of the spectral radius, 0 to 1.
    interval : tuple of float
        95 %, by bootstrap; NaN where none was asked for.
    spread : float
        ``std(c_ij) / mean(c_ii)`` over pairs of different units, without what finite trials add; 0 if nothing
        is left.
    raw_spread : float
        The same of the sample covariances as they are.
    n_units : int
        Units that the whole network is taken to have.
    covariances : array, shape (unit, unit)
        Of the units that were recorded.
    trials : int or None
        How many trials they are from.
    """

    value: float
    interval: tuple[float, float]
    spread: float
    raw_spread: float
    n_units: int
    covariances: Floats
    trials: int | None

    def table(self) -> pd.DataFrame:
        """Return the estimate, its interval and what it rests on, one row."""
        import pandas as pd

        row = {
            "spectral_radius": self.value,
            "low": self.interval[0],
            "high": self.interval[1],
            "spread": self.spread,
            "raw_spread": self.raw_spread,
            "recorded_units": len(self.covariances),
            "network_units": self.n_units,
            "trials": self.trials,
        }
        return pd.DataFrame([row])

    def figure(self) -> go.Figure:
        """Draw the distributions of variances and of covariances, in units of the mean variance."""
        from tertium import figure

        n = len(self.covariances)
        mean = float(np.diag(self.covariances).mean())
        low, high = self.interval
        title = f"R = {self.value:.2f} [{low:.2f}, {high:.2f}], {n} of {self.n_units} units"
        drawn = figure.new(x="(co)variance / mean variance", y="density", title=title)
        for values, name, colour in (
            (self.covariances[~np.eye(n, dtype=bool)], f"covariances (n = {n * (n - 1) // 2} pairs)", 0),
            (np.diag(self.covariances), f"variances (n = {n} units)", 1),
        ):
            counts, edges = np.histogram(values / mean, bins=60 if colour == 0 else 20, density=True)
            line = {"color": figure.COLOURS[colour], "width": 2, "shape": "hvh"}
            drawn.add_scatter(x=(edges[1:] + edges[:-1]) / 2, y=counts, mode="lines", line=line, name=name)
        return drawn


def spectral_radius_from_covariances(
    data: xr.DataArray | npt.ArrayLike,
    n_units: int,
    *,
    kind: Literal["activity", "covariance"] = "activity",
    trials: int | None = None,
    over: Over = "both",
    n_bootstrap: int = 1000,
    seed: int | Seeds = 0,
) -> SpectralRadius:
    """Estimate the spectral radius of a network's effective connectivity from how widely covariances are spread.

    ``R = sqrt(1 - sqrt(1 / (1 + N D^2)))`` with ``D = std(c_ij) / mean(c_ii)`` (Dahmen et al. 2019). It assumes a
    linear stationary network whose weights are independent of each other, apart from few directions, and covariances of
    activity over windows long against the time constants. Reciprocal motifs break it: symmetric weights give too small
    a radius (see `lag_asymmetry`). What finite trials add to the spread is taken off without bias.

    Parameters
    ----------
    data : responses (trial, time, unit), or array (trial, time, unit) or (trial, unit), or a covariance matrix
        Activity is averaged over time in each trial. Trials are taken for repetitions of one condition: subtract
        what stimuli drive, or take one stimulus.
    n_units : int
        Units of the whole network of which these were recorded: an assumption that the estimate depends on.
    kind : {"activity", "covariance"}
        What ``data`` is.
    trials : int, optional
        For a covariance matrix: from how many trials of Gaussian activity it is; exact if not given.
    over : {"units", "trials", "both"}
        What the interval stands for: other units of the network, other trials, or both; of a matrix, units only.
    n_bootstrap : int
        Draws; 0 for no interval.
    seed : int or Seeds

    Returns
    -------
    SpectralRadius

    Raises
    ------
    BadInput
        If there are fewer than 20 trials or units, more units than the network has, units that never vary, values that
        are not finite, or a matrix that is not symmetric.

    References
    ----------
    Dahmen, D., Grün, S., Diesmann, M. & Helias, M. (2019). Second type of criticality in the brain uncovers rich
    multiple-neuron dynamics. Proceedings of the National Academy of Sciences 116:13051.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> response = np.linalg.inv(np.eye(200) - 0.7 * rng.normal(size=(200, 200)) / np.sqrt(200))
    >>> activity = rng.normal(size=(500, 200)) @ response.T
    >>> found = spectral_radius_from_covariances(activity[:, :80], 200, n_bootstrap=200)
    >>> round(found.value, 1), bool(found.interval[0] < 0.7 < found.interval[1])
    (0.7, True)
    """
    if kind not in ("activity", "covariance"):
        raise BadInput("kind", got=repr(kind), expected="'activity' or 'covariance'")
    if over not in get_args(Over):
        raise BadInput("over", got=repr(over), expected=", ".join(get_args(Over)))
    activity = None
    if kind == "activity":
        if trials is not None:
            raise BadInput("trials", got=str(trials), expected="none: activity has its own")
        activity = _activity(data)
        moments = moments_of_activity(activity)
    else:
        moments = moments_of_covariances(_covariances(data, trials), trials)
    recorded = len(moments.covariances)
    if n_units != int(n_units) or n_units < recorded:
        raise BadInput("units of the network", got=f"{n_units}", expected=f"at least the {recorded} that were recorded")
    seeds = seed if isinstance(seed, Seeds) else Seeds(seed)
    draws = _draws(moments, activity, over, n_bootstrap, seeds)
    ends = np.percentile(_radius(draws, n_units), [2.5, 97.5]) if len(draws) else np.array([np.nan, np.nan])
    raw = moments_of_covariances(moments.covariances)
    return SpectralRadius(
        value=float(_radius(np.array(moments.spread), n_units)),
        interval=(float(ends[0]), float(ends[1])),
        spread=float(np.sqrt(max(moments.spread, 0.0))),
        raw_spread=float(np.sqrt(raw.spread)),
        n_units=int(n_units),
        covariances=moments.covariances,
        trials=trials if activity is None else len(activity),
    )


def _radius(squared_spread: Floats, n_units: int) -> Floats:
    return np.asarray(np.sqrt(1 - np.sqrt(1 / (1 + n_units * np.maximum(squared_spread, 0.0)))))


def _draws(moments: PairMoments, x: Floats | None, over: Over, n: int, seeds: Seeds) -> Floats:
    """Return squared spreads as other units and other trials would give them, shape (draw,)."""
    draws = np.full(n, moments.spread)
    if over != "trials" or x is None:
        draws += _over_units(moments, n, seeds.numpy("units")) - moments.spread
    if over != "units" and x is not None:
        draws += _over_trials(x, n, seeds.numpy("trials"))
    return draws


def _over_units(moments: PairMoments, n: int, rng: np.random.Generator) -> Floats:
    """Return squared spreads of resampled units; a unit drawn twice makes no pair with itself."""
    units = len(moments.covariances)
    pairs = units * (units - 1)
    sampled = (off_diagonal(moments.covariances) / pairs) ** 2 - moments.squared_mean  # what trials add to it
    off = 1.0 - np.eye(units)
    squares, covariances = moments.squares * off, moments.covariances * off
    inflated = float(np.diag(moments.covariances).mean()) ** 2 / moments.squared_variance
    draws = np.empty(n)
    for i in range(n):
        w = rng.multinomial(units, np.full(units, 1 / units)).astype(np.float64)
        pairs_drawn = w.sum() ** 2 - (w**2).sum()
        square, mean = w @ squares @ w / pairs_drawn, w @ covariances @ w / pairs_drawn
        variance = (w @ np.diag(moments.covariances) / units) ** 2 / inflated
        draws[i] = (square - mean**2 + sampled) / variance
    return draws


def _over_trials(x: Floats, n: int, rng: np.random.Generator) -> Floats:
    """Return by how much resampled trials change the squared spread; a trial drawn twice makes no pair with itself."""
    t, units = x.shape
    x = x - x.mean(0)
    power = x**2
    square = (x @ x.T) ** 2 - power @ power.T  # over pairs of units, the product of two trials
    np.fill_diagonal(square, 0.0)
    of_pairs, of_units = x.sum(1) ** 2 - power.sum(1), power.sum(1)
    pairs = units * (units - 1)

    def spread(w: Floats) -> float:
        drawn = w.sum() ** 2 - (w**2).sum()

        def product(of: Floats) -> float:
            return float((w @ of) ** 2 - (w**2) @ of**2) / drawn

        return float((w @ square @ w / drawn / pairs - product(of_pairs) / pairs**2) / (product(of_units) / units**2))

    whole = spread(np.ones(t))
    return np.array([spread(rng.multinomial(t, np.full(t, 1 / t)).astype(np.float64)) - whole for _ in range(n)])


def _activity(data: xr.DataArray | npt.ArrayLike) -> Floats:
    """Return activity averaged over time, (trial, unit), fit for covariances."""
    values = np.asarray(data.values if is_responses(data) else data, dtype=np.float64)
    values = values.mean(1) if values.ndim == 3 else values
    if values.ndim != 2:
        raise BadInput("activity", got=f"shape {values.shape}", expected="(trial, time, unit) or (trial, unit)")
    trials, units = values.shape
    if trials < FEWEST or units < FEWEST:
        raise BadInput(
            "activity",
            got=f"{trials} trials of {units} units",
            expected=f"at least {FEWEST} of each",
            repair="The spread of covariances is lost in sampling noise with fewer.",
        )
    if not np.isfinite(values).all():
        raise BadInput("activity", got="a value that is not finite", expected="finite numbers")
    still = np.flatnonzero(values.std(0) == 0)
    if len(still):
        raise BadInput("activity", got=f"units {still[:5].tolist()} that never vary", expected="units that vary")
    return values


def _covariances(data: xr.DataArray | npt.ArrayLike, trials: int | None) -> Floats:
    s = np.asarray(data, dtype=np.float64)
    if s.ndim != 2 or s.shape[0] != s.shape[1] or not np.isfinite(s).all() or not np.allclose(s, s.T):
        raise BadInput("covariances", got=f"shape {s.shape}", expected="a symmetric matrix of finite numbers")
    if len(s) < FEWEST or (trials is not None and trials < FEWEST):
        raise BadInput(
            "covariances", got=f"{len(s)} units, {trials} trials", expected=f"at least {FEWEST} units and trials"
        )
    if (np.diag(s) <= 0).any():
        raise BadInput("covariances", got="a variance of 0 or below", expected="units that vary")
    return s
