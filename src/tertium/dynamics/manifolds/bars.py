"""Barcodes: which components and loops a cloud of points has, and over which range of scales each is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tertium.dynamics.manifolds.clouds import MOST
from tertium.dynamics.manifolds.cohomology import Cocycle, cohomology
from tertium.dynamics.manifolds.filtration import Filtration
from tertium.errors import BadInput

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Primes below this fit the arithmetic of the reduction.
LARGEST_PRIME = 180


@dataclass(frozen=True, eq=False)
class Barcode:
    """Components (dimension 0) and loops (dimension 1) of a cloud, longest first; see `persistent_cohomology`.

    Attributes
    ----------
    dimensions : array of int, shape (bar,)
        0 of components, then 1 of loops.
    births, deaths : array, shape (bar,)
        Scale (largest distance of points that are joined) at which it appears, and at which it merges or is filled;
        infinite where it never does.
    cocycles : tuple of Cocycle
        One for each loop, in the order of the bars of dimension 1.
    filtration : Filtration
        Edges in order, as the cocycles refer to them.
    prime : int
    """

    dimensions: Ints
    births: Floats
    deaths: Floats
    cocycles: tuple[Cocycle, ...]
    filtration: Filtration
    prime: int

    def __len__(self) -> int:
        return len(self.births)

    @property
    def lengths(self) -> Floats:
        """Death minus birth, (bar,)."""
        return self.deaths - self.births

    def loops(self) -> Floats:
        """Return births and deaths of the loops, longest first, (loop, 2)."""
        one = self.dimensions == 1
        return np.stack([self.births[one], self.deaths[one]], axis=1)

    def longest(self) -> tuple[float, float]:
        """Return the lengths of the longest and of the second longest loop; 0 where there is none."""
        lengths = [*self.lengths[self.dimensions == 1][:2].tolist(), 0.0, 0.0]
        return lengths[0], lengths[1]

    def table(self) -> pd.DataFrame:
        """Return one row a bar: dimension, birth, death, length."""
        import pandas as pd

        return pd.DataFrame(
            {"dimension": self.dimensions, "birth": self.births, "death": self.deaths, "length": self.lengths}
        )

    def figure(self, most: int = 40) -> go.Figure:
        """Draw the longest bars of each dimension, at most so many."""
        from tertium.dynamics.manifolds.bar_pictures import barcode_figure

        return barcode_figure(self, most=most)


def persistent_cohomology(
    points: npt.ArrayLike, *, distances: bool = False, threshold: float | None = None, prime: int = 47
) -> Barcode:
    """Find the components and loops of a cloud of points over all scales (Vietoris-Rips persistence).

    At each scale points nearer than it are joined, and three points that are all joined span a triangle. A ring of
    states has a loop that appears early and is filled late; loops by chance are short. Pass a few hundred points: see
    `Preparation` for landmarks of many.

    Parameters
    ----------
    points : array-like, shape (point, dimension)
        Or their distances, shape (point, point), with ``distances=True``: symmetric, zero on the diagonal.
    distances : bool
        Whether distances are passed.
    threshold : float, optional
        Largest scale looked at. The default is the least distance within which some point reaches all others: there is
        no loop beyond.
    prime : int
        Coefficients are integers modulo it: 2 to 179. Bars depend on it only where a shape has torsion, which a cloud
        of states hardly has.

    Returns
    -------
    Barcode

    Raises
    ------
    BadInput
        If points are too few, too many or not finite, distances are none, or the prime is none.

    Notes
    -----
    Cohomology with clearing and apparent pairs: de Silva, Morozov & Vejdemo-Johansson 2011 (Inverse Problems
    27:124003), Bauer 2021 (J Appl Comput Topol 5:391). 300 points take about half a second.

    Examples
    --------
    >>> angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    >>> found = persistent_cohomology(np.stack([np.cos(angle), np.sin(angle)], axis=1))
    >>> found.loops().round(2).tolist()  # born when neighbours touch; filled by a triangle: 2 sin(pi / 3)
    [[0.26, 1.73]]
    """
    between = _distances(np.asarray(points, dtype=np.float64), given=distances)
    if prime not in _primes():
        raise BadInput("prime", got=str(prime), expected=f"a prime below {LARGEST_PRIME}")
    enclosing = float(between.max(1).min())
    limit = enclosing if threshold is None else threshold
    if not limit > 0:
        raise BadInput("threshold", got=f"{limit}", expected="a distance above 0", repair="Do all points coincide?")
    filtration = Filtration.of(between, min(limit, enclosing))
    found = cohomology(filtration, prime)
    length_of = np.append(filtration.lengths, np.inf)
    births, deaths = filtration.lengths[found.births], length_of[found.deaths]
    order = np.argsort(births - deaths, kind="stable")
    order = order[births[order] < deaths[order]]
    ends = np.append(filtration.lengths[found.merges], np.full(len(between) - len(found.merges), np.inf))[::-1]
    return Barcode(
        dimensions=np.repeat([0, 1], [len(ends), len(order)]).astype(np.int64),
        births=np.concatenate([np.zeros(len(ends)), births[order]]),
        deaths=np.concatenate([ends, deaths[order]]),
        cocycles=tuple(found.cocycles[i] for i in order),
        filtration=filtration,
        prime=prime,
    )


def _distances(points: Floats, *, given: bool) -> Floats:
    if points.ndim != 2 or not 4 <= len(points) <= MOST or not points.shape[1]:
        raise BadInput(
            "points",
            got=f"shape {points.shape}",
            expected=f"(point, dimension), 4 to {MOST} points",
            repair="Of more points take landmarks: Preparation(landmarks=200).cloud(points).",
        )
    if not np.isfinite(points).all():
        raise BadInput("points", got="a value that is not finite", expected="finite numbers")
    if not given:
        from scipy.spatial.distance import pdist, squareform

        return np.asarray(squareform(pdist(points)))
    square = points.shape[0] == points.shape[1]
    if not square or np.diag(points).any() or points.min() < 0 or not np.array_equal(points, points.T):
        raise BadInput(
            "distances",
            got=f"shape {points.shape}, not symmetric, below 0, or not 0 on the diagonal",
            expected="a symmetric table of distances, zero on its diagonal",
        )
    return points


def _primes() -> list[int]:
    return [p for p in range(2, LARGEST_PRIME) if all(p % d for d in range(2, int(p**0.5) + 1))]
