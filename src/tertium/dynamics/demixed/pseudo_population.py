"""Pseudo-populations: units of many sessions on the same conditions, with as many trials as each happens to have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class PseudoPopulation:
    """Single trials of units that need not have been recorded together.

    Attributes
    ----------
    rows : array, shape (row, time)
        One row a unit and trial, sorted by unit, condition, and order of recording.
    counts : array of int, shape (unit, condition)
        Trials; conditions in the order of `levels`, the last label running fastest.
    sessions : array of int, shape (unit,)
        Units of one session saw the same trials.
    levels : tuple of (name, values)
        Each label with its values.
    units : tuple of str
    time : array, shape (time,)
        Seconds.
    """

    rows: Floats
    counts: Ints
    sessions: Ints
    levels: tuple[tuple[str, tuple[Any, ...]], ...]
    units: tuple[str, ...]
    time: Floats

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of levels of each label."""
        return tuple(len(values) for _, values in self.levels)

    @cached_property
    def starts(self) -> Ints:
        """First row of each unit and condition, shape (unit, condition)."""
        flat = self.counts.ravel()
        return np.asarray((np.cumsum(flat) - flat).reshape(self.counts.shape))

    @cached_property
    def means(self) -> Floats:
        """Averages over the trials of each unit and condition, shape (unit, condition, time)."""
        sums = np.add.reduceat(self.rows, self.starts.ravel(), axis=0)
        return np.asarray(sums.reshape(*self.counts.shape, -1) / self.counts[..., None])

    @cached_property
    def residuals(self) -> Floats:
        """Single trials without the average of their condition, shape (row, time)."""
        n_times = self.rows.shape[1]
        return self.rows - np.repeat(self.means.reshape(-1, n_times), self.counts.ravel(), axis=0)

    def name(self, condition: int) -> str:
        """Return a condition in words."""
        where = np.unravel_index(condition, self.sizes)
        return ", ".join(f"{label}={values[i]}" for (label, values), i in zip(self.levels, where, strict=True))

    def draw(self, generator: np.random.Generator) -> Floats:
        """Draw one trial of each condition and session, (unit, condition, time): pseudo-trials of the whole population.

        Units of one session give the same trial, so that what they share on a trial is held out with it.
        """
        _, first, inverse = np.unique(self.sessions, return_index=True, return_inverse=True)
        chosen = generator.integers(self.counts[first])
        return self.rows[self.starts + chosen[inverse]]

    def without(self, held: Floats) -> Floats:
        """Return the averages over all trials but the held-out ones, (unit, condition, time)."""
        counts = self.counts[..., None]
        return np.asarray((counts * self.means - held) / (counts - 1))

    def shuffled(self, generator: np.random.Generator) -> PseudoPopulation:
        """Shuffle the trials of each session over all conditions, which keep their numbers of trials."""
        order = np.empty(len(self.rows), dtype=np.int64)
        totals = self.counts.sum(1)
        begins = np.cumsum(totals) - totals
        for session in np.unique(self.sessions):
            own = np.flatnonzero(self.sessions == session)
            moved = generator.permutation(totals[own[0]])
            order[begins[own][:, None] + np.arange(totals[own[0]])] = begins[own][:, None] + moved
        return PseudoPopulation(self.rows[order], self.counts, self.sessions, self.levels, self.units, self.time)


def is_sessions(r: Any) -> bool:
    """Return whether this is labelled responses, or several of them."""
    if isinstance(r, Mapping):
        return bool(r) and all(hasattr(one, "dims") for one in r.values())
    return hasattr(r, "dims") or (isinstance(r, list | tuple) and bool(r) and all(hasattr(one, "dims") for one in r))


