"""`branching_ratio`: how many events one event brings about, even if only a few units are seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput
from tertium.rng import Seeds

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go
    import xarray as xr

Floats = npt.NDArray[np.float64]

#: Where there are fewer trials, they are cut into so many blocks for the bootstrap.
BLOCKS = 20

#: Branching ratios are looked for between these.
RATIOS = (0.05, 0.99999)


@dataclass(frozen=True, eq=False)
class BranchingRatio:
    """What `branching_ratio` found.

    Attributes
    ----------
    value : float
        Branching ratio m, from ``r_k = b m^k`` (+ c); NaN where no slope at any lag is above 0.
    interval : tuple of float
        95 %, bootstrap over trials, or over blocks of time where there are few trials.
    naive : float
        ``r_1``: what ordinary regression on the bin before gives, too small where units go unseen.
    time_constant : float
        ``-dt / ln m``, in seconds (in bins where no ``dt`` is known).
    time_interval : tuple of float
    amplitude, offset : float
        ``b`` and ``c``; c is 0 where none was asked for.
    lags : array of int, shape (lag,)
        From 1, in bins.
    slopes : array, shape (lag,)
        ``r_k``.
    band : array, shape (lag, 2)
        Their 95 % interval.
    explained : float
        Share of the variance of the slopes that the exponential explains: look at the figure where it is low.
    dt : float
    blocks : int
        What the bootstrap draws.
    """

    value: float
    interval: tuple[float, float]
    naive: float
    time_constant: float
    time_interval: tuple[float, float]
    amplitude: float
    offset: float
    lags: Floats
    slopes: Floats
    band: Floats
    explained: float
    dt: float
    blocks: int

    def table(self) -> pd.DataFrame:
        """Return one row: the ratio with its interval, the naive one, the time constant, the fit."""
        import pandas as pd

        row = {
            "m": self.value,
            "low": self.interval[0],
            "high": self.interval[1],
            "naive": self.naive,
            "time_constant": self.time_constant,
            "amplitude": self.amplitude,
            "offset": self.offset,
            "explained": self.explained,
            "lags": len(self.lags),
            "blocks": self.blocks,
        }
        return pd.DataFrame([row])

    def figure(self) -> go.Figure:
        """Draw the slopes with their band against the lag, and the exponential."""
        from tertium.geometry.criticality.shape_picture import slopes_figure

        return slopes_figure(self)


def branching_ratio(
    r: xr.DataArray | npt.ArrayLike,
    *,
    dt: float | None = None,
    longest: float | None = None,
    offset: bool = False,
    bootstrap: int = 200,
    seed: int | Seeds = 0,
) -> BranchingRatio:
    """Estimate how many events one event brings about in the next bin, invariant to how few units are seen.

    Regression of activity on activity k bins before has the slope ``r_k = b m^k``; seeing few units, or binomial noise,
    changes b and not m (Wilting & Priesemann 2018, eq. 3 and 4). The slopes of all lags are fitted together. It holds
    for stationary activity with a constant drive: slow changes of the drive need ``offset``, rhythms break it.

    Parameters
    ----------
    r : responses, or array (time,), (time, unit) or (trial, time, unit)
        Activity; units are added up.
    dt : float, optional
        Width of a bin, seconds; responses know theirs.
    longest : float, optional
        Longest lag, in seconds (bins without ``dt``); by default five time constants, found in rounds, and at most a
        quarter of a trial.
    offset : bool
        Fit ``r_k = b m^k + c``.
    bootstrap : int
        Draws of trials; 0 for no interval.
    seed : int or Seeds

    Returns
    -------
    BranchingRatio

    Raises
    ------
    BadInput
        If trials are shorter than 12 bins, values are not finite, or activity does not vary.

    References
    ----------
    Wilting, J. & Priesemann, V. (2018). Inferring collective dynamical states from widely unobserved systems. Nature
    Communications 9:2325.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> a = np.full(50_000, 200)
    >>> for t in range(1, len(a)):
    ...     a[t] = rng.poisson(0.95 * a[t - 1] + 10)  # m = 0.95
    >>> seen = branching_ratio(rng.binomial(a, 0.05))  # 5 % of all events
    >>> bool(abs(seen.value - 0.95) < 0.01), bool(seen.naive < 0.7)
    (True, True)
    """
    trials, width, known = _activity(r, dt)
    length = trials.shape[1]
    seeds = seed if isinstance(seed, Seeds) else Seeds(seed)
    most = max(5, length // 4)
    if longest is None:
        lags = min(most, 500)
        for _ in range(5):
            m = fit_slopes(_slopes(_sums(trials, lags)[0].sum(0)), offset)[0]
            wanted = most if not np.isfinite(m) else int(np.clip(np.ceil(-5 / np.log(m)), 10, most))
            if abs(wanted - lags) <= 0.1 * lags:
                break
            lags = min(wanted, most)
    else:
        lags = round(longest / width)
        if not 4 <= lags <= length - 4:
            raise BadInput("longest", got=f"{lags} bins", expected=f"4 to {length - 4} bins of {width:g}")
    sums, blocks = _sums(trials, lags)
    slopes = _slopes(sums.sum(0))
    m, amplitude, constant, explained = fit_slopes(slopes, offset)
    drawn = np.array([_slopes(np.tensordot(w, sums, 1)) for w in _weights(blocks, bootstrap, seeds)])
    ratios = np.array([fit_slopes(one, offset)[0] for one in drawn])
    ends = _quantiles(ratios[:, None])[0]
    return BranchingRatio(
        value=m,
        interval=(float(ends[0]), float(ends[1])),
        naive=float(slopes[0]),
        time_constant=float(-width / np.log(m)),
        time_interval=(float(-width / np.log(ends[0])), float(-width / np.log(ends[1]))),
        amplitude=amplitude,
        offset=constant,
        lags=np.arange(1, lags + 1),
        slopes=slopes,
        band=_quantiles(drawn) if bootstrap else np.full((lags, 2), np.nan),
        explained=explained,
        dt=width if known else float("nan"),
        blocks=blocks,
    )


def fit_slopes(slopes: Floats, offset: bool) -> tuple[float, float, float, float]:
    """Return m, b, c and the share of variance explained of ``r_k = b m^k + c``, by least squares.

    Examples
    --------
    >>> k = np.arange(1, 60)
    >>> m, b, c, _ = fit_slopes(0.1 * 0.9**k + 0.02, True)
    >>> round(m, 6), round(b, 6), round(c, 6)
    (0.9, 0.1, 0.02)
    """
    from scipy.optimize import minimize_scalar

    k = np.arange(1.0, len(slopes) + 1)
    target = slopes - slopes.mean() if offset else slopes
    total = float(((slopes - slopes.mean()) ** 2).sum())

    def shapes(rates: Floats) -> Floats:
        shape = np.exp(-rates[:, None] * k)
        return shape - shape.mean(1, keepdims=True) if offset else shape

    def gain(rates: Floats) -> Floats:  # of the best amplitude above 0
        shape = shapes(rates)
        return np.maximum(shape @ target, 0.0) ** 2 / np.maximum((shape**2).sum(1), 1e-300)

    ends = [float(np.log(-np.log(ratio))) for ratio in RATIOS[::-1]]
    grid = np.linspace(ends[0], ends[1], 80)
    gains = gain(np.exp(grid))
    best = int(gains.argmax())
    if not gains[best] > 0:
        return float("nan"), float("nan"), float("nan"), float("nan")
    found = minimize_scalar(
        lambda at: -float(gain(np.exp(np.array([at])))[0]),
        bounds=(grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]),
        method="bounded",
        options={"xatol": 1e-8},
    )
    rate = np.exp(np.array([found.x]))
    shape = shapes(rate)[0]
    b = float(shape @ target / (shape @ shape))
    raw = np.exp(-rate[0] * k)
    c = float(slopes.mean() - b * raw.mean()) if offset else 0.0
    left = float(((slopes - b * raw - c) ** 2).sum())
    return float(np.exp(-rate[0])), b, c, 1 - left / total if total > 0 else float("nan")


def _sums(trials: Floats, lags: int) -> tuple[Floats, int]:
    """Return for blocks of time the sums that slopes are made of, (block, lag, sum), and how many blocks there are.

    The sums are those of pairs, of x, y, x^2 and x y, for y a lag after x; a pair belongs to the block of its x.
    """
    n, length = trials.shape
    parts = 1 if n >= BLOCKS else int(np.ceil(BLOCKS / n))
    edges = np.linspace(0, length, parts + 1).astype(int)[:-1]
    sums = np.zeros((n, parts, lags, 5))
    for lag in range(1, lags + 1):
        x, y = trials[:, :-lag], trials[:, lag:]
        starts = edges[edges < x.shape[1]]  # the last blocks may have no pair left
        here = sums[:, : len(starts), lag - 1]
        here[..., 0] = np.diff(np.append(starts, x.shape[1]))
        for i, values in enumerate((x, y, x * x, x * y)):
            here[..., i + 1] = np.add.reduceat(values, starts, axis=1)
    return sums.reshape(n * parts, lags, 5), n * parts


def _slopes(sums: Floats) -> Floats:
    """Return the slopes of regression of y on x from sums (lag, sum)."""
    n, x, y, xx, xy = sums.T
    n = np.maximum(n, 1)
    return np.asarray((xy - x * y / n) / np.maximum(xx - x * x / n, 1e-300))


def _weights(blocks: int, n: int, seeds: Seeds) -> Floats:
    drawn = seeds.numpy("multistep").multinomial(blocks, np.full(blocks, 1 / blocks), size=n)
    return np.asarray(drawn, dtype=float)


def _quantiles(drawn: Floats) -> Floats:
    """Return 2.5 % and 97.5 % of each column, (column, 2)."""
    if not len(drawn):
        return np.full((1, 2), np.nan)
    if not np.isfinite(drawn).all():
        return np.full((drawn.shape[1], 2), np.nan)
    return np.asarray(np.quantile(drawn, [0.025, 0.975], axis=0).T)


def _activity(r: Any, dt: float | None) -> tuple[Floats, float, bool]:
    """Return the activity of the population, (trial, time), the width of a bin, and whether it is known."""
    if hasattr(r, "dims"):
        from tertium.data import validate

        validate(r)
        given = float(r.attrs["dt"])
        if dt is not None and not np.isclose(dt, given):
            raise BadInput("dt", got=f"{dt} s", expected=f"{given} s, as the responses say", repair="Leave dt out.")
        dt = given
    if dt is not None and not (np.isfinite(dt) and dt > 0):
        raise BadInput("dt", got=f"{dt}", expected="a positive number of seconds")
    values = _as_three(r.values if hasattr(r, "dims") else r)
    trials = values.sum(2)
    if not np.isfinite(trials).all():
        raise BadInput("activity", got="a value that is not finite", expected="finite numbers")
    if trials.shape[1] < 12:
        raise BadInput(
            "activity", got=f"trials of {trials.shape[1]} bins", expected="12 bins or more", repair="Use smaller bins."
        )
    if not np.ptp(trials) > 0:
        raise BadInput("activity", got="activity that does not vary", expected="some variance")
    return trials - trials.mean(), 1.0 if dt is None else float(dt), dt is not None


def _as_three(values: Sequence[Any]) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim not in (1, 2, 3) or not array.size:
        raise BadInput(
            "activity", got=f"shape {array.shape}", expected="(time,), (time, unit) or (trial, time, unit), not empty"
        )
    return array[None, :, None] if array.ndim == 1 else array[None] if array.ndim == 2 else array
