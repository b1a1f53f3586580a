"""Circular coordinates: where on its loop a population is at each time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from tertium.dynamics.manifolds.bars import Barcode, persistent_cohomology
from tertium.dynamics.manifolds.clouds import Cloud, Preparation, Samples
from tertium.dynamics.manifolds.harmonic import Weights, smoothest_angle, whole_turns
from tertium.dynamics.manifolds.unwarping import even_pace
from tertium.errors import BadInput

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go
    import xarray as xr

Floats = npt.NDArray[np.float64]
Pace = Literal["even", "harmonic"]


@dataclass(frozen=True, eq=False)
class CircularCoordinates:
    """An angle for each state of a population; see `circular_coordinates`.

    Attributes
    ----------
    angle : array, shape (sample,)
        Rad, 0 to 2 pi; its zero and its sense are arbitrary. NaN of states whose nearest landmark is not joined to the
        loop.
    certainty : array, shape (sample,)
        Length of the mean vector of the landmarks that the angle was read from: 1 where they agree.
    landmark_angle : array, shape (landmark,)
        NaN of landmarks that are not joined to the loop.
    birth, death : float
        Of the loop.
    scale : float
        Up to which distance landmarks were joined.
    barcode : Barcode
    cloud : Cloud
    samples : Samples
    """

    angle: Floats
    certainty: Floats
    landmark_angle: Floats
    birth: float
    death: float
    scale: float
    barcode: Barcode
    cloud: Cloud
    samples: Samples

    def table(self) -> pd.DataFrame:
        """Return one row a sample: trial, time, angle (rad), certainty."""
        import pandas as pd

        return pd.DataFrame(
            {
                "trial": self.samples.trial,
                "time": self.samples.time,
                "angle": self.angle,
                "certainty": self.certainty,
            }
        )

    def average(self, along_time: npt.ArrayLike, *, dt: float) -> Floats:
        """Return the circular mean of a measured angle in the bins of the samples, (sample,), rad.

        Parameters
        ----------
        along_time : array-like, shape (time,) or (trial, time)
            Rad, one for each time bin of the responses.
        dt : float
            Width of those bins, in the unit of the preparation's ``bin``.

        Raises
        ------
        BadInput
            If there are fewer than the samples need.
        """
        measured = np.atleast_2d(np.asarray(along_time, dtype=np.float64))
        n_trials = int(self.samples.trial[-1]) + 1
        bins = len(self.samples.trial) // n_trials
        step = self.samples.time[1] - self.samples.time[0] if bins > 1 else dt
        wide = max(1, round(step / dt))
        if measured.shape[0] not in (1, n_trials) or measured.shape[1] < bins * wide:
            raise BadInput(
                "angle along time", got=f"shape {measured.shape}", expected=f"({n_trials}, {bins * wide} or more)"
            )
        cut = np.broadcast_to(measured, (n_trials, measured.shape[1]))[:, : bins * wide]
        means = np.exp(1j * cut).reshape(n_trials * bins, wide).mean(1)
        return np.asarray(np.angle(means) % (2 * np.pi))

    def figure(self, most: int = 3000) -> go.Figure:
        """Draw the states in their first two dimensions, coloured by angle; at most so many."""
        from tertium.dynamics.manifolds.pictures import ring_figure

        return ring_figure(self, most=most)


def circular_coordinates(
    r: xr.DataArray | npt.ArrayLike,
    preparation: Preparation | None = None,
    *,
    loop: int = 0,
    weights: Weights = "density",
    pace: Pace = "even",
    scale: float = 0.2,
    neighbours: int = 10,
    parts: int = 40,
    prime: int = 47,
) -> CircularCoordinates:
    """Find the angle that a population goes round with, from its activity alone.

    Persistent cohomology finds the loop; its cocycle says which steps between landmarks pass a cut across it; the turn
    is spread over all steps (de Silva, Morozov & Vejdemo-Johansson 2011). Other states take the circular mean of their
    nearest landmarks. Of head-direction cells the result is the internal compass (Rybakken, Baas & Dunn 2019;
    Chaudhuri et al. 2019).

    Parameters
    ----------
    r : responses, or array-like of shape (trial, time, unit) or (time, unit)
    preparation : Preparation, optional
    loop : int
        Which, by length: 0 is the longest. Of a torus 0 and 1 are two independent ways round it, not always those that
        one would have named.
    weights : {"density", "equal"}
        Of the edges; "equal" is the original, "density" makes up for unevenly visited angles.
    pace : {"even", "harmonic"}
        "even": equal steps of the angle are equal lengths of the loop, as if all angles were coded as finely (the
        parametrisation of Chaudhuri et al. 2019). "harmonic" leaves the angle as it was spread, for shapes with several
        loops.
    scale : float
        Landmarks are joined up to ``birth + scale * (death - birth)`` of the loop.
    neighbours : int
        Landmarks that the angle of a state is read from; they weigh less the farther they are, nothing at the distance
        of the next one.
    parts : int
        Of the loop, when its length is measured.
    prime : int

    Returns
    -------
    CircularCoordinates

    Raises
    ------
    BadInput
        If there is no such loop, an option is unknown, or the cocycle cannot be lifted.

    Examples
    --------
    >>> angle = 3 * np.cumsum(np.random.default_rng(0).normal(size=1500)) / 10
    >>> preferred = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    >>> rates = np.exp(2 * np.cos(angle[:, None] - preferred) - 2)
    >>> found = circular_coordinates(rates, Preparation(components=6, landmarks=60))
    >>> from tertium.dynamics import circular_alignment
    >>> circular_alignment(found.angle, angle).median_error < 3  # degrees
    True
    """
    _check(weights, pace, scale, neighbours, parts)
    if prime < 3:
        raise BadInput("prime", got=str(prime), expected="3 or more: modulo 2 a turn has no sense")
    prepared = preparation or Preparation()
    samples = prepared.samples(r)
    cloud = prepared.cloud(samples.values)
    marks = cloud.points[cloud.landmarks]
    barcode = persistent_cohomology(marks, prime=prime)
    loops = barcode.loops()
    if not 0 <= loop < len(loops):
        raise BadInput(
            f"loop {loop}",
            got=f"{len(loops)} loops",
            expected=f"0 to {len(loops) - 1}" if len(loops) else "at least one",
            repair="Look at the barcode, and test it with loop_test.",
        )
    birth, death = (float(v) for v in loops[loop])
    upto = birth + scale * (death - birth)
    turns = whole_turns(barcode, loop, upto)
    on_marks = smoothest_angle(turns, barcode.filtration.distances, birth, weights)
    angle, certainty = _from_landmarks(cloud.points, marks, on_marks, neighbours)
    if pace == "even":
        used = cloud.kept[np.isfinite(angle[cloud.kept])]
        known, states = angle[used], cloud.points[used]
        angle, on_marks = (even_pace(one, known, states, parts) for one in (angle, on_marks))
    turn = 2 * np.pi
    return CircularCoordinates(angle % turn, certainty, on_marks % turn, birth, death, upto, barcode, cloud, samples)


def _from_landmarks(points: Floats, marks: Floats, on_marks: Floats, neighbours: int) -> tuple[Floats, Floats]:
    """Return the circular mean of the nearest landmarks' angles, and the length of its vector, (sample,) each."""
    from scipy.spatial import cKDTree

    joined = np.flatnonzero(np.isfinite(on_marks))
    k = min(neighbours, len(joined) - 1)
    distance, nearest = cKDTree(marks[joined]).query(points, k + 1)
    edge = np.maximum(distance[:, -1:], np.finfo(float).tiny)
    weight = 1 - distance[:, :k] / edge
    weight[:, 0] = np.maximum(weight[:, 0], 1e-9)  # all equally far
    mean = (weight * np.exp(1j * on_marks[joined[nearest[:, :k]]])).sum(1) / weight.sum(1)
    elsewhere = np.isnan(on_marks[cKDTree(marks).query(points)[1]])
    mean[elsewhere] = np.nan
    return np.angle(mean), np.abs(mean)


def _check(weights: str, pace: str, scale: float, neighbours: int, parts: int) -> None:
    if weights not in ("density", "equal"):
        raise BadInput("weights", got=repr(weights), expected="'density' or 'equal'")
    if pace not in ("even", "harmonic"):
        raise BadInput("pace", got=repr(pace), expected="'even' or 'harmonic'")
    if not 0 <= scale < 1:
        raise BadInput("scale", got=f"{scale}", expected="a share of the loop's life, 0 or more and below 1")
    if neighbours < 1 or parts < 3:
        raise BadInput("neighbours and parts", got=f"{neighbours} and {parts}", expected="at least 1 and 3")
