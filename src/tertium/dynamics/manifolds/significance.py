"""Whether a cloud has loops at all: the longest bars against those of units shifted in time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tertium.dynamics.manifolds.bars import Barcode, persistent_cohomology
from tertium.dynamics.manifolds.clouds import Cloud, Floats, Preparation
from tertium.errors import BadInput
from tertium.rng import Seeds

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go
    import xarray as xr


@dataclass(frozen=True, eq=False)
class LoopTest:
    """The loops of a population against those by chance; see `loop_test`.

    Attributes
    ----------
    barcode : Barcode
        Of the responses.
    null : array, shape (shuffle,)
        Length of the longest loop of each shuffle.
    level : float
        A loop counts if it is longer than this share of shuffles' longest.
    cloud : Cloud
    n_units : int
    """

    barcode: Barcode
    null: Floats
    level: float
    cloud: Cloud
    n_units: int

    @property
    def limit(self) -> float:
        """Length that a loop must exceed to count."""
        return float(np.quantile(self.null, self.level, method="higher"))

    @property
    def n_loops(self) -> int:
        """Number of loops longer than the limit."""
        loops = self.barcode.loops()
        return int((loops[:, 1] - loops[:, 0] > self.limit).sum())

    @property
    def p(self) -> float:
        """Probability of a loop as long as the longest by chance: ``(1 + shuffles as long) / (1 + shuffles)``."""
        return float((1 + (self.null >= self.barcode.longest()[0]).sum()) / (1 + len(self.null)))

    @property
    def dominance(self) -> float:
        """Length of the longest loop over that of the second longest; infinite if there is no second."""
        first, second = self.barcode.longest()
        return first / second if second else float("inf")

    @property
    def excess(self) -> float:
        """Length of the longest loop over the longest of all shuffles; infinite if none has a loop."""
        longest = float(self.null.max())
        return self.barcode.longest()[0] / longest if longest else float("inf")

    def table(self) -> pd.DataFrame:
        """Return one row: loops that count, longest and second longest length, limit, p, ratios, numbers."""
        import pandas as pd

        first, second = self.barcode.longest()
        row = {
            "loops": self.n_loops,
            "longest": first,
            "second": second,
            "limit": self.limit,
            "p": self.p,
            "dominance": self.dominance,
            "excess": self.excess,
            "shuffles": len(self.null),
            "landmarks": len(self.cloud.landmarks),
            "units": self.n_units,
        }
        return pd.DataFrame([row])

    def figure(self) -> go.Figure:
        """Draw the lengths of the loops among the longest of the shuffles."""
        from tertium.dynamics.manifolds.bar_pictures import loop_test_figure

        return loop_test_figure(self)


def loop_test(
    r: xr.DataArray | npt.ArrayLike,
    preparation: Preparation | None = None,
    *,
    n_shuffles: int = 100,
    level: float = 0.99,
    prime: int = 47,
    seed: int = 0,
) -> LoopTest:
    """Test whether the states of a population form loops, and how many.

    Each shuffle shifts the time course of each unit, as a circle, by an amount of its own: what each unit does stays,
    what they do together goes. All that follows (components, density, landmarks, bars) is done anew. The null is the
    *longest* loop of each shuffle, so that the number of bars needs no correction (as of tori of grid cells: Gardner et
    al. 2022, Nature 602:123).

    Parameters
    ----------
    r : responses, or array-like of shape (trial, time, unit) or (time, unit)
        Trials are put after each other.
    preparation : Preparation, optional
    n_shuffles : int
        At least ``1 / (1 - level)``, about half a second each with 200 landmarks.
    level : float
        Share of shuffles that a loop must exceed.
    prime : int
    seed : int

    Returns
    -------
    LoopTest

    Raises
    ------
    BadInput
        If there is one unit or too few samples, or too few shuffles for the level.

    Examples
    --------
    Forty units with preferred angles, while the angle drifts round and back:

    >>> angle = 3 * np.cumsum(np.random.default_rng(0).normal(size=1500)) / 10
    >>> preferred = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    >>> rates = np.exp(2 * np.cos(angle[:, None] - preferred) - 2)
    >>> found = loop_test(rates, Preparation(components=6, landmarks=60), n_shuffles=10, level=0.9)
    >>> found.n_loops, found.excess > 2
    (1, True)
    """
    prepared = preparation or Preparation()
    if not 0 < level < 1 or n_shuffles < 1 / (1 - level) - 1e-9:
        raise BadInput(
            "shuffles",
            got=f"{n_shuffles} for the level {level}",
            expected="a level above 0 and below 1, and at least 1 / (1 - level) shuffles",
        )
    samples = prepared.samples(r)
    n, units = samples.values.shape
    if units < 2 or n < 20:
        raise BadInput(
            "responses", got=f"{n} samples of {units} units", expected="at least 20 samples of 2 units to shift in time"
        )
    cloud = prepared.cloud(samples.values)
    barcode = persistent_cohomology(cloud.points[cloud.landmarks], prime=prime)
    null = []
    for i in range(n_shuffles):
        # at least a twentieth of the recording apart
        shifts = Seeds(seed).numpy(f"shuffle {i}").integers(n // 20, n - n // 20, size=units)
        shifted = np.stack([np.roll(one, by) for one, by in zip(samples.values.T, shifts, strict=True)], axis=1)
        other = prepared.cloud(shifted)
        null.append(persistent_cohomology(other.points[other.landmarks], prime=prime).longest()[0])
    return LoopTest(barcode, np.array(null), level, cloud, units)
