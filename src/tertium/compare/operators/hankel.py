"""Dynamic mode decomposition on delays: the linear operator that best carries delayed activity one step on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeGuard

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Operator:
    """The linear operator of one recording.

    Attributes
    ----------
    matrix : array, shape (rank, rank)
        ``v[t + 1] = matrix @ v[t]``, for the whitened leading coordinates v of the delayed activity.
    eigenvalues : array of complex, shape (rank,)
        Largest first.
    singular_values : array
        Of the delayed activity, all of them.
    prediction : float
        Fraction of the variance of v one step on that the operator predicts (R2, in the sample).
    """

    matrix: Floats
    eigenvalues: npt.NDArray[np.complex128]
    singular_values: Floats
    prediction: float


def trials_of(recording: xr.DataArray | npt.ArrayLike | Sequence[npt.ArrayLike], name: str) -> list[Floats]:
    """Return the trials of a recording, each (time, unit).

    Parameters
    ----------
    recording : responses, array-like of shape (time, unit) or (trial, time, unit), or sequence of (time, unit)
        Trials of a sequence may differ in length.
    name : str
        Of the recording, in errors.

    Raises
    ------
    BadInput
        If shapes do not fit or values are not finite.
    """
    values: Floats
    if _is_labelled(recording):
        from tertium.data import validate

        given = list(validate(recording).values)
    elif isinstance(recording, list | tuple):
        given = [np.asarray(one, dtype=np.float64) for one in recording]
    else:
        values = np.asarray(recording, dtype=np.float64)
        given = [values] if values.ndim == 2 else list(values) if values.ndim == 3 else [values]
    trials = [np.asarray(one, dtype=np.float64) for one in given]
    if not trials or any(one.ndim != 2 or one.shape[1] != trials[0].shape[1] or not one.size for one in trials):
        shapes = ", ".join(str(one.shape) for one in trials[:3]) or "nothing"
        raise BadInput(name, got=shapes, expected="trials of shape (time, unit) with the same units")
    if not all(np.isfinite(one).all() for one in trials):
        raise BadInput(name, got="a value that is not finite", expected="finite responses")
    return trials


def _is_labelled(recording: object) -> TypeGuard[xr.DataArray]:
    return hasattr(recording, "dims")


def delayed(trial: Floats, delays: int) -> Floats:
    """Return each bin beside those before it, (time - delays + 1, delays * unit), the newest first.

    Examples
    --------
    >>> delayed(np.arange(4.0)[:, None], 2).tolist()
    [[1.0, 0.0], [2.0, 1.0], [3.0, 2.0]]
    """
    windows = np.lib.stride_tricks.sliding_window_view(trial, delays, axis=0)  # (time, unit, delay), oldest first
    return np.ascontiguousarray(windows[..., ::-1].swapaxes(1, 2).reshape(len(windows), -1))


@dataclass(frozen=True, eq=False)
class Delayed:
    """Delayed activity of all trials, and its singular value decomposition.

    Attributes
    ----------
    whitened : array, shape (sample, component)
        Left singular vectors: coordinates of unit variance, the strongest first.
    singular_values : array, shape (component,)
    ends : array of int
        Sample after the last of each trial.
    """

    whitened: Floats
    singular_values: Floats
    ends: npt.NDArray[np.int64]

    @classmethod
    def of(cls, trials: list[Floats], delays: int, name: str) -> Delayed:
        """Embed trials in delays.

        Raises
        ------
        BadInput
            If a trial is too short.
        """
        short = min(len(one) for one in trials)
        if short < delays + 2:
            raise BadInput(
                name,
                got=f"a trial of {short} time bins",
                expected=f"at least {delays + 2} for {delays} delays",
                repair="Leave it out, or use fewer delays.",
            )
        embedded = [delayed(one, delays) for one in trials]
        left, values, _ = np.linalg.svd(np.vstack(embedded), full_matrices=False)
        kept = values > values[0] * 1e-10 if values[0] > 0 else np.zeros(len(values), dtype=bool)
        if not kept.any():
            raise BadInput(name, got="responses that are all zero", expected="activity")
        return cls(left[:, kept], values[kept], np.cumsum([len(one) for one in embedded]))

    def rank_for(self, variance: float) -> int:
        """Return how many components have this share of the variance."""
        share = np.cumsum(self.singular_values**2) / (self.singular_values**2).sum()
        return int(np.searchsorted(share, variance - 1e-12) + 1)

    def operator(self, rank: int, ridge: float = 0.0) -> Operator:
        """Fit the operator of the first components, on pairs of samples within a trial."""
        v = self.whitened[:, :rank]
        pairs = np.ones(len(v), dtype=bool)
        pairs[self.ends - 1] = False
        before, after = v[pairs], v[1:][pairs[:-1]]
        gram = before.T @ before + ridge * np.eye(rank) * float(np.trace(before.T @ before)) / rank
        matrix = np.asarray(np.linalg.solve(gram, before.T @ after).T, dtype=np.float64)
        values = np.linalg.eigvals(matrix).astype(np.complex128)
        left_over = ((after - before @ matrix.T) ** 2).sum() / ((after - after.mean(0)) ** 2).sum()
        order = np.lexsort((-values.imag, -np.abs(values)))
        return Operator(matrix, values[order], self.singular_values, float(1 - left_over))
