"""Learning: goals, rules that fill gradients, and a training loop that survives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tertium._lazy import attach

if TYPE_CHECKING:
    from tertium.learning import goals, rules
    from tertium.learning.rule import Filled, Rule, Run, Trials

__all__ = ["Filled", "Rule", "Run", "Trials", "goals", "rules"]

__getattr__, __dir__ = attach(
    __name__,
    {"Filled": "rule", "Rule": "rule", "Run": "rule", "Trials": "rule", "goals": "goals", "rules": "rules"},
)
