"""The result of jPCA: planes, frequencies, goodness of fit, and the test against surrogates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SurrogateTest:
    """Goodness of fit of data and of surrogates that share their means and covariances.

    Attributes
    ----------
    r2_skew, r2_free : float
        Of the data, with a skew-symmetric and with any matrix.
    null_skew, null_free : array, shape (surrogate,)
        Of the surrogates.
    error : float
        Largest relative difference between a variance of the surrogates' distribution and the wanted one.
    """

    r2_skew: float
    null_skew: Floats
    r2_free: float
    null_free: Floats
    error: float

    @property
    def p(self) -> float:
        """Probability of rotations as good by chance: ``(1 + surrogates as good) / (1 + surrogates)``."""
        return float((1 + (self.null_skew >= self.r2_skew).sum()) / (1 + len(self.null_skew)))

    @property
    def p_free(self) -> float:
        """The same of linear dynamics of any kind."""
        return float((1 + (self.null_free >= self.r2_free).sum()) / (1 + len(self.null_free)))


@dataclass(frozen=True, eq=False)
class Rotations:
    """Planes of rotation, fastest first; see `tertium.dynamics.jpca`.

    Attributes
    ----------
    skew, free : array, shape (axis, axis)
        Best skew-symmetric and best unconstrained dynamics on the axes, 1/s.
    axes : array, shape (unit, axis)
        Orthonormal; axes 0 and 1 are the first plane, rotation goes from the first to the second.
    states : array, shape (condition, time, axis)
    frequencies : array, shape (plane,)
        Hz, of the skew-symmetric dynamics.
    free_frequencies : array, shape (pair,)
        Hz, of the complex eigenvalues of the unconstrained dynamics, fastest first; fewer where some do not rotate.
    r2_skew, r2_free : float
        Share of the velocities' variance that rotation, or any linear dynamics, explains.
    plane_r2_skew, plane_r2_free : array, shape (plane,)
        The same within each plane, fitted there.
    variance : array, shape (plane,)
        Share of the variance between conditions in each plane.
    phases : array, shape (plane, sample)
        Angle from state to velocity (rad) of every condition and step; pi / 2 is rotation.
    time : array, shape (time,)
        Seconds.
    conditions, units : tuple of str
    test : SurrogateTest or None
    """

    skew: Floats
    free: Floats
    axes: Floats
    states: Floats
    frequencies: Floats
    free_frequencies: Floats
    r2_skew: float
    r2_free: float
    plane_r2_skew: Floats
    plane_r2_free: Floats
    variance: Floats
    phases: Floats
    time: Floats
    conditions: tuple[str, ...]
    units: tuple[str, ...]
    test: SurrogateTest | None

    def __len__(self) -> int:
        return len(self.frequencies)

    @property
    def ratio(self) -> float:
        """R2 of rotation over R2 of any linear dynamics: how much of what is linear is rotation."""
        return self.r2_skew / self.r2_free

    @property
    def phase_mean(self) -> Floats:
        """Circular mean of the angle from state to velocity, (plane,), rad."""
        return np.asarray(np.angle(np.exp(1j * self.phases).mean(1)))

    @property
    def phase_length(self) -> Floats:
        """Length of the mean vector of those angles, (plane,): 1 if all agree, 0 if they are anywhere."""
        return np.asarray(np.abs(np.exp(1j * self.phases).mean(1)))

    def plane(self, which: int = 0) -> Floats:
        """Return the states in one plane, (condition, time, 2).

        Raises
        ------
        BadInput
            If there is no such plane.
        """
        if not 0 <= which < len(self):
            raise BadInput("plane", got=str(which), expected=f"0 to {len(self) - 1}")
        return self.states[..., 2 * which : 2 * which + 2]

    def table(self) -> pd.DataFrame:
        """Return one row a plane: frequency (Hz), variance, R2 of rotation and of any linear dynamics, phases (rad)."""
        import pandas as pd

        return pd.DataFrame(
            {
                "frequency": self.frequencies,
                "variance": self.variance,
                "r2_skew": self.plane_r2_skew,
                "r2_free": self.plane_r2_free,
                "phase_mean": self.phase_mean,
                "phase_length": self.phase_length,
            },
            index=pd.RangeIndex(1, len(self) + 1, name="plane"),
        )

    def figure(self, plane: int = 0) -> go.Figure:
        """Draw the trajectories of all conditions in one plane."""
        from tertium.dynamics.rotations.picture import plane_figure

        return plane_figure(self, plane)

    def null_figure(self) -> go.Figure:
        """Draw the R2 of the surrogates and of the data.

        Raises
        ------
        BadInput
            If no surrogates were asked for.
        """
        from tertium.dynamics.rotations.picture import null_figure

        return null_figure(self)

    def phase_figure(self, plane: int = 0) -> go.Figure:
        """Draw the distribution of angles from state to velocity."""
        from tertium.dynamics.rotations.picture import phase_figure

        return phase_figure(self, plane)
