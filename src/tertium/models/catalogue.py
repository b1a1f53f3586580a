"""The catalogue of networks: what there is, what to cite, and whether the weights are at hand. Imports no torch."""

from __future__ import annotations

import inspect
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from tertium.errors import BadInput, nearest
from tertium.registry import Registry

if TYPE_CHECKING:
    from torch import nn

#: Network -> the function that makes it. Installed packages may add to it (entry-point group ``tertium.models``).
MODELS = Registry(
    "model",
    {
        "efficientnet_lite0": "tertium.models.efficientnet_lite:efficientnet_lite0",
        "squeezenet11": "tertium.models.squeezenet:squeezenet11",
    },
    group="tertium.models",
    listing="tertium models",
)


@dataclass(frozen=True)
class ModelCard:
    """What a user wants to know of a network before making it.

    Parameters
    ----------
    what : str
        One line.
    parameters : int
        How many numbers are learned.
    weights : str
        Name of the data set that holds the trained weights; empty where there are none.
    cite : str
        The paper to cite.
    licence : str
        Licence of the weights.
    """

    what: str
    parameters: int
    weights: str
    cite: str
    licence: str


#: Cards of our own networks; a third party's network is listed by its name and where it lives.
CARDS: dict[str, ModelCard] = {
    "efficientnet_lite0": ModelCard(
        what="EfficientNet-Lite0: inverted residual blocks with ReLU6, trained on ImageNet-1k",
        parameters=4_652_008,
        weights="efficientnet_lite0",
        cite="Tan & Le 2019 ICML (arXiv:1905.11946)",
        licence="Apache-2.0",
    ),
    "squeezenet11": ModelCard(
        what="SqueezeNet v1.1: eight fire modules, trained on ImageNet-1k",
        parameters=1_235_496,
        weights="squeezenet11",
        cite="Iandola et al. 2016 (arXiv:1602.07360)",
        licence="MIT (package); original weights BSD-2",
    ),
}


def make(name: str, **config: Any) -> nn.Module:
    """Make a network of the catalogue by its name.

    Parameters
    ----------
    name : str
        One of ``MODELS``.
    **config : object
        Options of that network, for instance ``pretrained=False, seed=1`` for an untrained one.

    Returns
    -------
    torch.nn.Module
        In eval mode, with its ``preprocess`` where it looks at images.

    Raises
    ------
    UnknownName
        If no such network is catalogued.
    BadInput
        If the network has no such option.
    MissingData
        If its trained weights are neither at hand nor to be had.

    Examples
    --------
    >>> network = make("squeezenet11", pretrained=False, seed=1)
    >>> sum(p.numel() for p in network.parameters())
    1235496
    >>> make("squeezenet11", pretrain=False)
    Traceback (most recent call last):
    ...
    tertium.errors.BadInput: option of model 'squeezenet11': got 'pretrain', expected one of framing, pretrained, seed. Did you mean 'pretrained'?
    """  # noqa: E501
    factory = MODELS.load(name)
    parameters = inspect.signature(factory).parameters
    takes_any = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values())
    for key in config:
        if key not in parameters and not takes_any:
            close = nearest(key, parameters, limit=1)
            raise BadInput(
                f"option of model '{name}'",
                got=f"'{key}'",
                expected=f"one of {', '.join(sorted(parameters))}" if parameters else "no options",
                repair=f"Did you mean '{close[0]}'?" if close else "",
            )
    network: nn.Module = factory(**config)
    return network


def card(name: str) -> ModelCard:
    """Return the card of a catalogued network; a third party's says only where it lives.

    Examples
    --------
    >>> card("squeezenet11").parameters
    1235496
    """
    where = MODELS[name]
    return CARDS.get(name) or ModelCard(where, parameters=0, weights="", cite="", licence="")


def list_models() -> list[dict[str, Any]]:
    """List the networks there are, one row each, without importing torch.

    Returns
    -------
    list of dict
        Keys ``name``, ``what``, ``parameters``, ``weights``, ``cite``, ``licence`` and ``at_hand``: whether the trained
        weights are on this machine (None for a network without catalogued weights).

    Examples
    --------
    >>> [row["name"] for row in list_models() if row["parameters"] < 2_000_000 and row["weights"]]
    ['squeezenet11']
    """
    from tertium.models.weights import at_hand

    rows = []
    for name in MODELS:
        found = card(name)
        rows.append({"name": name, **asdict(found), "at_hand": at_hand(found.weights) if found.weights else None})
    return rows
