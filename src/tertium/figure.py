"""How every picture of tertium looks: fonts, colours, axes with units, error bars. Plotly, imported when used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy.typing as npt
    import plotly.graph_objects as go

__all__ = [
    "COLOURS",
    "DIVERGING",
    "SEQUENTIAL",
    "band",
    "bars",
    "dots_with_intervals",
    "error_bars",
    "heatmap",
    "limit_line",
    "lines_with_band",
    "new",
    "translucent",
]

#: Colours that stay apart for colour-blind readers and in grey print (Okabe & Ito 2008), darkest first.
COLOURS: tuple[str, ...] = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7F7F7F")

#: Diverging and sequential colour scales.
DIVERGING, SEQUENTIAL = "RdBu_r", "Viridis"


def new(
    *,
    x: str = "",
    y: str = "",
    title: str = "",
    width: int | None = None,
    height: int = 380,
) -> go.Figure:
    """Return an empty figure in tertium's style.

    Parameters
    ----------
    x, y : str
        Axis titles, with the unit in brackets: ``"time (s)"``.
    title : str
        One line; say what is to be seen, and n.
    width, height : int, optional
        Pixels; a width of None fills the page.

    Returns
    -------
    plotly.graph_objects.Figure

    Examples
    --------
    >>> new(x="time (s)", y="rate (Hz)").layout.xaxis.title.text
    'time (s)'
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    figure.update_layout(
        template="none",
        font={"family": "Inter, Helvetica, Arial, sans-serif", "size": 13, "color": "#222222"},
        title={"text": title, "x": 0.0, "xanchor": "left", "xref": "paper", "font": {"size": 14}},
        colorway=list(COLOURS),
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        margin={"l": 64, "r": 16, "t": 48 if title else 16, "b": 56},
        width=width,
        height=height,
        hoverlabel={"font": {"size": 12}},
        legend={"bgcolor": "rgba(0,0,0,0)", "font": {"size": 12}, "tracegroupgap": 0},
    )
    axis: dict[str, Any] = {
        "showgrid": False,
        "zeroline": False,
        "ticks": "outside",
        "ticklen": 4,
        "linecolor": "#888888",
        "tickcolor": "#888888",
        "showline": True,
        "automargin": True,
    }
    figure.update_xaxes(title={"text": x, "standoff": 8, "font": {"size": 13}}, **axis)
    figure.update_yaxes(title={"text": y, "standoff": 8, "font": {"size": 13}}, **axis)
    return figure


def error_bars(values: Sequence[float], low: Sequence[float], high: Sequence[float]) -> dict[str, Any]:
    """Return Plotly's asymmetric error bars from an interval's ends.

    Examples
    --------
    >>> error_bars([1.0], [0.5], [2.0])["array"]
    [1.0]
    """
    return {
        "type": "data",
        "symmetric": False,
        "array": [h - v for v, h in zip(values, high, strict=True)],
        "arrayminus": [v - b for v, b in zip(values, low, strict=True)],
        "thickness": 1.2,
        "width": 3,
    }


def band(figure: go.Figure, low: float, high: float, label: str, *, colour: str = "#7F7F7F") -> go.Figure:
    """Draw a horizontal band (a noise ceiling) across a figure and label it."""
    figure.add_hrect(
        y0=low,
        y1=high,
        fillcolor=colour,
        opacity=0.25,
        line_width=0,
        layer="below",
        annotation_text=label,
        annotation_position="top left",
        annotation_font_size=11,
    )
    return figure


def translucent(colour: str, alpha: float) -> str:
    """Return a ``#rrggbb`` colour that lets through what is behind it.

    Examples
    --------
    >>> translucent("#0072B2", 0.2)
    'rgba(0,114,178,0.2)'
    """
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha:g})"


def limit_line(figure: go.Figure, at: float, label: str, *, vertical: bool = False) -> go.Figure:
    """Draw a dashed line across a figure (chance, a threshold) and label it at its end.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
        From ``new``; its axes may be logarithmic, or become so later.
    at : float
        Where, in the unit of the axis.
    label : str
        What the line stands for; "" for none. It is set below the right end of a horizontal line, and right of the
        upper end of a vertical one.
    vertical : bool
        Whether the line stands at a place on the x axis.

    Examples
    --------
    >>> drawn = limit_line(new(y="loss"), 0.01, "solved").update_yaxes(type="log")
    >>> [(line.y0, line.label.text) for line in drawn.layout.shapes]
    [(0.01, 'solved')]
    """
    # a label of the line itself: Plotly would place an annotation of a logarithmic axis by the exponent
    text: dict[str, Any] = {
        "text": label,
        "font": {"size": 11},
        "textposition": "end",
        "textangle": 0,
        "yanchor": "top",
    }
    line = {"color": "#888888", "width": 1, "dash": "dash"}
    if vertical:
        figure.add_vline(x=at, line=line, label={**text, "xanchor": "left"})
    else:
        figure.add_hline(y=at, line=line, label={**text, "xanchor": "right"})
    return figure


