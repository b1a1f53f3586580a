"""The noise metric between two runs: one precision for all, or one for each run, on the channels both have."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from tertium.compare.distances.cells import Cells
from tertium.compare.distances.mahalanobis import check_precision
from tertium.compare.distances.pairs import FloatArray
from tertium.errors import BadInput


class RunPrecisions:
    """Noise precisions for pairs of runs.

    Parameters
    ----------
    precision : array, shape (channel, channel) or (channel,), or mapping of run number to such, or None
        None is the identity. Two runs with precisions of their own are compared under the inverse of the mean of
        their covariances.
    cells : Cells
        What was measured. A full precision with missing channels needs a channel to be missing from whole runs: the
        covariance is cut to the channels two runs share, then inverted (cutting the precision instead would condition
        on channels that were not seen).

    Raises
    ------
    BadInput
        If a precision does not fit, a run has none, or channels are missing from single trials under a full precision.
    """

    def __init__(self, precision: npt.ArrayLike | Mapping[int, npt.ArrayLike] | None, cells: Cells) -> None:
        self.cells = cells
        n_runs, _, self.n_channels = cells.means.shape
        self.by_run: list[FloatArray] | None = None
        self.common: FloatArray = np.ones(self.n_channels)
        if isinstance(precision, Mapping):
            absent = [r for r in range(n_runs) if r not in precision]
            if absent:
                raise BadInput(
                    "noise precisions", got=f"none for run number {absent[0]}", expected="one for each run", repair=""
                )
            self.by_run = [check_precision(precision[r], self.n_channels) for r in range(n_runs)]
            dims = {p.ndim for p in self.by_run}
            if len(dims) > 1:
                raise BadInput(
                    "noise precisions", got="diagonals and full matrices", expected="one kind for all runs", repair=""
                )
            self.full = dims == {2}
            self._covariances = [_inverse(p) for p in self.by_run]
        elif precision is not None:
            self.common = check_precision(precision, self.n_channels)
            self.full = self.common.ndim == 2
        else:
            self.full = False
        self.channels = self._whole_run_channels() if self.full and cells.seen is not None else None
        if self.channels is not None and self.by_run is None:
            self._covariances = [_inverse(self.common)] * n_runs

    def diagonal(self, r: int, s: int) -> FloatArray:
        """Return the diagonal precision between runs r and s, shape (channel,)."""
        if self.by_run is None:
            return self.common
        return np.asarray(2.0 / (self._covariances[r] + self._covariances[s]))

    def products(self, r: int, s: int) -> tuple[FloatArray, float]:
        """Return ``X_r P X_s'`` between all patterns of two runs, shape (condition, condition), and channels used."""
        a, b = self.cells.means[r], self.cells.means[s]
        if not self.full:
            return (a * self.diagonal(r, s)) @ b.T, float(self.n_channels)
        if self.channels is None:
            if self.by_run is None:
                return a @ self.common @ b.T, float(self.n_channels)
            return a @ _inverse((self._covariances[r] + self._covariances[s]) / 2.0) @ b.T, float(self.n_channels)
        shared = np.flatnonzero(self.channels[r] & self.channels[s])
        if len(shared) == 0:
            return np.zeros((len(a), len(a))), 0.0
        cut = np.ix_(shared, shared)
        covariance = (self._covariances[r][cut] + self._covariances[s][cut]) / 2.0
        return a[:, shared] @ _inverse(covariance) @ b[:, shared].T, float(len(shared))

    def _whole_run_channels(self) -> npt.NDArray[np.bool_]:
        """Return which channels each run has, shape (run, channel); all its conditions must agree."""
        seen = self.cells.seen
        assert seen is not None
        have = np.asarray(seen.any(axis=1))
        for r, counts in enumerate(self.cells.counts):
            odd = np.not_equal(seen[r][counts > 0], have[r])
            if odd.any():
                raise BadInput(
                    "missing channels",
                    got=f"channel {int(np.argmax(odd.any(axis=0)))} in some conditions of a run only",
                    expected="channels missing from whole runs, as noise correlations are used",
                    repair="Use noise='diagonal', or leave those channels out of that run.",
                )
        return have


def _inverse(matrix: FloatArray) -> FloatArray:
    return np.asarray(1.0 / matrix if matrix.ndim == 1 else np.linalg.inv(matrix))
