"""Weights that are a product of where and what, by turns: with one of them fixed the other is a ridge regression.

The weights of a unit are ``W = F'S`` (channel x place), F (rank, channel) what it reads and S (rank, place) where. With
M the metric of places, ``(1 - sparse) (I + smooth L) + sparse diag(1 / eta)``, it minimises

    |y - <X, W>|^2 + strength * tr(W M W'),   or   sum(mu - y log mu) + strength / 2 * tr(W M W')

with ``mu = exp(offset + <X, W>)``. Over eta, which adds up to 1, the last part of M is least at the square of
``sum over places of |W at a place|`` (a squared group lasso, by the inequality of Cauchy and Schwarz): it is set to
that after each turn. So every turn lowers one function. It depends on W alone, not on how F and S share its size; with
one place it is ridge regression.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve

from tertium.compare.encoding.models.poisson import floored_mean
from tertium.compare.spike_trains.newton import LIMIT, fit_poisson

FloatArray = npt.NDArray[np.float64]

#: Numbers that a temporary array may hold; the least share of a place in eta, over the mean.
TEMPORARY, _LEAST_SHARE = 4_000_000, 1e-3

#: Added to the diagonal of an equation, over the mean of it: ranks that are not needed leave it singular.
_JITTER = 1e-10

#: Newton steps of a turn under the Poisson loss: no use to finish before the other half has turned.
_NEWTON = 4


@dataclass(frozen=True, eq=False)
class Prior:
    """What is known of the places.

    Attributes
    ----------
    metric : array, shape (place, place)
        ``I + smooth L``.
    sparse : float
        From 0 to below 1.
    """

    metric: FloatArray
    sparse: float

    def of(self, eta: FloatArray) -> FloatArray:
        """Return M of one unit."""
        return (1 - self.sparse) * self.metric + np.diag(self.sparse / eta) if self.sparse else self.metric


@dataclass(frozen=True, eq=False)
class Factors:
    """Weights of units.

    Attributes
    ----------
    what : array, shape (unit, rank, channel)
    where : array, shape (unit, rank, place)
        Each of size 1.
    eta : array, shape (unit, place)
    offset : array, shape (unit,)
        Prediction at the mean of the features; its logarithm under the Poisson loss.
    path : array, shape (turn, unit)
        What is minimised, after each turn of both.
    """

    what: FloatArray
    where: FloatArray
    eta: FloatArray
    offset: FloatArray
    path: FloatArray

    def linear(self, X: FloatArray) -> FloatArray:
        """Return ``offset + <X, W>``, (sample, unit), of centred features (sample, channel, place)."""
        units, rank, _ = self.what.shape
        found = np.empty((len(X), units))
        step = max(1, TEMPORARY // (len(X) * rank * X.shape[2]))
        for first in range(0, units, step):
            some = slice(first, first + step)
            maps = np.matmul(self.what[some].reshape(-1, X.shape[1]).astype(X.dtype), X)
            maps = maps.reshape(len(X), -1, rank, X.shape[2])
            found[:, some] = np.einsum("nurp,urp->nu", maps, self.where[some].astype(X.dtype))
        return found + self.offset

    def expected(self, X: FloatArray) -> FloatArray:
        """Return expected counts, within a factor of ``exp(30)`` of those at the mean of the features."""
        return np.exp(np.clip(self.linear(X), self.offset - LIMIT / 2, self.offset + LIMIT / 2))


def first_factors(X: FloatArray, Y: FloatArray, rank: int, *, poisson: bool) -> Factors:
    """Return the leading singular directions of the covariance of features and responses: where to begin.

    Parameters
    ----------
    X : array, shape (sample, channel, place)
        Each less its mean.
    Y : array, shape (sample, unit)
    rank : int
        At most the number of channels and of places.
    poisson : bool
        Whether offsets are logarithms of counts.
    """
    n, channels, places = X.shape
    means = floored_mean(Y) if poisson else Y.mean(0)
    covariance = ((Y - Y.mean(0)).astype(X.dtype).T @ X.reshape(n, -1)).reshape(-1, channels, places)
    where = np.linalg.svd(covariance.astype(np.float64), full_matrices=False)[2][:, :rank]
    return Factors(
        np.zeros((len(where), rank, channels)),
        where,
        np.full((len(where), places), 1 / places),
        np.log(means) if poisson else means,
        np.empty((0, len(where))),
    )


def fit_factors(
    X: FloatArray,
    Y: FloatArray,
    start: Factors,
    strengths: FloatArray,
    prior: Prior,
    *,
    poisson: bool = False,
    steps: int = 50,
    tolerance: float = 1e-6,
) -> Factors:
    """Turn by turn find what units read and where.

    Parameters
    ----------
    X : array, shape (sample, channel, place)
        Each less its mean.
    Y : array, shape (sample, unit)
    start : Factors
    strengths : array, shape (unit,)
        Of the penalty.
    prior : Prior
    poisson : bool
        Whether responses are counts.
    steps : int
        Most turns.
    tolerance : float
        A unit has arrived when a turn of both gains less than this part of its sum of squares, or of its counts.

    Returns
    -------
    Factors
        Units that do not vary get no weights.
    """
    what, where, eta = start.what.copy(), start.where.copy(), start.eta.copy()
    offset, path = start.offset.copy(), np.empty((steps, Y.shape[1]))
    none = _without_weights(Y, poisson)
    scale = Y.sum(0) if poisson else none
    active = np.flatnonzero(np.ptp(Y, axis=0) > 0)
    path[:] = none
    rank = what.shape[1]
    step = max(1, TEMPORARY // (len(X) * rank * max(X.shape[1:])))
    for turn in range(steps):
        before = path[turn - 1] if turn else np.full(len(none), np.inf)
        for first in range(0, len(active), step):
            some = active[first : first + step]
            seen = np.matmul(where[some].reshape(-1, X.shape[2]).astype(X.dtype), X.transpose(0, 2, 1))
            for i, u in enumerate(some):
                penalty = np.kron(where[u] @ prior.of(eta[u]) @ where[u].T, np.eye(X.shape[1]))
                part = _flat(seen, i, rank)
                what[u], offset[u], _ = _half(part, Y[:, u], penalty, strengths[u], what[u], offset[u], poisson)
            maps = np.matmul(what[some].reshape(-1, X.shape[1]).astype(X.dtype), X)
            for i, u in enumerate(some):
                penalty = np.kron(what[u] @ what[u].T, prior.of(eta[u]))
                part = _flat(maps, i, rank)
                where[u], offset[u], loss = _half(part, Y[:, u], penalty, strengths[u], where[u], offset[u], poisson)
                path[turn:, u] = loss + _settle(what, where, eta, u, prior, strengths[u] * (0.5 if poisson else 1.0))
        active = active[before[active] - path[turn, active] > tolerance * scale[active]]
        if not len(active):
            path = path[: turn + 1]
            break
    return Factors(what, where, eta, offset, path)


def shares(sizes: FloatArray) -> FloatArray:
    """Return eta, adding up to 1 and no share below a least one, with the least sum of ``sizes^2 / eta``.

    Examples
    --------
    >>> shares(np.array([3.0, 1.0])).tolist()
    [0.75, 0.25]
    """
    least = _LEAST_SHARE / len(sizes)
    free = np.ones(len(sizes), dtype=bool)
    while True:  # each time round at least one more share is the least one
        total = sizes[free].sum()
        if not total > 0:
            return np.full(len(sizes), 1 / len(sizes))
        found = np.where(free, sizes / total * (1 - least * (~free).sum()), least)
        if (found[free] >= least).all():
            return found
        free &= found >= least


def _settle(what: FloatArray, where: FloatArray, eta: FloatArray, u: int, prior: Prior, strength: float) -> float:
    """Put the size of a unit's weights into ``what``, find its eta, and return the penalty."""
    size = np.linalg.norm(where[u], axis=1, keepdims=True)
    size[size == 0] = 1.0
    where[u] /= size
    what[u] *= size
    if prior.sparse:
        eta[u] = shares(np.linalg.norm(what[u].T @ where[u], axis=0))
    metric = prior.of(eta[u])
    return strength * float(np.sum((what[u] @ what[u].T) * (where[u] @ metric @ where[u].T)))


