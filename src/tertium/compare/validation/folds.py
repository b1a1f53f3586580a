"""Cross-validation: which samples are fitted and which are tested, the same for every model that is compared.

A scheme (`KFold`, `StratifiedKFold`, `GroupedKFold`, `BlockedKFold`, `LeaveOneOut`) knows nothing of the data; `split`
makes it into `Folds`, indices, from the number of samples and their labels. A penalty is chosen inside the samples that
are fitted, by the same scheme: `Folds.inside`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tertium.data.splitting import folds
from tertium.errors import BadInput, nearest
from tertium.rng import Seeds

Indices = npt.NDArray[np.int64]
Labels = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Folds:
    """Pairs of samples to fit and samples to test, as indices; iterate over it.

    Attributes
    ----------
    n : int
        Number of samples.
    pairs : tuple of (array of int, array of int)
        Fitted and tested samples of each fold, each in ascending order; no sample is in both.
    scheme : CrossValidation
        What made them.
    labels : mapping of str to array, shape (n,)
        Labels of the samples that it was made from.
    """

    n: int
    pairs: tuple[tuple[Indices, Indices], ...]
    scheme: CrossValidation
    labels: Labels

    def __len__(self) -> int:
        return len(self.pairs)

    def __iter__(self) -> Iterator[tuple[Indices, Indices]]:
        return iter(self.pairs)

    def inside(self, fitted: Indices, seed: int = 0) -> Folds:
        """Return folds of the samples that are fitted, by the same scheme; indices count within ``fitted``.

        Parameters
        ----------
        fitted : array of int
            Samples that an outer fold fits.
        seed : int
            Number of the outer fold, so that each draws its own.
        """
        return self.scheme.split(len(fitted), {name: values[fitted] for name, values in self.labels.items()}, seed)


class CrossValidation(ABC):
    """A way to divide samples into those that are fitted and those that are tested."""

    def split(self, n: int, labels: Labels | None = None, seed: int = 0) -> Folds:
        """Return the folds of ``n`` samples.

        Parameters
        ----------
        n : int
            Number of samples.
        labels : mapping of str to array, shape (n,), optional
            Labels of the samples, for schemes that go by one.
        seed : int
            Added to the scheme's own seed.

        Raises
        ------
        BadInput
            If there are fewer samples or groups than folds, or the label is not there.
        """
        given: Labels = {} if labels is None else labels
        return Folds(n, tuple(self._pairs(n, given, seed)), self, given)

    @abstractmethod
    def _pairs(self, n: int, labels: Labels, seed: int) -> Iterator[tuple[Indices, Indices]]:
        """Yield fitted and tested samples."""


@dataclass(frozen=True)
class KFold(CrossValidation):
    """Samples in random order, cut into as many parts; each part is tested once, in each repeat.

    Parameters
    ----------
    folds : int
        Parts.
    repeats : int
        Times all of it is done, each with another order.
    seed : int
        Of the order.

    Examples
    --------
    >>> sorted(int(i) for _, tested in KFold(2).split(4) for i in tested)
    [0, 1, 2, 3]
    """

    folds: int = 5
    repeats: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        _check_count("folds", self.folds, 2)
        _check_count("repeats", self.repeats, 1)

    def _pairs(self, n: int, labels: Labels, seed: int) -> Iterator[tuple[Indices, Indices]]:
        _enough(n, self.folds, "samples")
        yield from _random_parts(n, None, self, seed)


@dataclass(frozen=True)
class StratifiedKFold(CrossValidation):
    """Each part holds every class in its share, so that none is missing where a decoder is fitted or tested.

    Parameters
    ----------
    by : str
        Label whose values are the classes.
    folds, repeats, seed
        As of `KFold`.
    whole : str, optional
        Label whose values are never divided between fitting and testing ("stimulus"); each lies within one class.

    Examples
    --------
    >>> choice = np.array(["left"] * 4 + ["right"] * 2)
    >>> [sorted(choice[tested].tolist()) for _, tested in StratifiedKFold("choice", 2).split(6, {"choice": choice})]
    [['left', 'left', 'right'], ['left', 'left', 'right']]
    """

    by: str
    folds: int = 5
    repeats: int = 1
    seed: int = 0
    whole: str | None = None

    def __post_init__(self) -> None:
        _check_count("folds", self.folds, 2)
        _check_count("repeats", self.repeats, 1)

    def _pairs(self, n: int, labels: Labels, seed: int) -> Iterator[tuple[Indices, Indices]]:
        classes, _ = _groups(labels, self.by)
        parts, _ = _groups(labels, self.whole) if self.whole is not None else (np.arange(n), n)
        _, first, member = np.unique(parts, return_index=True, return_inverse=True)
        of_part = classes[first]
        if (of_part[member] != classes).any():
            raise BadInput(
                "cross-validation",
                got=f"values of '{self.whole}' with several values of '{self.by}'",
                expected="one each, if they are kept whole",
                repair=f"Use GroupedKFold('{self.whole}').",
            )
        for repeat in range(self.repeats):
            own = Seeds(self.seed).integer(f"folds, inside {seed}, repeat {repeat}")
            names = np.asarray([str(labels[self.by][i]) for i in first], dtype=object)
            for fitted, tested in folds(names, self.folds, seed=own):
                yield np.flatnonzero(np.isin(member, fitted)), np.flatnonzero(np.isin(member, tested))


@dataclass(frozen=True)
class GroupedKFold(CrossValidation):
    """Whole groups are tested: no stimulus is both fitted and tested, in whichever of its trials.

    Parameters
    ----------
    by : str
        Label whose values are the groups.
    folds, repeats, seed
        As of `KFold`.

    Examples
    --------
    >>> stimulus = np.array(["a", "b", "a", "b", "c", "c"])
    >>> fitted, tested = GroupedKFold(folds=3).split(6, {"stimulus": stimulus}).pairs[0]
    >>> bool(set(stimulus[fitted]) & set(stimulus[tested])), len(set(stimulus[tested]))
    (False, 1)
    """

    by: str = "stimulus"
    folds: int = 5
    repeats: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        _check_count("folds", self.folds, 2)
        _check_count("repeats", self.repeats, 1)

    def _pairs(self, n: int, labels: Labels, seed: int) -> Iterator[tuple[Indices, Indices]]:
        groups, count = _groups(labels, self.by)
        _enough(count, self.folds, f"different values of '{self.by}'")
        yield from _random_parts(n, groups, self, seed)


@dataclass(frozen=True)
class BlockedKFold(CrossValidation):
    """Runs of neighbouring samples are tested, for time series, whose neighbours resemble each other.

    Parameters
    ----------
    folds : int
        Parts, one after the other.
    gap : int
        Samples on either side of a tested part that are left out: as many as responses remember.

    Examples
    --------
    >>> fitted, tested = BlockedKFold(folds=3, gap=1).split(9).pairs[1]
    >>> fitted.tolist(), tested.tolist()
    ([0, 1, 7, 8], [3, 4, 5])
    """

    folds: int = 5
    gap: int = 0

    def __post_init__(self) -> None:
        _check_count("folds", self.folds, 2)
        _check_count("gap", self.gap, 0)

    def _pairs(self, n: int, labels: Labels, seed: int) -> Iterator[tuple[Indices, Indices]]:
        _enough(n, self.folds, "samples")
        for tested in np.array_split(np.arange(n), self.folds):
            near = np.arange(tested[0] - self.gap, tested[-1] + self.gap + 1)
            fitted = np.setdiff1d(np.arange(n), near)
            _enough(len(fitted), 2, f"samples fitted with a gap of {self.gap}")
            yield fitted, tested


@dataclass(frozen=True)
class LeaveOneOut(CrossValidation):
    """One category (subject, session, object) is tested at a time, by what is learned from all the others.

    Parameters
    ----------
    by : str
        Label whose values are the categories.

    Examples
    --------
    >>> category = np.array(["face", "house", "face", "hand"])
    >>> [tested.tolist() for _, tested in LeaveOneOut("category").split(4, {"category": category})]
    [[0, 2], [3], [1]]
    """

    by: str

    def _pairs(self, n: int, labels: Labels, seed: int) -> Iterator[tuple[Indices, Indices]]:
        groups, count = _groups(labels, self.by)
        _enough(count, 2, f"different values of '{self.by}'")
        for group in range(count):
            yield np.flatnonzero(groups != group), np.flatnonzero(groups == group)


def as_cross_validation(cv: int | CrossValidation, labels: Labels) -> CrossValidation:
    """Return a scheme, from one or from a number of folds.

    A number means whole stimuli, where samples have a label "stimulus" (or "condition") that some of them share, and
    single samples otherwise.

    Examples
    --------
    >>> as_cross_validation(5, {"stimulus": np.array(["a", "a", "b"])})
    GroupedKFold(by='stimulus', folds=5, repeats=1, seed=0)
    >>> as_cross_validation(5, {})
    KFold(folds=5, repeats=1, seed=0)
    """
    if isinstance(cv, CrossValidation):
        return cv
    if isinstance(cv, bool) or not isinstance(cv, int | np.integer):
        raise BadInput(
            "cv",
            got=repr(cv),
            expected="a number of folds, or KFold, StratifiedKFold, GroupedKFold, BlockedKFold or LeaveOneOut",
            repair="Pass cv=5.",
        )
    for by in ("stimulus", "condition"):
        if by in labels and len(np.unique(labels[by])) < len(labels[by]):
            return GroupedKFold(by, int(cv))
    return KFold(int(cv))


def _random_parts(
    n: int, groups: Indices | None, scheme: KFold | GroupedKFold, seed: int
) -> Iterator[tuple[Indices, Indices]]:
    for repeat in range(scheme.repeats):
        # one name for each repeat and each outer fold: seeds that are added could meet
        own = Seeds(scheme.seed).integer(f"folds, inside {seed}, repeat {repeat}")
        yield from folds(n, scheme.folds, seed=own, groups=groups)


def _groups(labels: Labels, by: str) -> tuple[Indices, int]:
    if by not in labels:
        there, close = ", ".join(f"'{name}'" for name in labels) or "none", nearest(by, labels)
        raise BadInput(
            "cross-validation",
            got=f"no label '{by}' of the samples (there are: {there})",
            expected="a label of every sample",
            repair=f"Did you mean '{close[0]}'?" if close else "Use KFold or BlockedKFold, or label the samples.",
        )
    values, groups = np.unique(np.asarray(labels[by]), return_inverse=True)
    return np.asarray(groups, dtype=np.int64).ravel(), len(values)


def _enough(count: int, least: int, what: str) -> None:
    if count < least:
        raise BadInput(
            "cross-validation",
            got=f"{count} {what}",
            expected=f"at least {least}",
            repair="Use fewer folds, or more data.",
        )


def _check_count(name: str, value: int, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise BadInput(name, got=repr(value), expected=f"a whole number, at least {least}")
