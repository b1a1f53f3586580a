"""Scores of targets block by block: what is done with each block, wherever that is, and how results come together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tertium.compare.ceiling import noise_ceiling
from tertium.compare.encoding.blockwise import Executor
from tertium.compare.encoding.encoder import ReadyEncoder
from tertium.compare.encoding.tables import Table
from tertium.compare.validation.agreement import CHANCE, Agreement, agreement, draw_counts
from tertium.compare.validation.folds import Folds
from tertium.compare.validation.score import Score
from tertium.errors import BadInput

FloatArray = npt.NDArray[np.float64]

_CEILING = {
    "correlation": "correlation of a perfect model with the mean responses: the root of their reliability, by signal "
    "power (Sahani & Linden 2003)",
    "r2": "R2 of a perfect model on the mean responses: their reliability, by signal power (Sahani & Linden 2003)",
}


@dataclass(frozen=True, eq=False)
class BlockScores:
    """What is found of some targets.

    Attributes
    ----------
    folds, penalties : array, shape (fold, target)
        Scores, and penalties (NaN where there are none).
    draws : array, shape (draw, target)
        Mean over folds of the scores in each draw.
    ceiling : array, shape (target,)
        NaN where there is none.
    """

    folds: FloatArray
    penalties: FloatArray
    draws: FloatArray
    ceiling: FloatArray

    @classmethod
    def empty(cls, folds: int, draws: int, targets: int) -> BlockScores:
        """Return room for scores: no draws, no penalties, no ceilings yet."""
        shapes = ((folds, targets), (folds, targets), (draws, targets), (targets,))
        found = cls(*(np.full(shape, np.nan) for shape in shapes))
        found.draws[:] = 0.0
        return found

    def put(self, where: slice, block: BlockScores) -> None:
        """Take in the scores of some of the targets."""
        for mine, theirs in zip(
            (self.folds, self.penalties, self.draws, self.ceiling),
            (block.folds, block.penalties, block.draws, block.ceiling),
            strict=True,
        ):
            mine[..., where] = theirs


@dataclass(frozen=True, eq=False)
class BlockScorer:
    """Reads a stretch of targets, and scores their predictions at most ``width`` at a time.

    Attributes
    ----------
    ready : ReadyEncoder
    targets : Table
    folds : Folds
    counts : list of array, shape (1 + draw, tested)
        How often each tested sample of a fold is drawn.
    measure : str
    width : int
    constant : str
        "raise", or "zero": units that answer all samples alike score 0.
    """

    ready: ReadyEncoder
    targets: Table
    folds: Folds
    counts: list[FloatArray]
    measure: Agreement
    width: int
    constant: str

    def __call__(self, span: slice) -> BlockScores:
        """Return the scores of these columns."""
        part = self.targets.part(span.start, span.stop)
        found = BlockScores.empty(len(self.folds), len(self.counts[0]) - 1, part.width)
        for where, block in part.blocks_in_memory(0, self.width):
            if self.constant == "raise":
                _refuse_constant(block, part.columns[where])
            found.put(where, self._of(block.astype(part.precision, copy=False)))
            if self.has_ceiling:
                found.ceiling[where] = self._ceiling(part, where)
        return found

    @property
    def has_ceiling(self) -> bool:
        """Whether stimuli were repeated, and a ceiling of this measure is known."""
        return self.is_repeated and self.measure in _CEILING

    @property
    def is_repeated(self) -> bool:
        """Whether every stimulus was shown more than once."""
        return bool((self.targets.repeats > 1).all())

    @property
    def ceiling_says(self) -> str:
        """What the ceiling is, or why there is none."""
        return _CEILING.get(self.measure, "none is known for D2") if self.is_repeated else "no stimulus was repeated"

    def _of(self, block: FloatArray) -> BlockScores:
        found = BlockScores.empty(len(self.folds), len(self.counts[0]) - 1, block.shape[1])
        for i, (_, tested) in enumerate(self.folds):
            predicted = self.ready.predict(i, block)
            observed = np.asarray(block[tested], dtype=np.float64)
            values = agreement(observed, predicted.values, predicted.fitted_mean, self.counts[i], self.measure)
            found.folds[i] = values[0]
            found.draws[:] += values[1:] / len(self.folds)
            if predicted.penalties is not None:
                found.penalties[i] = predicted.penalties
        return found

    def _ceiling(self, part: Table, where: slice) -> FloatArray:
        found = noise_ceiling(part.source.isel(unit=where), "signal_power", by=part.by, constant="zero")
        return found.correlation if self.measure == "correlation" else found.value


def scored(
    ready: ReadyEncoder,
    targets: Table,
    folds: Folds,
    measure: Agreement,
    draws: int,
    width: int,
    seed: int,
    where: Executor,
    constant: str = "raise",
) -> Score:
    """Score all targets, in blocks of at most ``width``; where there are many workers, in narrower ones for all."""
    counts = [draw_counts(len(tested), draws, seed, i) for i, (_, tested) in enumerate(folds)]
    if where.slots > 1:
        width = min(width, -(-targets.width // (2 * where.slots)))
    scorer = BlockScorer(ready, targets, folds, counts, measure, width, constant)
    found = BlockScores.empty(len(folds), draws, targets.width)
    where.run(scorer, targets.spans(width), found.put, "blocks of units")
    return Score(
        value=found.folds.mean(0),
        folds=found.folds,
        units=targets.columns,
        measure=measure,
        chance=CHANCE[measure],
        draws=found.draws,
        ceiling=found.ceiling if scorer.has_ceiling else None,
        ceiling_says=scorer.ceiling_says,
        penalties=None if np.isnan(found.penalties).any() else found.penalties,
        regions=targets.regions,
        method=ready.says,
        n_samples=targets.n,
    )


def _refuse_constant(block: FloatArray, units: tuple[str, ...]) -> None:
    """Raise `BadInput`, naming them, if units answer all samples alike: nothing is explained of what does not vary."""
    still = np.flatnonzero((block == block[0]).all(0))
    if len(still):
        more = f" and {len(still) - 3} more" if len(still) > 3 else ""
        named = ", ".join(f"'{units[i]}'" for i in still[:3]) + more
        raise BadInput(
            "Y",
            got=f"the same response to all stimuli in unit {named}",
            expected="units that respond",
            repair="Drop them, or pass constant='zero' to give them a score of 0.",
        )
