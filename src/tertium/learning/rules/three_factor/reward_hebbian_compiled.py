"""A trial of units that are pushed at random, compiled by numba: float32, one step after another."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

Singles = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

# Lambert's continued fraction of tanh, x / (1 + x^2 / (3 + x^2 / (5 + ...))), cut after 25 and written as one
# quotient. Up to 9, where tanh is 1 in float32, it is right to 4e-7. A library's tanh would be called unit by unit.
N1, N2, N3 = np.float32(11 / 75), np.float32(2.4 / 460), np.float32(6.625258799171843e-05)
N4, N5, N6 = np.float32(3.2286836253274086e-07), np.float32(5.179706350792634e-10), np.float32(1.264885555749117e-13)
D1, D2, D3 = np.float32(0.48), np.float32(2.2 / 69), np.float32(6.625258799171842e-04)
D4, D5, D6 = np.float32(5.230467473030402e-06), np.float32(1.5193805295658393e-08), np.float32(1.1510458557316966e-11)
ONE, END = np.float32(1), np.float32(9)


@njit(cache=True, fastmath={"contract"}, inline="always")
def tanh(x: np.float32) -> np.float32:
    """Return tanh(x), to 4e-7, in a form that is worked out for several units at once."""
    z = min(max(x, -END), END)
    y = z * z
    above = (((((N6 * y + N5) * y + N4) * y + N3) * y + N2) * y + N1) * y + ONE
    below = (((((D6 * y + D5) * y + D4) * y + D3) * y + D2) * y + D1) * y + ONE
    return z * above / below


@njit(cache=True, fastmath={"contract"})
def run_trial(
    by_source: Singles,
    drive: Singles,
    start: Singles,
    leak: Singles,
    forgets: float,
    steps: Ints,
    units: Ints,
    sizes: Singles,
    rates: Singles,
    fluctuations: Singles,
) -> None:
    """Run one trial, filling ``rates`` and ``fluctuations``; see `RewardHebbianTrials`.

    Parameters
    ----------
    by_source : array, shape (source, target)
        Recurrent weights.
    drive : array, shape (time, unit)
    start, leak : array, shape (unit,)
    forgets : float
    steps, units, sizes : array, shape (push,)
        Pushes, by their steps.
    rates : array, shape (time + 1, unit)
    fluctuations : array, shape (time, unit)
    """
    n = len(start)
    whole = n - n % 8
    x, known, total = start.copy(), start.copy(), np.empty_like(start)
    new = np.float32(forgets)
    old = ONE - new
    push = 0
    for i in range(n):
        rates[0, i] = tanh(x[i])
    for t in range(len(drive)):
        r = rates[t]
        for i in range(n):
            total[i] = drive[t, i]
        for j in range(0, whole, 8):  # eight sources at a time, so that sums are read and written once for all of them
            a, b, c, d, e, f, g, h = r[j], r[j + 1], r[j + 2], r[j + 3], r[j + 4], r[j + 5], r[j + 6], r[j + 7]
            w = by_source[j : j + 8]
            for i in range(n):
                first = (a * w[0, i] + b * w[1, i]) + (c * w[2, i] + d * w[3, i])
                second = (e * w[4, i] + f * w[5, i]) + (g * w[6, i] + h * w[7, i])
                total[i] += first + second
        for j in range(whole, n):
            for i in range(n):
                total[i] += r[j] * by_source[j, i]
        while push < len(steps) and steps[push] == t:
            total[units[push]] += sizes[push]
            push += 1
        for i in range(n):
            x[i] += leak[i] * (total[i] - x[i])
            fluctuations[t, i] = x[i] - known[i]
            known[i] = old * known[i] + new * x[i]
            rates[t + 1, i] = tanh(x[i])
