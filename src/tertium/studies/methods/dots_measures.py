"""What is measured of whoever judges random dots: one function for choices and times, one for cells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from tertium.studies.methods.decisions import (
    curve,
    explained,
    fit_chronometric,
    fit_weibull,
    relative_fall,
)
from tertium.studies.methods.ramps import (
    Ramps,
    against_coherence,
    correlation,
    onset,
    ramps,
    shuffled,
    slopes,
    spread_over_coherences,
    trials_of,
)

Floats = npt.NDArray[np.float64]

#: Bins that end less than this before the response are left out of ramps aligned on the motion, seconds.
MARGIN = 0.05
#: Longest window in which a ramp's slope is measured, from its onset, seconds.
RAMP = 0.2
#: The last part before the response, in which rates are compared, and a part as long in the midst of the ramp.
BEFORE_RESPONSE, IN_THE_RAMP = (-0.06, 0.0), (0.06, 0.12)


def behaviour(
    coherence: npt.ArrayLike,
    correct: npt.ArrayLike,
    seconds: npt.ArrayLike,
    rng: np.random.Generator,
    *,
    draws: int,
    shuffles: int,
) -> dict[str, Any]:
    """Measure choices and reaction times, with bootstraps over trials and with coherences dealt out anew.

    Parameters
    ----------
    coherence : array, shape (trial,)
        Strength of motion without sign.
    correct : array of bool, shape (trial,)
    seconds : array, shape (trial,)
        Reaction times.
    rng : numpy.random.Generator
    draws, shuffles : int
        How many.

    Returns
    -------
    dict
        The curves (``coherences``, ``correct``, ``correct_sem``, ``seconds``, ``seconds_sem``, ``n``), the constants of
        both fits, and four numbers, each with the ends of its 95 % interval (``.._low``, ``.._high``) and its median
        with coherences shuffled over trials (``.._shuffled``): ``r2`` of the Weibull function, ``best`` (fraction
        correct at the strongest motion), ``fall`` of the times, ``predicted`` (R squared of the fractions correct that
        follow from the times). ``seconds_shuffled`` has the curves of the shuffles.
    """
    c, ok, rt = (np.asarray(column, dtype=np.float64) for column in (coherence, correct, seconds))
    choices, times = curve(c, ok), curve(c, rt)
    found: dict[str, Any] = {
        "coherences": choices.x,
        "n": choices.n,
        "correct": choices.mean,
        "correct_sem": choices.sem,
        "seconds": times.mean,
        "seconds_sem": times.sem,
    }
    psychometric, chronometric = fit_weibull(choices), fit_chronometric(times)
    found |= {"threshold": psychometric.threshold, "slope": psychometric.slope}
    found |= {k: getattr(chronometric, k) for k in ("rest", "longest", "sensitivity")}
    again = [(c[p], ok[p], rt[p]) for p in (rng.integers(len(c), size=len(c)) for _ in range(draws))]
    dealt = [(rng.permutation(c), ok, rt) for _ in range(shuffles)]
    found["seconds_shuffled"] = np.array([curve(one, rt).mean for one, _, _ in dealt])
    return found | _with_intervals(*(_rows(map(_numbers, x)) for x in ([(c, ok, rt)], again, dealt)))


def _numbers(trials: tuple[Floats, Floats, Floats]) -> dict[str, float]:
    """Return the numbers that claims are about."""
    coherence, correct, seconds = trials
    choices, times = curve(coherence, correct), curve(coherence, seconds)
    return {
        "r2": fit_weibull(choices).r2,
        "best": float(choices.mean[-1]),
        "fall": relative_fall(times),
        "predicted": explained(choices.mean, fit_chronometric(times).accuracy(choices.x)),
    }


def cells(
    on_motion: Mapping[str, xr.DataArray],
    on_response: Mapping[str, xr.DataArray],
    rng: np.random.Generator,
    *,
    draws: int,
    shuffles: int,
) -> dict[str, Any]:
    """Measure ramps of cells, with bootstraps over cells and with coherences dealt out anew within each choice.

    Parameters
    ----------
    on_motion, on_response : mapping of str to xarray.DataArray
        One table a cell, aligned on the onset of the motion and on the response; see `methods.ramps`.
    rng : numpy.random.Generator
    draws, shuffles : int
        How many.

    Returns
    -------
    dict
        Mean rates with standard errors over cells, (2, level, bin), their times, the ramps' onset (s) and slopes (2,
        level), the number of cells, and numbers with intervals as in `behaviour`. There the shuffled ``spread`` is
        that in the midst of the ramp.
    """
    if not on_motion:
        return _no_cells()
    (early, dt), (late, _) = _grid(on_motion), _grid(on_response)
    trials = [trials_of(table, until=-MARGIN) for table in on_motion.values()]
    ramp = ramps(trials, early, dt)
    end = ramps([trials_of(table) for table in on_response.values()], late, dt)
    start = onset(ramp)

    def numbers(a: Ramps, b: Ramps) -> dict[str, float]:
        return {
            "own": against_coherence(a, start, RAMP, 0),
            "other": against_coherence(a, start, RAMP, 1),
            "spread": spread_over_coherences(b, *BEFORE_RESPONSE),
        }

    picks = [rng.integers(len(trials), size=len(trials)) for _ in range(draws)]
    dealt = [ramps([shuffled(cell, rng) for cell in trials], early, dt) for _ in range(shuffles)]
    measured = _with_intervals(
        _rows([numbers(ramp, end)]),
        _rows(numbers(ramp.of(p), end.of(p)) for p in picks),
        _rows(numbers(one, end) for one in dealt),
    )
    measured["spread_shuffled"] = spread_over_coherences(ramp, *(start + edge for edge in IN_THE_RAMP))
    return {
        "coherences": ramp.coherences,
        "n": len(trials),
        "onset": start,
        "slopes": slopes(ramp, start, RAMP),
        "slopes_shuffled": np.array([slopes(one, start, RAMP) for one in dealt]),
        "motion_time": ramp.time,
        "motion_mean": ramp.mean,
        "motion_sem": ramp.sem,
        "response_time": end.time,
        "response_mean": end.mean,
        "response_sem": end.sem,
        **measured,
    }


def _grid(tables: Mapping[str, xr.DataArray]) -> tuple[Floats, float]:
    """Return the beginnings of the bins and their width, seconds; all cells have the same."""
    first = next(iter(tables.values()))
    return first["time"].values.astype(np.float64), float(first.attrs["dt"])


def _no_cells() -> dict[str, Any]:
    """Return what is measured where no cell is choice-selective: nothing, said in the same words."""
    numbers = {f"{k}{end}": np.nan for k in ("own", "other", "spread") for end in ("", "_low", "_high", "_shuffled")}
    curves = {f"{where}_{what}": np.zeros((2, 0, 0)) for where in ("motion", "response") for what in ("mean", "sem")}
    times = {"motion_time": np.zeros(0), "response_time": np.zeros(0), "coherences": np.zeros(0)}
    nothing = {"slopes": np.zeros((2, 0)), "slopes_shuffled": np.zeros((0, 2, 0))}
    return {"n": 0, "onset": np.nan, **nothing, **times, **curves, **numbers}


def _rows(found: Iterable[Mapping[str, float]]) -> dict[str, Floats]:
    """Return numbers by name, one entry for each of the mappings."""
    each = list(found)
    return {name: np.array([one[name] for one in each]) for name in each[0]}


def _with_intervals(
    value: Mapping[str, Floats], again: Mapping[str, Floats], dealt: Mapping[str, Floats]
) -> dict[str, float]:
    """Return value, 95 % interval over resamplings and median over shuffles, by name."""
    out: dict[str, float] = {}
    for name, (number,) in value.items():
        usable = again[name][np.isfinite(again[name])]
        low, high = np.percentile(usable, [2.5, 97.5]) if len(usable) else (np.nan, np.nan)
        ends = {"": number, "_low": low, "_high": high, "_shuffled": np.median(dealt[name])}
        out |= {f"{name}{end}": float(v) for end, v in ends.items()}
    return out


def agreement(found: npt.ArrayLike, other: npt.ArrayLike, shuffled: npt.ArrayLike) -> tuple[float, float]:
    """Return the correlation of what two showed, and the mean of those with coherences of the first dealt out anew.

    Parameters
    ----------
    found, other : array of the same shape
    shuffled : array, shape (shuffle, ...)
    """
    dealt = [correlation(one, other) for one in np.asarray(shuffled)] if np.size(found) == np.size(other) else []
    if not dealt:
        return np.nan, np.nan
    return correlation(found, other), float(np.mean(dealt))
