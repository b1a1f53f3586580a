"""Dissimilarity of spike rates under Poisson noise: the symmetrised Kullback-Leibler divergence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tertium.compare.distances.cells import gather, pair_weights
from tertium.compare.distances.design import check_design, divide_pairs
from tertium.compare.distances.pairs import (
    FloatArray,
    IntArray,
    check_patterns,
    condensed,
    from_products,
    name_of,
)
from tertium.errors import BadInput


def poisson_kl(
    rates: npt.ArrayLike,
    *,
    prior_rate: float = 1.0,
    prior_weight: float = 0.1,
    names: Sequence[str] | None = None,
) -> FloatArray:
    """Return how well spike counts tell each two conditions apart if they are Poisson, per channel.

    ``KL(a || b) + KL(b || a) = sum (a - b) (log a - log b)`` over channels, divided by their number (Schutt et al.
    2023, section on dissimilarity measures). Rates are first drawn towards a prior, ``(rate + prior_rate *
    prior_weight) / (1 + prior_weight)``, the posterior mean under a gamma prior, so that a silent channel does not
    make the divergence infinite.

    Parameters
    ----------
    rates : array, shape (condition, channel)
        Mean counts per trial, or rates in Hz (then the result scales with the counting window: per second).
    prior_rate : float
        Rate expected beforehand, in the unit of ``rates``.
    prior_weight : float
        How many observations the prior is worth.
    names : sequence of str, optional
        Names of the conditions, for messages.

    Returns
    -------
    array, shape (condition (condition - 1) / 2,)
        In nats per channel; not negative.

    Raises
    ------
    BadInput
        If a rate is negative, or the prior is not positive.

    Examples
    --------
    >>> poisson_kl([[1.0], [np.e]], prior_weight=1e-12).round(6)
    array([1.718282])
    """
    x = smoothed_rates(check_patterns(rates), prior_rate=prior_rate, prior_weight=prior_weight, names=names)
    return np.asarray(np.maximum(condensed(from_products(x @ np.log(x).T)), 0.0) / x.shape[1])


def poisson_kl_cv(
    counts: FloatArray,
    condition: IntArray,
    run: IntArray,
    *,
    prior_rate: float = 1.0,
    prior_weight: float = 0.1,
    names: Sequence[str] | None = None,
) -> FloatArray:
    """Return the cross-validated symmetrised Poisson divergence: zero on average for conditions of equal rates.

    The weighted mean of ``(a_r - b_r) (log a_s - log b_s) / channels`` over all ordered pairs of different runs r and
    s that hold both conditions, with the weights of `crossnobis`.

    Parameters
    ----------
    counts : array, shape (trial, channel)
        Spike counts or rates.
    condition, run : array of int, shape (trial,)
        Numbers from 0.
    prior_rate, prior_weight : float
        As in `poisson_kl`; the prior is applied to the mean of each condition in each run.
    names : sequence of str, optional
        Names of the conditions, for messages.

    Returns
    -------
    array, shape (condition (condition - 1) / 2,)
        In nats per channel; may be negative.

    Raises
    ------
    BadInput
        If a rate is negative, the prior is not positive, or two conditions are together in fewer than two runs.

    Examples
    --------
    >>> poisson_kl_cv(np.array([[1.0], [4.0], [1.0], [4.0]]), np.array([0, 1, 0, 1]), np.array([0, 0, 1, 1])).round(3)
    array([3.588])
    """
    check_design(condition, run, what="cross-validated Poisson dissimilarity")
    cells = gather(counts, condition, run)
    rates = smoothed_rates(cells.means, prior_rate=prior_rate, prior_weight=prior_weight, names=names)
    logs = np.log(rates)
    by_run = [pair_weights(n) for n in cells.counts]
    n_runs, n, n_channels = rates.shape
    total, weight = np.zeros((n, n)), np.zeros((n, n))
    for r in range(n_runs):
        for s in range(n_runs):
            if r != s:
                w = by_run[r] * by_run[s]
                total += w * from_products(rates[r] @ logs[s].T)
                weight += w * n_channels
    return divide_pairs(condensed(total), condensed(weight), names)


def smoothed_rates(
    rates: FloatArray, *, prior_rate: float, prior_weight: float, names: Sequence[str] | None = None
) -> FloatArray:
    """Return posterior mean rates under a gamma prior, shape of ``rates`` (..., condition, channel).

    Raises
    ------
    BadInput
        If a rate is negative or the prior is not positive.

    Examples
    --------
    >>> smoothed_rates(np.array([[0.0, 2.1]]), prior_rate=1.0, prior_weight=0.1).round(3)
    array([[0.091, 2.   ]])
    """
    if not (np.isfinite(prior_rate) and np.isfinite(prior_weight) and prior_rate > 0 and prior_weight > 0):
        raise BadInput(
            "Poisson prior",
            got=f"prior_rate={prior_rate}, prior_weight={prior_weight}",
            expected="two positive numbers",
            repair="The defaults are 1.0 and 0.1.",
        )
    if (rates < 0).any():
        *_, condition, channel = (int(i) for i in np.argwhere(rates < 0)[0])
        raise BadInput(
            f"Poisson dissimilarity of condition {name_of(condition, names)}",
            got=f"a negative rate in channel {channel} ({float(rates[rates < 0].min()):.3g} at the lowest)",
            expected="spike counts or rates, 0 or above",
            repair="Use the responses before z-scoring or baseline subtraction, or metric='euclidean'.",
        )
    return np.asarray((rates + prior_rate * prior_weight) / (1.0 + prior_weight))
