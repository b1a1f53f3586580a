"""How the study `agreement` scores: every measure on the same patterns, and on subsets of stimuli for intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tertium.compare import RDM, bures, cka, mutual_predictivity, procrustes, pwcca, rdm, rdm_patterns, rsa, svcca
from tertium.progress import track

if TYPE_CHECKING:
    from tertium.data.sets.neurons.kriegeskorte92 import Kriegeskorte92

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

#: Principal components that measures of canonical correlations are given: with as many as stimuli they are always 1.
FEW, MORE = 10, 20

#: Methods by which `tertium.compare.rsa` compares two matrices of dissimilarities, by what tables call them.
OF_RDMS: dict[str, str] = {
    "RSA Spearman": "spearman",
    "RSA Pearson": "pearson",
    "RSA cosine": "cosine",
    "RSA whitened": "whitened_cosine",
}

#: Other measures of two sets of patterns (stimulus, dimension) that no rotation changes; higher is more alike.
OF_PATTERNS: dict[str, Callable[[Floats, Floats], float]] = {
    "CKA": lambda x, y: float(cka(x, y)),
    "CKA biased": lambda x, y: float(cka(x, y, unbiased=False)),
    "CKA rbf": lambda x, y: float(cka(x, y, kernel="rbf")),
    "Procrustes": lambda x, y: float(np.cos(procrustes(x, y))),
    "Procrustes, half whitened": lambda x, y: float(np.cos(procrustes(x, y, 0.5))),
    "Bures rbf": lambda x, y: float(np.cos(bures(x, y, kernel="rbf"))),
    "SVCCA 10": lambda x, y: float(svcca(x, y, components=FEW)),
    "SVCCA 90 %": lambda x, y: float(svcca(x, y, variance=0.9)),
    "PWCCA 20": lambda x, y: float(pwcca(leading(x, MORE), leading(y, MORE))),
    "predicts": lambda x, y: float(mutual_predictivity(x, y, direction="forward")),
    "is predicted": lambda x, y: float(mutual_predictivity(x, y, direction="backward")),
}

#: All of them.
MEASURES: tuple[str, ...] = (*OF_RDMS, *OF_PATTERNS)

#: Measure -> family, by what is computed: agreement of dissimilarities, of kernels, rotation, canonical, regression.
FAMILIES: dict[str, str] = (
    dict.fromkeys(OF_RDMS, "RSA")
    | dict.fromkeys(("CKA", "CKA biased", "CKA rbf"), "CKA")
    | dict.fromkeys(("Procrustes", "Procrustes, half whitened", "Bures rbf"), "shape")
    | dict.fromkeys(("SVCCA 10", "SVCCA 90 %", "PWCCA 20"), "canonical")
    | dict.fromkeys(("predicts", "is predicted"), "regression")
)

_RISES = ("RSA cosine", "RSA whitened", "CKA biased", "Procrustes", "Procrustes, half whitened", "Bures rbf")

#: Measure -> what it scores, by theory, for more dimensions where nothing is shared: more ("rises"), or the same
#: ("corrected"). Of as many components as 90 % of the variance takes, the fewer are easily found among many ("falls").
CHANCE_LEVEL: dict[str, str] = {name: "rises" if name in _RISES else "corrected" for name in MEASURES} | {
    "SVCCA 90 %": "falls"
}


def regions_of(data: Kriegeskorte92) -> dict[str, Floats]:
    """Return the patterns of human IT (mean of subjects and sessions) and of monkey IT, up to a rotation."""
    matrices = {"human IT": data.human.mean(("subject", "session")), "monkey IT": data.monkey}
    return {
        name: rdm_patterns(RDM.from_matrix(one.values, data.labels, metric="correlation", name=name))
        for name, one in matrices.items()
    }


def leading(patterns: Floats, count: int) -> Floats:
    """Return the leading principal components of patterns, (stimulus, at most ``count``).

    Examples
    --------
    >>> abs(leading(np.array([[0.0, 3.0], [1.0, 0.0], [2.0, -3.0]]), 1)).round(2).ravel().tolist()
    [3.16, 0.0, 3.16]
    """
    centred = patterns - patterns.mean(0)
    left, sizes, right = np.linalg.svd(centred, full_matrices=False)
    signs = np.sign(right[np.arange(len(right)), np.abs(right).argmax(1)])
    return np.asarray((left * sizes * signs)[:, :count])


def all_scores(patterns: Mapping[str, Floats], regions: Mapping[str, Floats], names: Sequence[str]) -> Floats:
    """Return the similarity of each representation with each region by each measure, higher for more alike.

    Parameters
    ----------
    patterns : mapping of str to array, shape (stimulus, dimension)
    regions : mapping of str to array, shape (stimulus, dimension)
    names : sequence of str
        Measures.

    Returns
    -------
    array, shape (measure, region, representation)
    """
    matrices = {name: rdm(x, "euclidean", name=name) for name, x in patterns.items()}
    rows = []
    for name in names:
        if name in OF_RDMS:
            rows.append([_by_rdms(matrices, region, OF_RDMS[name]) for region in regions.values()])
        else:
            score = OF_PATTERNS[name]
            rows.append([[score(x, region) for x in patterns.values()] for region in regions.values()])
    return np.array(rows)


def _by_rdms(matrices: dict[str, RDM], region: Floats, method: str) -> list[float]:
    return list(rsa(dict(matrices), rdm(region, "euclidean"), method).mean.values())


@dataclass(frozen=True)
class Drawn:
    """Scores of all stimuli, and of subsets of them.

    Attributes
    ----------
    whole : array, shape (measure, region, representation)
    subsets : array, shape (draw, measure, region, representation)
    widening : float
        By how much the scatter of subsets is to be scaled to be that of samples of stimuli: the delete-d jackknife.
    """

    whole: Floats
    subsets: Floats
    widening: float

    def interval(self, statistic: Callable[[Floats], Floats]) -> tuple[Floats, Floats, Floats]:
        """Return a statistic of scores (measure, region, representation) and the ends of its 95 % interval."""
        value = np.asarray(statistic(self.whole))
        half = 1.96 * self.widening * np.std([statistic(one) for one in self.subsets], axis=0, ddof=1)
        return value, value - half, value + half

    def signs(self, region: int) -> Floats:
        """Return which representation is more like a region beyond the paired interval, (measure, n, n): 1, -1, 0."""
        value, low, high = self.interval(lambda s: s[:, region, :, None] - s[:, region, None, :])
        return np.asarray((low > 0).astype(float) - (high < 0).astype(float)) * (value != 0)


def drawn_scores(
    patterns: Mapping[str, Floats],
    regions: Mapping[str, Floats],
    names: Sequence[str],
    *,
    draws: int,
    keep: float,
    random: np.random.Generator,
) -> Drawn:
    """Score all stimuli, then subsets drawn without replacement (copies would be fitted and tested at once)."""
    n = len(next(iter(patterns.values())))
    kept = round(keep * n)
    subsets = []
    for _ in track(range(draws), "subsets of stimuli", draws):
        some = np.sort(random.permutation(n)[:kept])
        subsets.append(all_scores(taken(patterns, some), taken(regions, some), names))
    return Drawn(all_scores(patterns, regions, names), np.array(subsets), (kept / (n - kept)) ** 0.5)


def taken(patterns: Mapping[str, Floats], some: Indices) -> dict[str, Floats]:
    """Return patterns of some stimuli."""
    return {name: x[some] for name, x in patterns.items()}


def rank_agreement(scores: Floats) -> Floats:
    """Return Spearman's correlations of measures over representations, mean over regions, (measure, measure).

    Examples
    --------
    >>> scores = np.array([[[1.0, 2.0, 3.0]], [[10.0, 20.0, 90.0]], [[3.0, 2.0, 1.0]]])
    >>> rank_agreement(scores).round(2).tolist()
    [[1.0, 1.0, -1.0], [1.0, 1.0, -1.0], [-1.0, -1.0, 1.0]]
    """
    from scipy.stats import rankdata

    ranks = rankdata(scores, axis=-1)
    ranks = ranks - ranks.mean(-1, keepdims=True)
    ranks = ranks / np.maximum(np.linalg.norm(ranks, axis=-1, keepdims=True), 1e-300)
    return np.asarray(np.einsum("irn,jrn->ij", ranks, ranks) / scores.shape[1])


def within_less_between(agreement: Floats, families: Sequence[str]) -> float:
    """Return the mean agreement of measures of one family less that of measures of two families.

    Examples
    --------
    >>> within_less_between(np.array([[1, 0.9, 0.1], [0.9, 1, 0.3], [0.1, 0.3, 1]]), ["a", "a", "b"])
    0.7
    """
    labels = np.array(families, dtype=object)
    i, j = np.triu_indices(len(labels), 1)
    same = np.array([labels[a] == labels[b] for a, b in zip(i, j, strict=True)])
    pairs = agreement[i, j]
    return float(pairs[same].mean() - pairs[~same].mean())


def opposite(signs: Floats) -> Floats:
    """Return the share of pairs of representations that two measures rank oppositely, both beyond their intervals.

    Parameters
    ----------
    signs : array, shape (measure, representation, representation)

    Returns
    -------
    array, shape (measure, measure)
    """
    i, j = np.triu_indices(signs.shape[1], 1)
    pairs = signs[:, i, j]
    return np.asarray((pairs[:, None] * pairs[None] < 0).mean(-1))


def mean_of_pairs(matrix: Floats) -> float:
    """Return the mean of a symmetric matrix over all pairs."""
    i, j = np.triu_indices(len(matrix), 1)
    return float(matrix[i, j].mean())


def planted(patterns: Floats, noise: float, random: np.random.Generator) -> Floats:
    """Return a region that is a layer with noise, so that it is known which layer is the best."""
    return np.asarray(patterns + noise * patterns.std() * random.normal(size=patterns.shape))


def chosen_on_all(best: Indices) -> Floats:
    """Return the share of pairs of measures that choose another one, (region,), of choices (measure, region).

    Examples
    --------
    >>> chosen_on_all(np.array([[0, 1], [0, 2]])).tolist()
    [0.0, 1.0]
    """
    i, j = np.triu_indices(len(best), 1)
    return np.asarray((best[i] != best[j]).mean(0))


def best_on_halves(
    patterns: Mapping[str, Floats],
    regions: Mapping[str, Floats],
    names: Sequence[str],
    halvings: int,
    random: np.random.Generator,
) -> Indices:
    """Return which representation is the best by each measure on either half of the stimuli.

    Returns
    -------
    array of int, shape (halving, 2, measure, region)
        Halves have no stimulus in common.
    """
    n = len(next(iter(patterns.values())))
    found = []
    for _ in track(range(halvings), "halves of stimuli", halvings):
        order = random.permutation(n)
        halves = [np.sort(order[: n // 2]), np.sort(order[n // 2 : 2 * (n // 2)])]
        found.append([all_scores(taken(patterns, one), taken(regions, one), names).argmax(-1) for one in halves])
    return np.array(found)


def chosen_otherwise(best: Indices) -> tuple[Floats, Floats]:
    """Return how often two measures choose another one on the same stimuli, and one measure on two halves.

    Parameters
    ----------
    best : array of int, shape (halving, 2, measure, region)
        From `best_on_halves`.

    Returns
    -------
    of_measures, of_stimuli : array, shape (region,)

    Examples
    --------
    >>> best = np.array([[[[0], [1]], [[0], [1]]]])
    >>> [one.tolist() for one in chosen_otherwise(best)]
    [[1.0], [0.0]]
    """
    i, j = np.triu_indices(best.shape[2], 1)
    measures = (best[:, :, i] != best[:, :, j]).mean((0, 1, 2))
    stimuli = (best[:, 0] != best[:, 1]).mean((0, 1))
    return measures, stimuli
