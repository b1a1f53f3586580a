"""Macaque LIP during reaction-time motion discrimination: every trial, its spikes, and the choices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import xarray as xr

from tertium.data.responses import make_responses
from tertium.errors import BadInput

if TYPE_CHECKING:
    import pandas as pd

CITE = "Roitman & Shadlen 2002 J Neurosci 22:9475"

#: Columns of the trial table (counted from 0) and what we call them.
COLUMNS = {0: "unit", 2: "coherence", 3: "direction", 4: "choice", 5: "correct", 6: "dots_on", 7: "saccade", 8: "rt"}
EVENTS = ("dots_on", "saccade")


@dataclass(frozen=True, eq=False)
class RoitmanLIP:
    """Trials of a reaction-time motion task with the spikes of one LIP neuron in each.

    Parameters
    ----------
    trials : pandas.DataFrame, 6,149 rows
        ``unit`` (name), ``coherence`` (0 to 0.512), ``direction`` (of the dots: target 1 or 2, 0 at zero coherence),
        ``choice`` (1: the target in the neuron's response field, 2: the other), ``correct`` (bool; at zero coherence
        by the flip of a coin), ``dots_on`` and ``saccade`` (seconds on the trial's clock), ``rt`` (seconds).
    spikes : tuple of array, one for each trial, each of shape (spike,)
        Spike times in seconds on the trial's clock.
    behaviour : pandas.DataFrame, 6,149 rows
        The published choices: ``monkey`` (1, 2), ``rt`` (s), ``coherence``, ``correct``, ``choice``. Its rows are not
        in the order of ``trials``.
    """

    trials: pd.DataFrame
    spikes: tuple[npt.NDArray[np.float64], ...]
    behaviour: pd.DataFrame
    cite: str = CITE

    def responses(
        self, *, align: str = "dots_on", window: tuple[float, float] = (-0.1, 0.8), dt: float = 0.05
    ) -> dict[str, xr.DataArray]:
        """Return spike counts around an event, one table for each neuron (each was recorded in trials of its own).

        Parameters
        ----------
        align : str
            ``dots_on`` or ``saccade``.
        window : tuple of float
            Start and end around the event, seconds; a whole number of bins.
        dt : float
            Width of a bin, seconds.

        Returns
        -------
        dict of str to xarray.DataArray, dims (trial, time, unit)
            Spike counts; trial labels ``coherence, direction, choice, correct, rt`` (s); time in seconds from the
            event to the start of the bin. Spikes after the saccade are counted too: use ``rt`` to leave them out.

        Raises
        ------
        BadInput
            If there is no such event, or the window is not a whole number of bins.
        """
        if align not in EVENTS:
            raise BadInput("align", got=f"'{align}'", expected=" or ".join(EVENTS), repair="")
        n_bins = round((window[1] - window[0]) / dt)
        if n_bins < 1 or abs(n_bins * dt - (window[1] - window[0])) > 1e-9:
            raise BadInput("window", got=f"{window} s in bins of {dt} s", expected="a whole number of bins")
        edges = window[0] + dt * np.arange(n_bins + 1)
        event = self.trials[align].to_numpy()
        counts = np.stack(
            [np.histogram(times - zero, edges)[0] for times, zero in zip(self.spikes, event, strict=True)]
        )
        labels = ("coherence", "direction", "choice", "correct", "rt")
        return {
            str(unit): make_responses(
                counts[rows.index.to_numpy()][:, :, None],
                dt=dt,
                time=edges[:-1],
                trial={"trial": rows.index.to_numpy()} | {label: rows[label].to_numpy() for label in labels},
                unit={"unit": [str(unit)], "region": "LIP"},
                quantity="spike_count",
                source="roitman_lip",
                cite=CITE,
            )
            for unit, rows in self.trials.groupby("unit", sort=False)
        }


def load(files: Mapping[str, Path]) -> RoitmanLIP:
    """Read the trials, the spikes and the published choices."""
    import pandas as pd
    from scipy.io import loadmat

    recorded = loadmat(files["T1RT.mat"])
    table = recorded["x"]
    trials = pd.DataFrame({name: table[:, column] for column, name in COLUMNS.items()})
    trials["unit"] = trials["unit"].astype(int).map("n{}".format)
    trials["coherence"] /= 1000.0  # the file has percent times ten
    trials["correct"] = trials["correct"] == 1
    trials[["direction", "choice"]] = trials[["direction", "choice"]].astype(int)
    trials[["dots_on", "saccade", "rt"]] /= 1000.0
    behaviour = pd.read_csv(files["roitman_rts.csv"]).rename(columns={"coh": "coherence", "trgchoice": "choice"})
    behaviour["correct"] = behaviour["correct"] == 1
    behaviour["choice"] = behaviour["choice"].astype(int)
    spikes = tuple(np.asarray(cell, dtype=np.float64).ravel() / 1000.0 for cell in recorded["s"][:, 0])
    return RoitmanLIP(trials, spikes, behaviour)
