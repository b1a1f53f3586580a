"""Representational similarity analysis: which model's RDM matches the measured ones, how well, and how surely."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from tertium.compare.rdm_inference.evaluate import REPEATS, Problem, evaluate, pose
from tertium.compare.rdm_inference.folds import LEAST, check_folds, default_folds
from tertium.compare.rdm_inference.models import FlexibleModel
from tertium.compare.rdm_inference.result import RSAResult
from tertium.compare.rdm_inference.variance import Uncertainty, from_draws, from_subjects, undefined
from tertium.compare.rdm_type import RDM
from tertium.compare.resample import multiplicities, p_value
from tertium.compare.similarity.pairs import FloatArray
from tertium.compare.similarity.permuted import permuted
from tertium.errors import BadInput
from tertium.rng import Seeds

Model = RDM | FlexibleModel
Bootstrap = Literal["stimuli", "subjects", "both"]

#: Fewest stimuli to bootstrap: with fewer, draws hold so few different ones that scores jump between -1 and 1.
FEWEST_STIMULI = 6

#: Methods whose chance level is above 0 for dissimilarities that are positive.
POSITIVE = frozenset({"cosine", "whitened_cosine"})

#: Share of draws in which a score may be undefined (a model constant there) before the bootstrap is refused.
UNDEFINED = 0.05


def rsa(
    models: Model | Sequence[Model] | Mapping[str, Model],
    data: RDM | Sequence[RDM] | Mapping[str, RDM],
    method: str = "spearman",
    *,
    bootstrap: Bootstrap | None = None,
    n_bootstrap: int = 1000,
    seed: int = 0,
    level: float = 0.95,
    interval: Literal["t", "percentile"] = "t",
    folds: int | None = None,
    fold_repeats: int = 2,
    n_permutations: int = 0,
) -> RSAResult:
    """Compare models' dissimilarities with measured ones, with noise ceilings, intervals and tests.

    Parameters
    ----------
    models : RDM, WeightedModel, RemixedModel, or a sequence or mapping of these
        What is tested. Flexible models are fitted and scored on different stimuli; if there is one, all models and the
        ceilings are scored on the same held-out folds.
    data : RDM, or a sequence or mapping of RDM
        Measured RDMs, one a subject, of the same stimuli as the models; another order is put right, other labels are an
        error. NaN marks pairs not measured; they are left out for that subject, for all models alike.
    method : str
        "spearman", "kendall_tau_a", "rho_a" (use these two when a model predicts ties), "pearson", "cosine",
        "whitened_cosine" or "whitened_correlation" (Diedrichsen et al. 2021).
    bootstrap : {None, "stimuli", "subjects", "both"}
        What a new study would draw anew, and so what the conclusion is about. None: subjects, by their standard error.
        "both" uses the corrected variance of Schütt et al. 2023.
    n_bootstrap : int
        Number of draws.
    seed : int
        The same seed gives the same draws, folds and shuffles.
    level : float
        Coverage of the intervals.
    interval : {"t", "percentile"}
        Around the mean by the standard error and Student's t, or between percentiles of the draws (not for "both",
        where the draws are known to scatter too widely).
    folds : int, optional
        Number of folds of stimuli; 2 to 5 by the number of stimuli if None. Given without any flexible model, fixed
        ones too are scored fold by fold.
    fold_repeats : int
        Random divisions into folds of each draw; 2 or more allow the variance due to the choice of folds to be taken
        off.
    n_permutations : int
        Shuffles of the stimulus labels for the randomisation test of each fixed model; 0 leaves it out.

    Returns
    -------
    RSAResult
        Scores in [-1, 1], higher is better; chance is 0 except for the cosines, which are positive for any two sets of
        positive dissimilarities.

    Raises
    ------
    BadInput
        If labels differ, an RDM is constant, or there are too few stimuli or subjects for what is asked.
    UnknownName
        If there is no such method.

    Examples
    --------
    >>> labels = list("abcdef")
    >>> truth = RDM(np.arange(15.0), labels=labels, name="truth")
    >>> noise = np.random.default_rng(0).normal(0, 3, (3, 15))
    >>> subjects = [RDM(truth.vector + e, labels=labels) for e in noise]
    >>> result = rsa(truth, subjects, method="spearman")
    >>> result.scores.dims, bool(result.mean["truth"] > 0.5)
    (('model', 'subject'), True)
    """
    _check_options(bootstrap, n_bootstrap, level, interval, fold_repeats, n_permutations)
    problem = pose(models, data, method)
    n = len(problem.labels)
    n_folds = _folds(problem, folds, drawn=bootstrap in ("stimuli", "both"))
    _check_size(problem, bootstrap, n_permutations)
    seeds = Seeds(seed)
    once = np.ones((1, n), dtype=np.int64)
    repeated = evaluate(
        problem, once, n_folds=n_folds, repeats=REPEATS if n_folds else 1, generator=seeds.numpy("folds")
    )[0]
    _check_defined(problem, repeated)
    scores = np.nanmean(repeated, axis=0)
    uncertainty, draws, notes = _uncertainty(problem, scores, bootstrap, n_bootstrap, n_folds, fold_repeats, seeds)
    if method in POSITIVE and not n_permutations:
        notes += (f"{method} exceeds 0 by chance: test it with n_permutations, not against 0.",)
    randomisation = _randomisation(problem, n_permutations, seeds) if n_permutations else None
    if n_permutations and problem.flexible:
        notes += ("No randomisation test of flexible models: shuffled labels would need the readouts trained anew.",)
    return RSAResult(
        models=problem.models,
        subjects=problem.subjects,
        labels=problem.labels,
        method=method,
        bootstrap=bootstrap,
        values=scores,
        uncertainty=uncertainty,
        draws=draws,
        level=level,
        interval_method=interval,
        n_folds=n_folds,
        randomisation=randomisation,
        notes=notes,
    )


def _uncertainty(
    problem: Problem,
    scores: FloatArray,
    bootstrap: Bootstrap | None,
    n_bootstrap: int,
    n_folds: int | None,
    fold_repeats: int,
    seeds: Seeds,
) -> tuple[Uncertainty | None, FloatArray | None, tuple[str, ...]]:
    """Return the uncertainty, the mean scores of each draw (draw, row), and notes."""
    n, s = len(problem.labels), len(problem.subjects)
    if bootstrap is None:
        if s == 1:
            return None, None, ("No interval: one subject and no bootstrap over stimuli.",)
        return from_subjects(scores, n), None, ()
    subjects = None
    if bootstrap in ("subjects", "both"):
        subjects = multiplicities(s, n_bootstrap, seeds.numpy("subjects"))
    if bootstrap == "subjects":
        uncertainty = from_draws("subjects", scores, n, None, subjects)
        assert subjects is not None
        return uncertainty, (subjects / s) @ scores.T, ()
    least = LEAST if n_folds is None else LEAST * n_folds
    stimuli = multiplicities(n, n_bootstrap, seeds.numpy("stimuli"), least=least)
    draws = evaluate(
        problem,
        stimuli,
        n_folds=n_folds,
        repeats=fold_repeats if n_folds else 1,
        generator=seeds.numpy("folds of draws"),
    )
    notes: tuple[str, ...] = ()
    bad = undefined(draws)
    if len(bad) > UNDEFINED * len(draws):
        raise BadInput(
            "bootstrap over stimuli",
            got=f"a score that is not defined in {len(bad)} of {len(draws)} draws ({_culprit(problem, draws)})",
            expected=f"at most {UNDEFINED:.0%} of them",
            repair="Use more stimuli, a method that allows ties (rho_a), or leave that model out.",
        )
    if len(bad):
        notes += (f"{len(bad)} of {len(draws)} draws left out: {_culprit(problem, draws)}.",)
        draws = np.delete(draws, bad, axis=0)
        subjects = None if subjects is None else np.delete(subjects, bad, axis=0)
    uncertainty = from_draws(bootstrap, scores, n, draws, subjects)
    if subjects is None:
        return uncertainty, draws.mean(axis=(1, 3)), notes
    return uncertainty, np.einsum("brms,bs->bm", draws, subjects / s) / draws.shape[1], notes


def _randomisation(problem: Problem, n_permutations: int, seeds: Seeds) -> FloatArray:
    """One-sided p value of each model's mean score under shuffled stimulus labels; NaN for flexible models."""
    n = len(problem.labels)
    generator = seeds.numpy("permutation")
    shuffles = np.stack([generator.permutation(n) for _ in range(n_permutations)])
    rows = np.array([row for row in range(len(problem.models)) if row not in problem.flexible], dtype=np.intp)
    result = np.full(len(problem.models), np.nan)
    orders = np.vstack([np.arange(n), shuffles])
    means = permuted(problem.fixed[rows], problem.data, orders, problem.method).mean(axis=2)
    for row, column in zip(rows, means.T, strict=True):
        result[row] = p_value(float(column[0]), column[1:], "greater")
    return result


