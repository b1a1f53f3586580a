"""Designs of spike-train models: the columns of each filter, and the penalties on what it looks like in time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from tertium.compare.spike_trains.bases import Basis
from tertium.compare.spike_trains.lags import filtered
from tertium.compare.spike_trains.trials import Trials
from tertium.errors import BadInput

FloatArray = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Kind = Literal["stimulus", "history", "coupling"]


@dataclass(frozen=True, eq=False)
class Part:
    """One filter of one unit.

    Attributes
    ----------
    kind : {"stimulus", "history", "coupling"}
    source : str
        The stimulus, or the unit whose spikes are filtered.
    basis : Basis
    columns : slice
        Where its weights are among those of the unit.
    scale : float
        Standard deviation that its stimulus was divided by; 1 of spikes.
    """

    kind: Kind
    source: str
    basis: Basis
    columns: slice
    scale: float


@dataclass(frozen=True, eq=False)
class Designs:
    """Columns that all units' designs are put together from.

    Attributes
    ----------
    counts : array, shape (sample, unit)
        Samples are the bins that are kept, all trials after each other.
    trial : array of int, shape (sample,)
    units, features : tuple of str
    stimulus, history, coupling : Basis or None
    mean, spread : array, shape (feature,)
        Of the stimuli.
    blocks : dict of str to array, shape (sample, source * function)
        Columns by kind.
    whole : tuple of array, each of shape (time, feature * function)
        Columns of the stimuli in all bins of each trial.
    kept : tuple of array of bool, each of shape (time,)
    """

    counts: FloatArray
    trial: Indices
    units: tuple[str, ...]
    features: tuple[str, ...]
    stimulus: Basis | None
    history: Basis | None
    coupling: Basis | None
    mean: FloatArray
    spread: FloatArray
    blocks: dict[str, FloatArray]
    whole: tuple[FloatArray, ...]
    kept: tuple[npt.NDArray[np.bool_], ...]

    def parts(self, unit: int) -> list[Part]:
        """Return the filters of a unit, in the order of its columns, which begin with the intercept."""
        found: list[Part] = []
        at = 1
        for kind, source, basis, scale in self._sources(unit):
            found.append(Part(kind, source, basis, slice(at, at + len(basis)), scale))
            at += len(basis)
        return found

    def of(self, unit: int) -> FloatArray:
        """Return the design of a unit, (sample, column)."""
        columns = [np.ones((len(self.counts), 1))]
        if self.stimulus is not None:
            columns.append(self.blocks["stimulus"])
        if self.history is not None:
            width = len(self.history)
            columns.append(self.blocks["history"][:, unit * width : (unit + 1) * width])
        if self.coupling is not None:
            width = len(self.coupling)
            others = np.repeat(np.arange(len(self.units)) != unit, width)
            columns.append(self.blocks["coupling"][:, others])
        return np.ascontiguousarray(np.concatenate(columns, axis=1))

    def _sources(self, unit: int) -> list[tuple[Kind, str, Basis, float]]:
        found: list[tuple[Kind, str, Basis, float]] = []
        if self.stimulus is not None:
            for name, spread in zip(self.features, self.spread, strict=True):
                found.append(("stimulus", name, self.stimulus, float(spread)))
        if self.history is not None:
            found.append(("history", self.units[unit], self.history, 1.0))
        if self.coupling is not None:
            found += [("coupling", name, self.coupling, 1.0) for i, name in enumerate(self.units) if i != unit]
        return found


def make_designs(
    spikes: Trials,
    stimuli: Trials | None,
    stimulus: Basis | None,
    history: Basis | None,
    coupling: Basis | None,
    border: Literal["drop", "zero"],
) -> Designs:
    """Filter stimuli and spikes with their bases, trial by trial, and leave out bins whose past is not known.

    Raises
    ------
    BadInput
        If a stimulus does not vary, or no bin is left.
    """
    mean, spread = np.zeros(0), np.zeros(0)
    whole: list[FloatArray] = [np.zeros((n, 0)) for n in spikes.lengths]
    blocks: dict[str, list[FloatArray]] = {}
    if stimuli is not None and stimulus is not None:
        every = np.concatenate(stimuli.values)
        mean, spread = every.mean(0), every.std(0)
        still = np.flatnonzero(~(spread > 1e-12 * np.abs(every).max(0)))
        if len(still):
            raise BadInput(
                "stimuli",
                got=f"'{stimuli.columns[still[0]]}', which does not vary",
                expected="stimuli that vary over time",
                repair="Leave it out: the baseline stands for it.",
            )
        whole = blocks["stimulus"] = filtered([(one - mean) / spread for one in stimuli.values], stimulus)
    for kind, basis in (("history", history), ("coupling", coupling)):
        if basis is not None:
            blocks[kind] = filtered(spikes.values, basis)
    bases = [one for one in (stimulus, history, coupling) if one is not None]
    kept = tuple(_kept(n, bases, border) for n in spikes.lengths)
    if not any(one.any() for one in kept):
        raise BadInput(
            "spikes",
            got=f"trials of at most {max(spikes.lengths)} bins",
            expected="trials longer than the filters",
            repair="Use shorter filters, or border='zero'.",
        )

    def joined(parts: list[FloatArray] | tuple[FloatArray, ...]) -> FloatArray:
        return np.concatenate([one[rows] for one, rows in zip(parts, kept, strict=True)])

    return Designs(
        counts=joined(spikes.values),
        trial=np.repeat(np.arange(len(kept)), [int(one.sum()) for one in kept]),
        units=spikes.columns,
        features=() if stimuli is None else stimuli.columns,
        stimulus=stimulus,
        history=history,
        coupling=coupling,
        mean=mean,
        spread=spread,
        blocks={kind: joined(parts) for kind, parts in blocks.items()},
        whole=tuple(whole),
        kept=kept,
    )


def penalties(parts: list[Part], penalty: float, smoothness: float) -> FloatArray:
    """Return the penalty on the weights of a unit, (column, column); the intercept is free.

    ``penalty * sum(filter**2) + smoothness * sum(second differences of filter**2)``, the filter over its lags, for
    stimuli of unit variance.

    Examples
    --------
    >>> part = Part("history", "a", Basis(np.eye(3), 1, 0.001), slice(1, 4), 1.0)
    >>> penalties([part], 0.0, 1.0)[1:, 1:].tolist()
    [[1.0, -2.0, 1.0], [-2.0, 4.0, -2.0], [1.0, -2.0, 1.0]]
    """
    made = np.zeros((1 + sum(len(part.basis) for part in parts),) * 2)
    for part in parts:
        values = part.basis.values
        bends = np.diff(values, n=2, axis=0)
        made[part.columns, part.columns] = penalty * values.T @ values + smoothness * bends.T @ bends
    return made


def _kept(n: int, bases: list[Basis], border: str) -> npt.NDArray[np.bool_]:
    rows = np.ones(n, dtype=bool)
    if border == "drop":
        rows[: max([0, *(int(one.lags[-1]) for one in bases)])] = False
        last = max([0, *(-one.first for one in bases)])
        rows[max(0, n - last) :] = False
    return rows
