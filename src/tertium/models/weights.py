"""Trained weights: where they come from, whether they are at hand, and filling a network with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tertium.data.sources import places
from tertium.data.sources.table import describe
from tertium.errors import BadFile

if TYPE_CHECKING:
    import torch
    from torch import nn


def at_hand(name: str) -> bool:
    """Tell whether the weights called ``name`` are on this machine (in ``TERTIUM_DATA`` or the cache).

    Examples
    --------
    >>> at_hand("squeezenet11") in (True, False)
    True
    """
    return places.at_hand(describe(name)) != "no"


def squeezenet_weights() -> dict[str, torch.Tensor]:
    """Return SqueezeNet v1.1's weights by the names of its parameters (``fire2.squeeze1x1.weight``).

    Raises
    ------
    MissingData
        If they are not at hand and cannot be fetched.
    """
    import numpy as np
    import torch

    from tertium.data.catalogue import load_set

    arrays: Mapping[str, Any] = load_set("squeezenet11")
    endings = {"w": "weight", "b": "bias"}
    found = {}
    for key, array in arrays.items():
        layer, _, ending = key.rpartition(".")
        found[f"{layer}.{endings.get(ending, ending)}"] = torch.from_numpy(np.array(array, dtype=np.float32))
    return found


def efficientnet_weights() -> dict[str, torch.Tensor]:
    """Return EfficientNet-Lite0's state dict by the names of our parameters.

    Raises
    ------
    MissingData
        If it is not at hand and cannot be fetched.
    BadFile
        If the file is damaged or holds anything but tensors.
    """
    import torch

    from tertium.data.catalogue import load_set
    from tertium.models.build import blank
    from tertium.models.efficientnet_lite import EfficientNetLite0, published_name

    ours = {published_name(name): name for name in blank(EfficientNetLite0).state_dict()}
    arrays: Mapping[str, Any] = load_set("efficientnet_lite0")
    return {ours.get(name, name): torch.from_numpy(array) for name, array in arrays.items()}


def fill(network: nn.Module, weights: Mapping[str, torch.Tensor], name: str) -> None:
    """Put weights into a network; every name and shape must fit.

    Raises
    ------
    BadFile
        If a parameter is missing, unknown, or of another shape; the message names the first.

    Examples
    --------
    >>> import torch
    >>> layer = torch.nn.Linear(2, 1)
    >>> fill(layer, {"weight": torch.ones(1, 2), "bias": torch.zeros(2)}, "toy")
    Traceback (most recent call last):
    ...
    tertium.errors.BadFile: weights of 'toy': got bias of shape (2,), expected (1,).
    """
    wanted = network.state_dict()
    for key in [*wanted, *weights]:
        if key not in weights or key not in wanted:
            state = "missing" if key in wanted else "unknown to the network"
            raise BadFile(
                f"weights of '{name}'", got=f"{key} {state}", expected="one array for each of its parameters", repair=""
            )
        if wanted[key].shape != weights[key].shape:
            raise BadFile(
                f"weights of '{name}'",
                got=f"{key} of shape {tuple(weights[key].shape)}",
                expected=f"{tuple(wanted[key].shape)}",
                repair="",
            )
    network.load_state_dict(dict(weights))
