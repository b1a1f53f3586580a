"""Units on a retinotopic map: convolutions feed forward, sideways and back down."""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import nn
from torch.nn.functional import conv2d, interpolate

from tertium.errors import BadInput
from tertium.models.kernels import Nonlinearity, nonlinearity
from tertium.models.recurrent.cell import Cell
from tertium.rng import Seeds


class ConvRNNCell(Cell):
    """A sheet of leaky rate units with lateral connections and, if there is an area above, feedback from it.

    With ``alpha = dt / tau`` and * a convolution (the same weights at each place),
    ``r' = (1 - alpha) r + alpha f(W_in * x + W_lat * r + W_top * up(r_above) + b)``; ``up`` repeats the smaller map
    of the area above.

    Parameters
    ----------
    n_inputs : int
        Channels of the input.
    n_channels : int
        Channels of the map (feature types).
    size : tuple of int
        Rows and columns of input and map.
    kernel : int
        Width of all convolutions, odd.
    lateral : bool
        Whether units of one map are connected.
    top_down : int
        Channels of the area above that feed back; 0 for none.
    dt, tau : float
        Time step and time constant in seconds.
    nonlinearity : str or Nonlinearity
        From input to rate.
    seeds : Seeds or int
        Seeds of the weights.

    Raises
    ------
    BadInput
        If the kernel is even, the size is not two numbers, or the times are unusable.

    Examples
    --------
    >>> cell = ConvRNNCell(3, 8, size=(6, 6))
    >>> activity, states = cell(torch.zeros(5, 2, 3, 6, 6))
    >>> tuple(activity.shape), cell.n_units
    ((5, 2, 8, 6, 6), 288)
    """

    #: Weights are shared between places; there is no unit-by-unit matrix.
    recurrent_weights: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        n_inputs: int,
        n_channels: int,
        *,
        size: tuple[int, int],
        kernel: int = 3,
        lateral: bool = True,
        top_down: int = 0,
        dt: float = 0.02,
        tau: float = 0.04,
        nonlinearity: str | Nonlinearity = "relu",
        seeds: Seeds | int = 0,
    ) -> None:
        _check(size, kernel, dt, tau)
        super().__init__(n_inputs, n_channels * size[0] * size[1])
        seeds = Seeds(seeds) if isinstance(seeds, int) else seeds
        self.n_channels, self.size, self.dt, self.tau, self.kernel = n_channels, tuple(size), dt, tau, kernel
        self.nonlinearity = _named(nonlinearity)
        self.input_weight = self._weight(n_inputs, math.sqrt(2), seeds.torch("input_weight"))
        self.bias = nn.Parameter(torch.zeros(n_channels))
        # recurrent gains below 1, so that activity settles before anything is learned
        self.lateral_weight = self._weight(n_channels, 0.5, seeds.torch("lateral_weight")) if lateral else None
        self.top_down_weight = self._weight(top_down, 0.5, seeds.torch("top_down_weight")) if top_down else None

    def _weight(self, n_sources: int, gain: float, generator: torch.Generator) -> nn.Parameter:
        shape = (self.n_channels, n_sources, self.kernel, self.kernel)
        return nn.Parameter(torch.randn(shape, generator=generator) * (gain / math.sqrt(n_sources * self.kernel**2)))

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Channels, rows, columns."""
        return (self.n_inputs, *self.size)

    def init(self, batch: int) -> torch.Tensor:
        """Return silence, shape (batch, channel, row, column)."""
        return self.bias.new_zeros(batch, self.n_channels, *self.size)

    def activity(self, state: torch.Tensor) -> torch.Tensor:
        """Return the rates: the state itself."""
        return state

    def drive(self, xs: torch.Tensor) -> torch.Tensor:
        """Return what the inputs contribute, for any number of steps at once, shape (..., channel, row, column)."""
        images = xs.reshape(-1, *xs.shape[-3:])
        found = conv2d(images, self.input_weight, self.bias, padding="same")
        return found.view(*xs.shape[:-3], *found.shape[-3:])

    def advance(self, state: torch.Tensor, drive: torch.Tensor, top_down: torch.Tensor | None = None) -> torch.Tensor:
        """Return the next state from the input's drive and the activity of the area above."""
        if self.lateral_weight is not None:
            drive = drive + conv2d(state, self.lateral_weight, padding="same")
        if self.top_down_weight is not None and top_down is not None:
            above = top_down if top_down.shape[-2:] == self.size else interpolate(top_down, size=self.size)
            drive = drive + conv2d(above, self.top_down_weight, padding="same")
        return torch.lerp(state, self.nonlinearity(drive), self.dt / self.tau)

    def step(
        self,
        state: torch.Tensor,
        x: torch.Tensor,
        noise: torch.Tensor | None = None,
        top_down: torch.Tensor | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the next state and the rates, both (batch, channel, row, column).

        Parameters
        ----------
        state : torch.Tensor, shape (batch, channel, row, column)
        x : torch.Tensor, shape (batch, n_inputs, row, column)
        noise : None
            The cell has no private noise.
        top_down : torch.Tensor, shape (batch, top_down, row or fewer, column or fewer), optional
            Activity of the area above; silence if not given.
        """
        _refuse(noise)
        state = self.advance(state, self.drive(x), top_down)
        return state, state

    def unroll(self, xs: torch.Tensor, state: torch.Tensor, noise: torch.Tensor | None = None) -> torch.Tensor:
        """Return the states at all steps; the inputs of all steps are convolved at once."""
        _refuse(noise)
        states = []
        for drive in self.drive(xs).unbind(0):
            state = self.advance(state, drive)
            states.append(state)
        return torch.stack(states)


def _named(given: str | Nonlinearity) -> Nonlinearity:
    return nonlinearity(given)


def _refuse(noise: torch.Tensor | None) -> None:
    if noise is not None:
        raise BadInput("noise of a ConvRNNCell", got="noise", expected="None", repair="Add noise to the images.")


def _check(size: tuple[int, int], kernel: int, dt: float, tau: float) -> None:
    if len(size) != 2 or min(size) < 1:
        raise BadInput("size", got=repr(size), expected="rows and columns", repair="Pass size=(32, 32).")
    if kernel < 1 or kernel % 2 == 0:
        raise BadInput("kernel", got=repr(kernel), expected="an odd number", repair="Pass kernel=3.")
    if not 0 < dt <= tau:
        raise BadInput("dt and tau", got=f"dt = {dt:g} s, tau = {tau:g} s", expected="0 < dt <= tau")
