"""Layers of units and back-propagation written out by hand, for many networks at once.

Tensors are ``(net, pattern, unit)``: all networks of a batch see the same patterns and never touch each other. No
automatic differentiation is used, so that it can serve as the check.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from tertium.errors import BadInput

if TYPE_CHECKING:
    import torch


class Layer(NamedTuple):
    """Weights and biases into one layer of each network (or their gradients, or their momentary changes)."""

    weights: torch.Tensor  # (net, unit, channel)
    bias: torch.Tensor  # (net, unit)


class Unit(NamedTuple):
    """How a unit turns its input into its output, and the slope of that, given the output."""

    activation: Callable[[torch.Tensor], torch.Tensor]
    slope: Callable[[torch.Tensor], torch.Tensor]


def _sigmoid(x: torch.Tensor) -> torch.Tensor:
    return x.sigmoid()


#: y = 1 / (1 + exp(-x)), equation (2) of 1986, and dy/dx = y (1 - y), used in equation (5).
LOGISTIC = Unit(_sigmoid, lambda y: y * (1 - y))
#: A unit that only passes its input on.
LINEAR = Unit(lambda x: x, lambda y: y.new_ones(()))


def random_layers(sizes: Sequence[int], nets: int, spread: float, generator: torch.Generator) -> list[Layer]:
    """Draw weights and biases uniformly between -spread and spread, in double precision.

    Parameters
    ----------
    sizes : sequence of int
        Units of each layer, the input first: (6, 2, 1).
    nets : int
        Number of independent networks.
    spread : float
        Largest initial weight.
    generator : torch.Generator
        Source of the numbers.

    Returns
    -------
    list of Layer

    Raises
    ------
    BadInput
        If there are fewer than two layers.

    Examples
    --------
    >>> from tertium.rng import Seeds
    >>> [tuple(layer.weights.shape) for layer in random_layers((6, 2, 1), 20, 0.3, Seeds(0).torch("weights"))]
    [(20, 2, 6), (20, 1, 2)]
    """
    import torch

    if len(sizes) < 2:
        raise BadInput("layer sizes", got=f"{tuple(sizes)}", expected="an input and at least one more layer")

    def uniform(*shape: int) -> torch.Tensor:
        return (2 * torch.rand(*shape, generator=generator, dtype=torch.float64) - 1) * spread

    return [Layer(uniform(nets, here, below), uniform(nets, here)) for below, here in pairwise(sizes)]


def forward(layers: Sequence[Layer], inputs: torch.Tensor, units: Sequence[Unit] | None = None) -> list[torch.Tensor]:
    """Return the activity of every layer, the input first (equations 1 and 2).

    Parameters
    ----------
    layers : sequence of Layer
        The networks.
    inputs : torch.Tensor, shape (pattern, channel)
        What all networks are shown.
    units : sequence of Unit, optional
        One kind a layer; logistic throughout if not given.

    Returns
    -------
    list of torch.Tensor, shape (net, pattern, unit)
    """
    import torch

    activity = [inputs.expand(len(layers[0].weights), *inputs.shape)]
    for layer, unit in zip(layers, _units(layers, units), strict=True):
        drive = torch.baddbmm(layer.bias[:, None], activity[-1], layer.weights.mT)
        activity.append(unit.activation(drive))
    return activity


def squared_error(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return E = 1/2 sum (y - d)**2 of each network (equation 3), shape (net,)."""
    return 0.5 * (outputs - targets).square().sum(dim=(1, 2))


