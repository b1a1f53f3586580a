"""The picture of all pairs: dendrogram, matrix in its order, and representations as points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tertium import figure as style

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.compare.representations.pairs.result import PairwiseComparison

#: Above so many representations names are shown on hovering only.
MOST_NAMES = 40
#: Parts of the width: matrix, colour bar, points.
_MATRIX, _BAR, _POINTS = (0.0, 0.40), 0.415, (0.62, 1.0)


def pair_figure(found: PairwiseComparison, linkage: str = "average") -> go.Figure:
    """Draw dendrogram and matrix on the left, and MDS on the right; see `PairwiseComparison.figure`.

    Examples
    --------
    >>> from tertium.compare.representations.pairs.result import PairwiseComparison
    >>> square = np.array([[0, 1, 2], [1, 0, 2], [2, 2, 0.0]])
    >>> [trace.type for trace in pair_figure(PairwiseComparison(("a", "b", "c"), square, "bures", True)).data]
    ['heatmap', 'scatter', 'scatter']
    """
    tree, laid = found.tree(linkage), found.mds()
    leaves = tree["leaves"]
    names = [found.names[i] for i in leaves]
    picture = style.new(title=_title(found, linkage), width=1060, height=540)
    _matrix(picture, found.matrix[np.ix_(leaves, leaves)], names, found)
    _tree(picture, tree)
    _points(picture, laid.points, found)
    few = len(names) <= MOST_NAMES
    ticks: dict[str, Any] = {"tickvals": list(range(len(names))), "ticktext": names if few else [""] * len(names)}
    span = [-0.5, len(names) - 0.5]
    axis = dict.fromkeys(("showgrid", "zeroline"), False) | {
        "showline": True,
        "linecolor": "#888888",
        "automargin": True,
    }
    bare = {"showline": False, "showticklabels": False, "ticks": "", "zeroline": False, "showgrid": False}
    label = {"standoff": 8, "font": {"size": 13}}
    picture.update_layout(
        xaxis=axis | ticks | {"domain": _MATRIX, "range": span, "ticks": "", "title": {"text": ""}, "tickangle": -50},
        yaxis=axis | ticks | {"domain": (0.0, 0.8), "range": span[::-1], "ticks": "", "title": {"text": ""}},
        xaxis2=bare | {"domain": _MATRIX, "range": span, "anchor": "y2"},
        yaxis2=bare | {"domain": (0.82, 1.0), "anchor": "x2", "rangemode": "tozero"},
        xaxis3=axis
        | {"domain": _POINTS, "anchor": "y3", "ticks": "outside", "constrain": "domain"}
        | {"title": {"text": f"MDS dimension 1{_unit(found)}"} | label},
        yaxis3=axis
        | {"domain": (0.0, 1.0), "anchor": "x3", "ticks": "outside", "scaleanchor": "x3"}
        | {"title": {"text": f"MDS dimension 2{_unit(found)}, stress {laid.stress:.2f}"} | label},
        legend={"x": 1.01, "y": 1.0},
    )
    return picture


def _matrix(picture: go.Figure, values: np.ndarray, names: list[str], found: PairwiseComparison) -> None:
    others = values[~np.eye(len(values), dtype=bool)]
    hover = np.array([[f"{a}, {b}" for b in names] for a in names], dtype=object)
    picture.add_heatmap(
        z=values,
        text=hover,
        hovertemplate="%{text}: %{z:.3g}<extra></extra>",
        colorscale=style.SEQUENTIAL,
        reversescale=found.is_distance,  # bright is alike, whichever the measure
        zmin=float(others.min()),
        zmax=float(others.max()),
        colorbar={
            "title": {"text": found.words, "side": "right", "font": {"size": 13}},
            "thickness": 12,
            "outlinewidth": 0,
            "x": _BAR,
            "xanchor": "left",
            "y": 0.4,
            "len": 0.8,
        },
    )


def _tree(picture: go.Figure, tree: dict[str, Any]) -> None:
    x: list[float | None] = []
    y: list[float | None] = []
    for heights, places in zip(tree["dcoord"], tree["icoord"], strict=True):
        y += [*heights, None]
        x += [*((place - 5.0) / 10.0 for place in places), None]  # SciPy puts leaves at 5, 15, 25, ...
    line = {"color": "#555555", "width": 1.2}
    picture.add_scatter(x=x, y=y, mode="lines", line=line, hoverinfo="skip", showlegend=False, xaxis="x2", yaxis="y2")


def _points(picture: go.Figure, points: np.ndarray, found: PairwiseComparison) -> None:
    groups = found.groups or ("",) * len(found.names)
    named = len(found.names) <= MOST_NAMES and not found.groups
    for i, group in enumerate(dict.fromkeys(groups)):
        here = [k for k, other in enumerate(groups) if other == group]
        picture.add_scatter(
            x=points[here, 0],
            y=points[here, 1],
            mode="markers+text" if named else "markers",
            text=[found.names[k] for k in here],
            textposition="top center",
            hovertemplate="%{text}<extra>" + group + "</extra>",
            marker={"size": 9, "color": style.COLOURS[i % len(style.COLOURS)]},
            name=group,
            showlegend=bool(group),
            xaxis="x3",
            yaxis="y3",
        )


def _title(found: PairwiseComparison, linkage: str) -> str:
    reliable = "" if found.left_out is None or len(found.names) < 3 else f", reliability {found.reliability:.2f}"
    return f"{found.words}, {len(found.names)} representations, {linkage} linkage{reliable}"


def _unit(found: PairwiseComparison) -> str:
    return " (arc cosine, rad)" if not found.is_distance else " (rad)" if "(rad)" in found.words else ""
