"""What memory an encoding takes: worked out and said before any work, and kept by the width of blocks."""

from __future__ import annotations

import math
import os
import sys
from dataclasses import dataclass
from functools import singledispatch
from pathlib import Path

import numpy as np

from tertium.compare.encoding.encoder import Encoder
from tertium.compare.encoding.models.banded_ridge import BandedRidge, columns_of_bands
from tertium.compare.encoding.models.kernel_ridge import KernelRidge
from tertium.compare.encoding.models.partial_least_squares import USUAL, PartialLeastSquares
from tertium.compare.encoding.models.poisson import PoissonRidge
from tertium.compare.encoding.models.reduced_rank import ReducedRank
from tertium.compare.encoding.models.ridge import Ridge
from tertium.compare.encoding.tables import Table
from tertium.compare.validation.folds import Folds
from tertium.errors import BadInput

_GIGABYTE = 1e9

#: What blocks may take where nothing is said, in bytes: wider ones save nothing, and cost the system more pages than
#: they are worth (a sixth of the time at 1,000 samples x 10,000 targets). Where hats are made again for each, they do.
_BLOCKS, _BLOCKS_OF_HATS = 0.3e9, 1e9

#: From which size on memory is spoken of, in bytes.
_WORTH_SAYING = 0.5e9

#: Penalties that are tried where none are given.
_USUAL_PENALTIES = 9


@dataclass(frozen=True)
class Sizes:
    """The sizes that memory goes by.

    Attributes
    ----------
    features, targets : Table
    folds : Folds
    fitted, tested : int
        Samples of the largest parts.
    pairs, inner_pairs : int
        Sum over folds of fitted times tested samples; the same over the folds inside each.
    inner_folds : int
        Folds inside one.
    number : int
        Bytes of a number in predictions.
    """

    features: Table
    targets: Table
    folds: Folds
    fitted: int
    tested: int
    pairs: int
    inner_pairs: int
    inner_folds: int
    number: int

    @classmethod
    def of(cls, features: Table, targets: Table, folds: Folds) -> Sizes:
        """Return the sizes; the folds inside the first are taken for those inside all."""
        inner = folds.inside(folds.pairs[0][0]).pairs
        return cls(
            features,
            targets,
            folds,
            max(len(fitted) for fitted, _ in folds),
            max(len(tested) for _, tested in folds),
            sum(len(fitted) * len(tested) for fitted, tested in folds),
            len(folds) * sum(len(a) * len(b) for a, b in inner),
            len(inner),
            targets.precision.itemsize,
        )


@dataclass(frozen=True)
class Held:
    """What a model holds whole, in bytes.

    Attributes
    ----------
    passing : float
        While it is made ready.
    kept : float
        From then on.
    column : float
        For each target of a block, beside the target itself.
    again : bool
        Whether hats are made again for each block, so that wide blocks save time.
    """

    passing: float
    kept: float
    column: float
    again: bool = False


@dataclass(frozen=True)
class MemoryNeed:
    """What memory an encoding takes at its peak, beside X and Y themselves where these are in memory; in bytes.

    Attributes
    ----------
    held : Held
        Of the model.
    results : float
        Scores of all targets, in all folds and draws.
    column : float
        For each target of a block, all in all.
    width : int
        Columns of a block.
    option : str
        What makes blocks smaller.
    """

    held: Held
    results: float
    column: float
    width: int
    option: str = "memory=... (GB)"

    @property
    def whole(self) -> float:
        """What cannot be made less by smaller blocks."""
        return self.held.passing + self.held.kept + self.results

    @property
    def total(self) -> float:
        """The peak: the model is made ready before the blocks of targets begin."""
        return self.held.kept + self.results + max(self.held.passing, self.width * self.column)

    def __str__(self) -> str:
        blocks = self.width * self.column
        return (
            f"will use about {in_gigabytes(self.total)} beside X and Y ({in_gigabytes(self.whole)} held whole, at "
            f"first, then {in_gigabytes(blocks)} in blocks of {self.width} units); set {self.option} for smaller blocks"
        )


