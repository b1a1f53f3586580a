"""Targeted axes of choice, motion and colour: of networks of Mante et al. 2013, and of neurons of LIP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from tertium.dynamics import TDR, angle_between_axes, tdr
from tertium.studies.methods.mante_networks import CONTEXTS, INPUTS
from tertium.tasks.presets.mante13 import PROBES

if TYPE_CHECKING:
    from tertium.rng import Seeds

Floats = npt.NDArray[np.float64]

#: Axes in the order in which they are made orthogonal, and what is averaged.
REGRESSORS = ("choice", "motion", "colour", "context")
CONDITIONS = ("context", "motion", "colour")


def labelled(rates: xr.DataArray, outputs: Floats) -> xr.DataArray:
    """Return a network's rates with the choices that it made, -1 or 1, and the context as -1 or 1."""
    chosen = np.where(outputs[-1, :, 0] > 0, 1, -1)
    context = 2 * rates["context"].values.astype(int) - 1
    motion, colour = (np.round(rates[name].values.astype(np.float64), 6) for name in INPUTS)
    return rates.assign_coords(
        choice=("trial", chosen), context=("trial", context), motion=("trial", motion), colour=("trial", colour)
    )


def halves(rates: xr.DataArray) -> tuple[xr.DataArray, xr.DataArray]:
    """Return every other trial to find axes on, and the rest to look at."""
    return rates.isel(trial=slice(0, None, 2)), rates.isel(trial=slice(1, None, 2))


def relabelled(rates: xr.DataArray, name: str, rng: np.random.Generator, within: Sequence[str] = ()) -> xr.DataArray:
    """Return the trials with one label dealt out anew, among trials that agree in others."""
    values = rates[name].values.copy()
    groups = np.zeros(len(values), dtype=np.int64)
    for other in within:
        groups = groups * 1000 + np.unique(rates[other].values, return_inverse=True)[1]
    for group in np.unique(groups):
        here = np.flatnonzero(groups == group)
        values[here] = rng.permutation(values[here])
    return rates.assign_coords({name: ("trial", values)})


def area_under_curve(scores: Floats, positive: npt.NDArray[np.bool_]) -> float:
    """Return the chance that a positive trial has the higher score, ties counted half; NaN if one kind is missing.

    Examples
    --------
    >>> area_under_curve(np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True]))
    0.75
    """
    from scipy.stats import rankdata

    n = int(positive.sum())
    if n in (0, len(positive)):
        return np.nan
    ranks = rankdata(scores)
    return float((ranks[positive].sum() - n * (n + 1) / 2) / (n * (len(positive) - n)))


def decoded_choice(found: TDR, kept_aside: xr.DataArray) -> float:
    """Return the area under the ROC curve of choices from the last projections on the choice axis."""
    along = found.project(kept_aside)[:, -1, found.regressors.index("choice")]
    return area_under_curve(along, kept_aside["choice"].values > 0)


def separations(found: TDR, kept_aside: xr.DataArray, axis: str, of: str) -> Floats:
    """Return how far the strongest positive and negative evidence are apart along an axis, (context,).

    The projections of trials kept aside are averaged over the whole stimulus.
    """
    along = found.project(kept_aside)[:, :, found.regressors.index(axis)].mean(1)
    level, context = kept_aside[of].values, kept_aside["context"].values
    up, down = (np.isclose(level, sign * PROBES[-1]) for sign in (1, -1))
    return np.array([along[up & (context == c)].mean() - along[down & (context == c)].mean() for c in (-1, 1)])


def kept_when_irrelevant(found: TDR, kept_aside: xr.DataArray, along_choice: bool = False) -> float:
    """Return the lesser, over both inputs, of the separation when irrelevant over that when relevant.

    With ``along_choice`` both are measured along the choice axis, which irrelevant evidence must not move.
    """
    shares = []
    for i, name in enumerate(INPUTS):
        found_apart = separations(found, kept_aside, "choice" if along_choice else name, name)
        shares.append(found_apart[1 - i] / found_apart[i])
    return float(min(shares))


def variance_of_components(averages: Floats) -> Floats:
    """Return the cumulative share of the variance of averages, (condition, time, unit), in principal components."""
    rows = averages.reshape(-1, averages.shape[2])
    squares = np.linalg.svd(rows - rows.mean(0), compute_uv=False) ** 2
    return np.asarray(np.cumsum(squares) / squares.sum())


def shuffled_units(averages: Floats, rng: np.random.Generator) -> Floats:
    """Return averages in which each unit's values are dealt out anew over conditions and times."""
    rows = averages.reshape(-1, averages.shape[2])
    return np.asarray(rng.permuted(rows, axis=0).reshape(averages.shape))


def choice_angle(rates: xr.DataArray, n_pcs: int) -> float:
    """Return the angle between the choice axes of the two contexts, found apart, degrees, 0 to 90.

    Units are z-scored within each context; the vectors are brought back into the unit of the rates.
    """
    vectors = []
    for context in (-1, 1):
        here = rates.isel(trial=np.flatnonzero(rates["context"].values == context))
        found = tdr(here, ["choice", *INPUTS], conditions=list(INPUTS), n_pcs=n_pcs, n_permutations=0)
        vectors.append(found.vectors[:, 0] * found.spreads)
    spreads = rates.values.std((0, 1))
    return float(angle_between_axes(vectors[0] / spreads, vectors[1] / spreads))


