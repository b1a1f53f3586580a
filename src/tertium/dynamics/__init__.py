"""Floor 5, dynamics: take a network, or a recording, apart.

Instruments take responses, or a plain function ``step(h, x)``; they know nothing of our models.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tertium._lazy import attach

# Public name -> module. No module bears the name of a function here: importing it would hide the function.
_NAMES = {
    "Dynamics": "step",
    "as_dynamics": "step",
    "FixedPoints": "roots.points",
    "SlowPoints": "roots.points",
    "fixed_points": "roots.search",
    "grid_states": "states",
    "Sequentiality": "sequences",
    "sample_states": "states",
    "sequentiality": "sequences",
}

__all__ = [
    "Dynamics",
    "FixedPoints",
    "Sequentiality",
    "SlowPoints",
    "as_dynamics",
    "fixed_points",
    "grid_states",
    "sample_states",
    "sequentiality",
]

if TYPE_CHECKING:
    from tertium.dynamics.roots.points import FixedPoints, SlowPoints
    from tertium.dynamics.roots.search import fixed_points
    from tertium.dynamics.sequences import Sequentiality, sequentiality
    from tertium.dynamics.states import grid_states, sample_states
    from tertium.dynamics.step import Dynamics, as_dynamics

__getattr__, __dir__ = attach(__name__, _NAMES)
