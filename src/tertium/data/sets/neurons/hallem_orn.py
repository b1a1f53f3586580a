"""Odour responses of 24 Drosophila olfactory receptors."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import xarray as xr

from tertium.data.responses import make_responses

CITE = "Hallem & Carlson 2006 Cell 125:143"


def load(files: Mapping[str, Path], *, add_spontaneous: bool = False) -> xr.DataArray:
    """Read the table of 110 odours by 24 receptors.

    Parameters
    ----------
    files : mapping of str to Path
        The files of the set.
    add_spontaneous : bool
        Whether to add each receptor's spontaneous rate, which the published numbers are free of.

    Returns
    -------
    xarray.DataArray, dims (trial 110, time 1, unit 24)
        Firing rates in spikes/s. Trial labels: ``stimulus`` (odour), ``cas`` (its registry number); unit names
        "Or2a", ..., unit labels ``glomerulus`` ("" where it is not known) and ``spontaneous`` (spikes/s).
    """
    with files["Hallem_Carlson_2006.csv"].open(encoding="utf-8", newline="") as stream:
        glomeruli, receptors, *rows = list(csv.reader(stream))
    *odours, spontaneous = rows
    rest = np.array(spontaneous[1:-1], dtype=np.float64)
    rates = np.array([row[1:-1] for row in odours], dtype=np.float64)
    return make_responses(
        rates + rest if add_spontaneous else rates,
        trial={"stimulus": [row[0] for row in odours], "cas": [row[-1] for row in odours]},
        unit={
            "unit": [f"Or{name}" for name in receptors[1:-1]],
            "glomerulus": glomeruli[1:-1],
            "spontaneous": rest,
        },
        quantity="rate",
        source="hallem_orn",
        cite=CITE,
    )
