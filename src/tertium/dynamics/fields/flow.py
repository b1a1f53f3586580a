"""What is known of a flow field: velocities on a grid, how much of them leaves the plane, nullclines, the way on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from tertium.dynamics.fields.subspace import Subspace
from tertium.dynamics.fields.zero_contours import zero_contours, zero_crossings
from tertium.dynamics.step import Dynamics, Time, as_dynamics
from tertium.errors import BadInput

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from tertium.dynamics.roots.points import FixedPoints

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FlowField:
    """Velocities of a system on a regular grid of one to three dimensions; see `tertium.dynamics.flow_field`.

    Attributes
    ----------
    ticks : tuple of array
        Places along each axis.
    velocity : array, shape (*grid, axis)
        Velocity along the axes: a step's displacement (discrete time), or per unit of time.
    speed : array, shape (*grid,)
        Norm of the whole velocity, with what leaves the subspace.
    leaving : array, shape (*grid,)
        Projection error: norm of what leaves the subspace over the norm of the velocity, 0 to 1 (0 where nothing
        moves). Zero everywhere if the grid is the system's own space.
    subspace : Subspace or None
        Where the grid lies; None if it is the system's own space.
    inputs : array, shape (channel,)
        The constant input.
    time : {"discrete", "continuous"}
    """

    ticks: tuple[Floats, ...]
    velocity: Floats
    speed: Floats
    leaving: Floats
    subspace: Subspace | None
    inputs: Floats
    time: Time

    @property
    def dimensions(self) -> int:
        """Number of axes of the grid."""
        return len(self.ticks)

    @property
    def points(self) -> Floats:
        """Coordinates of the grid, (*grid, axis)."""
        return np.stack(np.meshgrid(*self.ticks, indexing="ij"), axis=-1)

    @cached_property
    def nullclines(self) -> tuple[list[Floats], ...]:
        """For each component of the velocity where it is zero: lists of lines, (vertex, axis); in 1-D of the roots.

        Raises
        ------
        BadInput
            In three dimensions, where they are surfaces.
        """
        if self.dimensions == 1:
            return (list(zero_crossings(self.ticks[0], self.velocity[:, 0])[:, None]),)
        if self.dimensions == 3:
            raise BadInput(
                "nullclines", got="a grid of 3 dimensions", expected="1 or 2", repair="Take a plane: pass axes="
            )
        return tuple(zero_contours(self.ticks[0], self.ticks[1], self.velocity[..., i]) for i in range(2))

    def coordinates(self, states: npt.ArrayLike) -> Floats:
        """Return where states are on the field's axes, (..., unit) -> (..., axis)."""
        given = np.asarray(states, dtype=np.float64)
        units = self.dimensions if self.subspace is None else len(self.subspace.origin)
        if given.shape[-1:] != (units,):
            raise BadInput("states", got=f"shape {given.shape}", expected=f"(..., {units})")
        return given if self.subspace is None else self.subspace.project(given)

    def dynamics(self) -> Dynamics:
        """Return the field as a system of its own that moves on the axes alone, by interpolation on the grid.

        Cubic splines where the grid has four places an axis, lines otherwise; outside of the grid a state moves as
        at the nearest place on its border.

        Examples
        --------
        >>> from tertium.dynamics import flow_field, simulate
        >>> field = flow_field(lambda h, x: -h, [-2, -2], [2, 2], time="continuous")
        >>> end = simulate(field.dynamics(), [[1.0, 2.0]], 10, time="continuous", dt=0.1)[0, -1]
        >>> bool(np.allclose(end, np.exp(-1) * np.array([1, 2]), atol=1e-5))
        True
        """
        from scipy.interpolate import RegularGridInterpolator

        method = "cubic" if min(map(len, self.ticks)) >= 4 else "linear"
        interpolate = RegularGridInterpolator(self.ticks, self.velocity, method=method)
        low, high = (np.array([t[end] for t in self.ticks]) for end in (0, -1))
        stays = 1.0 if self.time == "discrete" else 0.0

        def move(h: Any, x: Any) -> Floats:
            at = np.asarray(h, dtype=np.float64)
            return np.asarray(interpolate(np.clip(at, low, high)) + stays * at, dtype=np.float64)

        return as_dynamics(move, self.dimensions, time=self.time)

    def table(self) -> pd.DataFrame:
        """Return one row a place: coordinates, velocity, speed and projection error."""
        import pandas as pd

        names = range(1, self.dimensions + 1)
        places, moves = self.points.reshape(-1, self.dimensions), self.velocity.reshape(-1, self.dimensions)
        columns = {f"x{i}": places[:, i - 1] for i in names} | {f"velocity{i}": moves[:, i - 1] for i in names}
        return pd.DataFrame(columns | {"speed": self.speed.ravel(), "leaving": self.leaving.ravel()})

    def report(self) -> str:
        """Return size, speeds and projection error in one line.

        Examples
        --------
        >>> from tertium.dynamics import flow_field
        >>> flow_field(lambda h, x: -h, [-1, -1], [1, 1], 5, time="continuous").report()
        'Flow on 5 x 5 places, speeds 0 to 1.4; projection error: median 0, highest 0.'
        """
        size = " x ".join(str(len(t)) for t in self.ticks)
        return (
            f"Flow on {size} places, speeds {self.speed.min():.2g} to {self.speed.max():.2g}; "
            f"projection error: median {np.median(self.leaving):.2g}, highest {self.leaving.max():.2g}."
        )

    def figure(
        self,
        trajectories: npt.ArrayLike | None = None,
        fixed_points: FixedPoints | None = None,
        *,
        style: Literal["arrows", "streamlines"] = "streamlines",
        colour: Literal["speed", "leaving"] = "speed",
        names: tuple[str, ...] = (),
        unit: str = "",
    ) -> go.Figure:
        """Draw the field, its nullclines, and trajectories and fixed points of the system that are given in states.

        Parameters
        ----------
        trajectories : array-like, shape (trial, time, unit), optional
        fixed_points : FixedPoints, optional
        style : {"arrows", "streamlines"}
            Of a field in the plane.
        colour : {"speed", "leaving"}
            Of the ground: speed, or projection error.
        names : tuple of str
            Of the axes, with units.
        unit : str
            Of the speed, for instance "1/s".
        """
        from tertium.dynamics.fields import picture

        if self.dimensions == 2:
            return picture.plane_figure(
                self, trajectories, fixed_points, names=names, unit=unit, style=style, colour=colour
            )
        drawing = picture.line_figure if self.dimensions == 1 else picture.space_figure
        return drawing(self, trajectories, fixed_points, names=names, unit=unit)

    def thinned(self, at_most: int) -> FlowField:
        """Return the field on so many places an axis at most, evenly taken."""
        kept = [np.unique(np.linspace(0, len(t) - 1, min(at_most, len(t))).round().astype(int)) for t in self.ticks]
        where = np.ix_(*kept)
        return replace(
            self,
            ticks=tuple(t[k] for t, k in zip(self.ticks, kept, strict=True)),
            velocity=self.velocity[where],
            speed=self.speed[where],
            leaving=self.leaving[where],
        )
