"""What a tail may follow instead of a power law: exponential, lognormal, a power law that is cut off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from tertium.geometry.criticality.laws.sums import support

if TYPE_CHECKING:
    from tertium.geometry.criticality.laws.power_law import Values

Floats = npt.NDArray[np.float64]
Family = Literal["power law", "exponential", "lognormal", "truncated power law"]

#: Names of the parameters of each family.
PARAMETERS: dict[str, tuple[str, ...]] = {
    "power law": ("exponent",),
    "exponential": ("rate",),
    "lognormal": ("mu", "sigma"),
    "truncated power law": ("exponent", "rate"),
}


@dataclass(frozen=True, eq=False)
class Tail:
    """A distribution of whole numbers from a beginning on.

    Attributes
    ----------
    family : str
    parameters : tuple of float
        Named in ``PARAMETERS``; a rate is that of the exponential in ``exp(-rate k)``.
    low, high : int
        Ends, both in; None for no end.
    log_sum : float
        Logarithm of the sum of the weights: what they are divided by.
    """

    family: Family
    parameters: tuple[float, ...]
    low: int
    high: int | None
    log_sum: float

    def log_probability(self, k: npt.ArrayLike) -> Floats:
        """Return the logarithm of the probability of whole numbers within the ends."""
        log_k = np.log(np.asarray(k, dtype=np.float64))
        return WEIGHTS[self.family](np.array(self.parameters), np.asarray(k, np.float64), log_k) - self.log_sum

    def survival(self, k: npt.ArrayLike) -> Floats:
        """Return the probability of ``k`` or more, for rising whole numbers ``k``."""
        places = np.asarray(k, dtype=np.int64)
        top = [float(self._mass(int(places[-1]), self.high))]
        for low, high in zip(places[-2::-1], places[:0:-1], strict=True):
            top.append(top[-1] + self._mass(int(low), int(high) - 1))
        return np.array(top[::-1])

    def _mass(self, low: int, high: int | None) -> float:
        places, weights = support(low, high)
        return float(np.exp(self.log_probability(places)) @ weights)


def _power(p: Floats, k: Floats, log_k: Floats) -> Floats:
    return -p[0] * log_k


def _exponential(p: Floats, k: Floats, log_k: Floats) -> Floats:
    return -p[0] * k


def _lognormal(p: Floats, k: Floats, log_k: Floats) -> Floats:
    return -log_k - ((log_k - p[0]) / p[1]) ** 2 / 2


def _truncated(p: Floats, k: Floats, log_k: Floats) -> Floats:
    return -p[0] * log_k - p[1] * k


#: Logarithms of weights that are not yet divided by their sum.
WEIGHTS: dict[str, Callable[[Floats, Floats, Floats], Floats]] = {
    "power law": _power,
    "exponential": _exponential,
    "lognormal": _lognormal,
    "truncated power law": _truncated,
}


def fit_tail(family: Family, values: Values, low: int, high: int | None) -> Tail:
    """Return the member of a family under which a sample is likeliest; all of the sample lies within the ends.

    Each family is a weight for every whole number, divided by the sum of the weights from ``low`` to ``high``: the
    discrete distributions of Clauset et al. (2009), table 2.1.

    Examples
    --------
    >>> from tertium.geometry.criticality.laws.power_law import Values
    >>> sample = np.random.default_rng(0).geometric(1 - np.exp(-0.2), size=20_000)
    >>> tail = fit_tail("exponential", Values.of(sample), 1, None)
    >>> bool(abs(tail.parameters[0] - 0.2) < 0.01), round(float(tail.survival([1, 2])[0]), 6)
    (True, 1.0)
    """
    from scipy.optimize import minimize

    k = values.unique.astype(np.float64)
    log_k, share = np.log(k), values.often / values.often.sum()
    places, widths = support(low, high)
    log_places, log_widths, weigh = np.log(places), np.log(widths), WEIGHTS[family]

    def log_sum(p: Floats) -> float:
        terms = weigh(p, places, log_places) + log_widths
        top = float(terms.max())
        return top + float(np.log(np.exp(terms - top).sum()))

    def unlikelihood(coded: Floats) -> float:
        p = _decoded(family, coded)
        return log_sum(p) - float(weigh(p, k, log_k) @ share)

    options = {"xatol": 1e-7, "fatol": 1e-11, "maxfev": 2000}
    starts = _starts(family, float(k @ share), log_k, share, low)
    ends = [np.asarray(minimize(unlikelihood, one, method="Nelder-Mead", options=options).x) for one in starts]
    best = _decoded(family, min(ends, key=unlikelihood))
    return Tail(family, tuple(float(v) for v in best), low, high, log_sum(best))


def _decoded(family: Family, coded: Floats) -> Floats:
    """Return parameters from unbounded numbers; rates and widths are looked for by their logarithm."""
    if family == "lognormal":
        # far below its beginning a lognormal is a power law: further down nothing changes but rounding
        return np.array([np.clip(coded[0], -200.0, 50.0), np.exp(np.clip(coded[1], -5.0, 5.0))])
    if family == "truncated power law":
        return np.array([np.clip(coded[0], -5.0, 12.0), np.exp(np.clip(coded[1], -25.0, 3.0))])
    if family == "exponential":
        return np.exp(np.clip(coded, -25.0, 5.0))
    return np.clip(coded, 1.001, 12.0)


def _starts(family: Family, mean: float, log_k: Floats, share: Floats, low: int) -> list[Floats]:
    """Return where to begin to look."""
    mean_log = float(log_k @ share)
    rate = np.log1p(1 / max(mean - low, 1e-6))
    exponent = 1 + 1 / max(mean_log - np.log(low - 0.5), 0.1)
    if family == "lognormal":
        spread = max(float(((log_k - mean_log) ** 2) @ share), 1e-3) ** 0.5
        return [np.array([mean_log, np.log(spread)]), np.array([mean_log - 4 * spread**2, np.log(2 * spread)])]
    if family == "truncated power law":
        return [np.array([exponent, np.log(rate) - 5]), np.array([max(exponent - 0.5, 0.5), np.log(rate) - 1])]
    return [np.array([np.log(rate) if family == "exponential" else exponent])]
