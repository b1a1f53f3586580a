"""Responses with their single trials, for measures that need them, in the same order of stimuli as others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from tertium.compare.patterns import number
from tertium.compare.rdm_inference.align import KEEP_COMMON, same_stimuli
from tertium.data.responses import validate
from tertium.errors import BadInput


@dataclass(frozen=True, eq=False)
class Whole:
    """Responses of which stimuli and units can be taken.

    Attributes
    ----------
    name : str
        What errors call it.
    responses : xarray.DataArray, dims (trial, time, unit)
    labels : tuple of str
        Of the stimuli.
    codes : array of int, shape (trial,)
        Which stimulus each trial showed.
    by : str
        The trial label that says so.
    """

    name: str
    responses: xr.DataArray
    labels: tuple[str, ...]
    codes: npt.NDArray[np.int64]
    by: str

    @property
    def n_stimuli(self) -> int:
        """Number of stimuli."""
        return len(self.labels)

    @property
    def n_units(self) -> int:
        """Number of units."""
        return int(self.responses.sizes["unit"])

    def take(self, stimuli: npt.NDArray[np.int64]) -> Whole:
        """Return all trials of some stimuli, in this order of stimuli."""
        rows = [np.flatnonzero(self.codes == i) for i in stimuli]
        codes = np.repeat(np.arange(len(rows)), [len(r) for r in rows])
        kept = self.responses.isel(trial=np.concatenate(rows))
        return Whole(self.name, kept, tuple(self.labels[i] for i in stimuli), codes, self.by)

    def shuffled(self, order: npt.NDArray[np.int64]) -> Whole:
        """Return the answers to other stimuli under each stimulus's name: what a permutation test draws."""
        taken = self.take(order)
        names = np.array([self.labels[code] for code in taken.codes], dtype=object)
        return Whole(
            self.name, taken.responses.assign_coords({self.by: ("trial", names)}), self.labels, taken.codes, self.by
        )

    def pick(self, units: npt.NDArray[np.int64]) -> Whole:
        """Return some units."""
        return Whole(self.name, self.responses.isel(unit=units), self.labels, self.codes, self.by)

    def in_order_of(self, other: Whole) -> Whole:
        """Return the same stimuli in another's order.

        Raises
        ------
        BadInput
            If they are not the same stimuli.
        """
        same_stimuli(self.labels, other.labels, self.name, other.name, KEEP_COMMON)
        where = {label: i for i, label in enumerate(self.labels)}
        return self.take(np.array([where[label] for label in other.labels]))


def read_whole(given: Any, name: str, by: str) -> Whole:
    """Read responses whose trials are labelled.

    Raises
    ------
    BadInput
        If it is no table of responses, or has no such label.
    """
    if not isinstance(given, xr.DataArray):
        raise BadInput(
            name,
            got=f"a {type(given).__name__}",
            expected="responses, whose trials this measure needs",
            repair="Make them with tertium.data.make_responses(values, trial={'stimulus': ...}).",
        )
    validate(given)
    label = by if by in given.coords else "stimulus"
    if label not in given.coords or given.coords[label].dims != ("trial",):
        raise BadInput(name, got=f"no trial label '{by}'", expected="one that names the stimulus of a trial")
    codes, labels = number(given.coords[label].values, label)
    read = Whole(name, given, labels, np.asarray(codes, dtype=np.int64), label)
    return read.take(np.arange(len(labels)))  # trials of one stimulus follow each other, as in what is matched to it
