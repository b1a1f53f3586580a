"""Poisson regression with a quadratic penalty, by Newton's method for many units at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import torch

FloatArray = npt.NDArray[np.float64]

#: The logarithm of an expected count is held below this: a step that goes there is halved, and nothing overflows.
LIMIT = 60.0

#: Numbers that a temporary array may hold.
_TEMPORARY = 4_000_000

#: Relative residual of conjugate gradients, and their most steps.
_RESIDUAL, _GRADIENTS = 1e-4, 500


@dataclass(frozen=True, eq=False)
class PoissonFit:
    """Weights of a log-linear model of counts.

    Attributes
    ----------
    weights : array, shape (target, column)
        ``expected counts = exp(design @ weights)``.
    converged : array of bool, shape (target,)
    steps : int
        Newton steps of the target that took most.
    """

    weights: FloatArray
    converged: npt.NDArray[np.bool_]
    steps: int


def fit_poisson(
    design: FloatArray,
    counts: FloatArray,
    penalty: FloatArray,
    strength: FloatArray,
    start: FloatArray,
    *,
    steps: int = 100,
    tolerance: float = 1e-14,
    orthogonal: bool = False,
) -> PoissonFit:
    """Minimise ``sum(expected - counts * log(expected)) + strength / 2 * w' penalty w``, for each target.

    The function is convex. Newton steps are halved until it falls (Armijo's rule), so that any start will do. They
    are solved by Cholesky, or, where columns are orthogonal, by conjugate gradients, which are then fast.

    Parameters
    ----------
    design : array, shape (sample, column)
        With a column of ones where an intercept is wanted.
    counts : array, shape (sample, target)
        Numbers of 0 or more. A silent target has no best intercept: leave it out, or penalise it.
    penalty : array, shape (column, column)
        Positive semi-definite; zeros for what is left free.
    strength : array, shape (target,)
        How much of the penalty each target takes.
    start : array, shape (target, column)
    steps : int
        Most Newton steps.
    tolerance : float
        A target has arrived where half the Newton decrement, what another step would gain in likelihood, is below this
        for each spike.
    orthogonal : bool
        Whether columns are orthogonal, as principal axes are.

    Examples
    --------
    >>> ones, counts = np.ones((4, 1)), np.array([[0.0], [1.0], [2.0], [5.0]])
    >>> fit = fit_poisson(ones, counts, np.zeros((1, 1)), np.zeros(1), np.zeros((1, 1)))
    >>> np.exp(fit.weights).round(12).tolist(), fit.converged.tolist()
    ([[2.0]], [True])
    """
    import torch

    X, P = (torch.from_numpy(np.ascontiguousarray(one, dtype=np.float64)) for one in (design, penalty))
    columns = design.shape[1]
    width = max(1, _TEMPORARY // (len(design) if orthogonal else columns**2))
    weights, converged, most = np.empty_like(start), np.zeros(len(start), dtype=bool), 0
    for first in range(0, len(start), width):
        where = slice(first, first + width)
        Y = torch.from_numpy(np.ascontiguousarray(counts[:, where], dtype=np.float64))
        s = torch.from_numpy(np.array(strength[where], dtype=np.float64))
        W = torch.from_numpy(np.array(start[where].T, dtype=np.float64))
        W, done, taken = _descend(X, Y, P, s, W, steps, tolerance, orthogonal)
        weights[where], converged[where], most = W.T.numpy(), done.numpy(), max(most, taken)
    return PoissonFit(weights, converged, most)


def expected_counts(design: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the expected counts, (sample, target), never infinite."""
    return np.asarray(np.exp(np.minimum(design @ weights.T, LIMIT)))


def fisher_information(design: FloatArray, expected: FloatArray) -> FloatArray:
    """Return the Fisher information of the weights of each target, (target, column, column).

    Parameters
    ----------
    design : array, shape (sample, column)
    expected : array, shape (sample, target)
        Expected counts.

    Examples
    --------
    >>> fisher_information(np.ones((4, 1)), np.full((4, 1), 2.0)).tolist()
    [[[8.0]]]
    """
    import torch

    X, mu = (torch.from_numpy(np.ascontiguousarray(one, dtype=np.float64)) for one in (design, expected))
    return np.asarray(_curvature(X, mu).numpy())


def _descend(
    X: torch.Tensor,
    Y: torch.Tensor,
    P: torch.Tensor,
    s: torch.Tensor,
    W: torch.Tensor,
    steps: int,
    tolerance: float,
    orthogonal: bool,
) -> tuple[torch.Tensor, torch.Tensor, int]:
    """Take Newton steps for those targets that have not arrived; W is (column, target)."""
    import torch

    done = torch.zeros(len(s), dtype=torch.bool)
    size = 1 + Y.sum(0)
    for taken in range(steps):
        going = torch.nonzero(~done).ravel()
        if not len(going):
            return W, done, taken
        y, w, strong = Y[:, going], W[:, going], s[going]
        eta = X @ w
        mu = torch.exp(torch.clamp(eta, max=LIMIT))
        slope = X.T @ (mu - y) + strong * (P @ w)
        if orthogonal:
            step = _conjugate_gradients(X, mu, P, strong, slope)
        else:
            step = _solve(_curvature(X, mu) + strong[:, None, None] * P, slope)
        decrement = (slope * step).sum(0)
        W[:, going] = w - _length(X, y, P, strong, w, eta, step, decrement) * step
        done[going] = decrement <= 2 * tolerance * size[going]
    return W, done, steps


def _length(
    X: torch.Tensor,
    y: torch.Tensor,
    P: torch.Tensor,
    strong: torch.Tensor,
    w: torch.Tensor,
    eta: torch.Tensor,
    step: torch.Tensor,
    decrement: torch.Tensor,
) -> torch.Tensor:
    """Return how much of each target's step is taken: all, or half of it, or half of that ..."""
    import torch

    change = X @ step

    def value(at: torch.Tensor) -> torch.Tensor:
        now, linear = w - at * step, torch.clamp(eta - at * change, max=LIMIT)
        return (torch.exp(linear) - y * linear).sum(0) + 0.5 * strong * (now * (P @ now)).sum(0)

    length = torch.ones_like(decrement)
    before = value(torch.zeros_like(decrement))
    rounding = 1e-13 * (1 + before.abs())
    for _ in range(60):
        too_far = ~(value(length) <= before - 1e-4 * length * decrement + rounding)
        if not bool(too_far.any()):
            return length
        length = torch.where(too_far, length / 2, length)
    return torch.where(too_far, torch.zeros_like(length), length)


def _curvature(X: torch.Tensor, mu: torch.Tensor) -> torch.Tensor:
    """Return ``X' diag(mu) X`` for each target, a few samples at a time."""
    import torch

    (n, p), k = X.shape, mu.shape[1]
    rows = max(64, _TEMPORARY // (p * k))
    total = torch.zeros(k * p, p, dtype=X.dtype)
    for first in range(0, n, rows):
        x, m = X[first : first + rows], mu[first : first + rows]
        total.addmm_((m.T[:, None, :] * x.T[None]).reshape(k * p, len(x)), x)
    return total.reshape(k, p, p)


def _conjugate_gradients(
    X: torch.Tensor, mu: torch.Tensor, P: torch.Tensor, strong: torch.Tensor, slope: torch.Tensor
) -> torch.Tensor:
    """Solve for the Newton steps of all targets, (column, target), preconditioned by the diagonal of the curvature."""
    import torch

    diagonal = (X * X).T @ mu + P.diagonal()[:, None] * strong
    inverse = 1 / diagonal.clamp_min(1e-300)
    step, left = torch.zeros_like(slope), slope.clone()
    scaled = inverse * left
    along, size = scaled.clone(), (left * scaled).sum(0)
    enough = _RESIDUAL**2 * size
    for _ in range(_GRADIENTS):
        going = size > enough
        if not bool(going.any()):
            break
        bent = X.T @ (mu * (X @ along)) + strong * (P @ along)
        length = torch.where(going, size / (along * bent).sum(0).clamp_min(1e-300), torch.zeros_like(size))
        step, left = step + length * along, left - length * bent
        scaled = inverse * left
        now = (left * scaled).sum(0)
        along, size = scaled + torch.where(going, now / size.clamp_min(1e-300), torch.zeros_like(size)) * along, now
    return step


def _solve(curvature: torch.Tensor, slope: torch.Tensor) -> torch.Tensor:
    """Solve for the Newton steps, (column, target); a singular curvature is helped by a trace of ridge."""
    import torch

    scale = curvature.diagonal(dim1=1, dim2=2).mean(1).clamp_min(1e-300)
    eye = torch.eye(curvature.shape[1], dtype=curvature.dtype)
    help_ = 0.0
    factor, failed = torch.linalg.cholesky_ex(curvature)
    while bool((failed > 0).any()) and help_ < 1.0:
        help_ = max(1e-12, 100 * help_)
        extra = torch.where(failed > 0, help_ * scale, torch.zeros_like(scale))
        curvature = curvature + extra[:, None, None] * eye
        factor, failed = torch.linalg.cholesky_ex(curvature)
    return torch.cholesky_solve(slope.T[:, :, None], factor)[:, :, 0].T
