"""Reduced-rank regression with a penalty, in closed form: decoders and encoders of one marginalisation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

#: Directions of less than this share of the largest variance count as absent.
RELATIVE_RANK = 1e-12


@dataclass(frozen=True, eq=False)
class Predictors:
    """The data, ready for regressions with any ridge: ``X X' + noise = Q diag(values) Q'``.

    Attributes
    ----------
    values : array, shape (unit,)
    vectors : array, shape (unit, unit)
    power : float
        Sum of squares of the centred averages, ``|X|^2``: the unit of the ridge.
    """

    values: Floats
    vectors: Floats
    power: float

    @classmethod
    def of(cls, averages: Floats, noise: Floats | None) -> Predictors:
        """Decompose centred averages (unit, sample), with a noise covariance (unit, unit) summed over samples."""
        gram = averages @ averages.T
        power = float(np.trace(gram))
        values, vectors = np.linalg.eigh(gram if noise is None else gram + noise)
        return cls(values, vectors, power)

    def inverse(self, ridge: float) -> Floats:
        """Return the eigenvalues of ``(X X' + noise + (ridge |X|)^2 I)^-1``; zero where nothing was observed."""
        values = self.values + ridge**2 * self.power
        seen = values > RELATIVE_RANK * max(values[-1], 0.0)
        return np.asarray(np.where(seen, 1 / np.where(seen, values, 1.0), 0.0))


@dataclass(frozen=True, eq=False)
class Target:
    """One marginalisation, ready for regressions on `Predictors`.

    Attributes
    ----------
    basis : array, shape (unit, rank)
        Orthonormal directions that the marginalisation lives in.
    cross : array, shape (unit, rank)
        ``Q' X X_phi'`` restricted to the basis.
    """

    basis: Floats
    cross: Floats
    predictors: Predictors

    @classmethod
    def of(cls, part: Floats, averages: Floats, predictors: Predictors) -> Target:
        """Prepare a marginalisation (unit, sample) for regression on the averages (unit, sample)."""
        values, vectors = np.linalg.eigh(part @ part.T)
        kept = values > RELATIVE_RANK * max(values[-1], predictors.power / len(values) * 1e-6, 0.0)
        basis = vectors[:, kept]
        return cls(basis, predictors.vectors.T @ (averages @ (part.T @ basis)), predictors)

    def fit(self, n: int, ridge: float) -> tuple[Floats, Floats]:
        """Return encoder and decoder, both (unit, component), of the ``n`` (or fewer) best components.

        They minimise ``|X_phi - F D' X|^2 + tr(F D' R D F')`` with ``R = noise + (ridge |X|)^2 I`` over all F D' of
        rank n: the regression without the limit of rank is ``A = X_phi X' G^-1``, ``G = X X' + R``, and of its
        predictions, in the metric of G, the best n are the leading eigenvectors of ``A G A'`` (Kobak et al. 2016,
        Methods, "Regularized dPCA"; Izenman 1975).
        """
        from scipy.linalg import eigh

        inverse = self.predictors.inverse(ridge)
        half = np.sqrt(inverse)[:, None] * self.cross
        rank = self.basis.shape[1]
        n = min(n, rank)
        if not n:
            empty = np.zeros((len(self.basis), 0))
            return empty, empty
        powers, inner = eigh(half.T @ half, subset_by_index=(rank - n, rank - 1))
        inner = inner[:, ::-1][:, powers[::-1] > RELATIVE_RANK * max(powers[-1], 0.0)]
        encoder = self.basis @ inner
        decoder = self.predictors.vectors @ (inverse[:, None] * (self.cross @ inner))
        # an axis and its opposite are the same; most units point up
        sign = np.where(encoder.sum(0) < 0, -1.0, 1.0)
        return encoder * sign, decoder * sign


def fit_parts(
    parts: dict[str, Floats], noise: Floats | None, n: dict[str, int], ridge: dict[str, float]
) -> dict[str, tuple[Floats, Floats]]:
    """Fit every marginalisation.

    Parameters
    ----------
    parts : dict of arrays, shape (unit, sample)
        From `tertium.dynamics.demixed.marginals.marginalise`, flattened; they sum to the centred averages.
    noise : array, shape (unit, unit), optional
        Covariance of single trials around their average, summed over samples.
    n, ridge : dict
        Components and ridge (a share of ``|X|``) of each.

    Returns
    -------
    dict of (encoder, decoder), each of shape (unit, component)

    Examples
    --------
    With one marginalisation, no noise and no ridge, it is principal component analysis.

    >>> x = np.random.default_rng(0).normal(size=(4, 50)) * [[4.0], [3.0], [2.0], [1.0]]
    >>> x -= x.mean(1, keepdims=True)
    >>> encoder, decoder = fit_parts({"all": x}, None, {"all": 2}, {"all": 0.0})["all"]
    >>> bool(np.allclose(encoder, decoder)), np.round(abs(encoder.T @ np.linalg.svd(x)[0][:, :2]), 6).tolist()
    (True, [[1.0, 0.0], [0.0, 1.0]])
    """
    averages = np.sum(list(parts.values()), axis=0)
    predictors = Predictors.of(averages, noise)
    return {name: Target.of(part, averages, predictors).fit(n[name], ridge[name]) for name, part in parts.items()}
