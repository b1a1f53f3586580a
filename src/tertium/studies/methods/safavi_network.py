"""A population that estimates a signal by spikes and delayed inhibition: compiled, and a readable reference."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


def drawn_signal(steps: int, dt: float, mean: float, spread: float, time: float, rng: np.random.Generator) -> Floats:
    """Return a smooth random signal, (step,): noise filtered twice with a time constant, of given mean and spread."""
    from scipy.signal import lfilter

    leak = dt / time
    shocks = rng.standard_normal(steps)
    smooth = lfilter([leak], [1, leak - 1], lfilter([leak], [1, leak - 1], shocks))
    return np.asarray(mean + spread * (smooth - smooth.mean()) / smooth.std())


def drive_of(signal: Floats, leak: float) -> Floats:
    """Return the input whose leaky sum is the signal, ``signal + tau d(signal)/dt``."""
    return signal + np.diff(signal, prepend=signal[0]) / leak


def predict(
    drive: Floats,
    neurons: int,
    *,
    decoder: float,
    cost: float,
    delay: int,
    leak: float,
    noise: float,
    rng: np.random.Generator,
) -> tuple[Counts, Floats]:
    """Simulate identical neurons that each fire when the common estimate is too low by more than half a spike's worth.

    Voltages are ``(signal - estimate) + noise``, in units of the signal. A neuron fires above ``(decoder + cost) / 2``
    and is reset by ``decoder + cost`` at once; the others are inhibited by ``decoder`` after a delay (Chalk, Gutkin &
    Deneve 2016, after Boerlin, Machens & Deneve 2013). Without a delay neurons are gone through one after the other,
    and each hears at once who fired before.

    Parameters
    ----------
    drive : array, shape (step,)
        Input, see `drive_of`.
    neurons : int
    decoder : float
        What a spike adds to the estimate.
    cost : float
        What a spike costs its neuron besides.
    delay : int
        Steps.
    leak : float
        A step over the time constant.
    noise : float
        Standard deviation of a voltage's own noise.
    rng : numpy.random.Generator

    Returns
    -------
    counts : array of int, shape (step,)
        Spikes.
    estimate : array, shape (step,)
        Their leaky sum.
    """
    return _predict(drive, neurons, decoder, cost, delay, leak, noise, rng)


@njit(cache=True)
def _predict(
    drive: Floats,
    neurons: int,
    decoder: float,
    cost: float,
    delay: int,
    leak: float,
    noise: float,
    rng: np.random.Generator,
) -> tuple[Counts, Floats]:
    # own holds what a neuron has for itself, heard what all have heard of one another: one number instead of N
    own = np.empty(neurons)
    for i in range(neurons):
        own[i] = noise * rng.standard_normal()
    slots = max(delay, 1)
    fired, arriving = np.zeros((slots, neurons), dtype=np.bool_), np.zeros(slots)
    counts, estimate = np.zeros(len(drive), dtype=np.int64), np.zeros(len(drive))
    shock, threshold = noise * np.sqrt(2 * leak), (decoder + cost) / 2
    heard, known = 0.0, 0.0
    for t in range(len(drive)):
        slot = t % slots
        heard = (1 - leak) * heard + (decoder * arriving[slot] if delay else 0.0)
        count = 0
        for i in range(neurons):
            voltage = own[i] + leak * (drive[t] - own[i]) + shock * rng.standard_normal()
            if delay and fired[slot, i]:
                voltage += decoder  # its own spike, which it has taken already
            spike = voltage - heard > threshold
            if spike:
                count += 1
                if delay:
                    voltage -= decoder + cost
                else:
                    voltage -= cost
                    heard += decoder
            fired[slot, i] = spike
            own[i] = voltage
        arriving[slot] = count
        known = (1 - leak) * known + decoder * count
        counts[t], estimate[t] = count, known
    return counts, estimate


def predict_reference(
    drive: Floats,
    neurons: int,
    *,
    decoder: float,
    cost: float,
    delay: int,
    leak: float,
    noise: float,
    rng: np.random.Generator,
) -> tuple[Counts, Floats]:
    """Simulate the same as `predict` from the equations, every synapse by itself, for delays of one step or more."""
    voltage = noise * rng.standard_normal(neurons)
    weights = decoder * (1 - np.eye(neurons))
    spikes = np.zeros((len(drive), neurons))
    for t in range(len(drive)):
        voltage = voltage + leak * (drive[t] - voltage) + noise * np.sqrt(2 * leak) * rng.standard_normal(neurons)
        if t >= delay:
            voltage -= weights @ spikes[t - delay]
        spikes[t] = voltage > (decoder + cost) / 2
        voltage -= (decoder + cost) * spikes[t]
    estimate, known = np.zeros(len(drive)), 0.0
    for t, count in enumerate(spikes.sum(axis=1)):
        known = (1 - leak) * known + decoder * count
        estimate[t] = known
    return spikes.sum(axis=1).astype(np.int64), estimate
