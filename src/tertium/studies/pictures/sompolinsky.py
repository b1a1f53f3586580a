"""Drawings of DYN02: the zoo's kinds, exponents and memory against gain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tertium import figure

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.studies.sompolinsky1988 import Sompolinsky1988

KINDS = ("fixed point", "limit cycle", "torus", "chaos", "unbounded", "undecided")


def zoo(results: Sequence[Sompolinsky1988.Results]) -> go.Figure:
    """Draw how often each system was found to be of each kind."""
    kinds = results[0].kinds
    names = sorted(kinds, key=lambda name: (KINDS.index(kinds[name]), name))
    counts = np.array([[np.mean([r.found[name] == kind for r in results]) for kind in KINDS] for name in names])
    drawn = figure.new(height=480)
    figure.heatmap(drawn, counts, x=KINDS, y=names, colour="fraction of seeds", scale="Blues", limits=(0.0, 1.0))
    for row, name in enumerate(names):
        column = KINDS.index(kinds[name])
        drawn.add_shape(
            type="rect", x0=column - 0.48, x1=column + 0.48, y0=row - 0.45, y1=row + 0.45,
            line={"color": figure.COLOURS[1], "width": 2.5},
        )  # fmt: skip
    drawn.update_xaxes(side="top", title_text="kind found")
    drawn.update_layout(margin={"t": 72})
    return drawn


def exponents(results: Sequence[Sompolinsky1988.Results]) -> go.Figure:
    """Draw the largest exponents of random and of symmetric networks against gain, with the theory."""
    drawn = figure.new(x="gain g", y="largest exponent (nats per time constant)")
    drawn.add_hline(y=0, line={"color": "#888888", "width": 1})
    first = results[0]
    shown = first.gains <= 2.0
    gains = np.concatenate([[0.8, 1.0], first.gains[shown]])
    theory = np.concatenate([[-0.2, 0.0], first.theory_exponents[shown]])  # below 1 the slowest mode at rest: g - 1
    line = {"color": "#444444", "width": 1.6, "dash": "dash"}
    drawn.add_scatter(x=gains, y=theory, mode="lines+markers", line=line, marker={"size": 4}, name="theory")
    for number, (name, found) in enumerate(
        (("random", [r.exponents for r in results]), ("symmetric", [r.exponents_symmetric for r in results]))
    ):
        pairs = [(float(g), e) for one in found for g, values in one.items() for e in np.asarray(values)]
        x, y = np.array(pairs).T
        look = {"color": figure.COLOURS[number], "size": 7, "symbol": ("circle", "diamond")[number], "opacity": 0.7}
        shift = 0.015 * (2 * number - 1)
        drawn.add_scatter(x=x + shift, y=y, mode="markers", marker=look, name=f"{name}, {first.sizes[0]} units")
    large = [r.exponent_large for r in results]
    look = {"color": figure.COLOURS[2], "size": 8, "symbol": "square"}
    drawn.add_scatter(
        x=np.full(len(large), 1.53), y=large, mode="markers", marker=look, name=f"random, {first.sizes[1]} units"
    )
    return drawn


def memory(results: Sequence[Sompolinsky1988.Results]) -> go.Figure:
    """Draw the time of the autocorrelation against gain, with the theory and the shuffled control."""
    drawn = figure.new(x="gain g", y="time to one half (time constants)")
    first = results[0]
    line = {"color": "#444444", "width": 1.6, "dash": "dash"}
    drawn.add_scatter(x=first.gains, y=first.theory_half, mode="lines", line=line, name="theory")
    for number, (name, found) in enumerate(
        (("measured", [r.half for r in results]), ("times shuffled", [r.half_shuffled for r in results]))
    ):
        for seed, one in enumerate(found):
            look = {"color": figure.COLOURS[number], "size": 8, "symbol": ("circle", "diamond")[number]}
            drawn.add_scatter(
                x=first.gains, y=np.median(one, axis=1), mode="markers", marker=look, name=name, legendgroup=name,
                showlegend=not seed,
            )  # fmt: skip
    drawn.update_xaxes(range=[0.9, first.gains[-1] + 0.15])
    drawn.update_yaxes(rangemode="tozero")
    return drawn
