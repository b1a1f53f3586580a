"""Noise of single trials: its covariance, with and without held-out trials, and its power in averages."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from tertium.dynamics.demixed.marginals import Groups, condition_shares
from tertium.dynamics.demixed.pseudo_population import PseudoPopulation

Floats = npt.NDArray[np.float64]

#: Which covariances of the noise are estimated: variances only, those of units recorded together too, or none.
Noise = Literal["diagonal", "full"]


@dataclass(frozen=True, eq=False)
class NoiseCovariance:
    """Covariance of single trials around the average of their condition, summed over conditions and times.

    It penalises decoders that read the noise (Kobak et al. 2016, Methods, "Unbalanced datasets": the noise term of the
    re-balanced loss). Sums of squares are divided by the number of trials, as in the loss; a unit's conditions with one
    trial, which show no noise, get the mean of its other conditions.

    Attributes
    ----------
    population : PseudoPopulation
    kind : {"diagonal", "full"}
    """

    population: PseudoPopulation
    kind: Noise

    @cached_property
    def matrix(self) -> Floats:
        """All trials' covariance, shape (unit, unit), to be added to ``X X'`` of the averages."""
        return self._assemble(0)

    def without(self, held: Floats) -> Floats:
        """Return the covariance without the held-out trials (unit, condition, time); every condition has 2 or more.

        Leaving one of K trials out takes ``K / (K - 1) d d'`` from the sum of squares, d its distance from the mean.
        """
        counts = self.population.counts
        gone = (held - self.population.means) * (np.sqrt(counts) / (counts - 1))[..., None]
        flat = gone.reshape(len(gone), -1)
        if self.kind == "diagonal":
            return self._left - np.diag((flat**2).sum(1))
        return self._left - np.where(self._together, flat @ flat.T, 0.0)

    @cached_property
    def _left(self) -> Floats:
        return self._assemble(1)

    @cached_property
    def _together(self) -> npt.NDArray[np.bool_]:
        sessions = self.population.sessions
        return np.asarray(sessions[:, None] == sessions[None, :])

    def _assemble(self, fewer: int) -> Floats:
        """Return the sum over conditions of squares / (trials - fewer)."""
        made = self.population
        divisor = np.maximum(made.counts - fewer, 1)
        repeated = (made.counts > 1).sum(1)
        scale = np.where(repeated > 0, made.counts.shape[1] / np.maximum(repeated, 1), 0.0)
        weighted = made.residuals * np.sqrt(1 / np.repeat(divisor.ravel(), made.counts.ravel()))[:, None]
        totals = made.counts.sum(1)
        begins = np.cumsum(totals) - totals
        if self.kind == "diagonal":
            return np.diag(scale * np.add.reduceat((weighted**2).sum(1), begins))
        covariance = np.zeros((len(totals), len(totals)))
        for session in np.unique(made.sessions):
            own = np.flatnonzero(made.sessions == session)
            begin = begins[own[0]]
            block = weighted[begin : begin + len(own) * totals[own[0]]].reshape(len(own), -1)
            covariance[np.ix_(own, own)] = scale[own[0]] * (block @ block.T)
        return covariance


def noise_power(population: PseudoPopulation, groups: Groups) -> dict[str, float] | None:
    """Return the sum of squares that noise alone is expected to leave in each marginalisation of the averages.

    The paper subtracts, of one unit and condition, the squared half-difference of two trials, marginalised like the
    data; this is its expectation, in closed form, from all trials: noise is independent between conditions, so that
    only the power of its mean over time and of its changes in time have to be known.

    Returns
    -------
    dict of float, or None
        None if a unit has no condition with two trials. Conditions with one trial are given the mean of its others.
    """
    made = population
    if not (made.counts > 1).any(axis=1).all():
        return None
    n_times = made.rows.shape[1]
    starts, counts = made.starts.ravel(), made.counts
    total = np.add.reduceat((made.residuals**2).sum(1), starts).reshape(counts.shape)
    slow = np.add.reduceat(n_times * made.residuals.mean(1) ** 2, starts).reshape(counts.shape)
    powers = []
    for squares in (slow, total - slow):
        variance = np.where(counts > 1, squares / np.maximum(counts - 1, 1), np.nan)
        filled = np.where(counts > 1, variance, np.nanmean(variance, axis=1, keepdims=True))
        powers.append(float((filled / counts).sum()))
    labels = [name for name, _ in made.levels]
    shares = condition_shares(groups, made.sizes, labels)
    return {name: shares[name][0] * powers[0] + shares[name][1] * powers[1] for name in groups}
