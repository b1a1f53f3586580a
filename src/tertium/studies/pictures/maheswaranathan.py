"""Drawings of DYN05: networks on paper, what is told from what, graphs in state space, frequencies, counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tertium import figure
from tertium.dynamics.axes.panels import panels
from tertium.studies.methods.maheswaranathan_measures import confusion
from tertium.studies.methods.maheswaranathan_networks import ARCHITECTURES, TASKS

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.studies.maheswaranathan2019 import Maheswaranathan2019

Floats = NDArray[np.float64]

#: A colour for each architecture, a shape for each task.
HUES = dict(zip(ARCHITECTURES, figure.COLOURS, strict=False))
SHAPES = dict(zip(TASKS, ("circle", "diamond", "square"), strict=True))

#: Networks that lie on one point are drawn on a small circle round it, of this share of the picture at least, at most.
LEAST, APART = 0.015, 0.04


def laid_out(one: Maheswaranathan2019.Results, which: str) -> go.Figure:
    """Draw networks on paper by ``which``, "geometry" or "topology", a panel a task."""
    laid = one.laid_geometry if which == "geometry" else one.laid_topology
    drawn = panels(list(TASKS), x="dimension 1", y=["dimension 2", "", ""], height=360)
    for column, task in enumerate(TASKS, 1):
        at, half = spread(np.asarray(laid[task])), reach(np.asarray(laid[task]))
        for name, hue in HUES.items():
            of = np.array(one.names) == name
            look = {"color": figure.translucent(hue, 0.8), "size": 9}
            style = {"name": name, "legendgroup": name, "showlegend": column == 1}
            drawn.add_scatter(x=at[of, 0], y=at[of, 1], mode="markers", marker=look, row=1, col=column, **style)
        middle = at.mean(0)
        drawn.update_xaxes(range=[middle[0] - half, middle[0] + half], row=1, col=column)
        drawn.update_yaxes(range=[middle[1] - half, middle[1] + half], row=1, col=column)
    return drawn


def laid_tasks(one: Maheswaranathan2019.Results) -> go.Figure:
    """Draw the networks of all tasks on paper by topology."""
    drawn = figure.new(x="dimension 1", y="dimension 2", height=420)
    at, n = spread(np.asarray(one.laid_tasks)), len(one.names)
    for k, task in enumerate(TASKS):
        for name, hue in HUES.items():
            of = k * n + np.flatnonzero(np.array(one.names) == name)
            look = {"color": figure.translucent(hue, 0.8), "size": 9, "symbol": SHAPES[task]}
            drawn.add_scatter(x=at[of, 0], y=at[of, 1], mode="markers", marker=look, name=f"{task}, {name}")
    return drawn


def reach(at: Floats) -> float:
    """Return half the width of a square picture of points; of points that are one, that of distances of 0.1."""
    return max(0.1, 1.25 * float(np.abs(at - at.mean(0)).max()))


def spread(at: Floats) -> Floats:
    """Move points that coincide onto a small circle round where they are, so that each is seen."""
    places = np.unique(np.round(at, 4), axis=0)
    gaps = np.linalg.norm(places[:, None] - places, axis=-1)[np.triu_indices(len(places), 1)]
    size = 2 * reach(at) * np.clip(0.3 * gaps.min(initial=np.inf) / (2 * reach(at)), LEAST, APART)
    moved = at.copy()
    for place in places:
        of = np.flatnonzero((np.abs(at - place) <= 1e-4).all(1))
        if len(of) > 1:
            angle = 2 * np.pi * np.arange(len(of)) / len(of)
            moved[of] += size * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return moved


def confusions(results: Sequence[Maheswaranathan2019.Results]) -> go.Figure:
    """Draw which architecture the nearest neighbour has, by geometry and by topology, the mean over populations."""
    from plotly.subplots import make_subplots

    titles = [f"{task}, {which}" for which in ("geometry", "topology") for task in TASKS]
    drawn = make_subplots(2, 3, subplot_titles=titles, horizontal_spacing=0.1, vertical_spacing=0.16)
    drawn.update_layout(figure.new(height=640).layout)
    drawn.update_layout(margin={"t": 40})
    drawn.update_annotations(font={"size": 13})
    kinds = list(HUES)
    for row, laid in enumerate(("laid_geometry", "laid_topology"), 1):
        for column, task in enumerate(TASKS, 1):
            shares = np.mean(
                [confusion(np.asarray(getattr(one, laid)[task]), one.names, kinds) for one in results], axis=0
            )
            drawn.add_heatmap(
                z=shares,
                x=kinds,
                y=kinds,
                zmin=0,
                zmax=1,
                colorscale=figure.SEQUENTIAL,
                texttemplate="%{z:.2f}",
                showscale=row == 1 and column == 3,
                colorbar={"title": {"text": "share"}},
                row=row,
                col=column,
            )
            plain = {"showline": False, "ticks": "", "tickfont": {"size": 11}}
            title = {"text": "of the neighbour" if row == 2 else "", "standoff": 6, "font": {"size": 13}}
            drawn.update_xaxes(title=title, row=row, col=column, **plain)
            side = {"text": "architecture" if column == 1 else "", "font": {"size": 13}}
            drawn.update_yaxes(title=side, autorange="reversed", row=row, col=column, **plain)
    return drawn


def graphs(one: Maheswaranathan2019.Results) -> go.Figure:
    """Draw one network of each task on two principal components: where it goes, what its graph is made of."""
    drawn = panels(list(TASKS), x="component 1", y=["component 2", "", ""], height=400)
    for column, task in enumerate(TASKS, 1):
        taken = one.measured[task]["example"]
        if taken:
            graph_of_one(drawn, taken, column)
    return drawn


def graph_of_one(drawn: go.Figure, taken: Mapping[str, Any], column: int) -> None:
    """Draw visited states, fixed points by stability, edges of the graph, and a line's states into a panel."""
    states, points = np.asarray(taken["states"]), np.asarray(taken["points"])
    visited = states.reshape(-1, states.shape[-1])
    rows = np.linalg.svd(visited - visited.mean(0), full_matrices=False)[2][:2]
    where = {"row": 1, "col": column}

    def onto(x: Floats) -> Floats:
        return np.asarray((x - visited.mean(0)) @ rows.T)

    for k, path in enumerate(onto(states)):
        style = {"name": "trials", "legendgroup": "trials", "showlegend": column == 1 and k == 0}
        line = {"color": "#CCCCCC", "width": 1}
        drawn.add_scatter(x=path[:, 0], y=path[:, 1], mode="lines", line=line, hoverinfo="skip", **style, **where)
    nodes, at = np.asarray(taken["nodes"]), onto(points)
    joined = [(nodes[a], nodes[b]) for a, b in np.argwhere(np.triu(taken["graph"])) if nodes[a] >= 0 and nodes[b] >= 0]
    ends = np.array([[at[a], at[b], [np.nan, np.nan]] for a, b in joined]).reshape(-1, 2)
    if len(ends):
        style = {"name": "leads to", "legendgroup": "edges", "showlegend": column == 1}
        line = {"color": "#444444", "width": 1.5}
        drawn.add_scatter(x=ends[:, 0], y=ends[:, 1], mode="lines", line=line, hoverinfo="skip", **style, **where)
    on_line = np.asarray(taken["line_points"])
    if taken["line"]:
        held = onto(on_line[np.isfinite(on_line).all(1)])
        style = {"name": "line: held states", "mode": "lines+markers", "line": {"color": figure.COLOURS[2], "width": 2}}
        drawn.add_scatter(x=held[:, 0], y=held[:, 1], marker={"size": 5}, **style, **where)
    for i in np.unique(np.asarray(taken["index"])):
        of = at[np.asarray(taken["index"]) == i]
        look = {
            "color": figure.COLOURS[(0, 1, 3, 4)[min(int(i), 3)]],
            "size": 8,
            "symbol": "diamond" if i else "circle",
        }
        name = "stable" if i == 0 else f"{i} unstable"
        shown = {"name": name, "legendgroup": name, "showlegend": name not in {t.name for t in drawn.data}}
        drawn.add_scatter(x=of[:, 0], y=of[:, 1], mode="markers", marker=look, **shown, **where)


