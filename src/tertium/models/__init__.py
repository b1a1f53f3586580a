"""Networks with named layers: a small catalogue, pretrained weights, and an adapter for any other torch module."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tertium._lazy import attach

if TYPE_CHECKING:
    from tertium.models import circuits, dendrites, kernels, spiking, wiring
    from tertium.models.catalogue import MODELS, ModelCard, card, list_models, make
    from tertium.models.dendrites.tree import DendriticTree
    from tertium.models.feedforward.cnn import CNN
    from tertium.models.feedforward.convolution import ConvLayer
    from tertium.models.feedforward.dendritic.network import DendriticNetwork
    from tertium.models.feedforward.dense import DenseLayer
    from tertium.models.feedforward.equilibrium import EquilibriumNetwork
    from tertium.models.feedforward.layer import AffineLayer
    from tertium.models.feedforward.mlp import MLP
    from tertium.models.feedforward.network import FeedforwardNetwork
    from tertium.models.fixed.gabor import GaborEnergy, gabor_filters
    from tertium.models.fixed.pixels import Pixels
    from tertium.models.preprocess import Preprocess
    from tertium.models.recurrent import initial_weights
    from tertium.models.recurrent.cell import Cell
    from tertium.models.recurrent.conv_cell import ConvRNNCell
    from tertium.models.recurrent.conv_rnn import ConvRNN
    from tertium.models.recurrent.gated.gru_cell import GRUCell
    from tertium.models.recurrent.gated.lstm_cell import LSTMCell
    from tertium.models.recurrent.gated.networks import GRU, LSTM, UGRNN, VanillaRNN
    from tertium.models.recurrent.gated.ugrnn_cell import UGRNNCell
    from tertium.models.recurrent.multi_area import MultiAreaRNN
    from tertium.models.recurrent.network import RecurrentNetwork
    from tertium.models.recurrent.numpy_export import export_network
    from tertium.models.recurrent.rate_cell import RateCell
    from tertium.models.recurrent.rate_rnn import RateRNN
    from tertium.models.recurrent.vanilla_cell import VanillaCell
    from tertium.models.spec import load_model
    from tertium.models.wrapping import Wrapped, wrap

__all__ = [
    "CNN",
    "GRU",
    "LSTM",
    "MLP",
    "MODELS",
    "UGRNN",
    "AffineLayer",
    "Cell",
    "ConvLayer",
    "ConvRNN",
    "ConvRNNCell",
    "DendriticNetwork",
    "DendriticTree",
    "DenseLayer",
    "EquilibriumNetwork",
    "FeedforwardNetwork",
    "GRUCell",
    "GaborEnergy",
    "LSTMCell",
    "ModelCard",
    "MultiAreaRNN",
    "Pixels",
    "Preprocess",
    "RateCell",
    "RateRNN",
    "RecurrentNetwork",
    "UGRNNCell",
    "VanillaCell",
    "VanillaRNN",
    "Wrapped",
    "card",
    "circuits",
    "dendrites",
    "export_network",
    "gabor_filters",
    "initial_weights",
    "kernels",
    "list_models",
    "load_model",
    "make",
    "spiking",
    "wiring",
    "wrap",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "AffineLayer": "feedforward.layer",
        "CNN": "feedforward.cnn",
        "Cell": "recurrent.cell",
        "ConvLayer": "feedforward.convolution",
        "ConvRNN": "recurrent.conv_rnn",
        "ConvRNNCell": "recurrent.conv_cell",
        "DendriticNetwork": "feedforward.dendritic.network",
        "DendriticTree": "dendrites.tree",
        "DenseLayer": "feedforward.dense",
        "EquilibriumNetwork": "feedforward.equilibrium",
        "FeedforwardNetwork": "feedforward.network",
        "GRU": "recurrent.gated.networks",
        "GRUCell": "recurrent.gated.gru_cell",
        "GaborEnergy": "fixed.gabor",
        "gabor_filters": "fixed.gabor",
        "Pixels": "fixed.pixels",
        "LSTM": "recurrent.gated.networks",
        "LSTMCell": "recurrent.gated.lstm_cell",
        "MLP": "feedforward.mlp",
        "MODELS": "catalogue",
        "ModelCard": "catalogue",
        "MultiAreaRNN": "recurrent.multi_area",
        "Preprocess": "preprocess",
        "RateCell": "recurrent.rate_cell",
        "RateRNN": "recurrent.rate_rnn",
        "RecurrentNetwork": "recurrent.network",
        "UGRNN": "recurrent.gated.networks",
        "UGRNNCell": "recurrent.gated.ugrnn_cell",
        "VanillaCell": "recurrent.vanilla_cell",
        "VanillaRNN": "recurrent.gated.networks",
        "Wrapped": "wrapping",
        "card": "catalogue",
        "catalogue": "catalogue",
        "circuits": "circuits",
        "dendrites": "dendrites",
        "export_network": "recurrent.numpy_export",
        "initial_weights": "recurrent.initial_weights",
        "kernels": "kernels",
        "list_models": "catalogue",
        "load_model": "spec",
        "make": "catalogue",
        "spiking": "spiking",
        "wiring": "wiring",
        "wrap": "wrapping",
    },
)
