"""Drawings of FND03: XOR and parity, perceptrons and hidden units."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tertium import figure
from tertium.studies.pictures.over_seeds import add
from tertium.theory import parity_ceiling

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.studies.minsky1969 import Minsky1969


def learning(results: Sequence[Minsky1969.Results]) -> go.Figure:
    """Draw the fraction of networks that have solved XOR by each sweep."""
    drawn = figure.new(x="sweeps through the four patterns", y="networks that solved XOR (fraction)")
    for hidden in results[0].curves:
        length = len(results[0].curves[hidden])
        shown = np.unique(np.geomspace(1, length, 14).astype(int)) - 1
        name = f"{hidden} hidden unit{'s' if hidden != '1' else ''}"
        add(drawn, shown + 1, [r.curves[hidden][shown] for r in results], mode="lines+markers", name=name)
    drawn.add_hline(y=0, line={"dash": "dash", "color": "#222222"})
    drawn.update_xaxes(type="log", tickvals=[1, 10, 100, 1000, 10000])
    drawn.update_yaxes(range=[-0.04, 1.04])
    return drawn


def hidden(results: Sequence[Minsky1969.Results]) -> go.Figure:
    """Draw the fraction of networks that solve XOR against hidden units."""
    drawn = figure.new(x="hidden units", y="networks that solved XOR (fraction)")
    hidden = list(results[0].solved)
    add(
        drawn,
        [int(k) for k in hidden],
        [[r.solved[k] for k in hidden] for r in results],
        mode="lines+markers",
        name="logistic",
    )
    add(
        drawn,
        [8],
        [[r.solved_linear] for r in results],
        mode="markers",
        name="linear",
        marker={"symbol": "triangle-up", "size": 11},
    )
    drawn.update_xaxes(dtick=1)
    drawn.update_yaxes(range=[-0.04, 1.04])
    return drawn


def parity(results: Sequence[Minsky1969.Results]) -> go.Figure:
    """Draw parity: best perceptron, its ceiling, networks that solve it."""
    drawn = figure.new(x="bits n", y="fraction")
    keys = list(results[0].parity_best)
    bits = [int(n) for n in keys]
    best = [max(float(r.parity_best[n].max()) for r in results) for n in keys]
    ceiling = [parity_ceiling(n) for n in bits]
    drawn.add_scatter(
        x=bits, y=ceiling, mode="lines", name="ceiling, one unit", line={"color": "#222222", "dash": "dot"}
    )
    drawn.add_scatter(x=bits, y=best, mode="markers", name="best perceptron (patterns right)")
    add(
        drawn, bits, [[r.parity_solved[n] for n in keys] for r in results],
        mode="lines+markers", name="2n hidden units (nets solved)", marker={"symbol": "square"},
    )  # fmt: skip
    drawn.update_xaxes(dtick=1)
    drawn.update_yaxes(range=[-0.04, 1.04])
    return drawn
