"""Weights after their wiring constraints: what a network computes with, and the way back to what an optimiser owns."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Generic, TypeVar

import torch
from torch import nn
from torch.nn.utils import parametrize

ModuleT = TypeVar("ModuleT", bound=nn.Module)


class EffectiveWeights(Generic[ModuleT]):
    """The trainable weights of a network as it uses them: signed, masked, multiplied out.

    A rule that works out gradients by itself does so for these, and `write` hands them on through the constraints
    (`torch.nn.utils.parametrize`) to the parameters.

    Parameters
    ----------
    model : torch.nn.Module
        The network. It is not changed before `write`.

    Attributes
    ----------
    bare : torch.nn.Module
        A copy without constraints, whose parameters have the names of ``values``.
    values : dict of str to torch.Tensor
        The trainable weights, detached.

    Examples
    --------
    >>> from tertium.models import RateRNN
    >>> network = RateRNN(2, 5, 1)
    >>> weights = EffectiveWeights(network)
    >>> sorted(weights.values)
    ['cells.0.bias', 'cells.0.input_weight', 'cells.0.recurrent_weight', 'readout.bias', 'readout.weight']
    >>> weights.write({"readout.bias": torch.tensor([3.0])})
    >>> network.readout.bias.grad
    tensor([3.])
    """

    def __init__(self, model: ModuleT) -> None:
        self._model = model
        self.bare = without_constraints(model).requires_grad_(True)
        used: dict[str, torch.Tensor] = {}
        for name, _ in self.bare.named_parameters():
            owner, _, leaf = name.rpartition(".")
            tensor = getattr(model.get_submodule(owner), leaf)
            if tensor.requires_grad:
                used[name] = tensor
        self._used = used
        self.values = {name: tensor.detach() for name, tensor in used.items()}

    def zeros(self) -> dict[str, torch.Tensor]:
        """Return a gradient of zeros for each weight."""
        return {name: torch.zeros_like(value) for name, value in self.values.items()}

    def write(self, gradients: Mapping[str, torch.Tensor]) -> None:
        """Write the gradients of these weights into ``.grad`` of the parameters they are made of; can be done once.

        Parameters that make up no weight in ``gradients`` are left without a gradient.
        """
        self._model.zero_grad(set_to_none=True)
        names = list(gradients)
        torch.autograd.backward([self._used[n] for n in names], [gradients[n].detach().clone() for n in names])


def without_constraints(model: ModuleT) -> ModuleT:
    """Return a copy of a network whose weights are plain parameters with the values they have now."""
    bare = copy.deepcopy(model)
    for module in list(bare.modules()):
        if not parametrize.is_parametrized(module):
            continue
        values = {name: getattr(module, name).detach().clone() for name in _constrained(module)}
        # a copy shares its class with the original, which `parametrize.remove_parametrizations` would take apart
        module.__class__ = type(module).__bases__[0]
        del module.parametrizations
        for name, value in values.items():
            module.register_parameter(name, nn.Parameter(value))
    return bare


def _constrained(module: nn.Module) -> list[str]:
    parametrizations = module.parametrizations
    assert isinstance(parametrizations, nn.ModuleDict)
    return list(parametrizations)
