"""tertium: artificial neural networks as models of the brain.

*Tertium comparationis*, the third thing by which two are compared: one labelled table of responses, the same for
a brain and for a network. ``import tertium as tt`` loads nothing heavy; each floor is imported when it is used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

__all__ = [
    "__version__",
    "behavior",
    "compare",
    "data",
    "dynamics",
    "geometry",
    "learning",
    "models",
    "record",
    "run",
    "studies",
    "tasks",
    "theory",
]

if TYPE_CHECKING:
    from tertium import (
        behavior,
        compare,
        data,
        dynamics,
        geometry,
        learning,
        models,
        record,
        run,
        studies,
        tasks,
        theory,
    )


def __getattr__(name: str) -> Any:
    """Import a floor the first time it is asked for (PEP 562)."""
    if name.startswith("_") or name not in __all__:
        raise AttributeError(f"module 'tertium' has no attribute '{name}'; it has {', '.join(__all__)}")
    return importlib.import_module(f"tertium.{name}")


def __dir__() -> list[str]:
    return sorted(__all__)
