"""Drawings of CON03: networks in space, weights by length, graph measures, training, function."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tertium import figure
from tertium.studies.base import Picture
from tertium.studies.methods.achterberg_networks import SHUFFLED, SPARSE, SPATIAL, UNTRAINED
from tertium.studies.pictures.over_seeds import add

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.studies.achterberg2023 import Achterberg2023

COLOURS = dict(zip((SPATIAL, SPARSE, SHUFFLED, UNTRAINED), (*figure.COLOURS[:3], figure.COLOURS[-1]), strict=True))
DRAWN = 150  # strongest pairs that are drawn as lines


def pictures(results: Sequence[Achterberg2023.Results]) -> Iterator[Picture]:
    """Yield all pictures; networks in space are those of the first seed."""
    n = len(results)
    over = f"n = {n} seed{'s' if n > 1 else ''}"
    yield Picture(
        "space",
        space(results[0]),
        f"One seed's networks on their lattice, seen from the front: the {DRAWN} strongest pairs, thicker where "
        "stronger. Points: units, larger where more strongly connected in all; colour: share of the goal (against the "
        "options) in what explains a unit's activity at the end of the options (grey: no selective activity).",
    )
    yield Picture(
        "distance",
        distance(results),
        f"Mean absolute weight of pairs of units by their distance, over the mean of all pairs; {over}, bars 95 % "
        "intervals over seeds. Dashed: no relation.",
    )
    yield Picture(
        "graphs",
        graphs(results),
        f"Graph of the strongest 10 % of pairs: modularity Q, Q beyond graphs of the same degrees, small-worldness "
        f"sigma against graphs of the same density and of the same degrees. One dot a seed ({over}), bar: mean with "
        "95 % interval. Kinds at the same fraction of connections alive, all with at least 90 % correct.",
    )
    yield Picture(
        "training",
        training(results),
        "Fraction of connections alive (|weight| > 0.01) and fraction correct over training, one line a seed "
        f"({over}); dots: where the network was taken.",
    )
    yield Picture(
        "function",
        function(results),
        "Function: how near units of one function are (z of permutations over places; negative is nearer than chance), "
        "mean activity, distance of the units' goal share from an even mixture. One dot a seed "
        f"({over}), bar: mean with 95 % interval.",
    )


def space(first: Achterberg2023.Results) -> go.Figure:
    """Draw the strongest connections and the goal share of units in an oblique view of the lattice.

    Projected here, not by Plotly's three-dimensional scenes: those need WebGL, which a printed page does not have.
    """
    drawn = panels(2, 440, titles=(SPATIAL, SPARSE))
    for column, kind in enumerate((SPATIAL, SPARSE), start=1):
        for trace in network_traces(first, kind, colour_bar=column == 2):
            drawn.add_trace(trace, row=1, col=column)
        anchor = {"scaleanchor": f"x{column if column > 1 else ''}", "showticklabels": False, "ticks": ""}
        drawn.update_yaxes(title_text="z" if column == 1 else "", row=1, col=column, **anchor)
        drawn.update_xaxes(title_text="x, and y into the page", showticklabels=False, ticks="", row=1, col=column)
    drawn.update_layout(showlegend=False)
    return drawn


def oblique(places: Any) -> Any:
    """Return where points (n, 3) are drawn, shape (2, n): y runs into the page, up and to the right."""
    x, y, z = np.asarray(places, dtype=float).T
    return np.stack([x + 0.42 * y, 1.25 * z + 0.24 * y])


def network_traces(first: Achterberg2023.Results, kind: str, *, colour_bar: bool) -> list[Any]:
    """Return lines of the strongest pairs, in three thicknesses, and the units."""
    import plotly.graph_objects as go

    strong, at = np.nan_to_num(first.strengths[kind].astype(float)), oblique(first.places)
    rows, columns = np.triu_indices(len(strong), 1)
    order = np.argsort(-strong[rows, columns])[:DRAWN]
    traces: list[Any] = []
    for part, width in zip(np.array_split(order, 3), (4, 2, 1), strict=True):
        gap = np.full((2, len(part)), np.nan)  # lifts the pen between two pairs
        x, y = np.stack([at[:, rows[part]], at[:, columns[part]], gap], axis=-1).reshape(2, -1)
        line = {"color": figure.translucent("#444444", 0.35), "width": width}
        traces.append(go.Scatter(x=x, y=y, mode="lines", line=line, hoverinfo="skip"))
    total, share = strong.sum(axis=1), first.share[kind]
    size = 4 + 14 * np.sqrt(total / max(total.max(), 1e-12))
    silent = ~np.isfinite(share)
    for chosen, look in ((silent, {"color": "#bbbbbb"}), (~silent, shares(share, colour_bar=colour_bar))):
        marker = look | {"size": size[chosen], "line": {"color": "#444444", "width": 0.7}}
        traces.append(go.Scatter(x=at[0, chosen], y=at[1, chosen], mode="markers", marker=marker))
    return traces


def shares(share: Any, *, colour_bar: bool) -> dict[str, Any]:
    """Return the colours of units with a goal share."""
    title = {"title": {"text": "goal share", "side": "right"}, "thickness": 12, "len": 0.7}
    return {
        "color": share[np.isfinite(share)],
        "colorscale": figure.DIVERGING,
        "cmin": 0,
        "cmax": 1,
        "showscale": colour_bar,
        "colorbar": title,
    }


def distance(results: Sequence[Achterberg2023.Results]) -> go.Figure:
    """Draw mean weights by distance."""
    bins = results[0].bins
    middle = (bins[1:] + bins[:-1]) / 2
    drawn = figure.new(x="distance (units of the lattice)", y="mean |weight| (over that of all pairs)")
    for kind, colour in COLOURS.items():
        rows = np.array([r.profile[kind] for r in results])
        rows = rows[np.isfinite(rows).any(axis=1)]
        if len(rows):
            filled = np.isfinite(rows).all(axis=0)
            add(
                drawn, middle[filled], rows[:, filled],
                mode="lines+markers", name=kind, line={"color": colour}, marker={"color": colour},
            )  # fmt: skip
    return figure.limit_line(drawn, 1.0, "")


def graphs(results: Sequence[Achterberg2023.Results]) -> go.Figure:
    """Draw modularity and small-worldness of all kinds."""
    shown = (
        ("modularity", "modularity Q"),
        ("excess modularity", "Q beyond degrees"),
        ("small-worldness", "sigma (density)"),
        ("small-worldness for degrees", "sigma (degrees)"),
    )
    return dots(results, shown, tuple(COLOURS))


def function(results: Sequence[Achterberg2023.Results]) -> go.Figure:
    """Draw nearness, activity and mixture."""
    shown = (
        ("goal nearness", "goal: z"),
        ("options nearness", "options: z"),
        ("activity", "mean activity"),
        ("distance from even", "|goal share - 0.5|"),
    )
    drawn = dots(results, shown, (SPATIAL, SPARSE, SHUFFLED))
    for column in (1, 2):
        drawn.add_hline(y=0, line={"color": "#888888", "width": 1, "dash": "dash"}, row=1, col=column)
    return drawn


def panels(count: int, height: int, titles: Sequence[str] | None = None) -> go.Figure:
    """Return panels side by side in tertium's style."""
    from plotly.subplots import make_subplots

    drawn = make_subplots(1, count, horizontal_spacing=0.3 / (count + 1), subplot_titles=titles)
    base = figure.new(height=height).layout.to_plotly_json()
    drawn.update_layout({k: v for k, v in base.items() if k not in ("xaxis", "yaxis")})
    drawn.update_layout(margin={"t": 48})
    drawn.update_xaxes(**base["xaxis"])
    drawn.update_yaxes(**base["yaxis"])
    return drawn


