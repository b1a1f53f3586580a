"""What is known of fixed and slow points: where they are, how they are certified, how the system moves round them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np
import numpy.typing as npt

from tertium.dynamics.step import Time
from tertium.errors import BadInput

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]
P = TypeVar("P", bound="Points")


@dataclass(frozen=True)
class Modes:
    """The linear modes of one point, slowest first.

    Attributes
    ----------
    values : array of complex, shape (mode,)
        Eigenvalues of the Jacobian of ``step``: discrete time, decay is ``|value| < 1``; continuous time, ``Re < 0``.
    right : array of complex, shape (unit, mode)
        Right eigenvectors, columns of norm 1: the directions in which modes move.
    left : array of complex, shape (mode, unit)
        Left eigenvectors, rows, with ``left @ right = 1``: what a perturbation is projected on.
    time_constants : array, shape (mode,)
        In steps (discrete, ``-1 / log|value|``) or in the unit of the velocity's time (``-1 / Re``); negative for
        modes that grow, infinite for those that neither grow nor decay.
    """

    values: Complexes
    right: Complexes
    left: Complexes
    time_constants: Floats


@dataclass(frozen=True, eq=False)
class Points:
    """States, their speeds, and the system's Jacobians there: what fixed and slow points share.

    Attributes
    ----------
    points : array, shape (k, unit)
    inputs : array, shape (k, channel)
        The input under which each stays.
    speeds : array, shape (k,)
        Norm of ``step(h, x) - h`` (discrete: per step) or of ``step(h, x)`` (continuous).
    decrements : array, shape (k,)
        Length of the Newton step from there, infinite where the Jacobian is singular: a root, if there is one near,
        is about so far away.
    jacobians : array, shape (k, unit, unit)
        Derivative of ``step`` in the state, row = target.
    input_jacobians : array, shape (k, unit, channel)
        Derivative of ``step`` in the input.
    eigenvalues : array of complex, shape (k, unit)
        Of the Jacobians, slowest first.
    counts : array of int, shape (k,)
        How many starts ended there.
    time : {"discrete", "continuous"}
    """

    points: Floats
    inputs: Floats
    speeds: Floats
    decrements: Floats
    jacobians: Floats
    input_jacobians: Floats
    eigenvalues: Complexes
    counts: npt.NDArray[np.int64]
    time: Time

    #: Names of the attributes that have one entry a point.
    one_a_point: ClassVar[tuple[str, ...]] = (
        "points", "inputs", "speeds", "decrements", "jacobians", "input_jacobians", "eigenvalues", "counts",
    )  # fmt: skip

    def __len__(self) -> int:
        return len(self.points)

    @property
    def index(self) -> npt.NDArray[np.int64]:
        """Number of unstable directions of each point, shape (k,): ``|eigenvalue| > 1``, or ``Re > 0``."""
        return np.asarray((self.growth > 0).sum(1), dtype=np.int64)

    @property
    def growth(self) -> Floats:
        """Rate at which each mode grows, (k, mode): ``log|eigenvalue|`` per step, or ``Re``; below 0 it decays."""
        return growth(self.eigenvalues, self.time)

    @property
    def stable(self) -> npt.NDArray[np.bool_]:
        """Whether every mode decays, shape (k,)."""
        return np.asarray(self.index == 0)

    def modes(self, which: int) -> Modes:
        """Return eigenvalues, right and left eigenvectors and time constants of one point.

        Raises
        ------
        BadInput
            If there is no such point, or its eigenvectors do not span the space (a defective Jacobian).
        """
        if not -len(self) <= which < len(self):
            raise BadInput("point", got=str(which), expected=f"one of 0 to {len(self) - 1}")
        values, right = np.linalg.eig(self.jacobians[which])
        order = slowest_first(values, self.time)
        values, right = values[order].astype(np.complex128), right[:, order].astype(np.complex128)
        if np.linalg.cond(right) > 1e14:
            raise BadInput(
                f"Jacobian of point {which}",
                got="eigenvectors that do not span the space",
                expected="a Jacobian that can be diagonalised",
                repair="Use its Schur vectors (scipy.linalg.schur).",
            )
        rate = growth(values, self.time)
        with np.errstate(divide="ignore"):
            return Modes(values, right, np.linalg.inv(right), -1 / rate)

    def take(self: P, which: npt.ArrayLike) -> P:
        """Return some of the points: indices, or one truth value for each."""
        chosen = np.asarray(which)
        if chosen.dtype != bool:
            chosen = chosen.astype(np.int64)  # an empty list too
        return replace(self, **{name: getattr(self, name)[chosen] for name in self.one_a_point})

    def table(self) -> pd.DataFrame:
        """Return one row a point, slowest mode and speed among the columns."""
        import pandas as pd

        return pd.DataFrame(self._columns())

    def _columns(self) -> dict[str, Any]:
        rate = self.growth
        with np.errstate(divide="ignore"):
            slowest = -1 / rate.max(1) if rate.shape[1] and len(self) else np.zeros(len(self))
        return {
            "index": self.index,
            "speed": self.speeds,
            "decrement": self.decrements,
            "time_constant": slowest,
            "counts": self.counts,
        }


@dataclass(frozen=True, eq=False)
class SlowPoints(Points):
    """States where a system moves least, and which are not fixed points.

    Attributes
    ----------
    settled : array of bool, shape (k,)
        Whether the speed falls no further; the others stopped at the limit of iterations.
    """

    settled: npt.NDArray[np.bool_]

    one_a_point: ClassVar[tuple[str, ...]] = (*Points.one_a_point, "settled")


@dataclass(frozen=True, eq=False)
class FixedPoints(Points):
    """Fixed points of a system, each once; see `tertium.dynamics.fixed_points`.

    Attributes
    ----------
    certified : array of bool, shape (k,)
        Whether the theorem of Newton and Kantorovich proves that a root is within ``radius``.
    radius : array, shape (k,)
        Largest distance of the true root; NaN where it is not certified.
    apart : array, shape (k,)
        No other root (under the same input) is nearer than this; NaN where it is not certified.
    slow : SlowPoints
        Where the starts without a root moved least; never mixed with the roots.
    unresolved : array, shape (start, unit)
        Last states of the starts that ended at neither.
    starts : int
        Number of starts.
    """

    certified: npt.NDArray[np.bool_]
    radius: Floats
    apart: Floats
    slow: SlowPoints
    unresolved: Floats
    starts: int

    one_a_point: ClassVar[tuple[str, ...]] = (*Points.one_a_point, "certified", "radius", "apart")

    def _columns(self) -> dict[str, Any]:
        return super()._columns() | {"certified": self.certified, "radius": self.radius, "apart": self.apart}

    def report(self) -> str:
        """Return what was found and what was not, in two or three lines.

        Examples
        --------
        >>> from tertium.dynamics import fixed_points
        >>> pitchfork = lambda h, x: h - h**3
        >>> print(fixed_points(pitchfork, np.linspace(-2, 2, 30)[:, None], time="continuous").report())
        3 fixed points from 30 starts (2 of index 0, 1 of index 1); 3 certified.
        """
        index = self.index
        kinds = ", ".join(f"{int((index == i).sum())} of index {i}" for i in np.unique(index))
        lines = [
            f"{len(self)} fixed points from {self.starts} starts{f' ({kinds})' if kinds else ''}; "
            f"{int(self.certified.sum())} certified."
        ]
        if len(self.slow):
            lines.append(
                f"{len(self.slow)} slow points, speeds {self.slow.speeds.min():.1e} to {self.slow.speeds.max():.1e}."
            )
        if len(self.unresolved):
            lines.append(f"{len(self.unresolved)} starts ended at neither: see .unresolved, or allow more iterations.")
        return "\n".join(lines)

    def figure(self, trajectories: npt.ArrayLike | None = None, *, dimensions: int = 3) -> go.Figure:
        """Draw the points by index, with unstable directions; see `tertium.dynamics.roots.picture`."""
        from tertium.dynamics.roots.picture import points_figure

        return points_figure(self, trajectories, dimensions=dimensions)

    def eigenvalue_figure(self) -> go.Figure:
        """Draw the eigenvalues in the complex plane, with the border of stability."""
        from tertium.dynamics.roots.picture import eigenvalue_figure

        return eigenvalue_figure(self)


def growth(eigenvalues: Complexes, time: Time) -> Floats:
    """Return the rates of growth of modes: ``log|value|`` of discrete, ``Re value`` of continuous time."""
    if time == "continuous":
        return np.asarray(eigenvalues.real, dtype=np.float64)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.abs(eigenvalues)), dtype=np.float64)


def slowest_first(eigenvalues: Complexes, time: Time) -> npt.NDArray[np.int64]:
    """Return the order of modes, fastest growing (or slowest decaying) first; of a pair, positive frequency first."""
    return np.lexsort((-eigenvalues.imag, -np.round(growth(eigenvalues, time), 12)))


def sorted_eigenvalues(jacobians: Floats, time: Time) -> Complexes:
    """Return the eigenvalues of each Jacobian, (k, unit), slowest first."""
    values = np.linalg.eigvals(jacobians).astype(np.complex128)
    return np.array([row[slowest_first(row, time)] for row in values]).reshape(values.shape)