def memory_need(
    encoder: Encoder, features: Table, targets: Table, folds: Folds, draws: int, memory: float | None = None
) -> MemoryNeed:
    """Work out what memory is needed, and the width of blocks that keeps to what is allowed.

    Parameters
    ----------
    encoder, features, targets, folds
        The model, and what it is made ready for.
    draws : int
        Bootstrap draws.
    memory : float, optional
        Gigabytes in all. By default 0.3 GB for blocks (1 GB where hats are made again for each), beside what is held
        whole, as far as the machine has it.

    Raises
    ------
    BadInput
        If what is held whole and a block of one unit need more than that, or than the machine has.

    Examples
    --------
    >>> from tertium.compare import KFold, Ridge
    >>> from tertium.compare.encoding.tables import table
    >>> X, Y = np.zeros((1000, 5000)), np.zeros((1000, 300))
    >>> need = memory_need(Ridge(), table(X, "X"), table(Y, "Y"), KFold(5).split(1000), 200)
    >>> need.width, 0.2e9 < need.total < 1e9
    (300, True)
    """
    if memory is not None and not (np.isreal(memory) and memory > 0):
        raise BadInput("memory", got=f"{memory}", expected="gigabytes, above 0, or None", repair="Pass memory=4.")
    sizes = Sizes.of(features, targets, folds)
    n, machine = features.n, machine_memory()
    held = held_by(encoder, sizes)
    results = 8.0 * targets.width * (draws + 2 * len(folds) + 4)
    trials = targets.column_bytes() if targets.codes is not None else 0
    # a target in double and in the precision of its predictions, what it is scored by, and the draws of that
    column = held.column + 8 * (3 * n + 8 * sizes.tested + 8 * (1 + draws)) + 3 * trials + _read(targets)
    of_features = 3 * 8 * n + _read(features)
    limit = machine if memory is None else min(memory * _GIGABYTE, machine)
    # features are read while the model is made ready, targets when that is done
    first, then = held.passing + held.kept + results, held.kept + results
    least = max(first + of_features, then + column)
    if limit < least:
        raise _too_much(encoder, first, least, n, memory, machine)
    for_features, for_targets = limit - first, limit - then
    if memory is None:
        most = _BLOCKS_OF_HATS if held.again else _BLOCKS
        for_features, for_targets = min(most, for_features), min(most, for_targets)
    width = min(int(for_targets / column), int(for_features / of_features))
    return MemoryNeed(held, results, column, max(1, min(width, targets.width)))


def _read(source: Table) -> float:
    """Return the bytes for each column of what is read from disk at a time: up to four blocks, if chunks are wide."""
    return 4.0 * 8 * source.n if source.chunk > 1 else 0.0


def _too_much(encoder: Encoder, whole: float, least: float, n: int, memory: float | None, machine: float) -> BadInput:
    mine = memory is None or memory * _GIGABYTE > machine
    return BadInput(
        "memory",
        got=f"{in_gigabytes(machine)} of this machine" if mine else f"memory={memory:g} GB",
        expected=f"at least {in_gigabytes(least)}: {in_gigabytes(whole)} that {type(encoder).__name__} holds whole for "
        f"{n} samples, and a block of one unit",
        repair="Take fewer samples, folds or penalties" + (", a larger machine." if mine else ", or allow more."),
    )


def machine_memory() -> float:
    """Return the bytes of memory of this machine, or of the container or job that this process is in."""
    found = [math.inf]
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        found.append(float(os.sysconf("SC_PHYS_PAGES")) * os.sysconf("SC_PAGE_SIZE"))
    for file in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        limit = Path(file).read_text().strip() if Path(file).exists() else "max"
        if limit.isdigit():
            found.append(float(limit))
    return min(found)


def say(need: MemoryNeed) -> None:
    """Say on a terminal what will be used, where it is much; silent anywhere else, as progress bars are."""
    if need.total >= _WORTH_SAYING and sys.stderr.isatty():
        sys.stderr.write(f"tertium: {need}\n")


@singledispatch
def held_by(encoder: Encoder, sizes: Sizes) -> Held:
    """Return what a model holds whole: products of samples, and hats of all folds, outer and inner.

    A model that is not known here is taken to hold as much as ridge regression under nine penalties does; one that
    holds more says so by ``held_by.register``.
    """
    return _dual(sizes, getattr(encoder, "penalties", None))


def _dual(sizes: Sizes, penalties: tuple[float, ...] | None) -> Held:
    count, n = count_penalties(penalties), sizes.features.n
    hats = sizes.number * count * (sizes.pairs + (sizes.inner_pairs if count > 1 else 0))
    return Held(8.0 * (n**2 + 5 * sizes.fitted**2), float(hats), _choosing(count, sizes))


