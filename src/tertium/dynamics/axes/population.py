"""Many units at once: sessions side by side, in units of their own spread, averaged by condition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import xarray as xr

from tertium.data import check_same_labels, make_responses, validate
from tertium.data.averaging import condition_codes
from tertium.errors import BadInput

Floats = npt.NDArray[np.float64]
Responses = xr.DataArray | npt.ArrayLike
Sessions = Responses | Mapping[str, xr.DataArray] | Sequence[xr.DataArray]

#: Share of its mean below which a unit's standard deviation is rounding error, not variance.
FLAT = 1e-12


@dataclass(frozen=True, eq=False)
class Population:
    """Units recorded together, or one session after another with trials of their own.

    Attributes
    ----------
    sessions : mapping of str to responses, dims (trial, time, unit), float64
    units : tuple of str
        Names, session after session; ``session/unit`` where two sessions use one name.
    time : array, shape (time,)
        Seconds.
    dt : float
        Width of a time bin, seconds.
    """

    sessions: Mapping[str, xr.DataArray]
    units: tuple[str, ...]
    time: Floats
    dt: float


@dataclass(frozen=True, eq=False)
class Averages:
    """Condition averages of a population, the sessions side by side.

    Attributes
    ----------
    values : array, shape (condition, time, unit)
    keys : list of tuple
        The labels of each condition.
    codes : tuple of int arrays, each of shape (trial,)
        For each session the condition of each trial; -1 where its condition was left out.
    counts : array of int, shape (session, condition)
        Trials of each.
    left_out : list of tuple
        Conditions that not every session has.
    """

    values: Floats
    keys: list[tuple[Any, ...]]
    codes: tuple[npt.NDArray[np.int64], ...]
    counts: npt.NDArray[np.int64]
    left_out: list[tuple[Any, ...]]


def population(
    r: Sessions, labels: Mapping[str, npt.ArrayLike] | None = None, *, dt: float | None = None, averaged: bool = False
) -> Population:
    """Return responses, a plain array, or several sessions, as one population.

    Parameters
    ----------
    r : responses, array-like of shape (trial, time, unit), or a mapping or sequence of responses
        Several sessions may have different units and trials; their times must be the same.
    labels : mapping of str to array-like, shape (trial,), optional
        Labels of the trials of a plain array; responses carry their own.
    dt : float, optional
        Width of a time bin of a plain array, seconds; 1 if not given.
    averaged : bool
        Whether averages by condition are taken, too.

    Raises
    ------
    BadInput
        If there is no session, one is no responses, their times differ, or labels are given twice.

    Examples
    --------
    >>> a, b = (make_responses(np.zeros((n, 4, 2)), trial={"choice": [0] * n}) for n in (5, 7))
    >>> population([a, b]).units
    ('0/0', '0/1', '1/0', '1/1')
    """
    sessions = _sessions(r, labels, dt)
    first = next(iter(sessions.values()))
    for name, one in sessions.items():
        validate(one)
        if one.dims[0] != "trial" and not averaged:
            raise BadInput(
                _of("responses", name, sessions),
                got="averages by condition",
                expected="single trials, dims (trial, time, unit)",
                repair="Pass the trials that were averaged.",
            )
        check_same_labels(first, one, "time")
    every = [(name, str(unit)) for name, one in sessions.items() for unit in one["unit"].values]
    plain = len({unit for _, unit in every}) == len(every)
    return Population(
        sessions={name: one.astype(np.float64) for name, one in sessions.items()},
        units=tuple(unit if plain else f"{name}/{unit}" for name, unit in every),
        time=first["time"].values.astype(np.float64),
        dt=float(first.attrs["dt"]),
    )


def standardised(one: Population) -> tuple[Population, Floats, Floats]:
    """Return the population with each unit z-scored over its trials and times, and means and deviations, (unit,).

    Raises
    ------
    BadInput
        If units do not vary; they are named.
    """
    means = np.concatenate([r.values.mean((0, 1)) for r in one.sessions.values()])
    spreads = np.concatenate([r.values.std((0, 1)) for r in one.sessions.values()])
    flat = np.flatnonzero(spreads <= FLAT * np.maximum(np.abs(means), 1e-300))
    if len(flat):
        named = ", ".join(one.units[i] for i in flat[:5]) + (", ..." if len(flat) > 5 else "")
        raise BadInput(
            "units",
            got=f"{len(flat)} of {len(one.units)} that never vary: {named}",
            expected="units that vary over trials and time",
            repair="Leave them out, for instance with tertium.data.zscore(r, constant='drop').",
        )
    scored, start = {}, 0
    for name, r in one.sessions.items():
        here = slice(start, start + r.sizes["unit"])
        scored[name] = r.copy(data=(r.values - means[here]) / spreads[here])
        start = here.stop
    return Population(scored, one.units, one.time, one.dt), means, spreads


def averages(one: Population, by: Sequence[str], *, missing: str = "error", smooth: float = 0.0) -> Averages:
    """Average the trials of each condition in each session and put the units side by side.

    Parameters
    ----------
    one : Population
    by : sequence of str
        Trial labels whose combinations are the conditions.
    missing : {"error", "drop"}
        What to do with conditions that not every session has.
    smooth : float
        Standard deviation of a Gaussian over time, seconds; 0 for none. At the ends the last value goes on.

    Raises
    ------
    BadInput
        If a label is missing, sessions lack conditions (and ``missing`` is "error"), or fewer than two are left.
    """
    if missing not in ("error", "drop"):
        raise BadInput("missing", got=repr(missing), expected="'error' or 'drop'")
    if not np.isfinite(smooth) or smooth < 0:
        raise BadInput("smooth", got=repr(smooth), expected="seconds, 0 or more")
    found = {}
    for name, r in one.sessions.items():
        check_trial_labels(r, by, name, one.sessions)
        found[name] = condition_codes(r, by)
    shared = set.intersection(*(set(keys) for keys, _ in found.values()))
    every = list(dict.fromkeys(key for keys, _ in found.values() for key in keys))
    left_out = [key for key in every if key not in shared]
    if left_out and missing == "error":
        key = left_out[0]
        lacking = [name for name, (keys, _) in found.items() if key not in keys]
        raise BadInput(
            f"condition {_told(by, key)}",
            got=f"no trial in {len(lacking)} of {len(found)} sessions, first '{lacking[0]}'"
            + (f" ({len(left_out)} conditions lack trials)" if len(left_out) > 1 else ""),
            expected="trials of each condition in each session",
            repair="Pass missing='drop' to average only conditions that all have, conditions= with fewer labels, or "
            "leave those sessions out.",
        )
    kept = _sorted([key for key in every if key in shared])
    if len(kept) < 2:
        raise BadInput(
            "conditions", got=f"{len(kept)} that every session has", expected="at least 2", repair="Use fewer labels."
        )
    place = {key: i for i, key in enumerate(kept)}
    codes = tuple(np.array([place.get(key, -1) for key in keys])[code] for keys, code in found.values())
    counts = np.array([np.bincount(c[c >= 0], minlength=len(kept)) for c in codes])
    parts = [mean_by(r.values, c, n) for r, c, n in zip(one.sessions.values(), codes, counts, strict=True)]
    return Averages(smoothed(np.concatenate(parts, axis=2), smooth, one.dt), kept, codes, counts, left_out)


def mean_by(values: Floats, codes: npt.NDArray[np.int64], counts: npt.NDArray[np.int64]) -> Floats:
    """Return the mean over the trials of each code, (code, ...), by one product of matrices."""
    share = (codes == np.arange(len(counts))[:, None]) / counts[:, None]
    return np.asarray((share @ values.reshape(len(values), -1)).reshape(len(counts), *values.shape[1:]))


def smoothed(values: Floats, smooth: float, dt: float) -> Floats:
    """Return values, (row, time, unit), smoothed over time by a Gaussian of ``smooth`` seconds."""
    if smooth == 0:
        return values
    from scipy.ndimage import gaussian_filter1d

    return np.asarray(gaussian_filter1d(values, smooth / dt, axis=1, mode="nearest"))


def check_trial_labels(r: xr.DataArray, names: Sequence[str], session: str, sessions: Mapping[str, Any]) -> None:
    """Raise `BadInput` unless every name is a label of the trials; a session of several is named."""
    rows = str(r.dims[0])
    there = sorted(str(n) for n, c in r.coords.items() if c.dims == (rows,) and n != rows)
    for name in names:
        if name not in there:
            raise BadInput(
                _of(f"label '{name}'", session, sessions),
                got=f"no such label of the {rows}s; there are {', '.join(there) or 'none'}",
                expected=f"one value for each {rows}",
                repair=f'Add it with r.assign_coords({name}=("{rows}", [...])), or labels= for a plain array.',
            )


def _sessions(r: Sessions, labels: Mapping[str, npt.ArrayLike] | None, dt: float | None) -> dict[str, xr.DataArray]:
    several: dict[str, Any] | None = None
    if isinstance(r, Mapping) and not isinstance(r, xr.Dataset):
        several = {str(name): one for name, one in r.items()}
    elif isinstance(r, Sequence) and len(r) and all(isinstance(one, xr.DataArray) for one in r):
        several = {str(i): one for i, one in enumerate(r)}
    if several is None and not isinstance(r, xr.DataArray | xr.Dataset):
        made = make_responses(cast("npt.ArrayLike", r), dt=1.0 if dt is None else dt, trial=dict(labels or {}))
        return {"": made}
    if labels is not None or dt is not None:
        raise BadInput(
            "labels and dt",
            got="given beside responses",
            expected="responses that carry their own",
            repair='Use r.assign_coords(choice=("trial", [...])) and r.attrs["dt"].',
        )
    if several is not None and not several:
        raise BadInput("sessions", got="none", expected="at least one")
    return {"": cast("xr.DataArray", r)} if several is None else several


def _of(what: str, session: str, sessions: Mapping[str, Any]) -> str:
    return f"{what} of session '{session}'" if len(sessions) > 1 else what


def _told(names: Sequence[str], key: tuple[Any, ...]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in zip(names, key, strict=True))


def _sorted(keys: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    try:
        return sorted(keys)
    except TypeError:  # mixed kinds keep the order in which they come
        return keys


def same_units(one: Population, units: Sequence[str]) -> Floats:
    """Return the responses of a population of one session, (trial, time, unit), if its units are these.

    Raises
    ------
    BadInput
        If the units are others, or come from several sessions.
    """
    if len(one.sessions) > 1 or list(one.units) != list(units):
        raise BadInput(
            "responses",
            got=f"{len(one.sessions)} sessions with {len(one.units)} units, first '{one.units[0]}'",
            expected=f"one table of the same {len(units)} units, first '{units[0]}'",
        )
    (values,) = (session.values for session in one.sessions.values())
    return np.asarray(values, dtype=np.float64)