def _folds(problem: Problem, folds: int | None, *, drawn: bool) -> int | None:
    if folds is None and not problem.flexible:
        return None
    n = len(problem.labels)
    n_folds = default_folds(n) if folds is None else folds
    check_folds(n_folds, n, drawn=drawn)
    return n_folds


def _check_options(
    bootstrap: str | None, n_bootstrap: int, level: float, interval: str, fold_repeats: int, n_permutations: int
) -> None:
    if bootstrap not in (None, "stimuli", "subjects", "both"):
        raise BadInput("bootstrap", got=repr(bootstrap), expected="None, 'stimuli', 'subjects' or 'both'", repair="")
    for name, value, least in (
        ("n_bootstrap", n_bootstrap, 10),
        ("fold_repeats", fold_repeats, 1),
        ("n_permutations", n_permutations, 0),
    ):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
            expected = f"a whole number, at least {least}"
            raise BadInput(name, got=repr(value), expected=expected, repair="1000 draws are usual.")
    if not 0 < level < 1:
        raise BadInput("level", got=f"{level}", expected="between 0 and 1", repair="Pass level=0.95.")
    if interval not in ("t", "percentile"):
        raise BadInput("interval", got=repr(interval), expected="'t' or 'percentile'", repair="")
    if interval == "percentile" and bootstrap in (None, "both"):
        raise BadInput(
            "interval='percentile'",
            got=f"bootstrap={bootstrap!r}",
            expected="bootstrap='stimuli' or 'subjects'",
            repair="Use interval='t'; draws of both factors scatter too widely by construction.",
        )


