"""Pictures of targeted axes of networks that judge motion or colour, and of LIP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tertium import figure
from tertium.dynamics.axes.panels import panels, shades
from tertium.studies.methods.mante_networks import CONTEXTS, INPUTS

if TYPE_CHECKING:
    import plotly.graph_objects as go

HUES = (figure.COLOURS[0], figure.COLOURS[1])


def separation(results: Sequence[Any]) -> go.Figure:
    """Draw how far strong evidence is apart along its own axis and along the choice axis, relevant or not."""
    drawn = panels(["along the input's own axis", "along the choice axis"], x="context", y=["separation (z-score)", ""])
    for column, field in enumerate(("separation", "along_choice")):
        values = np.array([getattr(one, field) for one in results])
        jitter = np.linspace(-0.05, 0.05, len(values)) if len(values) > 1 else np.zeros(len(values))
        for j, name in enumerate(INPUTS):
            for i in range(len(CONTEXTS)):
                drawn.add_scatter(
                    x=i - 0.12 + 0.24 * j + jitter,
                    y=values[:, j, i],
                    mode="markers",
                    marker={"size": 7, "color": HUES[j], "symbol": "circle" if i == j else "circle-open"},
                    name=f"{name}, {'relevant' if i == j else 'irrelevant'}",
                    showlegend=column == 0,
                    row=1,
                    col=column + 1,
                )
        drawn.update_xaxes(tickvals=[0, 1], ticktext=[f"judge {c}" for c in CONTEXTS], row=1, col=column + 1)
        drawn.update_yaxes(rangemode="tozero", row=1, col=column + 1)
    return drawn


def over_time(one: Any) -> go.Figure:
    """Draw mean paths along the axes of motion and colour over time, in both contexts."""
    drawn = panels([f"{name} axis" for name in INPUTS], x="time (s)", y=["projection (z-score)", ""])
    found = one.paths
    hues = shades(len(found["levels"]))
    for j in range(len(INPUTS)):
        for i in range(len(CONTEXTS)):
            for k, level in enumerate(found["levels"]):
                drawn.add_scatter(
                    x=found["time"],
                    y=found["mean"][i, j, k, :, 1 + j],
                    mode="lines",
                    line={"color": hues[k], "width": 1.8, "dash": "solid" if i == j else "dash"},
                    name=f"{level:+g}",
                    legendgroup="levels",
                    legendgrouptitle={"text": "evidence"},
                    showlegend=j == 0 and i == 0,
                    row=1,
                    col=j + 1,
                )
    for label, dash in (("relevant", "solid"), ("irrelevant", "dash")):
        drawn.add_scatter(
            x=[None], y=[None], mode="lines", line={"color": "#444444", "dash": dash}, name=label, showlegend=True
        )
    return drawn


def components(results: Sequence[Any]) -> go.Figure:
    """Draw the cumulative variance of principal components, with shuffled units."""
    drawn = figure.new(x="principal components", y="variance of the averages (%)")
    for field, label, hue, dash in (
        ("variance", "networks", figure.COLOURS[0], "solid"),
        ("variance_shuffled", "shuffled", figure.COLOURS[6], "dash"),
    ):
        for k, one in enumerate(results):
            values = 100 * getattr(one, field)[:20]
            drawn.add_scatter(
                x=list(range(1, len(values) + 1)),
                y=values,
                mode="lines",
                line={"color": hue, "width": 1.5, "dash": dash},
                name=label,
                legendgroup=label,
                showlegend=k == 0,
            )
    figure.limit_line(drawn, 90, "90 %")
    figure.limit_line(drawn, 12, "12", vertical=True)
    drawn.update_yaxes(range=[0, 103])
    return drawn


def angles(results: Sequence[Any]) -> go.Figure:
    """Draw the angle between the choice axes of the contexts in each network."""
    drawn = figure.new(x="network", y="angle of the choice axes (degrees)")
    places = list(range(1, len(results) + 1))
    for field, label, symbol in (
        ("angle", "networks", "circle"),
        ("angle_shuffled", "choices shuffled", "circle-open"),
    ):
        drawn.add_scatter(
            x=places,
            y=[getattr(one, field) for one in results],
            mode="markers",
            marker={"size": 8, "color": figure.COLOURS[0], "symbol": symbol},
            name=label,
            showlegend=True,
        )
    figure.limit_line(drawn, 30, "30°")
    drawn.update_yaxes(range=[0, 92], dtick=15)
    drawn.update_xaxes(dtick=1)
    return drawn


def lip(found: Mapping[str, Any]) -> go.Figure:
    """Draw averages of LIP by signed motion along the axes of choice and motion over time."""
    drawn = panels(["choice axis", "motion axis"], x="time from the onset of the motion (s)", y=["z-score", ""])
    levels, hues = found["levels"], shades(len(found["levels"]))
    for axis in range(2):
        for k, level in enumerate(levels):
            mean, error = found["projections"][k, :, axis], found["errors"][k, :, axis]
            if k in (0, len(levels) - 1):
                drawn.add_scatter(
                    x=np.concatenate([found["time"], found["time"][::-1]]),
                    y=np.concatenate([mean - error, (mean + error)[::-1]]),
                    fill="toself",
                    fillcolor=figure.translucent(hues[k], 0.2),
                    line={"width": 0},
                    mode="lines",
                    hoverinfo="skip",
                    showlegend=False,
                    row=1,
                    col=axis + 1,
                )
            drawn.add_scatter(
                x=found["time"],
                y=mean,
                mode="lines",
                line={"color": hues[k], "width": 1.8},
                name=f"{level:+g} %" if level else "0 %",
                legendgroup="levels",
                legendgrouptitle={"text": "motion"},
                showlegend=axis == 0,
                row=1,
                col=axis + 1,
            )
    return drawn