def frequencies(results: Sequence[Maheswaranathan2019.Results]) -> go.Figure:
    """Draw the frequency of networks linearised at their fixed points against that asked for."""
    wanted = results[0].wanted
    drawn = figure.new(x="frequency asked for (Hz)", y="frequency of the linearised network (Hz)", height=420)
    line = {"color": "#888888", "width": 1, "dash": "dash"}
    drawn.add_scatter(x=wanted, y=wanted, mode="lines", line=line, name="as asked for")
    for place, (name, hue) in enumerate(HUES.items()):
        every = np.concatenate(
            [np.asarray(one.measured["sines"]["turning"])[np.array(one.names) == name] for one in results]
        )
        at = np.tile(wanted + 0.06 * (place - 1.5), (len(every), 1))
        look = {"color": figure.translucent(hue, 0.6), "size": 6}
        drawn.add_scatter(x=at.ravel(), y=every.ravel(), mode="markers", marker=look, name=name)
    other = np.concatenate([np.asarray(one.measured["integration"]["turning_other"]) for one in results])
    look = {"color": "#222222", "size": 6, "symbol": "x-thin-open"}
    at = np.tile(wanted, (len(other), 1)).ravel()
    drawn.add_scatter(x=at, y=other.ravel(), mode="markers", marker=look, name="integrating networks")
    return drawn


def counts(results: Sequence[Maheswaranathan2019.Results]) -> go.Figure:
    """Draw what is not universal: certified fixed points under each input and integrating modes, by architecture."""
    titles = [f"{task}: fixed points" for task in TASKS] + ["integration: modes"]
    drawn = panels(titles, x="architecture", y=["certified fixed points", "", "", "linear modes"], height=400)
    for column, (task, key) in enumerate([*((task, "fixed") for task in TASKS), ("integration", "modes")], 1):
        for place, (name, hue) in enumerate(HUES.items()):
            every = np.concatenate(
                [np.asarray(one.measured[task][key])[np.array(one.names) == name].ravel() for one in results]
            )
            at = place + 0.5 * ((np.arange(len(every)) + 0.5) / len(every) - 0.5)
            look = {"color": figure.translucent(hue, 0.7), "size": 6}
            drawn.add_scatter(x=at, y=every, mode="markers", marker=look, showlegend=False, row=1, col=column)
        drawn.update_xaxes(tickvals=list(range(len(HUES))), ticktext=list(HUES), tickangle=45, row=1, col=column)
        drawn.update_yaxes(rangemode="tozero", row=1, col=column)
    return drawn
