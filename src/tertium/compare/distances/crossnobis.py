"""Cross-validated Mahalanobis distance: differences seen in one run, multiplied by the same differences in another.

Noise is independent between runs, so the product of two runs' estimates of a difference has the squared difference as
its expectation: zero where two conditions evoke the same pattern, and negative about half of the time there
(Walther et al. 2016, eq. 4-6; Diedrichsen & Kriegeskorte 2017).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from tertium.compare.distances.cells import Cells, gather, group_sums, pair_weights, run_weights
from tertium.compare.distances.design import check_design, divide_pairs
from tertium.compare.distances.mahalanobis import whiten
from tertium.compare.distances.pairs import FloatArray, IntArray, condensed, from_products, name_of
from tertium.compare.distances.run_precision import RunPrecisions
from tertium.errors import BadInput

Precision = npt.ArrayLike | Mapping[int, npt.ArrayLike] | None


def crossnobis(
    values: FloatArray,
    condition: IntArray,
    run: IntArray,
    *,
    precision: Precision = None,
    names: Sequence[str] | None = None,
    partial: bool = False,
) -> FloatArray:
    """Return unbiased squared distances from the differences between conditions *within* runs.

    With ``delta_r`` the difference of the mean patterns of two conditions in run r, the distance is the weighted
    mean of ``delta_r P delta_s' / channels`` over all pairs of runs r and s that hold both conditions. The weights are
    ``w_r w_s`` with ``w_r = n_ir n_jr / (n_ir + n_jr)`` and n the numbers of trials: the inverse of the variance of
    the product where there is no true difference. An offset that a run adds to all its patterns cancels, in
    unbalanced designs too. The result does not depend on the order of the trials.

    Parameters
    ----------
    values : array, shape (trial, channel)
        Responses, in any unit. NaN marks a channel not measured in a trial: a pair of runs is then compared on the
        channels that all four patterns have, and counts in proportion to their number.
    condition, run : array of int, shape (trial,)
        Numbers of the condition and of the run, from 0.
    precision : array, shape (channel, channel) or (channel,), or mapping of run number to such, optional
        Noise precision P, or its diagonal; the identity if not given (the cross-validated squared Euclidean distance).
        With one for each run, two runs are compared under the inverse of their mean covariance.
    names : sequence of str, optional
        Names of the conditions, for messages.
    partial : bool
        Return NaN, and do not raise, for pairs that fewer than two runs hold.

    Returns
    -------
    array, shape (condition (condition - 1) / 2,)
        In squared units of noise (or of the responses); may be negative.

    Raises
    ------
    BadInput
        If there are fewer than two runs or conditions, or two conditions are together in fewer than two runs.

    Examples
    --------
    >>> x = np.array([[0.0, 0.0], [3.0, 4.0], [1.0, 1.0], [4.0, 5.0]])  # the second run is shifted by 1
    >>> crossnobis(x, condition=np.array([0, 1, 0, 1]), run=np.array([0, 0, 1, 1]))
    array([12.5])
    """
    check_design(condition, run)
    cells = gather(values, condition, run).centred()
    weights = run_weights(cells.counts)
    if weights is not None and cells.seen is None and not isinstance(precision, Mapping):
        means = whiten(cells.means, precision)
        return condensed(from_products(balanced_products(means, weights))) / means.shape[2]
    total, weight = _within_runs(cells, RunPrecisions(precision, cells))
    return divide_pairs(condensed(total), condensed(weight), names, partial=partial)


def balanced_products(means: FloatArray, weights: FloatArray | None = None) -> FloatArray:
    """Return the mean product of patterns over all pairs of different runs, shape (condition, condition).

    ``((sum X)(sum X)' - sum X_r X_r') / (R (R - 1))``: all pairs of runs in R + 1 matrix products.

    Parameters
    ----------
    means : array, shape (run, condition, channel)
        Patterns X_r, each run with all conditions.
    weights : array, shape (run,), optional
        Weights of the runs; a pair of runs weighs their product.

    Examples
    --------
    >>> balanced_products(np.array([[[1.0], [2.0]], [[3.0], [5.0]]]))
    array([[ 3. ,  5.5],
           [ 5.5, 10. ]])
    """
    w = np.ones(len(means)) if weights is None else weights
    total = np.zeros(means.shape[1:])
    same = np.zeros((means.shape[1], means.shape[1]))
    for pattern, weight in zip(means, w, strict=True):
        scaled = pattern if weight == 1.0 else weight * pattern
        total += scaled
        same += scaled @ scaled.T
    return np.asarray((total @ total.T - same) / (w.sum() ** 2 - (w**2).sum()))


def crossnobis_across(
    values: FloatArray,
    condition: IntArray,
    run: IntArray | None = None,
    *,
    precision: npt.ArrayLike | None = None,
    names: Sequence[str] | None = None,
) -> FloatArray:
    """Return unbiased squared distances from the products of all trials of *different* runs.

    ``s_ii + s_jj - 2 s_ij`` with ``s_ij`` the mean product of a trial of condition i and a trial of condition j over
    all pairs of trials from different runs (Schutt et al. 2023, unbalanced designs). It uses trials of runs that hold
    only one of two conditions, and needs none that holds both; but it is unbiased in an unbalanced design only if runs
    add no offset of their own. In balanced designs it equals `crossnobis`.

    Parameters
    ----------
    values : array, shape (trial, channel)
        Responses. NaN marks a channel not measured in a trial; products are then means over the channels both have.
    condition : array of int, shape (trial,)
        Number of the condition, from 0.
    run : array of int, shape (trial,), optional
        Number of the run. If not given every trial is a run of its own: trials are taken to be independent.
    precision : array, shape (channel, channel) or (channel,), optional
        Noise precision, or its diagonal; the identity if not given.
    names : sequence of str, optional
        Names of the conditions, for messages.

    Returns
    -------
    array, shape (condition (condition - 1) / 2,)
        May be negative.

    Raises
    ------
    BadInput
        If a condition occurs in one run only, or two conditions have no trials in different runs.

    Examples
    --------
    >>> x = np.array([[0.0, 0.0], [0.0, 0.0], [3.0, 4.0], [3.0, 4.0], [3.0, 4.0]])
    >>> crossnobis_across(x, condition=np.array([0, 0, 1, 1, 1]))
    array([12.5])
    """
    n = int(condition.max()) + 1
    if n < 2:
        check_design(condition, np.arange(2))
    missing = np.isnan(values)
    white = whiten(values, precision)
    products = _different_runs(np.where(missing, 0.0, white) if missing.any() else white, condition, run, n)
    if missing.any():
        number = _different_runs((~missing).astype(np.float64), condition, run, n)
    else:
        number = _different_runs(np.ones((len(values), 1)), condition, run, n) * values.shape[1]
    # rounding leaves tiny numbers where whole counts cancel
    number = np.where(number < 0.5, 0.0, number)
    _check_products(number, names)
    mean = products / number
    return condensed(from_products(mean))


def _different_runs(x: FloatArray, condition: IntArray, run: IntArray | None, n: int) -> FloatArray:
    total = group_sums(x, condition, n)
    products = total @ total.T
    if run is None:
        own = np.bincount(condition, weights=np.einsum("ij,ij->i", x, x), minlength=n)
        return np.asarray(products - np.diag(own))
    for r in np.unique(run):
        here = run == r
        part = group_sums(x[here], condition[here], n)
        products -= part @ part.T
    return np.asarray(products)


def _within_runs(cells: Cells, precisions: RunPrecisions) -> tuple[FloatArray, FloatArray]:
    """Return sums over pairs of runs of weight x product of differences, and of weight x channels, both (n, n)."""
    n_runs, n = cells.counts.shape
    total, weight = np.zeros((n, n)), np.zeros((n, n))
    by_run = [pair_weights(counts) for counts in cells.counts]
    for r in range(n_runs):
        for s in range(r + 1, n_runs):
            w = by_run[r] * by_run[s]
            if not w.any():
                continue
            if cells.seen is None or precisions.full:
                products, channels = precisions.products(r, s)
                total += w * from_products(products)
                weight += w * channels
            else:
                squares, number = _on_shared_channels(cells, r, s, precisions.diagonal(r, s))
                total += w * squares
                weight += w * number
    return total, weight


def _on_shared_channels(cells: Cells, r: int, s: int, diagonal: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return products of differences, summed over the channels both conditions have in both runs, and their number."""
    assert cells.seen is not None
    a, b = cells.means[r], cells.means[s]
    seen_r, seen_s = cells.seen[r].astype(np.float64), cells.seen[s].astype(np.float64)
    both = seen_r * seen_s
    own = (a * b * diagonal) @ both.T  # x_ir x_is where j is seen in both runs
    crossed = (a * seen_s * diagonal) @ (b * seen_r).T  # x_ir x_js where i and j are seen in both runs
    return own + own.T - crossed - crossed.T, both @ both.T


def _check_products(number: FloatArray, names: Sequence[str] | None) -> None:
    if (number > 0).all():
        return
    i, j = (int(k) for k in np.argwhere(~(number > 0))[0])
    single = ~(np.diagonal(number) > 0)
    if single.any():
        raise BadInput(
            f"crossnobis of condition {name_of(int(np.argmax(single)), names)}",
            got="a single run, or a single trial where no runs are given",
            expected="at least 2, since noise is told from signal by what repeats",
            repair="Leave the condition out, or use a metric without cross-validation.",
        )
    raise BadInput(
        f"crossnobis between conditions {name_of(i, names)} and {name_of(j, names)}",
        got="no two trials in different runs",
        expected="at least one such pair",
        repair="Leave one of them out.",
    )
