"""Drawings of CEL01: what each neuron tells right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tertium import figure
from tertium.studies.base import Picture

if TYPE_CHECKING:
    from tertium.studies.jones2021 import Jones2021

#: Accuracies below this (percent) are those of neurons that learned nothing, and are told in the caption.
LEAST = 70.0
NAMED = {
    "discriminant": "linear discriminant",
    "shrunk": "linear discriminant, shrunk",
    "linear": "32 subtrees without thresholds",
    "1-tree": "1 subtree",
    "divided": "28 subtrees, inputs shared out",
    "chain": "32 chains",
    "k-tree": "32 subtrees",
    "passive": "32, conductances",
    "nmda": "32, NMDA receptors",
    "synapses": "32, synaptic conductances",
    "dense": "dense network",
}


def accuracies(results: Sequence[Jones2021.Results]) -> Picture:
    """Draw a dot for each neuron and seed, of held-out images and of those it learned from, and the held-out mean."""
    drawn = figure.new(x="images told right (%)", y="neuron or classifier", width=820, height=560)
    for part, label, colour, symbol in (
        ("learned", "learned from", figure.COLOURS[2], "circle-open"),
        ("held_out", "held out", figure.COLOURS[0], "circle"),
    ):
        rows = np.array([[getattr(one, part)[name] for name in NAMED] for one in results])
        drawn.add_scatter(
            x=rows.ravel(),
            y=list(NAMED.values()) * len(rows),
            mode="markers",
            marker={"size": 8, "color": colour, "symbol": symbol},
            name=label,
        )
    bar = {"size": 16, "color": figure.COLOURS[0], "symbol": "line-ns-open", "line": {"width": 2}}
    drawn.add_scatter(x=rows.mean(0), y=list(NAMED.values()), mode="markers", marker=bar, name="held out, mean")
    drawn.update_yaxes(autorange="reversed")
    if len(off := rows[rows < LEAST]):
        drawn.update_xaxes(range=[LEAST, 100.5])
    outside = f" Off the axis: {', '.join(f'{one:.0f} %' for one in off)} (no better than chance)." if len(off) else ""
    return Picture(
        "accuracies",
        drawn,
        f"A dot for each of {len(results)} seeds, about 480 held-out images each; bars: means over seeds.{outside} "
        "Chance is near 50 %. Trees of 32 subtrees and the dense network have about 75,000 parameters.",
    )
