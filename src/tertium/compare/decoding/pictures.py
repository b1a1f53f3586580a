"""Pictures of what was decoded: over time, beside the scores of shuffled labels, confusion and scatter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tertium import figure as style

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.compare.decoding.result import Decoded

#: Points drawn of decoded against true values.
MOST_POINTS = 2000
_LEFT, _RIGHT = (0.0, 0.42), (0.58, 1.0)
_GREY = "#7F7F7F"


def decoded_figure(found: Decoded) -> go.Figure:
    """Draw a `Decoded`; see its ``figure``."""
    if found.time is not None and len(found) > 1:
        return _over_time(found)
    if len(found) > 1:
        return _several(found)
    return _one(found)


def _over_time(found: Decoded) -> go.Figure:
    bands = [f"{found.level:.0%} of draws of samples"] if len(found.draws) else []
    bands += [f"95 % of {len(found.null)} shuffles"] if len(found.null) else []
    drawn = style.new(
        x="time (s)", y=found.how.words, title=_title(found) + (f"<br>bands: {', '.join(bands)}" if bands else "")
    )
    drawn.update_layout(margin={"t": 64})
    assert found.time is not None  # asked by the caller
    time = found.time.tolist()
    if len(found.null):
        low, high = found.null_interval
        style.lines_with_band(
            drawn, time, found.null_mean.tolist(), low.tolist(), high.tolist(), "labels shuffled", colour=_GREY
        )
    low, high = found.interval if len(found.draws) else (found.value, found.value)
    style.lines_with_band(drawn, time, found.value.tolist(), low.tolist(), high.tolist(), "data")
    return style.limit_line(drawn, found.chance, "chance")


def _several(found: Decoded) -> go.Figure:
    drawn = style.new(x="decoded variable", y=found.how.words, title=_title(found))
    names = list(found.units)
    low, high = found.interval if len(found.draws) else (found.value, found.value)
    style.dots_with_intervals(drawn, names, found.value.tolist(), low.tolist(), high.tolist(), "data")
    if len(found.null):
        low, high = found.null_interval
        mean = found.null_mean.tolist()
        style.dots_with_intervals(
            drawn, names, mean, low.tolist(), high.tolist(), f"{len(found.null)} shuffles (95 %)", colour=_GREY
        )
    return style.limit_line(drawn, found.chance, "chance")


def _one(found: Decoded) -> go.Figure:
    drawn = style.new(title=_title(found) + "<br>" + _numbers(found), height=440, width=960)
    drawn.update_layout(margin={"t": 104}, title={"y": 0.97, "yanchor": "top", "yref": "container"})
    axis = {k: v for k, v in drawn.layout.xaxis.to_plotly_json().items() if k != "title"}
    title = {"standoff": 8, "font": {"size": 13}}
    drawn.update_layout(
        xaxis={"domain": _LEFT, "title": {"text": found.how.words}},
        yaxis={"title": {"text": "shuffles of labels (count)"}, "rangemode": "tozero"},
        xaxis2=axis | {"domain": _RIGHT, "anchor": "y2", "title": title},
        yaxis2=axis | {"anchor": "x2", "title": title},
        legend={"x": _LEFT[0] + 0.01, "y": 1.0, "yanchor": "bottom", "orientation": "h"},
    )
    _null_panel(drawn, found)
    if found.kind == "class":
        _confusion_panel(drawn, found)
    else:
        _scatter_panel(drawn, found)
    return drawn


def _null_panel(drawn: go.Figure, found: Decoded) -> None:
    """Draw shuffled scores, chance, and each fold's score above its interval."""
    top = 1.0  # of nothing in particular, where there are no counts
    if len(found.null):
        heights, edges = np.histogram(found.null[:, 0], bins="auto")
        drawn.add_bar(
            x=(edges[1:] + edges[:-1]) / 2, y=heights, width=np.diff(edges), marker={"color": _GREY},
            name="labels shuffled", showlegend=True,
        )  # fmt: skip
        top = float(heights.max())
    low, high = found.interval[:, 0] if len(found.draws) else (found.mean, found.mean)
    bar = style.error_bars([found.mean], [float(low)], [float(high)]) | {"color": style.COLOURS[0]}
    drawn.add_scatter(
        x=found.folds[:, 0], y=np.full(len(found.folds), 0.5 * top), mode="markers", name="folds",
        marker={"color": style.COLOURS[0], "symbol": "circle-open", "size": 7},
    )  # fmt: skip
    drawn.add_scatter(
        x=[found.mean], y=[0.6 * top], mode="markers", name=f"data, {found.level:.0%}" if len(found.draws) else "data",
        marker={"color": style.COLOURS[0], "size": 10}, error_x=bar,
    )  # fmt: skip
    drawn.update_layout(yaxis={"range": [0, 1.15 * top]})
    drawn.add_shape(
        type="line", x0=found.chance, x1=found.chance, y0=0, y1=1.0, yref="y domain", xref="x",
        line={"color": "#222222", "width": 1, "dash": "dash"},
        label={"text": "chance", "textposition": "end", "textangle": 0, "xanchor": "left", "font": {"size": 11}},
    )  # fmt: skip


