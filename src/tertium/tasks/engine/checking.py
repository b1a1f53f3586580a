"""What is wrong with a description of a task, said where it is written down and not when trials are drawn."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, TypeGuard

from tertium.errors import BadInput, unknown_name

if TYPE_CHECKING:
    from tertium.tasks.spec import TaskSpec


def names_of(during: str | Sequence[str]) -> tuple[str, ...]:
    """Return epochs as a tuple of names."""
    return (during,) if isinstance(during, str) else tuple(during)


def is_number(value: Any) -> TypeGuard[float]:
    """Return whether a value is a finite number (of Python or NumPy), and not a truth value."""
    if isinstance(value, bool | str):
        return False
    try:
        return math.isfinite(value)
    except (TypeError, ValueError):
        return False


def require_number(what: str, value: Any, *, at_least: float = -math.inf, above: float = -math.inf) -> None:
    """Raise `BadInput` unless a value is a finite number in its range."""
    if not is_number(value) or value < at_least or value <= above:
        limit = f" >= {at_least:g}" if at_least > -math.inf else f" > {above:g}" if above > -math.inf else ""
        raise BadInput(what, got=repr(value), expected=f"a number{limit}")


def require_count(what: str, value: Any) -> None:
    """Raise `BadInput` unless a value is an integer of at least 1."""
    if not is_number(value) or value != int(value) or value < 1:
        raise BadInput(what, got=repr(value), expected="an integer >= 1")


def trials_asked_for(n: Any) -> int:
    """Return the number of trials of a batch, or raise `BadInput` unless it is an integer of at least 1."""
    if not is_number(n) or n != int(n) or n < 1:
        raise BadInput("number of trials", got=repr(n), expected="an integer >= 1", repair="Pass n=64.")
    return int(n)


def require_range(drawn: Any) -> None:
    """Raise `BadInput` unless a distribution's ``low`` and ``high`` are numbers in this order."""
    kind = type(drawn).__name__
    for end in ("low", "high"):
        require_number(f"{end} of {kind}", getattr(drawn, end))
    if drawn.low > drawn.high:
        raise BadInput(
            kind, got=f"low={drawn.low:g}, high={drawn.high:g}", expected="low <= high", repair="Exchange the two."
        )


def check_spec(spec: TaskSpec) -> None:
    """Raise `BadInput` or `UnknownName` where the parts of a task do not fit together."""
    task = f"task '{spec.name}'"
    if not is_number(spec.dt) or not spec.dt > 0:
        raise BadInput("dt", got=f"{spec.dt}", expected="seconds > 0", repair="Pass dt=0.02 for 20 ms.")
    epochs = [epoch.name for epoch in spec.epochs]
    inputs, outputs = ([block.name for block in blocks] for blocks in (spec.inputs, spec.outputs))
    for kind, names in (("epochs", epochs), ("inputs", inputs), ("outputs", outputs)):
        if not names:
            raise BadInput(f"{kind} of {task}", got="none", expected="at least one")
        if len(set(names)) < len(names):
            raise BadInput(f"{kind} of {task}", got=", ".join(names), expected="different names")
    for name, source in spec.conditions.items():
        if not (hasattr(source, "draw") or callable(source)):
            raise BadInput(
                f"condition '{name}' of {task}",
                got=repr(source),
                expected="a distribution, or a function of the conditions before it",
                repair="Write Choice((0, 1)) for one of two values, Fixed(1.0) for always the same.",
            )
    _check_epochs(spec, epochs)
    conditions = spec.condition_names()
    for channel in spec.noise:
        _known(f"channel of {task}", channel, inputs)
    for events, blocks in ((spec.stimuli, inputs), (spec.targets, outputs)):
        for event in events:
            _known(f"channel of {task}", event.channel, blocks)
            for value in (event.value, event.strength):
                if isinstance(value, str):
                    _known(f"condition of {task}", value, conditions)
    for weight in spec.weights:
        if weight.channel is not None:
            _known(f"channel of {task}", weight.channel, outputs)
    for facet in spec.facets:
        _known(f"condition of {task}", facet, conditions)
    for field, names in (
        ("correct_answer", conditions),
        ("channel", outputs),
        ("fixation", outputs),
        ("during", epochs),
        ("since", epochs),
    ):
        asked = getattr(spec.response, field, None)
        if isinstance(asked, str):
            _known(f"{field} in the response rule of {task}", asked, names)


def _check_epochs(spec: TaskSpec, epochs: Sequence[str]) -> None:
    """Check durations, and that what is said about epochs is said about those that are there."""
    for epoch in spec.epochs:
        duration = epoch.duration
        if isinstance(duration, str):
            _known(
                f"duration of epoch '{epoch.name}', a condition of task '{spec.name}'", duration, spec.condition_names()
            )
        elif not (hasattr(duration, "draw") or callable(duration) or is_number(duration)):
            raise BadInput(
                f"epoch '{epoch.name}'",
                got=f"a duration of {duration!r}",
                expected="seconds, a distribution, the name of a condition or a function of the conditions",
                repair="Write Uniform(0.5, 1.5) for durations between two.",
            )
        elif is_number(duration) and duration > 0 and round(duration / spec.dt) == 0:
            raise BadInput(
                "dt",
                got=f"{spec.dt:g} s",
                expected=f"at most twice the {duration:g} s of epoch '{epoch.name}', which would be left out",
                repair="Pass a shorter dt.",
            )
    stretches = [e.during for e in (*spec.stimuli, *spec.targets)] + [w.during for w in spec.weights]
    stretches += [noise.during for noise in spec.noise.values() if noise.during is not None]
    for during in stretches:
        for name in names_of(during):
            _known(f"epoch of task '{spec.name}'", name, epochs)


def _known(kind: str, name: str, known: Collection[str]) -> None:
    if name not in known:
        raise unknown_name(kind, name, known)
