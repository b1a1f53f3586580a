"""Rules of three factors: what arrived, what the unit did, and a signal that comes from elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tertium._lazy import attach

if TYPE_CHECKING:
    from tertium.learning.rules.three_factor.reward_hebbian_trials import RewardHebbianTrials, ShakenTrial

__all__ = ["RewardHebbianTrials", "ShakenTrial"]

__getattr__, __dir__ = attach(
    __name__, {"RewardHebbianTrials": "reward_hebbian_trials", "ShakenTrial": "reward_hebbian_trials"}
)
