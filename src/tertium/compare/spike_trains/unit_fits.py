"""One unit's filters: penalties chosen and likelihood measured on bins that were not fitted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tertium.compare.spike_trains.design import Part, penalties
from tertium.compare.spike_trains.newton import expected_counts, fisher_information, fit_poisson
from tertium.compare.validation.folds import Folds

FloatArray = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Pairs = tuple[tuple[Indices, Indices], ...]


@dataclass(frozen=True, eq=False)
class UnitFit:
    """A unit's weights, and its expected counts.

    Attributes
    ----------
    weights : array, shape (column,)
        The intercept first; fitted to all samples.
    covariance : array, shape (column, column)
        Inverse of the Fisher information and the penalty.
    expected : array, shape (sample,)
        By the fit of all samples.
    held_out : array, shape (sample,)
        Of each sample, by the fit that did not see it.
    known_mean : array, shape (sample,)
        Mean count of what that fit saw.
    chosen : tuple of float
        Penalty and smoothness of the fit of all samples.
    """

    weights: FloatArray
    covariance: FloatArray
    expected: FloatArray
    held_out: FloatArray
    known_mean: FloatArray
    chosen: tuple[float, float]


def fit_unit(
    design: FloatArray, counts: FloatArray, parts: list[Part], grid: list[tuple[float, float]], folds: Folds
) -> UnitFit:
    """Fit a unit, in each fold and in all.

    Parameters
    ----------
    design : array, shape (sample, column)
    counts : array, shape (sample,)
    parts : list of Part
    grid : list of (penalty, smoothness)
        Candidates; with more than one, that under which held-out samples are likeliest is taken, within what is fitted.
    folds : Folds
    """
    start = np.zeros(design.shape[1])
    start[0] = np.log(counts.mean())
    first = _fit(design, counts, parts, grid[0], start)
    held_out, known_mean = np.empty(len(counts)), np.empty(len(counts))
    for number, (fitted, tested) in enumerate(folds):
        chosen = grid[0]
        if len(grid) > 1:
            chosen = _choose(design[fitted], counts[fitted], parts, grid, folds.inside(fitted, number).pairs, first)
        weights = _fit(design[fitted], counts[fitted], parts, chosen, first)
        held_out[tested] = expected_counts(design[tested], weights[None])[:, 0]
        known_mean[tested] = counts[fitted].mean()
    chosen = grid[0] if len(grid) == 1 else _choose(design, counts, parts, grid, folds.pairs, first)
    weights = _fit(design, counts, parts, chosen, first)
    expected = expected_counts(design, weights[None])
    curvature = fisher_information(design, expected)[0] + penalties(parts, *chosen)
    # hermitian: without a penalty a filter may be free in some direction, of which nothing is then known
    covariance = np.linalg.pinv(curvature, rcond=1e-14, hermitian=True)
    return UnitFit(weights, covariance, expected[:, 0], held_out, known_mean, chosen)


def _fit(
    design: FloatArray, counts: FloatArray, parts: list[Part], chosen: tuple[float, float], start: FloatArray
) -> FloatArray:
    found = fit_poisson(design, counts[:, None], penalties(parts, *chosen), np.ones(1), start[None])
    return found.weights[0]


def _choose(
    design: FloatArray,
    counts: FloatArray,
    parts: list[Part],
    grid: list[tuple[float, float]],
    pairs: Pairs,
    start: FloatArray,
) -> tuple[float, float]:
    """Return the candidate under which held-out samples are likeliest."""
    likelihood = np.zeros(len(grid))
    for fitted, tested in pairs:
        weights = start
        for i, candidate in enumerate(grid):
            if not counts[fitted].any():
                continue
            weights = _fit(design[fitted], counts[fitted], parts, candidate, weights)
            expected = expected_counts(design[tested], weights[None])[:, 0]
            likelihood[i] += float((counts[tested] * np.log(expected) - expected).sum())
    return grid[int(likelihood.argmax())]
