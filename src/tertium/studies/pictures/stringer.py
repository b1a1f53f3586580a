"""The pictures of the study ``stringer2021``: a compass read three ways, a bound approached, a hand followed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tertium import figure
from tertium.studies.base import Picture
from tertium.studies.pictures.over_seeds import add

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.studies.stringer2021 import Stringer2021

COLOUR = {"linear": figure.COLOURS[0], "Bayes": figure.COLOURS[2], "network": figure.COLOURS[1]}
DASH = {"linear": "dash", "Bayes": "solid", "network": "dot"}


def pictures(results: Sequence[Stringer2021.Results]) -> Iterator[Picture]:
    """Yield all pictures; recordings are the same for all seeds, which differ in a network's first weights."""
    first, n = results[0], len(results)
    bins = len(first.compass["errors"]["linear"])
    yield Picture(
        "compass",
        errors(first),
        f"Share of {bins} bins of 200 ms whose decoded direction is off by no more than the abscissa; 19 "
        "head-direction cells, five blocks of time. Legend: medians with 95 % intervals (bootstrap over "
        "stretches of time). First seed.",
    )
    yield Picture(
        "blocks",
        blocks(results),
        "The same by block of the recording. All are worst in the last block, whose tuning is not that of the others; "
        f"the network loses least there. Dots: mean over {n} seeds, bars: 95 % interval over seeds.",
    )
    yield Picture(
        "cells",
        cells(results),
        "Bayesian decoding from some of the cells (mean of ten draws), and from simulated twins of these cells: same "
        "tuning, same movements, independent Poisson noise. That noise explains less than half of the error: "
        "the rest is noise that cells share, drift, and an internal compass that is not where the head is. "
        f"Bars: 95 % interval over {n} seeds (draws of cells).",
    )
    yield Picture(
        "bound",
        bound(results),
        "Simulated Poisson populations with tuning like the recorded cells': error against number of units, both axes "
        "logarithmic, and the Cramér-Rao bound. Jittered: all units share an error of 3 degrees from trial to trial, "
        f"and more units help less. Bars: 95 % interval over {n} seeds.",
    )
    yield Picture(
        "information",
        information(results),
        "Linear Fisher information estimated from trials of two angles 3 degrees apart, over its closed form, at "
        "twelve angles, without the bias of few trials (4,000 trials an angle) and with it (60 trials an angle). "
        f"Bars: 95 % interval over {n} seeds.",
    )
    hand = first.reaching
    intervals = zip(hand["linear"], *hand["interval"], strict=True)
    yield Picture(
        "reaching",
        reaching(first),
        "Velocity of the hand (in the file's own unit) along both axes, done and decoded from counts of three bins by "
        "ridge regression fitted to other blocks of time; 200 of 3,018 bins. Cross-validated R2 "
        + " and ".join(f"{a:.2f} [{b:.2f}, {c:.2f}]" for a, b, c in intervals)
        + ", of a network "
        + " and ".join(f"{a:.2f}" for a in hand["network"])
        + ". First seed.",
    )


def errors(results: Stringer2021.Results) -> go.Figure:
    """Draw the cumulative distribution of errors of the three decoders."""
    found = results.compass
    drawn = figure.new(x="absolute error (degrees)", y="share of bins (%)")
    for name, values in found["errors"].items():
        known = np.sort(values[np.isfinite(values)])
        at = np.linspace(0, 90, 181)
        low, high = found["interval"][name]
        drawn.add_scatter(
            x=at,
            y=100 * np.searchsorted(known, at, side="right") / len(known),
            mode="lines",
            line={"color": COLOUR[name], "dash": DASH[name], "width": 2},
            name=f"{name}: {found['median'][name]:.1f}° [{low:.1f}, {high:.1f}]",
        )
    figure.limit_line(drawn, 50.0, "median")
    drawn.update_layout(legend={"x": 0.98, "y": 0.05, "xanchor": "right", "yanchor": "bottom"})
    return drawn.update_yaxes(range=[0, 100])


