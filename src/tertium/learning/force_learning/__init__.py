"""FORCE: taming a chaotic network by recursive least squares while it runs (Sussillo & Abbott 2009).

No gradient and no trials: weights change so fast that the output is nearly right from the start, and learning is the
search for weights that no longer have to change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tertium._lazy import attach

if TYPE_CHECKING:
    from tertium.learning.force_learning.factor_learning import (
        FactorRun,
        learn_factors,
        run_factors,
        spiking_network,
        take_off_means,
    )
    from tertium.learning.force_learning.factored_spikes import FactoredSpikes
    from tertium.learning.force_learning.output_error import force
    from tertium.learning.force_learning.result import ForceRun
    from tertium.learning.force_learning.rls import RecursiveLeastSquares
    from tertium.learning.force_learning.spike_targets import SpikingForceRun, full_force_spikes
    from tertium.learning.force_learning.target_generating import full_force

__all__ = [
    "FactorRun",
    "FactoredSpikes",
    "ForceRun",
    "RecursiveLeastSquares",
    "SpikingForceRun",
    "force",
    "full_force",
    "full_force_spikes",
    "learn_factors",
    "run_factors",
    "spiking_network",
    "take_off_means",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "FactorRun": "factor_learning",
        "FactoredSpikes": "factored_spikes",
        "ForceRun": "result",
        "RecursiveLeastSquares": "rls",
        "SpikingForceRun": "spike_targets",
        "force": "output_error",
        "full_force": "target_generating",
        "full_force_spikes": "spike_targets",
        "learn_factors": "factor_learning",
        "run_factors": "factor_learning",
        "spiking_network": "factor_learning",
        "take_off_means": "factor_learning",
    },
)
