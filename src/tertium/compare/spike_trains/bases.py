"""Bases in which filters are written: raised cosines, which stretch with time, and single bins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Basis:
    """Functions of the time lag; a filter is ``values @ weights``.

    Attributes
    ----------
    values : array, shape (lag, function)
    first : int
        The first lag, in bins; the others follow it. Lag 1 is the bin before, lag 0 the same bin, -1 the bin after.
    dt : float
        Width of a bin in seconds.
    """

    values: FloatArray
    first: int
    dt: float

    def __post_init__(self) -> None:
        values = np.asarray(self.values, dtype=np.float64)
        if values.ndim != 2 or not values.size or not np.isfinite(values).all():
            raise BadInput("basis", got=f"shape {values.shape}", expected="finite numbers (lag, function)")
        rank = int(np.linalg.matrix_rank(values))
        if rank < values.shape[1]:
            raise BadInput(
                "basis",
                got=f"{values.shape[1]} functions of rank {rank} on {len(values)} lags of {self.dt:g} s",
                expected="functions that are linearly independent",
                repair="Use fewer functions, a longer span, or a larger offset.",
            )
        object.__setattr__(self, "values", values)

    def __len__(self) -> int:
        return self.values.shape[1]

    @property
    def lags(self) -> npt.NDArray[np.int64]:
        """Lags in bins, shape (lag,)."""
        return self.first + np.arange(len(self.values))

    @property
    def times(self) -> FloatArray:
        """Lags in seconds, shape (lag,)."""
        return np.asarray(self.lags * self.dt)


def raised_cosines(
    n: int,
    end: float,
    dt: float,
    *,
    start: float = 0.0,
    scale: Literal["log", "linear"] = "log",
    offset: float | None = None,
) -> Basis:
    """Return bumps that tile a span of lags, narrow near its start and wide near its end (Pillow et al. 2005, 2008).

    Bump j is ``(1 + cos(pi (y - c_j) / (2 d))) / 2`` within ``|y - c_j| < 2 d`` and 0 elsewhere, where y is the
    stretched time ``log(lag - start + offset)``, or the lag itself, and d the distance of centres (Pillow et al. 2005,
    J Neurosci 25:11003; 2008, Nature 454:995, methods). The first centre is at ``start``; the last bump reaches 0 at
    ``end``. Inside they add up to 2.

    Parameters
    ----------
    n : int
        Number of bumps.
    end : float
        Seconds; lags go from ``start`` up to, not including, ``end``.
    dt : float
        Width of a bin in seconds.
    start : float
        The first lag in seconds: ``dt`` for filters of past spikes, 0 or more for stimuli, below 0 for what follows.
    scale : {"log", "linear"}
    offset : float, optional
        Seconds; the larger, the more even the bumps. By default the least, from a fiftieth of the span, with which the
        first two centres are a bin apart.

    Raises
    ------
    BadInput
        If the span is no bin long, or the bumps are too many for its bins.

    Examples
    --------
    >>> basis = raised_cosines(5, 0.1, 0.001, start=0.001)
    >>> basis.values.shape, basis.values.argmax(0).tolist()
    ((99, 5), [0, 2, 5, 12, 25])
    """
    lags = _lags(start, end, dt)
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1:
        raise BadInput("n", got=repr(n), expected="a whole number of functions, at least 1")
    if scale not in ("log", "linear"):
        raise BadInput("scale", got=repr(scale), expected="'log' or 'linear'")
    since, span = (lags - lags[0]) * dt, len(lags) * dt
    if scale == "linear":
        return Basis(_bumps(since, 0.0, span, n), int(lags[0]), dt)
    if offset is not None and not (np.isfinite(offset) and offset > 0):
        raise BadInput("offset", got=f"{offset}", expected="seconds, above 0")
    by = _offset(n, span, dt) if offset is None else float(offset)
    return Basis(_bumps(np.log(since + by), float(np.log(by)), float(np.log(span + by)), n), int(lags[0]), dt)


def impulses(end: float, dt: float, *, start: float = 0.0) -> Basis:
    """Return one function for each bin of a span of lags: a filter free in every bin, to be smoothed by its prior.

    Examples
    --------
    >>> impulses(0.003, 0.001, start=0.001).lags.tolist()
    [1, 2]
    """
    lags = _lags(start, end, dt)
    return Basis(np.eye(len(lags)), int(lags[0]), dt)


def _lags(start: float, end: float, dt: float) -> npt.NDArray[np.int64]:
    from tertium.data.responses import check_dt

    check_dt(dt)
    if not np.isfinite([start, end]).all() or round((end - start) / dt) < 1:
        raise BadInput(
            "span of a filter",
            got=f"{start:g} to {end:g} s in bins of {dt:g} s",
            expected="at least one bin",
            repair="Pass a longer span, or finer bins.",
        )
    return np.arange(round(start / dt), round(end / dt))


def _bumps(y: FloatArray, low: float, high: float, n: int) -> FloatArray:
    apart = (high - low) / (n + 1)
    centres = low + apart * np.arange(n)
    phase = np.clip((y[:, None] - centres) * np.pi / (2 * apart), -np.pi, np.pi)
    return np.asarray((1 + np.cos(phase)) / 2)


def _offset(n: int, span: float, dt: float) -> float:
    offset = span / 50
    while offset < 10 * span and offset * np.expm1(np.log1p(span / offset) / (n + 1)) < dt:
        offset *= 1.1
    return offset
