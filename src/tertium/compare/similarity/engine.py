"""One door to all similarities: by name, for many models, subjects and draws of stimuli at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from tertium.compare.similarity import moments, ranks, tau, whitened
from tertium.compare.similarity.pairs import FloatArray, IntArray, Mask, Pairs
from tertium.errors import BadInput, unknown_name

Similarity = Callable[[FloatArray, FloatArray, Pairs, IntArray], FloatArray]

#: Name -> (models, data, pairs, multiplicity) -> (draw, model, subject).
FORMS: dict[str, Similarity] = {
    "cosine": moments.cosine,
    "pearson": moments.pearson,
    "spearman": ranks.spearman,
    "rho_a": ranks.rho_a,
    "kendall_tau_a": tau.kendall_tau_a,
    "whitened_cosine": whitened.whitened_cosine,
    "whitened_correlation": whitened.whitened_correlation,
}

#: The names of all similarities.
METHODS: tuple[str, ...] = tuple(FORMS)

#: Those in which a vector's mean does not count.
CENTRED = frozenset({"pearson", "spearman", "rho_a", "kendall_tau_a", "whitened_correlation"})

#: Those in which only the order of the dissimilarities counts.
RANKED = frozenset({"spearman", "rho_a", "kendall_tau_a"})


def check_method(method: str) -> str:
    """Return the name of a similarity if there is one, else raise `UnknownName` with the nearest."""
    if method not in FORMS:
        raise unknown_name("method", method, METHODS)
    return method


def resampled(
    models: FloatArray,
    data: FloatArray,
    pairs: Pairs,
    multiplicity: IntArray,
    method: str,
    wanted: Mask | None = None,
) -> FloatArray:
    """Similarity of every model with every subject in every draw of stimuli, without writing out any draw.

    A pair that was not measured (NaN) in a subject's RDM or in any model wanted with this subject is left out for that
    subject, for all models alike, so that models stay comparable.

    Parameters
    ----------
    models : array, shape (model, pair)
        Model dissimilarities; NaN where a model makes no prediction.
    data : array, shape (subject, pair)
        Measured dissimilarities; NaN where not measured.
    pairs : Pairs
        The stimuli of each pair.
    multiplicity : array of int, shape (draw, stimulus)
        How often each stimulus was drawn; a row of ones is the data as they are.
    method : str
        One of `METHODS`.
    wanted : array of bool, shape (model, subject), optional
        The combinations to compute; the others are NaN.

    Returns
    -------
    array, shape (draw, model, subject)
        NaN also where the similarity is not defined (fewer than 2 pairs, a constant vector).
    """
    form = FORMS[check_method(method)]
    there = np.ones((len(models), len(data)), dtype=bool) if wanted is None else wanted
    result = np.full((len(multiplicity), len(models), len(data)), np.nan)
    measured = np.isfinite(data) & _predicted(models, there)
    for some, subjects in _alike(np.concatenate([measured, there.T], axis=1)):
        mask, rows = some[: len(pairs)], np.flatnonzero(some[len(pairs) :])
        if mask.sum() < 2 or not len(rows):
            continue
        kept = pairs.keep(mask)
        found = form(models[np.ix_(rows, mask)], data[np.ix_(subjects, mask)], kept, multiplicity)
        result[:, rows[:, None], subjects[None, :]] = np.clip(found, -1.0, 1.0)
    return result


def similarity(models: npt.ArrayLike, data: npt.ArrayLike, method: str = "spearman") -> FloatArray:
    """Similarity of RDM vectors: how well each model's dissimilarities match each measured RDM's.

    Parameters
    ----------
    models : array, shape (model, pair) or (pair,)
        Dissimilarities n (n - 1) / 2 of n stimuli, the upper triangle row by row.
    data : array, shape (subject, pair) or (pair,)
        Likewise. NaN marks a pair that was not measured; it is left out for that subject, for all models alike.
    method : str
        "spearman", "kendall_tau_a", "rho_a" (rank methods; the last two do not favour models that predict ties),
        "pearson", "cosine", "whitened_cosine" or "whitened_correlation".

    Returns
    -------
    array, shape (model, subject)
        Range [-1, 1], 0 at chance for all but the two cosines, whose chance level depends on the data; higher is more
        alike. NaN where it is not defined (a constant vector).

    Raises
    ------
    BadInput
        If lengths differ or are not n (n - 1) / 2.
    UnknownName
        If there is no such method.

    Examples
    --------
    >>> similarity([1.0, 2, 3, 4, 5, 6], [1.0, 2, 3, 4, 6, 5], "kendall_tau_a").round(3)
    array([[0.867]])
    """
    left, right = np.atleast_2d(np.asarray(models, float)), np.atleast_2d(np.asarray(data, float))
    p = left.shape[1]
    n = round((1 + np.sqrt(1 + 8 * p)) / 2)
    if left.shape[1] != right.shape[1] or n * (n - 1) // 2 != p:
        raise BadInput(
            "similarity",
            got=f"vectors of {left.shape[1]} and {right.shape[1]} dissimilarities",
            expected="equal lengths n (n - 1) / 2",
            repair="Pass RDM.vector.",
        )
    return resampled(left, right, Pairs.all(n), np.ones((1, n), dtype=np.int64), method)[0]


def _predicted(models: FloatArray, wanted: Mask) -> Mask:
    """Which pairs all models wanted with a subject predict, shape (subject, pair)."""
    missing = ~np.isfinite(models)
    if not missing.any():
        return np.ones((wanted.shape[1], models.shape[1]), dtype=bool)
    return ~(wanted.T.astype(np.float32) @ missing.astype(np.float32) > 0)


def _alike(rows: Mask) -> list[tuple[Mask, IntArray]]:
    """Group equal rows: the row and where it occurs."""
    groups: dict[bytes, list[int]] = {}
    for i, row in enumerate(rows):
        groups.setdefault(row.tobytes(), []).append(i)
    return [(rows[where[0]], np.array(where)) for where in groups.values()]
