"""Wiring: what the connections of a network may be, as constraints that compose and hold after every step.

``constrain(cell, Dale(0.8), SparseMask(0.1), NoAutapses())`` puts them on a cell's recurrent weights. Each becomes a
`torch.nn.utils.parametrize` module, so that an optimiser never sees a weight that breaks them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tertium._lazy import attach

if TYPE_CHECKING:
    from tertium.models.wiring.blocks import BlockMask, hierarchy
    from tertium.models.wiring.connections import Connections, Constraint, connections_of
    from tertium.models.wiring.connectome import Connectome
    from tertium.models.wiring.constraining import constrain, constraints_of
    from tertium.models.wiring.dale import Dale, balanced_weights
    from tertium.models.wiring.deep_rewiring import Rewired, Rewiring, rewire_after
    from tertium.models.wiring.factors import LowRank, LowRankPlusRandom
    from tertium.models.wiring.masks import NoAutapses, SparseMask
    from tertium.models.wiring.spatial import SpatialEmbedding, communicability, grid, wiring_cost

# Public name -> module. No module bears the name of a function here: importing it would hide the function.
_NAMES = {
    "BlockMask": "blocks",
    "Connections": "connections",
    "Connectome": "connectome",
    "Constraint": "connections",
    "Dale": "dale",
    "LowRank": "factors",
    "LowRankPlusRandom": "factors",
    "NoAutapses": "masks",
    "Rewired": "deep_rewiring",
    "Rewiring": "deep_rewiring",
    "SparseMask": "masks",
    "SpatialEmbedding": "spatial",
    "balanced_weights": "dale",
    "communicability": "spatial",
    "connections_of": "connections",
    "constrain": "constraining",
    "constraints_of": "constraining",
    "grid": "spatial",
    "hierarchy": "blocks",
    "rewire_after": "deep_rewiring",
    "wiring_cost": "spatial",
}

__all__ = [
    "BlockMask",
    "Connections",
    "Connectome",
    "Constraint",
    "Dale",
    "LowRank",
    "LowRankPlusRandom",
    "NoAutapses",
    "Rewired",
    "Rewiring",
    "SparseMask",
    "SpatialEmbedding",
    "balanced_weights",
    "communicability",
    "connections_of",
    "constrain",
    "constraints_of",
    "grid",
    "hierarchy",
    "rewire_after",
    "wiring_cost",
]

__getattr__, __dir__ = attach(__name__, _NAMES)
