"""`cross_condition_generalisation`, `generalisation_matrix`: whether what is read here is read the same way there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium.compare.decoding.decoders.contract import Decoder, FloatArray, Indices
from tertium.compare.decoding.engine import fit
from tertium.compare.decoding.front import as_decoder, check_counts, check_label
from tertium.compare.decoding.samples import Samples, gather
from tertium.compare.decoding.scoring import scores
from tertium.compare.decoding.transferred import CrossCondition, GeneralisationMatrix
from tertium.compare.validation.folds import Folds, StratifiedKFold
from tertium.errors import BadInput
from tertium.rng import Seeds

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True, eq=False)
class _Conditions:
    """Conditions, each with one class.

    Attributes
    ----------
    of : array of int, shape (sample,)
        Number of each sample's condition.
    names : tuple of str
    splits : list of tuple of int
        The conditions held out together.
    """

    of: Indices
    names: tuple[str, ...]
    splits: list[tuple[int, ...]]


def cross_condition_generalisation(
    R: xr.DataArray | npt.ArrayLike,
    labels: str | npt.ArrayLike,
    conditions: str | npt.ArrayLike,
    method: str | Decoder = "lda",
    *,
    n_permutations: int = 100,
    seed: int = 0,
) -> CrossCondition:
    """Decode a label in conditions that were not fitted: a high score says that it is coded alike in all (abstract).

    Cross-condition generalisation performance (CCGP; Bernardi et al. 2020): one condition of each class is held out,
    the decoder is fitted to all others, and the mean is taken over all combinations. Of four conditions on a square two
    of the four splits are diagonal, where what is fitted mixes both labels, so that a perfectly abstract code scores
    three quarters. Where another label is given in place of conditions, its values are held out one by one, which asks
    whether the label is coded alike whatever the other label is; a perfectly abstract code then scores 1.

    Parameters
    ----------
    R : responses, or array-like of shape (trial, unit)
        Averaged over time.
    labels, conditions : str, or array-like of shape (trial,)
        The label that is decoded, and the condition (stimulus, combination of labels) of each trial. Either every
        condition has one value of the label, and every value two conditions or more; or every "condition" has all
        values of the label (another label).
    method : str or Decoder
        Of classes; see `decode`.
    n_permutations : int
        Random geometries for chance: z-scored units are permuted in each condition by itself, which keeps conditions
        as far apart but places them at random, so that the label can be decoded and does not generalise.
    seed : int

    Returns
    -------
    CrossCondition

    Raises
    ------
    BadInput
        If some conditions have one value of the label and others several, or there are fewer than two to hold out.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> rule, stimulus = np.repeat([0, 1], 40), np.tile([0, 1], 40)
    >>> R = rng.normal(size=(80, 10)) + 5 * rule[:, None] * np.eye(10)[0] + 5 * stimulus[:, None] * np.eye(10)[1]
    >>> found = cross_condition_generalisation(R, rule, stimulus, n_permutations=20)
    >>> found.value > 0.95, found.splits
    (True, (('0, 0', '1, 0'), ('0, 1', '1, 1')))
    """
    decoder = as_decoder(method)
    check_counts(n_permutations=n_permutations)
    samples = gather(R, labels, "class", decoder.kinds, "mean")
    found = _conditions(samples, conditions)
    splits = found.splits
    seeds = Seeds(seed).child("cross-condition")
    values = _generalise(samples, decoder, found, splits, seeds)
    scaled = samples.values[:, 0]
    spread = scaled.std(0)
    if decoder.scaled:
        scaled = (scaled - scaled.mean(0)) / np.where(spread > 0, spread, 1.0)
    null = []
    for i in range(n_permutations):
        random = seeds.numpy(f"geometry {i}")
        moved = np.empty_like(scaled)
        for condition in range(len(found.names)):
            mine = found.of == condition
            moved[mine] = scaled[mine][:, random.permutation(scaled.shape[1])]
        null.append(float(_generalise(_with(samples, moved[:, None]), decoder, found, splits, seeds).mean()))
    named = tuple(tuple(found.names[c] for c in split) for split in splits)
    return CrossCondition(
        values, named, np.array(null), samples.classes, samples.names[0], decoder.says, samples.n, scaled.shape[1]
    )


def generalisation_matrix(
    R: xr.DataArray | npt.ArrayLike,
    labels: str | npt.ArrayLike,
    across: str | npt.ArrayLike,
    method: str | Decoder = "lda",
    *,
    folds: int = 5,
    n_permutations: int = 100,
    seed: int = 0,
) -> GeneralisationMatrix:
    """Decode a label in one context (session, block, time) with the decoder of every other.

    Parameters
    ----------
    R : responses, or array-like of shape (trial, unit)
        Averaged over time, unless times are the contexts.
    labels : str, or array-like of shape (trial,)
        What is decoded: classes that all occur in every context.
    across : str, or array-like of shape (trial,)
        The context of each trial; "time" takes the time bins of responses.
    method : str or Decoder
        Of classes; see `decode`.
    folds : int
        Parts of each context. A decoder is fitted to all parts of a context but one and tested on that part of all
        contexts, so that within and between contexts as many trials are fitted and none is tested that was fitted.
    n_permutations : int
        Shuffles of labels within contexts, for two nulls; see `GeneralisationMatrix`.
    seed : int

    Returns
    -------
    GeneralisationMatrix

    Raises
    ------
    BadInput
        If there is one context only, or one has too few trials of a class.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> context, choice = np.repeat(["a", "b"], 40), np.tile([0, 1], 40)
    >>> R = rng.normal(size=(80, 5)) + 3 * ((choice - 0.5) * np.where(context == "a", 1, -1))[:, None]
    >>> generalisation_matrix(R, choice, context, n_permutations=10).mean.round(1).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    decoder = as_decoder(method)
    check_counts(n_permutations=n_permutations)
    in_time = isinstance(across, str) and across == "time"
    samples = gather(R, labels, "class", decoder.kinds, "each" if in_time else "mean")
    bins = samples.values.shape[1]
    if in_time:
        contexts, of = tuple(f"{t:g}" for t in samples.time), np.zeros(samples.n, dtype=np.int64)
    else:
        of, contexts = _codes(_given(samples, across, "across"), "across")
    if max(len(contexts), bins) < 2:
        raise BadInput("across", got=f"one context only, '{contexts[0]}'", expected="two or more")
    seeds = Seeds(seed).child("generalisation")
    parts = _parts(samples, of, contexts, folds, seed)
    values = _matrix(samples, decoder, of, parts, samples.target, [samples.target], seeds)[0]
    nulls = np.zeros((2, n_permutations, *values.shape[1:]))
    for i in range(n_permutations):
        random, target = seeds.numpy(f"shuffle {i}"), samples.target.copy()
        for context in np.unique(of):
            for part in range(folds):  # within parts, so that each keeps its share of every class
                mine = np.flatnonzero((of == context) & (parts == part))
                target[mine] = target[random.permutation(mine)]
        nulls[:, i] = _matrix(samples, decoder, of, parts, target, [target, samples.target], seeds).mean(1)
    return GeneralisationMatrix(
        values, nulls[0], nulls[1], contexts, samples.names[0], "time (s)" if in_time else _name(across),
        samples.classes, decoder.says, samples.n, len(samples.units),
    )  # fmt: skip