def paths(found: TDR, rates: xr.DataArray) -> dict[str, Any]:
    """Return mean paths of correct trials on all axes, by the levels of each input in each context.

    Returns
    -------
    dict
        ``time`` (time,), ``levels`` (level,), ``mean`` (context, sorted by input, level, time, axis).
    """
    relevant = np.where(rates["context"].values < 0, rates["motion"].values, rates["colour"].values)
    correct = rates["choice"].values * relevant > 0
    along = found.project(rates)
    levels = np.unique(rates["motion"].values)
    mean = np.full((len(CONTEXTS), len(INPUTS), len(levels), *along.shape[1:]), np.nan)
    for i, j, k in np.ndindex(*mean.shape[:3]):
        here = correct & (rates["context"].values == 2 * i - 1) & np.isclose(rates[INPUTS[j]].values, levels[k])
        if here.any():
            mean[i, j, k] = along[here].mean(0)
    return {"time": found.time, "levels": levels, "mean": mean}


def lip_sessions(sessions: Mapping[str, xr.DataArray], least: float) -> dict[str, xr.DataArray]:
    """Return sessions of LIP with choice (-1, 1) and signed motion as numbers, trials with late saccades only.

    Parameters
    ----------
    sessions : mapping of str to responses
        From ``load("roitman_lip").responses(...)``; motion and choice towards target 1 are positive.
    least : float
        Shortest reaction time kept, seconds.
    """
    found = {}
    for name, r in sessions.items():
        towards = np.where(r["direction"].values == 1, 1, -1)
        motion = np.round(100 * towards * r["coherence"].values, 1) + 0.0
        choice = np.where(r["choice"].values == 1, 1, -1)
        r = r.assign_coords(choice=("trial", choice), motion=("trial", motion))
        found[name] = r.isel(trial=np.flatnonzero(r["rt"].values > least))
    return found


def pseudo_trials(
    sessions: Mapping[str, xr.DataArray], found: TDR, axis: int, n: int, rng: np.random.Generator
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Return projections of trials put together from neurons recorded one after another, at the last time.

    Of each neuron a trial of the wanted choice is drawn at random; ``n`` of each choice.
    """
    choices = np.repeat([-1, 1], n)
    along, start = np.zeros(2 * n), 0
    for r in sessions.values():
        here = slice(start, start + r.sizes["unit"])
        start = here.stop
        z = (r.values[:, -1].astype(np.float64) - found.means[here]) / found.spreads[here]
        for side in (-1, 1):
            own = np.flatnonzero(r["choice"].values == side)
            along[choices == side] += (z[rng.choice(own, n)] @ found.axes[here, axis]) if len(own) else 0.0
    return along, choices > 0


def usable(sessions: Mapping[str, xr.DataArray]) -> dict[str, xr.DataArray]:
    """Return the sessions in whose halves, each, choice and motion vary apart from each other."""
    kept = {}
    for name, r in sessions.items():
        ranks = [
            np.linalg.matrix_rank(np.column_stack([np.ones(h.sizes["trial"]), h["choice"].values, h["motion"].values]))
            for h in halves(r)
        ]
        if min(ranks) == 3 and all(h.values.std() > 0 for h in halves(r)):
            kept[name] = r
    return kept


def lip_axes(
    sessions: Mapping[str, xr.DataArray], n: int, shuffles: int, permutations: int, seeds: Seeds
) -> dict[str, Any]:
    """Measure choice and motion axes of LIP beside those of shuffled labels.

    Parameters
    ----------
    sessions : mapping of str to responses
        From `lip_sessions`.
    n : int
        Trials of each choice that are put together from single neurons.
    shuffles : int
        Times that labels are dealt out anew.
    permutations : int
        Permutations behind each p value.
    seeds : Seeds

    Returns
    -------
    dict
        ``auc`` of choices of trials kept aside along the choice axis, and ``p`` of the motion axis beside the choice,
        each with ``_shuffled``; ``projections`` and ``errors`` (condition, time, axis) of averages by signed motion of
        the neurons that have them all; ``time``, ``levels``; ``neurons``, ``trials``, ``averaged`` (neurons).
    """
    kept = usable(sessions)
    first, second = ({name: halves(r)[part] for name, r in kept.items()} for part in range(2))
    names = ["choice", "motion"]

    def auc(train: Mapping[str, xr.DataArray]) -> float:
        found = tdr(train, names, conditions=["choice"], n_permutations=0)
        return area_under_curve(*pseudo_trials(second, found, 0, n, seeds.numpy("pseudo")))

    def p_of_motion(some: Mapping[str, xr.DataArray]) -> float:
        seed = seeds.integer("p") % 2**32
        return float(tdr(some, names, conditions=["choice"], n_permutations=permutations, seed=seed).p[1])

    rng = seeds.numpy("dealt")
    dealt = [{name: relabelled(r, "choice", rng) for name, r in first.items()} for _ in range(shuffles)]
    moved = [{name: relabelled(r, "motion", rng, ("choice",)) for name, r in kept.items()} for _ in range(shuffles)]
    most = len(np.unique(np.concatenate([r["motion"].values for r in kept.values()])))
    # a standard error takes two trials
    counts = {name: np.unique(r["motion"].values, return_counts=True)[1] for name, r in kept.items()}
    full = {name: kept[name] for name, each in counts.items() if len(each) == most and each.min() > 1}
    averaged = tdr(full, names, conditions=["motion"], n_permutations=0, smooth=0.04)
    return {
        "auc": auc(first),
        "auc_shuffled": float(np.mean([auc(one) for one in dealt])),
        "p": p_of_motion(kept),
        "p_shuffled": float(np.mean([p_of_motion(one) for one in moved])),
        "neurons": len(kept),
        "trials": int(sum(r.sizes["trial"] for r in kept.values())),
        "time": averaged.time,
        "levels": np.asarray(averaged.conditions["motion"], dtype=np.float64),
        "projections": averaged.projections,
        "errors": averaged.errors,
        "averaged": len(averaged.units),
    }
