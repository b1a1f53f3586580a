"""Splitting trials at random or by label, and folds for cross-validation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import xarray as xr

from tertium.data.averaging import condition_codes, level_codes
from tertium.data.responses import label_values, validate
from tertium.errors import BadInput
from tertium.rng import Seeds

Indices = npt.NDArray[np.int64]


class Fold(NamedTuple):
    """One fold of a cross-validation: the rows to fit on and the rows to test on, both sorted."""

    train: Indices
    test: Indices


def split(
    responses: xr.DataArray,
    fractions: Mapping[str, float] | None = None,
    *,
    by: str | None = None,
    seed: int = 0,
    stratify: str | Sequence[str] | None = None,
) -> dict[str, xr.DataArray]:
    """Split the trials into parts that share no trial.

    Parameters
    ----------
    responses : xarray.DataArray, dims (trial, time, unit)
        Possibly opened lazily; the parts then stay lazy.
    fractions : mapping of str to float, optional
        Part -> its share of the trials; the shares add up to 1. ``{"train": 0.8, "test": 0.2}`` if neither this
        nor ``by`` is given.
    by : str, optional
        A trial label; one part for each of its values, nothing random.
    seed : int
        The same seed gives the same parts.
    stratify : str or sequence of str, optional
        Trial labels whose combinations are shared out evenly: each is split by ``fractions`` to the nearest trial.

    Returns
    -------
    dict of str to xarray.DataArray
        The parts, each in the order of the input.

    Raises
    ------
    BadInput
        If the fractions are unusable, a label is missing, or a part would be empty.

    Examples
    --------
    >>> from tertium.data import make_responses
    >>> r = make_responses([[float(i)] for i in range(10)], trial={"session": ["a"] * 4 + ["b"] * 6})
    >>> {name: part.sizes["trial"] for name, part in split(r).items()}
    {'train': 8, 'test': 2}
    >>> {name: part.sizes["trial"] for name, part in split(r, by="session").items()}
    {'a': 4, 'b': 6}
    """
    first = str(validate(responses, finite=False).dims[0])
    if by is not None:
        if fractions is not None or stratify is not None:
            raise BadInput("split", got="both a label and fractions", expected="one of them", repair="Drop 'by'.")
        validate(responses, needs=[by], finite=False)
        values, codes = level_codes(responses, by)
        parts = {str(v): responses.isel({first: np.flatnonzero(codes == i)}) for i, v in enumerate(values)}
        if len(parts) < len(values):
            twice = next(str(v) for v in values if sum(str(w) == str(v) for w in values) > 1)
            raise BadInput(
                f"label '{by}'",
                got=f"values that are all written '{twice}'",
                expected="values that differ as text, too: they name the parts",
                repair="Make them all text or all numbers.",
            )
        return parts
    shares = {"train": 0.8, "test": 0.2} if fractions is None else dict(fractions)
    _check_fractions(shares)
    n = responses.sizes[first]
    if stratify is None:
        strata = np.zeros(n, dtype=np.int64)
    else:
        names = [stratify] if isinstance(stratify, str) else list(stratify)
        validate(responses, needs=names, finite=False)
        strata = condition_codes(responses, names)[1]
    part = _assign(strata, np.array(list(shares.values())), Seeds(seed).numpy("split"))
    for i, (name, share) in enumerate(shares.items()):
        if not (part == i).any():
            raise BadInput(
                f"part '{name}'",
                got=f"zero of {n} {first}s for a fraction of {share}",
                expected=f"at least one {first}",
                repair="Make the fraction larger, or stratify by fewer labels.",
            )
    return {name: responses.isel({first: np.flatnonzero(part == i)}) for i, name in enumerate(shares)}


def folds(rows: int | npt.ArrayLike, k: int = 5, *, seed: int = 0, groups: npt.ArrayLike | None = None) -> list[Fold]:
    """Cut rows into k folds for cross-validation, at random.

    Parameters
    ----------
    rows : int or array-like, shape (row,)
        How many rows there are; or their labels, which each fold then holds in equal shares (stratified).
    k : int
        Number of folds, at least 2.
    seed : int
        The same seed gives the same folds.
    groups : array-like, shape (row,), optional
        Rows of one group (a session, a stimulus) are never divided between fitting and testing. Not to be had
        together with labels.

    Returns
    -------
    list of Fold
        Every row is tested once.

    Raises
    ------
    BadInput
        If there are fewer rows, groups, or rows with one label, than folds.

    Examples
    --------
    >>> [len(fold.test) for fold in folds(10, k=3)]
    [4, 3, 3]
    >>> [sorted(fold.test.tolist()) for fold in folds(6, k=2, groups=["a", "a", "b", "b", "c", "c"])]
    [[0, 1, 2, 3], [4, 5]]
    """
    given = np.asarray(rows)
    labels = None if given.ndim == 0 else given
    n = int(given) if labels is None else len(labels)
    if isinstance(k, bool) or not isinstance(k, int | np.integer) or not 2 <= k <= n:
        raise BadInput("folds", got=f"k={k!r} for {n} rows", expected=f"2 to {n} folds", repair="Pass a smaller k.")
    generator = Seeds(seed).numpy("folds")
    if groups is not None:
        if labels is not None:
            raise BadInput(
                "folds", got="labels and groups", expected="one of them", repair="Pass n in place of labels."
            )
        fold = _group_folds(label_values(groups, n, "row label 'groups'"), k, generator)
    else:
        strata = np.zeros(n, dtype=np.int64) if labels is None else _strata(label_values(labels, n, "row labels"), k)
        fold = _row_folds(strata, k, generator)
    return [Fold(np.flatnonzero(fold != i), np.flatnonzero(fold == i)) for i in range(k)]


def _check_fractions(shares: Mapping[str, float]) -> None:
    values = list(shares.values())
    if not values or min(values) <= 0 or abs(sum(values) - 1) > 1e-9:
        raise BadInput(
            "fractions",
            got=str(dict(shares)),
            expected="positive shares that add up to 1",
            repair="Pass, for instance, {'train': 0.8, 'test': 0.2}.",
        )


def _assign(strata: Indices, shares: npt.NDArray[np.float64], generator: np.random.Generator) -> Indices:
    """Give each row a part: in each stratum whole numbers by largest remainder, the rows at random."""
    part = np.empty(len(strata), dtype=np.int64)
    owed = np.zeros(len(shares))  # what rounding took from a part in earlier strata is given back in later ones
    for stratum in np.unique(strata):
        rows = np.flatnonzero(strata == stratum)
        exact = shares * len(rows)
        counts = np.floor(exact + 1e-9).astype(np.int64)
        owed += exact - counts
        for _ in range(len(rows) - int(counts.sum())):
            most = int(np.argmax(owed))
            counts[most] += 1
            owed[most] -= 1
        part[generator.permutation(rows)] = np.repeat(np.arange(len(shares)), counts)
    return part


def _strata(labels: npt.NDArray[Any], k: int) -> Indices:
    found, codes, counts = np.unique(labels.astype(str), return_inverse=True, return_counts=True)
    if counts.min() < k:
        rare = found[int(np.argmin(counts))]
        raise BadInput(
            "folds",
            got=f"{counts.min()} rows with label '{rare}' for {k} folds",
            expected=f"at least {k} rows of each label",
            repair="Pass a smaller k, or the number of rows in place of labels.",
        )
    return codes.reshape(-1).astype(np.int64)


def _row_folds(strata: Indices, k: int, generator: np.random.Generator) -> Indices:
    fold = np.empty(len(strata), dtype=np.int64)
    dealt = 0  # dealing goes on where the last stratum ended, so that the folds stay equal in size
    for stratum in np.unique(strata):
        rows = generator.permutation(np.flatnonzero(strata == stratum))
        fold[rows] = (dealt + np.arange(len(rows))) % k
        dealt += len(rows)
    return fold


def _group_folds(groups: npt.NDArray[Any], k: int, generator: np.random.Generator) -> Indices:
    """Deal whole groups, the largest first, each to the smallest fold so far."""
    found, codes, counts = np.unique(groups.astype(str), return_inverse=True, return_counts=True)
    if len(found) < k:
        raise BadInput("folds", got=f"{len(found)} groups", expected=f"at least {k}, one for each fold", repair="")
    order = generator.permutation(len(found))
    order = order[np.argsort(-counts[order], kind="stable")]
    sizes = np.zeros(k, dtype=np.int64)
    fold_of = np.empty(len(found), dtype=np.int64)
    for group in order:
        smallest = int(np.argmin(sizes))
        fold_of[group] = smallest
        sizes[smallest] += counts[group]
    return fold_of[codes.reshape(-1)]
