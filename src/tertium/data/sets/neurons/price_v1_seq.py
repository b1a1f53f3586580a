"""Mouse V1 over four days of seeing a sequence of gratings: the held-out trials of 140 neurons."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy.io import loadmat

from tertium.data.responses import make_responses

CITE = "Price et al. (mouse V1 sequence learning)"

# places in the list of predictors (counted from 0) from which the authors read what was shown
_DAY, _SECOND_ANGLE, _SECOND_HELD, _STARTS_WITH_E, _TRIAL_COUNT = 1, 3, 15, 23, 28


def load(files: Mapping[str, Path]) -> dict[int, xr.DataArray]:
    """Read the trials that the authors held out for decoding.

    The sequences are ABCD or EBCD, of gratings shown for 150 ms each; the second varies in angle, or is held for as
    long as two (A-held-D).

    Returns
    -------
    dict of int to xarray.DataArray, dims (trial 60, time 30, unit)
        For each day (1 to 4) the neurons recorded on it, in 25 ms bins from the start of the sequence. Values are
        firing rates less the spontaneous rate, over the standard deviation of the evoked rate (z-scores of the
        authors' making). Trial labels: ``stimulus`` ("A_CD", "A_held_D", "E_CD", "E_held_D"), ``first`` ("A", "E"),
        ``held`` (bool), ``angle`` (of the second grating, rad), ``count`` (how often it had been shown).
    """
    data = loadmat(files["SeqRFExp_DataForMbTDRDecoder.mat"])
    n_bins = int(data["nBins"].item())
    labels = _labels(data, n_bins)
    shown = np.asarray(data["decodeTrials"], dtype=bool)
    values = np.asarray(data["Zdecode"], dtype=np.float64)
    # a neuron was recorded on one day: in the trials of that day, and in no others
    in_trial = np.asarray(shown.reshape(len(shown), -1, n_bins)[:, :, 0])  # a trial is shown whole or not at all
    day_of = np.array([labels["day"][np.flatnonzero(trials)[0]] for trials in in_trial])
    by_day: dict[int, xr.DataArray] = {}
    for day in sorted(set(day_of.tolist())):
        units = np.flatnonzero(day_of == day)
        trials = np.flatnonzero(in_trial[units[0]])
        block = values[units].reshape(len(units), -1, n_bins)[:, trials]
        by_day[day] = make_responses(
            block.transpose(1, 2, 0),
            dt=float(data["binSize"].item()),
            trial={"trial": trials} | {name: label[trials] for name, label in labels.items() if name != "day"},
            unit={"unit": [f"{unit:03d}" for unit in units], "region": "V1"},
            quantity="z_score",
            source="price_v1_seq",
            cite=CITE,
        )
    return by_day


def _labels(data: Mapping[str, Any], n_bins: int) -> dict[str, npt.NDArray[Any]]:
    """Read from the design matrix what was shown in each of the 240 trials."""
    per_element = int(data["binsPerElement"].item())
    design = [np.asarray(predictor, dtype=np.float64) for predictor in data["Xdecode"].ravel()]
    first_bin = np.arange(0, int(data["Mdecode"].item()), n_bins)
    last_bin = first_bin + n_bins - 1
    starts_with_e = design[_STARTS_WITH_E][first_bin, 0] > 0.5
    held = design[_SECOND_HELD][first_bin + 2 * per_element, 0] > 0.5
    first = np.where(starts_with_e, "E", "A").astype(object)
    rest = np.where(held, "_held_D", "_CD").astype(object)
    return {
        "day": np.rint(np.exp(design[_DAY][last_bin, -1])).astype(int),
        "stimulus": first + rest,
        "first": first,
        "held": held,
        "angle": data["abcdOrients"].ravel()[1] - design[_SECOND_ANGLE][first_bin + per_element, 0],
        "count": np.rint(np.exp(-design[_TRIAL_COUNT][last_bin, -1])).astype(int),
    }
