"""Floor 7, studies: the canon, one file a study; each runs with one command and its claims are checked by machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tertium._lazy import attach

if TYPE_CHECKING:
    from tertium.studies.base import Picture, Reference, Study, StudyConfig
    from tertium.studies.catalogue import STUDIES, canon
    from tertium.studies.claim import (
        Claim,
        Control,
        above,
        at_least,
        at_most,
        below,
        between,
        exactly,
    )
    from tertium.studies.handle import get
    from tertium.studies.lab import Lab, MemoryLab
    from tertium.studies.leaderboard.board import Leaderboard, score

__all__ = [
    "STUDIES",
    "Claim",
    "Control",
    "Lab",
    "Leaderboard",
    "MemoryLab",
    "Picture",
    "Reference",
    "Study",
    "StudyConfig",
    "above",
    "at_least",
    "at_most",
    "below",
    "between",
    "canon",
    "exactly",
    "get",
    "score",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        **dict.fromkeys(("STUDIES", "canon"), "catalogue"),
        **dict.fromkeys(("Picture", "Reference", "Study", "StudyConfig"), "base"),
        **dict.fromkeys(("Claim", "Control", "above", "at_least", "at_most", "below", "between", "exactly"), "claim"),
        **dict.fromkeys(("Lab", "MemoryLab"), "lab"),
        **dict.fromkeys(("Leaderboard", "score"), "leaderboard.board"),
        "get": "handle",
    },
)
