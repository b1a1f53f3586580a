"""The parts of RSA inference: alignment, models, ceilings, folds, variances, tests, the result."""

from tertium._lazy import attach

__getattr__, __dir__ = attach(
    __name__,
    {
        "RSAResult": "result",
        "RemixedModel": "remixed",
        "WeightedModel": "models",
        "benjamini_hochberg": "multiple",
        "bonferroni": "multiple",
        "crossvalidate": "evaluate",
        "rdm_ceiling": "ceiling",
    },
)
