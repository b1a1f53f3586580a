"""Which units an electrode array finds, and repeats of every stimulus."""

from __future__ import annotations

from typing import Literal

import numpy as np
import xarray as xr

from tertium.data.responses import make_responses, validate
from tertium.errors import BadInput
from tertium.record.observe.latent import check_positive, labels_along
from tertium.rng import Seeds


def electrodes(
    responses: xr.DataArray, n: int, seed: int = 0, *, bias: Literal["none", "rate"] = "none"
) -> xr.DataArray:
    """Record only some of the units, by chance or with a preference for those that fire much.

    Parameters
    ----------
    responses : xarray.DataArray, dims (trial, time, unit)
        All units.
    n : int
        How many to record.
    seed : int
        Seed of the choice.
    bias : str
        "none": every unit is as likely. "rate": units are found in proportion to their mean response, as spike
        sorting finds them (Olshausen & Field 2005).

    Returns
    -------
    xarray.DataArray, dims (trial, time, unit)
        The chosen units in their old order.

    Raises
    ------
    BadInput
        If there are fewer than ``n`` units, or, with ``bias="rate"``, fewer than ``n`` that respond at all.

    References
    ----------
    Olshausen, B. A. & Field, D. J. (2005). How close are we to understanding V1? Neural Computation 17:1665.

    Examples
    --------
    >>> r = make_responses(np.ones((2, 1, 50)), quantity="rate")
    >>> electrodes(r, 8, seed=1).sizes["unit"]
    8
    """
    validate(responses)
    n_units = responses.sizes["unit"]
    if bias not in ("none", "rate"):
        raise BadInput("bias", got=f"'{bias}'", expected="'none' or 'rate'", repair="")
    weights = np.ones(n_units)
    if bias == "rate":
        weights = np.asarray(responses.mean(dim=(responses.dims[0], "time")).values, dtype=np.float64)
        if weights.min() < 0:
            raise BadInput(
                "responses",
                got=f"a negative mean in unit '{responses['unit'].values[int(weights.argmin())]}'",
                expected="means >= 0 for bias='rate'",
                repair="Use rates or counts, or bias='none'.",
            )
    there = int((weights > 0).sum())
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or not 1 <= n <= there:
        raise BadInput(
            "n", got=repr(n), expected=f"a whole number from 1 to {there}, the units that can be found", repair=""
        )
    chosen = Seeds(seed).numpy("electrodes").choice(n_units, size=n, replace=False, p=weights / weights.sum())
    found = responses.isel(unit=np.sort(chosen))
    return _noted(found, responses, f"electrodes(n={n}, bias={bias}, seed={seed})")


def repeats(
    rate: xr.DataArray,
    n: int,
    seed: int = 0,
    *,
    gain: float = 0.0,
    order: Literal["blocked", "shuffled"] = "blocked",
) -> xr.DataArray:
    """Show every stimulus several times; noise that is drawn afterwards differs between the repeats.

    Parameters
    ----------
    rate : xarray.DataArray, dims (trial, time, unit) or (condition, time, unit)
        Latent rates in Hz, one row for each stimulus.
    n : int
        Number of repeats.
    seed : int
        Seed of gain and order.
    gain : float
        Standard deviation of a gamma-distributed gain of mean 1, drawn once a trial and shared by all units: the
        excitability that makes cortical counts more variable than Poisson (Goris, Movshon & Simoncelli 2014).
    order : str
        "blocked": all stimuli once, then all again. "shuffled": all trials in random order.

    Returns
    -------
    xarray.DataArray, dims (trial, time, unit)
        n times as many trials, with labels ``repeat`` (0 to n - 1) and ``stimulus`` (kept if there, otherwise the
        trial's index or the condition's name).

    Raises
    ------
    BadInput
        If ``n`` is not a positive whole number, or another parameter is out of range.

    References
    ----------
    Goris, R. L. T., Movshon, J. A. & Simoncelli, E. P. (2014). Partitioning neuronal variability. Nature Neuroscience
    17:858.

    Examples
    --------
    >>> r = repeats(make_responses(np.ones((3, 1, 2)), quantity="rate"), n=4)
    >>> r.sizes["trial"], r["stimulus"].values[:4].tolist(), r["repeat"].values[2:4].tolist()
    (12, [0, 1, 2, 0], [0, 1])
    """
    validate(rate)
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1:
        raise BadInput("n", got=repr(n), expected="a whole number of repeats, at least 1", repair="")
    if order not in ("blocked", "shuffled"):
        raise BadInput("order", got=f"'{order}'", expected="'blocked' or 'shuffled'", repair="")
    check_positive(gain, "gain", zero=True)
    seeds = Seeds(seed)
    first = str(rate.dims[0])
    rows = np.tile(np.arange(rate.shape[0]), n)
    repeat = np.repeat(np.arange(n), rate.shape[0])
    if order == "shuffled":
        mixed = seeds.numpy("order").permutation(len(rows))
        rows, repeat = rows[mixed], repeat[mixed]
    values = np.asarray(rate.values, dtype=np.float64)[rows]
    if gain > 0:
        values = values * seeds.numpy("gain").gamma(gain**-2, gain**2, size=len(rows))[:, None, None]
    trial = {name: label[rows] for name, label in labels_along(rate, first).items() if name != "trial"}
    if "stimulus" not in trial:
        trial["stimulus"] = rate[first].values[rows] if first in rate.coords else rows
    made = make_responses(
        values,
        dt=float(rate.attrs["dt"]),
        trial={**trial, "repeat": repeat},
        unit=labels_along(rate, "unit"),
        time=rate["time"].values if "time" in rate.coords else None,
        quantity=str(rate.attrs.get("quantity", "rate")),
        units=rate.attrs.get("units"),
        source=str(rate.attrs.get("source", "")),
        cite=str(rate.attrs.get("cite", "")),
    )
    return _noted(made, rate, f"repeats(n={n}, gain={gain:g}, order={order}, seed={seed})")


def _noted(made: xr.DataArray, before: xr.DataArray, note: str) -> xr.DataArray:
    earlier = str(before.attrs.get("observation", ""))
    return made.assign_attrs(observation=f"{earlier}; {note}" if earlier else note)
