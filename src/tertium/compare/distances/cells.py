"""Trials gathered into cells, one for each condition and run: sums and counts, with channels that may be missing."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tertium.compare.distances.pairs import FloatArray, IntArray


@dataclass(frozen=True)
class Cells:
    """What each run measured of each condition.

    Parameters
    ----------
    means : array, shape (run, condition, channel)
        Mean response over the trials of a cell; 0 where nothing was measured.
    counts : array of int, shape (run, condition)
        Number of trials of a cell.
    seen : array of bool, shape (run, condition, channel), or None
        Which channels a cell has; None if every trial has all.
    """

    means: FloatArray
    counts: IntArray
    seen: npt.NDArray[np.bool_] | None

    def centred(self) -> Cells:
        """Return the cells less each run's mean over conditions: differences stay, products lose fewer digits."""
        if self.seen is None:
            present = (self.counts > 0).astype(np.float64)
            mean = np.einsum("rc,rcp->rp", present, self.means) / present.sum(axis=1)[:, None]
            return replace(self, means=self.means - mean[:, None, :])
        number = np.maximum(self.seen.sum(axis=1, keepdims=True), 1)
        return replace(
            self, means=np.where(self.seen, self.means - self.means.sum(axis=1, keepdims=True) / number, 0.0)
        )


def group_means(values: FloatArray, group: IntArray, n_groups: int) -> FloatArray:
    """Return the mean of the rows of each group, shape (group, channel); NaN are left out, empty groups are NaN.

    Examples
    --------
    >>> group_means(np.array([[1.0], [3.0], [5.0]]), np.array([0, 0, 1]), 2)
    array([[2.],
           [5.]])
    """
    missing = np.isnan(values)
    if not missing.any():
        counts = np.bincount(group, minlength=n_groups)
        with np.errstate(invalid="ignore"):
            return np.asarray(group_sums(values, group, n_groups) / counts[:, None])
    sums = group_sums(np.where(missing, 0.0, values), group, n_groups)
    measured = group_sums((~missing).astype(np.float64), group, n_groups)
    with np.errstate(invalid="ignore"):
        return np.asarray(sums / measured)


def group_sums(values: FloatArray, group: IntArray, n_groups: int) -> FloatArray:
    """Return the sum of the rows of each group, shape (group, channel); zero for an empty group.

    Examples
    --------
    >>> group_sums(np.array([[1.0], [3.0], [5.0]]), np.array([2, 0, 2]), 3)
    array([[3.],
           [0.],
           [6.]])
    """
    order = np.argsort(group, kind="stable")
    present, starts = np.unique(group[order], return_index=True)
    if len(present) == len(order) == n_groups:
        return np.asarray(values[order])
    sums = np.zeros((n_groups, values.shape[1]))
    if len(present) == len(order):
        sums[present] = values[order]
    else:
        sums[present] = np.add.reduceat(values[order], starts, axis=0)
    return sums


def gather(values: FloatArray, condition: IntArray, run: IntArray) -> Cells:
    """Average trials into cells.

    Parameters
    ----------
    values : array, shape (trial, channel)
        Responses; NaN where a channel was not measured in a trial. A cell has a channel if one of its trials has.
    condition, run : array of int, shape (trial,)
        Numbers of the condition and of the run, from 0.

    Returns
    -------
    Cells

    Examples
    --------
    >>> cells = gather(np.array([[1.0], [3.0], [5.0]]), np.array([0, 0, 1]), np.array([0, 0, 0]))
    >>> cells.means.tolist(), cells.counts.tolist()
    ([[[2.0], [5.0]]], [[2, 1]])
    """
    n_conditions, n_runs = int(condition.max()) + 1, int(run.max()) + 1
    cell = run * n_conditions + condition
    n_cells = n_runs * n_conditions
    shape = (n_runs, n_conditions, values.shape[1])
    counts = np.bincount(cell, minlength=n_cells)
    missing = np.isnan(values)
    if missing.any():
        trials = group_sums((~missing).astype(np.float64), cell, n_cells)
        sums = group_sums(np.where(missing, 0.0, values), cell, n_cells)
        means = sums / np.maximum(trials, 1.0)
        return Cells(means.reshape(shape), counts.reshape(shape[:2]), (trials > 0).reshape(shape))
    sums = group_sums(values, cell, n_cells)
    if counts.max() > 1:
        sums = sums / np.maximum(counts, 1)[:, None]
    return Cells(sums.reshape(shape), counts.reshape(shape[:2]), None)


def run_weights(counts: IntArray) -> FloatArray | None:
    """Return the weights of runs if each run has equally many trials of all conditions, else None.

    Examples
    --------
    >>> run_weights(np.array([[1, 1], [2, 2]])), run_weights(np.array([[1, 1], [2, 1]]))
    (array([1., 2.]), None)
    """
    if (counts == counts[:, :1]).all() and (counts > 0).all():
        return np.asarray(counts[:, 0] / counts[0, 0])
    return None


def pair_weights(counts: IntArray) -> FloatArray:
    """Return how much one run knows of each difference, shape (condition, condition): ``n_i n_j / (n_i + n_j)``.

    Examples
    --------
    >>> pair_weights(np.array([2, 2, 0])).tolist()
    [[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 0.0]]
    """
    n = counts.astype(np.float64)
    both = n[:, None] + n[None, :]
    return np.asarray(n[:, None] * n[None, :] / np.where(both > 0, both, 1.0))
