"""What a picture of a task is made of: a row for each block of channels, a column for each trial."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from tertium.tasks.channels import Channel
from tertium.tasks.trial_batch import TrialBatch

#: Blocks with more channels than this are drawn as colours, not as lines.
MOST_LINES = 6

# Pixels.
_LINE, _STACKED, _COLOURS = 46, 24, 92


@dataclass(frozen=True)
class Row:
    """One row of a picture: a block of channels of every trial that is shown."""

    group: str
    block: Channel
    values: list[npt.NDArray[np.float32]]

    @property
    def kind(self) -> str:
        """How it is drawn: as "lines" or, where there are many channels, as "colours"."""
        return "colours" if self.block.size > MOST_LINES else "lines"

    @property
    def stacked(self) -> bool:
        """Whether its lines are drawn one below the other: more than two would hide each other."""
        return self.kind == "lines" and self.block.size > 2

    @property
    def height(self) -> int:
        """Pixels."""
        if self.stacked:
            return _STACKED * self.block.size
        return _COLOURS if self.kind == "colours" else _LINE

    @property
    def limits(self) -> tuple[float, float]:
        """Smallest and largest value in all trials, zero among them."""
        low = min(float(v.min(initial=0.0)) for v in self.values)
        high = max(float(v.max(initial=0.0)) for v in self.values)
        return (low, high) if high > low else (low, low + 1.0)


@dataclass(frozen=True)
class Column:
    """One trial and what it is called."""

    title: str
    batch: TrialBatch
    trial: int

    @property
    def steps(self) -> int:
        """How long the trial is, in steps."""
        return int(self.batch.lengths[self.trial])

    @property
    def seconds(self) -> float:
        """How long the trial is, in seconds."""
        return self.steps * self.batch.dt


@dataclass
class Sheet:
    """What a picture is made of, put together before Plotly checks it once (piece by piece takes ten times as long)."""

    traces: list[dict[str, Any]] = field(default_factory=list)
    axes: dict[str, Any] = field(default_factory=dict)
    shapes: list[dict[str, Any]] = field(default_factory=list)
    annotations: list[dict[str, Any]] = field(default_factory=list)

    def axis(self, name: str, settings: Mapping[str, Any]) -> None:
        """Set an axis, or add to its settings."""
        self.axes[name] = self.axes.get(name, {}) | settings

    def note(self, text: str, **settings: Any) -> None:
        """Write a text; ``x`` and ``y`` are fractions of the picture unless an axis is named."""
        self.annotations.append({"text": text, "xref": "paper", "yref": "paper", "showarrow": False} | settings)
