"""How every picture of tertium looks: fonts, colours, axes with units, error bars. Plotly, imported when used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import plotly.graph_objects as go

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
        legend={"bgcolor": "rgba(0,0,0,0)", "font": {"size": 12}},
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
    figure.update_xaxes(title={"text": x, "standoff": 8}, **axis)
    figure.update_yaxes(title={"text": y, "standoff": 8}, **axis)
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
        annotation_text=label,
        annotation_position="top left",
        annotation_font_size=11,
    )
    return figure
