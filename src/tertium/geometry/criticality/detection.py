"""Cutting avalanches out of the activity of a population: stretches of active bins between silent ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Cut:
    """Avalanches, one after the other.

    Attributes
    ----------
    sizes : array of int, shape (avalanche,)
        Events.
    durations : array of int, shape (avalanche,)
        Bins.
    counts : array of int, shape (active bin,)
        Events in each active bin, avalanche after avalanche.
    starts : array of int, shape (avalanche,)
        Where in ``counts`` each begins.
    censored : int
        Avalanches left out because they touch the beginning or the end of a trial.
    """

    sizes: Counts
    durations: Counts
    counts: Counts
    starts: Counts
    censored: int

    def ratios(self) -> Floats:
        """Return for each avalanche the events of its second bin over those of its first, 0 where it has one bin."""
        second = np.zeros(len(self.starts))
        longer = self.durations > 1
        second[longer] = self.counts[self.starts[longer] + 1]
        return np.asarray(second / self.counts[self.starts])

    def profiles(self, duration: int) -> Counts:
        """Return the events in each bin of all avalanches of a duration, (avalanche, bin)."""
        starts = self.starts[self.durations == duration]
        return np.asarray(self.counts[starts[:, None] + np.arange(duration)])


def cut_avalanches(trials: Sequence[Counts]) -> Cut:
    """Cut the activity of a population into avalanches.

    An avalanche is a stretch of bins with one event or more between two bins without any (Beggs & Plenz 2003). Those
    that touch the beginning or the end of a trial are left out: nobody knows how long they are.

    Parameters
    ----------
    trials : sequence of arrays of int, each (time,)

    Examples
    --------
    >>> cut = cut_avalanches([np.array([0, 1, 2, 0, 0, 3, 0, 1])])
    >>> cut.sizes.tolist(), cut.durations.tolist(), cut.censored
    ([3, 3], [2, 1], 1)
    """
    counts, durations, censored = [], [], 0
    for trial in trials:
        active = np.concatenate([[False], trial > 0, [False]])
        edges = np.flatnonzero(np.diff(active.astype(np.int8)))
        starts, stops = edges[::2], edges[1::2]
        whole = (starts > 0) & (stops < len(trial))
        censored += int((~whole).sum())
        inside = np.zeros(len(trial) + 1, dtype=np.int64)
        inside[starts[whole]] += 1
        inside[stops[whole]] -= 1
        counts.append(trial[np.cumsum(inside[:-1]) > 0])
        durations.append(stops[whole] - starts[whole])
    all_counts = np.concatenate(counts).astype(np.int64)
    all_durations = np.concatenate(durations).astype(np.int64)
    begins = np.cumsum(all_durations) - all_durations
    sizes = np.add.reduceat(all_counts, begins) if len(begins) else np.zeros(0, dtype=np.int64)
    return Cut(np.asarray(sizes), all_durations, all_counts, begins, censored)
