"""Tensor maximum entropy: random data with the real ones' means and covariances over times, units and conditions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput

Floats = npt.NDArray[np.float64]

#: Eigenvalues below this share of the largest are zero: no variance goes there.
ABSENT = 1e-9


@dataclass(frozen=True, eq=False)
class MaximumEntropy:
    """The Gaussian of greatest entropy with given means and covariances over each mode of a tensor.

    Attributes
    ----------
    mean : array, shape (condition, time, unit)
        Sum of the main effects of condition, time and unit.
    bases : three arrays, shape (size, rank)
        Eigenvectors of the covariance over conditions, times, units.
    variances : array, shape (rank, rank, rank)
        Variance of the tensor on each product of eigenvectors, ``1 / (l_i + m_j + n_k)``.
    iterations : int
        Newton steps it took.
    error : float
        Largest relative difference of a marginal variance from the wanted one.
    """

    mean: Floats
    bases: tuple[Floats, Floats, Floats]
    variances: Floats
    iterations: int
    error: float

    def sample(self, generator: np.random.Generator) -> Floats:
        """Draw one surrogate, (condition, time, unit)."""
        drawn = np.sqrt(self.variances) * generator.standard_normal(self.variances.shape)
        return np.asarray(self.mean + np.einsum("ijk,ai,bj,ck->abc", drawn, *self.bases, optimize=True))


def main_effects(tensor: Floats) -> Floats:
    """Return the mean tensor: what each condition, each time and each unit adds by itself, so that all means are kept.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(2, 3, 4))
    >>> left = x - main_effects(x)
    >>> [bool(np.allclose(left.mean(axis=axes), 0)) for axes in ((0, 1), (0, 2), (1, 2))]
    [True, True, True]
    """
    grand = tensor.mean()
    effects = [tensor.mean(axis=axes, keepdims=True) - grand for axes in ((1, 2), (0, 2), (0, 1))]
    return np.asarray(grand + effects[0] + effects[1] + effects[2])


def maximum_entropy(tensor: Floats, *, iterations: int = 200, tolerance: float = 1e-8) -> MaximumEntropy:
    """Fit the distribution of greatest entropy with a tensor's means and its covariances over each mode.

    Elsayed & Cunningham 2017 (Nature Neuroscience 20:1310, Methods, "TME"): the covariance is diagonal in the products
    of the three covariances' eigenvectors, with ``1 / (l_i + m_j + n_k)``; the Lagrange multipliers l, m, n solve
    ``sum_jk 1 / (l_i + m_j + n_k) = lambda_i`` and its likes. They minimise the convex dual
    ``-sum log(l_i + m_j + n_k) + sum l_i lambda_i + sum m_j mu_j + sum n_k nu_k``, here by Newton's method with
    backtracking (they square the difference of logarithms and descend).

    Parameters
    ----------
    tensor : array, shape (condition, time, unit)

    Raises
    ------
    BadInput
        If there is no variance beyond the main effects, or Newton's method does not reach the tolerance.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(4, 10, 5))
    >>> fit = maximum_entropy(x)
    >>> left = x - main_effects(x)
    >>> wanted = np.linalg.eigvalsh(np.einsum("abc,abd->cd", left, left))[::-1]     # of the units
    >>> bool(np.allclose(fit.variances.sum(axis=(0, 1)), wanted))
    True
    """
    mean = main_effects(tensor)
    left = tensor - mean
    power = float((left**2).sum())
    if power <= 1e-20 * float((tensor**2).sum()) or not power:
        raise BadInput(
            "responses", got="conditions, times and units that only add up", expected="responses that interact"
        )
    bases, wanted = [], []
    for axis in range(3):
        flat = np.moveaxis(left, axis, 0).reshape(left.shape[axis], -1)
        values, vectors = np.linalg.eigh(flat @ flat.T)
        values, vectors = values[::-1], vectors[:, ::-1]
        kept = values > ABSENT * values[0]
        bases.append(vectors[:, kept])
        wanted.append(values[kept] * (power / values[kept].sum()) / power)  # equal sums, of 1
    sums, steps = _solve(wanted, iterations, tolerance)
    variances = 1 / sums
    error = max(
        float(np.abs(variances.sum(axis=others) / values - 1).max())
        for values, others in zip(wanted, ((1, 2), (0, 2), (0, 1)), strict=True)
    )
    if error > 1e3 * tolerance:
        raise BadInput(
            "surrogates",
            got=f"marginal variances that differ by {error:.1e} after {steps} steps",
            expected=f"{1e3 * tolerance:.1e} or less",
            repair="Leave out units or conditions that hardly vary.",
        )
    return MaximumEntropy(mean, (bases[0], bases[1], bases[2]), variances * power, steps, error)


def _outer(parts: list[Floats]) -> Floats:
    return parts[0][:, None, None] + parts[1][None, :, None] + parts[2][None, None, :]


def _solve(wanted: list[Floats], iterations: int, tolerance: float) -> tuple[Floats, int]:
    """Return ``l_i + m_j + n_k`` at the minimum of the dual, and the number of Newton steps."""
    sizes = [len(values) for values in wanted]
    cuts = np.cumsum(sizes)[:2]
    target = np.concatenate(wanted)
    # if the variance in one mode were all that varied, its multipliers would be these
    point = np.concatenate([(sum(sizes) - n) / values / 3 for n, values in zip(sizes, wanted, strict=True)])

    def value(sums: Floats, at: Floats) -> float:
        return float(at @ target - np.log(sums).sum())

    sums = _outer(np.split(point, cuts))
    for step in range(iterations):
        inverse = 1 / sums
        gradient = target - np.concatenate([inverse.sum(axis=others) for others in ((1, 2), (0, 2), (0, 1))])
        if np.abs(gradient / target).max() < tolerance:
            return sums, step
        hessian = _hessian(inverse**2, cuts)
        # in units of the diagonal: eigenvalues of the data span many orders of magnitude
        scale = 1 / np.sqrt(hessian.diagonal())
        # two directions change nothing (l + c, m - c): least squares leaves them alone
        move = -scale * np.linalg.lstsq(hessian * np.outer(scale, scale), scale * gradient, rcond=1e-13)[0]
        before, slope, length = value(sums, point), float(gradient @ move), 1.0
        while length > 1e-12:
            tried = _outer(np.split(point + length * move, cuts))
            if tried.min() > 0 and value(tried, point + length * move) <= before + 0.1 * length * slope + 1e-13 * abs(
                before
            ):
                break
            length /= 2
        point = point + length * move
        sums = _outer(np.split(point, cuts))
    return sums, iterations


def _hessian(squares: Floats, cuts: npt.NDArray[np.int64]) -> Floats:
    """Return the second derivatives of the dual from ``1 / (l_i + m_j + n_k)^2``."""
    (a, b), end = cuts, sum(squares.shape)
    made = np.zeros((end, end))
    spans = (slice(0, a), slice(a, b), slice(b, end))
    for axis, others in enumerate(((1, 2), (0, 2), (0, 1))):
        made[spans[axis], spans[axis]] = np.diag(squares.sum(axis=others))
    for first, second, over in ((0, 1, 2), (0, 2, 1), (1, 2, 0)):
        block = squares.sum(axis=over)
        made[spans[first], spans[second]] = block
        made[spans[second], spans[first]] = block.T
    return made
