"""Means over several RDMs, and the joining of partial ones that each cover some of the conditions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tertium.compare.rdm_type import RDM
from tertium.errors import BadInput, unknown_name

FloatArray = npt.NDArray[np.float64]
RESCALINGS = ("evidence", "setsize", "simple")


@dataclass(frozen=True)
class JoinedRDMs:
    """Partial RDMs brought to one scale.

    Parameters
    ----------
    mean : RDM
        Their weighted mean over all conditions, of root sum of squares 1; NaN for pairs that none covers.
    parts : tuple of RDM
        Each partial RDM on the common scale, with NaN where it has nothing.
    scales : array, shape (n_rdms,)
        What each was multiplied by.
    """

    mean: RDM
    parts: tuple[RDM, ...]
    scales: FloatArray


def align_rdms(rdms: Sequence[RDM]) -> tuple[tuple[str, ...], FloatArray]:
    """Put RDMs over one list of conditions, matched by label.

    Parameters
    ----------
    rdms : sequence of RDM
        In any order of conditions, and each with some of them.

    Returns
    -------
    labels : tuple of str
        All conditions, in order of first appearance.
    vectors : array, shape (n_rdms, pairs)
        NaN where an RDM lacks one of two conditions.

    Raises
    ------
    BadInput
        If there are no RDMs, or they were computed with different metrics.

    Examples
    --------
    >>> a, b = RDM([1.0], ["x", "y"]), RDM([2.0], ["z", "y"])
    >>> align_rdms([a, b])
    (('x', 'y', 'z'), array([[ 1., nan, nan],
           [nan, nan,  2.]]))
    """
    if len(rdms) == 0:
        raise BadInput("RDMs", got="none", expected="at least one", repair="")
    metrics = {r.metric for r in rdms}
    if len(metrics) > 1:
        raise BadInput(
            "RDMs",
            got=f"metrics {', '.join(sorted(metrics))}",
            expected="one metric",
            repair="Compute them alike; dissimilarities of different kinds have no common scale.",
        )
    labels = tuple(dict.fromkeys(label for r in rdms for label in r.labels))
    where = {label: i for i, label in enumerate(labels)}
    upper = np.triu_indices(len(labels), k=1)
    vectors = np.empty((len(rdms), len(upper[0])))
    for row, one in zip(vectors, rdms, strict=True):
        square = np.full((len(labels), len(labels)), np.nan)
        index = [where[label] for label in one.labels]
        square[np.ix_(index, index)] = one.values
        row[:] = square[upper]
    return labels, vectors


def average_rdms(rdms: Sequence[RDM], weights: npt.ArrayLike | None = None, *, name: str = "mean") -> RDM:
    """Average RDMs of the same conditions, over subjects or sessions for instance.

    Conditions are matched by label. A pair that some RDMs lack is averaged over those that have it; a pair that none
    has stays NaN. RDMs on different scales should be joined by `join_partial_rdms`.

    Parameters
    ----------
    rdms : sequence of RDM
        With the same conditions, or some of them (partial RDMs).
    weights : array-like, shape (n_rdms,), optional
        Not negative; equal if not given.
    name : str
        Name of the mean.

    Returns
    -------
    RDM

    Raises
    ------
    BadInput
        If metrics differ, or weights do not fit.

    Examples
    --------
    >>> average_rdms([RDM([1.0], ["x", "y"]), RDM([3.0], ["y", "x"])], weights=[3, 1]).vector
    array([1.5])
    """
    labels, vectors = align_rdms(rdms)
    w = np.ones(len(rdms)) if weights is None else np.asarray(weights, dtype=np.float64)
    if w.shape != (len(rdms),) or not np.isfinite(w).all() or (w < 0).any() or not w.sum() > 0:
        raise BadInput(
            "weights",
            got=f"shape {w.shape}, values {np.array2string(w, threshold=5, precision=3)}",
            expected=f"{len(rdms)} numbers, not negative and not all zero",
            repair="Pass one weight for each RDM.",
        )
    return RDM(
        _mean(vectors, np.where(np.isnan(vectors), 0.0, w[:, None])),
        labels,
        rdms[0].metric,
        name,
        _groups(rdms, labels),
    )


def join_partial_rdms(
    rdms: Sequence[RDM],
    method: str = "evidence",
    *,
    floor: float = 0.2,
    tolerance: float = 1e-8,
    max_iterations: int = 10_000,
    name: str = "joined",
) -> JoinedRDMs:
    """Join RDMs that each cover some of the conditions and have a scale of their own.

    In turn, every RDM is scaled to the size the current mean has on the pairs it covers, and the mean is taken anew,
    until it stays (Kriegeskorte & Mur 2012, appendix; Schutt et al. 2023).

    Parameters
    ----------
    rdms : sequence of RDM
        Partial RDMs; a missing condition may be left out, or its pairs be NaN.
    method : {"evidence", "setsize", "simple"}
        Weights of the mean: ``evidence`` the square of a dissimilarity as given, not below ``floor`` squared (a large
        distance on a screen is placed with a better signal-to-noise ratio); ``setsize`` one over the number of
        pairs an RDM has; ``simple`` equal.
    floor : float
        Smallest dissimilarity that counts as evidence, in the unit of the RDMs.
    tolerance : float
        Stop when the sum of squared changes of the mean (which has sum of squares 1) is not above this.
    max_iterations : int
        Give up after so many rounds.
    name : str
        Name of the mean.

    Returns
    -------
    JoinedRDMs

    Raises
    ------
    UnknownName
        If there is no such method.
    BadInput
        If RDMs share no pair, so that their scales cannot be related; if one is zero; if it does not converge.

    Examples
    --------
    >>> a = RDM([1.0, 2.0, 2.0], ["x", "y", "z"])
    >>> b = RDM([4.0, 6.0, 6.0], ["y", "z", "w"])  # twice the scale; "y" and "z" are shared
    >>> joined = join_partial_rdms([a, b], "simple", tolerance=1e-20)
    >>> float((joined.scales[0] / joined.scales[1]).round(6))
    2.0
    """
    if method not in RESCALINGS:
        raise unknown_name("rescaling", method, RESCALINGS)
    labels, vectors = align_rdms(rdms)
    seen = ~np.isnan(vectors)
    _check_linked(rdms, seen)
    filled = np.where(seen, vectors, 0.0)
    size = np.sqrt((filled**2).sum(axis=1))
    if not (size > 0).all():
        raise BadInput(
            f"RDM '{rdms[int(np.argmin(size))].name}'",
            got="only zeros",
            expected="some dissimilarity",
            repair="Leave it out.",
        )
    weights = seen.astype(np.float64)
    if method == "evidence":
        weights = np.where(seen, np.maximum(filled**2, floor**2), 0.0)
    elif method == "setsize":
        weights = seen / seen.sum(axis=1, keepdims=True)
    mean = _unit(_mean(vectors, seen.astype(np.float64)))
    for _ in range(max_iterations):
        known = np.nan_to_num(mean)
        scales = np.sqrt((seen * known**2).sum(axis=1)) / size
        before, mean = mean, _unit(_mean(filled * scales[:, None], weights))
        if np.nansum((mean - before) ** 2) <= tolerance:
            break
    else:
        raise BadInput(
            "joining of partial RDMs",
            got=f"no convergence in {max_iterations} rounds",
            expected=f"a change below {tolerance:g}",
            repair="Pass a larger tolerance or max_iterations.",
        )
    groups, metric = _groups(rdms, labels), rdms[0].metric
    parts = tuple(
        RDM(np.where(s, v * k, np.nan), labels, metric, r.name, groups)
        for v, s, k, r in zip(filled, seen, scales, rdms, strict=True)
    )
    return JoinedRDMs(RDM(mean, labels, metric, name, groups), parts, scales)


def _mean(vectors: FloatArray, weights: FloatArray) -> FloatArray:
    total = weights.sum(axis=0)
    summed = (weights * np.nan_to_num(vectors)).sum(axis=0)
    return np.divide(summed, total, out=np.full(len(total), np.nan), where=total > 0)


def _unit(vector: FloatArray) -> FloatArray:
    return np.asarray(vector / np.sqrt(np.nansum(vector**2)))


def _check_linked(rdms: Sequence[RDM], seen: npt.NDArray[np.bool_]) -> None:
    """Raise unless every RDM is linked to the first by a chain of RDMs that share pairs."""
    shared = seen.astype(np.float64) @ seen.T.astype(np.float64) > 0
    reached = np.zeros(len(seen), dtype=bool)
    reached[0] = True
    for _ in range(len(seen)):
        reached |= shared[reached].any(axis=0)
    if not reached.all():
        i = int(np.argmin(reached))
        raise BadInput(
            f"RDM {i} '{rdms[i].name}'",
            got="no pair of conditions shared with the others",
            expected="at least one, since its scale cannot be related to theirs otherwise",
            repair="Join the groups of overlapping RDMs by themselves.",
        )


def _groups(rdms: Sequence[RDM], labels: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Return groups that are known for all conditions and on which the RDMs agree."""
    found: dict[str, tuple[str, ...]] = {}
    for key in dict.fromkeys(key for r in rdms for key in r.groups):
        values: dict[str, str] = {}
        agree = True
        for r in rdms:
            for label, value in zip(r.labels, r.groups.get(key, ()), strict=False):
                agree &= values.setdefault(label, value) == value
        if agree and all(label in values for label in labels):
            found[key] = tuple(values[label] for label in labels)
    return found
