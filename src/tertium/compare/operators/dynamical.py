"""Dynamical similarity analysis: whether two systems move alike, whatever they look like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import numpy.typing as npt

from tertium.compare.operators.hankel import Delayed, Operator, trials_of
from tertium.compare.operators.similarity_transform import align
from tertium.errors import BadInput, nearest

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go
    import xarray as xr

Floats = npt.NDArray[np.float64]
Measure = Literal["spectrum", "frobenius", "angular"]


@dataclass(frozen=True, eq=False)
class DynamicalSimilarity:
    """How unlike the dynamics of two recordings are.

    Attributes
    ----------
    value : float
        The distance; 0 for conjugated dynamics. Its range depends on the measure: see `dsa`.
    method : str
    delays, rank : int
        Bins that a state spans; coordinates that the operators act on.
    operators : tuple of two Operator
        With eigenvalues and the fraction of variance each predicts: a distance of operators that predict little
        compares noise.
    """

    value: float
    method: str
    delays: int
    rank: int
    operators: tuple[Operator, Operator]

    def __float__(self) -> float:
        return self.value

    def table(self) -> pd.DataFrame:
        """Return one row a recording: fraction of variance predicted one step on, largest eigenvalues."""
        import pandas as pd

        rows = []
        for name, one in zip(("first", "second"), self.operators, strict=True):
            largest = one.eigenvalues[0]
            rows.append((name, one.prediction, abs(largest), float(np.angle(largest))))
        return pd.DataFrame(rows, columns=["recording", "prediction", "largest_modulus", "its_angle"])

    def figure(self) -> go.Figure:
        """Draw the eigenvalues of both operators and the unit circle."""
        from tertium import figure

        drawn = figure.new(x="real part", y="imaginary part", height=440)
        angle = np.linspace(0, 2 * np.pi, 200)
        border = {"color": "#888888", "width": 1, "dash": "dash"}
        drawn.add_scatter(x=np.cos(angle), y=np.sin(angle), mode="lines", line=border, name="unit circle")
        looks = (("first", 0, "circle"), ("second", 1, "x"))
        for (name, colour, symbol), one in zip(looks, self.operators, strict=True):
            mark = {"color": figure.COLOURS[colour], "symbol": symbol, "size": 8}
            label = f"{name} (rank {self.rank}, R2 {one.prediction:.2f})"
            drawn.add_scatter(x=one.eigenvalues.real, y=one.eigenvalues.imag, mode="markers", marker=mark, name=label)
        drawn.update_yaxes(scaleanchor="x", constrain="domain")
        return drawn


def dsa(
    X: xr.DataArray | npt.ArrayLike | Sequence[npt.ArrayLike],
    Y: xr.DataArray | npt.ArrayLike | Sequence[npt.ArrayLike],
    *,
    method: Measure = "spectrum",
    delays: int = 10,
    rank: int | None = None,
    variance: float = 0.99,
    ridge: float = 0.0,
    starts: int = 6,
    seed: int = 0,
) -> DynamicalSimilarity:
    """Compare the dynamics of two recordings, not their geometry (Ostrow, Eisen, Kozachkov & Fiete 2023).

    Each recording is embedded in delays, reduced to its leading whitened coordinates, and one linear operator is fitted
    that carries them one step on (Hankel dynamic mode decomposition). In whitened coordinates two systems that are
    linear transforms of each other have operators that are rotations of each other; with delays this extends to
    nonlinear ones, as far as the operators predict (see `DynamicalSimilarity.operators`).

    Parameters
    ----------
    X, Y : responses, arrays of shape (time, unit) or (trial, time, unit), or sequences of (time, unit)
        Activity of two systems, with the same time step. Units, numbers of trials, and lengths of trials may differ.
    method : {"spectrum", "frobenius", "angular"}
        "spectrum": the root mean square distance of the eigenvalues of both, paired as near as can be; fast, 0 to about
        2, and blind to how modes overlap: a screen. "frobenius": ``min |A - C B C'|`` over orthogonal C, relative to
        the root of ``|A| |B|``, 0 and up. "angular": the angle between A and C B C' at that C, 0 to pi.
    delays : int
        Bins in a delayed state.
    rank : int, optional
        Coordinates; by default as many as have ``variance`` of both.
    variance : float
        See ``rank``.
    ridge : float
        Penalty of the operators, relative to the mean variance of the coordinates.
    starts, seed : int
        Random starts of the search for C beside the one from the symmetric parts.

    Returns
    -------
    DynamicalSimilarity

    Raises
    ------
    BadInput
        If shapes do not fit, trials are too short, or a recording has fewer coordinates than ``rank``.

    Examples
    --------
    One rotation seen from two sides, and a slower one:

    >>> turn = lambda angle: np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    >>> path = lambda angle: np.array([np.linalg.matrix_power(turn(angle), t) @ [1.0, 0.0] for t in range(200)])
    >>> mixed = path(0.3) @ np.array([[2.0, 1.0, 0.0], [0.5, -1.0, 3.0]])
    >>> dsa(path(0.3), mixed, method="frobenius").value < 1e-6
    True
    >>> dsa(path(0.3), path(0.2)).value > 0.09
    True
    """
    if method not in get_args(Measure):
        close = nearest(method, get_args(Measure))
        raise BadInput(
            "method",
            got=f"'{method}'",
            expected=" or ".join(get_args(Measure)),
            repair=f"Did you mean '{close[0]}'?" if close else "",
        )
    if delays < 1 or not 0 < variance <= 1 or ridge < 0 or (rank is not None and rank < 1):
        raise BadInput(
            "delays, rank, variance, ridge",
            got=f"{delays}, {rank}, {variance}, {ridge}",
            expected="delays >= 1, rank >= 1, 0 < variance <= 1, ridge >= 0",
        )
    embedded = [Delayed.of(trials_of(one, name), delays, name) for one, name in ((X, "X"), (Y, "Y"))]
    wanted = rank if rank is not None else max(one.rank_for(variance) for one in embedded)
    least = min(one.whitened.shape[1] for one in embedded)
    if wanted > least:
        if rank is not None:
            raise BadInput("rank", got=f"{rank}", expected=f"at most {least}, the rank of the delayed activity")
        wanted = least
    first, second = (one.operator(wanted, ridge) for one in embedded)
    value = _distance(first, second, method, starts, seed)
    return DynamicalSimilarity(value, method, delays, wanted, (first, second))


def _distance(first: Operator, second: Operator, method: Measure, starts: int, seed: int) -> float:
    if method == "spectrum":
        from scipy.optimize import linear_sum_assignment

        apart = np.abs(first.eigenvalues[:, None] - second.eigenvalues) ** 2
        rows, columns = linear_sum_assignment(apart)
        return float(np.sqrt(apart[rows, columns].mean()))
    found = align(first.matrix, second.matrix, starts=starts, seed=seed)
    sizes = float(np.linalg.norm(first.matrix) * np.linalg.norm(second.matrix))
    if method == "frobenius":
        return found.residual / sizes**0.5
    turned = found.rotation @ second.matrix @ found.rotation.T
    return float(np.arccos(np.clip((first.matrix * turned).sum() / sizes, -1, 1)))
