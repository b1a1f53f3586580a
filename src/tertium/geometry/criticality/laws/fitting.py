"""`fit_power_law`: whether, from where on and how steeply whole numbers follow a power law."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput
from tertium.geometry.criticality.laws.power_law import (
    EXPONENTS,
    Values,
    draw_power_law,
    exponent_error,
    find_power_law,
    tail_sum,
)
from tertium.geometry.criticality.laws.ratio_tests import RatioTest, ratio_test
from tertium.geometry.criticality.laws.tails import Family, Tail
from tertium.rng import Seeds

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
ALTERNATIVES: tuple[Family, ...] = ("exponential", "lognormal", "truncated power law")

#: Fewer values than these are refused as a tail, unless the caller says otherwise.
LEAST = 50


@dataclass(frozen=True, eq=False)
class PowerLaw:
    """What `fit_power_law` found.

    Attributes
    ----------
    exponent : float
        Of ``P(k) ~ k^-exponent``.
    interval : tuple of float
        95 %, from the curvature of the likelihood, for the beginning as it was found.
    low, high : int or None
        Where the law begins and ends, both in; None for no end.
    distance : float
        Kolmogorov's, between the sample and the law from ``low`` to ``high``.
    p_value : float
        Share of samples of the law, each fitted anew, that are as far from their law or farther; NaN without
        bootstrap. Below 0.1 the law is implausible (Clauset et al. 2009).
    tests : tuple of RatioTest
        Against other tails, on the values from ``low`` to ``high``.
    sample : Values
        All values with their numbers, also those outside.
    tail : int
        How many values lie from ``low`` to ``high``.
    bootstrap : int
        Samples that ``p_value`` rests on.
    """

    exponent: float
    interval: tuple[float, float]
    low: int
    high: int | None
    distance: float
    p_value: float
    tests: tuple[RatioTest, ...]
    sample: Values
    tail: int
    bootstrap: int

    @property
    def decades(self) -> float:
        """Over how many powers of ten the law is seen: from its beginning to the largest value within it."""
        inside = self.sample.unique[self.sample.unique <= (np.inf if self.high is None else self.high)]
        return float(np.log10(inside[-1] / self.low))

    @property
    def share(self) -> float:
        """Share of the sample that lies from ``low`` to ``high``."""
        return self.tail / len(self.sample)

    @property
    def law(self) -> Tail:
        """The law as a distribution."""
        whole = float(np.log(tail_sum(self.exponent, self.low, self.high)))
        return Tail("power law", (self.exponent,), self.low, self.high, whole)

    def density(self) -> Floats:
        """Return the density of the sample in bins that widen with the values, (2, bin): their middles, their shares.

        Up to 10 each value has its own; a share is that of one whole number.
        """
        unique, often = self.sample.unique, self.sample.often
        top = int(unique[-1]) + 1
        wide = np.floor(np.geomspace(10, max(top, 11), 8 * int(np.log10(max(top, 11))) + 1))
        edges = np.unique(np.concatenate([np.arange(1, min(10, top)), wide[wide < top], [top]]))
        counts, _ = np.histogram(unique, edges, weights=often)
        middles = np.sqrt(edges[:-1] * (edges[1:] - 1))
        return np.stack([middles, counts / np.diff(edges) / often.sum()])[:, counts > 0]

    def table(self) -> pd.DataFrame:
        """Return the law in the first row and one row for each other tail it was tested against."""
        import pandas as pd

        from tertium.geometry.criticality.laws.tails import PARAMETERS

        rows = [
            {
                "tail": "power law", "parameters": f"exponent {self.exponent:.3f}", "low": self.low, "high": self.high,
                "n": self.tail, "log_ratio": np.nan, "p_value": self.p_value, "favoured": "",
            }
        ]  # fmt: skip
        for test in self.tests:
            named = zip(PARAMETERS[test.tail.family], test.tail.parameters, strict=True)
            rows.append(
                {
                    "tail": test.tail.family, "parameters": ", ".join(f"{name} {value:.3g}" for name, value in named),
                    "low": self.low, "high": self.high, "n": self.tail, "log_ratio": test.log_ratio,
                    "p_value": test.p_value, "favoured": test.favoured,
                }
            )  # fmt: skip
        return pd.DataFrame(rows)

    def figure(self, x: str = "value", *, density: bool = False) -> go.Figure:
        """Draw the share of values of k or more (or their density) with the law and the other tails."""
        from tertium.geometry.criticality.picture import law_figure

        return law_figure(self, x, density=density)


def fit_power_law(
    sample: npt.ArrayLike,
    *,
    low: int | None = None,
    high: int | None = None,
    decades: float = 0.0,
    least: int = LEAST,
    alternatives: tuple[Family, ...] = ALTERNATIVES,
    bootstrap: int = 100,
    seed: int | Seeds = 0,
) -> PowerLaw:
    """Fit a discrete power law to whole numbers by maximum likelihood, and ask whether it is plausible.

    The recipe of Clauset, Shalizi & Newman (2009): the beginning is where the distance of Kolmogorov and Smirnov is
    least; plausibility comes from samples of the fitted law (below the beginning: of the data themselves), each fitted
    in the same way, beginning included; other tails are compared by Vuong's test of the likelihood ratio. With an
    upper end (systems of finite size) the law is normalised between both ends.

    Parameters
    ----------
    sample : array-like of int, shape (n,)
        From 1 on.
    low : int, optional
        Where the law begins, if that is known; otherwise it is found.
    high : int, optional
        Where it ends; larger values are left out. Choose it before looking: from the size of the system.
    decades : float
        Powers of ten, from its beginning to the largest value within it, that the law must hold over. Nearly every
        tail passes for a power law if it may begin so late that few values are left.
    least : int
        Values that a law must hold for.
    alternatives : tuple of str
        Of "exponential", "lognormal", "truncated power law".
    bootstrap : int
        Samples for the p value, 0 for none; its standard error is at most ``0.5 / sqrt(bootstrap)``.
    seed : int or Seeds

    Returns
    -------
    PowerLaw

    Raises
    ------
    BadInput
        If values are not whole numbers from 1 on, fewer than ``least`` are left, or ends cross.

    References
    ----------
    Clauset, A., Shalizi, C. R. & Newman, M. E. J. (2009). Power-law distributions in empirical data. SIAM Review
    51:661-703.

    Examples
    --------
    >>> u = np.random.default_rng(0).random(5000)
    >>> found = fit_power_law(np.floor(u ** (-1 / 1.5)).astype(int), bootstrap=20)
    >>> bool(abs(found.exponent - 2.5) < 0.15), found.p_value >= 0.1
    (True, True)
    """
    array = _whole_numbers(sample)
    if low is not None and low < 1:
        raise BadInput("low", got=str(low), expected="1 or more")
    if high is not None and high <= (low or 1):
        raise BadInput("high", got=str(high), expected=f"above the beginning, {low or 1}")
    if least < 2:
        raise BadInput("least", got=str(least), expected="2 or more values")
    if not decades >= 0:
        raise BadInput("decades", got=f"{decades}", expected="0 or more powers of ten")
    values = Values.of(array, high)
    if not len(values):
        raise BadInput("sample", got=f"no value up to {high}", expected=f"at least {least}")
    most_low = max(1, int(values.unique[-1] / 10**decades)) if decades else None
    exponent, begin, distance = find_power_law(values, low=low, high=high, least=least, most_low=most_low)
    if exponent > EXPONENTS[1] - 1e-3 or exponent < EXPONENTS[0] + 1e-3:
        where = "" if low is None else f" from {low} on"
        raise BadInput(
            "sample of a power law", got=f"values{where} that ask for an exponent beyond {exponent:.3g}",
            expected=f"an exponent between {EXPONENTS[0]:g} and {EXPONENTS[1]:g}",
            repair="This is no power law; look at the histogram.",
        )  # fmt: skip
    tail = values.above(begin)
    seeds = seed if isinstance(seed, Seeds) else Seeds(seed)
    error = exponent_error(exponent, begin, high, len(tail))
    law = Tail("power law", (exponent,), begin, high, float(np.log(tail_sum(exponent, begin, high))))
    away = _bootstrap(values, exponent, begin, high, (low, most_low, least), bootstrap, seeds)
    return PowerLaw(
        exponent=exponent,
        interval=(exponent - 1.96 * error, exponent + 1.96 * error),
        low=begin,
        high=high,
        distance=distance,
        p_value=float((away >= distance).mean()) if bootstrap else float("nan"),
        tests=tuple(ratio_test(law, family, tail) for family in alternatives),
        sample=Values.of(array),
        tail=len(tail),
        bootstrap=bootstrap,
    )


def _bootstrap(
    values: Values,
    exponent: float,
    begin: int,
    high: int | None,
    search: tuple[int | None, int | None, int],
    n: int,
    seeds: Seeds,
) -> Floats:
    """Return the distances of samples drawn from the law (below its beginning from the data), fitted as the data."""
    low, most_low, least = search
    rng = seeds.numpy("power law")
    below = Values(values.unique[values.unique < begin], values.often[values.unique < begin])
    size, inside = len(values), len(values) - len(below)
    found = np.empty(n)
    for i in range(n):
        lawful = int(rng.binomial(size, inside / size)) if low is None else inside
        drawn = [draw_power_law(lawful, exponent, begin, high, rng)]
        if lawful < size:
            drawn.append(rng.choice(below.unique, size - lawful, p=below.often / below.often.sum()))
        found[i] = find_power_law(
            Values.of(np.concatenate(drawn)), low=low, high=high, least=min(least, lawful), most_low=most_low
        )[2]
    return found


def _whole_numbers(sample: npt.ArrayLike) -> Counts:
    array = np.asarray(sample)
    if array.ndim != 1 or not len(array) or array.dtype.kind not in "iuf":
        raise BadInput("sample", got=f"shape {array.shape} of {array.dtype}", expected="whole numbers in a row")
    if array.dtype.kind == "f" and not (np.isfinite(array).all() and (array == np.round(array)).all()):
        raise BadInput("sample", got="values that are not whole or not finite", expected="whole numbers from 1 on")
    if array.min() < 1:
        raise BadInput("sample", got=f"{array.min()}", expected="whole numbers from 1 on")
    return array.astype(np.int64)
