"""From scores of subsets to the variance over stimuli, units and subjects, and to its components."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Spread:
    """Covariances of mean scores between models, each as it adds to the variance of the mean over subjects.

    Parameters
    ----------
    n_subjects, n_stimuli, n_units : int
        Of which there are so many; of units, the fewest that a subject has.
    subjects : array, shape (row, row), or None
        Covariance of the mean over subjects, as the scores of subjects scatter; None where subjects are taken as they
        are.
    stimuli : array, shape (row, row), or None
        Of the mean over subjects, over stimuli.
    interaction : array, shape (row, row), or None
        Of subjects with stimuli: what is in both of the former.
    units : array, shape (row, row), or None
        Of the mean over subjects, over units of each.
    stimuli_units : array, shape (row, row), or None
        Interaction of stimuli with units.

    Notes
    -----
    Stimuli and units are drawn *without* replacement, m of n, since copies would be in a fitted and a tested part at
    once, or be pairs of distance 0. A mean of m of n things scatters by (1/m - 1/n) s^2 about that of all, where the
    variance sought is s^2 / n: the ratio is r = m / (n - m) (the delete-d jackknife, Shao & Wu 1989, Ann Stat
    17:1176). With effects S of subjects, T of stimuli and E of both at once, and scores t_kb of subject k in draw b,

        cov_k t_k / K                          = (S + E / n) / K
        r cov_b mean_k t_kb                    = (T + E / K) / n
        r K / (K - 1) mean_k cov_b (t_kb - mean_k t_kb) / K = E / (n K)

    and the first two less the third is S / K + T / n + E / (n K), the variance over both (Schütt et al. 2023, eLife
    12:e82566, have this for the bootstrap). Units belong to a subject: where subjects are drawn, they are in S.
    """

    n_subjects: int
    n_stimuli: int
    n_units: int
    subjects: FloatArray | None = None
    stimuli: FloatArray | None = None
    interaction: FloatArray | None = None
    units: FloatArray | None = None
    stimuli_units: FloatArray | None = None

    @property
    def over(self) -> tuple[str, ...]:
        """What the variance is over."""
        named = {"subjects": self.subjects, "stimuli": self.stimuli}
        found = tuple(name for name, matrix in named.items() if matrix is not None)
        return found if self.subjects is not None or self.units is None else (*found, "units")

    @property
    def dof(self) -> int:
        """Degrees of freedom of t: one less than the smallest number of what is resampled."""
        sizes = {"subjects": self.n_subjects, "stimuli": self.n_stimuli, "units": self.n_units}
        return min(sizes[name] for name in self.over) - 1

    def variance(self, contrast: FloatArray) -> FloatArray:
        """Variance of weighted sums of mean scores.

        Parameters
        ----------
        contrast : array, shape (contrast, row)

        Returns
        -------
        array, shape (contrast,)
            Never below the variance over one of the factors alone, which it cannot truly be.
        """
        stimuli = self._of(self.stimuli, contrast)
        others = self._of(self.subjects if self.subjects is not None else self.units, contrast)
        shared = self._of(self.interaction if self.subjects is not None else self.stimuli_units, contrast)
        return np.maximum(stimuli + others - np.maximum(shared, 0.0), np.maximum(stimuli, others))

    def components(self, contrast: FloatArray) -> dict[str, float]:
        """Return what each factor adds to the variance of a weighted sum of mean scores, shape (row,).

        Unbiased estimates, so that one of nothing may be negative.
        """
        row = np.atleast_2d(contrast)
        of = {name: float(self._of(getattr(self, name), row)[0]) for name in _FACTORS}
        found: dict[str, float] = {}
        if self.subjects is not None:
            found["subjects"] = of["subjects"] - of["interaction"] - of["units"]
        if self.stimuli is not None:
            found["stimuli"] = of["stimuli"] - (of["interaction"] if self.subjects is not None else of["stimuli_units"])
        if self.subjects is not None and self.stimuli is not None:
            found["subjects x stimuli"] = of["interaction"]
        if self.units is not None:
            found["units"] = of["units"] - (0.0 if self.subjects is not None else of["stimuli_units"])
        if self.stimuli_units is not None:
            found["stimuli x units"] = of["stimuli_units"]
        return found

    def interval(self, values: FloatArray, contrast: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
        """Return the ends of t intervals of values, shape (contrast,)."""
        half = np.sqrt(self.variance(contrast)) * stats.t.ppf((1 + level) / 2, self.dof)
        return values - half, values + half

    def test(self, values: FloatArray, contrast: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return t and two-sided p of values against 0; what is 0 and never varies has p = 1."""
        error = np.sqrt(self.variance(contrast))
        certain = np.where(values == 0, 0.0, np.copysign(np.inf, values))
        t = np.divide(values, error, out=certain, where=error > 0)
        return t, 2 * stats.t.sf(np.abs(t), self.dof)

    @staticmethod
    def _of(matrix: FloatArray | None, contrast: FloatArray) -> FloatArray:
        if matrix is None:
            return np.zeros(len(contrast))
        return np.asarray(np.einsum("ki,ij,kj->k", contrast, matrix, contrast))


_FACTORS = ("subjects", "stimuli", "interaction", "units", "stimuli_units")


def spread(
    scores: FloatArray,
    n_stimuli: int,
    n_units: int,
    *,
    over_subjects: bool,
    stimuli: FloatArray | None,
    units: FloatArray | None,
    both: FloatArray | None,
    ratio_stimuli: float,
    ratio_units: float,
) -> Spread:
    """Return the covariances behind draws of stimuli and units.

    Parameters
    ----------
    scores : array, shape (row, subject)
        Of the data as they are.
    n_stimuli, n_units : int
        How many there are.
    over_subjects : bool
        Whether subjects are drawn from a population.
    stimuli, units, both : array, shape (draw, row, subject), or None
        Scores of subsets of stimuli, of units, and of the same subsets of both.
    ratio_stimuli, ratio_units : float
        m / (n - m) for subsets of m of n.
    """
    count = scores.shape[1]
    of_subjects = interaction = of_both = None
    if over_subjects:
        of_subjects = np.atleast_2d(np.cov(scores)) / count
        if stimuli is not None:
            apart = stimuli - stimuli.mean(2, keepdims=True)
            each = np.stack([_covariance(apart[:, :, k]) for k in range(count)]).mean(0)
            interaction = ratio_stimuli * each / (count - 1)
    of_stimuli = None if stimuli is None else ratio_stimuli * _covariance(stimuli.mean(2))
    of_units = None if units is None else ratio_units * _covariance(units.mean(2))
    if both is not None:
        assert stimuli is not None
        assert units is not None
        # what is left when either subset alone is taken off varies by the interaction alone, which costs fewer draws
        left = both - stimuli - units + scores
        of_both = ratio_stimuli * ratio_units * _covariance(left.mean(2))
    return Spread(count, n_stimuli, n_units, of_subjects, of_stimuli, interaction, of_units, of_both)


def _covariance(draws: FloatArray) -> FloatArray:
    """Return the covariance over draws, shape (row, row), from (draw, row)."""
    return np.atleast_2d(np.cov(draws.T))
