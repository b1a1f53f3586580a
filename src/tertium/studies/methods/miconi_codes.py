"""What units of LRN06 code when: decoders of one time tested at others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tertium.data import window
from tertium.dynamics import cross_temporal

if TYPE_CHECKING:
    import xarray as xr

Floats = NDArray[np.float64]


def scores(responses: xr.DataArray, label: str, bin_width: float, seed: int) -> tuple[Floats, Floats]:
    """Return how well decoders of each time read a label at each other, (time fitted, time tested), and the times.

    Parameters
    ----------
    responses : xarray.DataArray
    label : str
        Of trials.
    bin_width : float
        Seconds.
    seed : int
        Of the folds.
    """
    binned = window(responses, None, None, bin_width)
    found = cross_temporal(binned, label, n_permutations=0, seed=seed)
    return found.mean, np.asarray(found.time)


def mixed_in_time(responses: xr.DataArray, bin_width: float, rng: np.random.Generator) -> xr.DataArray:
    """Return responses binned, with the bins of each trial in an order of its own: a code cannot turn with time."""
    binned = window(responses, None, None, bin_width)
    return binned.copy(data=np.stack([trial[rng.permutation(len(trial))] for trial in binned.values]))


def at(times: Floats, start: float, stop: float) -> NDArray[np.bool_]:
    """Return which times are from ``start`` up to, not including, ``stop``."""
    return (times > start - 1e-9) & (times < stop - 1e-9)


def own_and_others(found: Floats) -> tuple[float, float]:
    """Return the mean score of decoders at the time they were fitted at, and at all others.

    Examples
    --------
    >>> own_and_others(np.array([[1.0, 0.5], [0.7, 0.8]]))
    (0.9, 0.6)
    """
    diagonal = np.eye(len(found), dtype=bool)
    return float(found[diagonal].mean()), float(found[~diagonal].mean())
