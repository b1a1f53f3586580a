"""Random smooth manifolds as spike times: what SNN01 shows its networks (Zenke & Vogels 2021, section 4.1.1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from tertium.models.spiking import latency_spikes
from tertium.rng import Seeds
from tertium.tasks import SpikingTask, labelled

Floats = NDArray[np.float64]

#: Width of a bin, length of a trial and the latest spike of an input, seconds.
DT, DURATION, LATEST = 0.001, 0.1, 0.05


def manifold(
    points: Floats, channels: int, rng: np.random.Generator, *, alpha: float = 1.0, cutoff: int = 1000
) -> Floats:
    """Return points of a random smooth manifold, each coordinate scaled to 0 to 1, shape (point, channel).

    Coordinate i is ``f_i(x) = prod_j sum_k k^-alpha A sin(2 pi (k x_j B + C))`` with A, B and C drawn from [0, 1) for
    each i, j and k.

    Parameters
    ----------
    points : numpy.ndarray, shape (point, dimension)
        Intrinsic coordinates, 0 to 1.
    channels : int
        Dimensions of the space that the manifold lies in.
    rng : numpy.random.Generator
        What the coefficients are drawn from.
    alpha : float
        How fast the spectrum falls: the larger, the smoother.
    cutoff : int
        Terms of the sum.
    """
    order = np.arange(1, cutoff + 1, dtype=np.float64)
    found = np.ones((len(points), channels))
    for x in points.T:
        height, stretch, phase = rng.random((3, channels, cutoff))
        for i in range(channels):
            waves = np.sin(2 * np.pi * (np.outer(x, order * stretch[i]) + phase[i]))
            found[:, i] *= waves @ (height[i] * order**-alpha)
    return (found - found.min(0)) / np.ptp(found, axis=0)


@dataclass(frozen=True)
class TimeCode:
    """A number from 0 to 1 becomes one spike, at this share of the latest time.

    Parameters
    ----------
    latest : float
        Seconds at which a 1 spikes.
    """

    latest: float = LATEST

    def channels(self, values: int) -> int:
        """Return ``values``: one channel each."""
        return values

    def spikes(self, values: torch.Tensor, *, steps: int, dt: float, seeds: Seeds) -> torch.Tensor:
        """Return spikes (time, trial, channel) for numbers (trial, value); nothing is drawn."""
        return latency_spikes(values.double() * self.latest, steps=steps, dt=dt).float()


def manifold_task(
    rng: np.random.Generator,
    *,
    classes: int = 10,
    channels: int = 20,
    samples: int = 1000,
    cutoff: int = 1000,
    seed: int,
) -> SpikingTask:
    """Return the task of telling from which of several one-dimensional manifolds a pattern of spike times was drawn.

    Every channel spikes once in every trial, so that counts say nothing. A fifth of the samples is held out.

    Parameters
    ----------
    rng : numpy.random.Generator
        Of manifolds and samples.
    classes, channels, samples, cutoff : int
        Manifolds; inputs; samples of each manifold; terms of its waves.
    seed : int
        Of the division into samples that are learned and those that are held out.
    """
    times = [manifold(rng.random((samples, 1)), channels, rng, cutoff=cutoff) for _ in range(classes)]
    items = labelled(
        np.concatenate(times), np.repeat(np.arange(classes), samples), scaling="none", held_out=0.2, seed=seed
    )
    return SpikingTask(items, TimeCode(), dt=DT, duration=DURATION, read="peak")
