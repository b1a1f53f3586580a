"""`autocorrelation_time`: for how long a population remembers where it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import numpy.typing as npt

from tertium.dynamics.states import is_responses
from tertium.errors import BadInput
from tertium.rng import Seeds

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go
    import xarray as xr

Floats = npt.NDArray[np.float64]
Centre = Literal["unit", "time", "none"]


@dataclass(frozen=True, eq=False)
class AutocorrelationTime:
    """A population's autocorrelation and its time constants; see `tertium.dynamics.autocorrelation_time`.

    Attributes
    ----------
    lags : array, shape (lag,)
        From 0, in seconds (in bins where no ``dt`` is known).
    correlation : array, shape (lag,)
        Autocorrelation over all units, 1 at lag 0.
    band : array, shape (lag, 2)
        Its 95 % bootstrap interval over trials; NaN without bootstrap.
    integrated : float
        Integral of the autocorrelation up to `window`: the time constant, if it is exponential.
    integrated_interval : tuple of float
        95 % bootstrap interval over trials.
    fitted : float
        Time constant of the exponential ``a exp(-lag / tau)`` that is nearest, from the first lag to the end of
        `window`; NaN where none can be fitted.
    fitted_interval : tuple of float
    half : float
        The first lag at which the autocorrelation is one half (between bins by a line), NaN if it stays above; slow
        or oscillating tails do not touch it.
    half_interval : tuple of float
    amplitude : float
        ``a`` of the fit: 1 less the share of noise that is private to each bin.
    window : float
        Where the integral ends: the first lag of at least five integrated times.
    complete : bool
        Whether the longest lag was long enough for that; if not, both times are too short.
    trials, units : int
    """

    lags: Floats
    correlation: Floats
    band: Floats
    integrated: float
    integrated_interval: tuple[float, float]
    fitted: float
    fitted_interval: tuple[float, float]
    half: float
    half_interval: tuple[float, float]
    amplitude: float
    window: float
    complete: bool
    trials: int
    units: int

    def table(self) -> pd.DataFrame:
        """Return one row an estimate, with its interval."""
        import pandas as pd

        low, high = zip(self.integrated_interval, self.fitted_interval, self.half_interval, strict=True)
        names, values = ["integrated", "exponential", "half"], [self.integrated, self.fitted, self.half]
        return pd.DataFrame({"estimate": names, "time": values, "low": low, "high": high})

    def figure(self, unit: str = "s") -> go.Figure:
        """Draw the autocorrelation with its band and the exponential."""
        from tertium.dynamics.exponents.picture import correlation_figure

        return correlation_figure(self, unit)


def autocorrelation_time(
    r: xr.DataArray | npt.ArrayLike,
    *,
    dt: float | None = None,
    longest: float | None = None,
    centre: Centre = "unit",
    bootstrap: int = 1000,
    seed: int = 0,
) -> AutocorrelationTime:
    """Measure for how long a population remembers: the time constants of its autocorrelation.

    The autocovariances of all units are added (units that vary more count more) and averaged over trials and times;
    each lag is divided by its own number of pairs. The integral is cut off where the lag is five times the integral
    (Madras & Sokal 1988), so that the noise of long lags stays out.

    Parameters
    ----------
    r : responses, or array-like of shape (trial, time, unit) or (time, unit)
    dt : float, optional
        Width of a bin in seconds; responses know theirs. Without it, times are in bins.
    longest : float, optional
        The longest lag; by default half a trial.
    centre : {"unit", "time", "none"}
        What is taken off: each unit's mean over all trials and times; its mean over trials at each time (what the
        stimulus drives); nothing.
    bootstrap : int
        Times that trials are drawn anew for the intervals; 0 leaves them out.
    seed : int

    Returns
    -------
    AutocorrelationTime

    Raises
    ------
    BadInput
        If the shape does not fit, a value is not finite, nothing varies, or there are fewer than 3 trials to draw from.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = np.zeros((20, 1000, 30))
    >>> for t in range(1, 1000):
    ...     x[:, t] = 0.9 * x[:, t - 1] + rng.normal(size=(20, 30))
    >>> found = autocorrelation_time(x, dt=0.01)
    >>> bool(abs(found.fitted - 0.01 / -np.log(0.9)) < 0.005)
    True
    """
    values, width = _values(r, dt)
    trials, times, units = values.shape
    if centre not in get_args(Centre):
        raise BadInput("centre", got=repr(centre), expected=" or ".join(repr(c) for c in get_args(Centre)))
    if bootstrap and trials < 3:
        raise BadInput(
            "r", got=f"{trials} trials", expected="at least 3, for intervals", repair="Pass bootstrap=0 for none."
        )
    n_lags = times // 2 if longest is None else round(longest / width)
    if not 2 <= n_lags < times:
        raise BadInput("longest", got=f"{n_lags} bins", expected=f"2 to {times - 1} bins of {width:g}")
    if centre != "none":
        values = values - values.mean((0, 1) if centre == "unit" else 0)
    covariance = autocovariances(values, n_lags)
    if not covariance[:, 0].sum() > 1e-24 * max(1.0, float(np.abs(values).max()) ** 2):
        raise BadInput("r", got="responses that do not vary", expected="some variance about their mean")
    mean = covariance.mean(0)
    correlation = mean / mean[0]
    integrated, cut, complete = integrated_time(correlation)
    fitted, amplitude = exponential(correlation[: cut + 1])
    drawn = _drawn(covariance, bootstrap, seed)
    each = np.array([(integrated_time(row)[0], exponential(row[: cut + 1])[0], half_time(row)) for row in drawn])
    intervals = [_pair(column * width) for column in each.T] if bootstrap else [(np.nan, np.nan)] * 3
    return AutocorrelationTime(
        lags=np.arange(n_lags + 1) * width,
        correlation=correlation,
        band=_interval(drawn).T if bootstrap else np.full((n_lags + 1, 2), np.nan),
        integrated=integrated * width,
        integrated_interval=intervals[0],
        fitted=fitted * width,
        fitted_interval=intervals[1],
        half=half_time(correlation) * width,
        half_interval=intervals[2],
        amplitude=amplitude,
        window=cut * width,
        complete=complete,
        trials=trials,
        units=units,
    )


def autocovariances(values: Floats, n_lags: int) -> Floats:
    """Return each trial's autocovariance, summed over units, (trial, lag), by Fourier transforms.

    Examples
    --------
    >>> autocovariances(np.array([[[1.0], [2.0], [3.0]]]), 1).round(6).tolist()
    [[4.666667, 4.0]]
    """
    from scipy.fft import irfft, next_fast_len, rfft

    trials, times, _ = values.shape
    size = next_fast_len(times + n_lags, real=True)
    pairs = times - np.arange(n_lags + 1)
    found = np.empty((trials, n_lags + 1))
    for k, trial in enumerate(values):  # one trial at a time: the transform of all would take their memory twice
        power = (np.abs(rfft(trial, size, axis=0)) ** 2).sum(1)
        found[k] = irfft(power, size)[: n_lags + 1] / pairs
    return found


def integrated_time(correlation: Floats, windows: float = 5.0) -> tuple[float, int, bool]:
    """Return the integral of an autocorrelation in bins, the lag at which it ends, and whether that was reached.

    Examples
    --------
    >>> time, cut, complete = integrated_time(np.exp(-np.arange(200) / 10))
    >>> round(time, 2), cut, complete
    (9.94, 50, True)
    """
    integral = np.cumsum(correlation) - (1 + correlation) / 2  # the trapezoidal rule
    enough = np.flatnonzero(np.arange(len(correlation)) >= windows * np.maximum(integral, 0.2))
    cut = int(enough[0]) if len(enough) else len(correlation) - 1
    return float(integral[cut]), cut, bool(len(enough))


def half_time(correlation: Floats) -> float:
    """Return the first lag, in bins, at which an autocorrelation is one half; NaN if it stays above.

    Examples
    --------
    >>> half_time(np.array([1.0, 0.6, 0.4, 0.7])), half_time(np.ones(5))
    (1.5, nan)
    """
    below = np.flatnonzero(correlation <= 0.5)
    if not len(below):
        return float("nan")
    after = int(below[0])
    high, low = correlation[after - 1], correlation[after]
    return float(after - 1 + (high - 0.5) / (high - low))


def exponential(correlation: Floats) -> tuple[float, float]:
    """Return time constant (bins) and amplitude of the exponential nearest to an autocorrelation without its lag 0.

    Examples
    --------
    >>> time, amplitude = exponential(0.5 * np.exp(-np.arange(40) / 8))
    >>> round(time, 6), round(amplitude, 6)
    (8.0, 0.5)
    """
    from scipy.optimize import minimize_scalar

    lags, values = np.arange(1.0, len(correlation)), correlation[1:]
    if len(lags) < 3 or not values[0] > 0:
        return float("nan"), float("nan")

    # the best amplitude is known for each time: only the time is looked for, on a grid first
    ends = (np.log(0.1), np.log(20.0 * len(lags)))
    grid = np.linspace(*ends, 60)

    def unexplained(log_times: Floats) -> Floats:
        shapes = np.exp(-lags / np.exp(log_times)[:, None])
        return -((shapes @ values) ** 2) / (shapes**2).sum(1)

    best = int(unexplained(grid).argmin())
    if best in (0, len(grid) - 1):
        return float("nan"), float("nan")
    found = minimize_scalar(
        lambda at: float(unexplained(np.array([at]))[0]),
        bounds=(grid[best - 1], grid[best + 1]),
        method="bounded",
        options={"xatol": 1e-9},
    )
    shape = np.exp(-lags / np.exp(found.x))
    return float(np.exp(found.x)), float(shape @ values / (shape @ shape))


def _values(r: xr.DataArray | npt.ArrayLike, dt: float | None) -> tuple[Floats, float]:
    """Return responses as (trial, time, unit), and the width of a bin."""
    if is_responses(r):
        known = r.attrs.get("dt")
        if dt is not None and known is not None and not np.isclose(dt, known):
            raise BadInput("dt", got=f"{dt} s", expected=f"{known} s, as the responses say", repair="Leave dt out.")
        dt, values = known if dt is None else dt, np.asarray(r.values, dtype=np.float64)
    else:
        values = np.asarray(r, dtype=np.float64)
    values = values[None] if values.ndim == 2 else values
    if values.ndim != 3 or not values.size or values.shape[1] < 4:
        raise BadInput(
            "r",
            got=f"shape {values.shape}",
            expected="(trial, time, unit) or (time, unit), with 4 times or more",
            repair="Add axes with [:, None].",
        )
    if not np.isfinite(values).all():
        raise BadInput("r", got="a value that is not finite", expected="finite numbers")
    width = 1.0 if dt is None else float(dt)
    if not width > 0:
        raise BadInput("dt", got=f"{dt}", expected="a width above 0 s")
    return values, width


def _drawn(covariance: Floats, bootstrap: int, seed: int) -> Floats:
    """Return autocorrelations of trials drawn anew, (draw, lag)."""
    trials = len(covariance)
    counts = Seeds(seed).numpy("bootstrap").multinomial(trials, np.full(trials, 1 / trials), size=bootstrap)
    drawn = counts @ covariance
    return np.asarray(drawn / drawn[:, :1])


def _interval(values: Floats) -> Floats:
    return np.asarray(np.nanquantile(values, [0.025, 0.975], axis=0))


def _pair(values: Floats) -> tuple[float, float]:
    if not np.isfinite(values).any():
        return float("nan"), float("nan")
    low, high = _interval(values)
    return float(low), float(high)
