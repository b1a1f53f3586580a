"""Gratings for simulated V1, a network of one convolution and pooling, and how oriented its filters are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from torch import nn

from tertium.compare import fit_ridge
from tertium.studies.methods.cadena_cells import SIDE
from tertium.studies.methods.v1_networks import Core

if TYPE_CHECKING:
    from tertium.rng import Seeds
    from tertium.studies.methods.v1_networks import Split

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

#: Spatial frequencies of gratings, cycles / pixel.
FREQUENCIES = (0.125, 0.16, 0.2, 0.25)

#: Side of the network's filters, pixels; pixels between them; side of the pools.
FILTER, STRIDE, POOL = 11, 2, 3


class PooledCore(Core):
    """One convolution, rectified, then the mean over neighbouring places.

    Parameters
    ----------
    channels : int
    seeds : Seeds

    Examples
    --------
    >>> import torch
    >>> from tertium.rng import Seeds
    >>> PooledCore(4, Seeds(0))(torch.zeros(5, 1, 32, 32)).shape
    torch.Size([5, 4, 3, 3])
    """

    def __init__(self, channels: int, seeds: Seeds) -> None:
        super().__init__((channels,), (FILTER,), STRIDE, seeds)
        self.layers.append(nn.AvgPool2d(POOL))


def gratings(count: int, contrast_noise: float, seeds: Seeds) -> Singles:
    """Return gratings of random orientation, phase and frequency in pixel noise, (image, 1, side, side), about 0.

    Parameters
    ----------
    count : int
    contrast_noise : float
        Standard deviation of the noise over that of the grating.
    seeds : Seeds
    """
    random = seeds.numpy("gratings")
    angle, phase = random.uniform(0, np.pi, count), random.uniform(0, 2 * np.pi, count)
    frequency = random.choice(FREQUENCIES, count)
    y, x = np.mgrid[:SIDE, :SIDE]
    along = np.cos(angle)[:, None, None] * x + np.sin(angle)[:, None, None] * y
    shown = np.sqrt(2) * np.cos(2 * np.pi * frequency[:, None, None] * along + phase[:, None, None])
    shown = shown + contrast_noise * random.normal(size=shown.shape)
    return np.asarray(shown - shown.mean((1, 2), keepdims=True), dtype=np.float32)[:, None]


def ridge_predictions(pixels: Singles, responses: Singles, split: Split) -> Floats:
    """Return what ridge regression on pixels predicts for the tested images; it is fitted to all others."""
    flat = pixels.reshape(len(pixels), -1).astype(np.float64)
    known = np.concatenate([split.fitted, split.chosen])
    return fit_ridge(flat[known], responses[known].astype(np.float64)).predict(flat[split.tested])


def orientation_selectivity(filters: Floats, angles: int = 36) -> Floats:
    """Return how selective each filter is for orientation, 0 to 1, from its answers to gratings.

    ``|sum over angles of R exp(2i angle)| / sum of R`` with R the largest answer over phases, squared, at the frequency
    that is answered best (one less the circular variance; Ringach, Shapley & Hawken 2002).

    Parameters
    ----------
    filters : array, shape (filter, side, side)
    angles : int
        Orientations over half a turn.

    Examples
    --------
    >>> x = np.arange(11) - 5.0
    >>> window = np.exp(-(x**2 + x[:, None] ** 2) / 18)
    >>> stripes = window * np.cos(2 * np.pi * x / 5)
    >>> orientation_selectivity(np.stack([stripes, window * (x**2 + x[:, None] ** 2 < 9)])).round(1).tolist()
    [0.9, 0.0]
    """
    side = filters.shape[-1]
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    angle = np.pi * np.arange(angles) / angles
    along = np.cos(angle)[:, None, None] * x + np.sin(angle)[:, None, None] * y
    waves = np.exp(2j * np.pi * np.array(FREQUENCIES)[:, None, None, None] * along)
    power = np.abs(np.einsum("fyx,sayx->fsa", filters - filters.mean((1, 2), keepdims=True), waves)) ** 2
    best = power[np.arange(len(filters)), power.max(2).argmax(1)]
    return np.asarray(np.abs(best @ np.exp(2j * angle)) / best.sum(1))
