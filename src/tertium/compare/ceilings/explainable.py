"""Fraction of explainable variance: how much of the variance of single trials is signal."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tertium.compare.ceilings.estimate import Estimate, intraclass, jackknife, over_units, ratio
from tertium.compare.ceilings.trials import Repeats, by_block

FloatArray = npt.NDArray[np.float64]


def explainable_variance(repeats: Repeats) -> Estimate:
    """Estimate S / (S + N): signal variance over total variance of single trials (Cadena et al. 2019).

    Var[y] and the noise are unbiased estimates with equal weight on every stimulus, so that unequal numbers of
    repeats do no harm; the bias of their ratio is taken out by the jackknife. In simulation (12 to 50 stimuli, 4 or 10
    repeats, true values 0.1 to 0.8) bias is below 0.005 and the interval covers the truth in 94 to 96 %.
    """
    n = float(1 / np.mean(1 / repeats.n_repeats))

    def some(where: slice) -> Estimate:
        moments = variance_moments(repeats.of_units(where))
        value, low, high = jackknife(moments, _share, intraclass(n))
        signal, noise = signal_and_noise(moments.sum(axis=0))
        return Estimate(value, low, high, np.stack([low, high]), signal, noise)

    return over_units(len(repeats.units), 10 * repeats.points, some)


def variance_moments(repeats: Repeats) -> FloatArray:
    """Return what each block adds to count, mean, squared mean, variance of the mean, variance of trials.

    Shape (block, 5, unit).
    """
    means = repeats.means()
    within = repeats.within(means)
    parts = (np.ones_like(means), means, means**2, within / repeats.n_repeats[:, None, None], within)
    return by_block(np.stack(parts, axis=2))


def signal_and_noise(sums: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the variance of the true means and of the trials around them from summed moments, (..., 5, unit)."""
    count = sums[..., 0, :]
    total = (sums[..., 2, :] - sums[..., 1, :] ** 2 / count) / (count - 1)
    return total - sums[..., 3, :] / count, sums[..., 4, :] / count


def _share(sums: FloatArray) -> FloatArray:
    signal, noise = signal_and_noise(sums)
    return ratio(signal, signal + noise)
