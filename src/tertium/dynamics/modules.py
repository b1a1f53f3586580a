"""Networks of torch as plain functions: one step of a cell, of a one-layer network, of anything with a ``step``."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tertium.dynamics.cell_jacobians import Jacobian, jacobian_of_cell
from tertium.errors import BadInput

if TYPE_CHECKING:
    import torch
    from torch import nn

Step = Callable[["torch.Tensor", "torch.Tensor"], "torch.Tensor"]


def step_of_module(module: nn.Module, n_units: int) -> tuple[Step, int]:
    """Return one step of a network as a function of (batch, unit) and (batch, channel), and its number of channels.

    The function belongs to a copy in float64, in evaluation mode, without gradients of its parameters; the module
    itself keeps its mode, its precision, its device and its gradients.

    Parameters
    ----------
    module : torch.nn.Module
        `torch.nn.RNNCell`, ``GRUCell``, ``LSTMCell``; ``RNN``, ``GRU``, ``LSTM`` of one layer and direction; a module
        with a method ``step(state, x)`` whose (first) result is the next state; or a module that has one such module
        under the name ``cell``.
    n_units : int
        Length of the state; of an LSTM twice the number of units, hidden state before memory.

    Raises
    ------
    BadInput
        If it is none of these, or has another number of units.

    Examples
    --------
    >>> import torch
    >>> step, channels = step_of_module(torch.nn.GRUCell(3, 5), 5)
    >>> step(torch.zeros(2, 5).double(), torch.zeros(2, 3).double()).shape, channels
    (torch.Size([2, 5]), 3)
    """
    from torch import nn

    double = _in_double(module)
    if isinstance(double, nn.LSTMCell):
        step, units, channels = _lstm_step(double), 2 * double.hidden_size, double.input_size
    elif isinstance(double, nn.RNNCellBase):
        step, units, channels = _cell_step(double), double.hidden_size, double.input_size
    else:
        step, units, channels = _own_step(double, module, n_units)
    if units != n_units:
        raise BadInput(
            f"states for a {type(module).__name__}",
            got=f"{n_units} units",
            expected=f"{units}" + (", hidden state and memory in a row" if isinstance(double, nn.LSTMCell) else ""),
        )
    return step, channels


def jacobian_of_module(module: nn.Module) -> Jacobian | None:
    """Return the derivative of one step in the state in closed form, for torch's own cells and layers; else None."""
    from torch import nn

    double = _in_double(module)
    return jacobian_of_cell(double) if isinstance(double, nn.RNNCellBase) else None


def _in_double(module: nn.Module) -> nn.Module:
    """Return a copy in float64, in evaluation mode; of a layer its cell."""
    from torch import nn

    double: nn.Module = copy.deepcopy(module).to("cpu").double().eval().requires_grad_(False)
    return _cell_of_layer(double) if isinstance(double, nn.RNNBase) else double


def _cell_step(cell: nn.RNNCellBase) -> Step:
    def step(h: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        moved: torch.Tensor = cell(x, h)
        return moved

    return step


def _lstm_step(cell: nn.LSTMCell) -> Step:
    def step(h: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        import torch

        return torch.cat(cell(x, tuple(h.chunk(2, dim=1))), dim=1)

    return step


def _cell_of_layer(layer: nn.RNNBase) -> nn.RNNCellBase:
    """Return the cell that a layer repeats over time."""
    import torch
    from torch import nn

    if layer.num_layers != 1 or layer.bidirectional or layer.proj_size:
        raise BadInput(
            type(layer).__name__,
            got=f"{layer.num_layers} layers" + (", two directions" if layer.bidirectional else ""),
            expected="one layer and direction, no projection",
            repair="Write step(h, x) for the whole stack.",
        )
    sizes: dict[str, Any] = {"bias": layer.bias, "dtype": torch.float64}
    cell: nn.RNNCellBase
    if isinstance(layer, nn.LSTM):
        cell = nn.LSTMCell(layer.input_size, layer.hidden_size, **sizes)
    elif isinstance(layer, nn.GRU):
        cell = nn.GRUCell(layer.input_size, layer.hidden_size, **sizes)
    else:
        cell = nn.RNNCell(layer.input_size, layer.hidden_size, nonlinearity=str(layer.nonlinearity), **sizes)
    weights = {name.removesuffix("_l0"): value for name, value in layer.state_dict().items()}
    cell.load_state_dict(weights)
    return cell.requires_grad_(False)


def _own_step(double: Any, module: nn.Module, n_units: int) -> tuple[Step, int, int]:
    cell: Any = double if callable(getattr(double, "step", None)) else getattr(double, "cell", None)
    if not callable(getattr(cell, "step", None)):
        raise BadInput(
            "step",
            got=f"a {type(module).__name__}",
            expected="a cell or one-layer recurrent network of torch, or a module with a method step(state, x)",
            repair="Write a function step(h, x) that calls it.",
        )

    def step(h: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        moved = cell.step(h, x)
        state: torch.Tensor = moved[0] if isinstance(moved, tuple) else moved
        return state

    channels = getattr(cell, "n_inputs", 1)
    return step, n_units, int(channels)
