"""Parts of pictures that several axes share: panels side by side, shades of graded levels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tertium import figure

if TYPE_CHECKING:
    import plotly.graph_objects as go

#: Stretch of the colour scale that is legible on white paper and on black.
SHADES = (0.05, 0.75)


def panels(titles: Sequence[str], *, x: str, y: str | Sequence[str], height: int = 380, room: int = 0) -> go.Figure:
    """Return empty panels side by side in tertium's style, each with axis titles.

    Parameters
    ----------
    titles : sequence of str
        One above each panel.
    x : str
        Title of all x axes, with the unit.
    y : str, or one for each panel
    height : int
        Pixels.
    room : int
        Pixels left free above the panels' titles, for a title of the whole.

    Examples
    --------
    >>> panels(["choice", "motion"], x="time (s)", y="projection (z)").layout.yaxis2.title.text
    'projection (z)'
    """
    from plotly.subplots import make_subplots

    n = len(titles)
    drawn = make_subplots(1, n, subplot_titles=list(titles), horizontal_spacing=0.24 / (n + 1))
    plain = figure.new(height=height)
    drawn.update_layout(plain.layout)
    drawn.update_layout(margin={"t": 40 + room})
    drawn.update_annotations(font={"size": 13})
    for column in range(1, n + 1):
        for update, style, text in (
            (drawn.update_xaxes, plain.layout.xaxis, x),
            (drawn.update_yaxes, plain.layout.yaxis, y if isinstance(y, str) else y[column - 1]),
        ):
            wanted: dict[str, Any] = {
                **style.to_plotly_json(),
                "title": {"text": text, "standoff": 8, "font": {"size": 13}},
            }
            update(wanted, row=1, col=column)
    return drawn


def shades(n: int) -> list[str]:
    """Return ``n`` colours in an order, dark to light, as ``#rrggbb``.

    Examples
    --------
    >>> len(set(shades(5))), shades(1)[0][0]
    (5, '#')
    """
    from plotly.colors import sample_colorscale, unlabel_rgb

    low, high = SHADES
    places = [low + (high - low) * i / max(1, n - 1) for i in range(n)]
    drawn = sample_colorscale(figure.SEQUENTIAL, places)
    return ["#" + "".join(f"{round(part):02x}" for part in unlabel_rgb(one)) for one in drawn]
