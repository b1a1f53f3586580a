"""Where the eigenvalues of a random connectivity lie, and which eigenvalues of added structure stand out of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tertium.errors import BadInput

Complexes = NDArray[np.complex128]


def bulk_axes(gain: float, symmetry: float = 0.0) -> tuple[float, float]:
    """Return how far the eigenvalues of random connectivity reach, along the real and the imaginary axis.

    Entries have variance ``gain**2 / N``; those of a pair of units, J_ij and J_ji, are correlated by ``symmetry``.
    In the limit of many units the eigenvalues fill an ellipse of half axes ``gain (1 + symmetry)`` and
    ``gain (1 - symmetry)`` evenly (Sommers et al. 1988); independent entries give Girko's disc.

    Parameters
    ----------
    gain : float
        Standard deviation of an entry times sqrt(N), 0 or more.
    symmetry : float
        Correlation of reciprocal entries, -1 to 1.

    Returns
    -------
    tuple of float
        Half axes, real and imaginary.

    Raises
    ------
    BadInput
        If the gain is negative or the symmetry no correlation.

    References
    ----------
    Sommers, H. J., Crisanti, A., Sompolinsky, H. & Stein, Y. (1988). Spectrum of large random asymmetric matrices.
    Physical Review Letters 60:1895.

    Examples
    --------
    >>> bulk_axes(0.8), bulk_axes(1.0, symmetry=0.5), bulk_axes(0.5, symmetry=1.0)
    ((0.8, 0.8), (1.5, 0.5), (1.0, 0.0))
    """
    _check(gain, symmetry)
    return gain * (1 + symmetry), gain * (1 - symmetry)


def structured_eigenvalues(overlaps: ArrayLike, gain: float = 0.0, symmetry: float = 0.0) -> Complexes:
    """Return the eigenvalues that low-rank structure puts outside of the bulk of a random connectivity.

    Of ``J + M N^T / n_units`` with structure independent of J they lie where those of the small overlap matrix
    ``N^T M / n_units`` do, as long as these are outside of the bulk (Tao 2013, theorem 1.7; for rank one the only
    one is ``m.n / N``, Mastrogiuseppe & Ostojic 2018). Partial symmetry moves each one to
    ``value + symmetry gain**2 / value`` (O'Rourke & Renfrew 2014).

    Parameters
    ----------
    overlaps : array-like, shape (rank, rank), or a number for rank one
        ``N^T M / n_units``; entry (r, s) is the overlap of n_r with m_s.
    gain, symmetry : float
        Of the random part; see `bulk_axes`.

    Returns
    -------
    array of complex, shape (outlier,)
        Largest modulus first; empty if all are lost in the bulk.

    Raises
    ------
    BadInput
        If the overlaps are no square matrix of finite numbers, or gain or symmetry cannot be.

    References
    ----------
    Tao, T. (2013). Outliers in the spectrum of iid matrices with bounded rank perturbations. Probability Theory and
    Related Fields 155:231. O'Rourke, S. & Renfrew, D. (2014). Low rank perturbations of large elliptic random
    matrices. Electronic Journal of Probability 19:1.

    Examples
    --------
    >>> structured_eigenvalues(1.5, gain=0.8).real.tolist()
    [1.5]
    >>> structured_eigenvalues([[0.0, -2.0], [2.0, 0.0]], gain=0.8).round(6).tolist()  # two units of time turn round
    [2j, -2j]
    >>> structured_eigenvalues(0.5, gain=0.8).size
    0
    """
    _check(gain, symmetry)
    matrix = np.atleast_2d(np.asarray(overlaps, dtype=np.float64))
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not np.isfinite(matrix).all():
        raise BadInput(
            "overlaps", got=f"shape {matrix.shape}", expected="a square matrix (rank, rank) of finite numbers"
        )
    values = np.linalg.eigvals(matrix).astype(np.complex128)
    outside = values[np.abs(values) > gain]
    moved = outside + symmetry * gain**2 / outside if gain else outside
    order = np.lexsort((-moved.imag, -moved.real, -np.round(np.abs(moved), 12)))
    return np.asarray(moved[order])


def _check(gain: float, symmetry: float) -> None:
    if not 0 <= gain < np.inf:
        raise BadInput("gain", got=f"{gain}", expected="a number, 0 or more")
    if not -1 <= symmetry <= 1:
        raise BadInput("symmetry", got=f"{symmetry}", expected="a correlation, -1 to 1")
