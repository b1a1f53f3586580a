"""Ready-made networks over time: one layer of gated or discrete units with a linear read-out."""

from __future__ import annotations

from tertium.models.kernels import Nonlinearity
from tertium.models.recurrent.gated.gru_cell import GRUCell
from tertium.models.recurrent.gated.lstm_cell import LSTMCell
from tertium.models.recurrent.gated.ugrnn_cell import UGRNNCell
from tertium.models.recurrent.initial_weights import InitialWeights
from tertium.models.recurrent.network import RecurrentNetwork
from tertium.models.recurrent.vanilla_cell import VanillaCell
from tertium.rng import Seeds


class GRU(RecurrentNetwork):
    """A layer of gated recurrent units (`GRUCell`) with a linear read-out.

    Parameters
    ----------
    n_inputs, n_units, n_outputs : int
        Input channels, units, output channels.
    dt : float
        Time step in seconds, which labels recordings.
    init : str or InitialWeights
        How recurrent weights start.
    learn_initial : bool
        Whether the state before the first step is learned.
    update_bias : float
        Starting bias of the update gate.
    readout_bias : bool
        Whether outputs have a bias.
    seed : int
        Seed of the weights.

    Examples
    --------
    >>> import torch
    >>> outputs, states = GRU(3, 20, 2)(torch.zeros(10, 4, 3))
    >>> tuple(outputs.shape), tuple(states.shape)
    ((10, 4, 2), (10, 4, 20))
    """

    def __init__(
        self,
        n_inputs: int,
        n_units: int,
        n_outputs: int,
        *,
        dt: float = 0.02,
        init: str | InitialWeights = "orthogonal",
        learn_initial: bool = False,
        update_bias: float = 0.0,
        readout_bias: bool = True,
        seed: int = 0,
    ) -> None:
        seeds = Seeds(seed).child("GRU")
        cell = GRUCell(
            n_inputs, n_units, dt=dt, init=init, learn_initial=learn_initial, update_bias=update_bias, seeds=seeds
        )
        super().__init__(cell, n_outputs, dt=dt, readout_bias=readout_bias, seeds=seeds)


class LSTM(RecurrentNetwork):
    """A layer of long short-term memory units (`LSTMCell`) with a linear read-out of their hidden vector.

    Parameters
    ----------
    n_inputs, n_units, n_outputs, dt, init, learn_initial, readout_bias, seed
        See `GRU`.
    forget_bias : float
        Starting bias of the forget gate.

    Examples
    --------
    >>> import torch
    >>> outputs, states = LSTM(3, 20, 2)(torch.zeros(10, 4, 3))
    >>> tuple(outputs.shape), tuple(states.shape)
    ((10, 4, 2), (10, 4, 40))
    """

    def __init__(
        self,
        n_inputs: int,
        n_units: int,
        n_outputs: int,
        *,
        dt: float = 0.02,
        init: str | InitialWeights = "orthogonal",
        learn_initial: bool = False,
        forget_bias: float = 1.0,
        readout_bias: bool = True,
        seed: int = 0,
    ) -> None:
        seeds = Seeds(seed).child("LSTM")
        cell = LSTMCell(
            n_inputs, n_units, dt=dt, init=init, learn_initial=learn_initial, forget_bias=forget_bias, seeds=seeds
        )
        super().__init__(cell, n_outputs, dt=dt, readout_bias=readout_bias, seeds=seeds)


class UGRNN(RecurrentNetwork):
    """A layer of update-gate units (`UGRNNCell`) with a linear read-out.

    Parameters
    ----------
    n_inputs, n_units, n_outputs, dt, init, learn_initial, readout_bias, seed
        See `GRU`.
    gate_bias : float
        Starting bias of the gate.

    Examples
    --------
    >>> import torch
    >>> outputs, states = UGRNN(3, 20, 2)(torch.zeros(10, 4, 3))
    >>> tuple(outputs.shape), tuple(states.shape)
    ((10, 4, 2), (10, 4, 20))
    """

    def __init__(
        self,
        n_inputs: int,
        n_units: int,
        n_outputs: int,
        *,
        dt: float = 0.02,
        init: str | InitialWeights = "orthogonal",
        learn_initial: bool = False,
        gate_bias: float = 1.0,
        readout_bias: bool = True,
        seed: int = 0,
    ) -> None:
        seeds = Seeds(seed).child("UGRNN")
        cell = UGRNNCell(
            n_inputs, n_units, dt=dt, init=init, learn_initial=learn_initial, gate_bias=gate_bias, seeds=seeds
        )
        super().__init__(cell, n_outputs, dt=dt, readout_bias=readout_bias, seeds=seeds)


class VanillaRNN(RecurrentNetwork):
    """A layer of discrete units (`VanillaCell`) with a linear read-out.

    Parameters
    ----------
    n_inputs, n_units, n_outputs, dt, init, learn_initial, readout_bias, seed
        See `GRU`.
    nonlinearity : str or Nonlinearity
        "tanh", "relu", or another of `RateCell`.
    noise : float
        Standard deviation of the noise added to the input of each unit at each step.

    Examples
    --------
    >>> import torch
    >>> outputs, states = VanillaRNN(3, 20, 2)(torch.zeros(10, 4, 3))
    >>> tuple(outputs.shape), tuple(states.shape)
    ((10, 4, 2), (10, 4, 20))
    """

    def __init__(
        self,
        n_inputs: int,
        n_units: int,
        n_outputs: int,
        *,
        dt: float = 0.02,
        nonlinearity: str | Nonlinearity = "tanh",
        noise: float = 0.0,
        init: str | InitialWeights = "orthogonal",
        learn_initial: bool = False,
        readout_bias: bool = True,
        seed: int = 0,
    ) -> None:
        seeds = Seeds(seed).child("VanillaRNN")
        cell = VanillaCell(
            n_inputs,
            n_units,
            dt=dt,
            nonlinearity=nonlinearity,
            noise=noise,
            init=init,
            learn_initial=learn_initial,
            seeds=seeds,
        )
        super().__init__(cell, n_outputs, dt=dt, readout_bias=readout_bias, seeds=seeds)
