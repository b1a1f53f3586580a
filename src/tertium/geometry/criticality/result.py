"""`Avalanches`: what was cut out of the activity of a population, and the laws that it follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from tertium.geometry.criticality.crackling import ShapeCollapse, SizeOfDuration
    from tertium.geometry.criticality.laws.fitting import PowerLaw

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Avalanches:
    """Avalanches of a population; see `tertium.geometry.avalanches`.

    Attributes
    ----------
    sizes : array of int, shape (avalanche,)
        Events.
    durations : array of int, shape (avalanche,)
        Bins.
    bin : float
        Width of a bin, seconds (in bins of the array where no ``dt`` is known).
    mean_interval : float
        Mean interval between successive events of the population, in the same unit.
    censored : int
        Avalanches left out because they touch the beginning or the end of a trial.
    size_law, duration_law : PowerLaw
        Exponents tau and alpha, where they hold, whether they are plausible, against what they were tested.
    growth : SizeOfDuration
        ``<S>(T) ~ T^(1 / (sigma nu z))``.
    shapes : ShapeCollapse
        The same exponent from mean shapes.
    branching_ratio : float
        Events in the second bin of an avalanche over those in the first, mean over avalanches (Beggs & Plenz 2003). It
        is too small where units go unseen; `tertium.geometry.branching_ratio` is not.
    branching_interval : tuple of float
        95 %, normal.
    """

    sizes: Counts
    durations: Counts
    bin: float
    mean_interval: float
    censored: int
    size_law: PowerLaw
    duration_law: PowerLaw
    growth: SizeOfDuration
    shapes: ShapeCollapse
    branching_ratio: float
    branching_interval: tuple[float, float]

    @property
    def predicted_growth(self) -> float:
        """``(alpha - 1) / (tau - 1)``: what the growth must be at a critical point (Sethna et al. 2001)."""
        return (self.duration_law.exponent - 1) / (self.size_law.exponent - 1)

    @property
    def predicted_interval(self) -> tuple[float, float]:
        """Return its 95 % interval, from the errors of both exponents."""
        predicted = self.predicted_growth
        relative = [(law.interval[1] - law.exponent) / (law.exponent - 1) for law in (self.size_law, self.duration_law)]
        half = abs(predicted) * float(np.linalg.norm(relative))
        return predicted - half, predicted + half

    def table(self) -> pd.DataFrame:
        """Return one row a number: exponents, growth, branching ratio, with 95 % intervals and p values."""
        import pandas as pd

        nan = float("nan")
        rows: list[tuple[str, float, tuple[float, float], float]] = [
            ("size exponent (tau)", self.size_law.exponent, self.size_law.interval, self.size_law.p_value),
            ("duration exponent (alpha)", self.duration_law.exponent, self.duration_law.interval,
             self.duration_law.p_value),
            ("growth of size with duration", self.growth.exponent, self.growth.interval, nan),
            ("growth from shapes", self.shapes.exponent, self.shapes.interval, nan),
            ("growth predicted, (alpha - 1) / (tau - 1)", self.predicted_growth, self.predicted_interval, nan),
            ("branching ratio", self.branching_ratio, self.branching_interval, nan),
        ]  # fmt: skip
        return pd.DataFrame(
            [{"measure": name, "value": v, "low": ends[0], "high": ends[1], "p_value": p} for name, v, ends, p in rows]
        )

    def figure(self, unit: str = "s") -> go.Figure:
        """Draw sizes and durations with their laws, growth of size with duration, and the shapes on one another.

        Parameters
        ----------
        unit : str
            That of ``bin``.
        """
        from tertium.geometry.criticality.picture import avalanches_figure

        return avalanches_figure(self, unit)
