"""Integrate-and-fire units that hear patches of the maps below, all places by the same weights."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.functional import conv2d

from tertium.errors import BadInput
from tertium.models.recurrent.initial_weights import InitialWeights
from tertium.models.spiking.lif import LIF
from tertium.rng import Seeds


class ConvLIF(LIF):
    """A convolutional layer of leaky integrate-and-fire units.

    The units are those of `LIF`, with its resets, synapses and learned time constants. What arrives is convolved
    rather than weighed: maps of units that hear a patch of all maps below, with the same weights at every place. States
    and spikes are flat, (..., channel x row x column), as in `ConvLayer`, so that layers stack with any other cell.

    Parameters
    ----------
    shape : tuple of int
        Channels, rows, columns below.
    channels : int
        Maps of the layer.
    kernel : int
        Width of a patch, odd.
    stride : int
        Distance between two patches.
    **options
        Those of `LIF`, but that units of the layer are not connected. ``bias`` is one for each map, and input weights
        start with standard deviation ``input_gain * threshold / sqrt(inputs of a patch)``.

    Attributes
    ----------
    shape, out_shape : tuple of int
        Channels, rows and columns below and of the layer.

    Raises
    ------
    BadInput
        If the kernel is even, the stride below 1, units are to be connected, or as `LIF`.

    Examples
    --------
    >>> cell = ConvLIF((1, 8, 8), 4, kernel=3, stride=2)
    >>> spikes, states = cell(torch.ones(5, 2, 64))
    >>> cell.out_shape, tuple(spikes.shape), tuple(states.shape)
    ((4, 4, 4), (5, 2, 64), (5, 2, 1, 64))
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        channels: int,
        *,
        kernel: int = 3,
        stride: int = 2,
        seeds: Seeds | int = 0,
        **options: Any,
    ) -> None:
        if options.get("recurrent"):
            raise BadInput("recurrent", got="True", expected="False: units of a ConvLIF are not connected")
        if kernel < 1 or kernel % 2 == 0 or stride < 1:
            raise BadInput(
                "kernel and stride of a ConvLIF",
                got=f"{kernel} and {stride}",
                expected="an odd width and a stride >= 1",
                repair="Pass kernel=3, stride=2.",
            )
        below, rows, columns = shape
        self.shape, self.kernel, self.stride = shape, kernel, stride
        self.out_shape = (channels, (rows - 1) // stride + 1, (columns - 1) // stride + 1)
        super().__init__(below * rows * columns, int(np.prod(self.out_shape)), seeds=seeds, **options)
        for name, values in zip(("feature_map", "map_row", "map_column"), np.indices(self.out_shape), strict=True):
            self.label_units(name, values.ravel())

    def _make_weights(
        self, recurrent: bool, bias: bool, input_gain: float, init: str | InitialWeights, seeds: Seeds
    ) -> None:
        inputs = self.shape[0] * self.kernel**2
        drawn = torch.randn(
            self.out_shape[0], self.shape[0], self.kernel, self.kernel, generator=seeds.torch("input_weight")
        )
        self.input_weight = nn.Parameter(drawn * (input_gain * self.threshold.mean() / math.sqrt(inputs)))
        self.bias = nn.Parameter(torch.zeros(self.out_shape[0])) if bias else None
        self.recurrent_weight = None

    def drive(self, xs: torch.Tensor, noise: torch.Tensor | None = None) -> torch.Tensor:
        """Return the convolved maps and the noise, flat, shape (..., unit), for any number of steps at once."""
        maps = conv2d(xs.reshape(-1, *self.shape), self.input_weight, self.bias, self.stride, self.kernel // 2)
        arriving = maps.reshape(*xs.shape[:-1], self.n_units)
        return arriving if noise is None else arriving + noise