def dots(
    results: Sequence[Achterberg2023.Results], shown: Sequence[tuple[str, str]], kinds: Sequence[str]
) -> go.Figure:
    """Draw a panel a measure: one dot a seed and kind, with mean and interval."""
    drawn = panels(len(shown), 360)
    for column, (key, title) in enumerate(shown, start=1):
        for place, kind in enumerate(kinds):
            values = np.array([r.measures[kind][key] for r in results])
            values = values[np.isfinite(values)]
            look: dict[str, Any] = {"name": kind, "legendgroup": kind, "row": 1, "col": column}
            spread = place + np.linspace(-0.18, 0.18, len(values)) if len(values) > 1 else np.full(len(values), place)
            small = {"color": figure.translucent(COLOURS[kind], 0.4), "size": 6}
            drawn.add_scatter(x=spread, y=values, mode="markers", marker=small, showlegend=False, **look)
            if len(values):
                add(
                    drawn, [place], values[:, None], mode="markers", showlegend=column == 1,
                    marker={"color": COLOURS[kind], "size": 18, "symbol": "line-ew", "line": {"width": 3}}
                    | {"line": {"color": COLOURS[kind], "width": 3}}, **look,
                )  # fmt: skip
        drawn.update_yaxes(title_text=title, row=1, col=column)
        drawn.update_xaxes(showticklabels=False, ticks="", title_text="kind", row=1, col=column)
    drawn.update_layout(legend={"orientation": "h", "y": 1.12, "x": 0})
    return drawn


def training(results: Sequence[Achterberg2023.Results]) -> go.Figure:
    """Draw connections alive and accuracy over epochs."""
    drawn = panels(2, 360)
    for column, (name, title) in enumerate(
        (("connections", "connections alive (fraction)"), ("accuracy", "correct (fraction)")), start=1
    ):
        drawn.update_xaxes(title_text="epoch of training", row=1, col=column)
        drawn.update_yaxes(title_text=title, range=[-0.03, 1.03], row=1, col=column)
        for kind in (SPATIAL, SPARSE, SHUFFLED):
            for number, result in enumerate(results):
                course, taken = getattr(result, name)[kind], result.epochs[kind]
                look: dict[str, Any] = {"legendgroup": kind, "name": kind, "row": 1, "col": column}
                line = {"color": figure.translucent(COLOURS[kind], 0.45), "width": 1.2}
                named = column == 1 and number == 0
                epochs = np.arange(1, len(course) + 1)
                drawn.add_scatter(x=epochs, y=course, mode="lines", line=line, showlegend=named, **look)
                if taken:
                    dot = {"color": COLOURS[kind], "size": 7}
                    at = [course[taken - 1]]
                    drawn.add_scatter(x=[taken], y=at, mode="markers", marker=dot, showlegend=False, **look)
    drawn.update_layout(legend={"orientation": "h", "y": 1.12, "x": 0})
    return drawn