def _confusion_panel(drawn: go.Figure, found: Decoded) -> None:
    shares, names = found.confusion, list(found.classes)
    few = len(names) <= 8
    drawn.add_heatmap(
        z=shares, x=names, y=names, xaxis="x2", yaxis="y2", colorscale=style.SEQUENTIAL, zmin=0, zmax=1,
        text=np.round(shares, 2), texttemplate="%{text}" if few else None,
        colorbar={"title": {"text": "share of the class", "side": "right"}, "thickness": 12, "outlinewidth": 0},
        hovertemplate="%{y} read as %{x}: %{z:.2f}<extra></extra>",
    )  # fmt: skip
    drawn.update_layout(
        xaxis2={"title": {"text": "decoded class"}, "type": "category"},
        yaxis2={"title": {"text": f"{found.label} (true class)"}, "autorange": "reversed", "type": "category"},
    )


def _scatter_panel(drawn: go.Figure, found: Decoded) -> None:
    tested = np.flatnonzero(np.isfinite(found.predictions[:, 0]))
    chosen = tested[:: max(1, -(-len(tested) // MOST_POINTS))]
    true, said = found.observed[chosen, 0], found.predictions[chosen, 0]
    unit = ""
    if found.kind == "angle":
        true, said, unit = np.degrees(true) % 360, np.degrees(said) % 360, " (degrees)"
    drawn.add_scatter(
        x=true, y=said, xaxis="x2", yaxis="y2", mode="markers", showlegend=False,
        marker={"color": style.COLOURS[0], "size": 4, "opacity": 0.35},
    )  # fmt: skip
    ends = [float(min(true.min(), said.min())), float(max(true.max(), said.max()))]
    line: dict[str, Any] = {"color": "#888888", "width": 1, "dash": "dash"}
    drawn.add_scatter(x=ends, y=ends, xaxis="x2", yaxis="y2", mode="lines", line=line, showlegend=False)
    less = f", every {-(-len(tested) // MOST_POINTS)}th" if len(chosen) < len(tested) else ""
    drawn.update_layout(
        xaxis2={"title": {"text": f"{found.label}{unit}, {len(chosen)} samples{less}"}},
        yaxis2={"title": {"text": f"decoded{unit}"}},
    )


def _title(found: Decoded) -> str:
    return (
        f"{found.label} by {found.method}: {found.n_units} units, {found.n_samples} samples, {len(found.folds)} folds"
    )


def _numbers(found: Decoded) -> str:
    ends = "" if not len(found.draws) else " [{:.3g}, {:.3g}]".format(*found.interval[:, 0])
    null = "" if not len(found.null) else f", shuffled {found.null_mean[0]:.3g}, p = {found.p[0]:.2g}"
    return f"{found.how.words} {found.mean:.3g}{ends}, chance {found.chance:.3g}{null}; {found.direction}"
