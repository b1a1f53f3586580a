"""`linear_separability`: how many of the ways to divide classes in two a linear readout can carry out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput
from tertium.geometry.capacity.planes import largest_margin
from tertium.geometry.samples import labelled
from tertium.rng import Seeds

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go
    import xarray as xr

Floats = npt.NDArray[np.float64]

#: With so many classes or fewer all dichotomies are tried where ``dichotomies`` allows.
FEW = 16


@dataclass(frozen=True, eq=False)
class LinearSeparability:
    """What `linear_separability` found.

    Attributes
    ----------
    fraction : float
        Share of the dichotomies that are linearly separable.
    interval : tuple of float
        95 %, Wilson's; both ends are the fraction where all dichotomies were tried.
    margins : array, shape (dichotomy,)
        Largest distance of all samples from a plane, in units of the responses; 0 where none separates.
    relative : array, shape (dichotomy,)
        The same over the largest distance of a sample from the mean.
    sides : array of int, shape (dichotomy, class)
        -1 or 1.
    names : tuple of str
        Of the classes.
    every : bool
        Whether all dichotomies were tried.
    """

    fraction: float
    interval: tuple[float, float]
    margins: Floats
    relative: Floats
    sides: npt.NDArray[np.int64]
    names: tuple[str, ...]
    every: bool

    def __float__(self) -> float:
        return self.fraction

    def table(self) -> pd.DataFrame:
        """Return one row a dichotomy: the classes on one side, whether it is separable, its margin."""
        import pandas as pd

        ones = [", ".join(name for name, s in zip(self.names, side, strict=True) if s > 0) for side in self.sides]
        columns = {"side": ones, "separable": self.margins > 0, "margin": self.margins, "relative": self.relative}
        return pd.DataFrame(columns)

    def figure(self) -> go.Figure:
        """Draw how many dichotomies have which margin; those that are not separable stand at 0."""
        from tertium import figure

        low, high = self.interval
        which = "all" if self.every else f"random, 95 % [{100 * low:.0f}, {100 * high:.0f}]"
        drawn = figure.new(
            x="margin (share of the largest distance from the mean)",
            y=f"dichotomies (of {len(self.margins)}, {'all' if self.every else 'random'})",
            title=f"{100 * self.fraction:.0f} % of dichotomies of {len(self.names)} classes are separable ({which})",
        )
        most = 1.05 * float(self.relative.max(initial=1e-3))
        wide = most / 30
        apart = self.relative[self.margins > 0]
        drawn.add_histogram(
            x=apart,
            xbins={"start": 0, "end": most, "size": wide},
            marker={"color": figure.COLOURS[0]},
            name="separable",
        )
        drawn.add_bar(
            x=[-wide], y=[int((self.margins == 0).sum())], width=[wide],
            marker={"color": figure.COLOURS[1]}, name="not separable",
        )  # fmt: skip
        drawn.update_xaxes(range=[-2 * wide, most])
        drawn.update_layout(bargap=0.05, barmode="overlay", legend={"x": 0.98, "xanchor": "right", "y": 0.98})
        return drawn


def linear_separability(
    r: xr.DataArray | npt.ArrayLike,
    labels: str | Sequence[Any] | npt.NDArray[Any],
    *,
    dichotomies: int = 200,
    seed: int | Seeds = 0,
) -> LinearSeparability:
    """Count how many of the ways to divide classes in two a linear readout with a bias can carry out without mistakes.

    All samples of a class lie on one side. Two classes have one dichotomy; of many the share that is separable measures
    how freely a readout can be chosen (Rigotti et al. 2013). With as many units as samples everything is separable:
    compare with shuffled labels, or hold the number of units down.

    Parameters
    ----------
    r : responses, or array (sample, unit) or (trial, time, unit)
        Trials are averaged over their time.
    labels : str or sequence, shape (sample,)
        The class of each sample.
    dichotomies : int
        All are tried where there are no more, otherwise so many random ones.
    seed : int or Seeds

    Returns
    -------
    LinearSeparability

    Raises
    ------
    BadInput
        If there are fewer than 2 classes, values are not finite, or nothing varies.

    References
    ----------
    Rigotti, M. et al. (2013). The importance of mixed selectivity in complex cognitive tasks. Nature 497:585-590.

    Examples
    --------
    >>> square = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    >>> found = linear_separability(square, ["a", "b", "c", "d"])
    >>> round(found.fraction, 3), found.table().query("not separable")["side"].item()  # all but XOR
    (0.857, 'a, d')
    """
    if dichotomies < 1:
        raise BadInput("dichotomies", got=f"{dichotomies}", expected="1 or more")
    samples = labelled(r, labels, each=1)
    centred = samples.values - samples.values.mean(0)
    reach = float(np.linalg.norm(centred, axis=1).max())
    if reach == 0:
        raise BadInput("samples", got="units that never vary", expected="some variance")
    sides, every = _sides(len(samples.levels), dichotomies, seed if isinstance(seed, Seeds) else Seeds(seed))
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):  # many small products: threads would wait for each other
        margins = np.array([_margin(centred / reach, samples.codes, side) for side in sides]) * reach
    p, n, z = float((margins > 0).mean()), len(margins), 1.96
    middle, half = p + z**2 / (2 * n), z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    ends = (p, p) if every else (float((middle - half) / (1 + z**2 / n)), float((middle + half) / (1 + z**2 / n)))
    names = tuple(str(level) for level in samples.levels)
    return LinearSeparability(p, ends, margins, margins / reach, sides, names, every)


def _sides(classes: int, most: int, seeds: Seeds) -> tuple[npt.NDArray[np.int64], bool]:
    """Return dichotomies (dichotomy, class) of which none has all on one side, each once, the first class at 1."""
    if classes <= FEW and 2 ** (classes - 1) - 1 <= most:
        chosen = [c for size in range(classes - 1) for c in combinations(range(1, classes), size)]
        sides = -np.ones((len(chosen), classes), dtype=np.int64)
        sides[:, 0] = 1
        for row, members in zip(sides, chosen, strict=True):
            row[list(members)] = 1
        return sides, True
    rng = seeds.numpy("dichotomies")
    drawn = np.zeros((0, classes), dtype=np.int64)
    while len(drawn) < most:
        more = rng.choice([-1, 1], size=(most, classes))
        drawn = np.concatenate([drawn, more[np.abs(more.sum(1)) < classes]])
    return drawn[:most], False


def _margin(centred: Floats, codes: npt.NDArray[np.int64], side: npt.NDArray[np.int64]) -> float:
    """Return the largest margin of a plane with a bias: that of the differences of samples of both sides."""
    signs = side[codes]
    above, below = centred[signs > 0], centred[signs < 0]

    # the margin is half the distance of the two hulls, whose differences lie on one side of a plane through the origin
    def worst(normal: Floats) -> Floats:
        return np.asarray((above[(above @ normal).argmin()] - below[(below @ normal).argmax()])[None])

    start = (above.mean(0) - below.mean(0))[None]
    return largest_margin(worst, start)[0] / 2 if np.linalg.norm(start) > 0 else 0.0
