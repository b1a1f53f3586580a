"""Pictures of a spike-train model: what drives a unit, filter by filter, and whether the model keeps its pace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tertium import figure
from tertium.compare.spike_trains.rescaling import add_quantiles

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.compare.spike_trains.glm_result import Filter, SpikeGLM

#: Filters drawn in a panel: those farthest from zero.
MOST = 3

_AXES = {
    "stimulus": ("stimulus", "time before the bin (s)", "gain (log rate per unit)"),
    "history": ("own past", "time since a spike (s)", "gain (log rate per spike)"),
    "coupling": ("other units", "time since their spike (s)", "gain (log rate per spike)"),
}


def unit_figure(fit: SpikeGLM, unit: str) -> go.Figure:
    """Draw the filters of a unit with 95 % bands, and its Kolmogorov-Smirnov plot."""
    from plotly.subplots import make_subplots

    mine = {kind: [f for f in fit.filters if (f.kind, f.target) == (kind, unit)] for kind in _AXES}
    shown = {kind: _farthest(filters) for kind, filters in mine.items() if filters}
    titles = [_title(kind, len(filters), len(mine[kind])) for kind, filters in shown.items()]
    test, i = fit.time_rescaling(), fit.units.index(unit)
    titles.append(f"time rescaling, p = {test.p[i]:.2g}")
    last = len(titles)
    drawn = make_subplots(1, last, subplot_titles=titles, horizontal_spacing=0.09)
    base = figure.new(title=_headline(fit, unit), height=430).layout
    drawn.update_layout({key: one for key, one in base.to_plotly_json().items() if key not in ("xaxis", "yaxis")})
    drawn.update_xaxes(base.xaxis)
    drawn.update_yaxes(base.yaxis)
    for column, (kind, filters) in enumerate(shown.items(), start=1):
        _filters(drawn, kind, filters, column)
    add_quantiles(drawn, test, [i], row=1, col=last)
    _axes(drawn, last, "quantile under the model", f"quantile of intervals (n = {len(test.times[i])})")
    drawn.update_xaxes(range=[0, 1], row=1, col=last)
    drawn.update_yaxes(range=[0, 1], row=1, col=last)
    drawn.update_traces(showlegend=False, row=1, col=last)
    drawn.update_layout(
        margin={"t": 84, "b": 96},
        title={"y": 0.97},
        legend={"orientation": "h", "y": -0.24, "x": 0.5, "xanchor": "center", "traceorder": "normal"},
    )
    return drawn.update_annotations(font_size=13)


def _axes(drawn: go.Figure, column: int, x: str, y: str) -> None:
    drawn.update_xaxes(title={"text": x, "standoff": 6, "font": {"size": 13}}, row=1, col=column)
    drawn.update_yaxes(title={"text": y, "standoff": 4, "font": {"size": 13}}, row=1, col=column)


def _filters(drawn: go.Figure, kind: str, filters: list[Filter], column: int) -> None:
    _, x, y = _AXES[kind]
    where: dict[str, Any] = {"row": 1, "col": column}
    instant = len(filters[0].times) == 1
    for number, one in enumerate(filters):
        colour = "#444444" if kind == "history" or instant else figure.COLOURS[number + MOST * (kind == "coupling")]
        low, high = one.values - 1.96 * one.errors, one.values + 1.96 * one.errors
        name = f"{'from unit' if kind == 'coupling' else kind} {one.source}"
        if instant:
            bars = figure.error_bars(one.values.tolist(), low.tolist(), high.tolist()) | {"color": colour}
            mark = {"color": colour, "size": 8}
            drawn.add_scatter(
                x=[one.source], y=one.values, error_y=bars, mode="markers", marker=mark, showlegend=False, **where
            )
            continue
        edge = {"x": one.times, "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}
        drawn.add_scatter(y=low, **edge, **where)
        drawn.add_scatter(y=high, fill="tonexty", fillcolor=figure.translucent(colour, 0.2), **edge, **where)
        line = {"color": colour, "width": 2}
        drawn.add_scatter(
            x=one.times, y=one.values, mode="lines", line=line, name=name, showlegend=len(filters) > 1, **where
        )
    zero = {"color": "#888888", "width": 1, "dash": "dash"}
    drawn.add_hline(y=0, line=zero, **where)
    _axes(drawn, column, "stimulus, same bin" if instant else x, y)
    if instant:
        drawn.update_xaxes(type="category", range=[-0.5, len(filters) - 0.5], **where)


def _farthest(filters: list[Filter]) -> list[Filter]:
    """Return the filters farthest from zero, in their order; all of them where each is but a dot."""
    if len(filters[0].times) == 1:
        return filters
    far = np.array([float(np.max(np.abs(one.values) / np.maximum(one.errors, 1e-300))) for one in filters])
    kept = np.sort(np.argsort(-far, kind="stable")[:MOST])
    return [filters[i] for i in kept]


def _title(kind: str, shown: int, there: int) -> str:
    name = _AXES[kind][0]
    return name if shown == there else f"{name}: {shown} of {there}"


def _headline(fit: SpikeGLM, unit: str) -> str:
    i = fit.units.index(unit)
    low, high = fit.interval[:, i]
    return (
        f"Unit {unit}: {int(fit.counts[:, i].sum())} spikes, {fit.log_likelihood[i]:.2f} [{low:.2f}, {high:.2f}] "
        "bits per held-out spike; bands: 95 %"
    )
