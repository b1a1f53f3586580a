"""`stack_spaces`: feature spaces mixed for every unit, and what each of them explains at least and at most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tertium.compare.encoding.encoder import Encoder
from tertium.compare.encoding.front import encode
from tertium.compare.encoding.models.spaces.simplex import MOST
from tertium.compare.encoding.models.spaces.stacked import ReadyStacked, Stacked
from tertium.compare.encoding.partition import Names, in_order_of
from tertium.compare.encoding.tables import Table, matched_tables
from tertium.compare.validation.folds import CrossValidation, Folds, as_cross_validation
from tertium.compare.validation.score import Score
from tertium.errors import BadInput

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go
    import xarray as xr

FloatArray = npt.NDArray[np.float64]

#: Columns that are read, and units that are weighed, at a time.
_WIDTH = 1024


@dataclass(frozen=True, eq=False)
class StackedSpaces:
    """How well a mixture of feature spaces predicts, and what belongs to each of them.

    Attributes
    ----------
    spaces : tuple of str
        In the order given, which is that of the network where spaces are its layers.
    scores : dict of tuple of str to Score
        R2 on samples that were not fitted, of the mixtures of all spaces, of each space, of all but each, and of the
        first and the last few.
    weights : array, shape (fold, space, unit)
        Of the mixture of all: 0 or more, adding up to 1 over spaces. How much of each space's *prediction* is taken:
        of two spaces that predict alike either may get the weight.
    """

    spaces: Names
    scores: dict[Names, Score]
    weights: FloatArray

    @property
    def total(self) -> Score:
        """R2 of the mixture of all spaces."""
        return self.scores[self.spaces]

    @property
    def most(self) -> dict[str, FloatArray]:
        """R2 of each space by itself, shape (unit,): no more of what is explained can be its own.

        Held-out R2 is below 0 where a space explains nothing and is fitted nonetheless: then this is less than `least`.
        """
        return {name: self.scores[name,].value for name in self.spaces}

    @property
    def least(self) -> dict[str, FloatArray]:
        """What is lost without each space, shape (unit,): no other space explains it."""
        return {name: self.total.value - self.scores[self._without(name)].value for name in self.spaces}

    def needed(self, share: float = 0.95) -> dict[str, npt.NDArray[np.str_]]:
        """Return, for each unit, the spaces between which what explains it lies, where spaces are in an order.

        As structured variance partitioning (Lin et al. 2024): the spaces up to "last" already explain as large a share
        of what all explain, and so do those from "first" on. A unit that needs one space only has both at it. Where
        any space does, "last" comes before "first": they lie on either side of what is common.

        Parameters
        ----------
        share : float
            Above 0, at most 1.

        Returns
        -------
        dict of "first" and "last" to array of str, shape (unit,)
            "" where all spaces together explain nothing.

        Raises
        ------
        BadInput
            If the share is none.
        """
        if not 0 < share <= 1:
            raise BadInput("share", got=f"{share}", expected="a number above 0, at most 1")
        count, wanted = len(self.spaces), share * self.total.value
        from_left = np.stack([self.scores[self.spaces[:k]].value for k in range(1, count + 1)]) >= wanted
        from_right = np.stack([self.scores[self.spaces[k:]].value for k in range(count)]) >= wanted
        names = np.array(self.spaces)
        last, first = names[from_left.argmax(0)], names[count - 1 - from_right[::-1].argmax(0)]
        nothing = self.total.value <= 0
        return {"first": np.where(nothing, "", first), "last": np.where(nothing, "", last)}

    def table(self) -> pd.DataFrame:
        """Return one row for each space: means over units of its weight, of R2 by itself and of what only it explains.

        Intervals are over draws of tested samples.
        """
        import pandas as pd

        rows = []
        for i, name in enumerate(self.spaces):
            alone, without = self.scores[name,], self.scores[self._without(name)]
            drawn = bool(len(self.total.draws))
            most_low, most_high = alone.mean_interval if drawn else (np.nan, np.nan)
            least_low, least_high = self.total.minus(without) if drawn else (np.nan, np.nan)
            rows.append(
                {
                    "space": name, "weight": float(self.weights[:, i].mean()),
                    "alone": alone.mean, "alone_low": most_low, "alone_high": most_high,
                    "only": self.total.mean - without.mean, "only_low": least_low, "only_high": least_high,
                }
            )  # fmt: skip
        return pd.DataFrame(rows).set_index("space")

    def figure(self) -> go.Figure:
        """Draw what each space explains by itself and what only it does, beside the mixture of all."""
        from tertium import figure

        table, total = self.table(), self.total
        drawn = figure.new(
            x="feature space, with its mean weight in the mixture",
            y="held-out R2, mean over units",
            title=f"Stacked feature spaces, {len(total)} units, {total.n_samples} samples"
            + (f"; bars: {total.level:.0%} intervals over draws of samples" if len(total.draws) else ""),
        )
        names = [f"{name} ({weight:.2f})" for name, weight in table["weight"].items()]
        shown = (("alone", "by itself (at most)", 6), ("only", "lost without it (at least)", 0))
        for column, label, colour in shown:
            values, ends = table[column].tolist(), [table[f"{column}_{end}"].tolist() for end in ("low", "high")]
            bars = figure.error_bars(values, *ends) if len(total.draws) else None
            drawn.add_bar(x=names, y=values, error_y=bars, name=label, marker_color=figure.COLOURS[colour])
        drawn.update_layout(barmode="group")
        heights = np.append(table.filter(regex="alone|only").to_numpy(), [total.mean, 0.0])
        lowest, highest = float(np.nanmin(heights)), float(np.nanmax(heights))
        drawn.update_yaxes(range=[lowest - 0.02, highest + 0.15 * (highest - lowest)])
        figure.limit_line(drawn, total.mean, f"mixture of all: {total.mean:.3f}")
        return drawn

    def _without(self, name: str) -> Names:
        return tuple(other for other in self.spaces if other != name)


def stack_spaces(
    features: Mapping[str, xr.DataArray | npt.ArrayLike],
    Y: xr.DataArray | npt.ArrayLike,
    *,
    cv: int | CrossValidation = 5,
    by: str = "stimulus",
    penalties: tuple[float, ...] | None = None,
    n_bootstrap: int = 200,
    seed: int = 0,
) -> StackedSpaces:
    """Ask how feature spaces are best mixed to predict each unit, and what each of them explains at least and at most.

    Each space has a ridge regression of its own; their predictions are mixed by weights that are not negative and add
    up to one, found for each unit within the samples that are fitted (`Stacked`). Mixtures of some of the spaces use
    the same regressions. By itself a space explains no less than its own share, and what is lost without it no other
    space explains: its share lies between (stacked regressions and structured variance partitioning, Lin, Naselaris,
    Kay & Wehbe 2024, NeuroImage 298:120772). `partition_variance` fits every set of spaces anew in place of mixing
    predictions, which explains more where spaces add up, and costs more.

    Parameters
    ----------
    features : mapping of str to responses or array (sample, feature)
        Two to eight feature spaces, in their order (as layers of a network); labelled ones are matched to Y by
        stimulus.
    Y, cv, by, n_bootstrap, seed
        As of `encode`.
    penalties : sequence of float, optional
        As of `Stacked`.

    Returns
    -------
    StackedSpaces

    Raises
    ------
    BadInput
        If there are fewer than two feature spaces or more than eight, or as `encode`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> A, B = rng.normal(size=(2, 200, 3))
    >>> Y = np.c_[A @ rng.normal(size=(3, 2)), B @ rng.normal(size=(3, 2))] + rng.normal(size=(200, 4))
    >>> found = stack_spaces({"A": A, "B": B}, Y, n_bootstrap=0)
    >>> found.weights.mean(0)[0].round().tolist()  # of A, for each unit
    [1.0, 1.0, 0.0, 0.0]
    >>> found.needed()["first"].tolist()
    ['A', 'A', 'B', 'B']
    """
    if not 2 <= len(features) <= MOST:
        raise BadInput(
            "features",
            got=f"{len(features)} feature spaces",
            expected=f"2 to {MOST}",
            repair="Put some together." if len(features) > MOST else "Call encode for one.",
        )
    spaces = {name: in_order_of(Y, given, name, by) for name, given in features.items()}
    names = tuple(spaces)
    model = Stacked(tuple(space.shape[1] for space in spaces.values()), penalties)
    X, targets = matched_tables(np.concatenate(list(spaces.values()), axis=1), Y, by)
    labels = targets.labels()
    folds = as_cross_validation(cv, labels).split(targets.n, labels)
    ready = model.prepare(X, targets, folds, _WIDTH)
    scores: dict[Names, Score] = {}
    for some in _sets(len(names)):
        kept = _Kept(ready.only(some))
        scores[tuple(names[s] for s in some)] = encode(
            X.source, Y, kept, cv=cv, by=by, measure="r2", n_bootstrap=n_bootstrap, seed=seed
        )
    weights = np.empty((len(folds), len(names), targets.width))
    for where, block in targets.blocks(_WIDTH):
        for i, (fitted, _) in enumerate(folds):
            weights[i, :, where] = ready.mix(i, block[fitted].astype(targets.precision, copy=False)).weights
    return StackedSpaces(names, scores, weights)


@dataclass(frozen=True, eq=False)
class _Kept(Encoder):
    """What was made ready for these features and folds already."""

    ready: ReadyStacked

    def prepare(self, features: Table, targets: Table, folds: Folds, width: int) -> ReadyStacked:
        """Return it."""
        return self.ready


def _sets(count: int) -> list[tuple[int, ...]]:
    """Return the numbers of all spaces, of each, of all but each, and of the first and last few, each set once."""
    everything = tuple(range(count))
    found = [everything, *((s,) for s in everything)]
    found += [tuple(other for other in everything if other != s) for s in everything]
    found += [everything[:k] for k in range(1, count)] + [everything[k:] for k in range(1, count)]
    return list(dict.fromkeys(found))
