"""`mixed_selectivity`: do units respond to one variable, to a sum of several, or to their combinations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput
from tertium.geometry.samples import labelled, population_samples
from tertium.rng import Seeds

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go
    import xarray as xr

Floats = npt.NDArray[np.float64]

#: Kinds of units, in the order in which they are drawn.
KINDS = ("none", "pure", "linear mixed", "nonlinear mixed")


@dataclass(frozen=True, eq=False)
class MixedSelectivity:
    """What `mixed_selectivity` found.

    Attributes
    ----------
    terms : tuple of str
        The variables, and "nonlinear" for all their combinations.
    f : array, shape (term, unit)
        F ratio of each term in the full model.
    p_value : array, shape (term, unit)
        By permutation.
    q_value : array, shape (term, unit)
        Adjusted over units for the rate of false discoveries.
    effect : array, shape (term, unit)
        Partial omega squared: share of the variance, without bias; about 0 without effect.
    kind : tuple of str, one a unit
        "none"; "pure" (one variable); "linear mixed" (several, added); "nonlinear mixed" (their combinations).
    level : float
        Of q values, below which a term counts.
    units : tuple of str
    trials : int
    """

    terms: tuple[str, ...]
    f: Floats
    p_value: Floats
    q_value: Floats
    effect: Floats
    kind: tuple[str, ...]
    level: float
    units: tuple[str, ...]
    trials: int

    @property
    def shares(self) -> dict[str, float]:
        """Share of the units of each kind."""
        return {kind: self.kind.count(kind) / len(self.kind) for kind in KINDS}

    def table(self) -> pd.DataFrame:
        """Return one row for each unit and term: F, p and q value, effect, and the kind of the unit."""
        import pandas as pd

        terms, units = self.f.shape
        return pd.DataFrame(
            {
                "unit": np.repeat(self.units, terms),
                "term": list(self.terms) * units,
                "f": self.f.T.ravel(),
                "p_value": self.p_value.T.ravel(),
                "q_value": self.q_value.T.ravel(),
                "effect": self.effect.T.ravel(),
                "kind": np.repeat(self.kind, terms),
            }
        )

    def figure(self) -> go.Figure:
        """Draw the share of units of each kind, with Wilson's 95 % interval."""
        from tertium import figure

        n, z = len(self.kind), 1.96
        p = np.array(list(self.shares.values()))
        middle, half = p + z**2 / (2 * n), z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
        low, high = ((100 * (middle + sign * half) / (1 + z**2 / n)).tolist() for sign in (-1, 1))
        drawn = figure.new(
            x="selectivity",
            y="units (%)",
            title=f"{' and '.join(self.terms[:-1])}: {n} units, {self.trials} trials, q < {self.level:g}",
        )
        return figure.bars(drawn, list(KINDS), (100 * p).tolist(), low, high)


def mixed_selectivity(
    r: xr.DataArray | npt.ArrayLike,
    variables: Sequence[str] | Mapping[str, npt.ArrayLike],
    *,
    level: float = 0.05,
    permutations: int = 1000,
    seed: int | Seeds = 0,
) -> MixedSelectivity:
    """Ask of each unit whether it responds to one variable, to several added up, or to their combinations.

    Analysis of variance with effect coding: each variable is tested beside all else, and the combinations of all
    variables together ("nonlinear"). Residuals of the model without a term are permuted (Freedman & Lane 1983), so that
    no normal noise is supposed. Only nonlinear mixing makes representations high-dimensional (Rigotti et al. 2013).

    Parameters
    ----------
    r : responses, or array (sample, unit) or (trial, time, unit)
        Trials are averaged over their time.
    variables : sequence of str, or mapping of str to array, shape (sample,)
        Two labels of the trials or more; for a plain array, their values.
    level : float
        Rate of false discoveries over units, for each term.
    permutations : int
    seed : int or Seeds

    Returns
    -------
    MixedSelectivity

    Raises
    ------
    BadInput
        If there are fewer than 2 variables, a combination has no trial, there are no more trials than combinations, a
        unit never varies, or options make no sense.

    References
    ----------
    Rigotti, M. et al. (2013). The importance of mixed selectivity in complex cognitive tasks. Nature 497:585-590.
    Freedman, D. & Lane, D. (1983). A nonstochastic interpretation of reported significance levels. Journal of Business
    and Economic Statistics 1:292-298.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> a, b = rng.integers(2, size=200), rng.integers(2, size=200)
    >>> r = np.stack([a, a + b, a ^ b], axis=1) + 0.3 * rng.normal(size=(200, 3))
    >>> mixed_selectivity(r, {"stimulus": a, "context": b}).kind
    ('pure', 'linear mixed', 'nonlinear mixed')
    """
    if not 0 < level < 1 or permutations < 20:
        raise BadInput("level", got=f"{level}, {permutations} permutations", expected="0 to 1, 20 permutations or more")
    values, units, codes = _factors(r, variables)
    still = np.flatnonzero(np.ptp(values, axis=0) == 0)
    if len(still):
        raise BadInput(
            "units", got=f"{len(still)} that never vary, first '{units[still[0]]}'", expected="some variance"
        )
    design, owners = _design(list(codes.values()))
    names = (*codes, "nonlinear")
    trials, columns = design.shape
    if trials <= columns:
        raise BadInput("trials", got=f"{trials}", expected=f"more than {columns}, the combinations of the variables")
    rng = (seed if isinstance(seed, Seeds) else Seeds(seed)).numpy("permutations")
    order = np.array([rng.permutation(trials) for _ in range(permutations)])
    f, p = np.array([_test(values, design, owners != i, order) for i in range(len(names))]).transpose(1, 0, 2)
    df = np.array([(owners == i).sum() for i in range(len(names))])[:, None]
    q = np.array([_discovery(one) for one in p])
    return MixedSelectivity(
        terms=names,
        f=f,
        p_value=p,
        q_value=q,
        effect=df * (f - 1) / (df * (f - 1) + trials),
        kind=tuple(_kind(one < level) for one in q.T),
        level=level,
        units=units,
        trials=trials,
    )


