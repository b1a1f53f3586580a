"""How irregular the spikes of SNN11 are: over repetitions of one stimulus, its noise included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tertium.dynamics import count_correlation, fano_factor, spike_intervals
from tertium.learning.force_learning import FactoredSpikes, run_factors
from tertium.studies.methods.depasquale_networks import DT

if TYPE_CHECKING:
    from tertium.studies.methods.depasquale_networks import Teacher

Floats = NDArray[np.float64]

#: Seconds in which spikes are counted.
COUNTED = 0.25


def irregular(spikes: NDArray[np.bool_]) -> dict[str, float]:
    """Return measures of repetitions of one trial, (repetition, millisecond, unit), means over units.

    Returns
    -------
    dict
        "rate", Hz; "cv" and "cv2" of the intervals of a unit; "fano", over repetitions, in windows of 250 ms;
        "correlation", that of spike counts in these windows over repetitions which 95 % of pairs of units do not pass,
        without its sign: some units are for a factor and some against it, so that signed means are near 0 in any case.
    """
    steps, units = spikes.shape[1:]
    trains = [{str(u): DT * np.flatnonzero(one[:, u]) for u in range(units)} for one in spikes]
    intervals = spike_intervals(trains, window=(0.0, steps * DT))
    counts = spikes.astype(np.float64)
    pairs = count_correlation(counts, COUNTED, dt=DT, within="time")
    return {
        "rate": float(intervals.mean_rate),
        "cv": float(intervals.mean_cv),
        "cv2": float(intervals.mean_cv2),
        "fano": float(fano_factor(counts, COUNTED, dt=DT, across="trials").means[0]),
        "correlation": float(np.quantile(np.abs(pairs.values), 0.95)),
    }


def repeated(teacher: Teacher, network: FactoredSpikes, stimuli: int, repeats: int) -> dict[str, Any]:
    """Return the measures of `irregular` for each of some stimuli, and some units' spikes in the first.

    Units are the 40 with most spikes.
    """
    found: list[dict[str, float]] = []
    raster = np.zeros((0, 0, 0), dtype=bool)
    for k, one in enumerate(teacher.inputs(teacher.trials(stimuli, "repeated"))):
        seed = teacher.seeds.integer(f"repeated {k}") % 2**31
        spikes = run_factors(network, one[None].repeat(repeats, axis=0), seed=seed).spikes
        found.append(irregular(spikes))
        if k == 0:
            raster = spikes[:, :, np.argsort(-spikes.sum((0, 1)))[:40]]
    return {"raster": raster} | {name: np.array([one[name] for one in found]) for name in found[0]}


def varied(teacher: Teacher, network: FactoredSpikes, repeats: int) -> dict[str, Any]:
    """Return the measures of `irregular` where each repetition has another stimulus, which all units share."""
    inputs = teacher.inputs(teacher.trials(repeats, "varied"))
    spikes = run_factors(network, inputs, seed=teacher.seeds.integer("varied") % 2**31).spikes
    return {name: np.array([value]) for name, value in irregular(spikes).items()}


def steady(teacher: Teacher, network: FactoredSpikes, repeats: int) -> float:
    """Return the CV of units that hear constant factors, their mean over a trial."""
    batch = teacher.trials(1, "repeated")
    factors, inputs = (x.mean(1, keepdims=True) for x in (teacher.factors(batch), teacher.inputs(batch)))
    shape = (repeats, 1000, 1)
    spikes = run_factors(network, np.tile(inputs, shape), factors=np.tile(factors, shape), hears="given", seed=0).spikes
    return irregular(spikes)["cv"]
