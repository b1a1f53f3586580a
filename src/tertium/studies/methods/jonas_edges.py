"""Spiking circuits of known connections, with and without an input that all share; tools that look for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium.compare import simulate_spike_trains, spike_glm
from tertium.studies.methods.jonas_circuits import area

if TYPE_CHECKING:
    from tertium.rng import Seeds
    from tertium.studies.jonas2017 import Jonas2017
    from tertium.studies.lab import Lab

Floats = npt.NDArray[np.float64]

#: Bin (s), rate of a unit alone (Hz), lags of couplings (bins), bins of 20 ms in which correlations are taken.
DT, RATE, REACH, COARSE = 0.005, 15.0, 4, 4

#: Memory of the shared input (s), its slowest way to a unit (bins).
MEMORY, SLOWEST = 0.02, 4

#: Tools that cannot tell the direction of a connection.
SYMMETRIC = ("correlation", "partial correlation")


@dataclass(frozen=True, eq=False)
class Wiring:
    """A circuit: who hears whom, and how it would hear an input that all share.

    Attributes
    ----------
    kernels : array, shape (lag, source, target)
        Gain in log rate.
    edges : array of bool, shape (source, target)
    gains : array, shape (unit,)
        Of the shared input, in log rate per its standard deviation.
    delays : array of int, shape (unit,)
        Bins.
    """

    kernels: Floats
    edges: npt.NDArray[np.bool_]
    gains: Floats
    delays: npt.NDArray[np.int64]


def wiring(config: Jonas2017.Config, rng: np.random.Generator) -> Wiring:
    """Draw a sparse circuit, excitatory and inhibitory, and the ways of a shared input into it."""
    n = config.neurons
    edges = (rng.random((n, n)) < config.density) & ~np.eye(n, dtype=bool)
    weights = edges * rng.choice([-1.0, 1.0], (n, n), p=[0.4, 0.6]) * rng.uniform(0.5, 1.0, (n, n)) * config.coupling
    course = np.exp(-np.arange(REACH) / 2)
    kernels = course[:, None, None] * weights
    kernels[0, np.arange(n), np.arange(n)] = -3.0  # refractory
    return Wiring(kernels, edges, config.shared * rng.uniform(0.6, 1.0, n), rng.integers(0, SLOWEST + 1, n))


def shared_input(config: Jonas2017.Config, rng: np.random.Generator) -> Floats:
    """Return an Ornstein-Uhlenbeck process of variance 1, shape (trial, time), from before the trial begins."""
    keep = np.exp(-DT / MEMORY)
    steps = config.bins + SLOWEST
    drawn = rng.normal(size=(config.spike_trials, steps)) * np.sqrt(1 - keep**2)
    drawn[:, 0] /= np.sqrt(1 - keep**2)
    for t in range(1, steps):
        drawn[:, t] += keep * drawn[:, t - 1]
    return drawn


def simulated(circuit: Wiring, drive: Floats | None, config: Jonas2017.Config, seed: int) -> Floats:
    """Return spike counts, shape (trial, time, unit), with the mean rate kept whether there is an input or not."""
    n = len(circuit.gains)
    log_rates = np.full((config.spike_trials, config.bins, n), np.log(RATE))
    if drive is not None:
        for unit, (gain, delay) in enumerate(zip(circuit.gains, circuit.delays, strict=True)):
            start = SLOWEST - delay
            log_rates[:, :, unit] += gain * drive[:, start : start + config.bins] - gain**2 / 2
    made = simulate_spike_trains(log_rates, circuit.kernels, dt=DT, binary=True, seed=seed)  # cannot run away
    return np.asarray(made.spikes.values, dtype=np.float64)


def correlations(spikes: Floats) -> tuple[Floats, Floats]:
    """Return absolute correlations and partial correlations of counts in bins of 20 ms, each (unit, unit)."""
    trials, bins, n = spikes.shape
    coarse = spikes[:, : bins // COARSE * COARSE].reshape(trials, -1, COARSE, n).sum(2).reshape(-1, n)
    covariance = np.cov(coarse.T)
    spread = np.sqrt(np.diag(covariance))
    precision = np.linalg.inv(covariance)
    sharp = np.sqrt(np.diag(precision))
    return np.abs(covariance / np.outer(spread, spread)), np.abs(precision / np.outer(sharp, sharp))


def granger_edges(spikes: Floats, lags: int = REACH) -> Floats:
    """Return Granger's F of each source for each target, given the pasts of all units, shape (source, target)."""
    n = spikes.shape[2]
    past = np.stack([spikes[:, lags - k : -k] for k in range(1, lags + 1)], -1)  # trial, time, source, lag
    design = past.reshape(-1, n * lags)
    now = spikes[:, lags:].reshape(-1, n)
    design, now = design - design.mean(0), now - now.mean(0)
    inverse = np.linalg.inv(design.T @ design)
    weights = inverse @ (design.T @ now)
    variance = ((now - design @ weights) ** 2).sum(0) / (len(now) - n * lags - 1)
    found = np.empty((n, n))
    for source in range(n):
        part = slice(source * lags, (source + 1) * lags)
        block = np.linalg.inv(inverse[part, part])
        found[source] = np.einsum("lt,lk,kt->t", weights[part], block, weights[part]) / lags / variance
    return found


