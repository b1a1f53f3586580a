"""Hopfield's network: Hebbian couplings, asynchronous updates, energy; and the mean-field theory of its capacity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tertium.rng import Seeds

Floats = NDArray[np.float64]

#: Inputs below this are zero: sums of couplings that cancel leave a few units in the last place.
ROUNDING = 1e-9

#: The capacity of mean-field theory, in patterns a unit (Amit, Gutfreund & Sompolinsky 1985).
CAPACITY = 0.138


@dataclass(frozen=True)
class Recall:
    """Runs of a network from several states at once.

    Attributes
    ----------
    states : array, shape (run, unit)
        Where the runs ended, +1 and -1.
    sweeps : int
        Passes over all units until no unit changed, or the limit.
    changes : array, shape (update,)
        The largest change of energy of any run in each update of one unit.
    energies : array, shape (sweep + 1, run)
        Energy before the first sweep and after each.
    """

    states: Floats
    sweeps: int
    changes: Floats
    energies: Floats


def random_patterns(number: int, units: int, rng: np.random.Generator) -> Floats:
    """Return unbiased random patterns of +1 and -1, (pattern, unit)."""
    return np.asarray(rng.choice((-1.0, 1.0), (number, units)))


def hebbian(patterns: Floats) -> Floats:
    """Return the couplings ``w_ij = sum_p xi_i xi_j / n``, none of a unit with itself (Hopfield 1982, eq. 2).

    Examples
    --------
    >>> hebbian(np.array([[1.0, -1.0]])).tolist()
    [[0.0, -0.5], [-0.5, 0.0]]
    """
    weights = patterns.T @ patterns / patterns.shape[1]
    np.fill_diagonal(weights, 0.0)
    return np.asarray(weights)


def energy(weights: Floats, states: Floats) -> Floats:
    """Return ``-s' W s / 2`` of each state, (run,).

    Examples
    --------
    >>> energy(hebbian(np.array([[1.0, -1.0]])), np.array([[1.0, -1.0], [1.0, 1.0]])).tolist()
    [-0.5, 0.5]
    """
    return np.asarray(-0.5 * np.einsum("ri,ij,rj->r", states, weights, states, optimize=True))


def flipped(patterns: Floats, share: float, rng: np.random.Generator) -> Floats:
    """Return the patterns with exactly this share of units, drawn at random, turned over."""
    count = round(share * patterns.shape[1])
    turned = np.argsort(rng.random(patterns.shape), axis=1) < count
    return np.where(turned, -patterns, patterns)


def recall(weights: Floats, cues: Floats, rng: np.random.Generator, most: int = 100) -> Recall:
    """Update one unit after another, in a new random order each sweep, until none changes.

    A unit takes the sign of its input and keeps its state where that is zero (Hopfield 1982, eq. 1, threshold 0).

    Parameters
    ----------
    weights : array, shape (unit, unit)
        Row = target.
    cues : array, shape (run, unit)
        Where the runs begin; all share the order of updates.
    rng : numpy.random.Generator
        Of the order.
    most : int
        Sweeps at most.
    """
    states = np.array(cues.T, order="C")  # (unit, run): one unit of all runs lies together
    columns = np.ascontiguousarray(weights.T)
    symmetric = np.array_equal(weights, columns)
    changes, energies = [], [energy(weights, states.T)]
    for _ in range(most):
        before = states.copy()
        for unit in rng.permutation(len(states)):
            drive = weights[unit] @ states
            new = np.where(np.abs(drive) < ROUNDING, states[unit], np.sign(drive))
            back = drive if symmetric else columns[unit] @ states
            own = weights[unit, unit] * states[unit]
            difference = new - states[unit]
            # exact for any weights: the unit acts on the others through its column, and they on it through its row
            change = -0.5 * difference * (drive + back - 2 * own) - 0.5 * weights[unit, unit] * (
                new**2 - states[unit] ** 2
            )
            changes.append(float(change.max()))
            states[unit] = new
        energies.append(energy(weights, states.T))
        if np.array_equal(before, states):
            break
    return Recall(states.T.copy(), len(energies) - 1, np.array(changes), np.array(energies))


def overlaps(states: Floats, patterns: Floats) -> Floats:
    """Return the overlap ``s . xi / n`` of each state with its pattern, (run,)."""
    return np.asarray((states * patterns).mean(1))


def diluted(weights: Floats, rng: np.random.Generator) -> Floats:
    """Return the couplings with half of the pairs cut, both directions alike."""
    kept = np.triu(rng.random(weights.shape) < 0.5, 1)
    return np.asarray(weights * (kept | kept.T))


def one_way(weights: Floats, rng: np.random.Generator) -> Floats:
    """Return the couplings with half of the directions cut, each by itself: no longer symmetric."""
    return np.asarray(weights * (rng.random(weights.shape) < 0.5))


def loads_and_overlaps(points: int = 20_000) -> tuple[Floats, Floats]:
    """Return loads and overlaps of the retrieval states of mean-field theory at zero temperature.

    With ``y = m / sqrt(2 alpha r)``: ``sqrt(2 alpha) = erf(y) / y - 2 exp(-y**2) / sqrt(pi)`` and ``m = erf(y)``
    (Amit, Gutfreund & Sompolinsky 1985, eq. 10 to 12). The stable branch ends at the capacity.

    Examples
    --------
    >>> loads, _ = loads_and_overlaps()
    >>> round(loads.max().item(), 3)
    0.138
    """
    from scipy.special import erf

    y = np.linspace(0.5, 6, points)
    loads = 0.5 * np.maximum(erf(y) / y - 2 / np.sqrt(np.pi) * np.exp(-(y**2)), 0) ** 2
    stable = slice(int(loads.argmax()), None)
    return loads[stable][::-1], erf(y)[stable][::-1]


def theory(load: float) -> float:
    """Return the overlap of mean-field theory at a load, NaN above the capacity.

    Examples
    --------
    >>> round(theory(0.13), 3), theory(0.2)
    (0.987, nan)
    """
    loads, values = loads_and_overlaps()
    return float(np.interp(load, loads, values, right=np.nan))


def naive(load: float) -> float:
    """Return the overlap after one update of a stored pattern under crosstalk of independent terms (Hopfield 1982).

    Examples
    --------
    >>> round(naive(0.12), 4)
    0.9961
    """
    from scipy.special import erf

    return float(erf(1 / np.sqrt(2 * load)))


def retrieval(
    units: int, load: float, share: float, cues: int, networks: int, seeds: Seeds, *, cut: bool = False
) -> Floats:
    """Return the final overlaps of runs from noisy patterns, (network * cue,).

    Parameters
    ----------
    units : int
    load : float
        Patterns a unit.
    share : float
        Share of units that are turned over in a cue.
    cues : int
        Patterns of each network that are recalled, at most.
    networks : int
        Networks, each with its own patterns.
    seeds : Seeds
    cut : bool
        Whether half of the couplings are cut.
    """
    found = []
    for network in range(networks):
        rng = seeds.numpy(f"{units} {load:g} {network}")
        patterns = random_patterns(round(load * units), units, rng)
        asked = patterns[:cues]
        weights = hebbian(patterns)
        if cut:
            weights = diluted(weights, rng)
        found.append(overlaps(recall(weights, flipped(asked, share, rng), rng).states, asked))
    return np.concatenate(found)


def knee(loads: Floats, values: Floats) -> float:
    """Return where a falling curve bends: its point farthest above the line between its ends (Satopaa et al. 2011).

    Examples
    --------
    >>> knee(np.array([0.0, 1.0, 2.0, 3.0]), np.array([1.0, 1.0, 0.5, 0.0]))
    1.0
    """
    line = values[0] + (values[-1] - values[0]) * (loads - loads[0]) / (loads[-1] - loads[0])
    return float(loads[(values - line).argmax()])
