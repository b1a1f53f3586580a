"""The network that FORCE tames: continuous-time tanh units, stepped in NumPy while its weights change."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.utils import parametrize

from tertium.errors import BadInput
from tertium.models import RateCell, RecurrentNetwork
from tertium.rng import Seeds

Floats = NDArray[np.float64]


@dataclass
class Plant:
    """The weights and the state of a network of tanh units in float64, ``tau dh/dt = -h + J tanh(h) + W x + b``.

    Attributes
    ----------
    recurrent : numpy.ndarray, shape (unit, unit)
        Target x source.
    inputs : numpy.ndarray, shape (unit, input)
    bias : numpy.ndarray, shape (unit,)
    readout : numpy.ndarray, shape (output, unit)
    offset : numpy.ndarray, shape (output,)
        Bias of the read-out, which is not learned.
    alpha : numpy.ndarray, shape () or (unit,)
        dt / tau.
    state : numpy.ndarray, shape (unit,)
    """

    recurrent: Floats
    inputs: Floats
    bias: Floats
    readout: Floats
    offset: Floats
    alpha: Floats
    state: Floats

    @classmethod
    def of(cls, network: nn.Module, state: npt.ArrayLike | None, seeds: Seeds) -> Plant:
        """Return the plant of a network; without a state it starts at random, as rest would be a fixed point.

        Raises
        ------
        BadInput
            If the network is of another kind, or the state of another shape.
        """
        checked = tanh_network(network)
        cell = checked.cell
        assert isinstance(cell, RateCell)
        if state is None:
            begin = 0.5 * seeds.numpy("state").normal(size=cell.n_units)
        else:
            begin = np.array(state, dtype=np.float64)
        if begin.shape != (cell.n_units,):
            raise BadInput("state", got=f"shape {begin.shape}", expected=f"({cell.n_units},), one number a unit")
        bias = np.zeros(cell.n_units) if cell.bias is None else _array(cell.bias)
        readout = checked.readout
        offset = np.zeros(checked.n_outputs) if readout.bias is None else _array(readout.bias)
        recurrent, inputs = _array(cell.recurrent_weight), _array(cell.input_weight)
        return cls(recurrent, inputs, bias, _array(readout.weight), offset, _array(cell.leak()), begin)

    @property
    def rates(self) -> Floats:
        """What the units send, shape (unit,)."""
        return np.tanh(self.state)

    def step(self, rates: Floats, current: Floats) -> Floats:
        """Go on by dt and return the new rates, shape (unit,).

        Parameters
        ----------
        rates : numpy.ndarray, shape (unit,)
            The present ones.
        current : numpy.ndarray, shape (unit,)
            All that comes from outside the recurrent connections.
        """
        self.state += self.alpha * (self.recurrent @ rates + current - self.state)
        return np.tanh(self.state)

    def write(self, network: RecurrentNetwork, feedback: Floats | None = None) -> None:
        """Put the weights into the network, feedback of the outputs as part of its recurrent weights."""
        recurrent, bias = self.recurrent, self.bias
        if feedback is not None:
            recurrent, bias = recurrent + feedback @ self.readout, bias + feedback @ self.offset
        cell = network.cell
        assert isinstance(cell, RateCell)
        with torch.no_grad():
            cell.recurrent_weight.copy_(torch.from_numpy(recurrent))
            network.readout.weight.copy_(torch.from_numpy(self.readout))
            if cell.bias is not None:
                cell.bias.copy_(torch.from_numpy(bias))


def tanh_network(network: nn.Module) -> RecurrentNetwork:
    """Return the network, if FORCE is defined for it.

    Raises
    ------
    BadInput
        If it is not one cell of tanh units whose potential leaks, fully connected, without noise or constraints.
    """
    wrong = _what_is_wrong(network)
    if wrong:
        raise BadInput(
            "network for FORCE",
            got=wrong,
            expected="one cell of tanh units whose potential leaks, with full recurrent weights, noise and constraints "
            "off",
            repair="Make it with RateRNN(n_inputs, n_units, n_outputs, nonlinearity='tanh', "
            "init=initial_weights.Gaussian(1.5)).",
        )
    assert isinstance(network, RecurrentNetwork)
    return network


def _what_is_wrong(network: nn.Module) -> str:
    if not isinstance(network, RecurrentNetwork):
        return f"a {type(network).__name__}"
    cell = network.cell
    if len(network.cells) > 1:
        return f"{len(network.cells)} cells"
    if not isinstance(cell, RateCell):
        return f"a {type(cell).__name__}"
    if any(parametrize.is_parametrized(m) for m in network.modules()):
        return "weights under constraints"
    facts = {
        f"{cell.nonlinearity.name} units": cell.nonlinearity.name != "tanh",
        "the rate form": cell.form != "membrane",
        f"recurrent weights of rank {cell.rank}": cell.rank is not None,
        f"noise of {cell.noise_std:g}": cell.noise_std != 0,
    }
    return ", ".join(fact for fact, present in facts.items() if present)


def _array(tensor: torch.Tensor) -> Floats:
    return np.array(tensor.detach().cpu().numpy(), dtype=np.float64)
