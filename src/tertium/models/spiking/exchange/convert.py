"""A trained network of rectified units as one of spiking units, whose rates stand for activity."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from tertium.errors import BadInput
from tertium.models.feedforward.convolution import ConvLayer
from tertium.models.feedforward.dense import DenseLayer
from tertium.models.feedforward.layer import AffineLayer
from tertium.models.feedforward.network import FeedforwardNetwork
from tertium.models.spiking.conv import ConvLIF
from tertium.models.spiking.lif import LIF
from tertium.models.spiking.network import SpikingNetwork

#: Time constant, in steps, of units that do not leak: a step leaves all of a voltage in float32 and float64.
_NO_LEAK = 1e20


def to_spiking(
    network: FeedforwardNetwork,
    inputs: torch.Tensor | None = None,
    *,
    percentile: float = 99.9,
    dt: float = 0.001,
) -> SpikingNetwork:
    """Return a spiking network whose rates are the activity of a network of rectified units.

    A rectified unit with activity a becomes one that integrates without leak and subtracts its threshold when it
    spikes: held at a constant drive it spikes in a share a of all steps, if a is between 0 and 1. So weights are scaled
    layer by layer until activity is (Diehl et al. 2015; Rueckauer et al. 2017, eq. 8): with ``s`` a percentile of a
    layer's activity over the inputs, ``W' = W s_below / s`` and ``b' = b / s``, which does what thresholds ``s`` would.
    The output is read without spikes; its mean over time approaches the output of the network as 1 / steps. Inputs are
    held, as currents as large as they were.

    Parameters
    ----------
    network : FeedforwardNetwork
        Dense and convolutional layers of rectified units under linear outputs.
    inputs : torch.Tensor, shape (item, n_inputs), optional
        Typical inputs; without them weights are left as they are, and activity above 1 is cut off.
    percentile : float
        Of the activity of a layer, what becomes a spike in every step; 100 for the largest, which one outlier sets.
    dt : float
        Time step in seconds.

    Returns
    -------
    SpikingNetwork

    Raises
    ------
    BadInput
        If a layer is not rectified, the outputs are not linear, the percentile is none, inputs have another shape, or
        no unit of a layer is active.

    Examples
    --------
    >>> from tertium.models import MLP
    >>> from tertium.rng import Seeds
    >>> network, x = MLP(6, 20, 3), torch.rand(50, 6, generator=Seeds(0).torch("x"))
    >>> spiking = to_spiking(network, x, percentile=100)
    >>> outputs, _ = spiking(x.expand(1000, 50, 6))
    >>> bool((outputs.mean(0) - network(x[None])[0][0]).abs().max() < 0.02)
    True
    """
    *hidden, output = _convertible(network)
    if not 0 < percentile <= 100:
        raise BadInput("percentile", got=f"{percentile:g}", expected="above 0 and at most 100")
    scales = [1.0] * len(hidden) if inputs is None else _scales(network, inputs, percentile)
    cells, below = [], 1.0
    for layer, scale in zip(hidden, scales, strict=True):
        cells.append(_units(layer, below, scale, dt))
        below = scale
    spiking = SpikingNetwork(cells, output.n_units, tau_readout=0.0, readout_bias=output.bias is not None)
    with torch.no_grad():
        spiking.readout.weight.copy_(output.weight * below)
        if output.bias is not None:
            spiking.readout.bias.copy_(output.bias)
    return spiking.to(output.weight.dtype)


def _convertible(network: FeedforwardNetwork) -> list[AffineLayer]:
    """Return the layers, or raise BadInput."""
    if not isinstance(network, FeedforwardNetwork):
        raise BadInput("network", got=f"a {type(network).__name__}", expected="a feed-forward network: MLP or CNN")
    stack = network.stack()
    rates = [layer.nonlinearity.name for layer in stack]
    if len(stack) < 2 or rates != ["relu"] * (len(stack) - 1) + ["identity"]:
        raise BadInput(
            "layers of the network",
            got=", ".join(rates),
            expected="hidden layers of 'relu' units and an output that is 'identity'",
            repair="Train it with nonlinearity='relu'.",
        )
    if not all(isinstance(layer, DenseLayer | ConvLayer) for layer in stack) or not isinstance(stack[-1], DenseLayer):
        raise BadInput(
            "layers of the network",
            got=", ".join(type(layer).__name__ for layer in stack),
            expected="dense and convolutional layers under a dense output",
        )
    return stack


def _scales(network: FeedforwardNetwork, inputs: torch.Tensor, percentile: float) -> list[float]:
    """Return the percentile of the activity of each hidden layer."""
    with torch.no_grad():
        _, activity = network(inputs[None])
    found = [float(np.percentile(layer.numpy(), percentile)) for layer in activity[:-1]]
    for place, scale in enumerate(found):
        if scale <= 0:
            raise BadInput(
                f"activity of layers.{place}",
                got=f"{scale:g} at percentile {percentile:g}",
                expected="above 0",
                repair="Pass other inputs, or a higher percentile.",
            )
    return found


def _units(layer: AffineLayer, below: float, scale: float, dt: float) -> LIF:
    """Return integrators with the weights of a layer, scaled."""
    options: dict[str, Any] = {
        "dt": dt,
        "tau": _NO_LEAK * dt,
        "threshold": 1.0,
        "reset": "subtract",
        "bias": layer.bias is not None,
    }
    if isinstance(layer, ConvLayer):
        channels = layer.out_shape[0]
        cell: LIF = ConvLIF(layer.shape, channels, kernel=layer.kernel, stride=layer.stride, **options)
    else:
        cell = LIF(layer.n_inputs, layer.n_units, **options)
    with torch.no_grad():
        cell.input_weight.copy_(layer.weight * (below / scale))
        if cell.bias is not None and layer.bias is not None:
            cell.bias.copy_(layer.bias / scale)
    return cell
