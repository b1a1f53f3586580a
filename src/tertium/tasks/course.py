"""The time course of a batch of trials: when each epoch of each trial begins and ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from tertium.errors import unknown_name
from tertium.tasks.distributions import Columns


@dataclass
class TrialCourse:
    """Timings, conditions and streams of a batch while it is being laid out.

    Attributes
    ----------
    dt : float
        Time step in seconds.
    names : sequence of str
        Epochs, in order.
    edges : array of int, shape (epoch + 1, trial)
        The step at which each epoch begins; the last row is the end of the trial.
    columns : mapping of str to array, shape (trial, ...)
        Conditions.
    streams : dict of str to array, shape (time, trial, ...)
        Random streams.
    """

    dt: float
    names: Sequence[str]
    edges: npt.NDArray[np.int64]
    columns: Columns
    streams: dict[str, npt.NDArray[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.n = self.edges.shape[1]
        self.steps = int(self.edges[-1].max()) if self.n else 0
        self.grid = np.arange(self.steps)[:, None]

    def index(self, name: str) -> int:
        """Return the place of an epoch."""
        try:
            return list(self.names).index(name)
        except ValueError:
            raise unknown_name("epoch", name, self.names) from None

    def start(self, name: str) -> npt.NDArray[np.int64]:
        """Return the step at which an epoch begins in each trial, shape (trial,)."""
        return self.edges[self.index(name)]

    def stop(self, name: str) -> npt.NDArray[np.int64]:
        """Return the first step after an epoch in each trial, shape (trial,)."""
        return self.edges[self.index(name) + 1]

    def since(self, name: str) -> npt.NDArray[np.floating]:
        """Return the seconds since an epoch began, shape (time, trial); negative before it."""
        return (self.grid - self.start(name)) * self.dt

    def window(self, first: int, stop: int) -> npt.NDArray[np.bool_]:
        """Return where epochs ``first`` up to but without ``stop`` are, shape (time, trial)."""
        inside = self.grid >= self.edges[first]
        inside &= self.grid < self.edges[stop]
        return np.asarray(inside)

    def during(self, *names: str) -> npt.NDArray[np.bool_]:
        """Return where the named epochs are, shape (time, trial)."""
        inside = np.zeros((self.steps, self.n), dtype=bool)
        for name in names:
            place = self.index(name)
            inside |= self.window(place, place + 1)
        return inside

    def bounds(self) -> Mapping[str, npt.NDArray[np.int64]]:
        """Return epoch -> first step and first step after it, shape (trial, 2)."""
        return {name: self.edges[i : i + 2].T for i, name in enumerate(self.names)}