def backpropagate(
    layers: Sequence[Layer],
    activity: Sequence[torch.Tensor],
    targets: torch.Tensor,
    units: Sequence[Unit] | None = None,
    *,
    feedback: Sequence[torch.Tensor] | None = None,
) -> list[Layer]:
    """Return the gradient of the squared error with respect to all weights and biases, layer by layer.

    Parameters
    ----------
    layers : sequence of Layer
        The networks.
    activity : sequence of torch.Tensor, shape (net, pattern, unit)
        What `forward` returned.
    targets : torch.Tensor, shape (pattern, unit)
        Desired outputs d.
    units : sequence of Unit, optional
        As in `forward`.
    feedback : sequence of torch.Tensor, shape (net, unit, channel), optional
        Weights through which errors travel down; the layers' own weights (equation 7) if not given. Others make
        the gradient wrong, which is what controls are for.

    Returns
    -------
    list of Layer
        The gradients, shaped like ``layers``, summed over patterns.

    References
    ----------
    Rumelhart, D. E., Hinton, G. E. & Williams, R. J. (1986). Nature 323:533, equations 4 to 7.

    Examples
    --------
    >>> import torch
    >>> from tertium.rng import Seeds
    >>> net = random_layers((2, 1), 1, 0.5, Seeds(0).torch("w"))
    >>> x, d = torch.eye(2, dtype=torch.float64), torch.ones(2, 1, dtype=torch.float64)
    >>> [tuple(g.weights.shape) for g in backpropagate(net, forward(net, x), d)]
    [(1, 1, 2)]
    """
    import torch

    kinds = _units(layers, units)
    downward = [layer.weights for layer in layers] if feedback is None else feedback
    gradients: list[Layer] = []
    error = activity[-1] - targets  # dE/dy of the output layer, equation (4)
    for k in range(len(layers) - 1, -1, -1):
        delta = error * kinds[k].slope(activity[k + 1])  # dE/dx = dE/dy dy/dx, equation (5)
        gradients.append(Layer(torch.bmm(delta.mT, activity[k]), delta.sum(dim=1)))  # dE/dw = dE/dx y, equation (6)
        error = torch.bmm(delta, downward[k])  # dE/dy of the layer below, equation (7)
    return gradients[::-1]


def at_rest(layers: Sequence[Layer]) -> list[Layer]:
    """Return zero changes, the start of `descend`'s momentum."""
    return [
        Layer(layer.weights.new_zeros(layer.weights.shape), layer.bias.new_zeros(layer.bias.shape)) for layer in layers
    ]


def descend(
    layers: Sequence[Layer], change: Sequence[Layer], gradients: Sequence[Layer], *, rate: float, momentum: float
) -> None:
    """Change weights and biases in place: dw(t) = -rate dE/dw + momentum dw(t-1) (equation 9).

    Parameters
    ----------
    layers : sequence of Layer
        The networks.
    change : sequence of Layer
        The last change, updated in place; `at_rest` to begin with.
    gradients : sequence of Layer
        From `backpropagate`.
    rate, momentum : float
        Epsilon and alpha of the paper.
    """
    for layer, last, gradient in zip(layers, change, gradients, strict=True):
        for parameter, step, slope in zip(layer, last, gradient, strict=True):
            step.mul_(momentum).add_(slope, alpha=-rate)
            parameter.add_(step)


def all_right(outputs: torch.Tensor, targets: torch.Tensor, within: float = 0.4) -> torch.Tensor:
    """Say which networks answer every pattern clearly right.

    An output near one half is no answer: a network that is torn between targets rests there, and rounding would
    decide its side.

    Parameters
    ----------
    outputs : torch.Tensor, shape (net, pattern, unit)
    targets : torch.Tensor, shape (pattern, unit)
        0 or 1.
    within : float
        Largest distance of an output from its target (0.4: above 0.6 is a one, below 0.4 a zero).

    Returns
    -------
    torch.Tensor of bool, shape (net,)

    References
    ----------
    Fahlman, S. E. (1988). An empirical study of learning speed in back-propagation networks (40-20-40 criterion).

    Examples
    --------
    >>> import torch
    >>> all_right(torch.tensor([[[0.9], [0.1]], [[0.9], [0.45]]]), torch.tensor([[1.0], [0.0]]))
    tensor([ True, False])
    """
    return ((outputs - targets).abs() < within).all(dim=2).all(dim=1)


def pack(layers: Sequence[Layer]) -> list[torch.Tensor]:
    """Return all parameters as one flat list, for a checkpoint."""
    return [parameter for layer in layers for parameter in layer]


def unpack(layers: Sequence[Layer], parameters: Sequence[torch.Tensor]) -> None:
    """Put parameters from `pack` back in place."""
    for parameter, kept in zip(pack(layers), parameters, strict=True):
        parameter.copy_(kept)


def _units(layers: Sequence[Layer], units: Sequence[Unit] | None) -> Sequence[Unit]:
    kinds = [LOGISTIC] * len(layers) if units is None else units
    if len(kinds) != len(layers):
        raise BadInput("unit kinds", got=f"{len(kinds)}", expected=f"one for each of the {len(layers)} layers")
    return kinds
