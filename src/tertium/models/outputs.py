"""What modules return: a tensor, or tuples, lists and dicts of them; finding the tensor that is meant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from tertium.errors import BadInput, nearest


def first_tensor(value: Any, what: str) -> torch.Tensor:
    """Return a module's output tensor: the value itself, or the first item of a tuple, list or mapping.

    Networks over time return ``(outputs, states)``, ``nn.LSTM`` ``(output, (h, c))``, Hugging Face networks a mapping
    whose first entry is the logits or the last hidden state; the first item is the output in all of them.

    Parameters
    ----------
    value : object
        What the module returned.
    what : str
        The module, in the user's words, for the error.

    Raises
    ------
    BadInput
        If the first item is no tensor; the message shows the structure.

    Examples
    --------
    >>> first_tensor((torch.ones(2), None), "layer 'lstm'")
    tensor([1., 1.])
    >>> first_tensor({"loss": None, "logits": torch.ones(2)}, "the output")
    tensor([1., 1.])
    >>> first_tensor(([torch.ones(2)], 3), "layer 'split'")
    Traceback (most recent call last):
    ...
    tertium.errors.BadInput: layer 'split': got (list[Tensor(2)], int), expected a tensor, or a tuple,
        list or mapping that begins with one. Record a module inside it, or the module that takes its tensors apart.
    """
    found = value
    if isinstance(found, Mapping):
        found = next((item for item in found.values() if item is not None), None)
    elif isinstance(found, list | tuple) and found:
        found = found[0]
    if isinstance(found, torch.Tensor):
        return found
    raise BadInput(
        what,
        got=describe(value),
        expected="a tensor, or a tuple, list or mapping that begins with one",
        repair="Record a module inside it, or the module that takes its tensors apart.",
    )


def pick(value: Any, key: str | int, what: str) -> torch.Tensor:
    """Return the part of a module's output that the user named: an index, a key or an attribute.

    Raises
    ------
    BadInput
        If there is no such part, or it is no tensor.

    Examples
    --------
    >>> pick({"logits": torch.zeros(1), "hidden": torch.ones(1)}, "hidden", "the output")
    tensor([1.])
    """
    try:
        found = value[key] if isinstance(key, int) or isinstance(value, Mapping) else getattr(value, key)
    except (KeyError, IndexError, TypeError, AttributeError):
        names = [str(name) for name in value] if isinstance(value, Mapping) else []
        close = nearest(str(key), names, limit=1)
        raise BadInput(
            what,
            got=f"no '{key}' in {describe(value)}",
            expected="the part of the output named by output=",
            repair=f"Did you mean '{close[0]}'?" if close else "",
        ) from None
    return first_tensor(found, what)


def describe(value: Any, depth: int = 2) -> str:
    """Return the structure of a nested value in a few words.

    Examples
    --------
    >>> describe({"a": torch.zeros(2, 3), "b": (1, None)})
    'dict(a: Tensor(2, 3), b: (int, None))'
    """
    if value is None:
        return "None"
    if isinstance(value, torch.Tensor):
        return f"Tensor({', '.join(str(n) for n in value.shape)})"
    if depth == 0:
        return type(value).__name__
    if isinstance(value, Mapping):
        return f"{type(value).__name__}({', '.join(f'{k}: {describe(v, depth - 1)}' for k, v in value.items())})"
    if isinstance(value, list | tuple):
        inside = ", ".join(describe(item, depth - 1) for item in value[:4]) + (", ..." if len(value) > 4 else "")
        return f"({inside})" if isinstance(value, tuple) else f"list[{inside}]"
    return type(value).__name__
