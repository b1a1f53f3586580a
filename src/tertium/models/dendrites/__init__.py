"""Neurons with dendrites: branch points that are units of their own, synapses that have conductances."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tertium._lazy import attach

if TYPE_CHECKING:
    from tertium.models.dendrites.nodes import LinearNode, NMDANode, Node, ThresholdNode
    from tertium.models.dendrites.synapses import ConductanceSynapses
    from tertium.models.dendrites.tree import DendriticTree

# Public name -> module. No module bears the name of a class here: importing it would hide the class.
_NAMES = {
    "ConductanceSynapses": "synapses",
    "DendriticTree": "tree",
    "LinearNode": "nodes",
    "NMDANode": "nodes",
    "Node": "nodes",
    "ThresholdNode": "nodes",
}

__all__ = [
    "ConductanceSynapses",
    "DendriticTree",
    "LinearNode",
    "NMDANode",
    "Node",
    "ThresholdNode",
]

__getattr__, __dir__ = attach(__name__, _NAMES)
