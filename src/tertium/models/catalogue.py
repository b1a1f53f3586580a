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
        "cnn": "tertium.models.feedforward.cnn:CNN",
        "conv_rnn": "tertium.models.recurrent.conv_rnn:ConvRNN",
        "dendritic_network": "tertium.models.feedforward.dendritic.network:DendriticNetwork",
        "dendritic_tree": "tertium.models.dendrites.tree:DendriticTree",
        "efficientnet_lite0": "tertium.models.efficientnet_lite:efficientnet_lite0",
        "equilibrium": "tertium.models.feedforward.equilibrium:EquilibriumNetwork",
        "gabor_energy": "tertium.models.fixed.gabor:GaborEnergy",
        "gru": "tertium.models.recurrent.gated.networks:GRU",
        "lsnn": "tertium.models.spiking.network:LSNN",
        "lstm": "tertium.models.recurrent.gated.networks:LSTM",
        "mlp": "tertium.models.feedforward.mlp:MLP",
        "multi_area_rnn": "tertium.models.recurrent.multi_area:MultiAreaRNN",
        "pixels": "tertium.models.fixed.pixels:Pixels",
        "rate_rnn": "tertium.models.recurrent.rate_rnn:RateRNN",
        "squeezenet11": "tertium.models.squeezenet:squeezenet11",
        "ugrnn": "tertium.models.recurrent.gated.networks:UGRNN",
        "vanilla_rnn": "tertium.models.recurrent.gated.networks:VanillaRNN",
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
        How many numbers are learned; 0 where it depends on the size that is asked for.
    weights : str
        Name of the data set that holds the trained weights; empty where there are none.
    cite : str
        The paper to cite.
    licence : str
        Licence of the weights; empty where there are none.
    """

    what: str
    parameters: int
    weights: str
    cite: str
    licence: str


def _fixed(what: str, cite: str) -> ModelCard:
    """Return the card of a network on images in which nothing is learned."""
    return ModelCard(what, parameters=0, weights="", cite=cite, licence="")


def _to_size(what: str, cite: str) -> ModelCard:
    """Return the card of a feed-forward network, made to size and trained on a task by the user."""
    return ModelCard(what, parameters=0, weights="", cite=cite, licence="")


def _over_time(what: str, cite: str) -> ModelCard:
    """Return the card of a network over time, made to size and trained on a task by the user."""
    return ModelCard(what, parameters=0, weights="", cite=cite, licence="")


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
    "gabor_energy": _fixed(
        "V1 without learning: Gabor filters in four phases, and their energy",
        "Adelson & Bergen 1985 J Opt Soc Am A 2:284",
    ),
    "pixels": _fixed(
        "Pixels of a small picture: the control below all others", "Kriegeskorte et al. 2008 Neuron 60:1126"
    ),
    "cnn": _to_size("Strided convolutions and a dense output", "LeCun et al. 1989 Neural Comput 1:541"),
    "conv_rnn": _over_time(
        "Convolutional areas with lateral and top-down connections", "Spoerer et al. 2017 Front Psychol 8:1551"
    ),
    "dendritic_network": _to_size(
        "Excitatory units with soma and dendrite, interneurons for each, weights of one sign",
        "Galloni et al. 2025 bioRxiv 2025.05.22.655599",
    ),
    "dendritic_tree": _to_size(
        "One neuron with a tree of thresholds for a dendrite", "Jones & Kording 2021 Neural Comput 33:1554"
    ),
    "equilibrium": _to_size(
        "Layers with symmetric weights that settle", "Scellier & Bengio 2017 Front Comput Neurosci 11:24"
    ),
    "gru": _over_time("Gated recurrent units, linear read-out", "Cho et al. 2014 EMNLP (arXiv:1406.1078)"),
    "lsnn": _over_time("Spiking units, some with adaptive thresholds", "Bellec et al. 2018 NeurIPS (arXiv:1803.09574)"),
    "lstm": _over_time("Long short-term memory, linear read-out", "Hochreiter & Schmidhuber 1997 Neural Comput 9:1735"),
    "mlp": _to_size("Dense layers, one on the other", "Rumelhart, Hinton & Williams 1986 Nature 323:533"),
    "multi_area_rnn": _over_time(
        "Leaky rate units in named areas, sparse feedforward and feedback",
        "Song et al. 2016 PLoS Comput Biol 12:e1004792",
    ),
    "rate_rnn": _over_time("Leaky rate units, linear read-out", "Song et al. 2016 PLoS Comput Biol 12:e1004792"),
    "ugrnn": _over_time("Update-gate units, linear read-out", "Collins et al. 2017 ICLR (arXiv:1611.09913)"),
    "vanilla_rnn": _over_time("Discrete units, linear read-out", "Elman 1990 Cogn Sci 14:179"),
}


def make(name: str, **config: Any) -> nn.Module:
    """Make a network of the catalogue by its name.

    Parameters
    ----------
    name : str
        One of ``MODELS``.
    **config : object
        Options of that network, for instance ``pretrained=False, seed=1`` for an untrained one, or the sizes of a
        network over time.

    Returns
    -------
    torch.nn.Module
        A network on images in eval mode, with its ``preprocess``.

    Raises
    ------
    UnknownName
        If no such network is catalogued.
    BadInput
        If the network has no such option, or needs one that is not given.
    MissingData
        If its trained weights are neither at hand nor to be had.

    Examples
    --------
    >>> network = make("squeezenet11", pretrained=False, seed=1)
    >>> sum(p.numel() for p in network.parameters())
    1235496
    >>> network = make("rate_rnn", n_inputs=3, n_units=50, n_outputs=2)
    >>> make("squeezenet11", pretrain=False)
    Traceback (most recent call last):
    ...
    tertium.errors.BadInput: option of model 'squeezenet11': got 'pretrain', expected one of framing,
        pretrained, seed. Did you mean 'pretrained'?
    """
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
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    missing = [n for n, p in parameters.items() if p.default is p.empty and p.kind in named and n not in config]
    if missing:
        raise BadInput(
            f"options of model '{name}'",
            got=", ".join(f"no {option}" for option in missing),
            expected="sizes for a network that is made to size",
            repair=f"Use tertium.models.make('{name}', {', '.join(f'{option}=...' for option in missing)}).",
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