def glm_edges(spikes: Floats, stimulus: Floats | None = None) -> Floats:
    """Return |z| of each coupling filter's integral, shape (source, target), given what is known of an input."""
    n = spikes.shape[2]
    fit = spike_glm(
        spikes,
        None if stimulus is None else stimulus[:, :, None],
        dt=DT,
        stimulus=None if stimulus is None else (SLOWEST + 1) * DT,
        history=(REACH + 1) * DT,
        coupling=(REACH + 1) * DT,
        cv=2,
    )
    table = fit.filter_table()
    table = table[table["kind"] == "coupling"]
    found = np.zeros((n, n))
    found[table["source"].astype(int), table["target"].astype(int)] = np.abs(table["z"])
    return found


def areas(scores: dict[str, Floats], edges: npt.NDArray[np.bool_]) -> dict[str, float]:
    """Return each tool's area under the ROC curve, over ordered pairs; unordered where it knows no direction."""
    ordered = ~np.eye(len(edges), dtype=bool)
    pairs = np.triu(ordered)
    either = edges | edges.T
    return {
        tool: area(of[pairs], either[pairs]) if tool in SYMMETRIC else area(of[ordered], edges[ordered])
        for tool, of in scores.items()
    }


def tools(spikes: Floats) -> dict[str, Floats]:
    """Return the scores of all pairs by each tool."""
    plain, partial = correlations(spikes)
    return {
        "correlation": plain,
        "partial correlation": partial,
        "Granger": granger_edges(spikes),
        "GLM coupling": glm_edges(spikes),
    }


def circuit_areas(config: Jonas2017.Config, seeds: Seeds) -> dict[str, dict[str, float]]:
    """Return the areas by condition and tool, of one circuit."""
    rng = seeds.numpy("wiring")
    circuit = wiring(config, rng)
    drive = shared_input(config, rng)
    alone = simulated(circuit, None, config, seeds.integer("alone") % 2**31)
    driven = simulated(circuit, drive, config, seeds.integer("driven") % 2**31)
    mixed = np.stack([alone[rng.permutation(len(alone)), :, unit] for unit in range(config.neurons)], -1)
    now = drive[:, SLOWEST:]
    return {
        "private input": areas(tools(alone), circuit.edges),
        "common input": areas(tools(driven), circuit.edges),
        "common input, known": areas({"GLM coupling": glm_edges(driven, now)}, circuit.edges),
        "trials shuffled": areas(tools(mixed), circuit.edges),
    }


def circuits(config: Jonas2017.Config, lab: Lab) -> dict[str, Any]:
    """Return the areas of all circuits: condition -> tool -> array (circuit,)."""
    found = [circuit_areas(config, lab.seeds.child(f"circuit {k}")) for k in range(config.circuits)]
    return {
        condition: {tool: np.array([one[condition][tool] for one in found]) for tool in found[0][condition]}
        for condition in found[0]
    }
