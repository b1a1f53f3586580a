"""Proof that a root is near: the theorem of Newton and Kantorovich."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium.dynamics.step import in_parts
from tertium.rng import Seeds

if TYPE_CHECKING:
    from tertium.dynamics.step import Dynamics

Floats = npt.NDArray[np.float64]

#: Directions in which the Jacobian's change is measured, and by what the largest is multiplied.
DIRECTIONS, CAUTION = 6, 4.0


@dataclass(frozen=True)
class Certificate:
    """What the theorem says of each point.

    With ``beta = |J^-1|``, ``eta = |J^-1 F|`` and a Lipschitz constant K of the Jacobian near the point, a root exists
    within ``radius`` of it if ``beta K eta <= 1/2``, and no other within ``apart`` (Kantorovich 1948; Ortega 1968).

    Attributes
    ----------
    certified : array of bool, shape (point,)
        Whether the theorem holds.
    radius : array, shape (point,)
        ``(1 - sqrt(1 - 2 beta K eta)) / (beta K)``: a root is at most so far away. NaN where it does not hold.
    apart : array, shape (point,)
        ``(1 + sqrt(1 - 2 beta K eta)) / (beta K)``: another root is at least so far away. NaN where it does not hold.
    decrement : array, shape (point,)
        eta, the length of the Newton step: the Newton decrement. Infinite where the Jacobian is singular.
    """

    certified: npt.NDArray[np.bool_]
    radius: Floats
    apart: Floats
    decrement: Floats

    def take(self, which: npt.NDArray[Any]) -> Certificate:
        """Return what is said of some of the points."""
        return Certificate(self.certified[which], self.radius[which], self.apart[which], self.decrement[which])


def certify(system: Dynamics, points: Floats, inputs: Floats) -> Certificate:
    """Apply the theorem of Newton and Kantorovich to points.

    The residual is given its own rounding error, a thousand units in the last place of the state. K is measured, not
    derived: the largest ``|J(p + r u) - J(p)| / r`` over the Newton direction, the direction in which the inverse is
    largest and random ones, at the ten-fold distance of the Newton step, times four. So the certificate is as strict
    as that measurement; of a function with a jump in its Jacobian (ReLU) it speaks for one linear piece.

    Parameters
    ----------
    system : Dynamics
    points : array, shape (point, unit)
    inputs : array, shape (point, channel)

    Returns
    -------
    Certificate

    Examples
    --------
    >>> from tertium.dynamics.step import as_dynamics
    >>> square = as_dynamics(lambda h, x: h**2 - 2, 1, time="continuous")
    >>> near = np.array([[1.5]])
    >>> found = certify(square, near, np.zeros((1, 1)))
    >>> bool(found.certified[0]), bool(abs(1.5 - 2**0.5) <= found.radius[0])
    (True, True)
    """
    count, units = points.shape
    if not count:
        return Certificate(np.zeros(0, dtype=bool), np.zeros(0), np.zeros(0), np.zeros(0))
    jacobian = partial(in_parts, system.velocity_jacobian, shape=(units, units))
    velocity, jacobians = system.velocity(points, inputs), jacobian(points, inputs)
    left, values, right = np.linalg.svd(jacobians)
    beta = 1 / np.maximum(values[:, -1], 1e-300)
    with np.errstate(over="ignore"):  # of a singular Jacobian, which certifies nothing
        step = np.linalg.norm(_divide(left, values, right, velocity), axis=1)
    rounding = 1e3 * np.finfo(np.float64).eps * (1 + np.linalg.norm(points, axis=1))
    eta = step + beta * rounding
    reach = np.maximum(10 * eta, 1e-5 * (1 + np.linalg.norm(points, axis=1)))
    rng = Seeds(0).numpy("test directions")  # the same for every call
    directions = [right[:, -1], velocity, *rng.standard_normal((DIRECTIONS, units))]
    lipschitz = np.zeros(count)
    for direction in directions:
        unit = np.broadcast_to(direction, points.shape)
        norm = np.linalg.norm(unit, axis=1, keepdims=True)
        unit = np.divide(unit, norm, out=np.zeros_like(points), where=norm > 0)
        moved = jacobian(points + reach[:, None] * unit, inputs)
        lipschitz = np.maximum(lipschitz, np.linalg.norm(moved - jacobians, axis=(1, 2)) / reach)
    lipschitz = np.maximum(CAUTION * lipschitz, 1e-12)  # a linear system has none, and one root everywhere
    number = 2 * beta * lipschitz * eta
    certified = np.isfinite(number) & (number <= 1) & (values[:, -1] > 0)
    root = np.sqrt(np.where(certified, 1 - number, np.nan))
    scale = beta * lipschitz
    # 1 - sqrt(1 - t) without cancellation
    return Certificate(
        certified, number / (1 + root) / scale, (1 + root) / scale, np.where(values[:, -1] > 0, eta, np.inf)
    )


def _divide(left: Floats, values: Floats, right: Floats, vectors: Floats) -> Floats:
    """Return the vectors divided by the matrices ``left @ diag(values) @ right``."""
    inside = np.einsum("bij,bi->bj", left, vectors) / np.maximum(values, 1e-300)
    return np.asarray(np.einsum("bij,bi->bj", right, inside))
