"""Floor 5, theory: closed forms and exact oracles that simulations are held against; imports no other floor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tertium._lazy import attach

if TYPE_CHECKING:
    from tertium.theory.capacity import cover_count, parity_ceiling, separable_probability
    from tertium.theory.margin import largest_margin, novikoff_bound, separable

__all__ = [
    "cover_count",
    "largest_margin",
    "novikoff_bound",
    "parity_ceiling",
    "separable",
    "separable_probability",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        **dict.fromkeys(("cover_count", "parity_ceiling", "separable_probability"), "capacity"),
        **dict.fromkeys(("largest_margin", "novikoff_bound", "separable"), "margin"),
    },
)
