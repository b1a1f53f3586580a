"""`shattering`: how many of all ways to divide conditions a linear decoder can read, and which of them generalise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tertium import figure as style
from tertium.compare.decoding.decoders.contract import Decoder, FloatArray
from tertium.compare.decoding.front import decode
from tertium.compare.decoding.transfer import cross_condition_generalisation
from tertium.compare.validation.folds import StratifiedKFold
from tertium.data.responses import make_responses
from tertium.errors import BadInput

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go
    import xarray as xr

#: Conditions above which there are too many halves to try all (12 conditions: 462).
_MOST = 12


@dataclass(frozen=True, eq=False)
class Shattering:
    """Every division of conditions into halves, decoded; see `tertium.compare.shattering`.

    Attributes
    ----------
    decoding : array, shape (division,)
        Cross-validated balanced accuracy, all conditions fitted.
    generalisation : array, shape (division,)
        Balanced accuracy in conditions that were not fitted.
    divisions : tuple of tuple of str
        The half that holds the first condition.
    conditions : tuple of str
    n_trials, n_units : int
    method : str
    """

    decoding: FloatArray
    generalisation: FloatArray
    divisions: tuple[tuple[str, ...], ...]
    conditions: tuple[str, ...]
    n_trials: int
    n_units: int
    method: str

    @property
    def dimensionality(self) -> float:
        """Shattering dimensionality: the mean of decoding over all divisions, 0.5 (chance) to 1."""
        return float(self.decoding.mean())

    def table(self) -> pd.DataFrame:
        """Return one row for each division, the one that generalises best first."""
        import pandas as pd

        table = pd.DataFrame(
            {
                "half": [", ".join(half) for half in self.divisions],
                "decoding": self.decoding,
                "generalisation": self.generalisation,
                "chance": 0.5,
            }
        )
        return table.sort_values("generalisation", ascending=False, ignore_index=True)

    def figure(self) -> go.Figure:
        """Draw generalisation against decoding, a point for each division."""
        drawn = style.new(
            x="decoding (balanced accuracy, all conditions fitted)",
            y="generalisation (conditions not fitted)",
            title=f"{len(self.divisions)} divisions of {len(self.conditions)} conditions, by {self.method}: "
            f"shattering dimensionality {self.dimensionality:.2f}<br>{self.n_units} units, {self.n_trials} trials; "
            "dashed: chance",
            width=620,
            height=500,
        )
        drawn.update_layout(margin={"t": 64})
        drawn.add_scatter(
            x=self.decoding, y=self.generalisation, mode="markers", text=[", ".join(half) for half in self.divisions],
            marker={"size": 8, "color": style.COLOURS[0], "opacity": 0.7}, showlegend=False,
            hovertemplate="%{text}: %{x:.2f}, %{y:.2f}<extra></extra>",
        )  # fmt: skip
        drawn.update_xaxes(range=[0.3, 1.02]).update_yaxes(range=[-0.02, 1.02])
        style.limit_line(drawn, 0.5, "")
        return style.limit_line(drawn, 0.5, "", vertical=True)


def shattering(
    R: xr.DataArray | npt.ArrayLike,
    conditions: str | npt.ArrayLike,
    method: str | Decoder = "lda",
    *,
    folds: int = 5,
    seed: int = 0,
) -> Shattering:
    """Decode every division of conditions into two halves, and ask which generalise (Bernardi et al. 2020).

    A code of high dimension lets all be decoded; an abstract code lets a few generalise. Chance is 0.5 for both; test a
    single division with `decode` and `cross_condition_generalisation`.

    Parameters
    ----------
    R : responses, or array-like of shape (trial, unit)
        Averaged over time.
    conditions : str, or array-like of shape (trial,)
        An even number of conditions, 4 to 12.
    method : str or Decoder
        Of classes; see `decode`.
    folds : int
        For decoding.
    seed : int

    Raises
    ------
    BadInput
        If there are other numbers of conditions, or too few trials for the folds.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> R = np.repeat(3 * rng.normal(size=(4, 20)), 15, axis=0) + rng.normal(size=(60, 20))
    >>> found = shattering(R, np.repeat(list("abcd"), 15))
    >>> found.dimensionality > 0.95, len(found.divisions)
    (True, 3)
    """
    import xarray as xr

    r = R if isinstance(R, xr.DataArray) else make_responses(R)
    given = r[conditions].values if isinstance(conditions, str) and conditions in r.coords else np.asarray(conditions)
    if given.shape != (r.shape[0],):
        raise BadInput("conditions", got=f"{conditions!r:.60}", expected="a label of the trials, or one value for each")
    text = np.array([str(v) for v in given.tolist()], dtype=object)
    names = tuple(dict.fromkeys(text.tolist()))
    if len(names) % 2 or not 4 <= len(names) <= _MOST:
        raise BadInput("conditions", got=f"{len(names)}", expected=f"an even number, 4 to {_MOST}")
    codes = np.array([names.index(v) for v in text], dtype=np.int64)
    values = np.asarray(r.mean("time").values, dtype=np.float64)
    labelled = make_responses(values, trial={"cell": text})
    decoding, generalisation, halves, says = [], [], [], ""
    for division in dichotomies(len(names)):
        side = division[codes]
        one = labelled.assign_coords(side=("trial", side))
        scheme = StratifiedKFold("cell", folds, seed=seed)
        found = decode(one, "side", method, cv=scheme, n_permutations=0, n_bootstrap=0, seed=seed)
        decoding.append(found.mean)
        other = cross_condition_generalisation(one, "side", "cell", method, n_permutations=0, seed=seed)
        generalisation.append(other.value)
        halves.append(tuple(name for name, half in zip(names, division, strict=True) if half == 0))
        says = other.method
    n_trials, n_units = values.shape
    return Shattering(np.array(decoding), np.array(generalisation), tuple(halves), names, n_trials, n_units, says)


def dichotomies(conditions: int) -> Iterator[npt.NDArray[np.int64]]:
    """Yield every way to divide an even number of conditions into halves, once, (condition,) of 0 and 1.

    Examples
    --------
    >>> [division.tolist() for division in dichotomies(4)]
    [[0, 0, 1, 1], [0, 1, 0, 1], [0, 1, 1, 0]]
    """
    for others in combinations(range(1, conditions), conditions // 2 - 1):
        division = np.ones(conditions, dtype=np.int64)
        division[[0, *others]] = 0
        yield division
