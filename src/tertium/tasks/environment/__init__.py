"""The Gymnasium side of tasks: one specification drives batches for networks and environments for agents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tertium._lazy import attach

if TYPE_CHECKING:
    from tertium.tasks.environment.actions import ActionMapping, action_mapping
    from tertium.tasks.environment.gymnasium_task import GymnasiumTask, from_gym
    from tertium.tasks.environment.making import gym, register
    from tertium.tasks.environment.trial_environment import TrialEnvironment

_NAMES = {
    "ActionMapping": "actions",
    "action_mapping": "actions",
    "GymnasiumTask": "gymnasium_task",
    "from_gym": "gymnasium_task",
    "gym": "making",
    "register": "making",
    "TrialEnvironment": "trial_environment",
}

__all__ = [
    "ActionMapping",
    "GymnasiumTask",
    "TrialEnvironment",
    "action_mapping",
    "from_gym",
    "gym",
    "register",
]

__getattr__, __dir__ = attach(__name__, _NAMES)
