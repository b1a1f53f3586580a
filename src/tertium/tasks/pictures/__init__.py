"""Pictures of tasks: one trial of each kind, with what is shown, what is asked and how errors count."""

from __future__ import annotations

from tertium.tasks.pictures.page import gallery
from tertium.tasks.pictures.trials import plot

__all__ = ["gallery", "plot"]
