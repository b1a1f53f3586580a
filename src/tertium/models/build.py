"""Building networks without drawing from torch's global random generator, and starting them untrained."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import torch
from torch import nn

ModuleT = TypeVar("ModuleT", bound=nn.Module)


def blank(factory: Callable[[], ModuleT]) -> ModuleT:
    """Build a network whose numbers are still undefined, leaving the global random generator where it was.

    The layers of ``torch.nn`` fill themselves from the global generator when they are made; on the ``meta`` device
    there is nothing to fill. Fill it with `he_normal` or ``load_state_dict`` before use.

    Examples
    --------
    >>> before = torch.get_rng_state()
    >>> layer = blank(lambda: nn.Linear(3, 2))
    >>> bool((torch.get_rng_state() == before).all()), layer.weight.device.type
    (True, 'cpu')
    """
    with torch.device("meta"):
        network = factory()
    return network.to_empty(device="cpu")


def he_normal(network: ModuleT, generator: torch.Generator) -> ModuleT:
    """Fill a network with random weights that keep the variance of rectified signals (He et al. 2015, eq. 10).

    Weights of convolutions and linear layers are normal with variance 2 / fan-in; biases are zero; batch
    normalisation starts as the identity.

    Parameters
    ----------
    network : torch.nn.Module
        Changed in place, and returned.
    generator : torch.Generator
        Where the numbers come from.

    Raises
    ------
    TypeError
        If a layer with parameters is of a kind that this function does not know how to start.

    Examples
    --------
    >>> from tertium.rng import Seeds
    >>> layer = he_normal(blank(lambda: nn.Linear(1000, 500)), Seeds(0).torch("weights"))
    >>> round(layer.weight.std().item(), 3), round((2 / 1000) ** 0.5, 3)
    (0.045, 0.045)
    """
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu", generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm2d):
            module.reset_parameters()  # ones and zeros: draws nothing
        elif any(True for _ in module.parameters(recurse=False)):
            raise TypeError(f"he_normal does not know how to start '{name}' ({type(module).__name__})")
    return network
