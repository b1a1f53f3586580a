"""How alike two sets of dissimilarities are: correlations, cosines, ranks, whitened; all with stimulus weights."""

from tertium._lazy import attach

__getattr__, __dir__ = attach(
    __name__,
    {
        "METHODS": "engine",
        "Pairs": "pairs",
        "check_method": "engine",
        "permuted": "permuted",
        "resampled": "engine",
        "similarity": "engine",
    },
)
