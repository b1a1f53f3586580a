"""Floor 5, behavior: what choices and reaction times say, of animals, people and networks alike.

Instruments take one value a trial; they know nothing of our models, nor of who chose.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tertium._lazy import attach

# Public name -> module. No module bears the name of a function here: importing it would hide the function.
_NAMES = {
    "ChoiceLikelihood": "choice_scores",
    "Chronometric": "curves.diffusion_result",
    "Confusions": "confusions",
    "ErrorConsistency": "error_agreement",
    "Interval": "checks",
    "PatternConsistency": "pattern_agreement",
    "Psychometric": "curves.psychometric_result",
    "behavioral_pattern": "patterns",
    "choice_likelihood": "choice_scores",
    "confusions_of_model": "confusions",
    "count_confusions": "confusions",
    "crossvalidated_likelihood": "choice_scores",
    "error_consistency": "error_agreement",
    "fit_chronometric": "curves.diffusion_fitting",
    "fit_psychometric": "curves.psychometric_fitting",
    "pattern_consistency": "pattern_agreement",
}

__all__ = [
    "ChoiceLikelihood",
    "Chronometric",
    "Confusions",
    "ErrorConsistency",
    "Interval",
    "PatternConsistency",
    "Psychometric",
    "behavioral_pattern",
    "choice_likelihood",
    "confusions_of_model",
    "count_confusions",
    "crossvalidated_likelihood",
    "error_consistency",
    "fit_chronometric",
    "fit_psychometric",
    "pattern_consistency",
]

if TYPE_CHECKING:
    from tertium.behavior.checks import Interval
    from tertium.behavior.choice_scores import ChoiceLikelihood, choice_likelihood, crossvalidated_likelihood
    from tertium.behavior.confusions import Confusions, confusions_of_model, count_confusions
    from tertium.behavior.curves.diffusion_fitting import fit_chronometric
    from tertium.behavior.curves.diffusion_result import Chronometric
    from tertium.behavior.curves.psychometric_fitting import fit_psychometric
    from tertium.behavior.curves.psychometric_result import Psychometric
    from tertium.behavior.error_agreement import ErrorConsistency, error_consistency
    from tertium.behavior.pattern_agreement import PatternConsistency, pattern_consistency
    from tertium.behavior.patterns import behavioral_pattern

__getattr__, __dir__ = attach(__name__, _NAMES)
