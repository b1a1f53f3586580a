"""Drawings of CEL01: what each neuron tells right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tertium import figure
from tertium.studies.base import Picture
from tertium.studies.pictures.over_seeds import mean_and_interval

if TYPE_CHECKING:
    from tertium.studies.jones2021 import Jones2021

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
    """Draw a dot with its interval for each neuron, of held-out images and of those it learned from."""
    drawn = figure.new(x="images told right (%)", y="neuron or classifier", width=820, height=560)
    for part, label, colour in (
        ("held_out", "held out", figure.COLOURS[0]),
        ("learned", "learned from", figure.COLOURS[2]),
    ):
        rows = [[getattr(one, part)[name] for name in NAMED] for one in results]
        mean, half = mean_and_interval(rows)
        drawn.add_scatter(
            x=mean,
            y=list(NAMED.values()),
            error_x=figure.error_bars(mean.tolist(), (mean - half).tolist(), (mean + half).tolist()),
            mode="markers",
            marker={"size": 9, "color": colour, "symbol": "circle" if part == "held_out" else "circle-open"},
            name=label,
        )
    drawn.update_yaxes(autorange="reversed")
    n = len(results)
    return Picture(
        "accuracies",
        drawn,
        f"{'Mean and 95 % interval over ' + str(n) + ' seeds' if n > 1 else 'One seed'}, about 480 held-out images "
        "each. "
        "Chance is near 50 %. Trees of 32 subtrees and the dense network have about 75,000 parameters.",
    )
