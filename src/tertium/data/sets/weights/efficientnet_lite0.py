"""EfficientNet-Lite0 trained on ImageNet-1k: its state dict, as plain arrays."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy.typing as npt

from tertium.errors import BadFile


def load(files: Mapping[str, Path]) -> dict[str, npt.NDArray[Any]]:
    """Read the weights; torch reads the file, and nothing in it is run.

    Returns
    -------
    dict of str to array
        The published names and values: weights, biases and running means of 4,652,008 learned numbers, float32;
        counters of the batch normalisations, int64. The network takes RGB pixels, (value - 127) / 128, 224 x 224.

    Raises
    ------
    BadFile
        If the file is damaged or holds anything but tensors.
    """
    return read_state(files["efficientnet-lite0-57934424.pth"])


def read_state(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Read a state dict from a ``.pth`` file that holds tensors and nothing else, as arrays by name.

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
    return {str(name): tensor.detach().numpy() for name, tensor in state.items()}
