"""The discrete ("vanilla", Elman) network: units without a leak."""

from __future__ import annotations

import torch

from tertium.models.kernels import Nonlinearity
from tertium.models.recurrent.initial_weights import InitialWeights
from tertium.models.recurrent.rate_cell import RateCell
from tertium.rng import Seeds


class VanillaCell(RateCell):
    """Units that forget their value at each step: ``h' = f(W h + W_in x + b + noise)``, as `torch.nn.RNN`.

    It is the `RateCell` of form "rate" whose time constant is the time step.

    Parameters
    ----------
    n_inputs, n_units : int
        Input channels; units.
    dt : float
        Time step in seconds, a label only.
    nonlinearity : str or Nonlinearity
        "tanh", "relu", or another of `RateCell`.
    noise : float
        Standard deviation of the noise added to the input of each unit at each step.
    bias : bool
        Whether units have a learned bias.
    learn_initial : bool
        Whether the state before the first step is learned.
    init : str or InitialWeights
        How recurrent weights start.
    checkpoint : bool
        Whether training keeps less in memory and computes it again.
    seeds : Seeds or int
        Seeds of the weights.

    Examples
    --------
    >>> cell = VanillaCell(2, 5)
    >>> activity, states = cell(torch.zeros(7, 3, 2))
    >>> bool((activity == states).all()), tuple(states.shape)
    (True, (7, 3, 5))
    """

    def __init__(
        self,
        n_inputs: int,
        n_units: int,
        *,
        dt: float = 0.02,
        nonlinearity: str | Nonlinearity = "tanh",
        noise: float = 0.0,
        bias: bool = True,
        learn_initial: bool = False,
        init: str | InitialWeights = "orthogonal",
        checkpoint: bool = False,
        seeds: Seeds | int = 0,
    ) -> None:
        super().__init__(
            n_inputs,
            n_units,
            dt=dt,
            tau=dt,
            nonlinearity=nonlinearity,
            form="rate",
            noise=noise,
            bias=bias,
            learn_initial=learn_initial,
            init=init,
            checkpoint=checkpoint,
            seeds=seeds,
        )

    def noise_of_step(self) -> torch.Tensor:
        """Return the standard deviation of what is added to the drive of each unit at each step, shape (unit,)."""
        # a step is no part of a time constant here: no sqrt(2 / alpha)
        return torch.full_like(self.input_weight[:, 0], self.noise_std).detach()
