"""Conditions as points in few dimensions, so that distances on paper resemble dissimilarities (MDS)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tertium.compare.rdm_type import RDM
from tertium.errors import BadInput, unknown_name

FloatArray = npt.NDArray[np.float64]

#: Metrics that are squared distances; their square root is what is laid out.
SQUARED = ("euclidean", "mahalanobis", "crossnobis")


@dataclass(frozen=True)
class Embedding:
    """Where each condition lies.

    Parameters
    ----------
    points : array, shape (condition, dimension)
        Coordinates, in the unit of the distances; axes by falling variance.
    stress : float
        Kruskal's stress-1: root of the summed squared errors over summed squared distances on paper. 0 is exact;
        0.2 is poor.
    labels : tuple of str
        Names of the conditions.
    """

    points: FloatArray
    stress: float
    labels: tuple[str, ...]


def distances(rdm: RDM) -> FloatArray:
    """Return what MDS and clustering take for distances, shape (n, n).

    The square root for squared metrics (`SQUARED`), the dissimilarity itself otherwise. Negative crossnobis values,
    which mean "not different", become zero.

    Raises
    ------
    BadInput
        If a pair has no dissimilarity (NaN), or there are fewer than three conditions.

    Examples
    --------
    >>> distances(RDM([4.0, -1.0, 9.0], ["a", "b", "c"], metric="crossnobis"))
    array([[0., 2., 0.],
           [2., 0., 3.],
           [0., 3., 0.]])
    """
    if rdm.n_conditions < 3:
        raise BadInput(
            f"RDM '{rdm.name}'", got=f"{rdm.n_conditions} conditions", expected="3 or more to lay out", repair=""
        )
    if np.isnan(rdm.vector).any():
        raise BadInput(
            f"RDM '{rdm.name}'",
            got=f"{int(np.isnan(rdm.vector).sum())} pairs that were not measured",
            expected="a complete RDM",
            repair="Join partial RDMs (join_partial_rdms), or take a subset of the conditions.",
        )
    square = np.maximum(rdm.values, 0.0)
    return np.asarray(np.sqrt(square) if rdm.metric in SQUARED else square)


def rdm_patterns(rdm: RDM) -> FloatArray:
    """Return patterns whose distances are the RDM's: what was measured, up to a rotation of its units.

    Where only dissimilarities are published, this gives every measure that does not care about rotations (CKA,
    Procrustes, ridge regression) its patterns back. 1 - Pearson's r (or 1 - cosine) is half the squared distance of
    patterns each brought to mean 0 (correlation) and length 1: those come back. Others are squared distances.

    Parameters
    ----------
    rdm : RDM
        Complete; correlation, cosine, or a squared metric (`SQUARED`).

    Returns
    -------
    array, shape (condition, dimension)
        Centred over conditions, axes by falling variance; as many as there are.

    Raises
    ------
    BadInput
        If a pair is missing, or there are no such patterns (judged or cross-validated dissimilarities).

    Examples
    --------
    >>> from tertium.compare.dissimilarity import rdm as measured
    >>> X = np.random.default_rng(0).normal(size=(6, 40))
    >>> rebuilt = rdm_patterns(measured(X, metric="correlation"))
    >>> np.allclose(measured(rebuilt, metric="euclidean").values * 5 / 2, measured(X, metric="correlation").values)
    True
    """
    distances(rdm)  # complete, and large enough
    doubled = 2.0 if rdm.metric in ("correlation", "cosine") else 1.0
    n = rdm.n_conditions
    centring = np.eye(n) - 1 / n
    sizes, axes = np.linalg.eigh(-0.5 * doubled * centring @ rdm.values @ centring)
    sizes, axes = sizes[::-1], axes[:, ::-1]
    missing = float(-sizes[sizes < 0].sum() / sizes[sizes > 0].sum()) if (sizes > 0).any() else 1.0
    if missing > 1e-6:
        raise BadInput(
            f"RDM '{rdm.name}'",
            got=f"dissimilarities ({rdm.metric or 'of unknown metric'}) that are those of no patterns",
            expected="squared distances, 1 - r or 1 - cosine of measured patterns",
            repair="Compare it by its RDM: tertium.compare.rsa.",
        )
    kept = sizes > 1e-10 * sizes[0]
    return np.asarray(axes[:, kept] * np.sqrt(sizes[kept]))


def mds(rdm: RDM, method: str = "metric", n_dims: int = 2) -> Embedding:
    """Lay conditions out as points whose distances resemble the RDM.

    Parameters
    ----------
    rdm : RDM
        Complete, at least three conditions.
    method : {"metric", "classical"}
        ``classical`` is Torgerson's, by eigenvectors; ``metric`` starts from it and lowers the stress by SMACOF
        (scikit-learn). Neither draws random numbers.
    n_dims : int
        Dimensions.

    Returns
    -------
    Embedding

    Raises
    ------
    UnknownName
        If there is no such method.
    BadInput
        If the RDM is partial, or too small for so many dimensions.

    Examples
    --------
    >>> from scipy.spatial.distance import pdist
    >>> square = RDM(pdist([[0, 0], [0, 1], [1, 0], [1, 1]]), list("abcd"))
    >>> bool(mds(square, "classical").stress < 1e-7)
    True
    """
    if method not in ("metric", "classical"):
        raise unknown_name("MDS method", method, ("metric", "classical"))
    d = distances(rdm)
    if not 1 <= n_dims < len(d):
        raise BadInput("n_dims", got=f"{n_dims}", expected=f"1 to {len(d) - 1} for {len(d)} conditions", repair="")
    points = _classical(d, n_dims)
    if method == "metric" and d.any():
        from sklearn.manifold import smacof

        points, _ = smacof(
            d, n_components=n_dims, init=points, n_init=1, max_iter=1000, eps=1e-9, normalized_stress=False
        )
        points = _principal(points)
    return Embedding(points, _stress(d, points), rdm.labels)


def _classical(d: FloatArray, n_dims: int) -> FloatArray:
    squares = d**2
    centred = squares - squares.mean(axis=0)
    centred = -0.5 * (centred - centred.mean(axis=1, keepdims=True))
    values, vectors = np.linalg.eigh(centred)
    values, vectors = values[::-1][:n_dims], vectors[:, ::-1][:, :n_dims]
    return _signed(vectors * np.sqrt(np.maximum(values, 0.0)))


def _principal(points: FloatArray) -> FloatArray:
    centred = points - points.mean(axis=0)
    u, s, _ = np.linalg.svd(centred, full_matrices=False)
    return _signed(u * s)


def _signed(points: FloatArray) -> FloatArray:
    """Fix each axis's sign by its largest coordinate, so that pictures do not flip between machines."""
    largest = points[np.argmax(np.abs(points), axis=0), np.arange(points.shape[1])]
    return np.asarray(points * np.where(largest < 0, -1.0, 1.0))


def _stress(d: FloatArray, points: FloatArray) -> float:
    from scipy.spatial.distance import pdist, squareform

    laid = pdist(points)
    total = float((laid**2).sum())
    return float(np.sqrt(((laid - squareform(d, checks=False)) ** 2).sum() / total)) if total > 0 else 0.0
