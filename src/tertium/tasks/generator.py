"""Compiling a task's description to a vectorised generator of trials."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput, unknown_name
from tertium.tasks.course import TrialCourse
from tertium.tasks.distributions import Columns, Distribution
from tertium.tasks.engine.layout import CostLayout, Floats, Layout, blocks_of_one, places_of, rows_of, runs_of
from tertium.tasks.spec import Epoch, TaskSpec
from tertium.tasks.trial_batch import TrialBatch


class TrialGenerator:
    """Draws batches of trials of one task; what does not change from batch to batch is worked out once.

    Parameters
    ----------
    spec : TaskSpec
        The task.
    """

    def __init__(self, spec: TaskSpec) -> None:
        self.spec = spec
        self._names = tuple(epoch.name for epoch in spec.epochs)
        self._known = frozenset((*spec.condition_names(), *self._names))
        self._steps = [_fixed_steps(epoch, spec.dt) for epoch in spec.epochs]
        self.n_inputs = sum(block.size for block in spec.inputs)
        self.n_outputs = sum(block.size for block in spec.outputs)
        self._stimuli = Layout(spec.inputs, spec.stimuli, self._names, in_padding=False)
        self._targets = Layout(spec.outputs, spec.targets, self._names, in_padding=True)
        self._costs = CostLayout(spec.outputs, spec.weights, self._names, spec.dt)
        places = places_of(spec.inputs)
        self._noise = _merged(
            (places[name][1], noise.sample_std(spec.dt), run)
            for name, noise in spec.noise.items()
            for run in runs_of(self._names if noise.during is None else noise.during, self._names)
        )

    def draw(self, n: int, rng: np.random.Generator, fixed: Mapping[str, Any]) -> TrialBatch:
        """Return ``n`` trials; ``fixed`` conditions or epoch durations (seconds) are not drawn but given."""
        spec = self.spec
        for name in fixed:
            if name not in self._known:
                raise unknown_name(f"condition or epoch of task '{spec.name}'", name, self._known)
        columns = self._conditions(n, rng, fixed)
        course = TrialCourse(spec.dt, self._names, self._edges(n, rng, columns, fixed), columns)
        if not course.steps:
            raise BadInput(
                f"trials of task '{spec.name}'",
                got=f"no time step of dt={spec.dt:g} s in any",
                expected="at least one",
                repair="Give a shorter dt or longer epochs.",
            )
        for name, stream in spec.streams.items():
            course.streams[name] = stream(rng, course)
        rows = rows_of(course.edges, course.steps)
        sizes = (self.n_inputs, self.n_outputs, self.n_outputs)
        inputs, targets, mask = blocks_of_one((course.steps, n), sizes)
        self._stimuli.fill(inputs, rows, course)
        self._add_noise(inputs, rng, course)
        self._targets.fill(targets, rows, course)
        self._costs.fill(mask, rows, course)
        return TrialBatch(inputs, targets, mask, course.bounds(), columns, course.streams, spec.dt, spec)

    def _conditions(self, n: int, rng: np.random.Generator, fixed: Mapping[str, Any]) -> dict[str, npt.NDArray[Any]]:
        columns: dict[str, npt.NDArray[Any]] = {}
        for key, source in self.spec.conditions.items():
            # drawn even where all are given, so that fixing one condition does not change the others
            drawn = source.draw(rng, n, columns) if isinstance(source, Distribution) else np.asarray(source(columns))
            names, together = ((key,), False) if isinstance(key, str) else (key, True)
            if drawn.shape[:1] != (n,) or (together and drawn.shape[1:2] != (len(names),)):
                raise BadInput(
                    f"condition '{key}' of task '{self.spec.name}'",
                    got=f"values of shape {drawn.shape}",
                    expected=f"one for each of the {n} trials" + (f" and {len(names)} names" if together else ""),
                )
            for i, name in enumerate(names):
                values = drawn[:, i] if together else drawn
                columns[name] = _given(f"condition '{name}'", fixed[name], n, values) if name in fixed else values
        return columns

    def _edges(
        self, n: int, rng: np.random.Generator, columns: Columns, fixed: Mapping[str, Any]
    ) -> npt.NDArray[np.int64]:
        edges = np.zeros((len(self._names) + 1, n), dtype=np.int64)
        for i, epoch in enumerate(self.spec.epochs):
            steps: int | npt.NDArray[np.int64] | None = self._steps[i]
            given = epoch.name in fixed and epoch.name not in columns
            if steps is None or given:
                seconds = _duration(epoch, rng, columns, n)
                if given:
                    seconds = _given(f"duration of epoch '{epoch.name}'", fixed[epoch.name], n, np.zeros(n))
                if self.spec.shared_timing:
                    seconds = np.asarray(seconds).reshape(-1)[:1]
                counted = np.rint(np.asarray(seconds) / self.spec.dt)
                if not (counted >= 0).all() or not np.isfinite(counted).all():
                    raise _negative(epoch, float(np.min(seconds)))
                steps = counted.astype(np.int64)
            edges[i + 1] = edges[i] + steps
        return edges

    def _add_noise(self, inputs: Floats, rng: np.random.Generator, course: TrialCourse) -> None:
        """Add noise in its epochs: a block of steps in which all trials have it, and the ragged rest around it."""
        for run, parts in self._noise.items():
            (first, stop), rest = _block_and_rest(course, *run)
            ragged = inputs.reshape(-1, self.n_inputs)
            for place, std in parts:
                _add_drawn(inputs[first:stop], (stop - first, course.n), slice(None), place, std, rng)
                if len(rest):
                    _add_drawn(ragged, (len(rest),), rest, place, std, rng)


def _block_and_rest(course: TrialCourse, first: int, stop: int) -> tuple[tuple[int, int], npt.NDArray[np.intp]]:
    """Return the steps in which all trials are in some epochs, and where single trials are, as step * n + trial."""
    starts, stops = course.edges[first], course.edges[stop]
    low, high = int(starts.min()), int(stops.max())
    begin, end = int(starts.max()), int(stops.min())
    if begin >= end:
        begin = end = low
    rest = [
        np.flatnonzero((course.grid[a:b] >= starts) & (course.grid[a:b] < stops)) + a * course.n
        for a, b in ((low, begin), (end, high))
        if b > a
    ]
    return (begin, end), np.concatenate(rest) if rest else np.empty(0, dtype=np.intp)


def _add_drawn(
    inputs: Floats,
    shape: tuple[int, ...],
    where: slice | npt.NDArray[np.intp],
    place: slice,
    std: np.float32,
    rng: np.random.Generator,
) -> None:
    """Add normal numbers to ``inputs[where, ..., place]``, which is (*shape, channel)."""
    size = place.stop - place.start
    if size < 16:
        # channel by channel: the inner loop of one sum over a few neighbours would be too short to be fast
        noise = rng.standard_normal((size, *shape), dtype=np.float32)
        noise *= std
        for channel, values in enumerate(noise, start=place.start):
            inputs[where, ..., channel] += values
    else:
        noise = rng.standard_normal((*shape, size), dtype=np.float32)
        noise *= std
        inputs[where, ..., place] += noise


def _given(what: str, value: Any, n: int, like: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return what a user gave, one value a trial, of the kind and shape of what would have been drawn."""
    values = np.asarray(value)
    if (values.dtype.kind in "biuf") != (like.dtype.kind in "biuf"):
        expected = "a number" if like.dtype.kind in "biuf" else f"such as {like[0]!r}"
        raise BadInput(what, got=repr(value), expected=expected)
    if values.shape == like.shape[1:]:
        return np.repeat(values[None], n, axis=0)
    if values.shape != like.shape:
        raise BadInput(
            what,
            got=f"{len(values)} values" if values.ndim == 1 else f"shape {values.shape}",
            expected=f"one, or one for each of the {n} trials"
            + (f", each of shape {like.shape[1:]}" if like.ndim > 1 else ""),
            repair="Give a number, or an array as long as the batch.",
        )
    return values


