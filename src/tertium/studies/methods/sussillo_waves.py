"""The wave generator taken apart: what it puts out at each level, and the fixed point that the wave goes round."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch

from tertium.dynamics import as_dynamics, fixed_points, follow, sample_states
from tertium.studies.methods.sussillo_networks import Equations, ExamplesConfig

if TYPE_CHECKING:
    from tertium.dynamics import FixedPoints
    from tertium.dynamics.step import Dynamics
    from tertium.models import RateRNN
    from tertium.rng import Seeds

Floats = npt.NDArray[np.float64]

#: Slowest periods that a network runs before it is measured, and in which it is.
SETTLE, MEASURE = 2, 6

#: A wave whose swing is below this share of the one asked for is none.
LEAST_SWING = 0.1

#: Steps of the path of a wave that are kept for pictures.
KEPT_STEPS = 400


def levels(config: ExamplesConfig, trained: int, between: int) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Return numbers of waves to look at, in order, and which of them are trained: others lie half-way between two.

    Examples
    --------
    >>> numbers, known = levels(ExamplesConfig(), 3, 2)
    >>> numbers.tolist(), known.tolist()
    ([1.0, 13.5, 26.0, 38.5, 51.0], [True, False, True, False, True])
    """
    last = config.frequencies
    known = np.round(np.linspace(1, last, trained))
    step = (last - 1) / between
    new = np.floor(1 + step * (np.arange(between) + 0.5)) + 0.5
    numbers = np.concatenate([known, new])
    order = np.argsort(numbers, kind="stable")
    return numbers[order], order < trained


def level_of(config: ExamplesConfig, numbers: npt.ArrayLike) -> Floats:
    """Return the input that asks for waves by their numbers, ``j / J + 0.25``."""
    return np.asarray(numbers, dtype=np.float64) / config.frequencies + 0.25


def asked(config: ExamplesConfig, numbers: npt.ArrayLike) -> Floats:
    """Return the frequency that is asked for, Hz; between two trained waves it is between theirs.

    Examples
    --------
    >>> asked(ExamplesConfig(), [1, 51]).round(3).tolist()
    [0.223, 3.406]
    """
    share = (np.asarray(numbers, dtype=np.float64) - 1) / (config.frequencies - 1)
    return np.asarray((config.lowest + share * (config.highest - config.lowest)) / config.tau / (2 * np.pi))


