"""Compare brains and networks: dissimilarities, representational similarity, similarity of whole representations.

Every instrument takes responses, or plain arrays ``(sample, unit)``, and cannot know where they came from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tertium._lazy import attach

# Public name -> module. No module bears the name of a function here: importing it would hide the function.
_NAMES = {
    "RDM": "rdm_type",
    "METRICS": "dissimilarity",
    "rdm": "dissimilarity",
    "rdm_over_time": "dissimilarity",
    "rdms_by": "dissimilarity",
    "align_rdms": "rdm_average",
    "average_rdms": "rdm_average",
    "join_partial_rdms": "rdm_average",
    "load_rdm": "rdm_files",
    "save_rdm": "rdm_files",
    "mds": "rdm_embedding",
    "rdm_patterns": "rdm_embedding",
    "noise_covariance": "noise_precision",
    "noise_residuals": "noise_precision",
    "rsa": "inference",
    "noise_ceiling": "ceiling",
    "NoiseCeiling": "ceiling",
    "CEILINGS": "ceiling",
    "temporal_ceiling": "ceilings.time_courses",
    "TemporalCeiling": "ceilings.time_courses",
    "feve": "ceilings.scores",
    "cc_norm": "ceilings.scores",
    "CorrectedScore": "ceilings.scores",
    "RSAResult": "rdm_inference.result",
    "WeightedModel": "rdm_inference.models",
    "RemixedModel": "rdm_inference.remixed",
    "crossvalidate": "rdm_inference.evaluate",
    "rdm_ceiling": "rdm_inference.ceiling",
    "benjamini_hochberg": "rdm_inference.multiple",
    "bonferroni": "rdm_inference.multiple",
    "bootstrap": "resample",
    "permutation_test": "resample",
    "deconvolve": "deconvolution",
    "DynamicalSimilarity": "operators.dynamical",
    "dsa": "operators.dynamical",
    "canonical_correlations": "representations.canonical",
    "cca": "representations.canonical",
    "svcca": "representations.canonical",
    "pwcca": "representations.canonical",
    "cka": "representations.kernel_alignment",
    "minibatch_cka": "representations.kernel_alignment",
    "procrustes": "representations.shapes",
    "bures": "representations.shapes",
    "matched_correlation": "representations.matching",
    "permutation_match": "representations.matching",
    "soft_match": "representations.matching",
    "stochastic_shape": "representations.stochastic",
    "mutual_predictivity": "representations.predictivity",
    "rdm_similarity": "representations.rdm_agreement",
    "score_models": "model_scores.front",
    "ModelScores": "model_scores.result",
    "pairwise": "representations.pairs.comparing",
    "PairwiseComparison": "representations.pairs.result",
    "encode": "encoding.front",
    "partition_variance": "encoding.partition",
    "VariancePartition": "encoding.partition",
    "ReducedRank": "encoding.models.reduced_rank",
    "KernelRidge": "encoding.models.kernel_ridge",
    "BandedRidge": "encoding.models.banded_ridge",
    "fit_ridge": "encoding.fitting",
    "RidgeFit": "encoding.fitting",
    "Ridge": "encoding.models.ridge",
    "PartialLeastSquares": "encoding.models.partial_least_squares",
    "PoissonRidge": "encoding.models.poisson",
    "OneToOne": "encoding.models.matched",
    "SoftMatched": "encoding.models.matched",
    "FactorisedReadout": "encoding.models.readouts.factorised",
    "Lagged": "encoding.models.delays",
    "Stacked": "encoding.models.spaces.stacked",
    "stack_spaces": "encoding.stacking",
    "StackedSpaces": "encoding.stacking",
    "spike_glm": "spike_trains.fitting",
    "SpikeGLM": "spike_trains.glm_result",
    "simulate_spike_trains": "spike_trains.simulating",
    "time_rescaling": "spike_trains.rescaling",
    "TimeRescaling": "spike_trains.rescaling",
    "raised_cosines": "spike_trains.bases",
    "impulses": "spike_trains.bases",
    "lagged": "spike_trains.lags",
    "decode": "decoding.front",
    "Decoded": "decoding.result",
    "LinearDiscriminant": "decoding.decoders.classifiers",
    "Logistic": "decoding.decoders.classifiers",
    "SupportVectors": "decoding.decoders.classifiers",
    "cross_condition_generalisation": "decoding.transfer",
    "generalisation_matrix": "decoding.transfer",
    "shattering": "decoding.shattered",
    "pseudo_population": "decoding.populations.pseudo",
    "decode_sessions": "decoding.populations.pseudo",
    "fisher_information": "decoding.populations.fisher",
    "learning_curve": "decoding.populations.sizes",
    "RidgeReadout": "decoding.decoders.ridge_readout",
    "PoissonBayes": "decoding.decoders.poisson_bayes",
    "SmallNetwork": "decoding.decoders.small_network",
    "Score": "validation.score",
    "KFold": "validation.folds",
    "StratifiedKFold": "validation.folds",
    "GroupedKFold": "validation.folds",
    "BlockedKFold": "validation.folds",
    "LeaveOneOut": "validation.folds",
}

__all__ = [
    "CEILINGS",
    "METRICS",
    "RDM",
    "BandedRidge",
    "BlockedKFold",
    "CorrectedScore",
    "Decoded",
    "DynamicalSimilarity",
    "FactorisedReadout",
    "GroupedKFold",
    "KFold",
    "KernelRidge",
    "Lagged",
    "LeaveOneOut",
    "LinearDiscriminant",
    "Logistic",
    "ModelScores",
    "NoiseCeiling",
    "OneToOne",
    "PairwiseComparison",
    "PartialLeastSquares",
    "PoissonBayes",
    "PoissonRidge",
    "RSAResult",
    "ReducedRank",
    "RemixedModel",
    "Ridge",
    "RidgeFit",
    "RidgeReadout",
    "Score",
    "SmallNetwork",
    "SoftMatched",
    "SpikeGLM",
    "Stacked",
    "StackedSpaces",
    "StratifiedKFold",
    "SupportVectors",
    "TemporalCeiling",
    "TimeRescaling",
    "VariancePartition",
    "WeightedModel",
    "align_rdms",
    "average_rdms",
    "benjamini_hochberg",
    "bonferroni",
    "bootstrap",
    "bures",
    "canonical_correlations",
    "cc_norm",
    "cca",
    "cka",
    "cross_condition_generalisation",
    "crossvalidate",
    "decode",
    "decode_sessions",
    "deconvolve",
    "dsa",
    "encode",
    "feve",
    "fisher_information",
    "fit_ridge",
    "generalisation_matrix",
    "impulses",
    "join_partial_rdms",
    "lagged",
    "learning_curve",
    "load_rdm",
    "matched_correlation",
    "mds",
    "minibatch_cka",
    "mutual_predictivity",
    "noise_ceiling",
    "noise_covariance",
    "noise_residuals",
    "pairwise",
    "partition_variance",
    "permutation_match",
    "permutation_test",
    "procrustes",
    "pseudo_population",
    "pwcca",
    "raised_cosines",
    "rdm",
    "rdm_ceiling",
    "rdm_over_time",
    "rdm_patterns",
    "rdm_similarity",
    "rdms_by",
    "rsa",
    "save_rdm",
    "score_models",
    "shattering",
    "simulate_spike_trains",
    "soft_match",
    "spike_glm",
    "stack_spaces",
    "stochastic_shape",
    "svcca",
    "temporal_ceiling",
    "time_rescaling",
]

if TYPE_CHECKING:
    from tertium.compare.ceiling import CEILINGS, NoiseCeiling, noise_ceiling
    from tertium.compare.ceilings.scores import CorrectedScore, cc_norm, feve
    from tertium.compare.ceilings.time_courses import TemporalCeiling, temporal_ceiling
    from tertium.compare.decoding.decoders.classifiers import LinearDiscriminant, Logistic, SupportVectors
    from tertium.compare.decoding.decoders.poisson_bayes import PoissonBayes
    from tertium.compare.decoding.decoders.ridge_readout import RidgeReadout
    from tertium.compare.decoding.decoders.small_network import SmallNetwork
    from tertium.compare.decoding.front import decode
    from tertium.compare.decoding.populations.fisher import fisher_information
    from tertium.compare.decoding.populations.pseudo import decode_sessions, pseudo_population
    from tertium.compare.decoding.populations.sizes import learning_curve
    from tertium.compare.decoding.result import Decoded
    from tertium.compare.decoding.shattered import shattering
    from tertium.compare.decoding.transfer import cross_condition_generalisation, generalisation_matrix
    from tertium.compare.deconvolution import deconvolve
    from tertium.compare.dissimilarity import METRICS, rdm, rdm_over_time, rdms_by
    from tertium.compare.encoding.fitting import RidgeFit, fit_ridge
    from tertium.compare.encoding.front import encode
    from tertium.compare.encoding.models.banded_ridge import BandedRidge
    from tertium.compare.encoding.models.delays import Lagged
    from tertium.compare.encoding.models.kernel_ridge import KernelRidge
    from tertium.compare.encoding.models.matched import OneToOne, SoftMatched
    from tertium.compare.encoding.models.partial_least_squares import PartialLeastSquares
    from tertium.compare.encoding.models.poisson import PoissonRidge
    from tertium.compare.encoding.models.readouts.factorised import FactorisedReadout
    from tertium.compare.encoding.models.reduced_rank import ReducedRank
    from tertium.compare.encoding.models.ridge import Ridge
    from tertium.compare.encoding.models.spaces.stacked import Stacked
    from tertium.compare.encoding.partition import VariancePartition, partition_variance
    from tertium.compare.encoding.stacking import StackedSpaces, stack_spaces
    from tertium.compare.inference import rsa
    from tertium.compare.model_scores.front import score_models
    from tertium.compare.model_scores.result import ModelScores
    from tertium.compare.noise_precision import noise_covariance, noise_residuals
    from tertium.compare.operators.dynamical import DynamicalSimilarity, dsa
    from tertium.compare.rdm_average import align_rdms, average_rdms, join_partial_rdms
    from tertium.compare.rdm_embedding import mds, rdm_patterns
    from tertium.compare.rdm_files import load_rdm, save_rdm
    from tertium.compare.rdm_inference.ceiling import rdm_ceiling
    from tertium.compare.rdm_inference.evaluate import crossvalidate
    from tertium.compare.rdm_inference.models import WeightedModel
    from tertium.compare.rdm_inference.multiple import benjamini_hochberg, bonferroni
    from tertium.compare.rdm_inference.remixed import RemixedModel
    from tertium.compare.rdm_inference.result import RSAResult
    from tertium.compare.rdm_type import RDM
    from tertium.compare.representations.canonical import canonical_correlations, cca, pwcca, svcca
    from tertium.compare.representations.kernel_alignment import cka, minibatch_cka
    from tertium.compare.representations.matching import matched_correlation, permutation_match, soft_match
    from tertium.compare.representations.pairs.comparing import pairwise
    from tertium.compare.representations.pairs.result import PairwiseComparison
    from tertium.compare.representations.predictivity import mutual_predictivity
    from tertium.compare.representations.rdm_agreement import rdm_similarity
    from tertium.compare.representations.shapes import bures, procrustes
    from tertium.compare.representations.stochastic import stochastic_shape
    from tertium.compare.resample import bootstrap, permutation_test
    from tertium.compare.spike_trains.bases import impulses, raised_cosines
    from tertium.compare.spike_trains.fitting import spike_glm
    from tertium.compare.spike_trains.glm_result import SpikeGLM
    from tertium.compare.spike_trains.lags import lagged
    from tertium.compare.spike_trains.rescaling import TimeRescaling, time_rescaling
    from tertium.compare.spike_trains.simulating import simulate_spike_trains
    from tertium.compare.validation.folds import (
        BlockedKFold,
        GroupedKFold,
        KFold,
        LeaveOneOut,
        StratifiedKFold,
    )
    from tertium.compare.validation.score import Score

__getattr__, __dir__ = attach(__name__, _NAMES)
