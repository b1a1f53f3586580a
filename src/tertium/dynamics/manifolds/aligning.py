"""How well a recovered angle agrees with a measured one, whose zero and sense of rotation nobody knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CircularAlignment:
    """Two angles on top of each other; see `circular_alignment`.

    Attributes
    ----------
    aligned, target : array, shape (sample,)
        The first angle, turned (and mirrored), and the second; rad, 0 to 2 pi; NaN where one of them was.
    sign : {1, -1}
        -1 if it had to be mirrored.
    shift : float
        Rad; ``aligned = sign * a + shift``.
    correlation : float
        Circular correlation: 1 if one is the other turned, -1 if mirrored, 0 if they have nothing in common. From -1
        to 1, before alignment (which does not change it but for the sign).
    """

    aligned: Floats
    target: Floats
    sign: int
    shift: float
    correlation: float

    @property
    def errors(self) -> Floats:
        """Signed difference, aligned minus target, rad, -pi to pi, of the samples that have both."""
        there = np.isfinite(self.aligned)
        return np.asarray(np.angle(np.exp(1j * (self.aligned[there] - self.target[there]))))

    @property
    def median_error(self) -> float:
        """Median absolute difference, degrees; 90 is chance."""
        return float(np.degrees(np.median(np.abs(self.errors))))

    @property
    def length(self) -> float:
        """Length of the mean vector of the differences: 1 if they are all the same."""
        return float(np.abs(np.exp(1j * self.errors).mean()))

    def table(self) -> pd.DataFrame:
        """Return one row: median error (degrees), correlation, length, sign, shift (degrees), samples, and without."""
        import pandas as pd

        row = {
            "median_error": self.median_error,
            "correlation": self.correlation,
            "length": self.length,
            "sign": self.sign,
            "shift": float(np.degrees(self.shift)),
            "samples": len(self.errors),
            "left_out": len(self.aligned) - len(self.errors),
        }
        return pd.DataFrame([row])

    def figure(
        self, time: npt.ArrayLike | None = None, *, span: tuple[float, float] | None = None, name: str = "measured"
    ) -> go.Figure:
        """Draw both angles against time (seconds; by default the number of the sample), or a span of it."""
        from tertium.dynamics.manifolds.pictures import alignment_figure

        return alignment_figure(self, time, span=span, name=name)


def circular_alignment(
    a: npt.ArrayLike, b: npt.ArrayLike, *, reflect: Literal["allowed", "never"] = "allowed"
) -> CircularAlignment:
    """Turn, and mirror if need be, one angle so that it agrees best with another.

    The rotation is the one with the largest mean cosine of the differences. The correlation is that of Fisher & Lee
    (1983, Biometrika 70:327, eq. 2.2), from all pairs of samples; it needs no mean direction, which angles that cover
    the circle do not have.

    Parameters
    ----------
    a, b : array-like, shape (sample,)
        Rad; samples where one of them is NaN are left out.
    reflect : {"allowed", "never"}

    Returns
    -------
    CircularAlignment

    Raises
    ------
    BadInput
        If the lengths differ, fewer than three samples are left, or an angle is the same everywhere.

    Examples
    --------
    >>> a = np.linspace(0, 6, 50)
    >>> found = circular_alignment(a, 1 - a)
    >>> found.sign, round(found.shift, 6), round(found.median_error, 6), round(found.correlation, 6)
    (-1, 1.0, 0.0, -1.0)
    """
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if first.shape != second.shape or first.ndim != 1:
        raise BadInput("angles", got=f"shapes {first.shape} and {second.shape}", expected="two of the same length")
    if reflect not in ("allowed", "never"):
        raise BadInput("reflect", got=repr(reflect), expected="'allowed' or 'never'")
    there = np.isfinite(first) & np.isfinite(second)
    if there.sum() < 3:
        raise BadInput("angles", got=f"{there.sum()} samples that have both", expected="at least 3")
    one, other = first[there], second[there]
    means = {sign: complex(np.exp(1j * (other - sign * one)).mean()) for sign in (1, -1)}
    sign = -1 if reflect == "allowed" and abs(means[-1]) > abs(means[1]) else 1
    shift, turn = float(np.angle(means[sign])), 2 * np.pi
    aligned = np.where(there, (sign * first + shift) % turn, np.nan)
    return CircularAlignment(aligned, np.where(there, second % turn, np.nan), sign, shift, _correlation(one, other))


def _correlation(a: Floats, b: Floats) -> float:
    """Return the sum over pairs of sin(a_i - a_j) sin(b_i - b_j), normalised, without going through the pairs."""
    same, mirrored = np.exp(1j * (a - b)).sum(), np.exp(1j * (a + b)).sum()
    rest = [len(a) ** 2 - abs(np.exp(2j * angle).sum()) ** 2 for angle in (a, b)]
    if min(rest) <= 1e-12 * len(a) ** 2:
        raise BadInput("angles", got="one that never varies (or only by half a turn)", expected="angles that vary")
    return float((abs(same) ** 2 - abs(mirrored) ** 2) / np.sqrt(rest[0] * rest[1]))
