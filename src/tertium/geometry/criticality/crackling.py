"""How size grows with duration, and whether avalanches of all durations have one shape (crackling noise)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium.rng import Seeds

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.geometry.criticality.detection import Cut

Floats = npt.NDArray[np.float64]

#: Avalanches of one duration that its mean size or shape rests on, at least.
FEWEST = 20

#: Exponents of growth of size with duration that a collapse is looked for between.
GROWTHS = (0.5, 3.5)


@dataclass(frozen=True, eq=False)
class SizeOfDuration:
    """How the mean size of avalanches grows with their duration: ``<S>(T) ~ T^exponent``.

    Attributes
    ----------
    exponent : float
        ``1 / (sigma nu z)`` of crackling noise; NaN where fewer than 3 durations can be used.
    interval : tuple of float
        95 %, bootstrap over avalanches.
    durations : array, shape (duration,)
        In bins, the mean of each band of similar durations with at least 20 avalanches.
    means, errors : arrays, shape (duration,)
        Mean size and its standard error.
    low, high : int
        Durations between which the exponent was fitted.
    scale : float
        Of the fitted line.
    """

    exponent: float
    interval: tuple[float, float]
    durations: Floats
    means: Floats
    errors: Floats
    low: int
    high: int
    scale: float


@dataclass(frozen=True, eq=False)
class ShapeCollapse:
    """Mean shapes of avalanches of many durations, and the exponent at which they are most alike.

    Attributes
    ----------
    exponent : float
        ``1 / (sigma nu z)``: shapes divided by ``T^(exponent - 1)`` fall on one curve.
    interval : tuple of float
        95 %, bootstrap over avalanches.
    error : float
        Variance between the scaled shapes over the squared height of their mean, at its least (Marshall et al. 2016).
    durations : array, shape (duration,)
        In bins, the mean of each band of similar durations with at least 20 avalanches.
    avalanches : array of int, shape (duration,)
        How many each shape is a mean of.
    phases : array, shape (phase,)
        Share of the duration that has passed.
    shapes : array, shape (duration, phase)
        Events a bin, not scaled.
    """

    exponent: float
    interval: tuple[float, float]
    error: float
    durations: Floats
    avalanches: Floats
    phases: Floats
    shapes: Floats

    @property
    def scaled(self) -> Floats:
        """Shapes over ``T^(exponent - 1)``, (duration, phase)."""
        return np.asarray(self.shapes / self.durations[:, None] ** (self.exponent - 1))

    def figure(self) -> go.Figure:
        """Draw the scaled shapes on one another."""
        from tertium.geometry.criticality.shape_picture import collapse_figure

        return collapse_figure(self)


def size_of_duration(cut: Cut, low: int, high: int, *, bootstrap: int, seeds: Seeds) -> SizeOfDuration:
    """Measure the exponent by a line through the logarithms of mean sizes, weighted by the number of avalanches.

    Parameters
    ----------
    cut : Cut
    low, high : int
        Durations between which it is fitted, bins, both in.
    bootstrap : int
        Draws of avalanches for the interval.
    seeds : Seeds
    """
    which, durations, often = bands(cut.durations)
    totals = np.bincount(which, cut.sizes.astype(float))
    squares = np.bincount(which, cut.sizes.astype(float) ** 2)
    means = totals / often
    spread = np.maximum(squares / often - means**2, 0.0)
    known = often >= FEWEST
    used = known & (durations >= low) & (durations <= high)
    exponent, scale = _line(durations[used], means[used], often[used])
    rng, drawn = seeds.numpy("size of duration"), []
    if used.sum() >= 3:
        for _ in range(bootstrap):
            # each avalanche counts as often as in a resample of all, which is nearly Poisson
            weights = rng.poisson(1.0, len(which)).astype(float)
            counts, sums = np.bincount(which, weights), np.bincount(which, weights * cut.sizes)
            drawn.append(_line(durations[used], sums[used] / np.maximum(counts[used], 1), counts[used])[0])
    return SizeOfDuration(
        exponent=exponent,
        interval=_interval(drawn),
        durations=durations[known],
        means=means[known],
        errors=np.sqrt(spread[known] / np.maximum(often[known] - 1, 1)),
        low=low,
        high=high,
        scale=scale,
    )


def shape_collapse(cut: Cut, low: int, high: int, *, bootstrap: int, seeds: Seeds, phases: int = 40) -> ShapeCollapse:
    """Find the exponent at which the mean shapes of avalanches of all durations are most alike.

    Avalanches are read at the same phases by straight lines between their bins' middles and averaged in bands of
    similar durations; the exponent makes the variance between scaled shapes, over the squared height of their mean,
    least (Marshall et al. 2016).

    Parameters
    ----------
    cut : Cut
    low, high : int
        Durations that take part, bins, both in.
    bootstrap : int
    seeds : Seeds
    phases : int
        Places along a shape.
    """
    which, durations, often = bands(cut.durations)
    used = np.flatnonzero((often >= FEWEST) & (durations >= max(low, 4)) & (durations <= high))
    durations, often = durations[used], often[used]
    edge = 0.5 / durations[0] if len(durations) else 0.1
    u = np.linspace(edge, 1 - edge, phases)
    if len(durations) < 3:
        nothing = np.zeros((len(durations), phases))
        return ShapeCollapse(np.nan, (np.nan, np.nan), np.nan, durations, often.astype(float), u, nothing)
    each = [
        np.concatenate([_at_phases(cut.profiles(int(t)), u) for t in np.unique(cut.durations[which == band])])
        for band in used
    ]
    shapes = np.stack([one.mean(0) for one in each])
    exponent, error = _least_spread(shapes, durations)
    rng, drawn = seeds.numpy("shapes"), []
    for _ in range(bootstrap):
        weights = [rng.multinomial(len(one), np.full(len(one), 1 / len(one))) for one in each]
        resampled = np.stack([w @ one / len(one) for w, one in zip(weights, each, strict=True)])
        drawn.append(_least_spread(resampled, durations)[0])
    return ShapeCollapse(exponent, _interval(drawn), error, durations, often.astype(float), u, shapes)


def bands(durations: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], Floats, npt.NDArray[np.int64]]:
    """Put avalanches of similar durations together: one duration a band up to 10, then bands a tenth wide.

    Parameters
    ----------
    durations : array of int, shape (avalanche,)

    Returns
    -------
    band : array of int, shape (avalanche,)
    mean : array, shape (band,)
        Mean duration of each band that has any.
    often : array of int, shape (band,)

    Examples
    --------
    >>> band, mean, often = bands(np.array([1, 2, 2, 19, 20]))
    >>> band.tolist(), mean.tolist(), often.tolist()
    ([0, 1, 1, 2, 2], [1.0, 2.0, 19.5], [1, 2, 2])
    """
    edges = [1]
    while edges[-1] <= durations.max():
        edges.append(max(edges[-1] + 1, int(edges[-1] * 1.1 + 0.5)))
    _, band, often = np.unique(np.searchsorted(edges, durations, side="right"), return_inverse=True, return_counts=True)
    return band, np.bincount(band, durations) / often, often


def _at_phases(profiles: npt.NDArray[np.int64], u: Floats) -> Floats:
    """Return profiles (avalanche, bin) at shares of their duration, (avalanche, phase), by straight lines."""
    duration = profiles.shape[1]
    place = np.clip(u * duration - 0.5, 0, duration - 1)
    left = np.minimum(place.astype(int), duration - 2)
    share = place - left
    return np.asarray(profiles[:, left] * (1 - share) + profiles[:, left + 1] * share)


def _least_spread(shapes: Floats, durations: Floats) -> tuple[float, float]:
    """Return the exponent at which the spread between scaled shapes is least, and that spread."""
    from scipy.optimize import minimize_scalar

    relative = durations / durations.mean()

    def spread(growth: float) -> float:
        scaled = shapes / relative[:, None] ** (growth - 1)
        mean = scaled.mean(0)
        return float(scaled.var(0).mean() / max(np.ptp(mean), 1e-12) ** 2)

    found = minimize_scalar(spread, bounds=GROWTHS, method="bounded", options={"xatol": 1e-6})
    return float(found.x), float(found.fun)


def _line(durations: npt.NDArray[Any], means: Floats, weights: npt.NDArray[Any]) -> tuple[float, float]:
    """Return slope and scale of the weighted line through the logarithms; NaN for fewer than 3 places."""
    ok = weights > 0
    if ok.sum() < 3:
        return float("nan"), float("nan")
    slope, height = np.polyfit(np.log(durations[ok]), np.log(means[ok]), 1, w=np.sqrt(weights[ok]))
    return float(slope), float(np.exp(height))


def _interval(drawn: list[float]) -> tuple[float, float]:
    if not drawn:
        return float("nan"), float("nan")
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)
