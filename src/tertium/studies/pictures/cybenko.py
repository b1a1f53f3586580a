"""Drawings of FND09: error against width, the region of two pieces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tertium import figure

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.studies.cybenko1989 import Cybenko1989


def errors(results: Sequence[Cybenko1989.Results]) -> go.Figure:
    """Draw the largest error against hidden units, log-log, with the range over seeds."""
    drawn = figure.new(x="hidden units", y="largest error (units of the function)", height=420)
    first = results[0]
    widths = first.widths.tolist()
    curves: list[tuple[str, list[Any], dict[str, str]]] = [
        (name, [r.errors[name] for r in results], {}) for name in first.errors
    ]
    curves += [(name, [r.beside[name] for r in results], {"dash": "dot", "color": "#7F7F7F"}) for name in first.beside]
    some = next(iter(first.linear))
    curves.append((f"{some}, linear units", [r.linear[some] for r in results], {"dash": "dash", "color": "#222222"}))
    for name, rows, line in curves:
        values = np.array(rows)
        middle = np.exp(np.log(values).mean(axis=0))
        bars = figure.error_bars(middle.tolist(), values.min(axis=0).tolist(), values.max(axis=0).tolist())
        drawn.add_scatter(x=widths, y=middle, error_y=bars, mode="lines+markers", name=name, line=line)
    drawn.update_xaxes(type="log", tickvals=widths)
    drawn.update_yaxes(type="log", dtick=1, exponentformat="power")
    return drawn


def region(first: Cybenko1989.Results) -> go.Figure:
    """Draw the region and the network's answer beside each other."""
    from plotly.subplots import make_subplots

    panels = make_subplots(1, 2, subplot_titles=["region", "answer"], horizontal_spacing=0.12)
    style = {k: v for k, v in figure.new(height=360).layout.to_plotly_json().items() if k not in ("xaxis", "yaxis")}
    panels.update_layout(style | {"margin": {"l": 56, "r": 16, "t": 40, "b": 56}})
    along = (np.arange(len(first.region)) + 0.5) / len(first.region)
    for column, table in enumerate((first.region, first.region_answer), start=1):
        panels.add_heatmap(
            x=along, y=along, z=table.T, zmin=0, zmax=1, showscale=False, row=1, col=column,
            colorscale=[[0, "#EEEEEE"], [1, figure.COLOURS[0]]],
        )  # fmt: skip
        panels.update_xaxes(title="x<sub>1</sub>", constrain="domain", row=1, col=column)
        anchor = "x" if column == 1 else f"x{column}"
        panels.update_yaxes(title="x<sub>2</sub>", scaleanchor=anchor, constrain="domain", row=1, col=column)
    return panels
