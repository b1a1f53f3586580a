"""Low-rank networks that imitate recorded activity: what a few latent variables explain (Valente et al. 2022)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tertium._lazy import attach

if TYPE_CHECKING:
    from tertium.learning.low_rank.imitation import fit_low_rank
    from tertium.learning.low_rank.result import LowRankFit
    from tertium.learning.low_rank.variance import explained_variance

__all__ = ["LowRankFit", "explained_variance", "fit_low_rank"]

__getattr__, __dir__ = attach(
    __name__, {"LowRankFit": "result", "explained_variance": "variance", "fit_low_rank": "imitation"}
)