def _factors(r: Any, variables: Any) -> tuple[Floats, tuple[str, ...], dict[str, npt.NDArray[np.int64]]]:
    values, units = population_samples(r)
    named = isinstance(variables, Mapping)
    names = [variables] if isinstance(variables, str) else list(variables)
    if len(names) < 2 or len(set(names)) < len(names) or "nonlinear" in names:
        raise BadInput("variables", got=", ".join(map(str, names)), expected="two different ones or more")
    codes = {str(n): labelled(r, np.asarray(variables[n]) if named else n, each=1).codes for n in names}
    return values, units, codes


def _design(codes: list[npt.NDArray[np.int64]]) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Return the columns of the full model by effect coding, and to which term each belongs (-1 for the mean)."""
    effects = []
    for one in codes:
        levels = int(one.max()) + 1
        table = np.vstack([np.eye(levels - 1), -np.ones(levels - 1)])
        effects.append(table[one])
    columns, owners = [np.ones((len(codes[0]), 1))], [-1]
    for size in range(1, len(codes) + 1):
        for chosen in combinations(range(len(codes)), size):
            product = np.ones((len(codes[0]), 1))
            for i in chosen:
                product = (product[:, :, None] * effects[i][:, None, :]).reshape(len(product), -1)
            columns.append(product)
            owners += [chosen[0] if size == 1 else len(codes)] * product.shape[1]
    design = np.hstack(columns)
    if np.linalg.matrix_rank(design) < design.shape[1]:
        raise BadInput(
            "variables",
            got="combinations without a trial",
            expected="trials of every combination of the variables",
            repair="Leave out values that do not occur with all others.",
        )
    return design, np.array(owners)


def _test(
    values: Floats, design: Floats, kept: npt.NDArray[np.bool_], order: npt.NDArray[np.int64]
) -> tuple[Floats, Floats]:
    """Return F ratios and p values, (unit,), of the columns that are not kept."""
    full, small = np.linalg.qr(design)[0], np.linalg.qr(design[:, kept])[0]
    freedom = int((~kept).sum()), len(design) - design.shape[1]
    residuals = values - small @ (small.T @ values)
    total = (residuals**2).sum(0)

    def ratio(rows: npt.NDArray[np.int64] | slice) -> Floats:
        # what the small model explains of permuted residuals belongs to neither
        drawn = residuals[rows]
        by_full, by_small = (((basis.T @ drawn) ** 2).sum(0) for basis in (full, small))
        left = np.maximum(total - by_full, 1e-12 * total + 1e-300)
        return np.asarray((by_full - by_small) / freedom[0] / (left / freedom[1]))

    found = ratio(slice(None))
    extreme = sum((ratio(rows) >= found).astype(int) for rows in order)
    return found, np.asarray((1 + extreme) / (1 + len(order)))


def _discovery(p: Floats) -> Floats:
    """Return p values adjusted for the rate of false discoveries (Benjamini & Hochberg 1995).

    Examples
    --------
    >>> _discovery(np.array([0.01, 0.04, 0.02])).round(3).tolist()
    [0.03, 0.04, 0.03]
    """
    order = np.argsort(p)
    scaled = p[order] * len(p) / np.arange(1, len(p) + 1)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return adjusted


def _kind(counts: npt.NDArray[np.bool_]) -> str:
    if counts[-1]:
        return "nonlinear mixed"
    return ("none", "pure", "linear mixed")[min(int(counts[:-1].sum()), 2)]
