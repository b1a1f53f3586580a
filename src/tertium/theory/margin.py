"""Is a labelled set linearly separable, how widely, and how many mistakes may a perceptron make on it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tertium.errors import BadInput

# A distance from the origin below this, relative to the longest point, is rounding error of the NNLS solver.
_TOUCHES = 1e-7
# The linear program's own feasibility tolerance is 1e-7: a smaller margin is none.
_FEASIBLE = 1e-6


def separable(inputs: ArrayLike, signs: ArrayLike) -> bool:
    """Say whether a plane through the origin puts all points on the side of their sign (a linear program).

    Parameters
    ----------
    inputs : array_like, shape (sample, channel)
        The points; append a column of ones to allow a bias.
    signs : array_like, shape (sample,)
        -1 or +1.

    Returns
    -------
    bool
        Whether some w has ``signs * (inputs @ w) > 0`` throughout.

    Raises
    ------
    BadInput
        If the shapes disagree, a sign is neither -1 nor +1, or the solver gave no answer.

    Examples
    --------
    >>> x = [[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]]  # two bits and a bias
    >>> separable(x, [-1, -1, -1, 1]), separable(x, [-1, 1, 1, -1])  # AND, XOR
    (True, False)
    """
    from scipy.optimize import linprog

    signed = _signed(inputs, signs)
    samples, channels = signed.shape
    # Largest t with signed @ w >= t and |w_i| <= 1: unlike "is there a w", always feasible, so the solver must answer.
    answer = linprog(
        np.append(np.zeros(channels), -1.0),
        A_ub=np.hstack([-signed / max(float(np.abs(signed).max()), 1e-300), np.ones((samples, 1))]),
        b_ub=np.zeros(samples),
        bounds=[(-1.0, 1.0)] * channels + [(0.0, 1.0)],
        method="highs",
    )
    if answer.status != 0:
        raise BadInput("linear program", got=answer.message, repair="Scale the inputs to about one.")
    return bool(answer.x[-1] > _FEASIBLE)


def largest_margin(inputs: ArrayLike, signs: ArrayLike) -> float:
    """Return how far from all points the best plane through the origin can stay: the gamma of Novikoff's theorem.

    The largest margin equals the distance of the origin from the convex hull of ``signs * inputs``. It is found
    exactly, as a least distance problem, by the non-negative least squares of Lawson & Hanson.

    Parameters
    ----------
    inputs : array_like, shape (sample, channel)
        The points, in any unit.
    signs : array_like, shape (sample,)
        -1 or +1.

    Returns
    -------
    float
        Margin in the unit of the inputs; 0 if the set is not separable.

    Raises
    ------
    BadInput
        If the shapes disagree or a sign is neither -1 nor +1.

    References
    ----------
    Lawson, C. L. & Hanson, R. J. (1974). Solving Least Squares Problems, chapter 23 (LDP).

    Examples
    --------
    >>> round(largest_margin([[3.0, 1.0], [-3.0, 2.0]], [1, -1]), 6)  # w along (1, 0)
    3.0
    """
    from scipy.optimize import nnls

    signed = _signed(inputs, signs)
    scale = float(np.linalg.norm(signed, axis=1).max())
    if scale == 0:
        return 0.0
    system = np.vstack([signed.T / scale, np.ones(len(signed))])
    goal = np.append(np.zeros(signed.shape[1]), 1.0)
    weights, _ = nnls(system, goal, maxiter=50 * system.shape[1])
    residual = system @ weights - goal
    # residual is proportional to (w, -1) with w the shortest vector of signed @ w >= 1, and the margin is 1 / |w|
    length = float(np.linalg.norm(residual[:-1]))
    if length < _TOUCHES:
        return 0.0
    return -float(residual[-1]) / length * scale


def novikoff_bound(inputs: ArrayLike, signs: ArrayLike) -> float:
    """Return the largest number of mistakes that the perceptron rule can make, from zero weights: (R / gamma)**2.

    Parameters
    ----------
    inputs : array_like, shape (sample, channel)
        The points, with their column of ones if the unit has a bias.
    signs : array_like, shape (sample,)
        -1 or +1.

    Returns
    -------
    float
        The bound; infinity if the set is not separable.

    Raises
    ------
    BadInput
        If the shapes disagree or a sign is neither -1 nor +1.

    References
    ----------
    Novikoff, A. B. J. (1962). On convergence proofs for perceptrons.

    Examples
    --------
    >>> round(novikoff_bound([[1.0, 0.0], [0.0, 1.0]], [1, -1]), 6)
    2.0
    """
    signed = _signed(inputs, signs)
    gamma = largest_margin(inputs, signs)
    return float((signed**2).sum(axis=1).max() / gamma**2) if gamma > 0 else float("inf")


def _signed(inputs: ArrayLike, signs: ArrayLike) -> NDArray[np.float64]:
    points: NDArray[Any] = np.asarray(inputs, dtype=np.float64)
    labels: NDArray[Any] = np.asarray(signs, dtype=np.float64)
    if points.ndim != 2 or labels.shape != points.shape[:1] or not len(points):
        raise BadInput(
            "labelled set",
            got=f"inputs {points.shape} and signs {labels.shape}",
            expected="inputs (sample, channel) and signs (sample,)",
        )
    if not np.isin(labels, (-1.0, 1.0)).all():
        raise BadInput("signs", got=f"{sorted(set(labels.tolist()))[:4]}", expected="-1 and +1")
    return points * labels[:, None]