def _generalise(
    samples: Samples, decoder: Decoder, found: _Conditions, splits: list[tuple[int, ...]], seeds: Seeds
) -> FloatArray:
    """Return the balanced accuracy on the conditions held out, one for each split."""
    values = np.empty(len(splits))
    for i, split in enumerate(splits):
        tested = np.flatnonzero(np.isin(found.of, split))
        fitted = np.flatnonzero(~np.isin(found.of, split))
        values[i] = _score(samples, decoder, fitted, [tested], 0, [0], samples.target, [samples.target], seeds)[0, 0]
    return values


def _matrix(
    samples: Samples,
    decoder: Decoder,
    of: Indices,
    parts: Indices,
    target: npt.NDArray[Any],
    labellings: list[npt.NDArray[Any]],
    seeds: Seeds,
) -> FloatArray:
    """Fit to one target and return scores by several, (labelling, fold, context fitted, context tested)."""
    bins = samples.values.shape[1]
    contexts = np.unique(of)
    number = max(bins, len(contexts))
    found = np.empty((len(labellings), int(parts.max()) + 1, number, number))
    for part in range(found.shape[1]):
        for i in range(number):
            context, bin_ = (0, i) if bins > 1 else (i, 0)
            fitted = np.flatnonzero((of == contexts[context]) & (parts != part))
            if bins > 1:
                tested = [np.flatnonzero(parts == part)] * number
                at = list(range(number))
            else:
                tested = [np.flatnonzero((of == other) & (parts == part)) for other in contexts]
                at = [0] * number
            found[:, part, i] = _score(samples, decoder, fitted, tested, bin_, at, target, labellings, seeds)
    return found


