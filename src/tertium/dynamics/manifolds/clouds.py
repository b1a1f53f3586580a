"""From responses to a cloud of points whose shape can be told: smoothed, reduced, denoised, with landmarks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from tertium.dynamics.manifolds.sampling import densest, farthest
from tertium.dynamics.states import is_responses
from tertium.errors import BadInput

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Most landmarks: time and memory grow with their third power.
MOST = 800


@dataclass(frozen=True, eq=False)
class Samples:
    """The population's state, one row a time bin, trials after each other.

    Attributes
    ----------
    values : array, shape (sample, unit)
    time : array, shape (sample,)
        Seconds (of responses) or steps, the middle of each bin, from the start of its trial.
    trial : array of int, shape (sample,)
        Which trial, from 0.
    units : tuple of str
    seconds : bool
        Whether ``time`` is in seconds.
    """

    values: Floats
    time: Floats
    trial: Ints
    units: tuple[str, ...]
    seconds: bool


@dataclass(frozen=True, eq=False)
class Cloud:
    """A cloud of states, its dense part and its landmarks.

    Attributes
    ----------
    points : array, shape (sample, dimension)
        All samples, on their principal components if so asked.
    kept : array of int, shape (kept sample,)
        The densest of them.
    landmarks : array of int, shape (landmark,)
        Some of those, spread over them.
    cover : float
        Largest distance from a kept sample to its nearest landmark.
    explained : float
        Share of the samples' variance that the points hold.
    """

    points: Floats
    kept: Ints
    landmarks: Ints
    cover: float
    explained: float


@dataclass(frozen=True)
class Preparation:
    """What is done to responses before their shape is looked at; each step is off unless asked for.

    Attributes
    ----------
    smooth : float
        Standard deviation of a Gaussian over time, within trials, seconds (steps of a plain array); 0 for none.
    bin : float
        Width of the bins that are averaged then, seconds (steps of a plain array); 0 for none. A rest shorter than a
        bin at the end of a trial is left out.
    transform : {"none", "sqrt"}
        "sqrt" makes the variance of counts much alike at all rates.
    scale : {"none", "zscore"}
        "zscore" divides each unit by its standard deviation: seldom active units then weigh as much as others.
    components : int or None
        Principal components kept; None for all units.
    densest : float
        Share of the samples that are kept for the shape, those in the densest places; 1 for all. States passed through
        seldom, or blurred by noise, fill the middle of a ring. Too small a share tears it at places seldom visited.
    neighbours : int
        Density is the distance to this neighbour.
    landmarks : int
        Points that the shape is told from, spread over those kept.

    Raises
    ------
    BadInput
        If a number is out of range.

    Examples
    --------
    >>> Preparation(smooth=0.25, bin=0.2, transform="sqrt", components=6, densest=0.8).landmarks
    200
    """

    smooth: float = 0.0
    bin: float = 0.0
    transform: Literal["none", "sqrt"] = "none"
    scale: Literal["none", "zscore"] = "none"
    components: int | None = None
    densest: float = 1.0
    neighbours: int = 50
    landmarks: int = 200

    def __post_init__(self) -> None:
        for name in ("smooth", "bin"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value >= 0):
                raise BadInput(name, got=f"{value}", expected="0 or more seconds (steps of a plain array)")
        if self.transform not in ("none", "sqrt") or self.scale not in ("none", "zscore"):
            raise BadInput(
                "preparation",
                got=f"transform='{self.transform}', scale='{self.scale}'",
                expected="transform 'none' or 'sqrt', scale 'none' or 'zscore'",
            )
        if not 0 < self.densest <= 1:
            raise BadInput("densest", got=f"{self.densest}", expected="a share of the samples, above 0 and at most 1")
        if self.components is not None and self.components < 1:
            raise BadInput("components", got=str(self.components), expected="1 or more, or None for all units")
        if self.neighbours < 1:
            raise BadInput("neighbours", got=str(self.neighbours), expected="1 or more")
        if not 4 <= self.landmarks <= MOST:
            raise BadInput("landmarks", got=str(self.landmarks), expected=f"4 (a loop has no fewer) to {MOST}")

    def samples(self, r: xr.DataArray | npt.ArrayLike) -> Samples:
        """Return the states one after the other, smoothed, binned and transformed.

        Raises
        ------
        BadInput
            If the shape does not fit, a value is not finite, counts are negative, or units never vary.
        """
        values, dt, names = _table(r)
        if self.smooth:
            from scipy.ndimage import gaussian_filter1d

            values = gaussian_filter1d(values, self.smooth / dt, axis=1, mode="nearest")
        wide = max(1, round(self.bin / dt))
        n_trials, n_times, n_units = values.shape
        bins = n_times // wide
        if not bins:
            raise BadInput("bin", got=f"{self.bin}", expected=f"at most the length of a trial, {n_times * dt:g}")
        values = values[:, : bins * wide].reshape(n_trials, bins, wide, n_units).mean(2)
        if self.transform == "sqrt":
            if values.min() < 0:
                raise BadInput(
                    "responses", got="negative values", expected="counts or rates", repair="transform='none'"
                )
            values = np.sqrt(values)
        flat = values.reshape(-1, n_units)
        if self.scale == "zscore":
            flat = _zscored(flat, names)
        first = r["time"].values[0] if is_responses(r) else 0.0
        time = first + (np.arange(bins) + 0.5) * wide * dt - 0.5 * dt * (not is_responses(r))
        return Samples(
            flat, np.tile(time, n_trials), np.repeat(np.arange(n_trials), bins), names, seconds=is_responses(r)
        )

    def cloud(self, values: Floats) -> Cloud:
        """Return the cloud of some samples, (sample, unit): components, the dense part, landmarks.

        Raises
        ------
        BadInput
            If nothing varies, or there are fewer different samples than a loop needs.
        """
        centred = values - values.mean(0)
        total = float((centred**2).sum())
        if len(values) < 4 or total <= 1e-20 * max(float((values**2).sum()), 1e-300):
            raise BadInput("samples", got="no variance", expected="at least four different states")
        points = centred
        if self.components is not None and self.components < values.shape[1]:
            axes = np.linalg.eigh(centred.T @ centred)[1][:, ::-1][:, : self.components]
            points = centred @ (axes * np.sign(axes[np.abs(axes).argmax(0), np.arange(axes.shape[1])]))
        kept = densest(points, self.densest, self.neighbours)
        landmarks = kept[farthest(points[kept], self.landmarks)]
        if len(landmarks) < 4:
            raise BadInput("samples", got=f"{len(landmarks)} different states", expected="at least four")
        from scipy.spatial import cKDTree

        cover = float(cKDTree(points[landmarks]).query(points[kept])[0].max())
        return Cloud(points, kept, landmarks, cover, float((points**2).sum()) / total)


def _table(r: xr.DataArray | npt.ArrayLike) -> tuple[Floats, float, tuple[str, ...]]:
    """Return values (trial, time, unit), the width of a bin, and the names of the units."""
    labelled = is_responses(r)
    values = np.asarray(r.values if is_responses(r) else r, dtype=np.float64)
    if values.ndim == 2:
        values = values[None]
    if values.ndim != 3 or not values.size:
        raise BadInput(
            "responses", got=f"shape {values.shape}", expected="(trial, time, unit), (time, unit) or responses"
        )
    if not np.isfinite(values).all():
        raise BadInput("responses", got="a value that is not finite", expected="finite numbers")
    if labelled and is_responses(r):
        return values, float(r.attrs["dt"]), tuple(str(u) for u in r["unit"].values)
    return values, 1.0, tuple(str(u) for u in range(values.shape[2]))


def _zscored(flat: Floats, names: tuple[str, ...]) -> Floats:
    spread = flat.std(0)
    silent = np.flatnonzero(spread <= 1e-12 * np.maximum(np.abs(flat).max(0), 1e-300))
    if len(silent):
        named = ", ".join(names[i] for i in silent[:5]) + (", ..." if len(silent) > 5 else "")
        raise BadInput(
            "units",
            got=f"{len(silent)} of {len(names)} that never vary: {named}",
            expected="units that vary over time",
            repair="Leave them out, or scale='none'.",
        )
    return np.asarray((flat - flat.mean(0)) / spread)
