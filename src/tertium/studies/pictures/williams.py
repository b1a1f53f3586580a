"""Drawings of FND11: growth of the Jacobian, Lyapunov spectra, memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tertium import figure
from tertium.studies.pictures import over_seeds

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.studies.williams1989 import Williams1989

_SIZES = {"spectral": "largest singular value", "volume": "geometric mean of all"}


def jacobian(results: Sequence[Williams1989.Results]) -> go.Figure:
    """Draw log sizes against T with the predicted slopes, one panel for each kind of size."""
    from plotly.subplots import make_subplots

    panels = make_subplots(1, 2, subplot_titles=list(_SIZES.values()), horizontal_spacing=0.12)
    base = figure.new(x="T (steps)", y="log size of dh<sub>T</sub>/dh<sub>0</sub> (nats)", height=420).layout
    panels.update_layout({k: v for k, v in base.to_plotly_json().items() if k not in ("xaxis", "yaxis")})
    panels.update_xaxes(base.xaxis)
    panels.update_yaxes(base.yaxis)
    panels.update_layout(margin={"t": 40})
    first = results[0]
    for regime, colour in zip(first.sizes, figure.COLOURS, strict=False):
        for column, size in enumerate(_SIZES, start=1):
            rows = np.array([r.sizes[regime][size] for r in results])
            shown = {"name": regime, "legendgroup": regime, "showlegend": column == 1}
            over_seeds.add(
                panels, first.at, rows, mode="markers", marker={"color": colour, "size": 6}, **shown,
                xaxis="x" if column == 1 else "x2", yaxis="y" if column == 1 else "y2",
            )  # fmt: skip
            slopes = [r.spectra[regime][0] if size == "spectral" else r.spectra[regime].mean() for r in results]
            behind = first.at >= first.fitted_from
            x, y = first.at[behind], rows.mean(axis=0)[behind]
            style = {"line": {"color": colour}, "showlegend": False, "hoverinfo": "skip"}
            line = y.mean() + np.mean(slopes) * (x - x.mean())
            panels.add_scatter(x=x, y=line, mode="lines", row=1, col=column, **style)
    return panels


def spectra(results: Sequence[Williams1989.Results]) -> go.Figure:
    """Draw Lyapunov exponents in their order."""
    drawn = figure.new(x="exponent, by rank", y="Lyapunov exponent (nats a step)")
    for regime, colour in zip(results[0].spectra, figure.COLOURS, strict=False):
        rows = np.array([r.spectra[regime] for r in results])
        ranks = np.arange(1, rows.shape[1] + 1)
        figure.lines_with_band(
            drawn, ranks.tolist(), rows.mean(0).tolist(), rows.min(0).tolist(), rows.max(0).tolist(), regime,
            colour=colour,
        )  # fmt: skip
    drawn.add_hline(y=0, line={"color": "#888888", "width": 1, "dash": "dot"})
    return drawn


def memory(results: Sequence[Williams1989.Results]) -> go.Figure:
    """Draw peak bytes against the length of the run."""
    drawn = figure.new(x="length of the run (steps)", y="peak of bytes alive (kB)")
    first = results[0]
    for name, rows in (
        ("BPTT", [r.bytes_bptt / 1e3 for r in results]),
        ("RTRL", [r.bytes_rtrl / 1e3 for r in results]),
    ):
        over_seeds.add(drawn, first.lengths[: len(rows[0])], rows, mode="lines+markers", name=name)
    drawn.update_yaxes(rangemode="tozero")
    return drawn
