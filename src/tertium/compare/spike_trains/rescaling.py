"""Time rescaling: on a clock that runs with the expected count, spikes are a Poisson process if the model is right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput
from tertium.rng import Seeds

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

FloatArray = npt.NDArray[np.float64]

_LEVEL = 0.95


@dataclass(frozen=True, eq=False)
class TimeRescaling:
    """Intervals between spikes on the model's clock, and whether they are those of a unit Poisson process.

    Attributes
    ----------
    units : tuple of str
    times : tuple of array, each of shape (spike,)
        Rescaled intervals of each unit, in order; exponential with mean 1 under the right model.
    statistic : array, shape (unit,)
        Kolmogorov-Smirnov distance of ``1 - exp(-interval)`` from the uniform distribution.
    p : array, shape (unit,)
        Probability of a distance as large under the right model. Where the intervals were fitted, not held out, it is
        too large.
    serial : array, shape (unit,)
        Correlation of neighbouring intervals, made normal; 0 with a standard error of ``1 / sqrt(spikes)`` under the
        right model.
    """

    units: tuple[str, ...]
    times: tuple[FloatArray, ...]
    statistic: FloatArray
    p: FloatArray
    serial: FloatArray

    @property
    def uniform(self) -> tuple[FloatArray, ...]:
        """Intervals as probabilities, ``1 - exp(-interval)``, sorted, for each unit."""
        return tuple(np.sort(-np.expm1(-one)) for one in self.times)

    @property
    def band(self) -> FloatArray:
        """Half-width of the 95 % band of each unit, shape (unit,)."""
        from scipy.stats import kstwo

        return np.array([kstwo.ppf(_LEVEL, len(one)) for one in self.times])

    @property
    def accepted(self) -> npt.NDArray[np.bool_]:
        """Whether the distance stays within the 95 % band, shape (unit,)."""
        return self.statistic <= self.band

    def table(self) -> pd.DataFrame:
        """Return one row a unit: intervals, distance, band, p, serial correlation, whether it is within the band."""
        import pandas as pd

        columns = {
            "intervals": [len(one) for one in self.times],
            "statistic": self.statistic,
            "band": self.band,
            "p": self.p,
            "serial": self.serial,
            "accepted": self.accepted,
        }
        return pd.DataFrame(columns, index=pd.Index(self.units, name="unit", dtype=object))

    def figure(self) -> go.Figure:
        """Draw observed against expected quantiles of each unit, with the 95 % band of the unit with fewest spikes."""
        from tertium import figure

        held = f"{int(self.accepted.sum())} of {len(self.units)} units within their band"
        drawn = figure.new(
            x="quantile under the model",
            y="quantile of rescaled intervals",
            title=f"Time rescaling: {held}",
            height=440,
        )
        add_quantiles(drawn, self, range(len(self.units)))
        drawn.update_yaxes(scaleanchor="x", constrain="domain", range=[0, 1])
        return drawn.update_xaxes(constrain="domain", range=[0, 1])


def add_quantiles(drawn: go.Figure, test: TimeRescaling, which: range | list[int], **where: int) -> None:
    """Draw the Kolmogorov-Smirnov plot of some units into a figure, or into a panel of one."""
    from tertium import figure

    edge, width = np.array([0.0, 1.0]), float(test.band[list(which)].max())
    plain = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    drawn.add_scatter(x=edge, y=edge - width, showlegend=False, **plain, **where)
    fill = {"fill": "tonexty", "fillcolor": figure.translucent("#7F7F7F", 0.25)}
    drawn.add_scatter(x=edge, y=edge + width, name="95 % band", **plain, **fill, **where)
    for number, i in enumerate(which):
        seen = test.uniform[i]
        expected = (np.arange(len(seen)) + 0.5) / len(seen)
        few = np.unique(np.linspace(0, len(seen) - 1, min(len(seen), 400)).astype(int))  # enough for the eye
        line = {"color": figure.COLOURS[number % len(figure.COLOURS)], "width": 2}
        name = f"{test.units[i]} (n = {len(seen)}, p = {test.p[i]:.2g})"
        drawn.add_scatter(x=expected[few], y=seen[few], mode="lines", line=line, name=name, **where)


def time_rescaling(
    spikes: npt.ArrayLike, expected: npt.ArrayLike, *, units: tuple[str, ...] | None = None, seed: int = 0
) -> TimeRescaling:
    """Test whether spikes come at the pace a model expects (Brown et al. 2002, Neural Computation 14:325).

    Time is cut into bins, and a spike has no place within its bin: it is drawn at random from where the model would put
    it, which makes the test exact (Haslinger, Pipa & Brown 2010, Neural Computation 22:2477). Where bins hold one spike
    at most and less than one is expected, the expected count is its probability p, the clock advances by
    ``-log(1 - p)`` in a bin, and an interval starts with the bin after a spike. Otherwise counts are taken as Poisson
    and their spikes as uniform on the clock within the bin. Trials are joined, so that no long interval is cut off.

    Parameters
    ----------
    spikes : array-like, shape (sample, unit) or (sample,)
        Spike counts in bins, in order of time.
    expected : array-like, like ``spikes``
        Expected count of each bin given all before it.
    units : tuple of str, optional
        Names of the units.
    seed : int
        Of the places within bins.

    Raises
    ------
    BadInput
        If shapes differ, counts are not whole, an expected count is not above 0, or a unit has fewer than 5 spikes.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> rate = 0.05 * (1 + np.sin(np.arange(20_000) / 50))
    >>> counts = rng.poisson(rate)
    >>> time_rescaling(counts, rate).accepted.tolist(), time_rescaling(counts, np.full(20_000, 0.05)).accepted.tolist()
    ([True], [False])
    """
    from scipy.stats import kstest, norm

    seen, mean = (np.asarray(one, dtype=np.float64) for one in (spikes, expected))
    seen, mean = (one[:, None] if one.ndim == 1 else one for one in (seen, mean))
    _check(seen, mean)
    names = tuple(map(str, range(seen.shape[1]))) if units is None else units
    few = [name for name, count in zip(names, seen.sum(0), strict=True) if count < 5]
    if few:
        raise BadInput(
            "spikes", got=f"fewer than 5 of unit {', '.join(few[:5])}", expected="5 or more, for a distribution"
        )
    times = tuple(
        rescaled_intervals(seen[:, i], mean[:, i], Seeds(seed).numpy(f"places within bins, unit {i}"))
        for i in range(len(names))
    )
    tests = [kstest(-np.expm1(-one), "uniform") for one in times]
    normal = [norm.ppf(np.clip(-np.expm1(-one), 1e-12, 1 - 1e-12)) for one in times]
    serial = np.array([np.corrcoef(one[:-1], one[1:])[0, 1] for one in normal])
    return TimeRescaling(
        names, times, np.array([one.statistic for one in tests]), np.array([one.pvalue for one in tests]), serial
    )


def rescaled_intervals(counts: FloatArray, expected: FloatArray, random: np.random.Generator) -> FloatArray:
    """Return the intervals between the spikes of one unit on the clock of the expected counts, shape (spike,).

    The first runs from the first bin to the first spike.

    Examples
    --------
    >>> found = rescaled_intervals(np.array([0.0, 0.0, 1.0]), np.full(3, 0.5), np.random.default_rng(0))
    >>> bool(2 * np.log(2) < found[0] < 3 * np.log(2))
    True
    """
    fired = np.flatnonzero(counts)
    if counts.max() <= 1 and expected.max() < 1:
        advance = -np.log1p(-expected)
        clock = np.r_[0.0, np.cumsum(advance)]
        place = -np.log1p(-random.uniform(size=len(fired)) * expected[fired])
        since = np.r_[0.0, clock[fired[:-1] + 1]]
        return np.asarray(clock[fired] + place - since)
    clock = np.r_[0.0, np.cumsum(expected)]
    bins = np.repeat(fired, counts[fired].astype(int))
    at = np.sort(clock[bins] + random.uniform(size=len(bins)) * expected[bins])
    return np.diff(at, prepend=0.0)


def _check(seen: FloatArray, mean: FloatArray) -> None:
    if seen.shape != mean.shape or seen.ndim != 2 or not seen.size:
        raise BadInput("expected counts", got=f"shape {mean.shape}", expected=f"that of the spikes, {seen.shape}")
    if not np.isfinite(seen).all() or (seen < 0).any() or (seen != np.round(seen)).any():
        raise BadInput("spikes", got="a number that is no count", expected="whole numbers, 0 or more")
    if not np.isfinite(mean).all() or not (mean > 0).all():
        raise BadInput("expected counts", got=f"{mean.min():g}", expected="finite numbers above 0")
