"""What is known of a Lyapunov spectrum: exponents with their errors, the attractor's dimension, the volume's growth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tertium.dynamics.step import Time

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LyapunovSpectrum:
    """Rates at which small deviations grow, largest first; see `tertium.dynamics.lyapunov`.

    Attributes
    ----------
    blocks : array, shape (start, block, exponent)
        Exponents of successive stretches of each run, in nats per step (discrete) or per unit of time.
    divergences : array, shape (start,)
        Mean logarithm of the growth of volumes per step, or mean divergence of the velocity, measured by itself: the
        sum of the whole spectrum must be the same. NaN where the spectrum is not whole.
    duration : float
        Length of the run of each start that was measured, in steps or units of time.
    n_units : int
        Dimension of the system.
    end : array, shape (start, unit)
        Last states.
    time : {"discrete", "continuous"}
    """

    blocks: Floats
    divergences: Floats
    duration: float
    n_units: int
    end: Floats
    time: Time

    @property
    def by_start(self) -> Floats:
        """Exponents of each start, (start, exponent)."""
        return np.asarray(self.blocks.mean(1))

    @property
    def exponents(self) -> Floats:
        """Exponents, mean over starts, (exponent,). Of starts on different attractors look at `by_start`."""
        return np.asarray(self.by_start.mean(0))

    @property
    def intervals_by_start(self) -> Floats:
        """95 % intervals of the exponents of each start, (start, exponent, 2), by t from the means of blocks.

        Blocks that are shorter than the system's memory make them too narrow; oscillations make them too wide.
        """
        count = self.blocks.shape[1]
        half = _t(count - 1) * self.blocks.std(1, ddof=1) / np.sqrt(count)
        return np.stack([self.by_start - half, self.by_start + half], axis=-1)

    @property
    def interval(self) -> Floats:
        """95 % intervals of `exponents`, (exponent, 2): from blocks; from starts (three or more) if that is wider."""
        starts, count, _ = self.blocks.shape
        within = np.sqrt(self.blocks.var(1, ddof=1).mean(0) / (starts * count)) * _t(starts * (count - 1))
        half = within
        if starts >= 3:
            half = np.maximum(half, self.by_start.std(0, ddof=1) / np.sqrt(starts) * _t(starts - 1))
        return np.stack([self.exponents - half, self.exponents + half], axis=-1)

    @property
    def whole(self) -> bool:
        """Whether there is an exponent for each unit."""
        return self.blocks.shape[2] == self.n_units

    @property
    def sum(self) -> float:
        """Sum of the exponents there are."""
        return float(self.exponents.sum())

    @property
    def divergence(self) -> float:
        """Mean growth of volumes over starts, which `sum` must equal; NaN where the spectrum is not whole."""
        return float(self.divergences.mean())

    @property
    def entropy(self) -> float:
        """Sum of the positive exponents: an upper bound of the metric entropy, and by Pesin often equal to it."""
        return float(np.maximum(self.exponents, 0).sum())

    @property
    def kaplan_yorke(self) -> float:
        """Dimension of the attractor by Kaplan and Yorke (1979); NaN where too few exponents are known.

        Examples
        --------
        >>> blocks = np.array([[[0.906, 0.0, -14.572]]])
        >>> lorenz = LyapunovSpectrum(blocks, np.array([-13.667]), 1.0, 3, np.zeros((1, 3)), "continuous")
        >>> round(lorenz.kaplan_yorke, 3)
        2.062
        """
        return kaplan_yorke(self.exponents, self.n_units)

    def table(self) -> pd.DataFrame:
        """Return one row an exponent, with its interval."""
        import pandas as pd

        low, high = self.interval.T
        number = np.arange(1, len(low) + 1)
        return pd.DataFrame({"number": number, "exponent": self.exponents, "low": low, "high": high})

    def report(self) -> str:
        """Return the largest exponent, the dimension and the check of the sum in one line.

        Examples
        --------
        >>> from tertium.dynamics import lyapunov
        >>> print(lyapunov(lambda h, x: h * [0.5, 0.25], [1.0, 1.0], steps=100).report())
        Largest exponent -0.693 [-0.693, -0.693] per step; dimension 0; sum -2.079, mean growth of volumes -2.079.
        """
        low, high = self.interval[0]
        per = "step" if self.time == "discrete" else "unit of time"
        line = f"Largest exponent {self.exponents[0]:.3g} [{low:.3g}, {high:.3g}] per {per}"
        if np.isfinite(self.kaplan_yorke):
            line += f"; dimension {self.kaplan_yorke:.3g}"
        if self.whole:
            line += f"; sum {self.sum:.4g}, mean growth of volumes {self.divergence:.4g}"
        return line + "."

    def figure(self) -> go.Figure:
        """Draw the exponents with 95 % intervals."""
        from tertium.dynamics.exponents.picture import spectrum_figure

        return spectrum_figure(self)

    def convergence_figure(self, most: int = 4) -> go.Figure:
        """Draw how the leading exponents settle with the length of the run."""
        from tertium.dynamics.exponents.picture import convergence_figure

        return convergence_figure(self, most)


def kaplan_yorke(exponents: Floats, n_units: int) -> float:
    """Return the dimension at which the sum of sorted exponents, interpolated, is zero.

    Examples
    --------
    >>> [kaplan_yorke(np.array(e), 2) for e in ([-1.0, -2.0], [0.5, -1.0], [0.5])]
    [0.0, 1.5, nan]
    """
    sums = np.cumsum(exponents)
    if sums[0] < 0:
        return 0.0
    below = np.flatnonzero(sums < 0)
    if not len(below):
        return float(n_units) if len(exponents) == n_units else float("nan")
    j = int(below[0])
    return float(j + sums[j - 1] / abs(exponents[j]))


def _t(degrees: int) -> float:
    from scipy.stats import t

    return float(t.ppf(0.975, max(degrees, 1)))