def _half(
    design: FloatArray,
    responses: FloatArray,
    penalty: FloatArray,
    strength: float,
    start: FloatArray,
    offset: float,
    poisson: bool,
) -> tuple[FloatArray, float, float]:
    """Return one factor while the other is fixed, the offset, and the loss without its penalty."""
    if poisson:
        ones = np.concatenate([np.ones((len(design), 1)), design], axis=1)
        full = np.zeros((ones.shape[1], ones.shape[1]))
        full[1:, 1:] = penalty + _JITTER * np.trace(penalty) / len(penalty) * np.eye(len(penalty))
        begin = np.r_[offset, start.ravel()][None]
        found = fit_poisson(ones, responses[:, None], full, np.full(1, strength), begin, steps=_NEWTON).weights[0]
        linear = ones @ found
        return found[1:].reshape(start.shape), float(found[0]), float((np.exp(linear) - responses * linear).sum())
    wanted = responses - offset
    products = design.T @ design + strength * penalty
    scale = float(np.trace(products)) / len(products)
    if not scale > 0:
        return start, offset, float(wanted @ wanted)
    products[np.diag_indices_from(products)] += _JITTER * scale
    found = cho_solve(cho_factor(products, lower=True, check_finite=False), design.T @ wanted, check_finite=False)
    error = wanted - design @ found
    return found.reshape(start.shape), offset, float(error @ error)


def _flat(found: FloatArray, unit: int, rank: int) -> FloatArray:
    """Return the design of one unit, (sample, rank * column), from those of all."""
    part = found[:, unit * rank : (unit + 1) * rank]
    return np.asarray(part.reshape(len(found), -1), dtype=np.float64)


def _without_weights(Y: FloatArray, poisson: bool) -> FloatArray:
    """Return what is minimised where no feature has a weight."""
    if not poisson:
        return np.asarray(((Y - Y.mean(0)) ** 2).sum(0))
    means = floored_mean(Y)
    return np.asarray((means - Y * np.log(means)).sum(0))
