"""Which of two distributions a sample rather follows: likelihood ratios (Vuong 1989; Clauset et al. 2009)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scipy import special

from tertium.geometry.criticality.laws.tails import Family, Tail, fit_tail

if TYPE_CHECKING:
    from tertium.geometry.criticality.laws.power_law import Values


@dataclass(frozen=True, eq=False)
class RatioTest:
    """A power law against another tail.

    Attributes
    ----------
    tail : Tail
        The other, at its likeliest.
    log_ratio : float
        Log likelihood of the power law less that of the other: above 0 for the power law.
    statistic : float
        For a truncated power law, of which the pure one is a special case, twice the (positive) gain; otherwise
        Vuong's: the ratio over its standard deviation.
    p_value : float
        Of no difference: two-sided, and for the truncated power law that nothing is gained. Small ones say that the
        sign of ``log_ratio`` is to be trusted.
    """

    tail: Tail
    log_ratio: float
    statistic: float
    p_value: float

    @property
    def favoured(self) -> str:
        """Which of the two is favoured at p < 0.1, or "neither"."""
        if not self.p_value < 0.1:
            return "neither"
        return "power law" if self.log_ratio > 0 else self.tail.family


def ratio_test(power_law: Tail, family: Family, values: Values) -> RatioTest:
    """Test a fitted power law against another family on the same values.

    Parameters
    ----------
    power_law : Tail
    family : {"exponential", "lognormal", "truncated power law"}
    values : Values
        Within the ends of the power law.

    Examples
    --------
    >>> import numpy as np
    >>> from tertium.geometry.criticality.laws.power_law import Values
    >>> sample = Values.of(np.random.default_rng(0).geometric(0.1, size=2000))
    >>> test = ratio_test(fit_tail("power law", sample, 1, None), "exponential", sample)
    >>> test.favoured
    'exponential'
    """
    other = fit_tail(family, values, power_law.low, power_law.high)
    difference = power_law.log_probability(values.unique) - other.log_probability(values.unique)
    n = len(values)
    total = float(difference @ values.often)
    if family == "truncated power law":
        gain = max(-2 * total, 0.0)
        # a rate of 0 is the end of its range, so that half of the chance lies on no gain at all
        p = 0.5 * float(special.chdtrc(1, gain)) if gain > 0 else 1.0
        return RatioTest(other, min(total, 0.0), gain, p)
    spread = math.sqrt(max(float(((difference - total / n) ** 2) @ values.often) / n, 1e-300))
    statistic = total / (math.sqrt(n) * spread)
    return RatioTest(other, total, statistic, math.erfc(abs(statistic) / math.sqrt(2)))
