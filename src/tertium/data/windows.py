"""Cutting a window out of time, coarser bins, and lining trials up at an event."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import xarray as xr

from tertium.data.responses import validate
from tertium.errors import BadInput

#: Share of a bin by which times may be off: the rounding of decimal fractions, nothing that was ever measured.
TOLERANCE = 1e-6


def window(responses: xr.DataArray, start: float | None, stop: float | None, step: float | None = None) -> xr.DataArray:
    """Keep the bins from ``start`` up to, not including, ``stop``; optionally in coarser bins.

    Parameters
    ----------
    responses : xarray.DataArray, dims (trial, time, unit)
        Possibly opened lazily; without ``step`` the result then stays lazy.
    start, stop : float or None
        Seconds on the table's own time axis; None means its end.
    step : float, optional
        Width of the new bins in seconds, a whole multiple of ``dt``. Spike counts are added up, all else is averaged;
        a new bin has the time of the first bin in it. Bins left over at the end are dropped.

    Returns
    -------
    xarray.DataArray, dims (trial, time, unit)
        With ``dt`` = ``step`` where that is given.

    Raises
    ------
    BadInput
        If no bin lies in the window, or ``step`` is no multiple of ``dt`` or longer than the window.

    Examples
    --------
    >>> from tertium.data import make_responses
    >>> r = make_responses([[[1.0], [2.0], [3.0], [4.0]]], dt=0.1)
    >>> window(r, 0.1, 0.3)["time"].values.tolist()
    [0.1, 0.2]
    >>> window(r, None, None, step=0.2).values.ravel().tolist()
    [1.5, 3.5]
    """
    validate(responses, finite=False)
    time, dt = responses["time"].values, float(responses.attrs["dt"])
    slack = TOLERANCE * dt
    keep = np.ones(len(time), dtype=bool)
    if start is not None:
        keep &= time >= start - slack
    if stop is not None:
        keep &= time < stop - slack
    if not keep.any():
        raise BadInput(
            "window",
            got=f"{start} to {stop} s, in which no bin begins",
            expected=f"a part of {time[0]:g} to {time[-1] + dt:g} s",
            repair="Times are seconds.",
        )
    where = np.flatnonzero(keep)
    cut = responses.isel(time=slice(int(where[0]), int(where[-1]) + 1))
    return cut if step is None else _coarser(cut, step)


def align(responses: xr.DataArray, event: str, before: float, after: float, *, drop: bool = False) -> xr.DataArray:
    """Line the trials up at an event: time 0 becomes the bin nearest to it.

    Parameters
    ----------
    responses : xarray.DataArray, dims (trial, time, unit)
        In bins of equal width.
    event : str
        Trial label with the time of the event in seconds on the table's time axis; NaN where it did not occur.
    before, after : float
        The window around the event, seconds: the bins that begin from ``-before`` up to, not including, ``after``.
    drop : bool
        Whether to leave out trials without the event, or whose window runs out of the recording; otherwise an error
        names them.

    Returns
    -------
    xarray.DataArray, dims (trial, time, unit)
        Time is seconds from the event, to the nearest bin: up to half a bin off.

    Raises
    ------
    BadInput
        If a trial's window runs out of the recording and ``drop`` is False, or no trial is left.

    Examples
    --------
    >>> from tertium.data import make_responses
    >>> r = make_responses([[[0.0], [1.0], [2.0], [3.0]]] * 2, dt=0.1, trial={"go": [0.1, 0.2]})
    >>> align(r, "go", before=0.1, after=0.2).values[:, :, 0].tolist()
    [[0.0, 1.0, 2.0], [1.0, 2.0, 3.0]]
    """
    validate(responses, needs=[event], finite=False)
    first = str(responses.dims[0])
    dt = float(responses.attrs["dt"])
    times = _regular(responses, dt)
    events = _event_times(responses, event, first)
    if not np.isfinite([before, after]).all():
        raise BadInput("window", got=f"-{before} to {after} s", expected="finite seconds", repair="")
    n_before, n_after = int(np.floor(before / dt + TOLERANCE)), int(np.ceil(after / dt - TOLERANCE))
    if n_before + n_after < 1:
        raise BadInput(
            "window", got=f"-{before} to {after} s", expected=f"at least one bin of {dt:g} s", repair="Widen it."
        )
    # the window of a trial without the event begins outside the recording, wherever that is
    centre = np.where(np.isfinite(events), (np.nan_to_num(events) - times[0]) / dt, -np.inf)
    begin = np.clip(np.rint(centre) - n_before, -1, len(times)).astype(np.int64)
    inside = (begin >= 0) & (begin + n_before + n_after <= len(times))
    if not inside.any() or not (inside.all() or drop):
        raise _runs_out(responses, event, events, inside, (times[0], times[-1] + dt))
    kept = responses.isel({first: np.flatnonzero(inside)})
    index = begin[inside][:, None] + np.arange(n_before + n_after)
    values = np.take_along_axis(kept.values, index[:, :, None], axis=1)
    coords = {name: c.variable for name, c in kept.coords.items() if "time" not in c.dims}
    coords["time"] = xr.Variable("time", np.arange(-n_before, n_after) * dt)
    attrs = {**responses.attrs, "aligned_to": event}
    return validate(xr.DataArray(values, dims=responses.dims, coords=coords, attrs=attrs, name=responses.name))


def _coarser(responses: xr.DataArray, step: float) -> xr.DataArray:
    dt = float(responses.attrs["dt"])
    _regular(responses, dt)
    per_bin = round(step / dt)
    n_new = responses.sizes["time"] // max(1, per_bin)
    if per_bin < 1 or abs(step - per_bin * dt) > TOLERANCE * dt * per_bin or n_new < 1:
        raise BadInput(
            "step",
            got=f"{step} s for bins of {dt:g} s in a window of {responses.sizes['time'] * dt:g} s",
            expected="a whole multiple of dt, no longer than the window",
            repair=f"Pass, for instance, step={2 * dt:g}.",
        )
    cut = responses.isel(time=slice(0, n_new * per_bin))
    n_first, _, n_units = cut.shape
    bins = cut.values.reshape(n_first, n_new, per_bin, n_units)
    values = bins.sum(axis=2) if responses.attrs.get("quantity") == "spike_count" else bins.mean(axis=2)
    coords = {name: c.variable for name, c in cut.coords.items() if "time" not in c.dims}
    coords["time"] = cut["time"].variable[::per_bin]
    attrs = {**responses.attrs, "dt": per_bin * dt}
    return xr.DataArray(values, dims=responses.dims, coords=coords, attrs=attrs, name=responses.name)


def _regular(responses: xr.DataArray, dt: float) -> npt.NDArray[np.float64]:
    times: npt.NDArray[np.float64] = responses["time"].values
    off = np.abs(np.diff(times) - dt)
    if off.size and off.max() > 1e-3 * dt:
        at = int(np.argmax(off))
        raise BadInput(
            "time",
            got=f"{times[at]:g} s followed by {times[at + 1]:g} s",
            expected=f"steps of dt = {dt:g} s",
            repair="Set attrs['dt'], or interpolate with responses.interp(time=...).",
        )
    return times


def _event_times(responses: xr.DataArray, event: str, first: str) -> npt.NDArray[np.float64]:
    label = responses[event]
    if label.dims != (first,) or label.dtype.kind not in "iuf":
        raise BadInput(
            f"event '{event}'",
            got=f"{label.dtype} along ({', '.join(map(str, label.dims))})",
            expected=f"seconds, one for each {first}",
            repair="",
        )
    return label.values.astype(np.float64)


def _runs_out(
    responses: xr.DataArray,
    event: str,
    events: npt.NDArray[np.float64],
    inside: npt.NDArray[np.bool_],
    span: tuple[float, float],
) -> BadInput:
    first = str(responses.dims[0])
    out = np.flatnonzero(~inside)
    shown = ", ".join(f"{responses[first].values[i]} ({events[i]:g} s)" for i in out[:5])
    return BadInput(
        f"alignment at '{event}'",
        got=f"{len(out)} of {len(inside)} {first}s whose window runs out of the recording: {shown}"
        + (", ..." if len(out) > 5 else ""),
        expected=f"windows within {span[0]:g} to {span[1]:g} s",
        repair="Narrow the window." if not inside.any() else "Narrow the window, or pass drop=True.",
    )
