"""The one loop of all decoding: fit a fold, read what it did not see, score it; labels shuffled for chance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tertium.compare.decoding.decoders.contract import Decoder, Fitting, FloatArray, Indices, Place, Readout
from tertium.compare.decoding.samples import Samples
from tertium.compare.decoding.scoring import scores
from tertium.compare.validation.folds import (
    BlockedKFold,
    CrossValidation,
    Folds,
    GroupedKFold,
    KFold,
    LeaveOneOut,
    StratifiedKFold,
)
from tertium.errors import BadInput
from tertium.rng import Seeds

#: Stimuli that a fold needs, on average, so that whole ones are tested where numbers are decoded.
_EACH = 4


@dataclass(frozen=True, eq=False)
class Fitted:
    """A decoder fitted to some samples of one time bin, with the scale of its units.

    Attributes
    ----------
    readout : Readout
    centre, spread : array, shape (unit,)
    """

    readout: Readout
    centre: FloatArray
    spread: FloatArray

    def read(self, values: FloatArray, place: Place) -> npt.NDArray[Any]:
        """Decode samples, shape (sample, unit): (sample, target)."""
        found = self.readout.read((values - self.centre) / self.spread, place)
        return found.reshape(len(values), -1)


def fit(
    decoder: Decoder,
    samples: Samples,
    bin_: int,
    chosen: Indices,
    target: npt.NDArray[Any],
    inside: Callable[[], Folds],
    seeds: Seeds,
) -> Fitted:
    """Fit a decoder to the chosen samples; units are scaled by those samples alone.

    Parameters
    ----------
    target : array
        Of all samples: classes (sample,), or numbers (sample, target).
    inside : callable
        Folds of the chosen samples.
    """
    x, y = samples.values[chosen, bin_], target[chosen]
    units = x.shape[1]
    centre, spread = np.zeros(units), np.full(units, 1 / samples.counts)
    if decoder.scaled:
        centre, spread = x.mean(0), x.std(0)
        spread = np.where(spread > 1e-12 * np.abs(x).max(0, initial=0), spread, 1.0)
    fitting = Fitting(samples.aim, samples.place.take(chosen), inside, seeds)
    return Fitted(decoder.fit((x - centre) / spread, y, fitting), centre, spread)


def choose_scheme(cv: int | CrossValidation, samples: Samples) -> CrossValidation:
    """Return a scheme, from one or from a number of folds.

    A number means, of bins of a recording, whole trials, or stretches of the only one. Of trials it means whole
    stimuli where there is a label "stimulus" whose trials are repeated and there are enough of them (of each class as
    many as folds; four a fold for numbers), since a decoder could recognise those that it was fitted to; otherwise
    single trials. Classes have their share in every part.

    Raises
    ------
    BadInput
        If it is neither.
    """
    if isinstance(cv, CrossValidation):
        return cv
    if isinstance(cv, bool) or not isinstance(cv, int | np.integer) or cv < 2:
        raise BadInput("cv", got=repr(cv), expected="a number of folds, at least 2, or a scheme like StratifiedKFold")
    k = int(cv)
    if samples.series:
        runs = samples.place.run
        samples.labels.setdefault("trial", runs)
        return GroupedKFold("trial", k) if len(np.unique(runs)) >= k else BlockedKFold(k)
    whole = next((by for by in ("stimulus", "condition") if _worth_keeping_whole(samples, by, k)), None)
    if samples.classes:
        return StratifiedKFold(samples.names[0], k, whole=whole)
    return KFold(k) if whole is None else GroupedKFold(whole, k)


def _worth_keeping_whole(samples: Samples, by: str, k: int) -> bool:
    if by not in samples.labels or by in samples.names:
        return False
    _, first, member = np.unique(samples.labels[by].astype(str), return_index=True, return_inverse=True)
    if len(first) == samples.n or not np.array_equal(samples.target[first][member], samples.target):
        return False
    if samples.classes:
        return int(np.bincount(samples.target[first], minlength=samples.aim.n_classes).min()) >= k
    return len(first) >= _EACH * k


def clusters(samples: Samples, scheme: CrossValidation) -> Indices | None:
    """Return which samples stand or fall together (trials of a stimulus kept whole, near bins); None if none do."""
    by = _kept_whole(scheme)
    if by is not None:
        return np.asarray(np.unique(samples.labels[by].astype(str), return_inverse=True)[1], dtype=np.int64)
    if samples.series or isinstance(scheme, BlockedKFold):
        long = max(1, samples.n // 100)  # a hundred stretches: bins within one resemble each other
        return np.asarray(samples.place.index // long + samples.place.run * samples.n, dtype=np.int64)
    return None


def _kept_whole(scheme: CrossValidation) -> str | None:
    if isinstance(scheme, GroupedKFold):
        return scheme.by
    return scheme.whole if isinstance(scheme, StratifiedKFold) else None


def check_folds(samples: Samples, folds: Folds) -> None:
    """Refuse folds that fit too few samples or not all classes.

    Raises
    ------
    BadInput
    """
    for number, (fitted, tested) in enumerate(folds):
        if not len(tested) or len(fitted) < 2:
            raise BadInput("cross-validation", got=f"{len(fitted)} samples fitted in fold {number}", expected="more")
        if samples.classes:
            there = np.bincount(samples.target[fitted], minlength=len(samples.classes))
            if not there.all():
                raise BadInput(
                    "cross-validation",
                    got=f"no sample of class '{samples.classes[int(there.argmin())]}' fitted in fold {number}",
                    expected="all classes in every fold",
                    repair=f"Use StratifiedKFold('{samples.names[0]}').",
                )


def decode_folds(
    samples: Samples, decoder: Decoder, folds: Folds, target: npt.NDArray[Any], *, balance: bool, seeds: Seeds
) -> list[npt.NDArray[Any]]:
    """Return what is read from the tested samples of each fold, (tested, bin x target)."""
    found = []
    for number, (fitted, tested) in enumerate(folds):
        own = seeds.child(f"fold {number}")
        chosen = balanced(fitted, target, own) if balance and samples.classes else fitted
        inside = _inner(folds, chosen, number)
        said = []
        for bin_ in range(samples.values.shape[1]):
            said.append(
                _read_fold(decoder, samples, bin_, chosen, tested, target, inside, own)  # one decoder a bin
            )
        found.append(np.concatenate(said, axis=1))
    return found


def _inner(folds: Folds, chosen: Indices, number: int) -> Callable[[], Folds]:
    return lambda: folds.inside(chosen, number)


def _read_fold(
    decoder: Decoder,
    samples: Samples,
    bin_: int,
    chosen: Indices,
    tested: Indices,
    target: npt.NDArray[Any],
    inside: Callable[[], Folds],
    seeds: Seeds,
) -> npt.NDArray[Any]:
    if samples.classes and len(np.unique(target[chosen])) < samples.aim.n_classes:
        # only where labels were shuffled over whole stimuli: nothing can be learned of a class that is not there
        return np.full((len(tested), 1), np.bincount(target[chosen]).argmax())
    fitted = fit(decoder, samples, bin_, chosen, target, inside, seeds)
    return fitted.read(samples.values[tested, bin_], samples.place.take(tested))


def balanced(fitted: Indices, target: npt.NDArray[Any], seeds: Seeds) -> Indices:
    """Return as many samples of each class as the rarest has, drawn at random, in ascending order.

    Examples
    --------
    >>> balanced(np.arange(5), np.array([0, 0, 0, 1, 1]), Seeds(0)).tolist()[-2:]
    [3, 4]
    """
    random = seeds.numpy("balanced classes")
    classes = target[fitted]
    _, counts = np.unique(classes, return_counts=True)
    kept = [random.permutation(fitted[classes == k])[: counts.min()] for k in np.unique(classes)]
    return np.sort(np.concatenate(kept))


def score_folds(
    samples: Samples, folds: Folds, target: npt.NDArray[Any], said: list[npt.NDArray[Any]], measure: str
) -> FloatArray:
    """Return the score of each fold, (fold, bin x target)."""
    found = []
    for (fitted, tested), decoded in zip(folds, said, strict=True):
        observed, mean = _wide(samples, target, fitted, tested, decoded.shape[1])
        found.append(scores(samples.aim, measure, observed, decoded, mean, np.ones((1, len(tested))))[0])
    return np.stack(found)


def score_all(
    samples: Samples,
    folds: Folds,
    target: npt.NDArray[Any],
    said: list[npt.NDArray[Any]],
    measure: str,
    counts: list[FloatArray] | None = None,
) -> FloatArray:
    """Return the score of all folds together, (draw, bin x target); one draw, of samples as they are, without counts.

    R2 and correlation are means over folds, as in `encode`. For all else tested samples are put together, so that
    each counts alike, and a fold that holds no sample of some class does no harm.
    """
    drawn = [np.ones((1, len(tested))) for _, tested in folds] if counts is None else counts
    parts = []
    for (fitted, tested), decoded in zip(folds, said, strict=True):
        parts.append(_wide(samples, target, fitted, tested, decoded.shape[1]))
    if measure in ("r2", "correlation"):
        each = [
            scores(samples.aim, measure, observed, decoded, mean, one)
            for (observed, mean), decoded, one in zip(parts, said, drawn, strict=True)
        ]
        return np.asarray(np.mean(each, axis=0))
    observed = np.concatenate([observed for observed, _ in parts])
    return scores(samples.aim, measure, observed, np.concatenate(said), parts[0][1], np.concatenate(drawn, axis=1))


def _wide(
    samples: Samples, target: npt.NDArray[Any], fitted: Indices, tested: Indices, width: int
) -> tuple[npt.NDArray[Any], FloatArray]:
    """Return tested targets, and the mean of fitted ones, for every time bin."""
    wide = target.reshape(samples.n, -1)
    repeats = width // wide.shape[1]
    return np.tile(wide[tested], (1, repeats)), np.tile(wide[fitted].mean(0), repeats)


def shuffled_target(samples: Samples, scheme: CrossValidation, within: str | None, seeds: Seeds) -> npt.NDArray[Any]:
    """Return the targets in an order that would not matter if responses said nothing of them.

    Bins of one recording keep their order and are moved in time by a random lag (a tenth of the recording or more);
    bins of several trials move with their trial. Trials of a stimulus that is kept whole share one target, which goes
    to another stimulus. All else is shuffled sample by sample. With ``within``, only among samples with one value of
    that label.
    """
    random = seeds.numpy("shuffled labels")
    n = samples.n
    blocks = np.zeros(n, dtype=np.int64)
    if within is not None:
        blocks = np.unique(samples.labels[within].astype(str), return_inverse=True)[1].ravel()
    order = np.arange(n)
    for block in np.unique(blocks):
        rows = np.flatnonzero(blocks == block)
        order[rows] = _shuffled_rows(samples, scheme, rows, random)
    return np.asarray(samples.target[order])


def _shuffled_rows(samples: Samples, scheme: CrossValidation, rows: Indices, random: np.random.Generator) -> Indices:
    if samples.series or isinstance(scheme, BlockedKFold):
        runs, lengths = np.unique(samples.place.run[rows], return_counts=True)
        if len(runs) > 1 and len(set(lengths.tolist())) == 1:
            return np.asarray(rows.reshape(len(runs), -1)[random.permutation(len(runs))].ravel())
        least = max(1, len(rows) // 10)
        return np.roll(rows, int(random.integers(least, max(least + 1, len(rows) - least))))
    by = _kept_whole(scheme) or (scheme.by if isinstance(scheme, LeaveOneOut) else None)
    if by is not None:
        _, first, member = np.unique(samples.labels[by][rows].astype(str), return_index=True, return_inverse=True)
        target = samples.target[rows]
        if np.array_equal(target[first][member], target):
            return np.asarray(rows[first][random.permutation(len(first))][member])
        moved = rows.copy()
        for group in range(len(first)):
            mine = np.flatnonzero(member == group)
            moved[mine] = rows[random.permutation(mine)]
        return moved
    return random.permutation(rows)
