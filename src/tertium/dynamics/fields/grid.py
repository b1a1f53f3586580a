"""`flow_field`: the velocity of a system on a grid, in its own space or in a subspace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tertium.dynamics.fields.flow import FlowField
from tertium.dynamics.fields.subspace import Subspace
from tertium.dynamics.states import grid_states
from tertium.dynamics.step import PART, Time, as_dynamics
from tertium.errors import BadInput

Floats = npt.NDArray[np.float64]

#: Most places on a grid.
MOST = 2_000_000


def flow_field(
    step: Any,
    low: Sequence[float] | npt.ArrayLike,
    high: Sequence[float] | npt.ArrayLike,
    n: int | Sequence[int] = 41,
    inputs: npt.ArrayLike = 0.0,
    *,
    time: Time = "discrete",
    axes: npt.ArrayLike | None = None,
    origin: npt.ArrayLike | None = None,
) -> FlowField:
    """Return where a system moves from every place of a grid: in its own space, or in a subspace of many dimensions.

    In a subspace a place with coordinates c is the state ``origin + axes @ c``, and what is shown is the velocity
    along the axes. What leaves the subspace is not shown; it is reported as the projection error, place by place.

    Parameters
    ----------
    step : callable or torch.nn.Module or Dynamics
        ``step(h, x)``, batched; see `tertium.dynamics.as_dynamics`.
    low, high : sequence of float, shape (axis,)
        Ends of the grid, 1 to 3 axes; in a subspace, coordinates on its orthonormal axes.
    n : int or sequence of int
        Places along each axis.
    inputs : array-like
        A number or one constant input (channel,).
    time : {"discrete", "continuous"}
        Whether ``step`` gives the next state (the velocity is then the displacement of a step) or a velocity.
    axes : array-like, shape (unit, axis), optional
        Directions of the subspace; they are made orthonormal, the first keeps its direction. See also
        `tertium.dynamics.Subspace`, which finds principal axes.
    origin : array-like, shape (unit,), optional
        By default zero.

    Returns
    -------
    FlowField

    Raises
    ------
    BadInput
        If shapes do not fit, the ends are out of order, or the velocity is not finite somewhere.

    Examples
    --------
    A rotation in a plane of three dimensions, tilted by 60 degrees against the plane that is shown:

    >>> turn = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    >>> rotation = lambda h, x: h @ turn.T
    >>> c, s = np.cos(np.pi / 3), np.sin(np.pi / 3)
    >>> tilted = flow_field(rotation, [1, 0], [2, 0.5], time="continuous", axes=[[1.0, 0.0], [0.0, c], [0.0, s]])
    >>> bool(np.allclose(tilted.velocity[..., 1], c * tilted.points[..., 0]))
    True
    >>> round(float(tilted.leaving[0, 0]), 3)
    0.866
    """
    ends = [np.atleast_1d(np.asarray(end, dtype=np.float64)) for end in (low, high)]
    if any(end.ndim != 1 for end in ends) or not 1 <= len(ends[0]) <= 3 or len(ends[0]) != len(ends[1]):
        shapes = " and ".join(str(end.shape) for end in ends)
        raise BadInput("ends of the grid", got=f"shapes {shapes}", expected="one lower and upper end for 1 to 3 axes")
    if not (np.isfinite(ends).all() and (ends[0] < ends[1]).all()):
        raise BadInput("ends of the grid", got=f"{ends[0]} to {ends[1]}", expected="finite, each low below its high")
    counts = [int(n)] * len(ends[0]) if isinstance(n, int | np.integer) else [int(m) for m in n]
    if len(counts) != len(ends[0]) or min(counts) < 2 or np.prod(counts, dtype=float) > MOST:
        raise BadInput("n", got=f"{n}", expected=f"2 or more places an axis, {MOST:,} in all at most")
    subspace = _subspace(axes, origin, len(ends[0]))
    coordinates = grid_states(ends[0].tolist(), ends[1].tolist(), counts)
    states = coordinates if subspace is None else subspace.lift(coordinates)
    system = as_dynamics(step, states.shape[1], inputs, time=time)
    x = system.inputs(inputs, 1)
    velocity = np.empty_like(states)
    for start in range(0, len(states), 16 * PART):
        part = states[start : start + 16 * PART]
        velocity[start : start + 16 * PART] = system.velocity(part, np.repeat(x, len(part), axis=0))
    if not np.isfinite(velocity).all():
        where = coordinates[np.flatnonzero(~np.isfinite(velocity).all(1))[0]]
        raise BadInput("velocity", got=f"a value that is not finite at {where}", expected="a finite one everywhere")
    speed = np.linalg.norm(velocity, axis=1)
    if subspace is None:
        shown, leaving = velocity, np.zeros(len(velocity))
    else:
        shown = velocity @ subspace.axes
        out = np.linalg.norm(velocity - shown @ subspace.axes.T, axis=1)
        leaving = np.divide(out, speed, out=np.zeros_like(out), where=speed > 0)
    ticks = tuple(np.linspace(a, b, m) for a, b, m in zip(*ends, counts, strict=True))
    return FlowField(
        ticks=ticks,
        velocity=shown.reshape(*counts, -1),
        speed=speed.reshape(counts),
        leaving=leaving.reshape(counts),
        subspace=subspace,
        inputs=x[0],
        time=system.time,
    )


def _subspace(axes: npt.ArrayLike | None, origin: npt.ArrayLike | None, dimensions: int) -> Subspace | None:
    if axes is None:
        if origin is not None:
            raise BadInput("origin", got="one without axes", expected="both or none", repair="Pass axes= as well.")
        return None
    subspace = Subspace.spanned(axes, origin)
    if subspace.axes.shape[1] != dimensions:
        raise BadInput(
            "axes", got=f"{subspace.axes.shape[1]} axes, and {dimensions} ends of the grid", expected="as many of both"
        )
    return subspace
