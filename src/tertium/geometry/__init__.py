"""Floor 5, geometry: dimensions and capacity of populations, selectivity of units, avalanches.

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
    "DirectionSelectivity": "tuning.directions",
    "Discriminability": "tuning.discrimination",
    "FewShot": "few_shot.theory",
    "LinearSeparability": "capacity.separability",
    "ManifoldCapacity": "capacity.mean_field",
    "MixedSelectivity": "tuning.mixed",
    "ParticipationRatio": "dimension",
    "PowerLaw": "criticality.laws.fitting",
    "RatioTest": "criticality.laws.ratio_tests",
    "ShapeCollapse": "criticality.crackling",
    "SimulatedCapacity": "capacity.simulation",
    "SizeOfDuration": "criticality.crackling",
    "Sparseness": "tuning.sparse_codes",
    "StimulusInformation": "tuning.information",
    "TuningCurves": "tuning.curves",
    "TwoNN": "intrinsic.neighbours",
    "avalanches": "criticality.finding",
    "ball_capacity": "capacity.balls",
    "branching_ratio": "criticality.multistep",
    "correlation_dimension": "intrinsic.correlation_sums",
    "direction_selectivity": "tuning.directions",
    "discriminability": "tuning.discrimination",
    "few_shot_snr": "few_shot.theory",
    "fit_power_law": "criticality.laws.fitting",
    "linear_separability": "capacity.separability",
    "manifold_capacity": "capacity.mean_field",
    "mixed_selectivity": "tuning.mixed",
    "participation_ratio": "dimension",
    "simulated_ball_capacity": "capacity.simulation",
    "simulated_capacity": "capacity.simulation",
    "sparseness": "tuning.sparse_codes",
    "stimulus_information": "tuning.information",
    "tuning_curves": "tuning.curves",
    "two_nn": "intrinsic.neighbours",
}

__all__ = [
    "Avalanches",
    "BranchingRatio",
    "CorrelationDimension",
    "DirectionSelectivity",
    "Discriminability",
    "FewShot",
    "LinearSeparability",
    "ManifoldCapacity",
    "MixedSelectivity",
    "ParticipationRatio",
    "PowerLaw",
    "RatioTest",
    "ShapeCollapse",
    "SimulatedCapacity",
    "SizeOfDuration",
    "Sparseness",
    "StimulusInformation",
    "TuningCurves",
    "TwoNN",
    "avalanches",
    "ball_capacity",
    "branching_ratio",
    "correlation_dimension",
    "direction_selectivity",
    "discriminability",
    "few_shot_snr",
    "fit_power_law",
    "linear_separability",
    "manifold_capacity",
    "mixed_selectivity",
    "participation_ratio",
    "simulated_ball_capacity",
    "simulated_capacity",
    "sparseness",
    "stimulus_information",
    "tuning_curves",
    "two_nn",
]

if TYPE_CHECKING:
    from tertium.geometry.capacity.balls import ball_capacity
    from tertium.geometry.capacity.mean_field import ManifoldCapacity, manifold_capacity
    from tertium.geometry.capacity.separability import LinearSeparability, linear_separability
    from tertium.geometry.capacity.simulation import SimulatedCapacity, simulated_ball_capacity, simulated_capacity
    from tertium.geometry.criticality.crackling import ShapeCollapse, SizeOfDuration
    from tertium.geometry.criticality.finding import avalanches
    from tertium.geometry.criticality.laws.fitting import PowerLaw, fit_power_law
    from tertium.geometry.criticality.laws.ratio_tests import RatioTest
    from tertium.geometry.criticality.multistep import BranchingRatio, branching_ratio
    from tertium.geometry.criticality.result import Avalanches
    from tertium.geometry.dimension import ParticipationRatio, participation_ratio
    from tertium.geometry.few_shot.theory import FewShot, few_shot_snr
    from tertium.geometry.intrinsic.correlation_sums import CorrelationDimension, correlation_dimension
    from tertium.geometry.intrinsic.neighbours import TwoNN, two_nn
    from tertium.geometry.tuning.curves import TuningCurves, tuning_curves
    from tertium.geometry.tuning.directions import DirectionSelectivity, direction_selectivity
    from tertium.geometry.tuning.discrimination import Discriminability, discriminability
    from tertium.geometry.tuning.information import StimulusInformation, stimulus_information
    from tertium.geometry.tuning.mixed import MixedSelectivity, mixed_selectivity
    from tertium.geometry.tuning.sparse_codes import Sparseness, sparseness

__getattr__, __dir__ = attach(__name__, _NAMES)
