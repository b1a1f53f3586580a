"""How long regression vectors would be by chance: residuals of trials are shuffled against the regressors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tertium.dynamics.axes.population import Population
from tertium.errors import BadInput
from tertium.rng import Seeds

Floats = npt.NDArray[np.float64]

#: Numbers held at once by the shuffles of one session: 64 MB.
PART = 8_000_000

#: Quantile of the shuffles that is drawn beside the data.
LEVEL = 0.95


def shuffled_norms(
    one: Population, matrices: Sequence[Floats], raw: Floats, n: int, seed: int
) -> tuple[Floats, Floats, Floats]:
    """Shuffle trials within sessions, and return how long the vectors of coefficients become.

    A shuffle of the residuals from all other regressors, fitted anew with all regressors, has the coefficient
    ``f P e``: ``f`` the row of the pseudo-inverse for this regressor, ``P`` the shuffle, ``e`` the residuals
    (Freedman & Lane 1983). So one product of matrices does all shuffles of a session.

    Parameters
    ----------
    one : Population
        Z-scored.
    matrices : sequence of array, shape (trial, 1 + regressor)
        Regressors of each session, the constant first.
    raw : array, shape (regressor, time, unit)
        Coefficients of the data.
    n : int
        Shuffles.
    seed : int

    Returns
    -------
    array, shape (shuffle, regressor)
        Longest norm over time in each shuffle.
    array, shape (regressor, time)
        95 % quantile of the norm over shuffles, time by time.
    array, shape (regressor,)
        ``(1 + shuffles at least as long) / (1 + n)``; NaN for ``n = 0``.
    """
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 0:
        raise BadInput("n_permutations", got=repr(n), expected="a whole number, 0 or more", repair="500 is usual.")
    k, times, _ = raw.shape
    if n == 0:
        return np.zeros((0, k)), np.full((k, times), np.nan), np.full(k, np.nan)
    squares = np.zeros((n, k, times))
    seeds = Seeds(seed).child("tdr")
    for name, r, matrix in zip(one.sessions, one.sessions.values(), matrices, strict=True):
        generator = seeds.numpy(f"session {name}")
        orders = generator.permuted(np.tile(np.arange(len(matrix)), (n, 1)), axis=1)
        for j in range(k):
            squares[:, j] += _squares(r.values, matrix, j + 1, orders)
    norms = np.sqrt(squares)
    longest = norms.max(2)
    found = np.linalg.norm(raw, axis=2).max(1)
    # the last digits depend on the order of sums: a shuffle that changes nothing counts as equal
    p = (1 + (longest >= found * (1 - 1e-12)).sum(0)) / (1 + n)
    return longest, np.asarray(np.quantile(norms, LEVEL, axis=0)), np.asarray(p, dtype=np.float64)


def _squares(values: Floats, matrix: Floats, j: int, orders: npt.NDArray[np.int64]) -> Floats:
    """Return the squared length of the vector of one regressor in each shuffle, over the units, (shuffle, time)."""
    trials, times, units = values.shape
    others = np.delete(matrix, j, axis=1)
    flat = values.reshape(trials, -1)
    left = flat - others @ (np.linalg.pinv(others) @ flat)
    row = np.linalg.pinv(matrix)[j]
    found = np.empty((len(orders), times))
    size = max(1, PART // max(trials, times * units))
    for start in range(0, len(orders), size):
        some = slice(start, start + size)
        betas = (row[orders[some]] @ left).reshape(-1, times, units)
        found[some] = np.einsum("stu,stu->st", betas, betas)
    return found