def _choosing(penalties: int, sizes: Sizes) -> float:
    """Return the bytes for each target of predictions under all penalties, and of centred copies."""
    return float(sizes.number * ((penalties + 2) * sizes.tested + 3 * sizes.fitted))


def count_penalties(penalties: tuple[float, ...] | None) -> int:
    """Return how many penalties are tried, nine where none are given.

    Examples
    --------
    >>> count_penalties(None), count_penalties((1.0, 2.0))
    (9, 2)
    """
    return _USUAL_PENALTIES if penalties is None else len(penalties)


@held_by.register
def _(encoder: Ridge, sizes: Sizes) -> Held:
    n, p, count = sizes.features.n, sizes.features.width, count_penalties(encoder.penalties)
    if encoder.form == "dual" or (encoder.form == "auto" and p >= n // 2):
        return _dual(sizes, encoder.penalties)
    # of every part: tested samples under each penalty, and the fitted features; the folds inside a fold test each of
    # its fitted samples once, and fit it in all others
    outside = len(sizes.folds) * sizes.fitted
    tested, fitted = (n, outside) if count == 1 else (n + outside, outside * sizes.inner_folds)
    kept = sizes.number * p * (count * tested + fitted)
    passing = 8.0 * (4 * n * p + 3 * p**2 + 2 * count * sizes.tested * p)
    return Held(passing, float(kept), _choosing(count, sizes) + 8 * p)


@held_by.register
def _(encoder: KernelRidge, sizes: Sizes) -> Held:
    dual = _dual(sizes, encoder.penalties)
    return Held(dual.passing + 8.0 * 4 * sizes.features.n**2, dual.kept, dual.column)


@held_by.register
def _(encoder: BandedRidge, sizes: Sizes) -> Held:
    count, n, bands = (
        count_penalties(encoder.penalties),
        sizes.features.n,
        len(columns_of_bands(sizes.features, encoder.bands)),
    )
    now = 8.0 * (n**2 + 5 * sizes.fitted**2) + sizes.number * count * sizes.fitted * sizes.tested
    if encoder.steps and bands > 1:
        # products of the fitted samples by band, and those of each fold inside: sum of a^2 + a b = fitted^2 (folds - 1)
        now = max(now, 8.0 * sizes.fitted**2 * (bands * sizes.inner_folds + 4))
    sets = encoder.draws + bands + 1
    return Held(8.0 * (bands + 1) * n**2, 8.0 * bands * n**2 + now, _choosing(count, sizes) + 32.0 * sets, True)


@held_by.register
def _(encoder: PartialLeastSquares, sizes: Sizes) -> Held:
    n = sizes.features.n
    hats = (sizes.number + 8) * len(sizes.folds) * (encoder.components or USUAL) * n
    return Held(8.0 * (2 * n**2 + 7 * sizes.fitted**2), float(hats), 0.0)


@held_by.register
def _(encoder: ReducedRank, sizes: Sizes) -> Held:
    n, count = sizes.features.n, count_penalties(encoder.penalties)
    hats = (sizes.number + 8) * len(sizes.folds) * encoder.rank * n
    passing = 8.0 * (2 * n**2 + 9 * sizes.fitted**2 + count * sizes.fitted * sizes.tested)
    return Held(passing, float(hats), 0.0)


@held_by.register
def _(encoder: PoissonRidge, sizes: Sizes) -> Held:
    """Features themselves are held, of every fold and every fold inside it: there is no dual form."""
    n, p, inner = (
        sizes.features.n,
        sizes.features.width,
        sizes.inner_folds if count_penalties(encoder.penalties) > 1 else 0,
    )
    axes = 1 + min(p, sizes.fitted)
    parts = n * axes + inner * sizes.fitted * axes
    return Held(8.0 * 5 * n * p, 8.0 * (n * p + len(sizes.folds) * parts), 8.0 * (inner + 12) * axes + 8.0 * 10 * n)


def in_gigabytes(size: float) -> str:
    """Return bytes in words.

    Examples
    --------
    >>> in_gigabytes(2.5e9)
    '2.5 GB'
    """
    return f"{size / _GIGABYTE:.2g} GB" if size < 100e9 else f"{size / _GIGABYTE:.0f} GB"
