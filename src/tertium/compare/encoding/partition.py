"""What each of several feature spaces explains by itself, and what they explain in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tertium.compare.encoding.front import encode
from tertium.compare.encoding.models.banded_ridge import BandedRidge
from tertium.compare.encoding.tables import matched_tables
from tertium.compare.validation.folds import CrossValidation
from tertium.compare.validation.score import Score
from tertium.errors import BadInput

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go
    import xarray as xr

FloatArray = npt.NDArray[np.float64]
Names = tuple[str, ...]

#: Feature spaces at most: every set of them is fitted.
MOST = 4


@dataclass(frozen=True, eq=False)
class VariancePartition:
    """Shares of the variance of responses that feature spaces explain, alone and in common.

    Attributes
    ----------
    scores : dict of tuple of str to Score
        R2 of every set of feature spaces, on samples that were not fitted.
    shares : dict of tuple of str to array, shape (unit,)
        For one space: what is lost without it (its unique share). For several: what they explain in common, and no
        other space does. All shares of a unit add up to the R2 of all spaces. Where two spaces help each other (or
        both overfit), a common share is below 0.
    draws : dict of tuple of str to array, shape (draw, unit)
        The shares in bootstrap draws of tested samples.
    """

    scores: dict[Names, Score]
    shares: dict[Names, FloatArray]
    draws: dict[Names, FloatArray]

    @property
    def total(self) -> Score:
        """R2 of all feature spaces together."""
        return self.scores[max(self.scores, key=len)]

    def table(self) -> pd.DataFrame:
        """Return one row for each share: mean over units, and its interval over draws of samples."""
        import pandas as pd

        rows = []
        for names, share in self.shares.items():
            low, high = _interval(self.draws[names])
            rows.append(
                {"features": _said(names), "share": float(share.mean()), "low": low, "high": high, "units": len(share)}
            )
        return pd.DataFrame(rows).set_index("features")

    def figure(self) -> go.Figure:
        """Draw the mean shares with their intervals."""
        from tertium import figure

        table = self.table()
        drawn = figure.new(
            x="features",
            y="share of the variance (R2, held-out)",
            title=f"Variance explained, {len(self.total)} units, {self.total.n_samples} samples: {self.total.mean:.3f}",
        )
        shares = table["share"].tolist()
        bars = figure.error_bars(shares, table["low"].tolist(), table["high"].tolist())
        colours = [figure.COLOURS[0] if len(names) == 1 else figure.COLOURS[6] for names in self.shares]
        drawn.add_bar(
            x=table.index.tolist(), y=shares, error_y=bars if np.isfinite(table["low"]).all() else None,
            marker={"color": colours}, showlegend=False,
        )  # fmt: skip
        drawn.add_hline(y=0.0, line_width=1, line_color="#888888")
        return drawn


def partition_variance(
    features: Mapping[str, xr.DataArray | npt.ArrayLike],
    Y: xr.DataArray | npt.ArrayLike,
    *,
    cv: int | CrossValidation = 5,
    by: str = "stimulus",
    band_draws: int = 10,
    n_bootstrap: int = 200,
    seed: int = 0,
) -> VariancePartition:
    """Ask what each feature space explains that no other does, and what they explain in common.

    Every set of feature spaces is fitted (by banded ridge regression, so that a large space does not drown a small one)
    under the same folds and scored by R2 on held-out samples; shares are differences of these (commonality analysis,
    Nimon & Oswald 2013; variance partitioning, Lescroart, Stansbury & Gallant 2015).

    Parameters
    ----------
    features : mapping of str to responses or array (sample, feature)
        Two to four feature spaces; labelled ones are matched to Y by stimulus.
    Y, cv, by, n_bootstrap, seed
        As of `encode`.
    band_draws : int
        Weights of feature spaces drawn at random, as of `BandedRidge`.

    Returns
    -------
    VariancePartition

    Raises
    ------
    BadInput
        If there are fewer than two feature spaces or more than four, or as `encode`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> A, B = rng.normal(size=(2, 300, 3))
    >>> Y = 2 * A @ rng.normal(size=(3, 4)) + B @ rng.normal(size=(3, 4)) + rng.normal(size=(300, 4))
    >>> found = partition_variance({"A": A, "B": B}, Y, cv=3, n_bootstrap=0, band_draws=0)
    >>> bool(found.shares["A",].mean() > found.shares["B",].mean() > abs(found.shares["A", "B"].mean()))
    True
    """
    if not 2 <= len(features) <= MOST:
        raise BadInput(
            "features",
            got=f"{len(features)} feature spaces",
            expected=f"2 to {MOST}: every set of them is fitted",
            repair="Put some together." if len(features) > MOST else "Call encode for one.",
        )
    spaces = {name: in_order_of(Y, given, name, by) for name, given in features.items()}
    scores: dict[Names, Score] = {}
    for size in range(1, len(spaces) + 1):
        for names in combinations(spaces, size):
            X = np.concatenate([spaces[name] for name in names], axis=1)
            model = BandedRidge(tuple(spaces[name].shape[1] for name in names), draws=band_draws, seed=seed)
            scores[names] = encode(X, Y, model, cv=cv, by=by, measure="r2", n_bootstrap=n_bootstrap, seed=seed)
    values = {frozenset(names): score.value for names, score in scores.items()}
    draws = {frozenset(names): score.draws for names, score in scores.items()}
    everything = tuple(spaces)
    return VariancePartition(
        scores,
        {names: _share(names, everything, values) for names in scores},
        {names: _share(names, everything, draws) for names in scores},
    )


def _share(names: Names, everything: Names, values: dict[frozenset[str], FloatArray]) -> FloatArray:
    """Return what exactly these spaces have in common: inclusion and exclusion over what the others explain.

    With f(S) the R2 of a set, the share of T is the sum over subsets U of T of (-1)^(|U|+1) f(others + U), less or plus
    f(others) for the empty subset.
    """
    others = frozenset(everything) - frozenset(names)
    total = np.zeros_like(next(iter(values.values())))
    for size in range(len(names) + 1):
        for some in combinations(names, size):
            together = others | frozenset(some)
            if together:
                total += (-1) ** (size + 1) * values[together]
    return total


def in_order_of(Y: xr.DataArray | npt.ArrayLike, given: xr.DataArray | npt.ArrayLike, name: str, by: str) -> FloatArray:
    """Return features, (sample, feature), in Y's order of stimuli; what does not fit is refused by the space's name."""
    try:
        _, table = matched_tables(Y, given, by)
    except BadInput as fault:
        raise BadInput(f"features '{name}'", got=fault.got, expected=fault.expected, repair=fault.repair) from fault
    return table.block(0, table.width)


def _interval(draws: FloatArray) -> tuple[float, float]:
    if not len(draws):
        return float("nan"), float("nan")
    low, high = np.quantile(draws.mean(1), [0.025, 0.975])
    return float(low), float(high)


def _said(names: Names) -> str:
    return f"only {names[0]}" if len(names) == 1 else "common to " + " and ".join(names)
