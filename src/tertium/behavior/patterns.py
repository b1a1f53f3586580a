"""`behavioral_pattern`: sensitivities (d') of an observer by object or by image, over all distractors or for each."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from tertium.behavior.confusions import Confusions
from tertium.errors import unknown_name

Floats = npt.NDArray[np.float64]
Pattern = Literal["o1", "o2", "i1", "i2", "i1n", "i2n"]
_PATTERNS: tuple[str, ...] = get_args(Pattern)


def behavioral_pattern(found: Confusions, pattern: Pattern = "i1n", *, most: float = 5.0) -> Floats:
    """Return an observer's pattern of difficulties (Rajalingham et al. 2018, Journal of Neuroscience 38:7255).

    Parameters
    ----------
    found : Confusions
        Of `count_confusions` or `confusions_of_model`.
    pattern : {"o1", "o2", "i1", "i2", "i1n", "i2n"}
        By object or by image ("o", "i"); over all distractors or for each ("1", "2"). With "n" the mean over the
        images of the same object (and distractor) is taken out, so that only differences between its images are left.
    most : float
        d' is kept within +-most: a rate of 0 or 1 would make it infinite.

    Returns
    -------
    array
        d' = z(hit rate) - z(false alarm rate), shape (object,), (object, object), (image,) or (image, object). NaN
        where nothing was offered. A hit rate of an image is its share of correct choices; the false alarms of its
        object are choices of that object when another one was shown: any other, or the distractor in question,
        all trials pooled. (Brain-Score's own version averages d' over distractors for "1", and false alarm rates over
        images; with as many trials for each the latter is the same.)

    Raises
    ------
    UnknownName
        If there is no such pattern.

    Examples
    --------
    >>> from tertium.behavior.confusions import confusions_of_model
    >>> model = confusions_of_model([[0.8, 0.2], [0.6, 0.4], [0.3, 0.7]], ["a", "a", "b"], ["a", "b"])
    >>> behavioral_pattern(model, "i1").round(2).tolist()       # z(0.8) - z(0.3), z(0.6) - z(0.3), z(0.7) - z(0.3)
    [1.37, 0.78, 1.05]
    """
    if pattern not in _PATTERNS:
        raise unknown_name("pattern", str(pattern), _PATTERNS)
    hits, n = _weighted(found)
    by_object = np.zeros((len(found.objects), len(found.images)))
    by_object[found.of, np.arange(len(found.images))] = 1.0
    sums, counts = by_object @ hits, by_object @ n  # (object shown, distractor)
    false, alarms = (counts - sums).T, counts.T  # (object chosen wrongly, object shown)
    if pattern in ("o1", "i1", "i1n"):
        false, alarms = false.sum(axis=1), alarms.sum(axis=1)
        hits, n, sums, counts = hits.sum(axis=1), n.sum(axis=1), sums.sum(axis=1), counts.sum(axis=1)
    wrong = _z(false, alarms)
    if pattern[0] == "o":
        return _within(_z(sums, counts) - wrong, most)
    d = _within(_z(hits, n) - wrong[found.of], most)
    return d - _mean_of_object(d, found.of) if pattern.endswith("n") else d


def _weighted(found: Confusions) -> tuple[Floats, Floats]:
    """Return hits and trials; probabilities count as one trial each."""
    if found.noisy:
        return found.hits, found.n
    n = found.offered.astype(np.float64)
    return np.where(found.offered, found.hits, 0.0), n


def _z(k: Floats, n: Floats) -> Floats:
    from scipy.special import ndtri

    return np.asarray(ndtri(np.divide(k, n, out=np.full(n.shape, np.nan), where=n > 0)))


def _within(d: Floats, most: float) -> Floats:
    return np.clip(d, -most, most)


def _mean_of_object(d: Floats, of: npt.NDArray[np.int64]) -> Floats:
    """Return for each image the mean over the images of its object that have a value."""
    out = np.empty_like(d)
    for o in np.unique(of):
        rows = d[of == o]
        there = np.isfinite(rows)
        count = there.sum(axis=0)
        total = np.where(there, rows, 0.0).sum(axis=0)
        out[of == o] = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return out
