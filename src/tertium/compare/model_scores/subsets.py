"""Scores of models for subjects: of all stimuli and units, of subsets of them, and of shuffled stimuli."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tertium.compare.model_scores.scoring import Scoring, Shown
from tertium.errors import BadInput
from tertium.progress import track
from tertium.rng import Seeds

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Problem:
    """Models and subjects, read, in one order of stimuli.

    Attributes
    ----------
    scoring : Scoring
    models, brains : tuple
        Representations.
    ceiling : bool
        Whether the other subjects together stand as one more model for each, in the last row.
    """

    scoring: Scoring
    models: tuple[Shown, ...]
    brains: tuple[Shown, ...]
    ceiling: bool

    def prepared_models(self, stimuli: IntArray | None = None, *, shuffled: bool = False) -> list[Any]:
        """Return what the measure needs of each model, of some stimuli."""
        return [self.scoring.prepare(_of(model, stimuli, shuffled)) for model in self.models]

    def prepared_others(self, stimuli: IntArray | None = None) -> list[Any]:
        """Return, for each subject, what the measure needs of all others together; nothing without a ceiling."""
        if not self.ceiling:
            return []
        own = range(len(self.brains))
        joined = [self.scoring.join([b for j, b in enumerate(self.brains) if j != k]) for k in own]
        return [self.scoring.prepare(_of(one, stimuli, False)) for one in joined]

    def prepared_brains(self, stimuli: IntArray | None, units: Sequence[IntArray] | None) -> list[Any]:
        """Return what the measure needs of each subject, of some stimuli and some of its units."""
        taken = [_of(brain, stimuli, False) for brain in self.brains]
        if units is not None:
            taken = [brain.pick(mine) for brain, mine in zip(taken, units, strict=True)]
        return [self.scoring.prepare(brain) for brain in taken]

    def scores(self, models: Sequence[Any], others: Sequence[Any], brains: Sequence[Any]) -> FloatArray:
        """Return the scores of what was prepared, (row, subject)."""
        rows = [[self.scoring.between(model, brain) for brain in brains] for model in models]
        if others:
            rows.append([self.scoring.between(mine, brain) for mine, brain in zip(others, brains, strict=True)])
        return np.array(rows, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Drawn:
    """Scores of subsets, each (draw, row, subject), or None where a factor was not drawn."""

    stimuli: FloatArray | None
    units: FloatArray | None
    both: FloatArray | None
    ratio_stimuli: float
    ratio_units: float


def whole_scores(problem: Problem) -> FloatArray:
    """Return the scores of all stimuli and units, (row, subject)."""
    brains = problem.prepared_brains(None, None)
    return problem.scores(problem.prepared_models(), problem.prepared_others(), brains)


def drawn_scores(
    problem: Problem, draws: int, keep: float, seeds: Seeds, *, stimuli: bool, units: bool, both: bool
) -> Drawn:
    """Return the scores of subsets of stimuli, of units, and of both at once.

    Raises
    ------
    BadInput
        If the measure refuses a subset; it says how large that was.
    """
    if not stimuli and not units:
        return Drawn(None, None, None, 1.0, 1.0)
    n, counts = problem.models[0].n_stimuli, [brain.n_units for brain in problem.brains]
    kept, kept_units = _kept(n, keep), [_kept(c, keep) for c in counts]
    choose, choose_units = seeds.numpy("stimuli"), seeds.numpy("units")
    models, others = problem.prepared_models(), problem.prepared_others()
    found: dict[str, list[FloatArray]] = {"stimuli": [], "units": [], "both": []}
    try:
        for _ in track(range(draws), "drawing stimuli and units", draws):
            some = np.sort(choose.permutation(n)[:kept])
            mine = [np.sort(choose_units.permutation(c)[:k]) for c, k in zip(counts, kept_units, strict=True)]
            if stimuli:
                fewer, rest = problem.prepared_models(some), problem.prepared_others(some)
                found["stimuli"].append(problem.scores(fewer, rest, problem.prepared_brains(some, None)))
                if both:
                    found["both"].append(problem.scores(fewer, rest, problem.prepared_brains(some, mine)))
            if units:
                found["units"].append(problem.scores(models, others, problem.prepared_brains(None, mine)))
    except BadInput as fault:
        raise BadInput(
            f"{fault.what}, in a draw of {kept} of {n} stimuli",
            got=fault.got,
            expected=fault.expected,
            repair=f"{fault.repair} Or draw neither stimuli nor units: over=('subjects',), or ().".strip(),
        ) from fault
    # subjects differ in how many units they have: the ratio is nearly the same for all, and that of the fewest is kept
    fewest = int(np.argmin(counts))
    return Drawn(
        stimuli=_stacked(found["stimuli"]),
        units=_stacked(found["units"]),
        both=_stacked(found["both"]),
        ratio_stimuli=kept / (n - kept),
        ratio_units=kept_units[fewest] / max(counts[fewest] - kept_units[fewest], 1),
    )


def shuffled_scores(problem: Problem, shuffles: int, seeds: Seeds) -> FloatArray:
    """Return mean scores over subjects where the models' stimuli are shuffled, (shuffle, model)."""
    draw = seeds.numpy("shuffles")
    brains = problem.prepared_brains(None, None)
    n = problem.models[0].n_stimuli
    null = [
        problem.scores(problem.prepared_models(draw.permutation(n), shuffled=True), (), brains).mean(1)
        for _ in track(range(shuffles), "shuffling stimuli", shuffles)
    ]
    return np.stack(null)


def _stacked(draws: list[FloatArray]) -> FloatArray | None:
    return np.stack(draws) if draws else None


def _kept(n: int, keep: float) -> int:
    """Return how many of n are kept: at least one is left out."""
    return min(max(round(keep * n), 1), n - 1)


def _of(shown: Shown, stimuli: IntArray | None, shuffled: bool) -> Shown:
    if stimuli is None:
        return shown
    return shown.shuffled(stimuli) if shuffled else shown.take(stimuli)
