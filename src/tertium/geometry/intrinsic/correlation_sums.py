"""`correlation_dimension`: how the number of close pairs of samples grows with what is called close."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput
from tertium.geometry.intrinsic.distances import pair_counts
from tertium.geometry.samples import all_samples, compact

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go
    import xarray as xr

Floats = npt.NDArray[np.float64]

#: Distances looked at, evenly over their logarithm, and the share of pairs at the largest.
RADII, LARGEST_SHARE = 40, 0.5

#: Pairs that must be closer than the smallest distance.
FEWEST_PAIRS = 50

#: A slope is taken over so many neighbouring distances.
WINDOW = 5

#: Factor that a plateau must span, between its ends.
SPAN = 1.5


@dataclass(frozen=True, eq=False)
class CorrelationDimension:
    """What `correlation_dimension` found.

    Attributes
    ----------
    value : float
        Slope over the plateau; NaN where there is none.
    interval : tuple of float
        95 %, jackknife over trials or stretches of samples.
    plateau : tuple of float
        Smallest and largest distance at which the local slope is constant; NaN where there is none.
    radii : array, shape (radius,)
        Distances, in units of the responses.
    shares : array, shape (radius,)
        Correlation sum: share of the pairs that are no farther apart.
    slopes : array, shape (radius,)
        Local slope ``d log C / d log r``.
    samples : int
    apart : int
        Pairs no more than so many samples apart were left out.
    """

    value: float
    interval: tuple[float, float]
    plateau: tuple[float, float]
    radii: Floats
    shares: Floats
    slopes: Floats
    samples: int
    apart: int

    def __float__(self) -> float:
        return self.value

    def table(self) -> pd.DataFrame:
        """Return one row a distance: share of pairs, local slope, whether it lies on the plateau."""
        import pandas as pd

        low, high = self.plateau
        inside = (self.radii >= low) & (self.radii <= high)
        return pd.DataFrame({"radius": self.radii, "share": self.shares, "slope": self.slopes, "plateau": inside})

    def figure(self) -> go.Figure:
        """Draw the local slope against the distance, and the plateau."""
        from tertium import figure

        low, high = self.interval
        found = f"{self.value:.2f} [{low:.2f}, {high:.2f}]" if np.isfinite(self.value) else "no plateau"
        drawn = figure.new(
            x="distance (units of the responses)",
            y="local slope of the correlation sum",
            title=f"correlation dimension: {found}, {self.samples} samples",
        )
        look = {"color": figure.COLOURS[0], "size": 5}
        drawn.add_scatter(x=self.radii, y=self.slopes, mode="lines+markers", marker=look, line={"width": 1})
        if np.isfinite(self.value):
            drawn.add_scatter(
                x=list(self.plateau), y=[self.value] * 2, mode="lines", line={"color": figure.COLOURS[1], "width": 3}
            )
        ticks = np.geomspace(self.radii[0], self.radii[-1], 6)
        drawn.update_xaxes(type="log", tickvals=ticks, ticktext=[f"{tick:.2g}" for tick in ticks])
        drawn.update_yaxes(rangemode="tozero")
        drawn.update_layout(showlegend=False)
        return drawn


def correlation_dimension(
    r: xr.DataArray | npt.ArrayLike, *, apart: int = 0, tolerance: float = 0.1
) -> CorrelationDimension:
    """Estimate the dimension of a manifold or attractor from how fast the number of close pairs grows with distance.

    The share of pairs closer than r grows as ``r^d`` (Grassberger & Procaccia 1983) between the size of the noise and
    the curvature of the manifold. The widest stretch of distances over which the local slope stays within
    ``tolerance`` of its mean is the plateau; where none spans a factor of 1.5, none is claimed.

    Parameters
    ----------
    r : responses, or array (sample, unit) or (trial, time, unit)
        All times of all trials are samples.
    apart : int
        Leave out pairs no more than so many samples apart (Theiler 1986): along one trajectory neighbours in time are
        close whatever the dimension. Choose it above the time that activity stays correlated.
    tolerance : float
        Relative departure of local slopes allowed on a plateau.

    Returns
    -------
    CorrelationDimension

    Raises
    ------
    BadInput
        If there are fewer than 200 samples, values are not finite, nothing varies, or options make no sense.

    References
    ----------
    Grassberger, P. & Procaccia, I. (1983). Measuring the strangeness of strange attractors. Physica D 9:189-208.
    Theiler, J. (1986). Spurious dimension from correlation algorithms applied to limited time-series data. Physical
    Review A 34:2427.

    Examples
    --------
    >>> turn = np.random.default_rng(0).uniform(0, 2 * np.pi, size=1000)
    >>> ring = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    >>> round(correlation_dimension(ring).value, 1)
    1.0
    """
    samples, groups = all_samples(r, least=200)
    if not 0 <= apart < len(samples) // 2:
        raise BadInput("apart", got=f"{apart}", expected=f"0 to {len(samples) // 2 - 1} samples")
    if not 0 < tolerance < 1:
        raise BadInput("tolerance", got=f"{tolerance}", expected="a share between 0 and 1")
    points = compact(samples)
    radii = _radii(points, groups, apart)
    counts = pair_counts(points, radii, groups, apart).cumsum(2)
    total = counts.sum((0, 1))
    n = len(points) - apart
    slopes = _local_slopes(radii, total)
    inside = _plateau(radii, slopes, tolerance)
    value, interval = float("nan"), (float("nan"), float("nan"))
    ends = interval
    if inside is not None:
        value = _slope(radii[inside], total[inside])
        both = counts + counts.transpose(1, 0, 2)
        without = [total - (both[g].sum(0) - counts[g, g]) for g in range(len(counts))]
        left = np.array([_slope(radii[inside], one[inside]) for one in without])
        half = 1.96 * float(np.sqrt((len(left) - 1) * left.var()))
        interval = (value - half, value + half)
        ends = (float(radii[inside][0]), float(radii[inside][-1]))
    return CorrelationDimension(
        value, interval, ends, radii, total / (n * (n - 1) / 2), slopes, samples=len(samples), apart=apart
    )


def _radii(points: Floats, groups: npt.NDArray[np.int64], apart: int) -> Floats:
    """Return distances from that of the closest pairs to that of half of all pairs, evenly over the logarithm."""
    span = float(np.sqrt((points**2).sum(1).max())) * 2
    fine = np.geomspace(span * 1e-6, span, 600)
    total = pair_counts(points, fine, np.zeros(len(points), dtype=np.int64), apart).sum((0, 1)).cumsum()
    low = fine[np.searchsorted(total, FEWEST_PAIRS)]
    high = fine[np.searchsorted(total, LARGEST_SHARE * total[-1])]
    if not high > low:
        raise BadInput("samples", got="pairs that are all equally far apart", expected="distances that differ")
    return np.geomspace(low, high, RADII)


def _slope(radii: Floats, counts: npt.NDArray[np.int64]) -> float:
    x, y = np.log(radii), np.log(np.maximum(counts, 1))
    return float(np.polyfit(x, y, 1)[0])


def _local_slopes(radii: Floats, counts: npt.NDArray[np.int64]) -> Floats:
    half = WINDOW // 2
    places = [slice(max(0, i - half), i + half + 1) for i in range(len(radii))]
    return np.array([_slope(radii[place], counts[place]) for place in places])


def _plateau(radii: Floats, slopes: Floats, tolerance: float) -> slice | None:
    """Return the widest run of distances over which the slope stays within the tolerance of its mean."""
    best: slice | None = None
    for start in range(len(radii)):
        for stop in range(start + 2, len(radii) + 1):
            run = slopes[start:stop]
            if np.abs(run - run.mean()).max() > tolerance * abs(run.mean()):
                continue
            if best is None or stop - start > best.stop - best.start:
                best = slice(start, stop)
    if best is None or radii[best][-1] < SPAN * radii[best][0]:
        return None
    return best
