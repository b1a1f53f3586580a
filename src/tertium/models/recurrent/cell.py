"""The contract of recurrent cells: one readable step, and the loop over time that may be replaced by a faster one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn.utils import parametrize

from tertium.errors import BadInput


class Cell(nn.Module, ABC):
    """A layer of recurrently connected units that is stepped through time.

    A cell has no hidden memory: its whole state is one tensor that is passed in and handed back, so that a network can
    be stopped, cloned, rewound, or taken apart as a plain function ``step(state, x)``.

    Subclasses write `init`, `step` and `activity`; `unroll` is the loop over `step`, and a cell with a faster loop
    overrides it (and `run`, where its loop finds the activity on the way).
    `tertium.testing.cell_conformance.check_cell` proves that they agree in values and gradients.

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
        for name, n in (("n_inputs", n_inputs), ("n_units", n_units)):
            if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1:
                raise BadInput(name, got=repr(n), expected="an integer >= 1", repair=f"Pass, for instance, {name}=10.")
        self.n_inputs, self.n_units = int(n_inputs), int(n_units)
        self._unit_labels: dict[str, npt.NDArray[Any]] = {}

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of the input to one trial at one step."""
        return (self.n_inputs,)

    def unit_labels(self) -> dict[str, npt.NDArray[Any]]:
        """Return what is known of the units (``area``, ``cell_type``, positions), each of shape (unit,).

        `tertium.record.record` puts them on the unit coordinate. They are set where a network is built
        (`tertium.models.wiring` does) and are not part of the ``state_dict``.
        """
        return {name: values.copy() for name, values in self._unit_labels.items()}

    def label_units(self, name: str, values: npt.ArrayLike) -> None:
        """Remember a label of the units.

        Parameters
        ----------
        name : str
            What is labelled ("area").
        values : array-like, shape (unit,)
            Text or numbers.

        Raises
        ------
        BadInput
            If there is not one value for each unit.
        """
        array = np.asarray(values)
        if array.shape != (self.n_units,):
            raise BadInput(
                f"unit label '{name}'",
                got=f"shape {array.shape}",
                expected=f"({self.n_units},), one value for each unit",
            )
        self._unit_labels[name] = array.astype(object) if array.dtype.kind in "UT" else array.copy()

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

    def run(
        self, xs: torch.Tensor, state: torch.Tensor, noise: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return activity and states at all steps, each (time, batch, ...); arguments as `unroll`."""
        states = self.unroll(xs, state, noise)
        return self.activity(states), states

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
            Inputs, at least one step.
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

        Raises
        ------
        BadInput
            If the inputs have another shape than the cell takes, or the backend is unknown.
        """
        if xs.ndim != 2 + len(self.input_shape) or tuple(xs.shape[2:]) != self.input_shape or len(xs) == 0:
            shape = ", ".join(str(n) for n in self.input_shape)
            raise BadInput(
                f"inputs of a {type(self).__name__.removeprefix('Parametrized')}",
                got=f"shape {tuple(xs.shape)}",
                expected=f"(time, batch, {shape}), at least one step",
                repair="Put time first.",
            )
        steps, batch = xs.shape[:2]
        start = self.init(batch) if state is None else state
        noise = self.noise(steps, batch, generator)
        if backend not in ("auto", "reference"):
            raise BadInput("backend", got=repr(backend), expected="'auto' or 'reference'")
        with parametrize.cached():  # a constrained weight is worked out once for all steps
            if backend == "auto":
                return self.run(xs, start, noise)
            states = Cell.unroll(self, xs, start, noise)
            return self.activity(states), states