def _fixed_steps(epoch: Epoch, dt: float) -> int | None:
    """Return the steps of an epoch that always lasts the same, None for others."""
    if not isinstance(epoch.duration, int | float):
        return None
    if epoch.duration < 0:
        raise _negative(epoch, epoch.duration)
    return int(np.rint(epoch.duration / dt))


def _negative(epoch: Epoch, seconds: float) -> BadInput:
    return BadInput(
        f"epoch '{epoch.name}'",
        got=f"a duration of {seconds:g} s",
        expected="seconds >= 0",
        repair="Give durations in seconds.",
    )


def _duration(epoch: Epoch, rng: np.random.Generator, columns: Columns, n: int) -> npt.ArrayLike:
    given = epoch.duration
    if isinstance(given, Distribution):
        return given.draw(rng, n, columns)
    if isinstance(given, str):
        return columns[given]
    return given(columns) if callable(given) else float(given)


def _merged(
    noise: Iterable[tuple[slice, float, tuple[int, int]]],
) -> dict[tuple[int, int], list[tuple[slice, np.float32]]]:
    """Return run of epochs -> places and standard deviations in order, adjoining places with the same noise as one."""
    merged: dict[tuple[int, int], list[tuple[slice, np.float32]]] = {}
    for place, std, run in sorted(noise, key=lambda one: (one[2], int(one[0].start))):
        if std <= 0:
            continue
        parts = merged.setdefault(run, [])
        if parts and parts[-1][0].stop == place.start and parts[-1][1] == np.float32(std):
            parts[-1] = (slice(parts[-1][0].start, place.stop), np.float32(std))
        else:
            parts.append((place, np.float32(std)))
    return merged
