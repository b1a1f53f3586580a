"""One step of a system together with its tangent vectors: how small deviations are stretched and turned."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from tertium.dynamics.fields.simulation import step_duration
from tertium.dynamics.step import DIFFERENCE, Dynamics

Floats = npt.NDArray[np.float64]

#: ``(h, frame, x) -> (h, frame, growth)``: states (start, unit), tangent vectors (start, unit, vector), and the
#: logarithm by which volumes grow in the step, (start,), NaN where it is not worked out.
TangentStep = Callable[[Floats, Floats, Floats], tuple[Floats, Floats, Floats]]
Push = Callable[[Floats, Floats, Floats], tuple[Floats, Floats]]


def tangent_step(system: Dynamics, dt: float | None, vectors: int, exact: bool) -> TangentStep:
    """Return the map of one step of states and tangent vectors.

    In continuous time both are integrated together by the fourth-order Runge-Kutta method, which is the derivative of
    that method's own step; the growth of volumes is the divergence, integrated alike.

    Parameters
    ----------
    system : Dynamics
    dt : float, optional
        Needed in continuous time.
    vectors : int
        Tangent vectors of each start.
    exact : bool
        Multiply by the whole Jacobian; otherwise take differences of the system along each vector, which is cheaper
        where there are few vectors in many dimensions, and right to nine digits.
    """
    width = step_duration(system.time, dt)
    push = _by_jacobian(system) if exact else _along(system, vectors)
    move = system.move

    def discrete(h: Floats, frame: Floats, x: Floats) -> tuple[Floats, Floats, Floats]:
        if not exact:
            after, unknown = push(h, frame, x)
            return move(h, x), after, unknown
        jacobian = system.derivative(h, x)
        volume = np.linalg.slogdet(jacobian)[1] if vectors == system.n_units else np.full(len(h), np.nan)
        return move(h, x), jacobian @ frame, volume

    def rk4(h: Floats, frame: Floats, x: Floats) -> tuple[Floats, Floats, Floats]:
        a = move(h, x)
        fa, ta = push(h, frame, x)
        second = h + width / 2 * a
        b = move(second, x)
        fb, tb = push(second, frame + width / 2 * fa, x)
        third = h + width / 2 * b
        c = move(third, x)
        fc, tc = push(third, frame + width / 2 * fb, x)
        last = h + width * c
        fd, td = push(last, frame + width * fc, x)
        h = h + width / 6 * (a + 2 * (b + c) + move(last, x))
        return h, frame + width / 6 * (fa + 2 * (fb + fc) + fd), width / 6 * (ta + 2 * (tb + tc) + td)

    return discrete if system.time == "discrete" else rk4


def _by_jacobian(system: Dynamics) -> Push:
    def push(h: Floats, frame: Floats, x: Floats) -> tuple[Floats, Floats]:
        jacobian = system.derivative(h, x)
        return jacobian @ frame, np.einsum("bii->b", jacobian)

    return push


def _along(system: Dynamics, vectors: int) -> Push:
    """Return the derivative along vectors by central differences, all vectors of all starts at once."""

    def push(h: Floats, frame: Floats, x: Floats) -> tuple[Floats, Floats]:
        batch, units = h.shape
        length = np.linalg.norm(frame, axis=1)  # (start, vector)
        size = DIFFERENCE * np.maximum(1.0, np.linalg.norm(h, axis=1))[:, None] / np.maximum(length, 1e-300)
        step = (size[:, None] * frame).transpose(0, 2, 1)  # (start, vector, unit)
        both = np.concatenate([h[:, None] + step, h[:, None] - step], axis=1).reshape(-1, units)
        moved = system.move(both, np.repeat(x, 2 * vectors, axis=0)).reshape(batch, 2, vectors, units)
        slope = (moved[:, 0] - moved[:, 1]) / (2 * size[..., None])
        return slope.transpose(0, 2, 1), np.full(batch, np.nan)

    return push