def pseudo_population(r: Any, labels: Sequence[str]) -> PseudoPopulation:
    """Put sessions together.

    Parameters
    ----------
    r : responses, or a mapping or sequence of responses
        (trial, time, unit) with the labels on trials. Sessions may have other units and numbers of trials; they must
        have the same times and, together, every condition in every session.
    labels : sequence of str

    Raises
    ------
    BadInput
        If times differ, a label is missing or has one level only, or a unit has no trial of a condition.

    Examples
    --------
    >>> from tertium.data import make_responses
    >>> one = make_responses(np.zeros((4, 2, 3)), trial={"stimulus": [0, 1, 1, 0]})
    >>> two = make_responses(np.ones((3, 2, 1)), trial={"stimulus": [0, 1, 1]})
    >>> both = pseudo_population({"a": one, "b": two}, ["stimulus"])
    >>> both.means.shape, both.counts.tolist()
    ((4, 2, 2), [[2, 2], [2, 2], [2, 2], [1, 2]])
    """
    from tertium.data import validate
    from tertium.data.averaging import level_codes

    named = dict(r) if isinstance(r, Mapping) else {"": r} if hasattr(r, "dims") else dict(enumerate(r))
    for one in named.values():
        validate(one, needs=labels)
        if one.dims[0] != "trial" or any(one[label].dims != ("trial",) for label in labels):
            raise BadInput(
                "responses",
                got=f"dims ({', '.join(map(str, one.dims))})",
                expected="single trials, (trial, time, unit), with the labels on trials",
                repair="Pass averages of several labels as an array (unit, label 1, label 2, ..., time).",
            )
    times = [one["time"].values.astype(np.float64) for one in named.values()]
    for name, time in zip(named, times, strict=True):
        if time.shape != times[0].shape or not np.allclose(time, times[0], rtol=0, atol=1e-9):
            raise BadInput(
                f"session '{name}'",
                got=f"{len(time)} times, {time[0]:g} to {time[-1]:g} s",
                expected=f"those of the others: {len(times[0])} times, {times[0][0]:g} to {times[0][-1]:g} s",
                repair="Cut all sessions with tertium.data.align or window.",
            )
    coded = {name: [level_codes(one, label) for label in labels] for name, one in named.items()}
    levels = tuple((label, _union([codes[i][0] for codes in coded.values()])) for i, label in enumerate(labels))
    for label, values in levels:
        if len(values) < 2:
            raise BadInput(f"label '{label}'", got=f"one level, {values[0]!r}", expected="two levels or more")
    rows, counts, sessions, units = [], [], [], []
    for number, (name, one) in enumerate(named.items()):
        condition = _conditions(coded[name], levels)
        count = np.bincount(condition, minlength=int(np.prod([len(values) for _, values in levels])))
        order = np.argsort(condition, kind="stable")
        trials = np.asarray(one.values, dtype=np.float64)[order]
        rows.append(trials.transpose(2, 0, 1).reshape(-1, len(times[0])))
        counts += [count] * trials.shape[2]
        sessions += [number] * trials.shape[2]
        units += [f"{name}/{unit}" if name != "" else str(unit) for unit in one["unit"].values]
    made = PseudoPopulation(np.concatenate(rows), np.array(counts), np.array(sessions), levels, tuple(units), times[0])
    _check_complete(made)
    return made


def _union(levels: Sequence[Sequence[Any]]) -> tuple[Any, ...]:
    values = {value for one in levels for value in one}
    kinds = {isinstance(value, str) for value in values}
    return tuple(sorted(values) if len(kinds) == 1 else sorted(values, key=str))


def _conditions(coded: Sequence[tuple[list[Any], Ints]], levels: Sequence[tuple[str, tuple[Any, ...]]]) -> Ints:
    """Return the condition of each trial, in the numbering of all sessions together."""
    where = []
    for (found, codes), (_, values) in zip(coded, levels, strict=True):
        number = {value: i for i, value in enumerate(values)}
        where.append(np.array([number[value] for value in found])[codes])
    return np.asarray(np.ravel_multi_index(where, [len(values) for _, values in levels]), dtype=np.int64)


def _check_complete(made: PseudoPopulation) -> None:
    empty = np.argwhere(made.counts == 0)
    if len(empty):
        unit, condition = empty[0]
        others = f" ({len(empty)} such pairs of unit and condition)" if len(empty) > 1 else ""
        raise BadInput(
            f"unit '{made.units[unit]}'",
            got=f"no trial of {made.name(int(condition))}{others}",
            expected="at least one trial of every unit and condition",
            repair="Leave those units out, or the level, with tertium.data.select.",
        )
