"""Correlations of centres: how large they are, and the few axes without which they are smallest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tertium.rng import Seeds

Floats = npt.NDArray[np.float64]

#: Further ranks tried without a gain.
PATIENCE = 3

#: Share of a centre that must be left, relative to the median over centres: one that is wiped out correlates with none.
LEAST_LEFT = 0.1

#: Random starts for each rank, beside the one from the rank before.
STARTS = 2


@dataclass(frozen=True, eq=False)
class SharedAxes:
    """Axes that centres share.

    Attributes
    ----------
    axes : array, shape (unit, rank)
        Orthonormal.
    before, after : float
        Mean absolute correlation of two centres, with these axes and without.
    """

    axes: Floats
    before: float
    after: float


def shared_axes(centres: Floats, seeds: Seeds) -> SharedAxes:
    """Find the axes without which centres are least correlated (Cohen et al. 2020, methods).

    For each rank, from 1 on, the sum of squared correlations of what is left of the centres is made least; the rank
    with the smallest mean absolute correlation is kept.

    Parameters
    ----------
    centres : array, shape (manifold, unit)
        About their mean.
    seeds : Seeds
        Of further starts.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> centres = rng.normal(size=(30, 400)) + 4 * rng.normal(size=(30, 1)) * rng.normal(size=400)
    >>> found = shared_axes(centres - centres.mean(0), Seeds(0))
    >>> found.before > 0.5, found.after < 0.06
    (True, True)
    """
    upper: Any
    basis, upper = np.linalg.qr(centres.T)
    x = np.asarray(upper).T  # (manifold, coordinate)
    before = mean_correlation(x)
    spectrum = np.linalg.svd(x, compute_uv=False) ** 2
    most = min(len(x) - 2, int((spectrum.cumsum() < 0.95 * spectrum.sum()).sum()) + 11)
    best, after, since = np.zeros((x.shape[1], 0)), before, 0
    axes = best
    for rank in range(1, most + 1):
        found = _least_correlated(x, axes, seeds.numpy(f"rank {rank}"))
        if found is None:
            break
        axes = found
        left = mean_correlation(x - x @ axes @ axes.T)
        since = 0 if left < after else since + 1
        if left < after:
            best, after = axes, left
        if since >= PATIENCE:
            break
    return SharedAxes(basis @ best, before, after)


def mean_correlation(centres: Floats) -> float:
    """Return the mean absolute cosine of two different centres, (manifold, unit).

    Examples
    --------
    >>> mean_correlation(np.array([[1.0, 0.0], [0.0, 2.0], [-1.0, 0.0]])).__round__(3)
    0.333
    """
    unit = centres / np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-300)
    n = len(unit)
    return float((np.abs(unit @ unit.T).sum() - n) / (n * (n - 1)))


def cost_and_slope(flat: Floats, x: Floats, rank: int) -> tuple[float, Floats]:
    """Return the sum of squared correlations without the axes that a matrix spans, and its derivative by the matrix.

    Parameters
    ----------
    flat : array, shape (coordinate * rank,)
        The matrix; its columns need not be orthogonal.
    x : array, shape (manifold, coordinate)
    rank : int
    """
    w = flat.reshape(x.shape[1], rank)
    inverse = np.linalg.pinv(w.T @ w)
    projector = w @ inverse @ w.T
    gram = x @ x.T - x @ projector @ x.T
    norms = np.maximum(np.diag(gram), 1e-12 * np.trace(x @ x.T))
    correlation = gram / np.sqrt(np.outer(norms, norms))
    np.fill_diagonal(correlation, 0.0)
    by_gram = 2 * correlation / np.sqrt(np.outer(norms, norms))
    by_gram[np.diag_indices(len(x))] = -2 * (correlation**2).sum(1) / norms
    by_projector = -x.T @ by_gram @ x
    slope = 2 * (by_projector - projector @ by_projector) @ w @ inverse
    return float((correlation**2).sum()), np.asarray(slope.ravel())


def _least_correlated(x: Floats, axes: Floats, rng: np.random.Generator) -> Floats | None:
    """Return orthonormal axes of one rank more than given, without which centres are least correlated, if any."""
    from scipy.optimize import minimize

    rank = axes.shape[1] + 1
    unit = x - x @ axes @ axes.T
    unit /= np.maximum(np.linalg.norm(unit, axis=1, keepdims=True), 1e-300)
    leading = np.linalg.svd(unit, full_matrices=False)[2][0]
    starts = [leading, *(rng.normal(size=len(x)) @ x for _ in range(STARTS))]
    best, cost = None, np.inf
    for start in starts:
        found = minimize(
            cost_and_slope,
            np.linalg.qr(np.column_stack([axes, start]))[0].ravel(),
            args=(x, rank),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": 300},
        )
        spanned = np.asarray(np.linalg.qr(found.x.reshape(-1, rank))[0])
        left = np.linalg.norm(x - x @ spanned @ spanned.T, axis=1) / np.linalg.norm(x, axis=1)
        if found.fun < cost and left.min() >= LEAST_LEFT * np.median(left):
            best, cost = spanned, float(found.fun)
    return best
