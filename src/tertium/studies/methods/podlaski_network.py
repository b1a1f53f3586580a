"""Spiking networks of two latent variables: the simulation, irregularity and balance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tertium.dynamics import spike_intervals
from tertium.studies.methods.podlaski_boundaries import LatentNetwork

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LatentRun:
    """What a network did.

    Attributes
    ----------
    excitation, inhibition : array, shape (time,)
        The latent variables, both positive.
    steps, units : array of int, shape (spike,)
        When, in steps, and who.
    """

    excitation: Floats
    inhibition: Floats
    steps: NDArray[np.int64]
    units: NDArray[np.int64]

    def irregularity(self, neurons: int, dt: float, since: int) -> float:
        """Return the coefficient of variation of intervals between spikes, mean over neurons."""
        kept = self.steps >= since
        trains = {unit: self.steps[kept & (self.units == unit)] * dt for unit in range(neurons)}
        return float(np.nanmean(spike_intervals(trains, least=20).cv))


def simulate(
    network: LatentNetwork,
    x: Floats,
    jumps: tuple[float, float],
    *,
    rng: np.random.Generator,
    cost: float = 0.0,
    noise: float = 0.0,
    dt: float = 5e-5,
    tau: float = 0.01,
    start: tuple[float, float] = (0.0, 0.0),
) -> LatentRun:
    """Simulate leaky integrate-and-fire neurons that hear one another through two latent variables.

    All leaks are one, so that a voltage is the sum of what has been filtered by it: input, latent variables, own
    resets, noise. In one step one neuron fires at most, the one furthest above its threshold, inhibitory ones first (as
    in the authors' code; the limit of instantaneous synapses).

    Parameters
    ----------
    network : LatentNetwork
    x : array, shape (time,)
        Input.
    jumps : tuple of float
        What a spike adds to the excitatory, to the inhibitory latent variable (decoders).
    rng : numpy.random.Generator
    cost : float
        What a spike takes from its own neuron's voltage besides its inhibition, in units of the latent variable.
    noise : float
        Standard deviation of each voltage's own noise.
    dt, tau : float
        Step and time constant, seconds.
    start : tuple of float
        Latent variables in the beginning.

    Returns
    -------
    LatentRun
    """
    n, leak = network.n_excitatory, dt / tau
    drive = network.inputs * x[:, None] - network.thresholds
    size, neurons = np.sqrt(2 * leak) * noise, len(network.inputs)
    shocks = rng.standard_normal((len(x), neurons)) * size if noise else np.zeros((1, neurons))
    own, jitter = np.zeros(neurons), np.zeros(neurons)
    excitation, inhibition = start
    latents, spikes = np.empty((len(x), 2)), []
    for t in range(len(x)):
        excitation, inhibition = (1 - leak) * excitation, (1 - leak) * inhibition
        own *= 1 - leak
        jitter = (1 - leak) * jitter + shocks[t % len(shocks)]
        voltage = drive[t] + network.excitation * excitation - inhibition - own + jitter
        fired = n + int(voltage[n:].argmax()) if neurons > n else 0
        if neurons > n and voltage[fired] >= 0:
            inhibition += jumps[1]
        elif n and voltage[(fired := int(voltage[:n].argmax()))] >= 0:
            excitation += jumps[0]
        else:
            fired = -1
        if fired >= 0:
            own[fired] += cost
            spikes.append((t, fired))
        latents[t] = excitation, inhibition
    found = np.array(spikes, dtype=np.int64).reshape(-1, 2)
    return LatentRun(latents[:, 0], latents[:, 1], found[:, 0], found[:, 1])


def ramp(grid: Floats, seconds: float, settle: float, dt: float) -> tuple[Floats, int]:
    """Return an input that stays at the grid's beginning, then goes through it, and the step at which it starts."""
    begin = round(settle / dt)
    return np.concatenate([np.full(begin, grid[0]), np.linspace(grid[0], grid[-1], round(seconds / dt))]), begin


def relative_error(found: Floats, wanted: Floats) -> float:
    """Return the root of the mean square error over the standard deviation of what was wanted."""
    return float(np.sqrt(np.mean((found - wanted) ** 2)) / wanted.std())


def imbalance(excitation: Floats, inhibition: Floats) -> float:
    """Return what is left of the excitatory current when the inhibitory one is added, as a share of it."""
    return float(np.mean(np.abs(excitation - inhibition) / excitation))
