"""Deconvolution of calcium traces: the non-negative activity behind a decaying fluorescence (OASIS)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import xarray as xr

from tertium.data.responses import make_responses, validate
from tertium.errors import BadInput

FloatArray = npt.NDArray[np.float64]


def deconvolve(
    responses: xr.DataArray,
    tau: float,
    *,
    amplitude: float | None = None,
    penalty: float = 0.0,
    minimum: float = 0.0,
    baseline: float = 0.0,
) -> xr.DataArray:
    """Estimate from calcium fluorescence when, and how much, neurons were active.

    Parameters
    ----------
    responses : xarray.DataArray, dims (trial, time, unit)
        Fluorescence, dF/F.
    tau : float
        Decay time constant of the indicator in seconds.
    amplitude : float, optional
        dF/F that one spike adds. If given, the result is in Hz, otherwise in dF/F per bin.
    penalty, minimum : float
        See `oasis`; in dF/F.
    baseline : float
        Fluorescence without activity, in dF/F; taken off first.

    Returns
    -------
    xarray.DataArray, dims (trial, time, unit)
        Non-negative activity (``quantity="rate"`` with ``amplitude``, otherwise "other"), labels carried over.

    Raises
    ------
    BadInput
        If the table is not fluorescence, or a parameter is out of range.

    Notes
    -----
    Each trial and unit is deconvolved alone; calcium is taken to be zero before the trial. The model has no rise:
    with a slow indicator sampled fast, estimated activity lags by about the time to peak.

    Examples
    --------
    >>> trace = 0.2 * 0.9 ** np.arange(12.0) * (np.arange(12) >= 0)
    >>> r = make_responses(np.roll(trace, 3)[None, :, None] * (np.arange(12) >= 3)[None, :, None], dt=0.1,
    ...                    quantity="df_over_f")
    >>> found = deconvolve(r, tau=-0.1 / np.log(0.9), amplitude=0.2)
    >>> np.abs(found.values.round(6)).ravel().tolist()[:6], found.attrs["units"]  # one spike in a bin of 0.1 s
    ([0.0, 0.0, 0.0, 10.0, 0.0, 0.0], 'Hz')
    """
    validate(responses)
    if responses.attrs.get("quantity") != "df_over_f":
        raise BadInput(
            "responses",
            got=f"quantity '{responses.attrs.get('quantity')}'",
            expected="'df_over_f'",
            repair="Make dF/F first, with make_responses(..., quantity='df_over_f').",
        )
    _positive(tau, "tau")
    dt = float(responses.attrs["dt"])
    decay = float(np.exp(-dt / tau))
    values = np.asarray(responses.values, dtype=np.float64) - baseline
    trials, times, units = values.shape
    rows = values.transpose(0, 2, 1).reshape(-1, times)
    activity = np.stack([oasis(row, decay, penalty=penalty, minimum=minimum)[1] for row in rows])
    activity = activity.reshape(trials, units, times).transpose(0, 2, 1)
    if amplitude is not None:
        _positive(amplitude, "amplitude")
        activity = activity / (amplitude * dt)
    first = str(responses.dims[0])
    made = make_responses(
        activity,
        dt=dt,
        trial={n: c.values for n, c in _labels(responses, first) if n != "condition"},
        unit={n: c.values for n, c in _labels(responses, "unit")},
        time=responses["time"].values if "time" in responses.coords else None,
        quantity="other" if amplitude is None else "rate",
        units="dF/F per bin" if amplitude is None else None,
        source=str(responses.attrs.get("source", "")),
        cite=str(responses.attrs.get("cite", "")),
    )
    if first == "condition":
        made = made.drop_vars("trial").rename(trial="condition").assign_coords(condition=responses["condition"].values)
    if "observation" in responses.attrs:
        made.attrs["observation"] = f"{responses.attrs['observation']}; deconvolve(tau={tau:g} s)"
    return made


def oasis(
    trace: npt.ArrayLike, decay: float, *, penalty: float = 0.0, minimum: float = 0.0
) -> tuple[FloatArray, FloatArray]:
    """Split a fluorescence trace into decaying calcium and the non-negative activity that drives it.

    Parameters
    ----------
    trace : array-like, shape (time,)
        Fluorescence, baseline taken off.
    decay : float
        How much calcium is left after one bin, ``exp(-dt / tau)``, in (0, 1).
    penalty : float
        Weight of the sum of activity (L1): larger values give fewer events. In the trace's unit.
    minimum : float
        Smallest event allowed: activity is 0 or at least this (then a local, greedy optimum). Use either ``penalty``
        or ``minimum``.

    Returns
    -------
    calcium : array, shape (time,)
        The denoised trace c.
    activity : array, shape (time,)
        s, with c[t] = decay c[t - 1] + s[t].

    Raises
    ------
    BadInput
        If the trace is not one row of finite numbers, or a parameter is out of range.

    Notes
    -----
    Minimises ``1/2 sum (c - trace)^2 + penalty sum s`` under s >= 0. After division by decay^t this is isotonic
    regression, solved exactly by pooling adjacent violators in one pass (Friedrich, Zhou & Paninski 2017, Algorithm 2);
    `oasis_reference` is the same problem given to a general solver. Calcium is zero before the trace, so the first
    bin's activity holds whatever calcium there was.

    References
    ----------
    Friedrich, J., Zhou, P. & Paninski, L. (2017). Fast online deconvolution of calcium imaging data. PLoS Computational
    Biology 13:e1005423.

    Examples
    --------
    >>> calcium, activity = oasis([0.0, 1.1, 0.4, 0.3, 1.2], decay=0.5)
    >>> activity.round(3).tolist()
    [0.0, 1.04, 0.0, 0.04, 1.05]
    """
    y = _trace(trace, decay, penalty, minimum)
    target = y - penalty * (1.0 - decay)
    target[-1] = y[-1] - penalty
    # A pool is (weighted sum, weight, length): calcium that only decays, from the value sum / weight.
    sums: list[float] = []
    weights: list[float] = []
    lengths: list[int] = []
    for value in target.tolist():
        v, w, n = value, 1.0, 1
        while sums:
            left = decay ** lengths[-1]
            reached = max(sums[-1] / weights[-1], 0.0) * left
            if v / w >= reached + minimum:
                break
            v, w, n = sums.pop() + left * v, weights.pop() + left * left * w, lengths.pop() + n
        sums.append(v)
        weights.append(w)
        lengths.append(n)
    sizes = np.array(lengths)
    heights = np.maximum(np.array(sums) / np.array(weights), 0.0)
    if minimum > 0 and heights[0] < minimum:
        heights[0] = 0.0
    starts = np.cumsum(sizes) - sizes
    calcium = np.repeat(heights, sizes) * decay ** (np.arange(len(y)) - np.repeat(starts, sizes))
    activity = np.zeros_like(y)
    activity[starts] = heights
    activity[starts[1:]] -= decay * calcium[starts[1:] - 1]
    # inside a pool activity is exactly zero; between two empty pools rounding may leave -0
    return calcium, np.maximum(activity, 0.0)


def oasis_reference(trace: npt.ArrayLike, decay: float, *, penalty: float = 0.0) -> tuple[FloatArray, FloatArray]:
    """Solve the problem of `oasis` by general non-negative least squares: slow, short, and easy to believe.

    Parameters
    ----------
    trace, decay, penalty
        See `oasis`.

    Returns
    -------
    calcium, activity : array, shape (time,)
    """
    from scipy.optimize import nnls

    y = _trace(trace, decay, penalty, 0.0)
    lag = np.subtract.outer(np.arange(len(y)), np.arange(len(y)))
    kernel = np.where(lag >= 0, decay ** np.maximum(lag, 0), 0.0)
    # the penalty is linear in s, so it can be moved into the target: K' K s - K' y + penalty = K' (K s - target)
    target = y - penalty * np.linalg.solve(kernel.T, np.ones(len(y)))
    activity, _ = nnls(kernel, target, maxiter=50 * len(y))
    return kernel @ activity, activity


def _trace(trace: npt.ArrayLike, decay: float, penalty: float, minimum: float) -> FloatArray:
    y = np.array(trace, dtype=np.float64)
    if y.ndim != 1 or len(y) == 0 or not np.isfinite(y).all():
        raise BadInput(
            "trace", got=f"shape {y.shape}", expected="one row of finite numbers", repair="Pass one trace at a time."
        )
    if not 0 < decay < 1:
        raise BadInput("decay", got=f"{decay:g}", expected="a number in (0, 1)", repair="Use exp(-dt / tau).")
    for name, value in (("penalty", penalty), ("minimum", minimum)):
        if not np.isfinite(value) or value < 0:
            raise BadInput(name, got=f"{value:g}", expected="a finite number >= 0", repair="")
    return y


def _positive(value: float, what: str) -> None:
    if not np.isfinite(value) or value <= 0:
        raise BadInput(what, got=f"{value:g}", expected="a finite number > 0", repair="")


def _labels(responses: xr.DataArray, dim: str) -> list[tuple[str, xr.DataArray]]:
    return [(str(name), coord) for name, coord in responses.coords.items() if coord.dims == (dim,)]
