"""The discrete power law: its likelihood, its sums, draws from it, and where it begins (Clauset et al. 2009)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import zeta

from tertium.errors import BadInput

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

#: Exponents are looked for between these.
EXPONENTS = (1.001, 12.0)

#: At most so many places are tried for the beginning, evenly spread over the logarithm of the data.
CANDIDATES = 40


@dataclass(frozen=True, eq=False)
class Values:
    """Whole numbers from 1 on, sorted and counted: what all fits need of a sample.

    Attributes
    ----------
    unique : array of int, shape (value,)
        Rising.
    often : array of int, shape (value,)
        How often each.
    """

    unique: Counts
    often: Counts

    @classmethod
    def of(cls, sample: npt.ArrayLike, high: int | None = None) -> Values:
        """Count a sample, without what is above ``high``."""
        unique, often = np.unique(np.asarray(sample), return_counts=True)
        inside = unique <= (np.inf if high is None else high)
        return cls(unique[inside].astype(np.int64), often[inside].astype(np.int64))

    def above(self, low: int) -> Values:
        """Return the values from ``low`` on."""
        return Values(self.unique[self.unique >= low], self.often[self.unique >= low])

    def __len__(self) -> int:
        return int(self.often.sum())


def tail_sum(exponent: npt.ArrayLike, low: npt.ArrayLike, high: int | None) -> Floats:
    """Return ``sum of k^-exponent`` for k from low to high (None: without end), for an exponent above 1.

    Examples
    --------
    >>> round(float(tail_sum(2.0, 1, 3)), 6), round(1 + 1 / 4 + 1 / 9, 6)
    (1.361111, 1.361111)
    """
    total = zeta(exponent, np.asarray(low, dtype=np.float64))
    return np.asarray(total if high is None else total - zeta(exponent, high + 1.0))


def best_exponents(mean_logs: Floats, lows: npt.ArrayLike, high: int | None) -> Floats:
    """Return the exponents of greatest likelihood, one for each beginning.

    The mean of the logarithm that the law expects is set equal to that of the sample (Clauset et al. 2009, eq. B.8,
    here with an upper end too), by Newton's method within ever closer bounds. Where the sample asks for an exponent
    outside `EXPONENTS`, that end is returned.

    Parameters
    ----------
    mean_logs : array, shape (beginning,)
        Mean logarithm of the values from each beginning on.
    lows : array of int, shape (beginning,)
    high : int, optional

    Examples
    --------
    >>> k = np.arange(5, 200_000)
    >>> p = k**-2.5 / (k**-2.5).sum()
    >>> best_exponents(np.array([p @ np.log(k)]), [5], None).round(3).tolist()
    [2.5]
    """
    low = np.asarray(lows, dtype=np.float64)
    left, right = np.full(low.shape, EXPONENTS[0]), np.full(low.shape, EXPONENTS[1])
    # the estimate for continuous values without end, half a number lower, is near
    found = np.clip(1 + 1 / np.maximum(mean_logs - np.log(low - 0.5), 1e-9), 1.05, EXPONENTS[1] - 0.1)
    h = 1e-4
    for _ in range(60):
        below, here, above = (np.log(tail_sum(found + shift, low, high)) for shift in (-h, 0.0, h))
        excess = (below - above) / (2 * h) - mean_logs  # falls with the exponent
        slope = -(above + below - 2 * here) / h**2
        left, right = np.where(excess > 0, found, left), np.where(excess > 0, right, found)
        step = found - excess / np.where(slope < 0, slope, -1.0)
        moved = np.where((step > left) & (step < right), step, (left + right) / 2)
        if np.abs(moved - found).max() < 1e-8:
            return moved
        found = np.clip(moved, EXPONENTS[0] + h, EXPONENTS[1])
    return found


def distances(values: Values, exponents: Floats, lows: Counts, high: int | None) -> Floats:
    """Return the largest distance between the law's cumulative distribution and the sample's, for each beginning.

    Kolmogorov's distance over all whole numbers: the law goes on rising between two values of a sample, so both ends
    of each gap are looked at.
    """
    x = values.unique
    rest = tail_sum(exponents[:, None], x + 1, high)  # of the law, above each value
    before = rest + x ** -exponents[:, None]  # from each value on: above the one before it
    whole = tail_sum(exponents, lows, high)[:, None]
    inside = x >= lows[:, None]
    n_from = np.cumsum(values.often[::-1])[::-1]  # values from each on
    first = np.searchsorted(x, lows)
    n = n_from[first][:, None].astype(np.float64)
    at = np.abs((n_from - values.often) / n - rest / whole)
    gap = np.abs(n_from / n - before / whole)
    return np.asarray(np.where(inside, np.maximum(at, gap), 0.0).max(1))


def find_power_law(
    values: Values, *, low: int | None, high: int | None, least: int, most_low: int | None = None
) -> tuple[float, int, float]:
    """Return exponent, beginning and distance of the power law that a sample follows from its beginning on.

    The beginning is the value at which the law's distance from the sample is least (Clauset et al. 2009, section
    3.3), of those that leave ``least`` values.

    Parameters
    ----------
    values : Values
    low : int, optional
        The beginning, if it is known.
    high : int, optional
        Upper end of the law; the values have none above it.
    least : int
        Values that must be left.
    most_low : int, optional
        The largest beginning to be tried.

    Raises
    ------
    BadInput
        If there are fewer values than that, or all are the same.
    """
    remaining = np.cumsum(values.often[::-1])[::-1]
    if low is None:
        allowed = (remaining >= least) & (np.arange(len(remaining)) < len(remaining) - 1)
        lows = values.unique[allowed & (values.unique <= (np.inf if most_low is None else most_low))]
        if len(lows) > CANDIDATES:
            places = np.geomspace(1, len(lows), CANDIDATES).round().astype(int) - 1
            lows = lows[np.unique(places)]
    else:
        lows = np.array([low])
    first = np.searchsorted(values.unique, lows)
    if not len(lows) or first[0] >= len(remaining) - 1 or remaining[first[0]] < least:
        at = "" if low is None else f" from {low} on"
        raise BadInput(
            "sample of a power law",
            got=f"{len(values.above(low or 1))} values, {len(values.above(low or 1).unique)} different ones{at}",
            expected=f"at least {least}, two of them different",
            repair="Record longer, or lower the beginning.",
        )
    logs = np.cumsum((values.often * np.log(values.unique))[::-1])[::-1]
    exponents = best_exponents(logs[first] / remaining[first], lows, high)
    away = distances(values, exponents, lows, high)
    best = int(away.argmin())
    return float(exponents[best]), int(lows[best]), float(away[best])


def exponent_error(exponent: float, low: int, high: int | None, n: int) -> float:
    """Return the standard error of an exponent, from the curvature of the likelihood (Clauset et al. 2009, eq. 3.6)."""
    h = 1e-3
    below, here, above = (np.log(tail_sum(exponent + shift, low, high)) for shift in (-h, 0.0, h))
    return float(1 / np.sqrt(n * max(float(above + below - 2 * here) / h**2, 1e-12)))


def draw_power_law(n: int, exponent: float, low: int, high: int | None, rng: np.random.Generator) -> Counts:
    """Draw whole numbers from a power law.

    Exact below 100,000 above the beginning; further on the continuous law rounded (Clauset et al. 2009, eq. D.6),
    which is off by less than 1e-9 there.

    Parameters
    ----------
    n : int
    exponent : float
        Above 1.
    low, high : int
        Ends, both in; None for no end.
    rng : numpy.random.Generator

    Examples
    --------
    >>> drawn = draw_power_law(10_000, 2.5, 3, None, np.random.default_rng(0))
    >>> int(drawn.min()), bool(abs(best_exponents(np.array([np.log(drawn).mean()]), [3], None)[0] - 2.5) < 0.05)
    (3, True)
    """
    last = low + 100_000 if high is None else min(high, low + 100_000)
    k = np.arange(low, last + 1, dtype=np.float64)
    whole = float(tail_sum(exponent, low, high))
    cumulative = np.cumsum(k**-exponent) / whole
    u = rng.random(n)
    if last == high:
        cumulative[-1] = 1.0
    drawn = low + np.searchsorted(cumulative, u, side="right")
    far = u >= cumulative[-1]
    if far.any():
        begin, end = (last + 0.5) ** (1 - exponent), 0.0 if high is None else (high + 0.5) ** (1 - exponent)
        v = begin - rng.random(int(far.sum())) * (begin - end)
        drawn[far] = np.minimum(v ** (1 / (1 - exponent)) + 0.5, 1e18).astype(np.int64)
    return np.asarray(drawn, dtype=np.int64)
