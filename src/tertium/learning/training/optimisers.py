"""Optimisers by name, or made by the user's own function."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Real

import torch
from torch import nn
from torch.optim import Optimizer

from tertium.errors import BadInput, unknown_name

_OPTIMISERS: dict[str, Callable[..., Optimizer]] = {
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "rmsprop": torch.optim.RMSprop,
    "sgd": torch.optim.SGD,
}

#: A name, or a function from the trainable parameters to an optimiser.
OptimiserChoice = str | Callable[[list[nn.Parameter]], Optimizer]


def make_optimiser(choice: OptimiserChoice, model: nn.Module, learning_rate: float | None) -> Optimizer:
    """Return an optimiser of a model's trainable parameters.

    Parameters
    ----------
    choice : str or callable
        "adam", "adamw", "rmsprop", "sgd" with torch's defaults, or a function of the list of trainable parameters
        (``lambda parameters: torch.optim.SGD(parameters, lr=0.1, momentum=0.9)``).
    model : torch.nn.Module
        The network.
    learning_rate : float, optional
        For a named optimiser, 1e-3 by default; a function sets its own.

    Raises
    ------
    UnknownName
        If no optimiser has this name.
    BadInput
        If the model has nothing to train, the optimiser is neither name nor function, or the learning rate
        is not positive, or is given beside a function.
    """
    parameters = [p for p in model.parameters() if p.requires_grad]
    if not parameters:
        raise BadInput(
            f"model {type(model).__name__}",
            got="no parameter with requires_grad",
            expected="something to train",
            repair="Set requires_grad on the parameters that are to learn.",
        )
    if not isinstance(choice, str):
        if not callable(choice):
            raise BadInput(
                "optimizer",
                got=f"a {type(choice).__name__}",
                expected="a name, or a function of the parameters that makes one",
                repair="Pass lambda p: torch.optim.SGD(p, lr=0.1).",
            )
        if learning_rate is not None:
            raise BadInput(
                "learning_rate",
                got=f"{learning_rate:g} beside a function that makes the optimiser",
                expected="one of the two",
                repair="Set the rate in the function: lambda p: torch.optim.SGD(p, lr=0.1).",
            )
        return choice(parameters)
    if choice not in _OPTIMISERS:
        raise unknown_name("optimizer", choice, _OPTIMISERS)
    rate = 1e-3 if learning_rate is None else learning_rate
    if not (isinstance(rate, Real) and 0 < rate < float("inf")):
        raise BadInput("learning_rate", got=repr(rate), expected="a positive number", repair="Try 1e-3.")
    return _OPTIMISERS[choice](parameters, lr=rate)
