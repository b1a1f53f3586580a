"""Reliability of mean responses: split halves with Spearman and Brown's correction, and signal power."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tertium.compare.ceilings.estimate import Estimate
from tertium.compare.ceilings.trials import Repeats

FloatArray = npt.NDArray[np.float64]


def signal_power(repeats: Repeats) -> Estimate:
    """Estimate the reliability of the means from the variance between and within stimuli (Sahani & Linden 2003)."""
    total, mean_noise, noise = _powers(repeats)
    return _estimate(repeats, total - mean_noise, total, mean_noise, noise)


def split_half(repeats: Repeats, n_splits: int, generator: np.random.Generator) -> Estimate:
    """Estimate the reliability of the means from the covariance of random halves of the repeats."""
    total, mean_noise, noise = _powers(repeats)
    return _estimate(repeats, _split_covariance(repeats, n_splits, generator), total, mean_noise, noise)


def reliability_of(
    signal: FloatArray, total: FloatArray, points: int, within: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the unbiased reliability and its 95 % interval; 1 - signal / total is 1 / F.

    Parameters
    ----------
    signal, total : array
        Estimates of the variance of the true means, and the variance of the measured ones.
    points, within : int
        Number of means; degrees of freedom of the noise.
    """
    from scipy import stats

    noise_share = 1.0 - signal / np.where(total > 0, total, 1.0)
    high, low = stats.f.ppf([0.975, 0.025], points - 1, within)
    value = 1.0 - noise_share * (points - 3.0) / (points - 1.0)
    return value, 1.0 - noise_share * high, 1.0 - noise_share * low


def _estimate(
    repeats: Repeats, signal: FloatArray, total: FloatArray, mean_noise: FloatArray, noise: FloatArray
) -> Estimate:
    within = int((repeats.n_repeats - 1).sum()) * repeats.values.shape[1]
    value, low, high = reliability_of(signal, total, repeats.points, within)
    return Estimate(value, low, high, np.stack([low, high]), total - mean_noise, noise)


def _powers(repeats: Repeats) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return variances of each unit: of the mean responses, of their noise, of single trials' noise."""
    means = repeats.means()
    within = repeats.within(means)
    total = means.reshape(repeats.points, -1).var(axis=0, ddof=1)
    return total, (within / repeats.n_repeats[:, None, None]).mean(axis=(0, 1)), within.mean(axis=(0, 1))


def _split_covariance(repeats: Repeats, n_splits: int, generator: np.random.Generator) -> FloatArray:
    """Return the covariance over stimuli of the means of two random halves of the repeats, mean over splits."""
    values, n_repeats = repeats.values, repeats.n_repeats
    n_trials, n_units = len(values), values.shape[2]
    stimulus = np.repeat(np.arange(len(n_repeats)), n_repeats)
    rank_start = np.repeat(np.cumsum(n_repeats) - n_repeats, n_repeats)
    total = repeats.sums()
    first_size = n_repeats // 2
    starts = np.cumsum(first_size) - first_size
    pooled = np.zeros(n_units)
    for _ in range(n_splits):
        # trials in random order within their stimulus; the first half of each goes into one half of the data
        order = np.lexsort((generator.random(n_trials), stimulus))
        first = order[(np.arange(n_trials) - rank_start) < np.repeat(first_size, n_repeats)]
        part = np.add.reduceat(values[first], starts, axis=0)
        a = (part / first_size[:, None, None]).reshape(-1, n_units)
        b = ((total - part) / (n_repeats - first_size)[:, None, None]).reshape(-1, n_units)
        pooled += ((a - a.mean(axis=0)) * (b - b.mean(axis=0))).sum(axis=0) / (len(a) - 1)
    return pooled / n_splits
