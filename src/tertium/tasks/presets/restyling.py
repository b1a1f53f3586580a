"""Changing a task's timing, noise and answers from one study's habits to another's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from tertium.tasks.channels import Channel
from tertium.tasks.course import TrialCourse
from tertium.tasks.distributions import Distribution
from tertium.tasks.engine.checking import names_of
from tertium.tasks.noise import Noise
from tertium.tasks.response_rules import SignOfOutput
from tertium.tasks.spec import LossWeight, Series, Stimulus, Stream, Target, TaskSpec, lasting

#: Epoch -> its duration in seconds, in order.
Seconds = Mapping[str, float | Distribution]

EventT = TypeVar("EventT", Stimulus, Target, LossWeight)


def retimed(spec: TaskSpec, seconds: Seconds) -> TaskSpec:
    """Return a task with other durations.

    Parameters
    ----------
    spec : TaskSpec
        The task.
    seconds : mapping of str to float or Distribution
        Every epoch that there shall be, in order; the others are left out, and so is what happened in them only.
    """
    return replace(
        spec,
        epochs=lasting(**seconds),
        stimuli=_during_only(spec.stimuli, seconds),
        targets=_during_only(spec.targets, seconds),
        weights=_during_only(spec.weights, seconds),
    )


def _during_only(events: Sequence[EventT], names: Mapping[str, Any]) -> tuple[EventT, ...]:
    kept = []
    for event in events:
        during = tuple(name for name in names_of(event.during) if name in names)
        if during:
            kept.append(replace(event, during=during))
    return tuple(kept)


def without_fixation(spec: TaskSpec, *, inputs: bool = True, outputs: bool = True) -> TaskSpec:
    """Return a task without the fixation input, the fixation output, or both."""
    if inputs:
        spec = replace(
            spec,
            stimuli=tuple(s for s in spec.stimuli if s.channel != "fixation"),
            inputs=tuple(block for block in spec.inputs if block.name != "fixation"),
        )
    if outputs:
        spec = replace(
            spec,
            targets=tuple(t for t in spec.targets if t.channel != "fixation"),
            outputs=tuple(block for block in spec.outputs if block.name != "fixation"),
        )
    return spec


def noisy_while_shown(spec: TaskSpec, noise: Mapping[str, Noise]) -> TaskSpec:
    """Return a task whose input noise is there only while, and as strongly as, a stimulus is shown.

    Parameters
    ----------
    spec : TaskSpec
        The task; its own noise is taken away.
    noise : mapping of str to Noise
        Input block -> its noise. Channels of a block have independent noise.
    """
    size = {block.name: block.size for block in spec.inputs}
    added = tuple(
        replace(stimulus, value=Series(_read(f"{stimulus.channel}_noise")))
        for stimulus in spec.stimuli
        if stimulus.channel in noise
    )
    streams = {f"{name}_noise": _white(size[name], each.sample_std(spec.dt)) for name, each in noise.items()}
    return replace(spec, stimuli=(*spec.stimuli, *added), streams={**spec.streams, **streams}, noise={})


def _white(size: int, std: float) -> Stream:
    def draw(rng: np.random.Generator, course: TrialCourse) -> npt.NDArray[Any]:
        return std * rng.standard_normal((course.steps, course.n, size), dtype=np.float32)

    return draw


def _read(stream: str) -> Any:
    return lambda course: course.streams[stream]


def rescaled(spec: TaskSpec, factors: Mapping[str, float]) -> TaskSpec:
    """Return a task in which the condition that an input block shows is first multiplied by a number.

    Parameters
    ----------
    spec : TaskSpec
        The task.
    factors : mapping of str to float
        Input block -> factor. Unlike a stimulus' strength it acts before the encoding: on coherences, for instance.
    """
    changed = []
    for stimulus in spec.stimuli:
        factor = factors.get(stimulus.channel)
        if factor is not None and isinstance(stimulus.value, str):
            stimulus = replace(stimulus, value=_times(stimulus.value, factor))
        changed.append(stimulus)
    return replace(spec, stimuli=tuple(changed))


def _times(condition: str, factor: float) -> Any:
    return lambda c: factor * c[condition]


def one_signed_output(spec: TaskSpec) -> TaskSpec:
    """Return a task whose two choices are the two signs of one output: choice 0 is +1 and choice 1 is -1.

    Fixation is taken away, evidence that two opposed channels showed is shown by one with a sign, and errors count
    during the decision only. The condition ``answer`` holds +1 or -1.
    """
    spec = without_fixation(spec)
    return replace(
        spec,
        inputs=tuple(Channel(b.name) if b.size == 2 and b.name in spec.noise else b for b in spec.inputs),
        outputs=(Channel("choice"),),
        conditions={**spec.conditions, "answer": lambda c: 1 - 2 * c["choice"]},
        targets=(Target("choice", "answer", "decision"),),
        weights=(LossWeight(1.0, "decision"),),
        response=SignOfOutput("answer"),
    )