def blocks(results: Sequence[Stringer2021.Results]) -> go.Figure:
    """Draw the median error of each decoder in each block."""
    drawn = figure.new(x="block of the recording (7 min each)", y="median error (degrees)")
    for i, name in enumerate(COLOUR):
        rows = np.array([one.compass["blocks"][name] for one in results])
        at = np.arange(1, rows.shape[1] + 1) + 0.08 * (i - 1)
        style = {"color": COLOUR[name], "dash": DASH[name]}
        add(drawn, at, rows, mode="lines+markers", name=name, line=style, marker={"size": 8})
    return drawn.update_yaxes(rangemode="tozero").update_xaxes(dtick=1)


def cells(results: Sequence[Stringer2021.Results]) -> go.Figure:
    """Draw the median error against the number of recorded cells, and of their Poisson twins."""
    drawn = figure.new(x="cells decoded together", y="median error (degrees)")
    for name, colour, what in (("recorded", figure.COLOURS[0], "recorded"), ("twins", "#7F7F7F", "Poisson twins")):
        rows = [one.cells[name] for one in results]
        add(drawn, results[0].cell_counts, rows, mode="lines+markers", name=what, line={"color": colour})
    return drawn.update_yaxes(rangemode="tozero")


def bound(results: Sequence[Stringer2021.Results]) -> go.Figure:
    """Draw root mean squared errors against units, with the bound."""
    sizes = results[0].sizes
    drawn = figure.new(x="units", y="root mean squared error (degrees)")
    line = {"color": "#222222", "width": 3}
    mean = np.mean([one.bound["bound"] for one in results], axis=0)
    drawn.add_scatter(x=sizes, y=mean, mode="lines", line=line, name="Cramér-Rao bound")
    for i, (name, what) in enumerate((("Bayes", "Bayes"), ("network", "network"), ("linear", "linear"))):
        style = {"color": COLOUR[name], "dash": DASH[name]}
        rows, at = [one.bound[name] for one in results], np.asarray(sizes) * 1.03 ** (i - 1)
        add(drawn, at, rows, mode="lines+markers", name=what, line=style, marker={"size": 8})
    grey = {"color": "#7F7F7F", "dash": "dashdot"}
    rows = [one.bound["Bayes, jittered"] for one in results]
    add(drawn, sizes, rows, mode="lines+markers", name="Bayes, jittered", line=grey, marker={"symbol": "x", "size": 8})
    ticks = {"tickvals": [1, 2, 5, 10, 20], "ticktext": ["1", "2", "5", "10", "20"]}
    drawn.update_yaxes(type="log", **ticks)
    return drawn.update_xaxes(type="log", tickvals=list(sizes), ticktext=[str(n) for n in sizes])


def information(results: Sequence[Stringer2021.Results]) -> go.Figure:
    """Draw estimated over true information at each angle, with and without bias."""
    drawn = figure.new(x="angle (degrees)", y="estimate / closed form", height=340)
    at = 30.0 * np.arange(12)
    for key, what, colour, symbol in (
        ("estimate", "without bias", figure.COLOURS[0], "circle"),
        ("naive", "naive, few trials", "#7F7F7F", "x"),
    ):
        rows = [one.information[key] for one in results]
        add(drawn, at, rows, mode="markers", name=what, marker={"color": colour, "symbol": symbol, "size": 8})
    figure.limit_line(drawn, 1.0, "")
    return drawn.update_xaxes(dtick=90).update_yaxes(rangemode="tozero")


def reaching(results: Stringer2021.Results) -> go.Figure:
    """Draw both axes of the hand's velocity, done and decoded."""
    drawn = figure.new(x="bin", y="velocity x (file's unit)", height=440)
    found = results.reaching
    for axis, (key, where) in enumerate((("y", 1.0), ("y2", 0.46))):
        for name, colour, what in (("observed", "#222222", "done"), ("decoded", figure.COLOURS[1], "decoded")):
            line = {"color": colour, "width": 1.6}
            values = found[name][:, axis]
            drawn.add_scatter(y=values, mode="lines", line=line, name=what, yaxis=key, showlegend=where == 1.0)
    below = drawn.layout.yaxis.to_plotly_json() | {"domain": [0.0, 0.46], "anchor": "x"}
    below["title"] = below["title"] | {"text": "velocity y (file's unit)"}
    return drawn.update_layout(yaxis2=below, yaxis_domain=[0.54, 1.0], xaxis_anchor="y2")
