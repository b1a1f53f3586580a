"""A visual hierarchy that runs over time: areas with lateral connections and feedback from the area above."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn.functional import avg_pool2d

from tertium.errors import BadInput
from tertium.models.build import blank
from tertium.models.kernels import Nonlinearity
from tertium.models.recurrent.conv_cell import ConvRNNCell
from tertium.rng import Seeds


class Area(nn.Module):
    """One area of a `ConvRNN`, from which can be recorded: it hands out the activity of its cell.

    Parameters
    ----------
    cell : ConvRNNCell
        The units.
    name : str
        The area's name, which labels its units.
    """

    def __init__(self, cell: ConvRNNCell, name: str) -> None:
        super().__init__()
        self.cell, self.name = cell, name

    def unit_labels(self) -> dict[str, npt.NDArray[Any]]:
        """Return the label ``area`` of each unit."""
        return {"area": np.full(self.cell.n_units, self.name, dtype=object)}

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """Return the activity in states (time, batch, channel, row, column)."""
        return self.cell.activity(states)


class ConvRNN(nn.Module):
    """Convolutional areas, one on the other, each connected with itself and fed back to from above.

    At each step every area receives the present activity of the area below, averaged over ``pool x pool`` places, its
    own previous activity, and the previous activity of the area above. A linear read-out looks at the top area's
    channels, averaged over places. Recording sites are ``areas.0``, ``areas.1``, ... and ``readout``.

    Parameters
    ----------
    n_inputs : int
        Channels of the images.
    n_units : sequence of int
        Channels of each area, from the bottom.
    n_outputs : int
        Channels of the read-out.
    size : tuple of int
        Rows and columns of the images.
    kernel : int
        Width of the convolutions, odd.
    lateral, top_down : bool
        Whether there are lateral and top-down connections.
    pool : int
        By how much each area's map is smaller than the one below.
    dt, tau : float
        Time step and time constant in seconds.
    nonlinearity : str or Nonlinearity
        From input to rate.
    names : sequence of str, optional
        Names of the areas; "area1", "area2", ... by default.
    seed : int
        Seed of the weights.

    Raises
    ------
    BadInput
        If the maps become smaller than one place, or a number of names does not fit.

    Examples
    --------
    >>> network = ConvRNN(1, (4, 8), 10, size=(8, 8))
    >>> moving = torch.zeros(5, 2, 1, 8, 8)                     # (time, batch, channel, row, column)
    >>> outputs, states = network(moving)
    >>> tuple(outputs.shape), [tuple(s.shape) for s in states]
    ((5, 2, 10), [(5, 2, 4, 8, 8), (5, 2, 8, 4, 4)])
    >>> outputs, _ = network(static(torch.zeros(2, 1, 8, 8), steps=12))
    """

    layout = "time_batch"

    def __init__(
        self,
        n_inputs: int,
        n_units: Sequence[int],
        n_outputs: int,
        *,
        size: tuple[int, int] = (32, 32),
        kernel: int = 3,
        lateral: bool = True,
        top_down: bool = True,
        pool: int = 2,
        dt: float = 0.02,
        tau: float = 0.04,
        nonlinearity: str | Nonlinearity = "relu",
        names: Sequence[str] | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__()
        channels = list(n_units)
        named = [f"area{i + 1}" for i in range(len(channels))] if names is None else list(names)
        if not channels or len(named) != len(channels):
            raise BadInput("areas", got=f"{len(channels)} areas, {len(named)} names", expected="a name for each area")
        seeds = Seeds(seed).child("ConvRNN")
        self.n_inputs, self.n_outputs, self.size, self.pool, self.dt = n_inputs, n_outputs, tuple(size), pool, dt
        areas, below, here = [], n_inputs, (size[0], size[1])
        for i, (n, name) in enumerate(zip(channels, named, strict=True)):
            if min(here) < 1:
                raise BadInput(
                    "size", got=f"{size} with {len(channels)} areas", expected=f"maps that halve {pool}-fold"
                )
            above = channels[i + 1] if top_down and i + 1 < len(channels) else 0
            cell = ConvRNNCell(
                below,
                n,
                size=here,
                kernel=kernel,
                lateral=lateral,
                top_down=above,
                dt=dt,
                tau=tau,
                nonlinearity=nonlinearity,
                seeds=seeds.child(f"area {i}"),
            )
            areas.append(Area(cell, name))
            below, here = n, (here[0] // pool, here[1] // pool)
        self.areas = nn.ModuleList(areas)
        self.n_units = sum(area.cell.n_units for area in areas)
        self.readout = blank(lambda: nn.Linear(channels[-1], n_outputs))
        with torch.no_grad():
            drawn = torch.randn(n_outputs, channels[-1], generator=seeds.torch("readout"))
            self.readout.weight.copy_(drawn / math.sqrt(channels[-1]))
            self.readout.bias.zero_()

    @property
    def cells(self) -> list[ConvRNNCell]:
        """The cells of the areas, from the bottom."""
        return [area.cell for area in self.areas if isinstance(area, Area)]

    @property
    def site_names(self) -> tuple[str, ...]:
        """The layers that ``record(..., sites="*")`` records."""
        return (*(f"areas.{i}" for i in range(len(self.areas))), "readout")

    def forward(
        self, x: torch.Tensor, state: tuple[torch.Tensor, ...] | None = None
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
        """Run over time.

        Parameters
        ----------
        x : torch.Tensor, shape (time, batch, n_inputs, row, column)
            Images at each step; `static` shows one image for some steps.
        state : tuple of torch.Tensor, shape (batch, channel, row, column), optional
            Activity of each area before the first step; silence by default.

        Returns
        -------
        outputs : torch.Tensor, shape (time, batch, n_outputs)
        states : tuple of torch.Tensor, shape (time, batch, channel, row, column)
            Of each area; their last entries go on where this run ended.

        Raises
        ------
        BadInput
            If the images have another shape.
        """
        if x.ndim != 5 or tuple(x.shape[2:]) != (self.n_inputs, *self.size) or len(x) == 0:
            raise BadInput(
                "images of a ConvRNN",
                got=f"shape {tuple(x.shape)}",
                expected=f"(time, batch, {self.n_inputs}, {self.size[0]}, {self.size[1]})",
                repair="Show still images with tertium.models.recurrent.conv_rnn.static(images, steps=20).",
            )
        cells = self.cells
        now = [cell.init(x.shape[1]) for cell in cells] if state is None else list(state)
        kept: list[list[torch.Tensor]] = [[] for _ in cells]
        for drive in cells[0].drive(x).unbind(0):
            before = now
            now = []
            for i, cell in enumerate(cells):
                above = before[i + 1] if i + 1 < len(cells) else None
                own = drive if i == 0 else cell.drive(avg_pool2d(now[i - 1], self.pool))
                now.append(cell.advance(before[i], own, above))
                kept[i].append(now[i])
        states = tuple(torch.stack(steps) for steps in kept)
        activities = [area(trajectory) for area, trajectory in zip(self.areas, states, strict=True)]
        return self.readout(activities[-1].mean((-2, -1))), states


def static(images: torch.Tensor, steps: int) -> torch.Tensor:
    """Show still images for some steps: (batch, channel, row, column) becomes (time, batch, channel, row, column).

    Examples
    --------
    >>> tuple(static(torch.zeros(2, 3, 8, 8), steps=5).shape)
    (5, 2, 3, 8, 8)
    """
    return images.expand(steps, *images.shape)
