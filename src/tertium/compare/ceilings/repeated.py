"""Single repeats against the mean of the others: the leave-one-repeat-out bounds, and the oracle."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tertium.compare.ceilings.estimate import FISHER, Estimate, jackknife, over_units, ratio
from tertium.compare.ceilings.explainable import signal_and_noise, variance_moments
from tertium.compare.ceilings.trials import Repeats, by_block, equal_repeats

FloatArray = npt.NDArray[np.float64]


def leave_one_repeat_out(repeats: Repeats) -> Estimate:
    """Estimate correlations of single repeats with the mean of the others (lower), and of all repeats (upper).

    With S the variance of the true means, N that of trials and n repeats: S / sqrt((S + N)(S + N / (n - 1))), and
    sqrt((S + N / n) / (S + N)). A perfect model has sqrt(S / (S + N)). Covariances and variances are pooled over
    repeats before the ratio is taken; the rest of the bias is taken out by the jackknife over stimuli.
    """

    def some(where: slice) -> Estimate:
        part = repeats.of_units(where)
        moments = _moments(part)
        lower, upper = jackknife(moments, _with_others, FISHER), jackknife(moments, _with_all, FISHER)
        signal, noise = signal_and_noise(variance_moments(part).sum(axis=0))
        return Estimate(lower.value, lower.value, upper.value, np.stack([lower.low, lower.high]), signal, noise)

    return over_units(len(repeats.units), 12 * repeats.points, some)


def oracle(repeats: Repeats) -> Estimate:
    """Estimate how well the mean of the other repeats predicts a repeat (Walker et al. 2019), with its interval.

    The lower bound of `leave_one_repeat_out`; equal numbers of repeats only, since it depends on them. In simulation
    (12 to 50 stimuli, 4 or 10 repeats) bias is below 0.01 and the interval covers the truth in 93 to 96 %.
    """
    equal_repeats(repeats, "oracle")
    found = leave_one_repeat_out(repeats)
    low, high = found.interval
    return Estimate(found.value, low, high, found.interval, found.signal, found.noise)


def _moments(repeats: Repeats) -> FloatArray:
    """Return what each block adds to count, sum, repeat x others, repeat^2, others^2, mean^2; (block, 6, unit).

    Sums over the repeats r of a stimulus follow from T = sum x and Q = sum x^2, since the others' mean is
    (T - x) / (n - 1); repeats, others and means of all have the same mean.
    """
    n = repeats.n_repeats[:, None, None].astype(np.float64)
    total, squares = repeats.sums(), repeats.sums(repeats.values**2)
    parts = (
        np.broadcast_to(n, total.shape),
        total,
        (total**2 - squares) / (n - 1),
        squares,
        ((n - 2) * total**2 + squares) / (n - 1) ** 2,
        total**2 / n,
    )
    return by_block(np.stack(parts, axis=2))


def _centred(sums: FloatArray) -> list[FloatArray]:
    middle = sums[..., 1, :] ** 2 / sums[..., 0, :]
    return [sums[..., i, :] - middle for i in range(2, 6)]


def _with_others(sums: FloatArray) -> FloatArray:
    product, one, others, _ = _centred(sums)
    return ratio(product, np.sqrt(np.maximum(one * others, 0.0)))


def _with_all(sums: FloatArray) -> FloatArray:
    _, one, _, everyone = _centred(sums)
    return np.sqrt(np.maximum(ratio(everyone, one), 0.0))
