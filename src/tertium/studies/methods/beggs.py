"""A network of units that excite one another at random, its avalanches, and what destroys them (THY10)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tertium.geometry import fit_power_law
from tertium.rng import Seeds

Counts = NDArray[np.int64]


def random_targets(n_units: int, n_targets: int, rng: np.random.Generator) -> Counts:
    """Return whom each unit excites, drawn at random, shape (unit, target)."""
    return rng.integers(n_units, size=(n_units, n_targets))


def step(active: Counts, targets: Counts, sigma: float, rng: np.random.Generator) -> Counts:
    """Return who is active next: each active unit excites each of its targets with the same probability.

    Parameters
    ----------
    active : array of int, shape (event,)
        ``copy * n_units + unit``: copies of the network do not touch one another.
    targets : array of int, shape (unit, target)
    sigma : float
        Mean number of targets that one active unit excites.
    rng : numpy.random.Generator
    """
    n_units, n_targets = targets.shape
    connections, p = len(active) * n_targets, sigma / n_targets
    # which connections pass: the gaps between those that do are geometric, so that few numbers are drawn
    draws = int(connections * p + 6 * np.sqrt(connections * p) + 20)
    passing = np.cumsum(rng.geometric(p, size=draws)) - 1
    which, place = np.divmod(passing[passing < connections], n_targets)
    sources = active[which]
    unit = sources % n_units
    # two that excite the same unit at once make it active once
    return sorted_once(sources - unit + targets[unit, place])


def sorted_once(values: Counts) -> Counts:
    """Return values sorted, each once."""
    ordered = np.sort(values)
    return ordered[np.append(True, ordered[1:] != ordered[:-1])] if len(ordered) else ordered


def slowly_driven(
    targets: Counts, sigma: float, n_avalanches: int, pause: float, rng: np.random.Generator, *, longest: int = 20_000
) -> Counts:
    """Return the number of active units at each step of a network that is excited only when it is silent, (time,).

    One unit, drawn at random, is made active after a silence of geometric length, mean ``pause`` steps. Units remember
    nothing, so that avalanches are independent: they are run side by side and laid end to end.

    Parameters
    ----------
    targets : array of int, shape (unit, target)
    sigma : float
    n_avalanches : int
    pause : float
        Steps, 1 or more.
    rng : numpy.random.Generator
    longest : int
        Steps after which a run is stopped, should it not die.
    """
    n_units = len(targets)
    active = np.arange(n_avalanches) * n_units + rng.integers(n_units, size=n_avalanches)
    owners, counts, generations = [], [], []
    for now in range(longest):
        if not len(active):
            break
        owner = active // n_units  # sorted
        first = np.flatnonzero(np.append(True, owner[1:] != owner[:-1]))
        copies = owner[first]
        owners.append(copies)
        counts.append(np.diff(np.append(first, len(owner))))
        generations.append(np.full(len(copies), now))
        active = step(active, targets, sigma, rng)
    owner, count, generation = (np.concatenate(rows) for rows in (owners, counts, generations))
    durations = np.bincount(owner, minlength=n_avalanches)
    silences = rng.geometric(1 / pause, size=n_avalanches)
    starts = np.cumsum(silences + durations) - durations
    trace = np.zeros(int(starts[-1] + durations[-1]) + 1, dtype=np.int64)
    trace[starts[owner] + generation] = count
    return trace


@dataclass(frozen=True, eq=False)
class Driven:
    """Activity of a network under constant drive.

    Attributes
    ----------
    all : array of int, shape (trial, time)
        Active units.
    seen : array of int, shape (trial, time)
        Those of them that are recorded.
    """

    all: Counts
    seen: Counts


def constantly_driven(
    targets: Counts, m: float, activity: float, trials: int, steps: int, share: float, rng: np.random.Generator
) -> Driven:
    """Return the activity of networks each of whose units may at any step be excited from outside.

    Parameters
    ----------
    targets : array of int, shape (unit, target)
    m : float
        Branching ratio, below 1.
    activity : float
        Mean number of active units; the drive is ``(1 - m)`` of that a step.
    trials, steps : int
        A trial begins at the mean activity; five time constants are left out.
    share : float
        Share of the units that are recorded.
    rng : numpy.random.Generator
    """
    n_units = len(targets)
    recorded = round(share * n_units)  # targets are random: the first units are as good as any
    active = rng.integers(n_units, size=(trials, round(activity))) + np.arange(trials)[:, None] * n_units
    active = sorted_once(active.ravel())
    settling = int(np.ceil(5 / -np.log(m)))
    everything, seen = np.zeros((2, trials, steps), dtype=np.int64)
    for t in range(-settling, steps):
        outside = rng.poisson((1 - m) * activity, size=trials)
        owner = np.repeat(np.arange(trials), outside)
        driven = owner * n_units + rng.integers(n_units, size=len(owner))
        active = sorted_once(np.append(step(active, targets, m, rng), driven))
        if t >= 0:
            copy, unit = np.divmod(active, n_units)
            everything[:, t] = np.bincount(copy, minlength=trials)
            seen[:, t] = np.bincount(copy[unit < recorded], minlength=trials)
    return Driven(everything, seen)


def poisson_units(trace: Counts, rng: np.random.Generator) -> Counts:
    """Return the activity of independent Poisson units with the same rate, as long, (time,)."""
    return rng.poisson(trace.mean(), size=len(trace))


def shuffled_intervals(trace: Counts, rng: np.random.Generator) -> Counts:
    """Return activity with the same intervals between successive events, in an order drawn at random, (time,).

    Examples
    --------
    >>> shuffled = shuffled_intervals(np.array([0, 2, 1, 0, 0, 3, 0]), np.random.default_rng(0))
    >>> int(shuffled.sum()), len(shuffled)
    (6, 7)
    """
    times = np.repeat(np.arange(len(trace)), trace)
    shuffled = times[0] + np.append(0, np.cumsum(rng.permutation(np.diff(times))))
    return np.bincount(shuffled, minlength=len(trace))


def plausibilities(
    sizes: Counts, per_draw: int, draws: int, largest: int, bootstrap: int, seeds: Seeds
) -> NDArray[np.float64]:
    """Return the p value of a power law of sizes over a decade or more in successive draws, (draw,).

    Parameters
    ----------
    sizes : array of int, shape (avalanche,)
        In the order of time.
    per_draw, draws : int
        Avalanches in a draw; how many draws there are at most.
    largest : int
        Where the law ends.
    bootstrap : int
    seeds : Seeds
    """
    found = []
    for i in range(min(draws, len(sizes) // per_draw)):
        drawn = sizes[i * per_draw : (i + 1) * per_draw]
        law = fit_power_law(
            drawn, high=largest, decades=1.0, alternatives=(), bootstrap=bootstrap, seed=seeds.child(f"draw {i}")
        )
        found.append(law.p_value)
    return np.array(found)
