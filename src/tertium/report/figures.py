"""Figures on their way into a page: read, given a heading and a description in words, and embedded safely."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from typing import Any

from tertium.errors import BadInput

__all__ = ["describe", "plain_text", "read_figure", "safe_json", "take_title"]

_KINDS = {
    "scatter": "lines and points",
    "scattergl": "lines and points",
    "bar": "bars",
    "heatmap": "a heat map",
    "image": "an image",
    "box": "boxes",
    "violin": "violins",
    "histogram": "a histogram",
    "contour": "contours",
    "scatter3d": "points in three dimensions",
    "surface": "a surface",
    "scatterpolar": "lines and points on polar axes",
}


def read_figure(figure: Mapping[str, Any] | str, name: str) -> dict[str, Any]:
    """Return a figure as plain JSON data with ``data`` and ``layout``.

    Parameters
    ----------
    figure : mapping or str
        Plotly JSON: ``figure.to_plotly_json()`` or ``figure.to_json()``.
    name : str
        Its name, for the error.

    Raises
    ------
    BadInput
        If it is no Plotly figure.
    """
    from plotly.io.json import to_json_plotly

    try:
        text = figure if isinstance(figure, str) else to_json_plotly(dict(figure))
        read = json.loads(text, parse_constant=lambda _: None)  # NaN and infinity leave a gap in a plot
    except ValueError as problem:
        raise BadInput(
            f"figure '{name}'", got=f"text that is no JSON ({problem})", expected="figure.to_json()"
        ) from problem
    if not isinstance(read, dict) or not isinstance(read.get("data"), list):
        raise BadInput(
            f"figure '{name}'",
            got="JSON without a list of traces 'data'",
            expected="a Plotly figure",
            repair="Pass figure.to_json().",
        )
    # a fresh dictionary without frames: pages do not animate
    return {"data": read["data"], "layout": dict(read.get("layout") or {})}


def take_title(figure: dict[str, Any]) -> str:
    """Take a figure's title out of its layout, and the room it had, and return it as plain text.

    The page sets it as a heading, which wraps on a phone and is read aloud; Plotly's own does neither.
    """
    layout = figure["layout"]
    title = layout.pop("title", None)
    text = plain_text(title.get("text") or "" if isinstance(title, dict) else title or "")
    margin = dict(layout.get("margin") or {})
    above = any(_above(note) for note in layout.get("annotations") or ())
    if text and "t" in margin:
        freed = min(margin["t"], 40 if above else 16)
        if "height" in layout:
            layout["height"] -= margin["t"] - freed
        layout["margin"] = {**margin, "t": freed}
    return text


def _above(note: Mapping[str, Any]) -> bool:
    """Whether an annotation stands above the plot, as the titles of panels do."""
    return str(note.get("yref", "paper")) == "paper" and isinstance(note.get("y"), int | float) and note["y"] >= 1


def plain_text(text: str) -> str:
    """Return Plotly's small HTML without its tags.

    Examples
    --------
    >>> plain_text("R<sup>2</sup> of <b>IT</b><br>n &lt; 4")
    'R2 of IT n < 4'
    """
    return " ".join(html.unescape(re.sub(r"</?[a-zA-Z][^<>]*>", "", re.sub(r"<br\s*/?>", " ", text))).split())


def describe(figure: Mapping[str, Any], title: str) -> str:
    """Say in words what a figure shows, for readers who do not see it.

    Examples
    --------
    >>> axes = {"xaxis": {"title": {"text": "time (s)"}}, "yaxis": {"title": {"text": "rate (Hz)"}}}
    >>> describe({"data": [{"type": "scatter", "name": "IT"}], "layout": axes}, "Responses")
    'Responses. Shows lines and points; rate (Hz) against time (s); series: IT.'
    """
    traces, layout = figure["data"], figure["layout"]
    kinds = list(dict.fromkeys(_KINDS.get(t.get("type", "scatter"), t.get("type", "")) for t in traces))
    said = [f"Shows {' and '.join(kinds) or 'no data'}"]
    x, y = (_axis_title(layout.get(axis)) for axis in ("xaxis", "yaxis"))
    if x and y:
        said.append(f"{y} against {x}")
    elif x or y:
        said.append(x or y)
    named = (plain_text(str(t["name"])) for t in traces if t.get("name") and t.get("showlegend") is not False)
    names = list(dict.fromkeys(named))
    if names:
        more = f" and {len(names) - 8} more" if len(names) > 8 else ""
        said.append(f"series: {', '.join(names[:8])}{more}")
    start = f"{title.rstrip('.')}. " if title else ""
    return f"{start}{'; '.join(said)}."


def _axis_title(axis: Any) -> str:
    title = (axis or {}).get("title") or ""
    return plain_text(str(title.get("text") or "") if isinstance(title, dict) else str(title))


def safe_json(value: Any) -> str:
    r"""Return JSON that may stand inside a ``<script>`` element whatever text it holds.

    Examples
    --------
    >>> safe_json("</script><!--")
    '"\\u003c/script\\u003e\\u003c!--"'
    """
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
