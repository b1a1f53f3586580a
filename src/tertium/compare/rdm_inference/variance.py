"""How uncertain mean scores and their differences are, from subjects, bootstrap draws, or both with the correction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from tertium.compare.similarity.pairs import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Uncertainty:
    """Covariances of the mean scores of models and ceilings, and how to combine them.

    Parameters
    ----------
    subjects, stimuli, both : array, shape (row, row), optional
        Covariance over bootstrap draws of subjects, of stimuli and of both; rows are the models and, if there are,
        the lower and the upper ceiling.
    n_subjects, n_stimuli : int
        Numbers of subjects and stimuli.

    Notes
    -----
    A one-factor bootstrap underestimates the variance by (n - 1) / n, which is put right. A bootstrap of both factors
    counts the measurement noise (the interaction of subjects and stimuli) about three times. With a = (n_s - 1) / n_s
    for subjects and b = (n_t - 1) / n_t for stimuli, additive effects and independent residuals give

        V_subjects = a (S + E),   V_stimuli = b (T + E),   V_both = a S + b T + (a + b + a b) E,

    so that the variance sought is

        S + T + E = V_subjects / a + V_stimuli / b - (V_both - V_subjects - V_stimuli) / (a b),

    which is 2 (V_subjects + V_stimuli) - V_both for many of both: the correction of Schütt et al. 2023 (eLife
    12:e82566, two-factor bootstrap). Since the draws are finite, the estimate is kept below V_both and then above
    either corrected one-factor variance, which it cannot truly leave.
    """

    n_subjects: int
    n_stimuli: int
    subjects: FloatArray | None = None
    stimuli: FloatArray | None = None
    both: FloatArray | None = None

    @property
    def dof(self) -> int:
        """Degrees of freedom of t: one less than the smaller of the numbers of things resampled."""
        if self.both is not None:
            return min(self.n_subjects, self.n_stimuli) - 1
        return (self.n_stimuli if self.stimuli is not None else self.n_subjects) - 1

    def variance(self, contrast: FloatArray) -> FloatArray:
        """Variance of a weighted sum of rows, for contrasts of shape (k, row); shape (k,), never negative."""
        spread = {
            name: np.maximum(np.einsum("ki,ij,kj->k", contrast, matrix, contrast), 0.0)
            for name, matrix in (("subjects", self.subjects), ("stimuli", self.stimuli), ("both", self.both))
            if matrix is not None
        }
        a, b = (self.n_subjects - 1) / self.n_subjects, (self.n_stimuli - 1) / self.n_stimuli
        if "both" in spread:
            return two_factor(spread["subjects"], spread["stimuli"], spread["both"], a, b)
        return spread["subjects"] / a if "subjects" in spread else spread["stimuli"] / b

    def t_interval(self, value: FloatArray, contrast: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
        """Ends of the t interval of values, shape (k,), of contrasts, shape (k, row)."""
        half = np.sqrt(self.variance(contrast)) * stats.t.ppf((1 + level) / 2, self.dof)
        return value - half, value + half

    def t_test(self, value: FloatArray, contrast: FloatArray, *, one_sided: bool) -> tuple[FloatArray, FloatArray]:
        """Return t and p of values against 0; an exact 0 with no variance gives t = 0, p = 1 (or 0.5 one-sided)."""
        error = np.sqrt(self.variance(contrast))
        # A difference that never varies is certain: t is infinite, unless the difference is 0.
        t = np.divide(value, error, out=np.where(value == 0, 0.0, np.copysign(np.inf, value)), where=error > 0)
        p = stats.t.sf(t, self.dof) if one_sided else 2 * stats.t.sf(np.abs(t), self.dof)
        return t, p


def two_factor(
    subjects: FloatArray, stimuli: FloatArray, both: FloatArray, a: float = 1.0, b: float = 1.0
) -> FloatArray:
    """Corrected variance of a two-factor bootstrap from the three bootstrap variances; see `Uncertainty`.

    Examples
    --------
    >>> two_factor(np.array([2.0]), np.array([3.0]), np.array([6.0]))
    array([4.])
    """
    estimate = subjects / a + stimuli / b - (both - subjects - stimuli) / (a * b)
    return np.maximum(np.minimum(estimate, both), np.maximum(subjects / a, stimuli / b))


def from_subjects(scores: FloatArray, n_stimuli: int) -> Uncertainty:
    """Uncertainty without bootstrap: the covariance of the mean over subjects; scores (row, subject)."""
    n = scores.shape[1]
    # Uncertainty divides by (n - 1) / n, so the plain (biased) covariance of the mean is what it wants
    return Uncertainty(n, n_stimuli, subjects=np.atleast_2d(np.cov(scores, bias=True)) / n)


def from_draws(
    kind: str, scores: FloatArray, n_stimuli: int, draws: FloatArray | None, subjects: npt.NDArray | None
) -> Uncertainty:
    """Uncertainty from bootstrap draws.

    Parameters
    ----------
    kind : {"stimuli", "subjects", "both"}
        What was drawn.
    scores : array, shape (row, subject)
        Scores of the data as they are.
    n_stimuli : int
        Number of stimuli.
    draws : array, shape (draw, repeat, row, subject), optional
        Scores in each draw of stimuli, for each repeat of the folds (one repeat where there are no folds).
    subjects : array of int, shape (draw, subject), optional
        How often each subject was drawn.
    """
    n = scores.shape[1]
    shares = None if subjects is None else np.asarray(subjects, dtype=np.float64) / n
    over_subjects = None if shares is None else np.atleast_2d(np.cov((shares @ scores.T).T))
    if kind == "subjects" or draws is None:
        return Uncertainty(n, n_stimuli, subjects=over_subjects)
    over_stimuli = without_fold_noise(draws.mean(axis=3))
    if shares is None:
        return Uncertainty(n, n_stimuli, stimuli=over_stimuli)
    over_both = without_fold_noise(np.einsum("bfrs,bs->bfr", draws, shares))
    return Uncertainty(n, n_stimuli, subjects=over_subjects, stimuli=over_stimuli, both=over_both)


def without_fold_noise(means: FloatArray) -> FloatArray:
    """Covariance over draws, less what the random choice of cross-validation folds adds.

    With one repeat the variance is V + F, F from the choice of folds; the mean of f repeats has V + F / f. The two
    together give V for infinitely many repeats (Schütt et al. 2023, correction for cross-validation).

    Parameters
    ----------
    means : array, shape (draw, repeat, row)

    Returns
    -------
    array, shape (row, row)
    """
    repeats = means.shape[1]
    of_mean = np.atleast_2d(np.cov(means.mean(axis=1).T))
    if repeats == 1:
        return of_mean
    centred = means - means.mean(axis=(0, 1))
    of_one = np.einsum("bfi,bfj->ij", centred, centred) / (repeats * (len(means) - 1))
    return (repeats * of_mean - of_one) / (repeats - 1)


def undefined(draws: FloatArray) -> IntArray:
    """Which draws hold a score that is not defined, from scores (draw, repeat, row, subject)."""
    return np.flatnonzero(~np.isfinite(draws).reshape(len(draws), -1).all(axis=1))
