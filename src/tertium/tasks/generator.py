"""Compiling a task's description to a vectorised generator of trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput, unknown_name
from tertium.tasks.channels import Channel
from tertium.tasks.course import TrialCourse
from tertium.tasks.distributions import Columns, Distribution
from tertium.tasks.spec import Epoch, Series, Stimulus, TaskSpec, Value, names_of
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
        self._inputs, self.n_inputs = _places(spec.inputs)
        self._outputs, self.n_outputs = _places(spec.outputs)
        self._input_base, self._output_base = _baseline(spec.inputs), _baseline(spec.outputs)
        self._stimuli = [(s, self._inputs[s.channel], self._runs(s.during)) for s in spec.stimuli]
        self._targets = [(t, self._outputs[t.channel], self._runs(t.during)) for t in spec.targets]
        self._weights = [
            (w, self._outputs[w.channel][1] if w.channel else slice(None), self._runs(w.during)) for w in spec.weights
        ]
        noise = [(self._inputs[name][1], n.sample_std(spec.dt)) for name, n in spec.noise.items()]
        self._noise = [(place, np.float32(std)) for place, std in noise if std > 0]

    def draw(self, n: int, rng: np.random.Generator, fixed: Mapping[str, Any]) -> TrialBatch:
        """Return ``n`` trials; ``fixed`` conditions or epoch durations (seconds) are not drawn but given."""
        spec = self.spec
        self._check_fixed(fixed)
        columns = self._conditions(n, rng, fixed)
        course = TrialCourse(spec.dt, self._names, self._edges(n, rng, columns, fixed), columns)
        for name, stream in spec.streams.items():
            course.streams[name] = stream(rng, course)
        inputs = np.zeros((course.steps, n, self.n_inputs), dtype=np.float32)
        targets = np.zeros((course.steps, n, self.n_outputs), dtype=np.float32)
        if self._input_base is not None:
            inputs += self._input_base
        if self._output_base is not None:
            targets += self._output_base
        for stimulus, (block, place), runs in self._stimuli:
            _lay(inputs[..., place], stimulus, block, runs, course)
        for target, (block, place), runs in self._targets:
            _lay(targets[..., place], target, block, runs, course)
        for place, std in self._noise:
            part = inputs[..., place]
            part += rng.standard_normal(part.shape, dtype=np.float32) * std
        mask = self._mask(course)
        ends = course.edges[-1]
        if (ends != course.steps).any():
            running = course.grid < ends
            inputs *= running[..., None]
            mask *= running[..., None]
        return TrialBatch(inputs, targets, mask, course.bounds(), columns, course.streams, spec.dt, spec)

    def _check_fixed(self, fixed: Mapping[str, Any]) -> None:
        known = [*self.spec.condition_names(), *self._names]
        for name in fixed:
            if name not in known:
                raise unknown_name(f"condition or epoch of task '{self.spec.name}'", name, known)

    def _conditions(self, n: int, rng: np.random.Generator, fixed: Mapping[str, Any]) -> dict[str, npt.NDArray[Any]]:
        columns: dict[str, npt.NDArray[Any]] = {}
        for key, source in self.spec.conditions.items():
            names = (key,) if isinstance(key, str) else key
            # drawn even where all are given, so that fixing one condition does not change the others
            drawn = source.draw(rng, n, columns) if isinstance(source, Distribution) else np.asarray(source(columns))
            for i, name in enumerate(names):
                values = drawn if isinstance(key, str) else drawn[:, i]
                columns[name] = self._given(name, fixed[name], n) if name in fixed else values
        return columns

    def _given(self, name: str, value: Any, n: int) -> npt.NDArray[Any]:
        values = np.asarray(value)
        if values.ndim == 0:
            return np.repeat(values, n)
        if len(values) != n:
            raise BadInput(
                f"condition '{name}'",
                got=f"{len(values)} values",
                expected=f"one, or one for each of the {n} trials",
                repair="Give a number, or an array as long as the batch.",
            )
        return values

    def _edges(
        self, n: int, rng: np.random.Generator, columns: Columns, fixed: Mapping[str, Any]
    ) -> npt.NDArray[np.int64]:
        edges = np.zeros((len(self._names) + 1, n), dtype=np.int64)
        for i, epoch in enumerate(self.spec.epochs):
            seconds = _duration(epoch, rng, columns, n)
            if epoch.name in fixed and epoch.name not in columns:
                seconds = self._given(epoch.name, fixed[epoch.name], n)
            if self.spec.shared_timing and n:
                seconds = np.broadcast_to(np.asarray(seconds).reshape(-1)[:1], (n,))
            steps = np.rint(np.asarray(seconds) / self.spec.dt).astype(np.int64)
            if (steps < 0).any():
                raise BadInput(
                    f"epoch '{epoch.name}' of task '{self.spec.name}'",
                    got=f"a duration of {np.min(seconds):g} s",
                    expected="seconds >= 0",
                    repair="Give durations in seconds.",
                )
            edges[i + 1] = edges[i] + steps
        return edges

    def _runs(self, during: str | Sequence[str]) -> list[tuple[int, int]]:
        """Return adjoining epochs as (first, stop) pairs."""
        places = sorted(self._names.index(name) for name in names_of(during))
        runs: list[tuple[int, int]] = []
        for place in places:
            if runs and runs[-1][1] == place:
                runs[-1] = (runs[-1][0], place + 1)
            else:
                runs.append((place, place + 1))
        return runs

    def _mask(self, course: TrialCourse) -> npt.NDArray[np.float32]:
        mask = np.zeros((course.steps, course.n, self.n_outputs), dtype=np.float32)
        for weight, place, runs in self._weights:
            grace = round(weight.grace / course.dt)
            for first, stop in runs:
                starts, stops = course.edges[first] + grace, course.edges[stop]
                if _same(starts) and _same(stops):
                    mask[starts[0] : stops[0], :, place] = weight.weight
                else:
                    part = mask[..., place]
                    np.copyto(part, np.float32(weight.weight), where=course.window(first, stop, grace)[..., None])
        return mask


def _duration(epoch: Epoch, rng: np.random.Generator, columns: Columns, n: int) -> npt.ArrayLike:
    given = epoch.duration
    if isinstance(given, Distribution):
        return given.draw(rng, n, columns)
    if isinstance(given, str):
        return columns[given]
    return given(columns) if callable(given) else float(given)


def _places(blocks: Sequence[Channel]) -> tuple[dict[str, tuple[Channel, slice]], int]:
    places, start = {}, 0
    for block in blocks:
        places[block.name] = (block, slice(start, start + block.size))
        start += block.size
    return places, start


def _baseline(blocks: Sequence[Channel]) -> npt.NDArray[np.float32] | None:
    base = np.concatenate([np.full(b.size, b.baseline, dtype=np.float32) for b in blocks])
    return base if base.any() else None


def _same(steps: npt.NDArray[np.int64]) -> bool:
    return bool((steps == steps[0]).all())


def _value(value: Value, columns: Columns, n: int) -> npt.NDArray[Any]:
    if isinstance(value, str):
        return columns[value]
    if callable(value):
        return np.asarray(value(columns))
    return np.full(n, float(value))


def _lay(
    part: npt.NDArray[np.float32], event: Stimulus, block: Channel, runs: list[tuple[int, int]], course: TrialCourse
) -> None:
    """Add a stimulus or target to its channels, in place: ``part`` is (time, trial, size)."""
    if isinstance(event.value, Series):
        series = np.asarray(event.value.function(course))
        activity = series if series.ndim == 3 else block.encode(series)
    else:
        activity = block.encode(_value(event.value, course.columns, course.n))[None]
    if not (isinstance(event.strength, float) and event.strength == 1.0):
        strength = _value(event.strength, course.columns, course.n)
        activity = activity * (strength if strength.ndim > 1 else strength[:, None])
    activity = activity.astype(np.float32, copy=False)
    moving = len(activity) > 1
    for first, stop in runs:
        starts, stops = course.edges[first], course.edges[stop]
        if _same(starts) and _same(stops):
            a, b = int(starts[0]), int(stops[0])
            part[a:b] += activity[a:b] if moving else activity
        else:
            np.add(part, activity, out=part, where=course.window(first, stop)[..., None])