def _score(
    samples: Samples,
    decoder: Decoder,
    fitted: Indices,
    tested: list[Indices],
    bin_: int,
    at: list[int],
    target: npt.NDArray[Any],
    labellings: list[npt.NDArray[Any]],
    seeds: Seeds,
) -> FloatArray:
    """Fit one bin of some samples; return the balanced accuracy on others, each at its bin, (labelling, tested)."""

    def inside() -> Folds:
        return StratifiedKFold("class", 4).split(len(fitted), {"class": target[fitted]})

    one = fit(decoder, samples, bin_, fitted, target, inside, seeds)
    found = np.empty((len(labellings), len(tested)))
    for j, (rows, other) in enumerate(zip(tested, at, strict=True)):
        said = one.read(samples.values[rows, other], samples.place.take(rows))
        once = np.ones((1, len(rows)))
        for i, labels in enumerate(labellings):
            seen = labels[rows][:, None]
            found[i, j] = scores(samples.aim, "balanced_accuracy", seen, said, np.zeros(1), once)[0, 0]
    return found


def _parts(samples: Samples, of: Indices, contexts: tuple[str, ...], folds: int, seed: int) -> Indices:
    """Return the part of each sample; every part of every context has its share of each class."""
    parts = np.empty(samples.n, dtype=np.int64)
    for context in np.unique(of):
        rows = np.flatnonzero(of == context)
        there = np.bincount(samples.target[rows], minlength=samples.aim.n_classes)
        if there.min() < folds:
            raise BadInput(
                f"context '{contexts[context]}'",
                got=f"{there.min()} trials of class '{samples.classes[int(there.argmin())]}'",
                expected=f"at least {folds}, one for each fold",
                repair="Use fewer folds.",
            )
        split = StratifiedKFold("class", folds, seed=seed).split(len(rows), {"class": samples.target[rows]})
        for part, (_, tested) in enumerate(split):
            parts[rows[tested]] = part
    return parts


def _conditions(samples: Samples, given: str | npt.ArrayLike) -> _Conditions:
    of, names = _codes(_given(samples, given, "conditions"), "conditions")
    n = samples.aim.n_classes
    there = np.zeros((len(names), n), dtype=bool)
    there[of, samples.target] = True
    if there.all():
        if len(names) < 2:
            raise BadInput("conditions", got=f"one only, '{names[0]}'", expected="at least two")
        both = tuple(f"{k}, {name}" for name in names for k in samples.classes)
        return _Conditions(of * n + samples.target, both, [tuple(range(i * n, i * n + n)) for i in range(len(names))])
    several = np.flatnonzero(there.sum(1) > 1)
    if len(several):
        first = several[0]
        raise BadInput(
            f"condition '{names[first]}'",
            got=" and ".join(f"'{samples.classes[k]}'" for k in np.flatnonzero(there[first])),
            expected=f"one value of '{samples.names[0]}' in every condition, or all values in every one",
            repair="Name conditions by all labels that matter.",
        )
    for k, count in enumerate(there.sum(0)):
        if count < 2:
            raise BadInput(
                f"class '{samples.classes[k]}'",
                got=f"{count} condition",
                expected="at least two, one to fit and one to hold out",
            )
    return _Conditions(of, names, list(product(*(np.flatnonzero(column).tolist() for column in there.T))))


def _given(samples: Samples, given: str | npt.ArrayLike, what: str) -> npt.NDArray[Any]:
    if isinstance(given, str):
        check_label(samples, given, what)
        return np.asarray(samples.labels[given])
    values = np.asarray(given)
    if values.shape != (samples.n,):
        raise BadInput(what, got=f"shape {values.shape}", expected=f"({samples.n},), one for each trial")
    return values


def _codes(values: npt.NDArray[Any], what: str) -> tuple[Indices, tuple[str, ...]]:
    text = [str(v) for v in values.tolist()]
    if any(v in ("", "nan", "None") for v in text):
        raise BadInput(what, got="trials without a value", expected="one for each", repair="Leave them out.")
    names = tuple(dict.fromkeys(text))
    where = {name: i for i, name in enumerate(names)}
    return np.array([where[v] for v in text], dtype=np.int64), names


def _with(samples: Samples, values: FloatArray) -> Samples:
    return replace(samples, values=values)


def _name(given: str | npt.ArrayLike) -> str:
    return given if isinstance(given, str) else "context"
