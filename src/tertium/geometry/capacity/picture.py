"""Drawings of capacities: manifold by manifold, and the share of separable labellings against dimensions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tertium import figure

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.geometry.capacity.mean_field import ManifoldCapacity
    from tertium.geometry.capacity.simulation import SimulatedCapacity


def capacity_figure(found: ManifoldCapacity) -> go.Figure:
    """Draw capacity against radius and against dimension, a dot a manifold, and that of balls alike."""
    from plotly.subplots import make_subplots

    low, high = found.interval
    of = f"{len(found.names)} manifolds, {found.units} units"
    base = figure.new(
        title=f"capacity {found.value:.3g} [{low:.3g}, {high:.3g}], radius {found.radius:.2f}, dimension "
        f"{found.dimension:.1f}; {of}"
    ).layout
    drawn = make_subplots(1, 2, horizontal_spacing=0.14)
    drawn.update_layout({k: v for k, v in base.to_plotly_json().items() if k not in ("xaxis", "yaxis")})
    drawn.update_xaxes(base.xaxis)
    drawn.update_yaxes(base.yaxis)
    bars = 1.96 * found.errors * found.capacities**2
    look = {"color": figure.COLOURS[0], "size": 7}
    for column, values, title in (
        (1, found.radii, "radius R<sub>M</sub> (norms of the centre)"),
        (2, found.dimensions, "dimension D<sub>M</sub>"),
    ):
        drawn.add_scatter(
            x=values, y=found.capacities, mode="markers", marker=look, showlegend=False, text=list(found.names),
            error_y={"array": bars, "thickness": 1, "width": 0}, row=1, col=column,
        )  # fmt: skip
        drawn.update_xaxes(title={"text": title}, rangemode="tozero", row=1, col=column)
        drawn.update_yaxes(
            title={"text": "capacity (manifolds a unit; bars 95 %)"}, rangemode="tozero", row=1, col=column
        )
    return drawn


def separable_figure(found: SimulatedCapacity) -> go.Figure:
    """Draw the share of separable labellings against the dimensions of the readout, and where it is one half."""
    low, high = found.interval
    drawn = figure.new(
        x="dimensions of the readout",
        y=f"separable labellings (% of {found.draws})",
        title=f"simulated capacity {found.value:.3g} [{low:.3g}, {high:.3g}], {found.manifolds} manifolds",
    )
    shares = 100 * found.separable / found.draws
    z = 1.96
    n, p = found.draws, found.separable / found.draws
    middle, half = p + z**2 / (2 * n), z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))  # Wilson's interval
    ends = [(100 * (middle + sign * half) / (1 + z**2 / n)).tolist() for sign in (-1, 1)]
    figure.dots_with_intervals(drawn, found.sizes.tolist(), shares.tolist(), *ends)
    fine = np.linspace(found.sizes[0], found.sizes[-1], 200)
    line = {"color": figure.COLOURS[1], "width": 2}
    drawn.add_scatter(x=fine, y=100 * found.curve(fine), mode="lines", line=line, showlegend=False)
    figure.limit_line(drawn, found.critical, f"one half at {found.critical:.1f}", vertical=True)
    drawn.update_yaxes(range=[-3, 103])
    return drawn
