"""Responses or plain arrays as samples of a population, with a label each; groups of samples for a jackknife."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

#: Groups of samples that are left out in turn for an interval.
GROUPS = 20


@dataclass(frozen=True, eq=False)
class Labelled:
    """Samples of a population and what each is a sample of.

    Attributes
    ----------
    values : array, shape (sample, unit)
    codes : array of int, shape (sample,)
        The label of each sample, as a position in ``levels``.
    levels : tuple
        Labels that occur, sorted.
    units : tuple of str
    """

    values: Floats
    codes: Integers
    levels: tuple[Any, ...]
    units: tuple[str, ...]

    @property
    def counts(self) -> Integers:
        """Samples of each label, (level,)."""
        return np.bincount(self.codes, minlength=len(self.levels))

    def clouds(self) -> list[Floats]:
        """Return the samples of each label, arrays (sample, unit)."""
        return [self.values[self.codes == code] for code in range(len(self.levels))]


def labelled(r: Any, labels: str | Sequence[Any] | npt.NDArray[Any], *, least: int = 2, each: int = 2) -> Labelled:
    """Return responses (each trial averaged over its time) or an array (sample, unit), with a label for each sample.

    Parameters
    ----------
    r : responses, or array (sample, unit) or (trial, time, unit)
    labels : str or sequence, shape (sample,)
        The name of a label of the trials, or one label for each sample.
    least, each : int
        Labels that must occur, and samples of each.

    Raises
    ------
    BadInput
        If the label is missing, numbers disagree, too few labels or samples are there, or values are not finite.

    Examples
    --------
    >>> found = labelled(np.arange(8.0).reshape(4, 2), ["a", "b", "a", "b"])
    >>> found.levels, found.codes.tolist(), found.clouds()[1].tolist()
    (('a', 'b'), [0, 1, 0, 1], [[2.0, 3.0], [6.0, 7.0]])
    """
    values, units = population_samples(r)
    given: Any = labels
    if isinstance(labels, str):
        if not hasattr(r, "dims"):
            raise BadInput(
                "labels", got=f"the name '{labels}' beside a plain array", expected="one label for each sample"
            )
        from tertium.data import validate

        validate(r, needs=labels)
        if r[labels].dims != r.dims[:1]:
            raise BadInput(f"label '{labels}'", got=f"dims {r[labels].dims}", expected=f"a label of each {r.dims[0]}")
        given = r[labels].values
    columns = np.asarray(given)
    if columns.shape != (len(values),):
        raise BadInput("labels", got=f"shape {columns.shape}", expected=f"one for each of {len(values)} samples")
    if (columns.dtype.kind == "f" and np.isnan(columns).any()) or any(one is None for one in columns.tolist()):
        raise BadInput("labels", got="samples without one (None or NaN)", expected="a label for each sample")
    found, codes = np.unique(columns, return_inverse=True)
    counts = np.bincount(codes)
    if len(found) < least:
        raise BadInput("labels", got=f"{len(found)} that differ", expected=f"{least} or more")
    if counts.min() < each:
        raise BadInput(
            f"label {found[counts.argmin()]!r}", got=f"{counts.min()} samples", expected=f"{each} or more of each label"
        )
    return Labelled(values, codes.astype(np.int64), tuple(found.tolist()), units)


def population_samples(r: Any) -> tuple[Floats, tuple[str, ...]]:
    """Return samples (sample, unit), trials averaged over their time, and the names of the units."""
    names: tuple[str, ...] | None = None
    if hasattr(r, "dims"):
        from tertium.data import validate

        validate(r)
        names = tuple(str(unit) for unit in r["unit"].values)
    values = np.asarray(r.values if names is not None else r, dtype=np.float64)
    if values.ndim not in (2, 3) or not values.size:
        raise BadInput("samples", got=f"shape {values.shape}", expected="(sample, unit) or (trial, time, unit)")
    if not np.isfinite(values).all():
        raise BadInput("samples", got="a value that is not finite", expected="finite numbers")
    flat = values.mean(1) if values.ndim == 3 else values
    return flat, names or tuple(str(i) for i in range(flat.shape[1]))


def all_samples(r: Any, least: int = 5) -> tuple[Floats, Integers]:
    """Return all times of all trials as samples (sample, unit), and the group of each: its trial, or a stretch of 1/20.

    Raises
    ------
    BadInput
        If shapes do not fit, a value is not finite, there are fewer than ``least`` samples, or nothing varies.
    """
    if hasattr(r, "dims"):
        from tertium.data import validate

        validate(r)
    values = np.asarray(r.values if hasattr(r, "dims") else r, dtype=np.float64)
    if values.ndim not in (2, 3) or not values.size:
        raise BadInput("samples", got=f"shape {values.shape}", expected="(sample, unit) or (trial, time, unit)")
    trials = len(values) if values.ndim == 3 else 1
    flat = values.reshape(-1, values.shape[-1])
    if not np.isfinite(flat).all():
        raise BadInput("samples", got="a value that is not finite", expected="finite numbers")
    if len(flat) < least:
        raise BadInput("samples", got=f"{len(flat)}", expected=f"{least} or more")
    if not np.ptp(flat, axis=0).any():
        raise BadInput("samples", got="units that never vary", expected="some variance")
    if trials >= GROUPS:
        return flat, np.repeat(np.arange(trials) * GROUPS // trials, len(flat) // trials)
    return flat, np.arange(len(flat)) * GROUPS // len(flat)


def compact(values: Floats) -> Floats:
    """Return samples turned into as few coordinates as they span, about their mean: all distances stay as they are."""
    centred = values - values.mean(0)
    if centred.shape[1] <= len(centred):
        return centred
    upper: Any = np.linalg.qr(centred.T, mode="r")
    return np.asarray(upper).T
