"""Head-direction cells of the mouse antero-dorsal thalamus, awake and in two kinds of sleep."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import xarray as xr
from scipy.io import loadmat

from tertium.data.responses import make_responses
from tertium.errors import BadInput

CITE = "Peyrache et al. 2015 Nat Neurosci 18:569"
BIN = 0.01
STATES = {"run": "Qrun", "rem": "Qrem", "sws": "Qsws"}


def load(files: Mapping[str, Path], *, state: str = "run") -> xr.DataArray:
    """Read the spike counts of one state as one long trial.

    Parameters
    ----------
    files : mapping of str to Path
        The files of the set.
    state : str
        ``run`` (awake, exploring), ``rem`` or ``sws`` (the two kinds of sleep).

    Returns
    -------
    xarray.DataArray, dims (trial 1, time, unit 19)
        Spike counts in 10 ms bins, ``time`` from 0. Unit label ``preferred_angle`` (rad, as published). Awake there
        are two labels along time: ``angle`` (head direction, rad, 0 to 2 pi) and ``clock`` (s, time stamp of the video
        frame; frames are longer than bins, and there are gaps of up to 2.5 s between recorded stretches).

    Raises
    ------
    BadInput
        If there is no such state.
    """
    if state not in STATES:
        raise BadInput("state", got=f"'{state}'", expected=", ".join(STATES), repair="")
    data = loadmat(files["dataHD.mat"], variable_names=[STATES[state], "angRun", "prefHD"])
    counts = data[STATES[state]]
    made = make_responses(
        counts[None],
        dt=BIN,
        trial={"state": [state]},
        unit={"region": "ADn", "preferred_angle": data["prefHD"].ravel()},
        quantity="spike_count",
        source="peyrache_hd",
        cite=CITE,
    )
    if state != "run":
        return made
    clock, angle = np.asarray(data["angRun"], dtype=np.float64).T
    return made.assign_coords(angle=("time", angle), clock=("time", clock))
