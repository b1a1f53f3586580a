"""The field's standard recurrent network: leaky rate units, trained on a task."""

from __future__ import annotations

from typing import Literal

import numpy.typing as npt

from tertium.models.kernels import Nonlinearity
from tertium.models.recurrent.initial_weights import InitialWeights
from tertium.models.recurrent.network import RecurrentNetwork
from tertium.models.recurrent.rate_cell import RateCell
from tertium.models.wiring import Constraint, Dale, NoAutapses, constrain
from tertium.rng import Seeds


class RateRNN(RecurrentNetwork):
    """A recurrent network of leaky firing-rate units with a linear read-out.

    See `RateCell` for the equations and the remaining parameters. All times are in seconds.

    Parameters
    ----------
    n_inputs, n_units, n_outputs : int
        Input channels, recurrent units, output channels.
    dt : float
        Time step in seconds.
    tau : float or array, shape (unit,)
        Time constants in seconds.
    nonlinearity : str or Nonlinearity
        "tanh", "relu", "softplus", "power", "sigmoid", "identity".
    form : {"membrane", "rate"}
        What leaks.
    noise : float
        Standard deviation of the private noise of each unit.
    bias, readout_bias : bool
        Whether units and outputs have a learned bias.
    output : {"linear", "sigmoid"}
        What is done to the read-out: nothing, or the logistic function.
    learn_initial, learn_tau : bool
        Whether the initial state and the time constants are learned.
    init : str or InitialWeights
        How recurrent weights start.
    rank : int, optional
        Rank of the recurrent weights; full by default.
    random_gain : float
        With ``rank``: spread of a fixed random matrix added to the low-rank part.
    autapses : bool
        Whether units may be connected to themselves.
    dale : float, optional
        Share of excitatory units, the others being inhibitory; the network then starts with balanced weights. More
        constraints, and finer ones: `tertium.models.wiring`.
    checkpoint : bool
        Whether training keeps less in memory and computes it again: for long runs.
    seed : int
        Seed of the weights.

    Examples
    --------
    >>> import torch
    >>> network = RateRNN(3, 50, 2, dt=0.02, tau=0.1, nonlinearity="tanh", seed=1)
    >>> outputs, states = network(torch.zeros(20, 4, 3))
    >>> tuple(outputs.shape), tuple(states.shape)
    ((20, 4, 2), (20, 4, 50))
    >>> more, _ = network(torch.zeros(5, 4, 3), states[-1])     # goes on where the first run ended
    """

    def __init__(
        self,
        n_inputs: int,
        n_units: int,
        n_outputs: int,
        *,
        dt: float = 0.02,
        tau: float | npt.ArrayLike = 0.1,
        nonlinearity: str | Nonlinearity = "relu",
        form: Literal["membrane", "rate"] = "membrane",
        noise: float = 0.0,
        bias: bool = True,
        readout_bias: bool = True,
        output: Literal["linear", "sigmoid"] = "linear",
        learn_initial: bool = False,
        learn_tau: bool = False,
        init: str | InitialWeights = "gaussian",
        rank: int | None = None,
        random_gain: float = 0.0,
        autapses: bool = True,
        dale: float | None = None,
        checkpoint: bool = False,
        seed: int = 0,
    ) -> None:
        seeds = Seeds(seed).child("RateRNN")
        cell = RateCell(
            n_inputs,
            n_units,
            dt=dt,
            tau=tau,
            nonlinearity=nonlinearity,
            form=form,
            noise=noise,
            bias=bias,
            learn_initial=learn_initial,
            learn_tau=learn_tau,
            init=init,
            rank=rank,
            random_gain=random_gain,
            checkpoint=checkpoint,
            seeds=seeds,
        )
        wanted: list[Constraint] = [] if autapses else [NoAutapses()]
        wanted += [] if dale is None else [Dale(dale, seed=seed)]
        if wanted:
            constrain(cell, *wanted)
        super().__init__(cell, n_outputs, dt=dt, readout_bias=readout_bias, output=output, seeds=seeds)
