"""Tasks whose future depends on what the subject does: bandits, reversals, learning sets, two-step decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tertium._lazy import attach

if TYPE_CHECKING:
    from tertium.tasks.episodic.episodic_task import Episodes, EpisodicTask, Play
    from tertium.tasks.episodic.players import KnowsBest, OneShot, Player, ThompsonSampling, UniformlyRandom, WinStay

_NAMES = {
    "Episodes": "episodic_task",
    "EpisodicTask": "episodic_task",
    "Play": "episodic_task",
    "KnowsBest": "players",
    "OneShot": "players",
    "Player": "players",
    "ThompsonSampling": "players",
    "UniformlyRandom": "players",
    "WinStay": "players",
}

__all__ = [
    "Episodes",
    "EpisodicTask",
    "KnowsBest",
    "OneShot",
    "Play",
    "Player",
    "ThompsonSampling",
    "UniformlyRandom",
    "WinStay",
]

__getattr__, __dir__ = attach(__name__, _NAMES)
