"""Whether fluctuations run the same forwards and backwards in time, as those of symmetric networks do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tertium.dynamics.states import is_responses
from tertium.errors import BadInput
from tertium.rng import Seeds

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go
    import xarray as xr

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LagAsymmetry:
    """What `lag_asymmetry` found.

    Attributes
    ----------
    value : float
        Power of the antisymmetric part of lagged covariances relative to the symmetric part, sampling noise taken off.
    p_value : float
        Probability of so much asymmetry if time had no direction (trials reversed at random).
    lag : int
        Steps.
    covariances : array, shape (unit, unit)
        ``<x_i(t + lag) x_j(t)>``.
    """

    value: float
    p_value: float
    lag: int
    covariances: Floats

    def table(self) -> pd.DataFrame:
        """Return the numbers, one row."""
        import pandas as pd

        return pd.DataFrame([{"asymmetry": self.value, "p_value": self.p_value, "lag": self.lag}])

    def figure(self) -> go.Figure:
        """Draw covariances of pairs of units, one leading against the other leading: on the diagonal if reversible."""
        from tertium import figure

        above = np.triu_indices(len(self.covariances), 1)
        first, second = self.covariances[above], self.covariances.T[above]
        some = slice(None, None, 1 + len(first) // 3000)
        drawn = figure.new(
            x=f"covariance, unit j leads by {self.lag} steps", y="covariance, unit i leads", width=480, height=460,
            title=f"asymmetry {self.value:.2f}, p = {self.p_value:.3f} (n = {len(first)} pairs)",
        )  # fmt: skip
        look = {"size": 4, "opacity": 0.35, "color": figure.COLOURS[0]}
        drawn.add_scatter(x=first[some], y=second[some], mode="markers", marker=look, showlegend=False)
        ends = [float(min(first.min(), second.min())), float(max(first.max(), second.max()))]
        dash = {"color": "#888888", "width": 1, "dash": "dash"}
        drawn.add_scatter(x=ends, y=ends, mode="lines", line=dash, showlegend=False)
        return drawn


def lag_asymmetry(
    data: xr.DataArray | npt.ArrayLike, lag: int, *, n_permutations: int = 199, seed: int | Seeds = 0
) -> LagAsymmetry:
    """Measure whether time has a direction in the fluctuations of a population.

    A linear network with symmetric weights and equal noise is at equilibrium: covariances at a lag are the same
    whichever of two units leads. Independent weights in the two directions make them differ. So this tells networks
    apart whose covariances at lag 0 look alike. Antisymmetric and symmetric parts of the covariances of different units
    are multiplied between two halves of the trials, so that sampling noise adds nothing.

    Parameters
    ----------
    data : responses, or array-like of shape (trial, time, unit)
    lag : int
        Steps, 1 or more.
    n_permutations : int
        Draws of the test, which turns the time of randomly chosen trials round.
    seed : int or Seeds
        Of halves and test.

    Returns
    -------
    LagAsymmetry

    Raises
    ------
    BadInput
        If there are fewer than 20 trials or 2 units, no time left at this lag, or a value is not finite.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(100, 50, 2))
    >>> x[:, 1:, 1] += x[:, :-1, 0]  # the first unit leads
    >>> found = lag_asymmetry(x, 1)
    >>> round(found.value, 1), found.p_value
    (0.9, 0.005)
    """
    values = np.asarray(data.values if is_responses(data) else data, dtype=np.float64)
    if values.ndim != 3 or len(values) < 20 or values.shape[2] < 2:
        raise BadInput("activity", got=f"shape {values.shape}", expected="(trial, time, unit), 20 trials and 2 units")
    if not np.isfinite(values).all():
        raise BadInput("activity", got="a value that is not finite", expected="finite numbers")
    if not 1 <= lag < values.shape[1]:
        raise BadInput("lag", got=str(lag), expected=f"1 to {values.shape[1] - 1} steps")
    if n_permutations < 1:
        raise BadInput("n_permutations", got=str(n_permutations), expected="at least 1")
    seeds = seed if isinstance(seed, Seeds) else Seeds(seed)
    x = values - values.mean(axis=(0, 1))
    steps = x.shape[1] - lag
    late, early = x[:, lag:], x[:, :-lag]
    order = seeds.numpy("halves").permutation(len(x))
    halves = order[: len(x) // 2], order[len(x) // 2 :]
    parts = [np.einsum("kti,ktj->ij", late[h], early[h], optimize=True) / (len(h) * steps) for h in halves]
    symmetric, antisymmetric = (_part(parts, sign) for sign in (1, -1))
    power = _off_diagonal(symmetric[0] * symmetric[1])
    chance = _reversed(late, early, halves, n_permutations, seeds.numpy("reversal"))
    found = _off_diagonal(antisymmetric[0] * antisymmetric[1])
    p_value = (1 + int((chance >= found).sum())) / (n_permutations + 1)
    return LagAsymmetry(found / power, p_value, lag, (parts[0] + parts[1]) / 2)


def _part(parts: list[Floats], sign: int) -> list[Floats]:
    """Return the symmetric (1) or the antisymmetric (-1) part of each matrix."""
    return [(part + sign * part.T) / 2 for part in parts]


def _reversed(
    late: Floats, early: Floats, halves: tuple[npt.NDArray[np.int64], ...], n: int, rng: np.random.Generator
) -> Floats:
    """Return the antisymmetric power with the time of random trials turned round, shape (draw,)."""
    trials, steps, units = late.shape
    above = np.triu_indices(units, 1)
    own = np.empty((trials, len(above[0])))
    for k in range(trials):
        covariance = late[k].T @ early[k] / steps
        own[k] = ((covariance - covariance.T) / 2)[above]
    draws = np.empty(n)
    for i in range(n):
        turned = rng.choice([-1.0, 1.0], trials)
        first, second = (turned[h] @ own[h] / len(h) for h in halves)
        draws[i] = 2 * float(first @ second)
    return draws


def _off_diagonal(matrix: Floats) -> float:
    return float(matrix.sum() - np.trace(matrix))
