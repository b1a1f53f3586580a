"""The network that imitates: a low-rank cell of which every unit is an output."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from tertium.models import RateCell
from tertium.rng import Seeds

#: What of a unit was recorded: the rate that it sends, or the potential behind it.
Observed = Literal["rate", "potential"]


class Student(nn.Module):
    """A low-rank cell that hands back the activity of all its units.

    Parameters
    ----------
    n_inputs, n_units : int
    rank : int
        0 leaves the units unconnected: what inputs explain by themselves.
    dt, tau : float
        Seconds.
    nonlinearity : str
    observed : {"rate", "potential"}
        What is compared with the recording.
    noise : float
        Standard deviation of the units' private noise during training.
    bias, learn_initial : bool
        Whether units have a learned bias, and the state before the first step is learned.
    seeds : Seeds
        Of the first weights.

    Examples
    --------
    >>> student = Student(2, 10, 1, dt=0.02, tau=0.1, seeds=Seeds(0))
    >>> outputs, last = student(torch.zeros(7, 3, 2))
    >>> tuple(outputs.shape), tuple(last.shape)
    ((7, 3, 10), (1, 3, 10))
    """

    layout = "time_batch"

    def __init__(
        self,
        n_inputs: int,
        n_units: int,
        rank: int,
        *,
        dt: float,
        tau: float,
        nonlinearity: str = "tanh",
        observed: Observed = "rate",
        noise: float = 0.0,
        bias: bool = False,
        learn_initial: bool = False,
        seeds: Seeds,
    ) -> None:
        super().__init__()
        self.observed, self.rank, self.dt = observed, rank, dt
        self.n_inputs, self.n_outputs = n_inputs, n_units
        self.cell = RateCell(
            n_inputs,
            n_units,
            dt=dt,
            tau=tau,
            nonlinearity=nonlinearity,
            noise=noise,
            bias=bias,
            learn_initial=learn_initial,
            rank=max(rank, 1),
            seeds=seeds,
        )
        if rank == 0:
            with torch.no_grad():
                for factor in (self.cell.left, self.cell.right):
                    factor.zero_()
                    factor.requires_grad_(False)

    def forward(
        self, x: torch.Tensor, state: torch.Tensor | None = None, *, generator: torch.Generator | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the activity of all units, (time, trial, unit), and the last state, (1, trial, unit)."""
        rates, states = self.cell(x, state, generator=generator)
        return (rates if self.observed == "rate" else states), states[-1:]

    def weights(self) -> dict[str, npt.NDArray[np.float32]]:
        """Return the parameters of the cell, for ``load_state_dict``."""
        return {name: value.detach().numpy().copy() for name, value in self.cell.named_parameters()}

    def show(self, inputs: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return what is observed of the noiseless network, (time, trial, unit), for inputs (time, trial, input)."""
        noise, self.cell.noise_std = self.cell.noise_std, 0.0
        try:
            with torch.no_grad():
                outputs, _ = self(torch.from_numpy(np.ascontiguousarray(inputs)))
        finally:
            self.cell.noise_std = noise
        return np.asarray(outputs.numpy())
