"""The first networks: the threshold unit, the perceptron, layers trained by back-propagation, one wide layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tertium._lazy import attach

if TYPE_CHECKING:
    from tertium.models.foundations.mlp import Layer, backpropagate, descend, forward, random_layers
    from tertium.models.foundations.perceptron import PerceptronRun, learn, respond
    from tertium.models.foundations.ridge_sum import RidgeSum, grow
    from tertium.models.foundations.threshold_unit import (
        binary_inputs,
        minterm_layer,
        realised,
        refuted,
        threshold,
        truth_code,
        two_layer_functions,
    )

__all__ = [
    "Layer",
    "PerceptronRun",
    "RidgeSum",
    "backpropagate",
    "binary_inputs",
    "descend",
    "forward",
    "grow",
    "learn",
    "minterm_layer",
    "random_layers",
    "realised",
    "refuted",
    "respond",
    "threshold",
    "truth_code",
    "two_layer_functions",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        **dict.fromkeys(("Layer", "backpropagate", "descend", "forward", "random_layers"), "mlp"),
        **dict.fromkeys(("PerceptronRun", "learn", "respond"), "perceptron"),
        **dict.fromkeys(("RidgeSum", "grow"), "ridge_sum"),
        **dict.fromkeys(
            (
                "binary_inputs",
                "minterm_layer",
                "realised",
                "refuted",
                "threshold",
                "truth_code",
                "two_layer_functions",
            ),
            "threshold_unit",
        ),
    },
)
