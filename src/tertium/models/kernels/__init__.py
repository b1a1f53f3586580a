"""The time loops of recurrent networks, fused: each loop once as readable steps and once as fast as torch allows.

Tensors are (time, batch, unit). The fast loops carry their own back-propagation through time; the readable loops in
`reference` are what they are tested against.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tertium._lazy import attach

# Public name -> module. No module bears the name of a function here: importing it would hide the function.
_NAMES = {
    "FORMS": "arguments",
    "NONLINEARITIES": "nonlinearities",
    "Nonlinearity": "nonlinearities",
    "nonlinearity": "nonlinearities",
    "low_rank_reference": "reference",
    "low_rank_unroll": "fused",
    "network_reference": "network.whole",
    "network_unroll": "network.whole",
    "project": "projection",
    "rate_reference": "reference",
    "rate_unroll": "fused",
    "record_run": "graphs",
    "states_and_rates": "fused",
    "step_noise": "noise",
}

__all__ = [
    "FORMS",
    "NONLINEARITIES",
    "Nonlinearity",
    "low_rank_reference",
    "low_rank_unroll",
    "network_reference",
    "network_unroll",
    "nonlinearity",
    "project",
    "rate_reference",
    "rate_unroll",
    "record_run",
    "states_and_rates",
    "step_noise",
]

if TYPE_CHECKING:
    from tertium.models.kernels.arguments import FORMS
    from tertium.models.kernels.fused import low_rank_unroll, rate_unroll, states_and_rates
    from tertium.models.kernels.graphs import record_run
    from tertium.models.kernels.network.whole import network_reference, network_unroll
    from tertium.models.kernels.noise import step_noise
    from tertium.models.kernels.nonlinearities import NONLINEARITIES, Nonlinearity, nonlinearity
    from tertium.models.kernels.projection import project
    from tertium.models.kernels.reference import low_rank_reference, rate_reference

__getattr__, __dir__ = attach(__name__, _NAMES)
