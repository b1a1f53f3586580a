"""`tuning_curves`: the mean response of each unit to each stimulus, with bootstrap errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput
from tertium.geometry.samples import labelled
from tertium.rng import Seeds

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go
    import xarray as xr

Floats = npt.NDArray[np.float64]

#: At most so many units are drawn.
SHOWN = 6


@dataclass(frozen=True, eq=False)
class TuningCurves:
    """What `tuning_curves` found.

    Attributes
    ----------
    values : array, shape (stimulus, unit)
        Mean responses.
    low, high : array, shape (stimulus, unit)
        95 % of the bootstrap; NaN without one.
    errors : array, shape (stimulus, unit)
        Standard errors, of the mean over trials.
    draws : array, shape (draw, stimulus, unit)
        Bootstrap over the trials of each stimulus, for intervals of what is computed from the curves.
    stimuli : tuple
        Sorted.
    counts : array of int, shape (stimulus,)
        Trials.
    units : tuple of str
    """

    values: Floats
    low: Floats
    high: Floats
    errors: Floats
    draws: Floats
    stimuli: tuple[Any, ...]
    counts: npt.NDArray[np.int64]
    units: tuple[str, ...]

    @property
    def preferred(self) -> tuple[Any, ...]:
        """The stimulus with the largest mean response, for each unit."""
        return tuple(self.stimuli[i] for i in self.values.argmax(0))

    def table(self) -> pd.DataFrame:
        """Return one row for each unit and stimulus: mean, interval, standard error, trials."""
        import pandas as pd

        n, units = self.values.shape
        columns: dict[str, Any] = {"unit": np.repeat(self.units, n), "stimulus": list(self.stimuli) * units}
        for name in ("values", "low", "high", "errors"):
            columns[{"values": "mean", "errors": "error"}.get(name, name)] = getattr(self, name).T.ravel()
        return pd.DataFrame(columns | {"trials": np.tile(self.counts, units)})

    def figure(self, units: Sequence[str] | None = None) -> go.Figure:
        """Draw curves with their intervals; by default of the six units that vary most over stimuli.

        Parameters
        ----------
        units : sequence of str, optional
        """
        from tertium import figure

        chosen = self._chosen(units)
        numbers = all(isinstance(one, int | float) for one in self.stimuli)
        least, most = int(self.counts.min()), int(self.counts.max())
        trials = f"{least}" if least == most else f"{least} to {most}"
        drawn = figure.new(
            x="stimulus",
            y="mean response (units of the responses)",
            title=f"{len(chosen)} of {len(self.units)} units, {trials} trials a stimulus; bootstrap 95 %",
        )
        x = list(self.stimuli) if numbers else [str(one) for one in self.stimuli]
        for i, unit in enumerate(chosen):
            colour = figure.COLOURS[i % len(figure.COLOURS)]
            curve, low, high = (getattr(self, name)[:, unit].tolist() for name in ("values", "low", "high"))
            figure.dots_with_intervals(
                drawn, x, curve, low, high, f"unit {self.units[unit]}", colour=colour, lines=True
            )
        return drawn

    def _chosen(self, units: Sequence[str] | None) -> list[int]:
        if units is None:
            return sorted(np.argsort(-self.values.var(0))[:SHOWN].tolist())
        missing = [unit for unit in units if unit not in self.units]
        if missing:
            raise BadInput("units", got=f"'{missing[0]}'", expected=f"names such as '{self.units[0]}'")
        return [self.units.index(unit) for unit in units]


def tuning_curves(
    r: xr.DataArray | npt.ArrayLike,
    labels: str | Sequence[Any] | npt.NDArray[Any],
    *,
    bootstrap: int = 500,
    seed: int | Seeds = 0,
) -> TuningCurves:
    """Average the responses of each unit to each stimulus, with bootstrap intervals over trials.

    Parameters
    ----------
    r : responses, or array (sample, unit) or (trial, time, unit)
        Trials are averaged over their time: take a window first.
    labels : str or sequence, shape (sample,)
        The stimulus of each trial.
    bootstrap : int
        Draws of the trials of each stimulus; 0 for none.
    seed : int or Seeds

    Returns
    -------
    TuningCurves

    Raises
    ------
    BadInput
        If there are fewer than 2 stimuli, 2 trials of one, or values that are not finite.

    Examples
    --------
    >>> r = np.array([[1.0], [3.0], [10.0], [12.0]])
    >>> found = tuning_curves(r, ["left", "left", "right", "right"])
    >>> found.values.ravel().tolist(), found.preferred
    ([2.0, 11.0], ('right',))
    """
    if bootstrap < 0:
        raise BadInput("bootstrap", got=f"{bootstrap}", expected="0 or more draws")
    samples = labelled(r, labels)
    rng = (seed if isinstance(seed, Seeds) else Seeds(seed)).numpy("tuning")
    clouds = samples.clouds()
    values = np.array([one.mean(0) for one in clouds])
    errors = np.array([one.std(0, ddof=1) / np.sqrt(len(one)) for one in clouds])
    draws = np.empty((bootstrap, *values.shape))
    for i, one in enumerate(clouds):
        draws[:, i] = rng.multinomial(len(one), np.full(len(one), 1 / len(one)), size=bootstrap) @ one / len(one)
    ends = np.quantile(draws, [0.025, 0.975], axis=0) if bootstrap else np.full((2, *values.shape), np.nan)
    return TuningCurves(values, ends[0], ends[1], errors, draws, samples.levels, samples.counts, samples.units)
