"""Strengths of bands by gradient: the inner cross-validated error of a banded ridge and its derivative, in closed form.

With ``K = sum_b g_b K_b`` the weighted products of fitted samples, k those of held-out with fitted samples, and the
penalty taken into the strengths g, held-out responses are predicted by ``k (K + I)^-1 y = k a``. With r the error and
``v = (K + I)^-1 k' r``, the derivative of ``r'r`` along ``log g_b`` is ``2 g_b (r' k_b a - v' K_b a)``: no more than
the factor of K + I that the error itself takes (Dupré la Tour et al. 2022, NeuroImage 264:119728, section 2.4).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize

from tertium.compare.encoding.gram import centred

FloatArray = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

#: Logarithms of strengths stay within these: a band that is switched off, and one that is not penalised.
BOUNDS = (float(np.log(1e-8)), float(np.log(1e8)))


@dataclass(frozen=True, eq=False)
class InnerFold:
    """Products of the samples of one inner fold, centred on those that it fits.

    Attributes
    ----------
    fitted, tested : array of int
    inside : array, shape (band, fitted, fitted)
    across : array, shape (band, tested, fitted)
    """

    fitted: Indices
    tested: Indices
    inside: FloatArray
    across: FloatArray

    @classmethod
    def of(cls, products: FloatArray, fitted: Indices, tested: Indices) -> InnerFold:
        """Centre the products of each band, (band, sample, sample), on the fitted samples."""
        parts = [centred(of_band, fitted, tested) for of_band in products]
        return cls(fitted, tested, np.stack([one for one, _ in parts]), np.stack([one for _, one in parts]))


def inner_loss(log_strengths: FloatArray, folds: list[InnerFold], responses: FloatArray) -> tuple[float, FloatArray]:
    """Return the squared error of one unit over held-out samples, and its gradient along log strengths.

    Parameters
    ----------
    log_strengths : array, shape (band,)
        Logarithm of each band's weight over the penalty.
    folds : list of InnerFold
    responses : array, shape (sample,)

    Examples
    --------
    >>> x = np.array([[-1.0], [1.0], [3.0]])
    >>> fold = InnerFold.of((x @ x.T)[None], np.array([0, 1]), np.array([2]))
    >>> loss, gradient = inner_loss(np.log([0.5]), [fold], x.ravel())
    >>> round(loss, 9), gradient.round(9).tolist()  # slope 1/2: an error of 3/2, which falls with strength
    (2.25, [-2.25])
    """
    strengths = np.exp(log_strengths)
    loss, gradient = 0.0, np.zeros(len(strengths))
    for fold in folds:
        known = responses[fold.fitted]
        mean = known.mean()
        mixed = np.tensordot(strengths, fold.inside, 1)
        mixed[np.diag_indices_from(mixed)] += 1.0
        factor = cho_factor(mixed, lower=True, overwrite_a=True, check_finite=False)
        dual = cho_solve(factor, known - mean, check_finite=False)
        by_band = fold.across @ dual
        error = strengths @ by_band - (responses[fold.tested] - mean)
        back = cho_solve(factor, np.tensordot(strengths, fold.across, 1).T @ error, check_finite=False)
        loss += float(error @ error)
        gradient += 2 * strengths * (by_band @ error - (fold.inside @ dual) @ back)
    return loss, gradient


def descended(
    starts: FloatArray, folds: list[InnerFold], responses: FloatArray, steps: int
) -> tuple[FloatArray, float]:
    """Return the log strengths of least held-out error of one unit that L-BFGS finds from some starts, and the error.

    Parameters
    ----------
    starts : array, shape (start, band)
        Log strengths; those outside `BOUNDS` are put onto them.
    folds : list of InnerFold
    responses : array, shape (sample,)
    steps : int
        Most steps from each start.
    """
    scale = float(((responses - responses.mean()) ** 2).sum())
    least, best = np.inf, np.clip(starts[0], *BOUNDS)
    if not scale > 0:
        return best, 0.0

    def relative(log_strengths: FloatArray) -> tuple[float, FloatArray]:
        loss, gradient = inner_loss(log_strengths, folds, responses)
        return loss / scale, gradient / scale

    for start in np.clip(starts, *BOUNDS):
        found = minimize(
            relative, start, jac=True, method="L-BFGS-B", bounds=[BOUNDS] * len(start), options={"maxiter": steps}
        )
        if found.fun < least:
            least, best = float(found.fun), np.asarray(found.x)
    return best, least * scale
