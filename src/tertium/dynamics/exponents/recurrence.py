"""Whether a run comes to rest, comes back, or does neither: what it takes to tell a cycle from a torus or chaos."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tertium.dynamics.step import Time

if TYPE_CHECKING:
    from scipy.interpolate import CubicSpline

Floats = npt.NDArray[np.float64]

#: A run has come to rest where its extent is below this, relative to one plus the norm of its mean.
AT_REST = 1e-6

#: A run is coming to rest where it moves, in its last tenth, less than this fraction of its first tenth; and grows
#: where it is the other way round.
SLOWER = 0.2

#: A period is looked for within so many turns: a torus, too, comes as near as one likes to where it was, if one waits.
TURNS = 100

#: Places of a run that must come back.
PLACES = 400


@dataclass(frozen=True)
class Motion:
    """What a run does.

    Attributes
    ----------
    rests : bool
        It is at rest, or coming to it.
    grows : bool
        It moves, in its last tenth, several times as much as in its first: this is no attractor yet.
    pace : float
        By how much of its extent it moves in a step: an angular frequency, if it turns.
    period : float
        In steps; NaN where there is none within half the run.
    mismatch : float
        By how much the run misses itself after the best period, relative to its extent; NaN where it never came near.
    """

    rests: bool
    grows: bool
    pace: float
    period: float
    mismatch: float


def motion(path: Floats, time: Time, same: float) -> Motion:
    """Say what a run (time, unit) does: rest, repeat itself to within ``same`` of its extent, or neither.

    Examples
    --------
    >>> t = np.arange(0, 60, 0.05)
    >>> turn = np.stack([np.cos(t), np.sin(t)], axis=1)
    >>> round(motion(turn, "continuous", 1e-3).period * 0.05, 3)
    6.283
    >>> motion(np.exp(-t)[:, None], "continuous", 1e-3).rests
    True
    """
    centred = path - path.mean(0)
    extent = float(np.sqrt((centred**2).sum(1).mean()))
    tenth = max(len(path) // 10, 2)
    moves = np.linalg.norm(np.diff(path, axis=0), axis=1)
    begin, end = (float(np.sqrt((part**2).mean())) for part in (moves[:tenth], moves[-tenth:]))
    if extent <= AT_REST * (1 + float(np.linalg.norm(path.mean(0)))) or end < SLOWER * begin:
        return Motion(True, False, 0.0, float("nan"), float("nan"))
    pace = float(np.sqrt((moves**2).mean())) / extent
    best = Motion(False, begin < SLOWER * end, pace, float("nan"), float("nan"))
    if best.grows:
        return best
    for candidate in _returns(path[: round(min(len(path), 4 * np.pi * TURNS / pace + 4))], extent):
        period, mismatch = (
            (float(candidate), _whole(centred, candidate)) if time == "discrete" else _between(centred, candidate)
        )
        mismatch /= extent
        if mismatch <= same:
            return Motion(False, False, pace, period, mismatch)
        if not mismatch >= best.mismatch:  # NaN at first
            best = Motion(False, False, pace, float("nan"), mismatch)
    return best


def _returns(path: Floats, extent: float) -> npt.NDArray[np.int64]:
    """Return the steps, up to half the run, at which it is locally nearest to where it began, and near."""
    distance = np.linalg.norm(path[: len(path) // 2 + 1] - path[0], axis=1)
    inner = distance[1:-1]
    nearest = (inner <= distance[:-2]) & (inner <= distance[2:]) & (inner < 0.3 * extent)
    left = np.maximum.accumulate(distance)[:-2] > inner + 0.1 * extent  # it was away before
    return np.flatnonzero(nearest & left) + 1


def _whole(path: Floats, period: int) -> float:
    return float(np.linalg.norm(path[period:] - path[:-period], axis=1).max())


def _between(path: Floats, near: int) -> tuple[float, float]:
    """Return the period within a step of a candidate, and by how much the run misses itself after it."""
    from scipy.interpolate import CubicSpline
    from scipy.optimize import minimize_scalar

    steps = np.arange(len(path))
    last = len(path) - 2 - near
    places = np.unique(np.linspace(0, last, min(PLACES, last + 1)).astype(np.int64))
    spline: CubicSpline = CubicSpline(steps, path)

    def misses(period: float) -> float:
        return float(np.linalg.norm(spline(places + period) - path[places], axis=1).max())

    rough = misses(float(near))
    if rough > 0.5 * float(np.ptp(path, axis=0).max()):
        return float(near), rough
    found = minimize_scalar(misses, bounds=(near - 1.0, near + 1.0), method="bounded", options={"xatol": 1e-6})
    return float(found.x), float(found.fun)
