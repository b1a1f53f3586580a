"""Drawings of DYN01: errors against steps, a phase plane, runs and their shadows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tertium import figure
from tertium.dynamics import fixed_points, flow_field, simulate
from tertium.studies.methods.vyas import fitzhugh_nagumo

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.studies.vyas2020 import Vyas2020


def orders(results: Sequence[Vyas2020.Results]) -> go.Figure:
    """Draw the errors of both methods against the step."""
    drawn = figure.new(x="step (time constants)", y="relative error")
    for name, colour, curves in (
        ("Euler", figure.COLOURS[0], [(r.euler_steps, r.euler_errors) for r in results]),
        ("Runge and Kutta, fourth order", figure.COLOURS[1], [(r.rk4_steps, r.rk4_errors) for r in results]),
    ):
        for seed, (steps, errors) in enumerate(curves):
            look = {"line": {"color": colour, "width": 1.3}, "marker": {"color": colour, "size": 5}}
            drawn.add_scatter(
                x=1 / np.asarray(steps), y=errors, mode="lines+markers", name=name, legendgroup=name,
                showlegend=not seed, **look,
            )  # fmt: skip
    figure.limit_line(drawn, 1e-6, "1e-6")
    drawn.update_xaxes(type="log", exponentformat="power", dtick=1)
    drawn.update_yaxes(type="log", exponentformat="power", dtick=2)
    drawn.update_layout(legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}, margin_t=40)
    return drawn


def phase_plane() -> go.Figure:
    """Draw FitzHugh and Nagumo's model."""
    from tertium.studies.vyas2020 import CURRENT, HIGH, LOW

    velocity = fitzhugh_nagumo(CURRENT)
    run = simulate(velocity, [-2.0, 1.5], 1500, time="continuous", dt=0.05)
    points = fixed_points(velocity, np.zeros((1, 2)), time="continuous")
    field = flow_field(velocity, LOW, HIGH, 61, time="continuous")
    return field.figure(run, points, names=("potential v (1)", "recovery w (1)"), unit="1 / unit of time")


def shadows(first: Vyas2020.Results) -> go.Figure:
    """Draw runs of both networks in their planes, what the fields make of them, and the projection error."""
    from plotly.subplots import make_subplots

    titles = [f"{name}: R² {first.explained[name]:.3f}" for name in first.runs]
    panels = make_subplots(1, 2, subplot_titles=titles, horizontal_spacing=0.12)
    base = figure.new(height=440).layout
    panels.update_layout({k: v for k, v in base.to_plotly_json().items() if k not in ("xaxis", "yaxis")})
    panels.update_xaxes(base.xaxis, title_text="first axis (state)")
    panels.update_yaxes(base.yaxis, title_text="second axis (state)")
    for column, name in enumerate(first.runs, start=1):
        where = {"row": 1, "col": column}
        low, high, errors = first.low[name], first.high[name], np.asarray(first.errors[name])
        places = [np.linspace(low[i], high[i], errors.shape[i]) for i in range(2)]
        title = {"text": "velocity that leaves the plane (fraction)", "side": "right", "font": {"size": 13}}
        panels.add_heatmap(
            x=places[0], y=places[1], z=errors.T, zmin=0, zmax=1, colorscale=[[0, "#FFFFFF"], [1, "#7FA8C9"]],
            showscale=column == 2, colorbar={"title": title, "thickness": 12, "outlinewidth": 0}, **where,
        )  # fmt: skip
        for run, (true, led) in enumerate(zip(first.runs[name], first.followed[name], strict=True)):
            shown = {"mode": "lines", "showlegend": column == 1 and run == 0}
            wide = {"color": "#888888", "width": 6}
            panels.add_scatter(
                x=true[:, 0], y=true[:, 1], line=wide, name="network", legendgroup="network", **shown, **where
            )
            line = {"color": figure.COLOURS[1], "width": 1.8}
            panels.add_scatter(
                x=led[:, 0], y=led[:, 1], line=line, name="field in the plane", legendgroup="field", **shown, **where
            )
        panels.update_xaxes(range=[low[0], high[0]], **where)
        panels.update_yaxes(range=[low[1], high[1]], **where)
    panels.update_layout(legend={"orientation": "h", "y": 1.1, "yanchor": "bottom", "x": 0}, margin_t=80)
    return panels