def produced(outputs: Floats, dt: float) -> float:
    """Return the frequency of a wave in Hz, from the times at which it rises through its middle; 0 for no wave.

    Examples
    --------
    >>> round(produced(np.sin(2 * np.pi * 1.7 * np.arange(1000) * 0.01), 0.01), 3)
    1.7
    >>> produced(np.exp(-np.arange(1000) / 50), 0.01)
    0.0
    """
    late = outputs[len(outputs) // 2 :]
    if np.ptp(late) < 2 * LEAST_SWING:
        return 0.0
    middle = (outputs.max() + outputs.min()) / 2
    y = outputs - middle
    rises = np.flatnonzero((y[:-1] < 0) & (y[1:] >= 0))
    if len(rises) < 3:
        return 0.0
    at = rises + y[rises] / (y[rises] - y[rises + 1])
    return float((len(at) - 1) / (at[-1] - at[0]) / dt)


def linear(eigenvalues: npt.NDArray[np.complex128], dt: float) -> tuple[Floats, Floats]:
    """Return growth (per second) and frequency (Hz) of the modes of one step: real and imaginary part of ``log / dt``.

    The network goes in steps; the logarithm of an eigenvalue of a step is what the mode does in continuous time.
    """
    with np.errstate(divide="ignore"):
        rates = np.log(eigenvalues) / dt
    return np.asarray(rates.real), np.asarray(np.abs(rates.imag) / (2 * np.pi))


def oscillates(found: FixedPoints) -> bool:
    """Return whether there is one fixed point, certified, and its unstable modes are one complex pair."""
    if len(found) != 1 or not found.certified[0] or found.index[0] != 2:
        return False
    pair = found.eigenvalues[0][found.growth[0] > 0]
    return bool((np.abs(pair.imag) > 1e-9).all())


def waves(network: RateRNN, config: ExamplesConfig, numbers: Floats, starts: int, seeds: Seeds) -> dict[str, Any]:
    """Run a network at some levels and find the fixed points among the states that it goes through.

    Searches begin between two states of the wave, with noise: inside the cycle, on it, and about it.

    Parameters
    ----------
    network : RateRNN
    config : ExamplesConfig
    numbers : array, shape (level,)
        Waves, by number; in order.
    starts : int
        Searches at each level.
    seeds : Seeds

    Returns
    -------
    dict
        By level: ``produced`` and ``linear`` (Hz; of the point nearest to the middle of the wave, its fastest growing
        mode), ``growth`` (per second), ``points`` (level, unit), ``eigenvalues`` (level, unit, 2: growth in 1/s and
        frequency in Hz), ``found`` (number of fixed points), ``pairs`` (whether `oscillates`); and ``paths`` (level,
        time, 3) and ``places`` (level, 3), waves and their points on three axes (`_axes`).
    """
    equations = Equations.of(network)
    period = 1 / asked(config, 1)
    settle, measure = (round(n * float(period) / config.dt) for n in (SETTLE, MEASURE))
    inputs = level_of(config, numbers)
    driven = torch.as_tensor(inputs, dtype=torch.float32)[None, :, None].expand(settle + measure, -1, 1)
    with torch.no_grad():
        read, states = network(driven)
    assert torch.is_tensor(states)
    outputs = read[settle:, :, 0].double().numpy().T
    visited = states[settle:].double().numpy().transpose(1, 0, 2)
    system = system_of(equations)
    rows = [
        _one_level(system, visited[k], inputs[k], starts, seeds.child(f"level {k}"), config.dt)
        for k in range(len(numbers))
    ]
    by_level = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    paths = visited[:, :KEPT_STEPS]
    axes = _axes(paths, by_level["points"])
    return {
        "produced": np.array([produced(one, config.dt) for one in outputs]),
        **by_level,
        "paths": paths @ axes,
        "places": by_level["points"] @ axes,
    }


def _axes(paths: Floats, points: Floats) -> Floats:
    """Return three orthogonal axes, (unit, 3): two that waves take most room on, and one along which points lie."""
    found = np.where(np.isfinite(points), points, paths.mean(1))
    swings = (paths - paths.mean(1, keepdims=True)).reshape(-1, paths.shape[-1])
    swung = np.linalg.eigh(swings.T @ swings)[1][:, -2:]
    along = np.linalg.svd(found - found.mean(0), full_matrices=False)[2][:1].T
    return np.asarray(np.linalg.qr(np.concatenate([swung, along], axis=1))[0])


def system_of(equations: Equations) -> Dynamics:
    """Return a step of the network as a system, with its Jacobian in closed form."""
    units, channels = equations.incoming.shape
    return as_dynamics(equations.step, units, np.zeros(channels), jacobian=equations.step_slope)


def _one_level(system: Dynamics, visited: Floats, level: float, starts: int, seeds: Seeds, dt: float) -> dict[str, Any]:
    begin = sample_states(visited, starts, noise=0.1, mixtures=True, seed=seeds.integer("starts") % 2**31)
    found = fixed_points(system, begin, np.array([level]), slow=None)
    nothing = np.full((system.n_units, 2), np.nan)
    row: dict[str, Any] = {"found": len(found), "pairs": oscillates(found)}
    if not len(found):
        lost = np.full(system.n_units, np.nan)
        return row | {"linear": np.nan, "growth": np.nan, "points": lost, "eigenvalues": nothing}
    near = int(np.linalg.norm(found.points - visited.mean(0), axis=1).argmin())
    growth, frequency = linear(found.eigenvalues[near], dt)
    return row | {
        "linear": frequency[0],  # eigenvalues come fastest growing first
        "growth": growth[0],
        "points": found.points[near],
        "eigenvalues": np.stack([growth, frequency], axis=1),
    }


def deviation(linear: Floats, produced: Floats) -> float:
    """Return the largest relative difference of frequencies over levels; infinite where a network makes no wave.

    Examples
    --------
    >>> round(deviation(np.array([1.1, 2.0]), np.array([1.0, 2.0])), 3)
    0.1
    """
    if not (np.isfinite(linear) & (produced > 0)).all():
        return float("inf")
    return float(np.max(np.abs(linear - produced) / produced))


def within(produced: Floats, wanted: Floats, tolerance: float) -> float:
    """Return the share of levels whose wave has the frequency that was asked for."""
    return float(np.mean(np.abs(produced - wanted) <= tolerance * wanted))


def branch(network: RateRNN, points: Floats, levels: Floats) -> dict[str, Any]:
    """Follow the fixed point of the lowest level up to the highest.

    Returns
    -------
    dict
        ``bifurcations`` (how many, on the way), ``level`` (place,), ``frequency`` (place,): of the fastest growing
        mode in radians per step, ``distances`` (level,): of the points found at each level to the branch there,
        relative to the distance between the points of the lowest and of the highest level.
    """
    from scipy.interpolate import CubicSpline

    equations = Equations.of(network)
    walked = follow(system_of(equations), points[:1], [levels[:1], levels[-1:]], longest=0.2, steps=2000)[0]
    reach = levels[0] + walked.parameter * (levels[-1] - levels[0])
    forward = np.append(True, np.diff(reach) > 0)
    there = CubicSpline(reach[forward], walked.points[forward])(levels)
    scale = float(np.linalg.norm(points[-1] - points[0]))
    return {
        "bifurcations": len(walked.bifurcations),
        "ended": walked.ended,
        "level": reach,
        "frequency": np.abs(np.angle(walked.eigenvalues[:, 0])),
        "distances": np.linalg.norm(there - points, axis=1) / scale,
        "distances_reversed": np.linalg.norm(there - points[::-1], axis=1) / scale,
    }
