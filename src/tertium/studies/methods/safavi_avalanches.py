"""How far avalanches are from those of a critical system: kappa, bumps, tails."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tertium.errors import BadInput
from tertium.geometry import fit_power_law

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


def avalanche_sizes(counts: Counts, bin: int) -> Counts:
    """Return the spikes in each stretch of active bins between silent ones; those that touch the ends are left out.

    Examples
    --------
    >>> avalanche_sizes(np.array([1, 0, 2, 1, 0, 0, 3, 0]), 1).tolist()
    [3, 3]
    """
    whole = len(counts) // bin * bin
    binned = counts[:whole].reshape(-1, bin).sum(axis=1)
    active = np.concatenate([[0], (binned > 0).astype(int), [0]])
    starts, stops = np.flatnonzero(np.diff(active) == 1), np.flatnonzero(np.diff(active) == -1)
    inside = (starts > 0) & (stops < len(binned))
    passed = np.concatenate([[0], np.cumsum(binned)])
    return np.asarray(passed[stops[inside]] - passed[starts[inside]])


def kappa(sizes: Counts, largest: int, exponent: float = 1.5, places: int = 10) -> float:
    """Return kappa of avalanche sizes: 1 for those of a critical system, above for larger ones, below for smaller ones.

    One plus the mean difference between the distribution of the critical power law, which ends at ``largest``, and that
    of the sizes, at places that are evenly spaced on a logarithmic axis (Shew et al. 2009).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> law = np.arange(1, 401) ** -1.5
    >>> round(kappa(rng.choice(np.arange(1, 401), 20_000, p=law / law.sum()), 400), 2)
    1.0
    >>> kappa(np.ones(100, dtype=int), 400) < 1 < kappa(np.full(100, 400), 400)
    True
    """
    if not len(sizes):
        return float("nan")
    law = np.cumsum(np.arange(1, largest + 1) ** -exponent)
    at = np.round(np.geomspace(1, largest, places + 1)).astype(int)[:-1]
    found = np.searchsorted(np.sort(sizes), at, side="right") / len(sizes)
    return float(1 + np.mean(law[at - 1] / law[-1] - found))


def exponential_or_power_law(sizes: Counts, largest: int) -> float:
    """Return Vuong's statistic, above 0 where a power law is likelier than an exponential; NaN without an exponent."""
    try:
        law = fit_power_law(sizes, low=1, high=largest, alternatives=("exponential",), bootstrap=0)
    except BadInput:
        return float("nan")
    return float(law.tests[0].statistic)


def density(sizes: Counts, per_decade: int = 6) -> Floats:
    """Return middles of logarithmic bins and the densities of sizes in them, (2, bin); empty bins are left out."""
    edges = np.unique(np.floor(10 ** np.arange(0, np.log10(sizes.max() + 1) + 1 / per_decade, 1 / per_decade)))
    found, _ = np.histogram(sizes, edges - 0.5)
    middles = np.sqrt(edges[:-1] * np.maximum(edges[1:] - 1, edges[:-1]))
    kept = found > 0
    return np.stack([middles[kept], found[kept] / (np.diff(edges)[kept] * len(sizes))])
