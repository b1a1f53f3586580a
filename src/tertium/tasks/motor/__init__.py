"""Movements: effectors with their mechanics, and tasks in which a hand has to go somewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tertium._lazy import attach

if TYPE_CHECKING:
    from tertium.tasks.motor.effectors import EFFECTORS, Effector, PointMass, TwoLinkArm
    from tertium.tasks.motor.reach_task import EndPoint, ReachTask
    from tertium.tasks.motor.smooth_paths import minimum_jerk

_NAMES = {
    "EFFECTORS": "effectors",
    "Effector": "effectors",
    "EndPoint": "reach_task",
    "PointMass": "effectors",
    "ReachTask": "reach_task",
    "TwoLinkArm": "effectors",
    "minimum_jerk": "smooth_paths",
}

__all__ = ["EFFECTORS", "Effector", "EndPoint", "PointMass", "ReachTask", "TwoLinkArm", "minimum_jerk"]

__getattr__, __dir__ = attach(__name__, _NAMES)
