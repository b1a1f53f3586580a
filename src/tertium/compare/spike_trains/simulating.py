"""Spike trains simulated from filters: each bin Poisson, given all spikes before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput
from tertium.rng import Seeds

if TYPE_CHECKING:
    import xarray as xr

FloatArray = npt.NDArray[np.float64]

#: Expected spikes in a bin above which a simulation is given up.
RUNAWAY = 1e3


@dataclass(frozen=True, eq=False)
class SimulatedSpikes:
    """Spikes, and what the model that made them expected.

    Attributes
    ----------
    spikes : responses
        Spike counts.
    expected : array, shape (trial, time, unit)
        Expected count of each bin given the spikes before it.
    """

    spikes: xr.DataArray
    expected: FloatArray


def simulate_spike_trains(
    log_rates: npt.ArrayLike, filters: npt.ArrayLike | None = None, *, dt: float, binary: bool = False, seed: int = 0
) -> SimulatedSpikes:
    """Simulate a Poisson model with memory: what it expects of a bin is known from all spikes before.

    ``log(expected / dt) = log_rate[t, j] + sum over lags l and units i of filters[l, i, j] * spikes[t - 1 - l, i]``.

    Parameters
    ----------
    log_rates : array-like, shape (time, unit) or (trial, time, unit)
        Natural logarithm of the rate in Hz, but for the past: stimuli, already filtered, and the baseline.
    filters : array-like, shape (lag, source, target), optional
        Gain in log rate that a spike of the source has on the target, from the next bin on. ``filters[:, i, i]`` is the
        unit's own history.
    dt : float
        Width of a bin in seconds.
    binary : bool
        Whether a bin holds one spike at most, with the probability that Poisson counts are not 0.
    seed : int

    Raises
    ------
    BadInput
        If shapes do not fit, or more than 1000 spikes are expected in a bin: excitation ran away.

    Examples
    --------
    >>> refractory = np.full((5, 1, 1), -20.0)  # five bins
    >>> spikes = simulate_spike_trains(np.full((10_000, 1), np.log(100.0)), refractory, dt=0.001).spikes
    >>> int(np.diff(np.flatnonzero(spikes.values)).min())
    6
    """
    from tertium.data import make_responses
    from tertium.data.responses import check_dt

    check_dt(dt)
    drive = np.asarray(log_rates, dtype=np.float64)
    drive = drive[None] if drive.ndim == 2 else drive
    if drive.ndim != 3 or not drive.size or not np.isfinite(drive).all():
        raise BadInput(
            "log_rates", got=f"shape {drive.shape}", expected="finite numbers (time, unit) or (trial, time, unit)"
        )
    units = drive.shape[2]
    kernels = np.zeros((0, units, units)) if filters is None else np.asarray(filters, dtype=np.float64)
    if kernels.ndim != 3 or kernels.shape[1:] != (units, units) or not np.isfinite(kernels).all():
        raise BadInput("filters", got=f"shape {kernels.shape}", expected=f"finite numbers (lag, {units}, {units})")
    counts, expected = run(list(drive + np.log(dt)), kernels, seed, binary=binary)
    return SimulatedSpikes(
        make_responses(np.stack(counts), dt=dt, quantity="spike_count", source="simulated"), np.stack(expected)
    )


def run(
    drives: Sequence[FloatArray], kernels: FloatArray, seed: int, *, binary: bool = False
) -> tuple[list[FloatArray], list[FloatArray]]:
    """Simulate trials of any length, all at once.

    Parameters
    ----------
    drives : sequence of array, each of shape (time, unit)
        Logarithm of the expected count, but for the past.
    kernels : array, shape (lag, source, target)
        Lag 0 is the next bin.
    seed : int
    binary : bool

    Returns
    -------
    counts, expected : list of array, each of shape (time, unit)
    """
    random, longest, reach = Seeds(seed).numpy("spikes"), max(map(len, drives)), len(kernels)
    units = drives[0].shape[1]
    linear = np.full((longest + reach, len(drives), units), -np.inf)
    for i, drive in enumerate(drives):
        linear[: len(drive), i] = drive
    counts, expected = np.zeros((longest, len(drives), units)), np.zeros((longest, len(drives), units))
    lasts = random.random((longest, len(drives), units)) if binary else None
    for t in range(longest):
        mean = np.exp(np.minimum(linear[t], 50.0))
        if (mean > RUNAWAY).any():
            raise BadInput(
                "simulation",
                got=f"more than {RUNAWAY:g} spikes expected in bin {t}",
                expected="activity that does not run away",
                repair="Use a larger penalty, shorter history filters, or lower rates.",
            )
        expected[t] = mean if lasts is None else -np.expm1(-mean)
        counts[t] = random.poisson(mean) if lasts is None else lasts[t] < expected[t]
        for trial, source in np.argwhere(counts[t]):
            linear[t + 1 : t + 1 + reach, trial] += counts[t, trial, source] * kernels[:, source]
    return [counts[: len(one), i] for i, one in enumerate(drives)], [
        expected[: len(one), i] for i, one in enumerate(drives)
    ]
