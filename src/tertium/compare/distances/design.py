"""Checks of a cross-validated design: at least two conditions and two runs, and each pair together in two of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tertium.compare.distances.pairs import FloatArray, IntArray, name_of
from tertium.errors import BadInput


def check_design(condition: IntArray, run: IntArray, what: str = "crossnobis") -> None:
    """Raise `BadInput` unless there are at least two conditions and two runs."""
    n_conditions, n_runs = len(np.unique(condition)), len(np.unique(run))
    if n_conditions < 2:
        raise BadInput(
            what,
            got=f"{n_conditions} condition",
            expected="at least 2 conditions, since a dissimilarity is between two",
            repair="Choose a trial label with more values.",
        )
    if n_runs < 2:
        raise BadInput(
            what,
            got=f"{n_runs} run",
            expected="at least 2 runs, since one is tested against another",
            repair="Name the trial label of the runs, or use a metric without cross-validation.",
        )


def divide_pairs(
    total: FloatArray, weight: FloatArray, names: Sequence[str] | None, *, partial: bool = False
) -> FloatArray:
    """Return ``total / weight`` for each pair of conditions, shape (condition (condition - 1) / 2,).

    Raises
    ------
    BadInput
        If a pair has no weight, as fewer than two runs hold both conditions; with ``partial`` it becomes NaN.

    Examples
    --------
    >>> divide_pairs(np.array([1.0, 2.0, 0.0]), np.array([2.0, 2.0, 0.0]), None, partial=True)
    array([0.5, 1. , nan])
    """
    bad = ~(weight > 0)
    if bad.any() and not partial:
        n = round((1 + np.sqrt(1 + 8 * len(weight))) / 2)
        i, j = (int(k[np.argmax(bad)]) for k in np.triu_indices(n, 1))
        raise BadInput(
            f"cross-validation between conditions {name_of(i, names)} and {name_of(j, names)}",
            got=f"fewer than 2 runs that hold both ({int(bad.sum())} of {len(bad)} pairs)",
            expected="at least 2",
            repair="Pass contrast='across_runs' if runs add no offset of their own, or partial=True for NaN there.",
        )
    return np.divide(total, weight, out=np.full(len(total), np.nan), where=~bad)
