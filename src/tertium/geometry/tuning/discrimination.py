"""`discriminability`: how well each unit tells two stimuli apart, d' and the area under the ROC curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput
from tertium.geometry.samples import labelled
from tertium.rng import Seeds

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go
    import xarray as xr

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Discriminability:
    """What `discriminability` found, each of shape (unit,).

    Attributes
    ----------
    d_prime : array, shape (unit,)
        Difference of the means, second stimulus less first, over the root mean variance; infinite without variance.
    area : array, shape (unit,)
        Under the ROC curve: how often a response to the second stimulus is above one to the first; 0.5 by chance.
    area_interval, d_prime_interval : array, shape (unit, 2)
        95 %, bootstrap over trials.
    p_value : array, shape (unit,)
        Two-sided, permutation of labels, of the area.
    pair : tuple
        The two stimuli.
    counts : tuple of int
        Trials of each.
    units : tuple of str
    """

    d_prime: Floats
    area: Floats
    area_interval: Floats
    d_prime_interval: Floats
    p_value: Floats
    pair: tuple[Any, Any]
    counts: tuple[int, int]
    units: tuple[str, ...]

    def table(self) -> pd.DataFrame:
        """Return one row a unit: d' and area with intervals, p value."""
        import pandas as pd

        columns: dict[str, Any] = {"unit": self.units, "d_prime": self.d_prime}
        columns |= {"d_prime_low": self.d_prime_interval[:, 0], "d_prime_high": self.d_prime_interval[:, 1]}
        columns |= {"area": self.area, "area_low": self.area_interval[:, 0], "area_high": self.area_interval[:, 1]}
        return pd.DataFrame(columns | {"p_value": self.p_value})

    def figure(self) -> go.Figure:
        """Draw the areas of all units in order, with their intervals, and chance."""
        from tertium import figure

        order = np.argsort(self.area)
        first, second = self.counts
        drawn = figure.new(
            x="unit, in order of the area",
            y="area under the ROC curve",
            title=f"{self.pair[1]} ({second} trials) against {self.pair[0]} ({first}); bootstrap 95 %",
        )
        values, ends = self.area[order], self.area_interval[order].T.tolist()
        figure.dots_with_intervals(drawn, list(range(1, len(order) + 1)), values.tolist(), *ends)
        figure.limit_line(drawn, 0.5, "chance")
        drawn.update_yaxes(range=[-0.03, 1.03])
        return drawn


def discriminability(
    r: xr.DataArray | npt.ArrayLike,
    labels: str | Sequence[Any] | npt.NDArray[Any],
    pair: tuple[Any, Any] | None = None,
    *,
    bootstrap: int = 500,
    permutations: int = 1000,
    seed: int | Seeds = 0,
) -> Discriminability:
    """Measure how well single trials of each unit tell two stimuli apart.

    Parameters
    ----------
    r : responses, or array (sample, unit) or (trial, time, unit)
        Trials are averaged over their time.
    labels : str or sequence, shape (sample,)
    pair : tuple, optional
        The two stimuli, where there are more.
    bootstrap, permutations : int
        Draws for intervals and for p values.
    seed : int or Seeds

    Returns
    -------
    Discriminability

    Raises
    ------
    BadInput
        If a stimulus does not occur, has fewer than 3 trials, more than two occur and no pair is named, or there are no
        draws.

    References
    ----------
    Green, D. M. & Swets, J. A. (1966). Signal Detection Theory and Psychophysics. Wiley.

    Examples
    --------
    >>> r = np.array([[1.0], [2.0], [3.0], [2.5], [3.5], [4.5]])
    >>> found = discriminability(r, ["left"] * 3 + ["right"] * 3)
    >>> found.d_prime.round(6).item(), found.area.round(3).item()
    (1.5, 0.889)
    """
    if bootstrap < 1 or permutations < 1:
        raise BadInput("draws", got=f"{bootstrap} and {permutations}", expected="1 or more of each")
    samples = labelled(r, labels)
    chosen = samples.levels if pair is None else tuple(pair)
    if len(chosen) != 2 or chosen[0] == chosen[1] or not set(chosen) <= set(samples.levels):
        raise BadInput(
            "pair",
            got=", ".join(str(one) for one in chosen[:6]),
            expected=f"two different ones of {', '.join(str(one) for one in samples.levels[:6])}",
        )
    first, second = (samples.values[samples.codes == samples.levels.index(one)] for one in chosen)
    if min(len(first), len(second)) < 3:
        raise BadInput("trials", got=f"{len(first)} and {len(second)}", expected="3 or more of each stimulus")
    seeds = seed if isinstance(seed, Seeds) else Seeds(seed)
    area = _area(first, second)
    areas, sharpness = _bootstrap(first, second, bootstrap, seeds.numpy("bootstrap"))
    return Discriminability(
        d_prime=_d_prime(first, second),
        area=area,
        area_interval=np.quantile(areas, [0.025, 0.975], axis=0).T,
        d_prime_interval=np.quantile(sharpness, [0.025, 0.975], axis=0).T,
        p_value=_p_values(first, second, area, permutations, seeds.numpy("permutations")),
        pair=(chosen[0], chosen[1]),
        counts=(len(first), len(second)),
        units=samples.units,
    )


def _d_prime(first: Floats, second: Floats) -> Floats:
    spread = np.sqrt((first.var(0, ddof=1) + second.var(0, ddof=1)) / 2)
    gap = second.mean(0) - first.mean(0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(gap == 0, 0.0, gap / spread)


def _area(first: Floats, second: Floats) -> Floats:
    from scipy.stats import rankdata

    ranks = rankdata(np.concatenate([first, second]), axis=0)[len(first) :].sum(0)
    return np.asarray((ranks - len(second) * (len(second) + 1) / 2) / (len(first) * len(second)))


def _bootstrap(first: Floats, second: Floats, draws: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    areas, sharpness = [], []
    for _ in range(draws):
        a, b = (one[rng.integers(len(one), size=len(one))] for one in (first, second))
        areas.append(_area(a, b))
        sharpness.append(_d_prime(a, b))
    return np.array(areas), np.array(sharpness)


def _p_values(first: Floats, second: Floats, area: Floats, draws: int, rng: np.random.Generator) -> Floats:
    from scipy.stats import rankdata

    n, m = len(first), len(second)
    ranks = rankdata(np.concatenate([first, second]), axis=0)
    members = rng.random((draws, n + m)).argsort(1) < m
    drawn = (members @ ranks - m * (m + 1) / 2) / (n * m)
    extreme = (np.abs(drawn - 0.5) >= np.abs(area - 0.5) - 1e-12).sum(0)
    return np.asarray((1 + extreme) / (1 + draws))
