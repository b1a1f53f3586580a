"""`spike_glm`: what drives each unit of a population: stimuli, its own past, and the other units."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from tertium.compare.spike_trains.bases import Basis, impulses, raised_cosines
from tertium.compare.spike_trains.design import Designs, make_designs
from tertium.compare.spike_trains.glm_result import SpikeGLM, collect
from tertium.compare.spike_trains.trials import Trials, read_trials
from tertium.compare.spike_trains.unit_fits import fit_unit
from tertium.compare.validation.folds import BlockedKFold, CrossValidation, Folds, GroupedKFold
from tertium.errors import BadInput

if TYPE_CHECKING:
    import xarray as xr

FloatArray = npt.NDArray[np.float64]

#: Spikes of a unit below which nothing is fitted.
LEAST = 20

#: Functions of a filter that is given in seconds.
_FUNCTIONS = 8


def spike_glm(
    spikes: xr.DataArray | npt.ArrayLike | Sequence[npt.ArrayLike],
    stimuli: xr.DataArray | npt.ArrayLike | Sequence[npt.ArrayLike] | None = None,
    *,
    dt: float | None = None,
    stimulus: float | Basis | None = None,
    history: float | Basis | None = 0.1,
    coupling: float | Basis | None = None,
    penalty: float | Sequence[float] = 0.01,
    smoothness: float | Sequence[float] = 0.0,
    cv: int | CrossValidation = 5,
    border: Literal["drop", "zero"] = "drop",
    seed: int = 0,
) -> SpikeGLM:
    """Ask what drives the spikes of each unit: stimuli, its own past spikes, and those of the other units.

    The logarithm of the rate is a baseline plus filtered stimuli plus filtered spikes, and counts are Poisson given all
    that (Truccolo et al. 2005, J Neurophysiol 93:1074; Pillow et al. 2008, Nature 454:995).

    Parameters
    ----------
    spikes : responses, array of shape (time, unit) or (trial, time, unit), or list of (time, unit)
        Counts in bins (quantity "spike_count"); trials of a list may differ in length.
    stimuli : like spikes, optional
        Stimuli, positions, events: the same trials and bins, any number of columns. They are put on mean 0 and variance
        1; filters are handed back for the stimuli as given.
    dt : float, optional
        Width of a bin in seconds, of arrays; responses know theirs.
    stimulus : float or Basis, optional
        Span of the filters of stimuli in seconds, or their basis. By default only the stimulus of the same bin counts.
    history : float or Basis, or None
        Span of the filter of the unit's own spikes, or its basis, which begins at lag 1.
    coupling : float or Basis, or None
        The same for the spikes of each other unit.
    penalty : float or sequence of float
        Of squared filters, summed over lags (ridge). The prior is normal, with a variance of ``1 / penalty`` in log
        gain. A span given in seconds gets eight raised cosines, or single bins if it has no more than eight.
    smoothness : float or sequence of float
        Of squared second differences of filters over lags. Of sequences the pair is taken under which held-out bins are
        likeliest, for each unit, within what is fitted.
    cv : int or CrossValidation
        Number of folds, of whole trials; of blocks of time, a filter's length apart, where there are too few trials.
        Schemes may go by "trial" or by labels of trials.
    border : {"drop", "zero"}
        Whether the first bins of a trial, whose past is not known, are left out, or taken to follow silence and mean
        stimuli.
    seed : int
        Of the draws of the intervals of likelihoods.

    Returns
    -------
    SpikeGLM

    Raises
    ------
    BadInput
        If spikes are not counts, trials do not match, ``dt`` is missing, a stimulus does not vary, filters do not fit
        into trials, or a unit has fewer than 20 spikes, or none in what a fold fits.

    Examples
    --------
    >>> from tertium.compare import simulate_spike_trains
    >>> wave = np.sin(np.arange(20_000) / 40)[:, None]
    >>> made = simulate_spike_trains(np.log(20.0) + 0.8 * wave, np.full((4, 1, 1), -3.0), dt=0.005)
    >>> fit = spike_glm(made.spikes, wave, history=0.05)
    >>> found = fit.filter("stimulus", "0")
    >>> bool(abs(found.values[0] - 0.8) < 3 * found.errors[0]), bool(fit.time_rescaling().accepted[0])
    (True, True)
    """
    trials = read_trials(spikes, "spikes")
    width = _bin_width(trials, dt)
    _check_counts(trials)
    features = None if stimuli is None else _matching(read_trials(stimuli, "stimuli"), trials)
    if stimuli is None and stimulus is not None:
        raise BadInput("stimulus", got="a filter and no stimuli", expected="stimuli for it", repair="Pass stimuli=...")
    if border not in ("drop", "zero"):
        raise BadInput("border", got=repr(border), expected="'drop' or 'zero'")
    seen = None if features is None else _basis("stimulus", stimulus, width) or impulses(width, width)
    own, others = _basis("history", history, width), _basis("coupling", coupling, width)
    designs = make_designs(trials, features, seen, own, others if len(trials.columns) > 1 else None, border)
    _check_spikes(designs)
    grid = list(product(_candidates("penalty", penalty), _candidates("smoothness", smoothness)))
    reach = max([0, *(abs(int(lag)) for one in (seen, own, others) if one is not None for lag in one.lags[[0, -1]])])
    folds = _folds(designs, trials, cv, reach, nested=len(grid) > 1)
    fits = [
        fit_unit(designs.of(i), designs.counts[:, i], designs.parts(i), grid, folds) for i in range(len(trials.columns))
    ]
    return collect(designs, fits, folds, trials.lengths, width, seed)


def _bin_width(trials: Trials, dt: float | None) -> float:
    from tertium.data.responses import check_dt

    if trials.dt is None and dt is None:
        raise BadInput(
            "dt", got="none", expected="the width of a bin in seconds", repair="Pass dt=0.001, or responses."
        )
    if trials.dt is not None and dt is not None and not np.isclose(dt, trials.dt):
        raise BadInput("dt", got=f"{dt:g} s for responses in bins of {trials.dt:g} s", expected="one of both")
    found = trials.dt if dt is None else dt
    check_dt(found)
    assert found is not None  # one of both was given
    return float(found)


def _check_counts(trials: Trials) -> None:
    if trials.quantity not in ("", "spike_count"):
        raise BadInput(
            "spikes",
            got=f"responses of quantity '{trials.quantity}'",
            expected="'spike_count'",
            repair="Count spikes with tertium.data.bin_spikes, or draw them with tertium.record.observe.spikes.",
        )
    for i, one in enumerate(trials.values):
        bad = np.argwhere((one < 0) | (one != np.round(one)))
        if len(bad):
            row, column = bad[0]
            raise BadInput(
                "spikes",
                got=f"{one[row, column]:g} in trial {i}, bin {row}, unit '{trials.columns[column]}'",
                expected="counts: whole numbers, 0 or more",
            )


def _check_spikes(designs: Designs) -> None:
    few = [f"'{u}' ({n:.0f})" for u, n in zip(designs.units, designs.counts.sum(0), strict=True) if n < LEAST]
    if few:
        raise BadInput(
            "spikes",
            got=f"too few of unit {', '.join(few[:5])}" + (f" and {len(few) - 5} more" if len(few) > 5 else ""),
            expected=f"at least {LEAST} in the bins that are used",
            repair="Leave such units out: spikes.isel(unit=...).",
        )


def _matching(stimuli: Trials, spikes: Trials) -> Trials:
    if stimuli.lengths != spikes.lengths:
        raise BadInput(
            "stimuli",
            got=f"{len(stimuli.lengths)} trials of {_bins(stimuli)} bins",
            expected=f"those of the spikes: {len(spikes.lengths)} trials of {_bins(spikes)} bins",
            repair="Bin both alike; align them with tertium.data.align.",
        )
    if stimuli.dt is not None and spikes.dt is not None and not np.isclose(stimuli.dt, spikes.dt):
        raise BadInput("stimuli", got=f"bins of {stimuli.dt:g} s", expected=f"those of the spikes, {spikes.dt:g} s")
    return stimuli


def _bins(trials: Trials) -> str:
    low, high = min(trials.lengths), max(trials.lengths)
    return f"{low}" if low == high else f"{low} to {high}"


def _basis(name: str, given: float | Basis | None, dt: float) -> Basis | None:
    """Return a basis as given, or raised cosines over a span of seconds; checked against dt and causality."""
    if given is None:
        return None
    start = 0.0 if name == "stimulus" else dt
    if not isinstance(given, Basis):
        bins = round((given - start) / dt) if np.isfinite(given) else 0
        if bins < 1:
            raise BadInput(
                name,
                got=f"{given:g} s in bins of {dt:g} s",
                expected="a span that holds a lag",
                repair=f"Pass {name}={start + dt:g} or more, None for no such filter, or use finer bins.",
            )
        if bins <= _FUNCTIONS:
            return impulses(given, dt, start=start)
        return raised_cosines(_FUNCTIONS, given, dt, start=start, scale="linear" if name == "stimulus" else "log")
    if not np.isclose(given.dt, dt):
        raise BadInput(name, got=f"a basis in bins of {given.dt:g} s", expected=f"bins of {dt:g} s, as the spikes")
    if name != "stimulus" and given.first < 1:
        raise BadInput(
            name,
            got=f"a basis from lag {given.first}",
            expected="one from lag 1: spikes that are predicted must not be known",
            repair="Make it with start=dt.",
        )
    return given


def _candidates(name: str, given: float | Sequence[float]) -> list[float]:
    values = np.atleast_1d(np.asarray(given, dtype=np.float64))
    if values.ndim != 1 or not len(values) or not np.isfinite(values).all() or (values < 0).any():
        raise BadInput(name, got=f"{given}", expected="a number, or several, of 0 or more")
    return [float(one) for one in np.sort(values)[::-1]]


def _folds(designs: Designs, trials: Trials, cv: int | CrossValidation, reach: int, *, nested: bool) -> Folds:
    """Return folds of the samples: whole trials, or blocks of time where there are too few."""
    labels: dict[str, npt.NDArray[Any]] = {name: values[designs.trial] for name, values in trials.labels.items()}
    labels |= {"trial": designs.trial}
    scheme = cv if isinstance(cv, CrossValidation) else _scheme(cv, len(np.unique(designs.trial)), reach, nested)
    folds = scheme.split(len(designs.counts), labels)
    tested = np.concatenate([part for _, part in folds])
    if not np.array_equal(np.sort(tested), np.arange(folds.n)):
        raise BadInput("cv", got="bins tested twice or never", expected="each bin tested once", repair="Use repeats=1.")
    for number, (fitted, _) in enumerate(folds):
        silent = np.flatnonzero(~designs.counts[fitted].any(0))
        if len(silent):
            raise BadInput(
                "spikes",
                got=f"none of unit '{designs.units[silent[0]]}' in what fold {number} fits",
                expected="spikes in more than one part of the recording",
                repair="Leave such units out, or use other folds.",
            )
    return folds


def _scheme(cv: int, trials: int, reach: int, nested: bool) -> CrossValidation:
    if isinstance(cv, bool) or not isinstance(cv, int | np.integer) or cv < 2:
        raise BadInput("cv", got=repr(cv), expected="a number of folds, at least 2, or a scheme such as BlockedKFold")
    for folds in range(min(int(cv), trials), 1, -1):
        if not nested or trials - -(-trials // folds) >= folds:  # as many trials are fitted as there are folds inside
            return GroupedKFold("trial", folds)
    return BlockedKFold(int(cv), gap=reach)
