"""Checkpoints of loops: tensors, arrays and generator states in a file that loads with ``weights_only=True``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tertium.errors import BadFile
from tertium.files import write_atomically

_NUMPY = "__numpy__"


def save_checkpoint(path: Path, state: Mapping[str, Any]) -> Path:
    """Write the state of a loop atomically.

    Parameters
    ----------
    path : Path
        The file.
    state : mapping of str to object
        Tensors, arrays, numbers, text, and lists and mappings of those (``state_dict()`` of modules and optimisers,
        ``bit_generator.state`` of NumPy generators, ``get_state()`` of torch generators).
    """
    import torch

    packed = _pack(state)
    return write_atomically(path, lambda file: torch.save(packed, file))


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint; only data are loaded, never code.

    Raises
    ------
    BadFile
        If the file is damaged or holds more than data.
    """
    import pickle

    import torch

    try:
        state = _unpack(torch.load(path, map_location="cpu", weights_only=True))
        if not isinstance(state, dict):
            raise ValueError(f"a {type(state).__name__}, not the state of a loop")
    except (RuntimeError, pickle.UnpicklingError, EOFError, ValueError) as problem:
        raise BadFile(
            f"checkpoint {path}",
            got=" ".join(str(problem).split())[:120],
            expected="a checkpoint written by tertium",
            repair="Delete it; the run then starts this loop again.",
        ) from None
    return dict(state)


def _pack(value: Any) -> Any:
    import torch

    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return {_NUMPY: torch.from_numpy(np.ascontiguousarray(value))}
    if isinstance(value, Mapping):
        return {key: _pack(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_pack(item) for item in value)
    return value


def _unpack(value: Any) -> Any:
    if isinstance(value, dict):
        if set(value) == {_NUMPY}:
            return value[_NUMPY].numpy()
        return {key: _unpack(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_unpack(item) for item in value)
    return value