def lines_with_band(
    figure: go.Figure,
    x: Sequence[float],
    mean: Sequence[float],
    low: Sequence[float],
    high: Sequence[float],
    name: str,
    *,
    colour: str = COLOURS[0],
    dash: str = "solid",
) -> go.Figure:
    """Draw a curve with a band around it (an interval over seeds); legend and hover name it once.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
        From ``new``; say in the caption what the band is.
    x : sequence of float, length n
        Where, in the unit of the x axis.
    mean, low, high : sequence of float, length n
        The curve and the ends of its band.
    name : str
        What it is.
    colour, dash : str
        One of ``COLOURS``; "solid", "dash", "dot".

    Examples
    --------
    >>> f = lines_with_band(new(x="step", y="loss"), [0, 1], [2.0, 1.0], [1.5, 0.8], [2.5, 1.2], "SGD")
    >>> [t.name for t in f.data if t.showlegend]
    ['SGD']
    """
    edge = {"x": x, "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "legendgroup": name}
    figure.add_scatter(y=low, name=f"{name}, low", showlegend=False, **edge)
    fill = {"fill": "tonexty", "fillcolor": translucent(colour, 0.2)}
    figure.add_scatter(y=high, name=f"{name}, high", showlegend=False, **fill, **edge)
    line = {"color": colour, "width": 2, "dash": dash}
    figure.add_scatter(x=x, y=mean, name=name, mode="lines", line=line, legendgroup=name, showlegend=True)
    return figure


def dots_with_intervals(
    figure: go.Figure,
    labels: Sequence[Any],
    values: Sequence[float],
    low: Sequence[float],
    high: Sequence[float],
    name: str = "",
    *,
    colour: str = COLOURS[0],
    lines: bool = False,
    horizontal: bool = False,
) -> go.Figure:
    """Draw one dot with its interval for each label (a score for each layer or region).

    ``lines`` joins the dots when the labels have an order (depth); ``horizontal`` puts long labels on the y axis.

    Examples
    --------
    >>> f = dots_with_intervals(new(y="score"), ["conv1", "fire8"], [0.11, 0.33], [0.09, 0.3], [0.13, 0.36], "human IT")
    >>> f.data[0].name, f.data[0].error_y.symmetric
    ('human IT', False)
    """
    bars_of = error_bars(values, low, high) | {"color": colour}
    where = (
        {"x": values, "y": labels, "error_x": bars_of} if horizontal else {"x": labels, "y": values, "error_y": bars_of}
    )
    figure.add_scatter(
        **where,
        name=name,
        mode="lines+markers" if lines else "markers",
        marker={"size": 8, "color": colour},
        line={"color": colour, "width": 1.5},
        showlegend=bool(name),
    )
    if horizontal:
        figure.update_yaxes(autorange="reversed")  # the first label on top, as in a table
    return figure


def bars(
    figure: go.Figure,
    labels: Sequence[Any],
    values: Sequence[float],
    low: Sequence[float],
    high: Sequence[float],
    name: str = "",
    *,
    colour: str = COLOURS[0],
) -> go.Figure:
    """Draw bars with intervals; several calls stand side by side."""
    figure.add_bar(
        x=labels,
        y=values,
        error_y=error_bars(values, low, high) | {"color": "#444444"},
        name=name,
        marker={"color": colour},
        showlegend=bool(name),
    )
    figure.update_layout(barmode="group", bargap=0.3)
    return figure


def heatmap(
    figure: go.Figure,
    matrix: npt.ArrayLike,
    *,
    x: Sequence[str] | None = None,
    y: Sequence[str] | None = None,
    colour: str = "",
    scale: str = SEQUENTIAL,
    limits: tuple[float, float] | None = None,
    square: bool = False,
    groups: Sequence[str] | None = None,
) -> go.Figure:
    """Draw a matrix as colours, the first row on top (an RDM, a weight matrix, conditions by time).

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
        From ``new``.
    matrix : array, shape (row, column)
        What is shown.
    x, y : sequence of str, optional
        Names of the columns and rows.
    colour : str
        Title of the colour bar, with the unit.
    scale : str
        ``SEQUENTIAL``, or ``DIVERGING``, which is centred on zero when ``limits`` are not given.
    limits : two floats, optional
        Ends of the colour scale.
    square : bool
        Cells as wide as high.
    groups : sequence of str, one a row, optional
        For a square matrix with sorted conditions: names stand at the middle of each block, lines between blocks.

    Examples
    --------
    >>> f = heatmap(new(), [[0.0, 1.0], [1.0, 0.0]], colour="dissimilarity", groups=["face", "hand"])
    >>> f.layout.xaxis.ticktext
    ('face', 'hand')
    """
    import numpy as np

    values = np.asarray(matrix, dtype=float)
    if limits is None and scale == DIVERGING:
        size = float(np.nanmax(np.abs(values), initial=0.0))
        limits = (-size, size)
    figure.add_heatmap(
        z=values,
        x=list(x) if x is not None else None,
        y=list(y) if y is not None else None,
        colorscale=scale,
        zmin=limits[0] if limits else None,
        zmax=limits[1] if limits else None,
        colorbar={
            "title": {"text": colour, "side": "right", "font": {"size": 13}},
            "thickness": 12,
            "outlinewidth": 0,
            "len": 0.9,
        },
    )
    figure.update_yaxes(autorange="reversed")
    if square:
        figure.update_yaxes(scaleanchor="x", constrain="domain")
        figure.update_xaxes(constrain="domain")
    if groups is not None:
        _blocks(figure, groups)
    return figure


def _blocks(figure: go.Figure, groups: Sequence[str]) -> None:
    """Name the blocks of a sorted matrix on both axes and draw lines between them."""
    start, middles, names = 0, [], []
    for name, members in groupby(groups):
        length = len(list(members))
        middles.append(start + (length - 1) / 2)
        names.append(name)
        if start:
            for add, at in ((figure.add_vline, {"x": start - 0.5}), (figure.add_hline, {"y": start - 0.5})):
                add(**at, line={"color": "#ffffff", "width": 1})
        start += length
    ticks: Mapping[str, Any] = {"tickmode": "array", "tickvals": middles, "ticktext": names, "ticks": ""}
    figure.update_xaxes(tickangle=-40, **ticks)
    figure.update_yaxes(**ticks)
