"""Floor 5, geometry: how many dimensions activity fills, and the avalanches it comes in.

Instruments take responses or plain arrays; they know nothing of our models.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tertium._lazy import attach

# Public name -> module. No module bears the name of a function here: importing it would hide the function.
_NAMES = {
    "Avalanches": "criticality.result",
    "BranchingRatio": "criticality.multistep",
    "CorrelationDimension": "intrinsic.correlation_sums",
    "ParticipationRatio": "dimension",
    "PowerLaw": "criticality.laws.fitting",
    "RatioTest": "criticality.laws.ratio_tests",
    "ShapeCollapse": "criticality.crackling",
    "SizeOfDuration": "criticality.crackling",
    "TwoNN": "intrinsic.neighbours",
    "avalanches": "criticality.finding",
    "branching_ratio": "criticality.multistep",
    "correlation_dimension": "intrinsic.correlation_sums",
    "fit_power_law": "criticality.laws.fitting",
    "participation_ratio": "dimension",
    "two_nn": "intrinsic.neighbours",
}

__all__ = [
    "Avalanches",
    "BranchingRatio",
    "CorrelationDimension",
    "ParticipationRatio",
    "PowerLaw",
    "RatioTest",
    "ShapeCollapse",
    "SizeOfDuration",
    "TwoNN",
    "avalanches",
    "branching_ratio",
    "correlation_dimension",
    "fit_power_law",
    "participation_ratio",
    "two_nn",
]

if TYPE_CHECKING:
    from tertium.geometry.criticality.crackling import ShapeCollapse, SizeOfDuration
    from tertium.geometry.criticality.finding import avalanches
    from tertium.geometry.criticality.laws.fitting import PowerLaw, fit_power_law
    from tertium.geometry.criticality.laws.ratio_tests import RatioTest
    from tertium.geometry.criticality.multistep import BranchingRatio, branching_ratio
    from tertium.geometry.criticality.result import Avalanches
    from tertium.geometry.dimension import ParticipationRatio, participation_ratio
    from tertium.geometry.intrinsic.correlation_sums import CorrelationDimension, correlation_dimension
    from tertium.geometry.intrinsic.neighbours import TwoNN, two_nn

__getattr__, __dir__ = attach(__name__, _NAMES)
