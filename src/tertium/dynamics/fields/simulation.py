"""`simulate`: let a system move from many states, step by step, or by the methods of Euler, or Runge and Kutta."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from tertium.dynamics.states import flat_states
from tertium.dynamics.step import Dynamics, Time, as_dynamics
from tertium.errors import BadInput

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]
Method = Literal["euler", "rk4"]
Stepper = Callable[[Floats, Floats], Floats]


def simulate(
    step: Any,
    h0: xr.DataArray | npt.ArrayLike,
    steps: int,
    inputs: npt.ArrayLike = 0.0,
    *,
    time: Time = "discrete",
    dt: float | None = None,
    method: Method = "rk4",
    every: int = 1,
) -> Floats:
    """Let a system move from one or many states, and return where it goes.

    Parameters
    ----------
    step : callable or torch.nn.Module or Dynamics
        ``step(h, x)``, batched; see `tertium.dynamics.as_dynamics`.
    h0 : array-like, shape (start, unit) or (unit,), or responses
        Where to begin.
    steps : int
        Steps to go.
    inputs : array-like
        A number, one constant input (channel,), one for each start (start, channel), or one for each step as well
        (start, step, channel), where a first axis of 1 serves all starts. An input stays the same during a step.
    time : {"discrete", "continuous"}
        Whether ``step`` gives the next state or a velocity.
    dt : float, optional
        Duration of a step in the velocity's unit of time; for continuous time only, and needed there.
    method : {"rk4", "euler"}
        How a velocity is integrated: error of order ``dt**4`` or ``dt``. Discrete time knows no methods.
    every : int
        Keep one state in so many.

    Returns
    -------
    array, shape (start, steps // every + 1, unit)
        The first is where it began.

    Raises
    ------
    BadInput
        If shapes do not fit, ``dt`` is missing or out of place, or the states leave the finite numbers.

    Examples
    --------
    Decay from 1, for one unit of time:

    >>> run = simulate(lambda h, x: -h, [1.0], 10, time="continuous", dt=0.1)
    >>> run.shape, round(float(run[0, -1, 0] - np.exp(-1)), 6)
    ((1, 11, 1), 0.0)
    """
    starts = starting_states(h0)
    if steps < 0 or every < 1:
        raise BadInput("steps", got=f"{steps}, keeping one in {every}", expected="0 or more, keeping one in 1 or more")
    system = as_dynamics(step, starts.shape[1], inputs, time=time)
    advance = stepper(system, dt, method)
    drive = Drive.of(system, inputs, len(starts), steps)
    kept = np.empty((len(starts), steps // every + 1, system.n_units))
    kept[:, 0] = h = starts
    for t in range(steps):
        h = advance(h, drive.at(t))
        if not np.isfinite(h).all():
            gone = np.flatnonzero(~np.isfinite(h).all(1))
            raise BadInput(
                "states",
                got=f"numbers that are not finite at step {t + 1}, from {len(gone)} of {len(starts)} starts "
                f"(the first: {gone[0]})",
                expected="a system that stays bounded",
                repair="Begin elsewhere, or take a smaller dt." if system.time == "continuous" else "Begin elsewhere.",
            )
        if (t + 1) % every == 0:
            kept[:, (t + 1) // every] = h
    return kept


def starting_states(h0: xr.DataArray | npt.ArrayLike) -> Floats:
    """Return states to begin from, (start, unit); a single state may come as (unit,)."""
    if not hasattr(h0, "dims"):
        given = np.asarray(h0, dtype=np.float64)
        return flat_states(given[None] if given.ndim == 1 else given)
    return flat_states(h0)


def step_duration(time: Time, dt: float | None) -> float:
    """Return the duration of a step: ``dt``, or 1 in discrete time.

    Raises
    ------
    BadInput
        If continuous time has no ``dt``, or discrete time has one.
    """
    if time == "discrete":
        if dt is not None:
            raise BadInput(
                "dt",
                got=f"{dt} in discrete time",
                expected="none: step gives the next state, whatever its duration",
                repair="Pass time='continuous' if step gives a velocity.",
            )
        return 1.0
    if dt is None or not (np.isfinite(dt) and dt > 0):
        raise BadInput("dt", got=repr(dt), expected="a duration above 0, as time is continuous", repair="Pass dt=0.01.")
    return float(dt)


def stepper(system: Dynamics, dt: float | None, method: Method = "rk4") -> Stepper:
    """Return the map of one step of a system, ``(h, x) -> h``, both with a batch axis."""
    width = step_duration(system.time, dt)
    if method not in get_args(Method):
        raise BadInput("method", got=repr(method), expected=" or ".join(repr(m) for m in get_args(Method)))
    move = system.move
    if system.time == "discrete":
        return move

    def euler(h: Floats, x: Floats) -> Floats:
        return h + width * move(h, x)

    def rk4(h: Floats, x: Floats) -> Floats:
        a = move(h, x)
        b = move(h + width / 2 * a, x)
        c = move(h + width / 2 * b, x)
        return h + width / 6 * (a + 2 * (b + c) + move(h + width * c, x))

    return euler if method == "euler" else rk4


@dataclass(frozen=True)
class Drive:
    """Inputs of a run, the same at all steps or one for each.

    Attributes
    ----------
    values : array, shape (start, channel) or (start, step, channel)
    """

    values: Floats

    @classmethod
    def of(cls, system: Dynamics, inputs: npt.ArrayLike, n: int, steps: int) -> Drive:
        """Read inputs for ``n`` starts: see `simulate`."""
        given = np.asarray(inputs, dtype=np.float64)
        if given.ndim < 3:
            return cls(system.inputs(given, n))
        expected = (n, steps, system.n_inputs)
        if given.ndim > 3 or given.shape[1:] != expected[1:] or given.shape[0] not in (1, n):
            raise BadInput("inputs", got=f"shape {given.shape}", expected=f"{expected}, or 1 in place of {n}")
        if not np.isfinite(given).all():
            raise BadInput("inputs", got="a value that is not finite", expected="finite numbers")
        return cls(np.broadcast_to(given, expected))

    def at(self, t: int) -> Floats:
        """Return the inputs of one step, (start, channel)."""
        return self.values if self.values.ndim == 2 else np.ascontiguousarray(self.values[:, t])

    def take(self, which: npt.NDArray[Any]) -> Drive:
        """Return the inputs of some of the starts."""
        return Drive(self.values[which])
