"""Pictures of LRN13: accuracy through training and at the end, angles to back-propagation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tertium import figure
from tertium.studies.base import Picture
from tertium.studies.pictures.over_seeds import mean_and_interval

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from numpy.typing import NDArray

    Curves = Mapping[str, Mapping[str, NDArray[np.float64]]]

#: Conditions as they are named, each with its colour and dash throughout.
NAMED = {
    "back-propagation": ("back-propagation", 6, "solid"),
    "dendrites": ("state of dendrites", 0, "solid"),
    "plateaus": ("plateaus (BTSP)", 2, "solid"),
    "hebbian": ("Hebb's rule", 4, "solid"),
    "shuffled": ("wrong units", 1, "solid"),
    "dendrites-fixed": ("dendrites, outputs fixed", 0, "dot"),
    "shuffled-fixed": ("wrong units, outputs fixed", 1, "dot"),
    "outputs-only": ("only outputs learn", 3, "solid"),
    "free": ("back-propagation, free signs", 5, "dash"),
}


def pictures(results: Sequence[Curves]) -> Iterator[Picture]:
    """Yield accuracy through training, at the end, and angles."""
    n = len(results)
    over = f"mean and 95 % interval over {n} seeds" if n > 1 else "one seed"
    yield Picture(
        "accuracy",
        curves(results, "accuracy", "held-out digits told right (%)"),
        f"Accuracy through training, {over}; 2,000 held-out digits at full size. Chance is 10 %. "
        "Where Hebb's rule forms the hidden layers, outputs learn by their own errors; little is told right at any "
        "time, and outputs may fall silent.",
    )
    yield Picture(
        "final",
        at_the_end(results),
        f"Accuracy at the end (mean of the last two measurements), {over}. Dashed: what the canon asks for (85 %), and "
        "what is left where top-down input arrives at wrong units (20 %).",
    )
    drawn = curves(results, "angle", "angle to back-propagation (degrees)")
    figure.limit_line(drawn, 90, "unrelated")
    drawn.update_yaxes(range=[0, 100])
    yield Picture(
        "angles",
        drawn,
        f"Synapses from below of hidden layers, mean over the two layers, 100 held-out digits, {over}.",
    )


def curves(results: Sequence[Curves], column: str, what: str) -> go.Figure:
    """Draw one column of the curves of each condition against training steps."""
    drawn = figure.new(x="training step", y=what)
    for name, (label, colour, dash) in NAMED.items():
        if column not in results[0][name]:
            continue
        mean, half = mean_and_interval([one[name][column] for one in results])
        figure.lines_with_band(
            drawn,
            results[0][name]["step"].tolist(),
            mean.tolist(),
            np.maximum(mean - half, 0).tolist(),
            np.minimum(mean + half, 180 if column == "angle" else 100).tolist(),
            label,
            colour=figure.COLOURS[colour],
            dash=dash,
        )
    if column == "accuracy":
        drawn.update_yaxes(range=[0, 100])
    return drawn


def at_the_end(results: Sequence[Curves]) -> go.Figure:
    """Draw the accuracy of each condition at the end."""
    mean, half = mean_and_interval([[one[name]["accuracy"][-2:].mean() for name in NAMED] for one in results])
    drawn = figure.new(x="held-out digits told right (%)", y="way of learning")
    figure.dots_with_intervals(
        drawn,
        [label for label, _, _ in NAMED.values()],
        mean.tolist(),
        np.maximum(mean - half, 0).tolist(),
        np.minimum(mean + half, 100).tolist(),
        horizontal=True,
    )
    for at in (20, 85):
        figure.limit_line(drawn, at, "", vertical=True)
    drawn.update_xaxes(range=[0, 100])
    return drawn
