"""Macaque M1 during centre-out reaching: binned activity of an array, with hand velocity and target."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import xarray as xr
from scipy.io import loadmat

from tertium.data.responses import make_responses

CITE = "Dyer et al. 2017 Nat Biomed Eng 1:967"


def load(files: Mapping[str, Path]) -> xr.DataArray:
    """Read the demonstration session of one monkey.

    Returns
    -------
    xarray.DataArray, dims (trial 3018, time 1, unit 71)
        Spike counts; each row is one bin of movement (the file holds bins one after the other, no trials). Labels:
        ``velocity_x`` and ``velocity_y`` (hand velocity, in the file's own units), ``target`` (0 to 3),
        ``reach`` (number of the run of bins with one target), ``split`` ("train" 1,200 and "test" 1,818 bins, as in
        the file). The file does not state the width of the bins: ``dt`` is 1.
    """
    data = loadmat(files["chewie_demo.mat"])
    counts = np.concatenate([data["Ytr"], data["Yte"]])
    velocity = np.concatenate([data["Xtr"], data["Xte"]])
    target = np.concatenate([data["Ttr"], data["Tte"]]).ravel().astype(int)
    split = np.repeat(np.array(["train", "test"], dtype=object), [len(data["Ytr"]), len(data["Yte"])])
    changes = (np.diff(target) != 0) | (split[1:] != split[:-1])
    return make_responses(
        counts,
        trial={
            "velocity_x": velocity[:, 0],
            "velocity_y": velocity[:, 1],
            "target": target,
            "reach": np.concatenate([[0], np.cumsum(changes)]),
            "split": split,
        },
        unit={"region": "M1"},
        quantity="spike_count",
        source="dad_m1",
        cite=CITE,
    )
