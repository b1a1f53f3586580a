"""Scores of all models and of the ceilings, in the data as they are or in many draws of stimuli."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tertium.compare.distances.pairs import scaled
from tertium.compare.rdm_inference.align import align_data, aligned, check_values, named
from tertium.compare.rdm_inference.ceiling import (
    ceiling_predictors,
    ceiling_wanted,
    ceilings_possible,
    lower_and_upper,
)
from tertium.compare.rdm_inference.folds import check_folds, default_folds, test_folds
from tertium.compare.rdm_inference.models import Components, FlexibleModel, fit_weights
from tertium.compare.rdm_type import RDM
from tertium.compare.similarity.engine import RANKED, check_method, resampled
from tertium.compare.similarity.pairs import FloatArray, IntArray, Mask, Pairs
from tertium.errors import BadInput
from tertium.rng import Seeds

if TYPE_CHECKING:
    import xarray as xr

#: Random divisions into folds that the score of the data as they are is averaged over.
REPEATS = 10


@dataclass(frozen=True, eq=False)
class Problem:
    """What is compared: models and data in one order of stimuli.

    Attributes
    ----------
    labels, models, subjects : tuple of str
        Names of the stimuli, the models and the subjects.
    fixed : array, shape (model, pair)
        RDMs of the fixed models; rows of flexible ones are NaN.
    flexible : dict of int to Components
        Row -> the components of a flexible model.
    data : array, shape (subject, pair)
        Measured dissimilarities, NaN where not measured.
    method : str
        The similarity.
    ceilings : array, shape (1 + subject, pair) or (0, pair)
        Predictors of the noise ceilings; none for a single subject, or where subjects share too few pairs.
    """

    labels: tuple[str, ...]
    models: tuple[str, ...]
    subjects: tuple[str, ...]
    fixed: FloatArray
    flexible: dict[int, Components]
    data: FloatArray
    method: str
    ceilings: FloatArray

    @property
    def pairs(self) -> Pairs:
        """All pairs of stimuli."""
        return Pairs.all(len(self.labels))

    @property
    def rows(self) -> int:
        """Number of rows of scores: the models and, if there are, the lower and upper ceiling."""
        return len(self.models) + (2 if len(self.ceilings) else 0)


def pose(models: Any, data: Any, method: str) -> Problem:
    """Check and align models and data; see `tertium.compare.inference.rsa`."""
    check_method(method)
    measured = align_data(data)
    items = named(models, "model")
    n_pairs = measured.vectors.shape[1]
    if len(measured.labels) < 3:
        raise BadInput("rsa", got=f"{len(measured.labels)} stimuli", expected="at least 3", repair="Use more stimuli.")
    for name, vector in zip(measured.names, measured.vectors, strict=True):
        check_values(name, vector, method)
    vectors = _in_range(measured.vectors, method)
    fixed = np.full((len(items), n_pairs), np.nan)
    flexible: dict[int, Components] = {}
    for row, (name, model) in enumerate(items):
        if isinstance(model, RDM):
            fixed[row] = aligned(model, measured.labels, f"model '{name}'", f"data '{measured.names[0]}'")
            check_values(name, fixed[row], method)
            fixed[row] = _in_range(fixed[row : row + 1], method)[0]
        elif isinstance(model, FlexibleModel):
            flexible[row] = model.prepare(measured.labels)
        else:
            raise BadInput(
                f"model '{name}'",
                got=f"a {type(model).__name__}",
                expected="an RDM, a WeightedModel or a RemixedModel",
                repair="See tertium.compare.rdm.",
            )
    ceilings = ceiling_predictors(vectors, method)
    if not ceilings_possible(ceilings, vectors):
        ceilings = np.empty((0, n_pairs))
    names = tuple(name for name, _ in items)
    return Problem(measured.labels, names, measured.names, fixed, flexible, vectors, method, ceilings)


def _in_range(vectors: FloatArray, method: str) -> FloatArray:
    """Scale rows so large or small that their squares would leave the range of numbers; no similarity knows scale."""
    largest = np.nanmax(np.abs(vectors), axis=1)
    if method in RANKED or ((largest < 1e100) & (largest > 1e-100)).all():
        return vectors
    return scaled(vectors)


def evaluate(
    problem: Problem,
    multiplicity: IntArray,
    *,
    n_folds: int | None,
    repeats: int = 1,
    generator: np.random.Generator,
) -> FloatArray:
    """Score every row in every draw.

    Parameters
    ----------
    problem : Problem
        Models and data.
    multiplicity : array of int, shape (draw, stimulus)
        How often each stimulus was drawn.
    n_folds : int, optional
        Score on held-out folds of stimuli, all rows on the same; None scores on all stimuli at once.
    repeats : int
        Random divisions into folds of each draw.
    generator : numpy.random.Generator
        For the folds.

    Returns
    -------
    array, shape (draw, repeat, row, subject)
        Averaged over folds. NaN where not defined. A fold in which a score is not defined (a model that is constant
        there) is left out for all rows.
    """
    if n_folds is None:
        return _all_at_once(problem, multiplicity)[:, None]
    result = np.empty((len(multiplicity), repeats, problem.rows, len(problem.subjects)))
    pairs = problem.pairs
    for draw, counts in enumerate(np.asarray(multiplicity, dtype=np.int64)):
        for repeat in range(repeats):
            scores = np.stack(
                [_one_fold(problem, pairs, counts, tested) for tested in test_folds(counts, n_folds, generator)]
            )
            defined = np.isfinite(scores).all(axis=(1, 2))
            result[draw, repeat] = scores[defined].mean(axis=0) if defined.any() else np.nan
    return result


def by_fold(problem: Problem, member: Mask) -> FloatArray:
    """Score every row on each fold of stimuli, shape (fold, row, subject), for folds (fold, stimulus)."""
    once = np.ones(len(problem.labels), dtype=np.int64)
    return np.stack([_one_fold(problem, problem.pairs, once, tested) for tested in member])


def crossvalidate(
    models: Any,
    data: RDM | Sequence[RDM] | Mapping[str, RDM],
    folds: int | None = None,
    method: str = "spearman",
    *,
    repeats: int = 1,
    seed: int = 0,
) -> xr.DataArray:
    """Score models on stimuli they were not fitted to.

    Stimuli are cut into folds at random. Flexible models are fitted to the pairs among the other folds' stimuli; all
    models are scored on the pairs of which both stimuli are in the test fold.

    Parameters
    ----------
    models, data
        As for `tertium.compare.rsa`.
    folds : int, optional
        Number of folds; 2 to 5 by the number of stimuli if None.
    method : str
        The similarity.
    repeats : int
        Number of random divisions.
    seed : int
        The same seed gives the same folds.

    Returns
    -------
    xarray.DataArray, dims (repeat, fold, model, subject)
        Scores in [-1, 1]; NaN where a score is not defined, as for a model that is constant in a fold.

    Raises
    ------
    BadInput
        If stimuli differ or a fold would have fewer than 3 stimuli.

    Examples
    --------
    >>> rdm = RDM(np.arange(66.0), labels=range(12))
    >>> crossvalidate(rdm, rdm, folds=2).shape
    (1, 2, 1, 1)
    """
    import xarray as xr

    problem = pose(models, data, method)
    n = len(problem.labels)
    n_folds = default_folds(n) if folds is None else folds
    check_folds(n_folds, n, drawn=False)
    generator = Seeds(seed).numpy("folds")
    once = np.ones(n, dtype=np.int64)
    scores = [by_fold(problem, test_folds(once, n_folds, generator)) for _ in range(repeats)]
    return xr.DataArray(
        np.stack(scores)[:, :, : len(problem.models)],
        dims=("repeat", "fold", "model", "subject"),
        coords={
            "model": np.array(problem.models, dtype=object),
            "subject": np.array(problem.subjects, dtype=object),
        },
        attrs={"method": method},
    )


def _all_at_once(problem: Problem, multiplicity: IntArray) -> FloatArray:
    return _score(problem, problem.fixed, problem.data, problem.ceilings, problem.pairs, multiplicity)


def _score(
    problem: Problem,
    models: FloatArray,
    data: FloatArray,
    ceilings: FloatArray,
    pairs: Pairs,
    multiplicity: IntArray,
) -> FloatArray:
    """Scores of models and ceilings on some pairs, shape (draw, row, subject)."""
    m, method = len(models), problem.method
    if not len(ceilings):
        return resampled(models, data, pairs, multiplicity, method)
    wanted = ceiling_wanted(len(data))
    if not (np.isfinite(models).all() and np.isfinite(data).all()):
        # Apart, so that a pair only one subject has (no lower ceiling there) still counts for the models.
        scores = resampled(models, data, pairs, multiplicity, method)
        bounds = resampled(ceilings, data, pairs, multiplicity, method, wanted)
        return np.concatenate([scores, lower_and_upper(bounds)], axis=1)
    everything = np.vstack([np.ones((m, len(data)), dtype=bool), wanted])
    scores = resampled(np.vstack([models, ceilings]), data, pairs, multiplicity, method, everything)
    return np.concatenate([scores[:, :m], lower_and_upper(scores[:, m:])], axis=1)


def _one_fold(problem: Problem, pairs: Pairs, counts: IntArray, tested: Mask) -> FloatArray:
    """Scores of all rows on the test pairs of one fold, shape (row, subject)."""
    training, test = np.where(tested, 0, counts), np.where(tested, counts, 0)
    mask = (test[pairs.first] > 0) & (test[pairs.second] > 0)
    models = problem.fixed[:, mask]
    for row, components in problem.flexible.items():
        to_fit, to_predict = components.of(training)
        weights = fit_weights(to_fit, problem.data, pairs, training, problem.method)
        models[row] = weights @ to_predict[:, mask]
    some = Pairs(pairs.n, pairs.first[mask], pairs.second[mask])
    return _score(problem, models, problem.data[:, mask], problem.ceilings[:, mask], some, test[None])[0]
