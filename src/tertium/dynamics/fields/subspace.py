"""A line, plane or 3-D space in the space of states: where it lies, and how states get there and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tertium.dynamics.states import flat_states
from tertium.errors import BadInput

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Subspace:
    """A subspace of one to three dimensions: a state in it is ``origin + axes @ coordinates``.

    Attributes
    ----------
    origin : array, shape (unit,)
    axes : array, shape (unit, axis)
        Orthonormal columns.

    Examples
    --------
    >>> plane = Subspace.spanned([[2.0, 1.0], [0.0, 1.0], [0.0, 0.0]])
    >>> plane.axes.tolist()
    [[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]
    >>> plane.project([[3.0, 4.0, 5.0]]).tolist()
    [[3.0, 4.0]]
    """

    origin: Floats
    axes: Floats

    @classmethod
    def spanned(cls, axes: npt.ArrayLike, origin: npt.ArrayLike | None = None) -> Subspace:
        """Return the subspace that directions span, made orthonormal one after the other (Gram and Schmidt).

        Parameters
        ----------
        axes : array-like, shape (unit, axis)
            Directions, columns; the first keeps its direction.
        origin : array-like, shape (unit,), optional
            By default zero.

        Raises
        ------
        BadInput
            If the shapes do not fit, or the directions depend on each other.
        """
        given = np.asarray(axes, dtype=np.float64)
        if given.ndim != 2 or not 1 <= given.shape[1] <= min(3, given.shape[0]):
            raise BadInput(
                "axes",
                got=f"shape {given.shape}",
                expected="(unit, axis) with 1 to 3 axes, and no more than units",
                repair="Directions are columns: transpose them.",
            )
        at = np.zeros(len(given)) if origin is None else np.asarray(origin, dtype=np.float64)
        if at.shape != (len(given),):
            raise BadInput("origin", got=f"shape {at.shape}", expected=f"({len(given)},), one number a unit")
        if not (np.isfinite(given).all() and np.isfinite(at).all()):
            raise BadInput("axes and origin", got="a value that is not finite", expected="finite numbers")
        basis, mixed = np.linalg.qr(given)
        lengths = np.abs(np.diag(mixed))
        if (lengths <= 1e-10 * np.linalg.norm(given, axis=0)).any():
            raise BadInput("axes", got="directions that depend on each other", expected="independent directions")
        return cls(at, basis * np.sign(np.diag(mixed)) + 0.0)  # no negative zeros

    @classmethod
    def of(cls, states: xr.DataArray | npt.ArrayLike, dimensions: int = 2) -> Subspace:
        """Return the subspace in which states vary most: their mean and principal axes, signs fixed."""
        flat = flat_states(states)
        if not 1 <= dimensions <= min(3, *flat.shape):
            raise BadInput("dimensions", got=str(dimensions), expected=f"1 to {min(3, *flat.shape)}")
        mean = flat.mean(0)
        axes = np.linalg.svd(flat - mean, full_matrices=False)[2][:dimensions].T
        largest = axes[np.abs(axes).argmax(0), range(dimensions)]
        return cls(mean, axes * np.sign(largest))

    def lift(self, coordinates: npt.ArrayLike) -> Floats:
        """Return the states at some coordinates, (..., axis) -> (..., unit)."""
        return np.asarray(coordinates, dtype=np.float64) @ self.axes.T + self.origin

    def project(self, states: npt.ArrayLike) -> Floats:
        """Return the coordinates of the places that are nearest to states, (..., unit) -> (..., axis)."""
        return (np.asarray(states, dtype=np.float64) - self.origin) @ self.axes

    def box(self, states: xr.DataArray | npt.ArrayLike, margin: float = 0.1) -> tuple[Floats, Floats]:
        """Return the lower and upper ends of the coordinates of states, with a margin relative to their range."""
        coordinates = self.project(flat_states(states))
        low, high = coordinates.min(0), coordinates.max(0)
        room = margin * (high - low)
        return low - room, high + room
