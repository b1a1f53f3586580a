"""The orthogonal matrix that makes two operators most alike: ``min over C of |A - C B C'|``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tertium.rng import Seeds

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Alignment:
    """How far two operators can be brought together.

    Attributes
    ----------
    rotation : array, shape (n, n)
        The orthogonal C.
    residual : float
        ``|A - C B C'|``, Frobenius norm.
    """

    rotation: Floats
    residual: float


def align(first: Floats, second: Floats, *, starts: int = 6, seed: int = 0, iterations: int = 300) -> Alignment:
    """Find the orthogonal C that minimises ``|A - C B C'|`` (Ostrow et al. 2023, eq. 6).

    The problem has many local minima. The symmetric parts of two conjugated operators are conjugated by the same C, so
    that their eigenvectors give it up to signs, and the antisymmetric parts give the signs: of operators that are
    conjugated (and whose symmetric parts have distinct eigenvalues) this start is already the answer. From it, and from
    random ones, C is improved by L-BFGS in Cayley's coordinates; the best is kept. Random starts are rotations and
    reflections, since no path leads from one to the other.

    Parameters
    ----------
    first, second : array, shape (n, n)
        A and B.
    starts : int
        Random starts beside the one from the symmetric parts.
    seed : int
    iterations : int
        Of L-BFGS, for each start.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> a, (c, _) = rng.normal(size=(8, 8)), np.linalg.qr(rng.normal(size=(8, 8)))
    >>> align(a, c.T @ a @ c).residual < 1e-9
    True
    """
    rng = Seeds(seed).numpy("rotations")
    guesses = [from_symmetric_parts(first, second)]
    guesses += [np.linalg.qr(rng.standard_normal(first.shape))[0] for _ in range(starts)]
    best = Alignment(guesses[0], _residual(first, second, guesses[0]))
    scale = float(np.linalg.norm(first) + np.linalg.norm(second)) or 1.0
    for guess in guesses:
        if best.residual < 1e-10 * scale:
            break
        found = _improve(first, second, guess, iterations)
        if found.residual < best.residual:
            best = found
    return best


def from_symmetric_parts(first: Floats, second: Floats) -> Floats:
    """Return the orthogonal matrix that aligns the eigenvectors of the symmetric parts, signs by the other parts."""
    (_, u), (_, v) = (np.linalg.eigh((m + m.T) / 2) for m in (first, second))
    twisted = [basis.T @ ((m - m.T) / 2) @ basis for m, basis in ((first, u), (second, v))]
    # signs d with d_i d_j a_ij b_ij as large as can be: the leading eigenvector of the product
    product = twisted[0] * twisted[1]
    _, vectors = np.linalg.eigh((product + product.T) / 2)
    signs = np.where(vectors[:, -1] < 0, -1.0, 1.0)
    return np.asarray((u * signs) @ v.T)


def _residual(first: Floats, second: Floats, rotation: Floats) -> float:
    return float(np.linalg.norm(first - rotation @ second @ rotation.T))


@dataclass(frozen=True)
class CayleyChart:
    """Rotations about one, ``Q = (1 - X)^-1 (1 + X)`` with X antisymmetric, and how well they align two operators.

    Attributes
    ----------
    first, second : array, shape (n, n)
        The operators.
    """

    first: Floats
    second: Floats

    @property
    def size(self) -> int:
        """Number of coordinates, ``n (n - 1) / 2``."""
        return len(self.first) * (len(self.first) - 1) // 2

    def rotation(self, x: Floats) -> Floats:
        """Return Q."""
        inverse, skew = self._inverse(x)
        return inverse @ (np.eye(len(skew)) + skew)

    def loss(self, x: Floats) -> tuple[float, Floats]:
        """Return ``|A - Q B Q'|^2 / 2`` and its gradient in the coordinates."""
        inverse, skew = self._inverse(x)
        unit = np.eye(len(skew))
        q = inverse @ (unit + skew)
        wrong = self.first - q @ self.second @ q.T
        in_q = -(wrong @ q @ self.second.T + wrong.T @ q @ self.second)
        in_skew = inverse.T @ in_q @ (unit + q).T  # dQ = (1 - X)^-1 dX (1 + Q)
        return 0.5 * float((wrong**2).sum()), (in_skew - in_skew.T)[np.triu_indices(len(skew), 1)]

    def _inverse(self, x: Floats) -> tuple[Floats, Floats]:
        n = len(self.first)
        half = np.zeros((n, n))
        half[np.triu_indices(n, 1)] = x
        skew = half - half.T
        return np.asarray(np.linalg.inv(np.eye(n) - skew), dtype=np.float64), skew


def _improve(first: Floats, second: Floats, rotation: Floats, iterations: int) -> Alignment:
    """Improve a rotation by L-BFGS on Cayley's coordinates about it."""
    from scipy.optimize import minimize

    chart = CayleyChart(first, rotation @ second @ rotation.T)
    options = {"maxiter": iterations, "ftol": 1e-15, "gtol": 1e-12}
    found = minimize(chart.loss, np.zeros(chart.size), jac=True, method="L-BFGS-B", options=options)
    left, _, right = np.linalg.svd(chart.rotation(found.x) @ rotation)  # orthogonal to the last digit
    return Alignment(left @ right, _residual(first, second, left @ right))
