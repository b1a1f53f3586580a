"""Checks of trials that all instruments of behaviour share, and the trials of each level put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Interval:
    """An estimate with the ends of its 95 % interval; a constant that was given has all three the same."""

    value: float
    low: float
    high: float

    def __contains__(self, truth: float) -> bool:
        return self.low <= truth <= self.high

    def __str__(self) -> str:
        return f"{self.value:.3g} [{self.low:.3g}, {self.high:.3g}]"


@dataclass(frozen=True, eq=False)
class Levels:
    """Trials by level of the stimulus.

    Attributes
    ----------
    level : array, shape (level,)
        Rising.
    n, k : array, shape (level,)
        Trials, and those on which what is counted happened (correct, or the choice).
    place : array of int, shape (trial,)
        Which level a trial had.
    """

    level: Floats
    n: Floats
    k: Floats
    place: Indices


def levels_of(level: npt.ArrayLike, happened: npt.ArrayLike, *, least: int) -> Levels:
    """Count trials by level.

    Raises
    ------
    BadInput
        If there are too few levels, lengths differ, or values are not finite, or not 0 and 1.
    """
    x, y = finite("level", level), binary("choices", happened)
    same_length(("level", x), ("choices", y))
    values, place = np.unique(x, return_inverse=True)
    if len(values) < least:
        raise BadInput(
            "level",
            got=f"{len(values)} different ones",
            expected=f"at least {least}, as many as there are constants to fit",
            repair="Use more levels, or fix constants.",
        )
    n = np.bincount(place).astype(np.float64)
    return Levels(values, n, np.bincount(place, y).astype(np.float64), place.astype(np.int64))


def finite(name: str, values: npt.ArrayLike) -> Floats:
    """Return numbers of shape (trial,), all finite."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or not len(array):
        raise BadInput(name, got=f"shape {array.shape}", expected="one number a trial, shape (trial,)", repair="")
    bad = np.flatnonzero(~np.isfinite(array))
    if len(bad):
        got = f"{len(bad)} NaN or infinite, first at trial {bad[0]}"
        raise BadInput(name, got=got, expected="finite numbers", repair="Leave those trials out of all columns.")
    return array


def binary(name: str, values: npt.ArrayLike) -> Bools:
    """Return truth values of shape (trial,), from booleans or from 0 and 1."""
    array = finite(name, values)
    if not np.isin(array, (0.0, 1.0)).all():
        odd = array[~np.isin(array, (0.0, 1.0))][0]
        raise BadInput(name, got=f"{odd:g}", expected="true or false (1 or 0)", repair="Compare first: choice == 'a'.")
    return array.astype(bool)


def labels(name: str, values: npt.ArrayLike) -> tuple[tuple[str, ...], Indices]:
    """Return the different labels, sorted, and which of them each trial has; numbers are sorted as such."""
    array = np.asarray(values)
    missing = [i for i, v in enumerate(array.tolist()) if v is None or v != v]
    if array.ndim != 1 or not len(array) or missing:
        got = f"no label on trial {missing[0]}" if missing else f"shape {array.shape}"
        raise BadInput(name, got=got, expected="one label a trial", repair="Leave those trials out.")
    if array.dtype.kind == "O":
        array = array.astype(str)
    found, place = np.unique(array, return_inverse=True)
    return tuple(str(v) for v in found), place.astype(np.int64)


def same_length(*columns: tuple[str, Sequence[Any] | npt.NDArray[Any]]) -> int:
    """Return how many trials there are, the same in all columns."""
    lengths = {name: len(values) for name, values in columns}
    if len(set(lengths.values())) > 1:
        got = ", ".join(f"{name} {n}" for name, n in lengths.items())
        raise BadInput("columns", got=got, expected="one value a trial in each", repair="")
    return next(iter(lengths.values()))


def draws_wanted(name: str, value: int, least: int = 100) -> int:
    """Return a number of bootstrap draws, enough for an interval."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise BadInput(name, got=repr(value), expected=f"a whole number, at least {least}", repair="1000 is usual.")
    return int(value)


def interval(value: float, drawn: npt.ArrayLike) -> Interval:
    """Return a percentile interval of bootstrap draws around an estimate."""
    kept = np.asarray(drawn, dtype=np.float64)
    kept = kept[np.isfinite(kept)]
    low, high = np.quantile(kept, [0.025, 0.975]) if len(kept) else (np.nan, np.nan)
    return Interval(float(value), float(low), float(high))
