"""`direction_selectivity`: how sharply units prefer an orientation or a direction of motion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput
from tertium.geometry.tuning.curves import TuningCurves

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class DirectionSelectivity:
    """What `direction_selectivity` found.

    Attributes
    ----------
    orientation : array, shape (unit,)
        ``|sum r e^(2i theta)| / sum r``, 1 less the circular variance; 0 to 1.
    direction : array, shape (unit,)
        ``|sum r e^(i theta)| / sum r``.
    preferred_orientation, preferred_direction : array, shape (unit,)
        Degrees, of the vectors.
    contrast : array, shape (unit,)
        ``(best - opposite) / (best + opposite)`` of the largest response.
    orientation_interval, direction_interval : array, shape (unit, 2)
        95 % of the bootstrap. Both indices are above 0 by chance: compare the interval with ``chance``.
    chance : array, shape (unit, 2)
        Orientation and direction index that the noise of the means alone brings about, 95 % of draws below it.
    angles : array, shape (stimulus,)
        Degrees.
    units : tuple of str
    """

    orientation: Floats
    direction: Floats
    preferred_orientation: Floats
    preferred_direction: Floats
    contrast: Floats
    orientation_interval: Floats
    direction_interval: Floats
    chance: Floats
    angles: Floats
    units: tuple[str, ...]

    def table(self) -> pd.DataFrame:
        """Return one row a unit: indices with intervals, chance, preferred angles (degrees)."""
        import pandas as pd

        return pd.DataFrame(
            {
                "unit": self.units,
                "orientation": self.orientation,
                "orientation_low": self.orientation_interval[:, 0],
                "orientation_high": self.orientation_interval[:, 1],
                "orientation_chance": self.chance[:, 0],
                "direction": self.direction,
                "direction_low": self.direction_interval[:, 0],
                "direction_high": self.direction_interval[:, 1],
                "direction_chance": self.chance[:, 1],
                "contrast": self.contrast,
                "preferred_orientation": self.preferred_orientation,
                "preferred_direction": self.preferred_direction,
            }
        )

    def figure(self) -> go.Figure:
        """Draw the direction index against the orientation index, a dot a unit; those above chance are filled."""
        from tertium import figure

        above = (self.orientation > self.chance[:, 0]) | (self.direction > self.chance[:, 1])
        drawn = figure.new(
            x="orientation selectivity (1 - circular variance)",
            y="direction selectivity",
            title=f"{int(above.sum())} of {len(above)} units above 95 % of chance in either",
            width=560,
            height=460,
        )
        for kept, name, symbol in ((above, "above chance", "circle"), (~above, "not above chance", "circle-open")):
            look = {"color": figure.COLOURS[0], "size": 7, "symbol": symbol}
            drawn.add_scatter(x=self.orientation[kept], y=self.direction[kept], mode="markers", marker=look, name=name)
        drawn.update_xaxes(range=[-0.02, 1.02]).update_yaxes(range=[-0.02, 1.02])
        drawn.update_layout(legend={"x": 0.98, "xanchor": "right", "y": 0.98})
        return drawn


def direction_selectivity(curves: TuningCurves) -> DirectionSelectivity:
    """Measure how sharply units prefer one orientation, or one direction of motion, from curves over angles.

    Parameters
    ----------
    curves : TuningCurves
        Of stimuli that are angles in degrees, evenly spread over 360. Means below 0 count as 0.

    Returns
    -------
    DirectionSelectivity

    Raises
    ------
    BadInput
        If stimuli are no angles evenly spread over the circle, at least 4 and an even number.

    References
    ----------
    Ringach, D. L., Shapley, R. M. & Hawken, M. J. (2002). Orientation selectivity in macaque V1. Journal of
    Neuroscience 22:5639-5651 (circular variance).
    Mazurek, M., Kager, M. & Van Hooser, S. D. (2014). Robust quantification of orientation selectivity and direction
    selectivity. Frontiers in Neural Circuits 8:92.

    Examples
    --------
    >>> from tertium.geometry import tuning_curves
    >>> angles = np.repeat(np.arange(0, 360, 45), 4)
    >>> r = 1 + np.cos(2 * np.deg2rad(angles - 90))[:, None]  # one orientation, both directions
    >>> found = direction_selectivity(tuning_curves(r, angles))
    >>> found.orientation.round(6).item(), found.direction.round(6).item(), found.preferred_orientation.item()
    (0.5, 0.0, 90.0)
    """
    angles = _angles(curves)
    draws = np.concatenate([curves.values[None], curves.draws])
    two, one = _vectors(draws, angles, 2), _vectors(draws, angles, 1)
    mean = curves.values.mean(0)
    noise = (
        _vectors(curves.draws - curves.values + mean, angles, 2),
        _vectors(curves.draws - curves.values + mean, angles, 1),
    )
    rectified = np.maximum(curves.values, 0.0)
    best = rectified.argmax(0)
    at = np.arange(rectified.shape[1])
    top, opposite = rectified[best, at], rectified[(best + len(angles) // 2) % len(angles), at]
    several = len(curves.draws) > 0
    missing = np.full((len(mean), 2), np.nan)
    ends = [np.quantile(np.abs(v[1:]), [0.025, 0.975], axis=0).T if several else missing for v in (two, one)]
    chance = np.stack([np.quantile(np.abs(v), 0.95, axis=0) for v in noise], axis=1) if several else missing
    return DirectionSelectivity(
        orientation=np.abs(two[0]),
        direction=np.abs(one[0]),
        preferred_orientation=_degrees(two[0]) / 2,
        preferred_direction=_degrees(one[0]),
        contrast=(top - opposite) / np.maximum(top + opposite, 1e-300),
        orientation_interval=ends[0],
        direction_interval=ends[1],
        chance=chance,
        angles=angles,
        units=curves.units,
    )


def _vectors(curves: Floats, angles: Floats, harmonic: int) -> npt.NDArray[np.complex128]:
    """Return the normalised vector sum of curves (draw, stimulus, unit), as (draw, unit)."""
    positive = np.maximum(curves, 0.0)
    turned = np.exp(1j * harmonic * np.deg2rad(angles))
    total = np.maximum(positive.sum(1), 1e-300)
    return np.asarray(np.einsum("dsu,s->du", positive, turned) / total)


def _degrees(vectors: npt.NDArray[np.complex128]) -> Floats:
    return np.asarray(np.rad2deg(np.angle(vectors)).round(9) % 360)


def _angles(curves: TuningCurves) -> Floats:
    numbers = all(isinstance(one, int | float) for one in curves.stimuli)
    angles = np.array(curves.stimuli, dtype=float) if numbers else np.zeros(0)
    n = len(angles)
    if n < 4 or n % 2 or not np.allclose(np.diff(angles), 360 / n):
        raise BadInput(
            "stimuli",
            got=", ".join(str(one) for one in curves.stimuli[:6]),
            expected="an even number of angles in degrees, 4 or more, evenly spread over 360",
            repair="Label trials with their direction in degrees.",
        )
    return angles
