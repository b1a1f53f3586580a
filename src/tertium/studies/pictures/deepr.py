"""Drawings of SNN04: what sparse networks tell right, and how many connections they have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tertium import figure
from tertium.studies.base import Picture
from tertium.studies.pictures.over_seeds import mean_and_interval

if TYPE_CHECKING:
    from tertium.studies.bellec2018deepr import Bellec2018DeepR

NAMED = {
    "dense": "dense",
    "deep-r": "12 %, rewired",
    "dale": "12 %, rewired, Dale",
    "static": "12 %, random mask",
    "sparse-deep-r": "1.3 %, rewired",
    "sparse-static": "1.3 %, random mask",
    "sparse-shrinking": "1.3 % at first, no growth",
}


def accuracies(results: Sequence[Bellec2018DeepR.Results]) -> Picture:
    """Draw a dot with its interval for each network."""
    drawn = figure.new(x="held-out digits told right (%)", y="network", width=720, height=400)
    mean, half = mean_and_interval([[one.accuracy[name] for name in NAMED] for one in results])
    drawn.add_scatter(
        x=mean,
        y=list(NAMED.values()),
        error_x=figure.error_bars(mean.tolist(), (mean - half).tolist(), (mean + half).tolist()),
        mode="markers",
        marker={"size": 9, "color": figure.COLOURS[0]},
        showlegend=False,
    )
    drawn.update_yaxes(autorange="reversed")
    return Picture("accuracies", drawn, f"{_over(results)}; 2,000 held-out digits at full size. Chance is 10 %.")


def connections(results: Sequence[Bellec2018DeepR.Results]) -> Picture:
    """Draw the number of connections over training, relative to that at first."""
    drawn = figure.new(x="share of training done (%)", y="connections, relative to the first", width=720, height=400)
    for i, name in enumerate(("deep-r", "dale", "sparse-deep-r", "sparse-shrinking")):
        rows = np.array([one.counts[name] / one.counts[name][0] for one in results])
        mean, half = mean_and_interval(rows)
        figure.lines_with_band(
            drawn,
            np.linspace(0, 100, rows.shape[1]).tolist(),
            mean.tolist(),
            (mean - half).tolist(),
            (mean + half).tolist(),
            NAMED[name],
            colour=figure.COLOURS[i],
            dash=("solid", "dash", "dot", "solid")[i],
        )
    drawn.update_yaxes(range=[0, 1.1])
    moved = {name: 100 * float(np.mean([one.moved[name] for one in results])) for name in ("deep-r", "sparse-deep-r")}
    return Picture(
        "connections",
        drawn,
        f"{_over(results)}. All rewired networks lie on the line at 1. Of the connections that a rewired network has "
        f"at the end, {moved['deep-r']:.0f} % (of 12 %) and {moved['sparse-deep-r']:.0f} % (of 1.3 %) were not there "
        "at first.",
    )


def _over(results: Sequence[Bellec2018DeepR.Results]) -> str:
    return f"Mean and 95 % interval over {len(results)} seeds" if len(results) > 1 else "One seed"
