"""How han2023 compares: a battery of measures with intervals, opposite rankings, and what measures are good for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tertium.behavior import error_consistency
from tertium.compare import ModelScores, score_models

if TYPE_CHECKING:
    from tertium.rng import Seeds
    from tertium.studies.methods.han_networks import Student, World

Floats = NDArray[np.float64]

#: Measures of the units' activity: what the tables call them, how `score_models` does, and options.
ACTIVITY: dict[str, tuple[str, dict[str, Any]]] = {
    "regression, to teacher": ("mutual_predictivity", {"direction": "forward"}),
    "regression, from teacher": ("mutual_predictivity", {"direction": "backward"}),
    "RSA, correlation": ("rsa", {"metric": "correlation", "method": "spearman"}),
    "RSA, euclidean": ("rsa", {"metric": "euclidean", "method": "spearman"}),
    "CKA": ("cka", {}),
    "CCA": ("cca", {}),
    "SVCCA": ("svcca", {}),
    "Procrustes": ("procrustes", {}),
    "soft match": ("soft_match", {}),
    "matched units": ("matched_correlation", {}),
}

#: Those that no rotation of the units changes (regression up to its penalty, which is relative to the variance).
ROTATION_FREE = (
    "regression, to teacher",
    "regression, from teacher",
    "RSA, euclidean",
    "CKA",
    "CCA",
    "SVCCA",
    "Procrustes",
)

#: Those for which units count one by one.
UNIT_BY_UNIT = ("soft match", "matched units")

#: Those of answers, not of units.
BEHAVIOUR = ("same answers", "same errors")

#: Canonical correlations depend on the number of units and stimuli by their chance level.
CANONICAL = ("CCA", "SVCCA")

#: All of them.
BATTERY = (*ACTIVITY, *BEHAVIOUR)


def battery(
    students: Sequence[Student],
    teacher: Student,
    shown: Floats,
    classes: NDArray[np.int64],
    *,
    draws: int,
    noise: float,
    seeds: Seeds,
    shuffled: bool = False,
) -> tuple[Floats, Floats]:
    """Score all students against the teacher by all measures, and tell which differ beyond their intervals.

    Parameters
    ----------
    students, teacher
        Whose units are shown the stimuli; their activity is read with noise.
    shown, classes : array, shape (stimulus, input) and (stimulus,)
    draws : int
        Subsets of stimuli for the intervals.
    noise : float
        Standard deviation of what is added, in those of a layer.
    seeds : Seeds
        Of noise and subsets.
    shuffled : bool
        Give all students' responses to stimuli of a shuffled order, the same for all.

    Returns
    -------
    scores : array, shape (measure, student)
        Higher is more alike: of angles the cosine.
    signs : array, shape (measure, student, student)
        1 where the row's student scores higher than the column's beyond the paired 95 % interval over stimuli, -1
        where it scores lower, 0 otherwise.
    """
    random = seeds.numpy("noise")
    order = seeds.numpy("shuffle").permutation(len(shown)) if shuffled else np.arange(len(shown))
    units = {f"{i}": read_with_noise(one.rates(shown), noise, random)[order] for i, one in enumerate(students)}
    taught = read_with_noise(teacher.rates(shown), noise, random)
    told = {f"{i}": answered(one, shown, classes)[order] for i, one in enumerate(students)}
    own = answered(teacher, shown, classes)
    common: dict[str, Any] = {"over": ("stimuli",), "n_draws": draws, "seed": seeds.integer("draws")}
    found = [score_models(units, {"teacher": taught}, name, **common, **options) for name, options in ACTIVITY.values()]
    found += [score_models(told, {"teacher": own}, one, **common) for one in (same_answers, same_errors)]
    return np.array([similar(one) for one in found]), np.array([apart(one) for one in found])


def read_with_noise(rates: Floats, noise: float, random: np.random.Generator) -> Floats:
    """Return activity with Gaussian noise, in standard deviations of the whole layer."""
    return np.asarray(rates + noise * rates.std() * random.normal(size=rates.shape))


def answered(student: Student, shown: Floats, classes: NDArray[np.int64]) -> Floats:
    """Return what a student answered and what would have been right, (stimulus, 2)."""
    return np.stack([student.answers(shown).argmax(1), classes], axis=1).astype(np.float64)


def same_answers(model: Floats, brain: Floats) -> float:
    """Return the share of stimuli to which both give one answer; columns are answers and classes.

    Examples
    --------
    >>> same_answers(np.array([[1.0, 0.0], [2.0, 0.0]]), np.array([[1.0, 0.0], [0.0, 0.0]]))
    0.5
    """
    return float((model[:, 0] == brain[:, 0]).mean())


def same_errors(model: Floats, brain: Floats) -> float:
    """Return Cohen's kappa of being right on the same stimuli; 0 if one of them is always right or always wrong.

    Examples
    --------
    >>> answers = np.array([[1.0, 1.0], [0.0, 1.0], [1.0, 1.0]] * 4)
    >>> same_errors(answers, answers)
    1.0
    """
    pair = np.array([one[:, 0] == one[:, 1] for one in (model, brain)])
    if pair.all(1).any() or not pair.any(1).all():
        return 0.0
    return float(error_consistency(pair, n_draws=FEWEST_DRAWS).kappa[0, 1])


#: Draws of the intervals of `error_consistency`, which are not used here.
FEWEST_DRAWS = 100


def similar(found: ModelScores) -> Floats:
    """Return scores with higher for more alike, (model,): of angles the cosine."""
    values = found.values.mean(1)
    return np.cos(values) if found.is_distance else values


def apart(found: ModelScores) -> Floats:
    """Return which of two models is more alike beyond the paired interval, (model, model): 1, -1, or 0."""
    names = found.models
    signs = np.zeros((len(names), len(names)))
    for (i, model), (j, other) in combinations(enumerate(names), 2):
        _, (low, high) = found.difference(model, other)
        signs[i, j] = float(low > 0) - float(high < 0)
    signs -= signs.T
    return -signs if found.is_distance else signs


def opposite(signs: Floats) -> Floats:
    """Return how often two measures rank two students oppositely, both beyond their intervals.

    Parameters
    ----------
    signs : array, shape (measure, student, student)
        From `battery`.

    Returns
    -------
    array, shape (measure, measure)
        Shares of all pairs of students.

    Examples
    --------
    >>> one = np.array([[0.0, 1.0], [-1.0, 0.0]])
    >>> opposite(np.array([one, -one, 0 * one])).tolist()
    [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    """
    i, j = np.triu_indices(signs.shape[1], 1)
    pairs = signs[:, i, j]
    return np.asarray((pairs[:, None] * pairs[None] < 0).mean(-1))


def mean_of_pairs(matrix: Floats, kept: Sequence[int] | None = None) -> float:
    """Return the mean of a symmetric matrix over all pairs of some rows, or of all."""
    some = np.arange(len(matrix)) if kept is None else np.asarray(kept)
    i, j = np.triu_indices(len(some), 1)
    return float(matrix[np.ix_(some, some)][i, j].mean())


def turned(teacher: Floats, random: np.random.Generator) -> dict[str, Floats]:
    """Return the teacher's activity rotated, mapped by an invertible matrix, and with units in another order."""
    units = teacher.shape[1]
    mixed = random.normal(size=(units, units))
    return {
        "rotated": teacher @ np.linalg.qr(mixed)[0],
        "mapped": teacher @ mixed,
        "reordered": teacher[:, random.permutation(units)],
    }


def against_teacher(activity: Mapping[str, Floats], teacher: Floats) -> dict[str, Floats]:
    """Return the similarity of each measure of activity, by what was done to the teacher, (measure,)."""
    columns = [
        similar(score_models(dict(activity), {"teacher": teacher}, name, over=(), **options))
        for name, options in ACTIVITY.values()
    ]
    return dict(zip(activity, np.array(columns).T, strict=True))


def receptive_fields(student: Student, inputs: int, random: np.random.Generator, samples: int = 4000) -> Floats:
    """Return each unit's receptive field by reverse correlation with white noise, (unit, input), of length 1."""
    noise = random.normal(size=(samples, inputs))
    rates = student.rates(noise)
    fields = (rates - rates.mean(0)).T @ noise / samples
    sizes = np.linalg.norm(fields, axis=1, keepdims=True)
    return np.asarray(fields / np.where(sizes > 0, sizes, 1.0))


def unit_correspondence(fields: Floats, others: Floats) -> float:
    """Return how alike receptive fields are after pairing units one to one: mean cosine; units left over count 0.

    Examples
    --------
    >>> unit_correspondence(np.eye(2)[::-1], np.eye(2)), unit_correspondence(np.eye(3)[:1], np.eye(3))
    (1.0, 0.5)
    """
    from scipy.optimize import linear_sum_assignment

    alike = fields @ others.T
    rows, columns = linear_sum_assignment(alike, maximize=True)
    return float(2 * alike[rows, columns].sum() / (len(fields) + len(others)))


def use_cases(students: Sequence[Student], teacher: Student, place: World, n: int, seeds: Seeds) -> dict[str, Floats]:
    """Return what a comparison may be for, measured without any of the measures of activity, each (student,).

    ``generalisation``: agreement with the teacher's answers to new kinds of stimuli (twice the noise; blends of two
    stimuli); ``generalisation, again``: the same with other stimuli; ``units``: pairing of receptive fields;
    ``units, again``: the same with other noise and half of the teacher's units.
    """
    found: dict[str, Floats] = {}
    for name in ("generalisation", "generalisation, again"):
        random = seeds.numpy(name)
        new = np.vstack([place.draw(n, random, noise=2.0)[0], place.blends(n, random)])
        own = teacher.answers(new).argmax(1)
        found[name] = np.array([(one.answers(new).argmax(1) == own).mean() for one in students])
    inputs = place.spread.shape[0]
    for name, step in (("units", 1), ("units, again", 2)):
        random = seeds.numpy(name)
        fields = receptive_fields(teacher, inputs, random)[::step]
        found[name] = np.array([unit_correspondence(receptive_fields(one, inputs, random), fields) for one in students])
    return found


def rank_correlations(scores: Floats, target: Floats) -> Floats:
    """Return Spearman's correlation of each measure with a target over students, (measure,)."""
    from scipy.stats import rankdata

    ranks, asked = rankdata(scores, axis=1), rankdata(target)
    ranks, asked = ranks - ranks.mean(1, keepdims=True), asked - asked.mean()
    size = np.linalg.norm(ranks, axis=1) * np.linalg.norm(asked)
    return np.asarray(ranks @ asked / np.where(size > 0, size, 1.0))


def difference(scores: Floats, target: Floats, measure: str, other: str) -> float:
    """Return by how much better one measure of activity ranks students by a target than another."""
    found, names = rank_correlations(scores, target), list(ACTIVITY)
    return float(found[names.index(measure)] - found[names.index(other)])


def best_for(scores: Floats, target: Floats) -> str:
    """Return the measure of activity that ranks students best by a target."""
    return list(ACTIVITY)[int(rank_correlations(scores[: len(ACTIVITY)], target).argmax())]
