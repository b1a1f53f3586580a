"""Lagged designs: each bin beside those before it, never across the border of a trial."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium.compare.spike_trains.bases import Basis
from tertium.compare.spike_trains.trials import is_labelled, read_trials
from tertium.errors import BadInput

if TYPE_CHECKING:
    import xarray as xr

FloatArray = npt.NDArray[np.float64]


def lagged(
    X: xr.DataArray | npt.ArrayLike | Sequence[npt.ArrayLike],
    lags: Sequence[int] | npt.NDArray[Any],
    *,
    fill: float = 0.0,
) -> Any:
    """Put beside each time bin what was there some bins before, as features of a model with memory (FIR).

    Parameters
    ----------
    X : responses, array-like of shape (time, column) or (trial, time, column), or list of (time, column)
        Features over time. One array of two dimensions is one trial.
    lags : sequence of int
        Bins: 0 is the same bin, 3 what was three bins before, -1 what comes one bin later.
    fill : float
        What stands for bins before a trial began, or after it ended. Nothing is taken from the trial beside it.

    Returns
    -------
    like X
        With ``column * lag`` columns, the lags of a column side by side. Units of responses are called
        "name, lag 0.02 s" and keep their labels; ``lag`` (s) and ``lag_of`` are added.

    Raises
    ------
    BadInput
        If lags are no different whole numbers, or shapes do not fit.

    Examples
    --------
    >>> trials = np.array([[[1.0], [2.0], [3.0]], [[7.0], [8.0], [9.0]]])
    >>> lagged(trials, [0, 1]).tolist()
    [[[1.0, 0.0], [2.0, 1.0], [3.0, 2.0]], [[7.0, 0.0], [8.0, 7.0], [9.0, 8.0]]]
    """
    bins = _checked(lags)
    trials = read_trials(X, "X")
    made = [_lagged(one, bins, fill) for one in trials.values]
    if is_labelled(X):
        return _responses(X, np.stack(made), bins)
    given: Any = X
    if isinstance(given, list | tuple) and np.ndim(given[0]) == 2:
        return made
    return made[0] if np.ndim(given) == 2 else np.stack(made)


def filtered(trials: Sequence[FloatArray], basis: Basis, border: float = 0.0) -> list[FloatArray]:
    """Convolve each column of each trial with each function of a basis, within the trial.

    Parameters
    ----------
    trials : sequence of array, each of shape (time, column)
    basis : Basis
    border : float
        What stands for bins outside a trial.

    Returns
    -------
    list of array, each of shape (time, column * function)
        ``sum over lags of basis[lag, function] * trial[time - lag]``, the functions of a column side by side.

    Examples
    --------
    >>> one = np.array([[0.0], [1.0], [0.0], [0.0]])
    >>> filtered([one], Basis(np.array([[3.0], [2.0]]), first=1, dt=0.1))[0].ravel().tolist()
    [0.0, 0.0, 3.0, 2.0]
    """
    before, after = max(0, int(basis.lags[-1])), max(0, -int(basis.first))
    columns = trials[0].shape[1]
    gap_before, gap_after = (np.full((bins, columns), border) for bins in (before, after))
    padded = np.concatenate([part for one in trials for part in (gap_before, one, gap_after)])
    made = np.empty((sum(map(len, trials)), columns, len(basis)))
    rows, start = [], 0
    for one in trials:
        rows.append(np.arange(start + before, start + before + len(one)))
        start += before + len(one) + after
    where = np.concatenate(rows)
    for column in range(columns):
        for function in range(len(basis)):
            full = np.convolve(padded[:, column], basis.values[:, function])
            made[:, column, function] = full[where - basis.first]
    ends = np.cumsum([len(one) for one in trials])[:-1]
    return np.split(made.reshape(len(made), -1), ends)


def _lagged(trial: FloatArray, lags: npt.NDArray[np.int64], fill: float) -> FloatArray:
    n, width = trial.shape
    made = np.full((n, width, len(lags)), fill)
    for i, lag in enumerate(lags):
        if abs(lag) < n:
            to, source = (slice(lag, n), slice(0, n - lag)) if lag >= 0 else (slice(0, n + lag), slice(-lag, n))
            made[to, :, i] = trial[source]
    return made.reshape(n, -1)


def _responses(X: xr.DataArray, values: FloatArray, lags: npt.NDArray[np.int64]) -> xr.DataArray:
    import xarray as xr

    seconds, names = lags * float(X.attrs["dt"]), [str(unit) for unit in X["unit"].values]
    made = xr.DataArray(values, dims=X.dims, attrs=dict(X.attrs), name=X.name)
    kept: dict[str, Any] = {str(key): one for key, one in X.coords.items() if one.dims != ("unit",)}
    of_unit = {str(key): np.repeat(one.values, len(lags)) for key, one in X.coords.items() if one.dims == ("unit",)}
    of_unit |= {
        "unit": np.array([f"{name}, lag {lag:g} s" for name in names for lag in seconds], dtype=object),
        "lag": np.tile(seconds, len(names)),
        "lag_of": np.repeat(np.array(names, dtype=object), len(lags)),
    }
    return made.assign_coords(kept | {key: ("unit", one) for key, one in of_unit.items()})


def _checked(lags: Sequence[int] | npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    bins = np.asarray(lags)
    if bins.ndim != 1 or not len(bins) or bins.dtype.kind not in "iu" or len(np.unique(bins)) < len(bins):
        raise BadInput("lags", got=f"{lags}", expected="different whole numbers of bins", repair="Pass range(10).")
    return bins.astype(np.int64)
