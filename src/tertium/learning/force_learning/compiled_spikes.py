"""A trial of a spiking network that hears its factors, learning or not, compiled by numba."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@njit(cache=True, fastmath={"reassoc", "contract"})
def take_in(inverse: Floats, seen: Floats, gain: Floats) -> float:
    """Take a sample s into P, of which the lower half is kept; fill ``gain`` with P s, return 1 / (1 + s' P s)."""
    n = len(seen)
    for i in range(n):
        row, s, total = inverse[i], seen[i], 0.0
        for j in range(i):
            total += row[j] * seen[j]
            gain[j] += row[j] * s
        gain[i] = total + row[i] * s
    power = 0.0
    for i in range(n):
        power += seen[i] * gain[i]
    scale = 1.0 / (1.0 + power)
    for i in range(n):
        row, g = inverse[i], scale * gain[i]
        for j in range(i + 1):
            row[j] -= g * gain[j]
    return scale


@njit(cache=True, fastmath={"reassoc", "contract"})
def run_trial(
    spread: Floats,
    drive: Floats,
    heard: npt.NDArray[np.int64],
    weights: Floats,
    slow: Floats,
    fast: Floats,
    constants: Floats,
    voltage: Floats,
    traces: Floats,
    received: Floats,
    inhibited: float,
    wanted: Floats,
    forced: bool,
    learns: Flags,
    inverse: Floats,
    made: Floats,
    raster: Flags,
    current: Floats,
) -> float:
    """Run a network through a trial; see `tertium.learning.force_learning.learn_factors`. Returns its inhibition.

    Parameters
    ----------
    spread : array, shape (factor, unit)
        U, turned.
    drive : array, shape (time, unit)
        From outside, the mean current taken off.
    heard : array of int, shape (heard,)
    weights : array, shape (factor, 2 x heard)
        J, changed in place.
    slow, fast : array, shape (unit, unit) or (0, unit)
        Random synapses, source x target.
    constants : array, shape (5,)
        What is left after a step of voltage, slow and fast currents; height of inhibition; depth.
    voltage, traces, received : array, shape (unit,), (2 x heard,), (2, unit)
        State, changed in place.
    inhibited : float
    wanted : array, shape (time, factor)
        Factors that are to be made.
    forced : bool
        Units hear these and not their own.
    learns : array of bool, shape (time,)
        When weights change.
    inverse : array, shape (2 x heard, 2 x heard)
        P, lower half, changed in place.
    made, raster : array, shape (time, factor), (time, unit)
        Filled.
    current : array, shape (unit,)
        Added up: what factors and random synapses give.
    """
    n_units, n_factors, n_heard = len(voltage), len(weights), len(heard)
    keep, keep_slow, keep_fast, height, depth = constants[0], constants[1], constants[2], constants[3], constants[4]
    now, gain, pull = np.zeros(n_factors), np.zeros(2 * n_heard), np.zeros(n_units)
    for k in range(n_factors):
        if not forced:
            for j in range(2 * n_heard):
                now[k] += weights[k, j] * traces[j]
    for t in range(len(drive)):
        for i in range(n_units):
            pull[i] = received[0, i] + received[1, i]
        for k in range(n_factors):
            for i in range(n_units):
                pull[i] += now[k] * spread[k, i]
        count = 0
        for i in range(n_units):
            current[i] += pull[i]
            pull[i] += drive[t, i] + inhibited
            voltage[i] = pull[i] + (voltage[i] - pull[i]) * keep
            raster[t, i] = voltage[i] >= 0
            received[0, i] *= keep_slow
            received[1, i] *= keep_fast
        for i in range(n_units):
            if raster[t, i]:
                voltage[i] = -depth
                count += 1
                for j in range(slow.shape[1] if len(slow) else 0):
                    received[0, j] += slow[i, j]
                for j in range(fast.shape[1] if len(fast) else 0):
                    received[1, j] += fast[i, j]
        inhibited = inhibited * keep_fast + height * count
        for j in range(n_heard):
            own = 1.0 if raster[t, heard[j]] else 0.0
            traces[j] = traces[j] * keep_slow + own
            traces[n_heard + j] = traces[n_heard + j] * keep_fast + own
        for k in range(n_factors):
            total = 0.0
            for j in range(2 * n_heard):
                total += weights[k, j] * traces[j]
            made[t, k] = total
            now[k] = wanted[t, k] if forced else total
        if learns[t]:
            scale = take_in(inverse, traces, gain)
            for k in range(n_factors):
                error = scale * (made[t, k] - wanted[t, k])
                for j in range(2 * n_heard):
                    weights[k, j] -= error * gain[j]
    return inhibited