def _check_size(problem: Problem, bootstrap: str | None, n_permutations: int) -> None:
    n, s = len(problem.labels), len(problem.subjects)
    if bootstrap in ("stimuli", "both") and n < FEWEST_STIMULI:
        raise BadInput(
            "bootstrap over stimuli",
            got=f"{n} stimuli",
            expected=f"at least {FEWEST_STIMULI}",
            repair="With fewer, draws hold too few different stimuli; use bootstrap='subjects'.",
        )
    if bootstrap in ("subjects", "both") and s < 2:
        raise BadInput(
            "bootstrap over subjects",
            got="one subject",
            expected="at least 2",
            repair="Use bootstrap='stimuli', and say that the conclusion is about this subject.",
        )
    fixed = [row for row in range(len(problem.models)) if row not in problem.flexible]
    missing = ~np.isfinite(problem.fixed[fixed]).all(axis=1)
    if n_permutations and missing.any():
        name = problem.models[fixed[int(np.flatnonzero(missing)[0])]]
        raise BadInput(
            f"randomisation test of '{name}'",
            got="a partial RDM",
            expected="a prediction for every pair, since any pair may be shuffled onto any other",
            repair="Pass n_permutations=0.",
        )


def _check_defined(problem: Problem, repeated: npt.NDArray) -> None:
    """Raise `BadInput`, naming model and subject, where the data as they are give no score; (repeat, row, subject)."""
    bad = ~np.isfinite(repeated).any(axis=0)
    if not bad.any():
        return
    row, subject = (int(i) for i in np.argwhere(bad)[0])
    what = problem.models[row] if row < len(problem.models) else "noise ceiling"
    raise BadInput(
        f"score of '{what}' with '{problem.subjects[subject]}'",
        got="fewer than 2 pairs that both have, or constant dissimilarities there",
        expected="at least 2 pairs with different dissimilarities",
        repair="Leave out that model or subject, or measure more pairs.",
    )


def _culprit(problem: Problem, draws: FloatArray) -> str:
    """Name the row most often undefined, from scores (draw, repeat, row, subject)."""
    often = (~np.isfinite(draws)).any(axis=(1, 3)).sum(axis=0)
    row = int(often.argmax())
    name = f"'{problem.models[row]}'" if row < len(problem.models) else "the noise ceiling"
    return f"{name} is constant or has too few pairs there"
