"""The contract of recurrent cells: one readable step, and the loop over time that may be replaced by a faster one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from torch import nn


class Cell(nn.Module, ABC):
    """A layer of recurrently connected units that is stepped through time.

    A cell has no hidden memory: its whole state is one tensor that is passed in and handed back, so that a network can
    be stopped, cloned, rewound, or taken apart as a plain function ``step(state, x)``.

    Subclasses write `init`, `step` and `activity`; `unroll` is the loop over `step`, and a cell with a faster loop
    overrides it. `tertium.testing.cell_conformance.check_cell` proves that the two agree in values and gradients.

    Attributes
    ----------
    n_inputs, n_units : int
        Channels that come in; units whose activity goes out.
    recurrent_weights : tuple of str
        Names of the parameters that are unit-by-unit (target x source) connections, those that wiring constraints
        are put on (`tertium.models.wiring`).
    """

    recurrent_weights: ClassVar[tuple[str, ...]] = ("recurrent_weight",)

    def __init__(self, n_inputs: int, n_units: int) -> None:
        super().__init__()
        self.n_inputs, self.n_units = n_inputs, n_units

    @abstractmethod
    def init(self, batch: int) -> torch.Tensor:
        """Return the state before the first step, shape (batch, ...)."""

    @abstractmethod
    def step(
        self, state: torch.Tensor, x: torch.Tensor, noise: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the next state and the activity that is read out of it: the readable reference.

        Parameters
        ----------
        state : torch.Tensor, shape (batch, ...)
            State after the last step.
        x : torch.Tensor, shape (batch, n_inputs)
            Input during this step.
        noise : torch.Tensor, shape (batch, n_units), optional
            What `noise` drew for this step.

        Returns
        -------
        state : torch.Tensor, shape (batch, ...)
        activity : torch.Tensor, shape (batch, n_units)
        """

    @abstractmethod
    def activity(self, state: torch.Tensor) -> torch.Tensor:
        """Return the activity of the units in a state (..., n_units): firing rates, or the hidden vector of an LSTM."""

    def noise(self, steps: int, batch: int, generator: torch.Generator | None = None) -> torch.Tensor | None:
        """Draw the private noise of all units for a run, shape (time, batch, unit), or None for a cell without noise.

        It is drawn before the run, so that any loop over time sees the same noise.
        """
        return None

    def unroll(self, xs: torch.Tensor, state: torch.Tensor, noise: torch.Tensor | None = None) -> torch.Tensor:
        """Return the states at all steps, shape (time, batch, ...): the loop over `step`.

        Parameters
        ----------
        xs : torch.Tensor, shape (time, batch, n_inputs)
        state : torch.Tensor, shape (batch, ...)
        noise : torch.Tensor, shape (time, batch, n_units), optional
        """
        states = []
        # unbind, not xs[t]: indexing would allocate a full-size zero gradient in each backward step
        drawn = [None] * len(xs) if noise is None else noise.unbind(0)
        for x, drive in zip(xs.unbind(0), drawn, strict=True):
            state, _ = self.step(state, x, drive)
            states.append(state)
        return torch.stack(states)

    def forward(
        self,
        xs: torch.Tensor,
        state: torch.Tensor | None = None,
        *,
        generator: torch.Generator | None = None,
        backend: str = "auto",
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Run over time.

        Parameters
        ----------
        xs : torch.Tensor, shape (time, batch, n_inputs)
            Inputs.
        state : torch.Tensor, shape (batch, ...), optional
            Where to begin; by default `init`.
        generator : torch.Generator, optional
            Source of the noise; by default torch's own.
        backend : {"auto", "reference"}
            "reference" loops over `step`.

        Returns
        -------
        activity : torch.Tensor, shape (time, batch, n_units)
        states : torch.Tensor, shape (time, batch, ...)
            ``states[-1]`` goes on where this run ended.
        """
        steps, batch = xs.shape[:2]
        start = self.init(batch) if state is None else state
        noise = self.noise(steps, batch, generator)
        loop = Cell.unroll if backend == "reference" else type(self).unroll
        states = loop(self, xs, start, noise)
        return self.activity(states), states
