"""Angles between axes and between subspaces, beside those of random ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tertium import figure
from tertium.errors import BadInput
from tertium.rng import Seeds

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

Floats = npt.NDArray[np.float64]

#: Smallest singular value, relative to the largest, of columns that count as independent.
LEAST = 1e-10


@dataclass(frozen=True, eq=False)
class PrincipalAngles:
    """Principal angles of two subspaces; see `tertium.dynamics.principal_angles`.

    Attributes
    ----------
    angles : array, shape (k,)
        Degrees, 0 to 90, smallest first; k is the dimension of the smaller subspace.
    vectors_a, vectors_b : array, shape (unit, k)
        Orthonormal; column i of one and column i of the other are ``angles[i]`` apart.
    null : array, shape (draw, k)
        Angles of two random subspaces of the same dimensions.
    p : array, shape (k,)
        Share of draws with an angle as small or smaller, the data counted as one.
    """

    angles: Floats
    vectors_a: Floats
    vectors_b: Floats
    null: Floats
    p: Floats

    def table(self) -> pd.DataFrame:
        """Return one row an angle, with median and 95 % range of random subspaces."""
        import pandas as pd

        low, middle, high = _quantiles(self.null)
        return pd.DataFrame(
            {
                "angle": np.arange(1, len(self.angles) + 1),
                "degrees": self.angles,
                "random_low": low,
                "random_median": middle,
                "random_high": high,
                "p": self.p,
            }
        )

    def figure(self) -> go.Figure:
        """Draw the angles, and as a band where 95 % of those of random subspaces lie."""
        units, k = self.vectors_a.shape
        title = f"{units} units; band: 95 % of {len(self.null)} pairs of random subspaces"
        drawn = figure.new(x="principal angle", y="angle (degrees)", title=title)
        places = list(range(1, k + 1))
        if len(self.null):
            low, middle, high = _quantiles(self.null)
            figure.lines_with_band(
                drawn, places, middle.tolist(), low.tolist(), high.tolist(), "random", colour="#7F7F7F"
            )
        style = {"size": 8, "color": figure.COLOURS[0]}
        drawn.add_scatter(x=places, y=self.angles, mode="lines+markers", name="data", marker=style)
        drawn.update_yaxes(range=[0, 93], dtick=15)
        drawn.update_xaxes(dtick=max(1, k // 10))
        return drawn


@dataclass(frozen=True, eq=False)
class AxisAngles:
    """Angles between axes, each with each; see `tertium.dynamics.angle_between_axes`.

    Attributes
    ----------
    degrees : array, shape (axis of A, axis of B)
        0 to 180, or 0 to 90 without regard to sign.
    p : array, shape (axis of A, axis of B)
        Chance that two random directions are as far from orthogonal.
    names_a, names_b : tuple of str
    n_units : int
    """

    degrees: Floats
    p: Floats
    names_a: tuple[str, ...]
    names_b: tuple[str, ...]
    n_units: int

    def __float__(self) -> float:
        """Return the angle of a single pair."""
        if self.degrees.size != 1:
            raise BadInput("angle", got=f"{self.degrees.size} pairs", expected="one pair", repair="Use .degrees.")
        return float(self.degrees[0, 0])

    def table(self) -> pd.DataFrame:
        """Return one row a pair."""
        import pandas as pd

        pairs = [(a, b) for a in self.names_a for b in self.names_b]
        return pd.DataFrame(
            {
                "a": [a for a, _ in pairs],
                "b": [b for _, b in pairs],
                "degrees": self.degrees.ravel(),
                "p": self.p.ravel(),
            }
        )

    def figure(self) -> go.Figure:
        """Draw the angles as a matrix."""
        drawn = figure.new(title=f"Angles between axes of {self.n_units} units")
        top = 180.0 if (self.degrees > 90 + 1e-9).any() else 90.0
        figure.heatmap(
            drawn,
            self.degrees,
            x=self.names_b,
            y=self.names_a,
            colour="angle (degrees)",
            scale=figure.DIVERGING if top == 180 else f"{figure.SEQUENTIAL}_r",
            limits=(0.0, top),
        )
        drawn.update_traces(texttemplate="%{z:.0f}°")
        return drawn


def principal_angles(A: npt.ArrayLike, B: npt.ArrayLike, *, n_random: int = 1000, seed: int = 0) -> PrincipalAngles:
    """Measure how two subspaces of a population's state space lie to each other (Björck & Golub 1973).

    Parameters
    ----------
    A, B : array-like, shape (unit, axis)
        Columns span the subspaces; they need be neither orthogonal nor of length 1, and A and B may have different
        numbers of them.
    n_random : int
        Pairs of random subspaces to compare with: in many dimensions any two small subspaces are nearly orthogonal.
    seed : int

    Returns
    -------
    PrincipalAngles

    Raises
    ------
    BadInput
        If units differ, columns are dependent, or a number is not finite.

    Notes
    -----
    Angles are found from sines where these are small, so that equal subspaces come out at 0 to about 1e-6 degrees.

    Examples
    --------
    >>> A = np.eye(4)[:, :2]
    >>> B = np.stack([np.eye(4)[0], np.eye(4)[2] + np.eye(4)[1]], axis=1)
    >>> principal_angles(A, B).angles.round(3).tolist()
    [0.0, 45.0]
    """
    a, b = _basis(A, "A"), _basis(B, "B")
    if len(a) != len(b):
        raise BadInput("subspaces", got=f"{len(a)} and {len(b)} units", expected="the same units in both")
    if isinstance(n_random, bool) or not isinstance(n_random, int | np.integer) or n_random < 0:
        raise BadInput("n_random", got=repr(n_random), expected="a whole number, 0 or more", repair="1000 is usual.")
    left, cosines, right = np.linalg.svd(a.T @ b, full_matrices=False)
    vectors_a, vectors_b = a @ left, b @ right.T
    sines = np.linalg.norm(vectors_b - vectors_a * cosines, axis=0)
    angles = np.degrees(np.arctan2(sines, np.clip(cosines, 0, 1)))
    generator = Seeds(seed).numpy("principal_angles")
    k = len(angles)
    null = np.zeros((n_random, k))
    for i in range(n_random):
        draws = (np.linalg.qr(generator.standard_normal(one.shape))[0] for one in (a, b))
        first, second = draws
        null[i] = np.degrees(np.arccos(np.clip(np.linalg.svd(first.T @ second, compute_uv=False), 0, 1)))
    p = (1 + (null <= angles + 1e-9).sum(0)) / (1 + n_random) if n_random else np.full(k, np.nan)
    return PrincipalAngles(angles, vectors_a, vectors_b, null, np.asarray(p))


def angle_between_axes(
    A: npt.ArrayLike,
    B: npt.ArrayLike | None = None,
    *,
    signed: bool = False,
    names_a: Sequence[str] | None = None,
    names_b: Sequence[str] | None = None,
) -> AxisAngles:
    """Measure the angle between axes of a population, each of A with each of B.

    Parameters
    ----------
    A, B : array-like, shape (unit,) or (unit, axis)
        Directions, of any length; B is A if not given.
    signed : bool
        Whether opposite directions are 180 degrees apart; otherwise 90 is the largest angle.
    names_a, names_b : sequence of str, optional
        Names of the axes; "1", "2", ... if not given.

    Returns
    -------
    AxisAngles
        With the p value of two random directions: of these, the squared cosine has the distribution
        Beta(1/2, (n - 1)/2) in n dimensions.

    Raises
    ------
    BadInput
        If units differ, an axis has length 0, or a number is not finite.

    Examples
    --------
    >>> float(angle_between_axes([1.0, 0.0], [-1.0, -1.0])).__round__(3)
    45.0
    >>> float(angle_between_axes([1.0, 0.0], [-1.0, -1.0], signed=True)).__round__(3)
    135.0
    """
    from scipy.stats import beta

    a = _directions(A, "A")
    b = a if B is None else _directions(B, "B")
    if len(a) != len(b):
        raise BadInput("axes", got=f"{len(a)} and {len(b)} units", expected="the same units in both")
    names = []
    for given, one, what in ((names_a, a, "names_a"), (names_a if B is None else names_b, b, "names_b")):
        count = one.shape[1]
        if given is not None and len(given) != count:
            raise BadInput(what, got=f"{len(given)} names", expected=f"{count}, one for each axis")
        names.append(tuple(str(i + 1) for i in range(count)) if given is None else tuple(map(str, given)))
    # half-angle formula: exact near 0 and 180 degrees, where the arc cosine loses half the digits
    apart = np.linalg.norm(a[:, :, None] - b[:, None, :], axis=0)
    together = np.linalg.norm(a[:, :, None] + b[:, None, :], axis=0)
    degrees = np.degrees(2 * np.arctan2(apart, together))
    n = len(a)
    p = np.ones(degrees.shape) if n == 1 else beta.sf(np.cos(np.radians(degrees)) ** 2, 0.5, (n - 1) / 2)
    return AxisAngles(degrees if signed else np.minimum(degrees, 180 - degrees), np.asarray(p), names[0], names[1], n)


def _columns(given: npt.ArrayLike, name: str) -> Floats:
    columns = np.asarray(given, dtype=np.float64)
    if columns.ndim == 1:
        columns = columns[:, None]
    if columns.ndim != 2 or not columns.size:
        raise BadInput(name, got=f"shape {columns.shape}", expected="(unit, axis): one column for each axis")
    if not np.isfinite(columns).all():
        raise BadInput(name, got="a value that is not finite", expected="finite numbers")
    return columns


def _basis(given: npt.ArrayLike, name: str) -> Floats:
    """Return an orthonormal basis of the span of columns."""
    columns = _columns(given, name)
    left, sizes, _ = np.linalg.svd(columns, full_matrices=False)
    rank = int((sizes > LEAST * max(sizes[0], 1e-300)).sum())
    if rank < columns.shape[1]:
        raise BadInput(
            name,
            got=f"{columns.shape[1]} columns that span {rank} dimensions",
            expected="columns that are independent",
            repair="Leave out columns that are combinations of others.",
        )
    return np.asarray(left)


def _directions(given: npt.ArrayLike, name: str) -> Floats:
    columns = _columns(given, name)
    sizes = np.linalg.norm(columns, axis=0)
    if (sizes == 0).any():
        raise BadInput(name, got=f"axis {int(np.argmin(sizes))} of length 0", expected="directions")
    return np.asarray(columns / sizes)


def _quantiles(null: Floats) -> tuple[Floats, Floats, Floats]:
    if not len(null):
        empty = np.full(null.shape[1], np.nan)
        return empty, empty, empty
    low, middle, high = np.quantile(null, [0.025, 0.5, 0.975], axis=0)
    return low, middle, high
