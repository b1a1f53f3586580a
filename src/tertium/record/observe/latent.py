"""What all observation models share: the check of the latent rates, and the making of what is observed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from tertium.data.responses import make_responses, validate
from tertium.errors import BadInput

FloatArray = npt.NDArray[np.float64]


def latent_values(rate: xr.DataArray, accepts: tuple[str, ...] = ("rate",)) -> FloatArray:
    """Return the latent numbers as float64, shape (trial, time, unit), after checking that they can be observed.

    Parameters
    ----------
    rate : xarray.DataArray, dims (trial, time, unit)
        Latent rates in Hz (or whatever ``accepts`` allows).
    accepts : tuple of str
        Quantities that the model can take.

    Raises
    ------
    BadInput
        If the table is not valid, is averaged by condition, holds another quantity, or is negative anywhere.

    Examples
    --------
    >>> r = make_responses(np.full((1, 2, 1), -3.0), dt=0.01, quantity="rate")
    >>> latent_values(r)
    Traceback (most recent call last):
    ...
    tertium.errors.BadInput: rate: got -3 Hz at trial 0, time 0 s, unit '0', expected no negative values. Rectify
    the rates first, for instance with rate.clip(min=0).
    """
    validate(rate)
    if rate.dims[0] != "trial":
        raise BadInput(
            "rate",
            got=f"dims ({', '.join(map(str, rate.dims))})",
            expected="(trial, time, unit)",
            repair="Turn conditions into trials with observe.repeats(rate, n=...).",
        )
    quantity = str(rate.attrs.get("quantity", ""))
    if quantity not in accepts:
        raise BadInput(
            "rate",
            got=f"responses of quantity '{quantity}'",
            expected=" or ".join(f"'{name}'" for name in accepts),
            repair="Scale the activations to firing rates in Hz and make responses with quantity='rate'.",
        )
    values = np.asarray(rate.values, dtype=np.float64)
    if values.min() < 0:
        trial, time, unit = (int(i) for i in np.argwhere(values < 0)[0])
        units = "Hz" if quantity == "rate" else str(rate.attrs.get("units", ""))
        raise BadInput(
            "rate",
            got=f"{values[trial, time, unit]:g} {units} at trial {rate['trial'].values[trial]}, "
            f"time {rate['time'].values[time]:g} s, unit '{rate['unit'].values[unit]}'",
            expected="no negative values",
            repair="Rectify the rates first, for instance with rate.clip(min=0).",
        )
    return values


def observed(
    values: npt.ArrayLike,
    like: xr.DataArray,
    *,
    quantity: str,
    note: str,
    dt: float | None = None,
    time: npt.ArrayLike | None = None,
    unit: Mapping[str, Any] | None = None,
    units: str | None = None,
) -> xr.DataArray:
    """Return a table of observations with the trial labels of the latent table, and its unit labels by default.

    Parameters
    ----------
    values : array-like, shape (trial, time, unit)
        What was observed.
    like : xarray.DataArray
        The latent table.
    quantity, note : str
        What is observed, and how: the note is added to ``attrs["observation"]``.
    dt : float, optional
        Bin width in seconds; the latent one if not given.
    time : array-like, optional
        Time of each bin in seconds; by default bins of ``dt`` from the start of the latent table.
    unit : mapping, optional
        Labels of the units where they are no longer the latent ones (voxels, sensors).
    units : str, optional
        Physical unit; by default that of the quantity.
    """
    array = np.asarray(values)
    step = float(like.attrs["dt"]) if dt is None else float(dt)
    if time is None:
        unchanged = dt is None and array.shape[1] == like.sizes["time"]
        time = like["time"].values if unchanged else start_of(like) + step * np.arange(array.shape[1])
    made = make_responses(
        array,
        dt=step,
        trial=labels_along(like, "trial"),
        unit=labels_along(like, "unit") if unit is None else unit,
        time=time,
        quantity=quantity,
        units=units,
        source=str(like.attrs.get("source", "")),
        cite=str(like.attrs.get("cite", "")),
    )
    before = str(like.attrs.get("observation", ""))
    made.attrs["observation"] = f"{before}; {note}" if before else note
    return made


def labels_along(table: xr.DataArray, dim: str) -> dict[str, Any]:
    """Return all labels along one dimension as arrays, its index among them."""
    return {str(name): coord.values for name, coord in table.coords.items() if coord.dims == (dim,)}


def start_of(table: xr.DataArray) -> float:
    """Return the time of the first bin in seconds."""
    return float(table["time"].values[0]) if "time" in table.coords else 0.0


def bins_per(dt: float | None, fine: float, what: str) -> int:
    """Return how many fine bins make one bin of ``dt`` seconds.

    Raises
    ------
    BadInput
        If ``dt`` is not a whole multiple of the fine bin.

    Examples
    --------
    >>> bins_per(0.05, 0.01, "dt"), bins_per(None, 0.01, "dt")
    (5, 1)
    """
    if dt is None:
        return 1
    ratio = float(dt) / fine
    whole = round(ratio)
    if not np.isfinite(ratio) or whole < 1 or abs(ratio - whole) > 1e-6 * max(1.0, ratio):
        raise BadInput(
            what,
            got=f"{dt:g} s over rates in bins of {fine:g} s",
            expected="a whole multiple of the rates' bin",
            repair=f"Pass {what}={max(1, whole) * fine:g}, or bin the rates more finely.",
        )
    return whole


def rebin(values: FloatArray, n: int, what: str) -> FloatArray:
    """Return sums over groups of ``n`` time bins, shape (trial, time // n, unit); an unfilled last bin is dropped.

    Raises
    ------
    BadInput
        If not one bin is filled.
    """
    if n == 1:
        return values
    n_bins = values.shape[1] // n
    if n_bins == 0:
        raise BadInput(
            what,
            got=f"a bin of {n} time steps over {values.shape[1]} of them",
            expected="at least one whole bin in a trial",
            repair=f"Pass a smaller {what}, or longer trials.",
        )
    trials, _, units = values.shape
    return values[:, : n_bins * n].reshape(trials, n_bins, n, units).sum(axis=2)


def check_positive(value: float, what: str, *, zero: bool = False) -> float:
    """Return a parameter as float if it is positive and finite (or zero, where that makes sense).

    Raises
    ------
    BadInput
        Otherwise.
    """
    number = float(value)
    if not np.isfinite(number) or number < 0 or (number == 0 and not zero):
        bound = "a finite number >= 0" if zero else "a finite number > 0"
        raise BadInput(what, got=f"{value!r}", expected=bound, repair="")
    return number
