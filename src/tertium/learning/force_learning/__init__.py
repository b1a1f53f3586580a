"""FORCE: taming a chaotic network by recursive least squares while it runs (Sussillo & Abbott 2009).

No gradient and no trials: weights change so fast that the output is nearly right from the start, and learning is the
search for weights that no longer have to change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tertium._lazy import attach

if TYPE_CHECKING:
    from tertium.learning.force_learning.output_error import force
    from tertium.learning.force_learning.result import ForceRun
    from tertium.learning.force_learning.rls import RecursiveLeastSquares
    from tertium.learning.force_learning.target_generating import full_force

__all__ = ["ForceRun", "RecursiveLeastSquares", "force", "full_force"]

__getattr__, __dir__ = attach(
    __name__,
    {
        "ForceRun": "result",
        "RecursiveLeastSquares": "rls",
        "force": "output_error",
        "full_force": "target_generating",
    },
)
