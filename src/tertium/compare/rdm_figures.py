"""Pictures of an RDM: the matrix, conditions as points (MDS), conditions as a tree."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import rankdata

from tertium import figure as style
from tertium.compare.rdm_embedding import distances, mds
from tertium.compare.rdm_type import RDM
from tertium.errors import BadInput, unknown_name

if TYPE_CHECKING:
    import plotly.graph_objects as go

#: Above so many conditions names would not be legible, and are shown on hovering only.
MOST_NAMES = 40
LINKAGES = ("average", "single", "complete", "ward")

_SCALES = {
    "correlation": "1 - correlation",
    "cosine": "1 - cosine",
    "euclidean": "squared distance / channels",
    "mahalanobis": "squared noise distance / channels",
    "crossnobis": "crossnobis distance / channels",
    "poisson_kl": "Poisson KL (nats / channel)",
    "poisson_kl_cv": "cross-validated Poisson KL (nats / channel)",
}


def matrix_figure(rdm: RDM, order: str | None = None, rank: bool = True) -> go.Figure:
    """Draw an RDM as a coloured matrix.

    Parameters
    ----------
    rdm : RDM
        What to draw; pairs that were not measured are left blank.
    order : str, optional
        A group by whose values the conditions are sorted (kept in order within); lines part the groups.
    rank : bool
        Colour by the percentile of a pair's dissimilarity among all pairs, rather than by its value.

    Returns
    -------
    plotly.graph_objects.Figure

    Raises
    ------
    BadInput
        If the RDM has no such group.

    Examples
    --------
    >>> picture = matrix_figure(RDM([1.0, 2.0, 3.0], ["a", "b", "c"], metric="euclidean"))
    >>> picture.data[0].z.shape
    (3, 3)
    """
    import plotly.graph_objects as go

    groups = _group(rdm, order)
    index = sorted(range(rdm.n_conditions), key=lambda i: _first(groups)[groups[i]]) if groups else None
    shown = rdm.subset([rdm.labels[i] for i in index]) if index else rdm
    values = _percentiles(shown) if rank else shown.values
    if not rank and rdm.metric == "crossnobis":
        # zero means "no difference", so a scale with a middle
        top = float(np.nanmax(np.abs(shown.vector), initial=0.0)) or 1.0
        colours = {"colorscale": style.DIVERGING, "zmin": -top, "zmax": top}
    else:
        colours = {"colorscale": style.SEQUENTIAL}
    unit = "percentile of dissimilarity" if rank else _SCALES.get(rdm.metric, "dissimilarity")
    names = [str(label) for label in shown.labels]
    picture = style.new(title=_title(rdm), width=560, height=520)
    picture.add_trace(
        go.Heatmap(
            z=values,
            customdata=np.broadcast_to(np.array(names, dtype=object), values.shape),
            text=np.array(names, dtype=object)[:, None].repeat(len(names), axis=1),
            hovertemplate="%{text}, %{customdata}: %{z:.4g}<extra></extra>",
            colorbar={"title": {"text": unit, "side": "right"}, "thickness": 12, "outlinewidth": 0},
            **colours,
        )
    )
    few = len(names) <= MOST_NAMES
    ticks = {"tickvals": list(range(len(names))), "ticktext": names} if few else {"showticklabels": True}
    picture.update_xaxes(constrain="domain", side="bottom", title={"text": "" if few else "condition"}, **ticks)
    picture.update_yaxes(
        autorange="reversed", scaleanchor="x", constrain="domain", title={"text": "" if few else "condition"}, **ticks
    )
    if groups and index:
        _part_groups(picture, [groups[i] for i in index])
    return picture


def mds_figure(rdm: RDM, *, group: str | None = None, method: str = "metric") -> go.Figure:
    """Draw conditions as points whose distances resemble their dissimilarities.

    Parameters
    ----------
    rdm : RDM
        Complete, at least three conditions.
    group : str, optional
        A group whose values colour the points.
    method : {"metric", "classical"}
        As in `tertium.compare.rdm_embedding.mds`.

    Returns
    -------
    plotly.graph_objects.Figure
        Its title gives the stress: how far the picture may be trusted.

    Raises
    ------
    BadInput
        If the RDM is partial or has no such group.

    Examples
    --------
    >>> picture = mds_figure(RDM([1.0, 1.0, 1.0], ["a", "b", "c"], groups={"kind": ["x", "x", "y"]}), group="kind")
    >>> [trace.name for trace in picture.data]
    ['x', 'y']
    """
    import plotly.graph_objects as go

    laid = mds(rdm, method)
    groups = _group(rdm, group) or ("",) * rdm.n_conditions
    picture = style.new(
        x="MDS dimension 1 (distance)",
        y="MDS dimension 2 (distance)",
        title=f"{_title(rdm)}, {method} MDS, stress {laid.stress:.2f}",
        width=640,
        height=520,
    )
    for value in dict.fromkeys(groups):
        here = [i for i, g in enumerate(groups) if g == value]
        names = [rdm.labels[i] for i in here]
        picture.add_trace(
            go.Scatter(
                x=laid.points[here, 0],
                y=laid.points[here, 1],
                mode="markers+text" if rdm.n_conditions <= MOST_NAMES else "markers",
                text=names,
                textposition="top center",
                hovertemplate="%{text}<extra>" + value + "</extra>",
                marker={"size": 9, "color": _colour(groups, value)},
                name=value,
                showlegend=bool(value),
            )
        )
    picture.update_yaxes(scaleanchor="x")
    return picture


def dendrogram_figure(rdm: RDM, *, group: str | None = None, linkage: str = "average") -> go.Figure:
    """Draw conditions as a tree that joins the most similar first (hierarchical clustering).

    Parameters
    ----------
    rdm : RDM
        Complete, at least three conditions.
    group : str, optional
        A group whose values colour the leaves.
    linkage : {"average", "single", "complete", "ward"}
        Distance between clusters. Ward's is meant for Euclidean distances.

    Returns
    -------
    plotly.graph_objects.Figure

    Raises
    ------
    UnknownName
        If there is no such linkage.
    BadInput
        If the RDM is partial or has no such group.

    Examples
    --------
    >>> picture = dendrogram_figure(RDM([1.0, 4.0, 5.0], ["a", "b", "c"]))
    >>> list(picture.layout.yaxis.ticktext)
    ['c', 'a', 'b']
    """
    import plotly.graph_objects as go
    from scipy.cluster import hierarchy
    from scipy.spatial.distance import squareform

    if linkage not in LINKAGES:
        raise unknown_name("linkage", linkage, LINKAGES)
    tree = hierarchy.linkage(squareform(distances(rdm), checks=False), linkage)
    drawn = hierarchy.dendrogram(tree, no_plot=True, labels=list(rdm.labels))
    rooted = "root " if rdm.metric in ("euclidean", "mahalanobis", "crossnobis") else ""
    picture = style.new(
        x=f"distance at which clusters join ({rooted}{_SCALES.get(rdm.metric, 'dissimilarity')})",
        title=f"{_title(rdm)}, {linkage} linkage",
        width=640,
        height=max(320, 90 + 18 * min(rdm.n_conditions, 60)),
    )
    lines_x: list[float | None] = []
    lines_y: list[float | None] = []
    for heights, places in zip(drawn["dcoord"], drawn["icoord"], strict=True):
        lines_x += [*heights, None]
        lines_y += [*((p - 5.0) / 10.0 for p in places), None]  # SciPy puts leaves at 5, 15, 25, ...
    picture.add_trace(
        go.Scatter(
            x=lines_x,
            y=lines_y,
            mode="lines",
            line={"color": "#555555", "width": 1.2},
            hoverinfo="skip",
            showlegend=False,
        )
    )
    groups = _group(rdm, group)
    leaves = drawn["leaves"]
    for value in dict.fromkeys(groups or ()):
        rows = [place for place, leaf in enumerate(leaves) if groups and groups[leaf] == value]
        picture.add_trace(
            go.Scatter(
                x=[0.0] * len(rows),
                y=rows,
                mode="markers",
                marker={"size": 8, "color": _colour(groups or (), value)},
                cliponaxis=False,
                name=value,
                text=[rdm.labels[leaves[r]] for r in rows],
                hovertemplate="%{text}<extra>" + value + "</extra>",
            )
        )
    names = [rdm.labels[leaf] for leaf in leaves] if rdm.n_conditions <= 2 * MOST_NAMES else []
    picture.update_yaxes(
        tickvals=list(range(len(names))), ticktext=names, showline=False, ticklen=7, tickcolor="rgba(0,0,0,0)"
    )
    picture.update_xaxes(range=[0.0, 1.03 * float(tree[-1, 2]) or 1.0])
    return picture


def _percentiles(rdm: RDM) -> np.ndarray:
    seen = ~np.isnan(rdm.vector)
    ranks = np.full(len(rdm.vector), np.nan)
    if seen.any():
        ranks[seen] = rankdata(rdm.vector[seen]) / seen.sum() * 100.0
    square = RDM(ranks, rdm.labels).values
    return square


def _group(rdm: RDM, name: str | None) -> tuple[str, ...] | None:
    if name is None:
        return None
    if name not in rdm.groups:
        raise BadInput(
            "RDM group",
            got=f"'{name}'",
            expected=f"one of {', '.join(rdm.groups) or 'none: this RDM has no groups'}",
            repair="",
        )
    return rdm.groups[name]


def _first(groups: tuple[str, ...]) -> dict[str, int]:
    return {value: i for i, value in enumerate(dict.fromkeys(groups))}


def _colour(groups: tuple[str, ...], value: str) -> str:
    """Return the colour of a group, the same in all pictures of an RDM."""
    return style.COLOURS[_first(groups)[value] % len(style.COLOURS)]


def _part_groups(picture: go.Figure, groups: list[str]) -> None:
    n = len(groups)
    edges = [i for i in range(1, n) if groups[i] != groups[i - 1]]
    for edge in edges:
        picture.add_hline(y=edge - 0.5, line={"color": "white", "width": 1.5})
        picture.add_vline(x=edge - 0.5, line={"color": "white", "width": 1.5})
    starts = [0, *edges, n]
    middles = [(a + b - 1) / 2 for a, b in pairwise(starts)]
    names = [groups[a] for a in starts[:-1]]
    picture.update_xaxes(tickvals=middles, ticktext=names, title={"text": ""})
    picture.update_yaxes(tickvals=middles, ticktext=names, title={"text": ""})


def _title(rdm: RDM) -> str:
    return f"{rdm.name or 'RDM'}, {rdm.n_conditions} conditions"
