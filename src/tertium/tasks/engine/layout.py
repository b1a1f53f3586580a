"""Laying stimuli, targets and loss weights out over time.

Between two edges of epochs nothing but a `Series` changes. So a batch is written down as a small table (segment, trial,
channel), constants first, and one gather of its rows makes the array (time, trial, channel). A readable reference, a
loop over trials and events, is in the tests; both agree to the bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tertium.tasks.channels import Channel
from tertium.tasks.course import TrialCourse
from tertium.tasks.distributions import Columns
from tertium.tasks.engine.checking import names_of
from tertium.tasks.spec import LossWeight, Series, Stimulus, Value

Floats = npt.NDArray[np.float32]

#: Adjoining epochs as (first, stop) places.
Runs = list[tuple[int, int]]

#: A stimulus or target, its block of channels, where they are, and when.
Event = tuple[Stimulus, Channel, slice, Runs]


class Layout:
    """Stimuli or targets of a task, ready to be laid out over time.

    Constants are written into a table (segment, 1, channel) once; what depends on the trial is added to it for each
    batch; what changes within the trial is added over time.

    Parameters
    ----------
    blocks : sequence of Channel
        Input or output channels.
    events : sequence of Stimulus
        What goes on them.
    epochs : sequence of str
        Names, in order.
    in_padding : bool
        Whether the baseline of the blocks holds after the end of a trial; else there is 0.
    """

    def __init__(
        self, blocks: Sequence[Channel], events: Sequence[Stimulus], epochs: Sequence[str], *, in_padding: bool
    ) -> None:
        places = places_of(blocks)
        base = np.concatenate([np.full(b.size, b.baseline, dtype=np.float32) for b in blocks])
        self._constant = np.repeat(base[None, None], len(epochs) + 1, axis=0)
        if not in_padding:
            self._constant[-1] = 0
        self._varying: list[tuple[Value, Event]] = []
        self._moving: list[tuple[Series, Event]] = []
        for what in events:
            event = (what, *places[what.channel], runs_of(what.during, epochs))
            if isinstance(what.value, Series):
                self._moving.append((what.value, event))
            elif isinstance(what.value, int | float) and isinstance(what.strength, int | float):
                self._add_constant(what.value, event)
            else:
                self._varying.append((what.value, event))

    def fill(self, out: Floats, rows: Rows, course: TrialCourse) -> None:
        """Write the activity to ``out``, shape (time, trial, channel)."""
        table = np.repeat(self._constant, course.n, axis=1)
        for value, (what, block, place, runs) in self._varying:
            activity = scaled(block.encode(value_of(value, course.columns, course.n)), what, course)
            for first, stop in runs:
                table[first:stop, :, place] += activity
        gather(table, rows, out)
        for series, event in self._moving:
            _add_series(out, series, event, course)

    def _add_constant(self, value: float, event: Event) -> None:
        what, block, place, runs = event
        activity = scaled(block.encode(np.array([float(value)])), what, None)
        for first, stop in runs:
            self._constant[first:stop, :, place] += activity


class Cost(NamedTuple):
    """One stretch of adjoining epochs in which a loss weight holds: where among the channels, from when to when."""

    weight: np.float32
    place: slice
    first: int
    stop: int
    grace: int
    said: LossWeight


class CostLayout:
    """Loss weights of a task, ready to be laid out over time.

    Parameters
    ----------
    blocks : sequence of Channel
        Output channels.
    weights : sequence of LossWeight
        Later ones replace earlier ones.
    epochs : sequence of str
        Names, in order.
    dt : float
        Seconds.
    """

    def __init__(
        self, blocks: Sequence[Channel], weights: Sequence[LossWeight], epochs: Sequence[str], dt: float
    ) -> None:
        places = places_of(blocks)
        self._channels = sum(block.size for block in blocks)
        costs = [
            Cost(np.float32(w.weight), places[w.channel][1] if w.channel else slice(None), *run, round(w.grace / dt), w)
            for w in weights
            for run in runs_of(w.during, epochs)
        ]
        # from the first that changes within an epoch on, each is written over those before it
        moving = next((i for i, cost in enumerate(costs) if cost.said.where is not None), len(costs))
        self._weights, self._moving = costs[:moving], costs[moving:]
        self._graces = sorted({(cost.first, cost.grace) for cost in self._weights if cost.grace})
        self._constant = None if self._graces else np.zeros((len(epochs) + 1, 1, self._channels), dtype=np.float32)
        if self._constant is not None:
            for weight, place, first, stop, *_ in self._weights:
                self._constant[first:stop, :, place] = weight

    def fill(self, out: Floats, rows: Rows, course: TrialCourse) -> None:
        """Write the loss weights to ``out``, shape (time, trial, channel)."""
        self._lay_out(out, rows, course)
        for weight, place, first, stop, grace, said in self._moving:
            inside = (course.window(first, stop) & (course.grid >= course.edges[first] + grace))[..., None]
            if said.where is not None:
                where = np.asarray(said.where.function(course), dtype=bool)
                inside = inside & (where if where.ndim == 3 else where[..., None])
            np.copyto(out[:, :, place], weight, where=inside)

    def _lay_out(self, out: Floats, rows: Rows, course: TrialCourse) -> None:
        """Write the weights that change at the edges of epochs and graces only."""
        if self._constant is not None:
            gather(np.repeat(self._constant, course.n, axis=1), rows, out)
            return
        # the ends of graces cut the trial into more segments than its epochs
        edges = course.edges
        cuts = [np.minimum(edges[first] + grace, edges[-1]) for first, grace in self._graces]
        bounds = np.sort(np.concatenate([edges, cuts]), axis=0)
        table = np.zeros((len(bounds), course.n, self._channels), dtype=np.float32)
        starts = bounds[:-1]
        for weight, place, first, stop, grace, _ in self._weights:
            inside = (starts >= edges[first] + grace) & (starts < edges[stop])
            np.copyto(table[:-1, :, place], weight, where=inside[..., None])
        gather(table, rows_of(bounds, course.steps), out)


@dataclass(frozen=True)
class Rows:
    """Which row of a table (segment, trial) holds at each step of each trial.

    Attributes
    ----------
    common : list of (int, int)
        First step and first step after it of each segment, as far as all trials are in the same one.
    start : int
        The step at which trials begin to differ.
    differing : array of int, shape (time, trial)
        From there on: segment times number of trials, plus trial.
    """

    common: list[tuple[int, int]]
    start: int
    differing: npt.NDArray[np.intp]


def rows_of(bounds: npt.NDArray[np.int64], steps: int) -> Rows:
    """Return the rows of segments that begin at ``bounds``, shape (segment + 1, trial), the last being the trial's end.

    After the end comes one more segment, the padding.

    Examples
    --------
    >>> rows_of(np.array([[0, 0], [1, 1], [2, 3], [4, 4]]), 4)
    Rows(common=[(0, 1), (1, 2), (2, 2)], start=2, differing=array([[4, 3],
           [4, 5]]))
    """
    n = bounds.shape[1]
    lowest = bounds.min(axis=1)
    differs = lowest != bounds.max(axis=1)
    start = int(lowest[differs].min()) if differs.any() else steps
    ends = np.minimum(lowest, start).tolist()
    # narrow integers: these few comparisons are a good part of the time of a batch
    grid = np.arange(start, steps, dtype=np.int32)[:, None]
    passed = ~differs & (lowest <= start)
    segment = np.full((steps - start, n), passed.sum() - 1, dtype=np.int8 if len(bounds) < 128 else np.int16)
    for bound in bounds[~passed].astype(np.int32):
        segment += (grid >= bound).view(np.int8)
    differing = np.multiply(segment, n, dtype=np.intp)
    differing += np.arange(n)
    return Rows(list(pairwise(ends)), start, differing)


def gather(table: Floats, rows: Rows, out: Floats) -> None:
    """Write the rows of a table (segment, trial, channel) to an array (time, trial, channel)."""
    for part, (first, stop) in zip(table, rows.common, strict=False):
        out[first:stop] = part
    # "clip" writes without a buffer; no row is out of range
    np.take(table.reshape(-1, table.shape[-1]), rows.differing, axis=0, out=out[rows.start :], mode="clip")


def blocks_of_one(shape: tuple[int, int], channels: Sequence[int]) -> list[Floats]:
    """Return empty arrays (time, trial, channel) that lie behind each other in memory.

    One allocation, for speed: freeing several large ones makes the C library hand memory back to the system after each
    batch, and a third of the time of a batch then goes into getting it again.
    """
    steps, n = shape
    memory = np.empty(steps * n * sum(channels), dtype=np.float32)
    parts, start = [], 0
    for size in channels:
        stop = start + steps * n * size
        parts.append(memory[start:stop].reshape(steps, n, size))
        start = stop
    return parts


def runs_of(during: str | Sequence[str], epochs: Sequence[str]) -> Runs:
    """Return epochs as (first, stop) places, adjoining ones as one."""
    runs: Runs = []
    for place in sorted(list(epochs).index(name) for name in names_of(during)):
        if runs and runs[-1][1] == place:
            runs[-1] = (runs[-1][0], place + 1)
        else:
            runs.append((place, place + 1))
    return runs


def places_of(blocks: Sequence[Channel]) -> dict[str, tuple[Channel, slice]]:
    """Return block name -> block, and its place along the last axis."""
    places, start = {}, 0
    for block in blocks:
        places[block.name] = (block, slice(start, start + block.size))
        start += block.size
    return places


def value_of(value: Value, columns: Columns, n: int) -> npt.NDArray[Any]:
    """Return a value in each trial, shape (trial, ...)."""
    if isinstance(value, str):
        return columns[value]
    if callable(value):
        return np.asarray(value(columns))
    return np.full(n, float(value))


def scaled(activity: npt.NDArray[Any], event: Stimulus, course: TrialCourse | None) -> Floats:
    """Return an encoded value times the strength of its event; ``course`` is needed where that is no number."""
    if isinstance(event.strength, int | float):
        activity = activity if event.strength == 1.0 else activity * event.strength
    else:
        assert course is not None
        strength = value_of(event.strength, course.columns, course.n)
        activity = activity * (strength if strength.ndim > 1 else strength[:, None])
    return activity.astype(np.float32, copy=False)


def _add_series(out: Floats, series: Series, event: Event, course: TrialCourse) -> None:
    what, block, place, runs = event
    values = np.asarray(series.function(course))
    activity = scaled(values if values.ndim == 3 else block.encode(values), what, course)
    activity = np.broadcast_to(activity, (course.steps, *activity.shape[1:]))
    for first, stop in runs:
        a, b = int(course.edges[first].min()), int(course.edges[stop].max())
        # not a product with the window: outside it a series may be NaN
        out[a:b, :, place] += np.where(course.window(first, stop)[a:b, :, None], activity[a:b], np.float32(0))
