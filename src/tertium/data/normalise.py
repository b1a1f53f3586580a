"""Z-scoring: each unit in units of its own standard deviation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
import xarray as xr

from tertium.data.responses import validate
from tertium.data.windows import window
from tertium.errors import BadInput


def zscore(
    responses: xr.DataArray,
    over: Sequence[str] = ("trial", "time"),
    baseline: tuple[float | None, float | None] | None = None,
    *,
    constant: Literal["error", "drop"] = "error",
) -> xr.DataArray:
    """Subtract each unit's mean and divide by its standard deviation.

    Parameters
    ----------
    responses : xarray.DataArray, dims (trial, time, unit)
        Finite numbers.
    over : sequence of str
        What mean and standard deviation (of the population, ddof 0) are taken over. ``("trial",)`` treats each
        time bin by itself.
    baseline : tuple (start, stop), optional
        Seconds, half-open: take mean and standard deviation from this window only. Needs "time" in ``over``.
    constant : {"error", "drop"}
        What to do with units that do not vary: an error that names them, or leave them out.

    Returns
    -------
    xarray.DataArray, dims (trial, time, unit)
        Quantity "z_score", at least single precision.

    Raises
    ------
    BadInput
        If units do not vary, or ``over`` or ``baseline`` is unusable.

    Examples
    --------
    >>> from tertium.data import make_responses
    >>> zscore(make_responses([[1.0], [3.0]])).values.ravel().tolist()
    [-1.0, 1.0]
    """
    validate(responses)
    first = str(responses.dims[0])
    names = [over] if isinstance(over, str) else list(over)
    dims = [first if name in ("trial", "condition") else name for name in names]
    if not dims or any(dim not in (first, "time") for dim in dims):
        raise BadInput("over", got=str(tuple(names)), expected="'trial', 'time' or both", repair="")
    if baseline is not None and "time" not in dims:
        raise BadInput("baseline", got=f"{baseline} with over={tuple(names)}", expected="'time' in over", repair="")
    base = responses if baseline is None else window(responses, *baseline)
    axes = tuple(base.dims.index(dim) for dim in dims)
    values = base.values.astype(np.result_type(responses.dtype, np.float32), copy=False)
    mean = values.mean(axis=axes, keepdims=True, dtype=np.float64)
    spread = values.std(axis=axes, keepdims=True, dtype=np.float64)
    # rounding leaves a constant unit a spread of some 1e-16 of its mean: that is no variance
    flat = (spread <= 1e-12 * np.maximum(np.abs(mean), 1e-300)).any(axis=(0, 1))
    kept = _without_constant(responses, flat, constant)
    scored = ((kept.values - mean[:, :, ~flat]) / spread[:, :, ~flat]).astype(values.dtype)
    made = kept.copy(data=scored)
    made.attrs = {**responses.attrs, "quantity": "z_score", "units": "1"}
    return made


def _without_constant(responses: xr.DataArray, flat: npt.NDArray[np.bool_], constant: str) -> xr.DataArray:
    if not flat.any():
        return responses
    names = responses["unit"].values[flat]
    if constant == "drop" and not flat.all():
        return responses.isel(unit=np.flatnonzero(~flat))
    raise BadInput(
        "units without variance",
        got=f"{len(names)} of {len(flat)}: {', '.join(map(str, names[:5]))}{', ...' if len(names) > 5 else ''}",
        expected="units that vary",
        repair="" if flat.all() else "Leave them out with constant='drop'.",
    )
