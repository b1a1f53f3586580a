"""How coupling through one latent variable changes a population's noise: measured, and as single neurons predict."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: By how many standard deviations of one step's noise a discrete walk overshoots a threshold (-zeta(1/2) / sqrt(2 pi)).
OVERSHOOT = 0.5826


@dataclass(frozen=True)
class NoisyPopulation:
    """Leaky neurons under their own noise; voltages are measured from threshold.

    Attributes
    ----------
    means : array, shape (neuron,)
        Mean voltages that the input alone would bring about.
    noise : float
        Standard deviation of a voltage.
    cost : float
        What a spike takes from its neuron's voltage.
    dt, tau : float
        Step and time constant, seconds.
    """

    means: Floats
    noise: float
    cost: float
    dt: float
    tau: float

    def rates(self, shift: float = 0.0) -> Floats:
        """Return the neurons' rates where all means are shifted, Hz (Siegert 1951, with the overshoot of steps)."""
        from scipy.integrate import quad
        from scipy.special import erfcx

        over = OVERSHOOT * self.noise * np.sqrt(2 * self.dt / self.tau)

        def rate(mean: float) -> float:
            low, high = ((edge - mean) / (self.noise * np.sqrt(2)) for edge in (-self.cost, over))
            return float(1 / (self.tau * np.sqrt(np.pi) * quad(lambda u: erfcx(-u), low, high)[0]))

        return np.array([rate(mean + shift) for mean in self.means])

    def slope(self) -> float:
        """Return spikes that the population fires more per unit of voltage that all neurons are shifted by."""
        step = 1e-3
        return float((self.rates(step) - self.rates(-step)).sum() / (2 * step) * self.tau)


def curvature(inputs: Floats, thresholds: Floats, coupling: float, x: Floats) -> float:
    """Return the mean bend of the size of a population's boundary: positive for a convex one, negative for a concave.

    Along neuron i's line ``inputs[i] * x + coupling * y = thresholds[i]``. Inhibition stops at the line that is reached
    first from above, excitation starts at the one that is reached first from below.
    """
    lines = (thresholds[:, None] - inputs[:, None] * x) / coupling
    edge = lines.max(axis=0) if coupling < 0 else lines.min(axis=0)
    return float(np.diff(edge, 2).mean())


def population_noise(
    population: NoisyPopulation,
    gains: Floats,
    *,
    trials: int,
    windows: int,
    width: float,
    rng: np.random.Generator,
) -> tuple[Floats, Floats]:
    """Return the noise of the latent variable, with feedback and with another trial's feedback.

    Each spike shifts the voltages of all neurons. The constant input is set so that means stay where they are without
    coupling, so that only the fluctuations of the feedback can matter.

    Parameters
    ----------
    population : NoisyPopulation
    gains : array, shape (coupling,)
        Spikes that one spike brings about (negative: takes away), on average; this sets the coupling.
    trials, windows : int
        Trials, and windows in each.
    width : float
        Of a window in which spikes are counted, seconds.
    rng : numpy.random.Generator

    Returns
    -------
    noise : array, shape (2, coupling)
        Standard deviation of counts: feedback of the own trial, of another one with the same coupling.
    rates : array, shape (2, coupling)
        Mean rate of a neuron, Hz.
    """
    leak, neurons = population.dt / population.tau, len(population.means)
    jumps = np.asarray(gains) / population.slope()
    constant = population.means - jumps[:, None] * population.rates().sum() * population.tau
    base = leak * constant[None, :, None, :]
    size = np.float64(population.noise * np.sqrt(2 * leak))
    voltage = np.broadcast_to(population.means, (2, len(jumps), trials, neurons)).copy()
    heard = np.zeros((2, len(jumps), trials))
    each, settle = round(width / population.dt), round(20 * population.tau / population.dt)
    counts, total = [], np.zeros_like(heard)
    for step in range(settle + windows * each):
        voltage *= 1 - leak
        voltage += base + (jumps[:, None] * heard)[..., None]
        voltage += size * rng.standard_normal(voltage.shape, dtype=np.float32)
        fired = voltage >= 0
        voltage -= population.cost * fired
        spikes = fired.sum(axis=-1)
        # the second population hears the neighbouring trial of the first: same feedback, loop cut
        heard[0], heard[1] = spikes[0], np.roll(spikes[0], 1, axis=-1)
        if step >= settle:
            total += spikes
            if (step - settle + 1) % each == 0:
                counts.append(total.copy())
                total[:] = 0
    found = np.array(counts)
    return np.sqrt(found.var(axis=0, ddof=1).mean(axis=-1)), found.mean(axis=(0, 3)) / (width * neurons)
