"""How well any model could do: the noise ceiling of measured RDMs, from how much subjects agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.stats import rankdata

from tertium.compare.rdm_inference.align import align_data
from tertium.compare.rdm_type import RDM
from tertium.compare.similarity.engine import CENTRED, RANKED, check_method, resampled
from tertium.compare.similarity.pairs import FloatArray, IntArray, Mask, Pairs
from tertium.errors import BadInput


def rdm_ceiling(data: Sequence[RDM] | Mapping[str, RDM], method: str = "spearman") -> tuple[float, float]:
    """Lower and upper noise ceiling of RDMs: between them lies the best score any model can expect.

    Upper: the mean similarity of each subject's RDM with the mean RDM of all, itself included. Lower: with the mean of
    the others (Nili et al. 2014, PLoS Comput Biol 10:e1003553). Before averaging each RDM is brought to the form in
    which the average is the best single prediction: ranks for the rank methods (for tau-a and rho-a too, where the
    average of ranks is near the best, not exactly it), z scores for the correlations, unit length for the cosines.

    Parameters
    ----------
    data : sequence or mapping of RDM
        One a subject, same stimuli. Pairs not measured (NaN) are left out of each average.
    method : str
        A similarity; see `tertium.compare.similarity.engine.METHODS`.

    Returns
    -------
    tuple of float
        Lower, upper; in [-1, 1].

    Raises
    ------
    BadInput
        If there are fewer than 2 subjects or their stimuli differ.
    UnknownName
        If there is no such method.

    Examples
    --------
    >>> one = RDM([1.0, 2, 3, 4, 5, 6], labels=list("abcd"))
    >>> two = RDM([1.0, 2, 3, 4, 6, 5], labels=list("abcd"))
    >>> [round(c, 3) for c in rdm_ceiling([one, two], "pearson")]
    [0.943, 0.986]
    """
    check_method(method)
    aligned = align_data(data)
    if len(aligned.vectors) < 2:
        raise BadInput("noise ceiling", got="one RDM", expected="at least 2 subjects", repair="Pass one RDM a subject.")
    predictors = ceiling_predictors(aligned.vectors, method)
    if not ceilings_possible(predictors, aligned.vectors):
        raise BadInput(
            "noise ceiling",
            got="a subject with fewer than 3 pairs that another one has too",
            expected="pairs measured in several subjects",
            repair="Leave out that subject.",
        )
    pairs = Pairs.all(len(aligned.labels))
    once = np.ones((1, pairs.n), dtype=np.int64)
    lower, upper = ceiling_scores(predictors, aligned.vectors, pairs, once, method)[0]
    return float(lower.mean()), float(upper.mean())


def normalised(data: FloatArray, method: str) -> FloatArray:
    """Bring RDM vectors, shape (subject, pair), to the form in which they are averaged; NaN stays NaN."""
    if method in RANKED:
        return np.asarray(rankdata(data, axis=1, nan_policy="omit"))
    if method in CENTRED:
        data = data - np.nanmean(data, axis=1, keepdims=True)
    return np.asarray(data / np.sqrt(np.nanmean(data**2, axis=1, keepdims=True)))


def ceiling_predictors(data: FloatArray, method: str) -> FloatArray:
    """Return the mean RDM of all and, for each subject, that of the others, shape (1 + subject, pair).

    NaN where no subject, or no other subject, measured a pair.
    """
    ready = normalised(data, method)
    there = np.isfinite(ready)
    total, count = np.where(there, ready, 0.0).sum(axis=0), there.sum(axis=0)
    others, left = total - np.where(there, ready, 0.0), count - there
    sums, counts = np.vstack([total, others]), np.vstack([count, left])
    return np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)


def ceilings_possible(predictors: FloatArray, data: FloatArray) -> bool:
    """Whether every subject shares at least 3 pairs with the others; never for a single one."""
    shared = np.isfinite(predictors[1:]) & np.isfinite(data)
    return len(data) > 1 and bool((shared.sum(axis=1) >= 3).all())


def ceiling_wanted(n_subjects: int) -> Mask:
    """Which predictors meet which subject: the mean of all meets everyone, the mean of the others the one left out."""
    return np.vstack([np.ones((1, n_subjects), dtype=bool), np.eye(n_subjects, dtype=bool)])


def ceiling_scores(
    predictors: FloatArray, data: FloatArray, pairs: Pairs, multiplicity: IntArray, method: str
) -> FloatArray:
    """Lower and upper ceiling of each subject in each draw, shape (draw, 2, subject)."""
    scores = resampled(predictors, data, pairs, multiplicity, method, ceiling_wanted(len(data)))
    return lower_and_upper(scores)


def lower_and_upper(scores: FloatArray) -> FloatArray:
    """Pick the ceilings, (draw, 2, subject), from scores of `ceiling_predictors`, (draw, 1 + subject, subject)."""
    return np.stack([np.einsum("bss->bs", scores[:, 1:]), scores[:, 0]], axis=1)
