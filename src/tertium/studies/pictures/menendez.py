"""Pictures of menendez2021: similarity by layer, orientations on paper, their RDMs, and two clusters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tertium import figure
from tertium.studies.base import Picture
from tertium.studies.pictures.over_seeds import add

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.studies.menendez2021 import Menendez2021

#: Networks and layers as they are named.
NETWORKS = {"tilt": "judges tilt", "orientation": "names orientation", "untrained": "untrained"}
LAYERS = ("convolution", "hidden", "answer")
SHOWN = {
    "V1": "V1",
    "tilt conv": "convolution",
    "tilt hidden": "hidden, judges tilt",
    "tilt answer": "answer, judges tilt",
    "orientation hidden": "hidden, names",
    "orientation answer": "answer, names",
    "untrained hidden": "hidden, untrained",
    "untrained answer": "answer, untrained",
}


def pictures(results: Sequence[Menendez2021.Results]) -> Iterator[Picture]:
    """Yield all pictures."""
    n, first = len(results), results[0]
    over = f"mean and 95 % interval over {n} seed{'s' if n > 1 else ''}"
    animals = first.similarity["tilt"].shape[1]
    yield Picture(
        "similarity",
        similarity(results),
        f"Correlation of each layer's RDM with that of simulated V1, mean of {animals} animals a seed, {over}. Grey: "
        "noise ceiling, mean over seeds. An answer of two probabilities is a line, learned or not.",
    )
    yield Picture(
        "planes",
        planes(first),
        f"{len(first.orientation)} orientations laid out by multidimensional scaling of their RDMs, first seed, V1 of "
        "the first animal. Colour: orientation; -90 and 90 are the same. Each plane has its own scale. r: circular "
        "correlation of directions in the plane with the ring.",
    )
    yield Picture(
        "rdms",
        rdms(first),
        "The same RDMs, orientations in degrees from vertical, each over its largest distance. "
        "First seed; V1 of the first animal.",
    )
    yield Picture(
        "clusters",
        clusters(results),
        f"Share of all squared distance that lies between left and right, by layer, {over}. Dashed: orientations "
        "evenly spread on a ring (0.41) and on its projection on a line (0.81).",
    )


def similarity(results: Sequence[Menendez2021.Results]) -> go.Figure:
    """Draw similarity with V1 by layer."""
    drawn = _by_layer([{name: one.similarity[name].mean(axis=1) for name in NETWORKS} for one in results])
    low, high = np.mean([one.ceiling for one in results], axis=0)
    figure.band(drawn, float(low), float(high), "noise ceiling")
    return drawn.update_yaxes(title_text="r of RDMs with V1", range=[0, 1.05])


def clusters(results: Sequence[Menendez2021.Results]) -> go.Figure:
    """Draw the share of distance between left and right by layer."""
    drawn = _by_layer([one.share for one in results])
    for at, what in ((4 / np.pi**2, "ring"), (8 / np.pi**2, "line")):
        figure.limit_line(drawn, at, what)
    return drawn.update_yaxes(title_text="share between left and right", range=[0, 1.02])


def planes(first: Menendez2021.Results) -> go.Figure:
    """Draw orientations in the plane for V1 and the layers of the networks."""
    r = {"V1": first.circular["V1"][0]}
    r |= {f"{name} {layer}": first.circular[name][k] for name in NETWORKS for k, layer in enumerate(_KEYS)}
    grid = _grid([f"{what}, r {r[name]:.2f}" for name, what in SHOWN.items()])
    for place, name in enumerate(SHOWN):
        points = first.points[name] / np.abs(first.points[name]).max()
        marker = {
            "color": first.orientation, "colorscale": "HSV", "cmin": -90, "cmax": 90, "size": 8,
            "colorbar": {"title": "degrees", "tickvals": [-90, -45, 0, 45, 90]}, "showscale": place == 0,
            "line": {"width": 0.5, "color": "#444444"},
        }  # fmt: skip
        where = {"row": place // 4 + 1, "col": place % 4 + 1}
        grid.add_scatter(x=points[:, 0], y=points[:, 1], mode="markers", marker=marker, showlegend=False, **where)
    grid.update_xaxes(range=[-1.15, 1.15])
    grid.update_yaxes(range=[-1.15, 1.15])
    return grid


def rdms(first: Menendez2021.Results) -> go.Figure:
    """Draw the RDMs of the same."""
    grid = _grid(list(SHOWN.values()))
    for place, name in enumerate(SHOWN):
        shown = first.rdms[name]
        grid.add_heatmap(
            x=first.orientation, y=first.orientation, z=shown / shown.max(), zmin=0, zmax=1,
            colorscale=figure.SEQUENTIAL, showscale=place == 0,
            colorbar={"title": "distance /<br>largest"}, row=place // 4 + 1, col=place % 4 + 1,
        )  # fmt: skip
    ticks = {"tickvals": [-90, -45, 0, 45, 90], "ticks": "outside"}
    grid.update_xaxes(row=2, visible=True, title_text="degrees", **ticks)
    grid.update_yaxes(col=1, visible=True, title_text="degrees", **ticks)
    grid.update_yaxes(autorange="reversed")
    return grid


_KEYS = ("conv", "hidden", "answer")


def _by_layer(values: Sequence[dict[str, np.ndarray]]) -> go.Figure:
    drawn = figure.new(x="layer")
    for k, (name, what) in enumerate(NETWORKS.items()):
        style = {"color": figure.COLOURS[k], "dash": ("solid", "dash", "dot")[k]}
        mark = {"size": 9, "symbol": ("circle", "diamond", "square")[k]}
        at = np.arange(3) + 0.04 * (k - 1)
        add(drawn, at, [one[name] for one in values], name=what, mode="lines+markers", line=style, marker=mark)
    drawn.update_layout(legend={"orientation": "h", "y": 1.12})
    return drawn.update_xaxes(tickmode="array", tickvals=[0, 1, 2], ticktext=list(LAYERS), range=[-0.4, 2.2])


def _grid(titles: Sequence[str]) -> go.Figure:
    """Return eight empty squares in two rows."""
    from plotly.subplots import make_subplots

    grid = make_subplots(rows=2, cols=4, subplot_titles=titles, vertical_spacing=0.12, horizontal_spacing=0.03)
    grid.update_layout(figure.new(width=900, height=470).layout)
    grid.update_xaxes(visible=False, showgrid=False, zeroline=False, constrain="domain")
    grid.update_yaxes(visible=False, showgrid=False, zeroline=False)
    for place in range(1, len(titles) + 1):
        grid.update_layout({f"yaxis{place}": {"scaleanchor": f"x{place}", "constrain": "domain"}})
    grid.update_annotations(font_size=12)
    return grid.update_layout(margin={"t": 36, "b": 44, "l": 44})
