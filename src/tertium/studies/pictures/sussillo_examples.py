"""Drawings of DYN04: waves and the points they go round, frequencies, eigenvalues; a plane of slow points and its q."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tertium import figure
from tertium.dynamics.axes.panels import panels, shades
from tertium.studies.base import Picture
from tertium.studies.pictures import over_seeds

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.studies.sussillo2013examples import Sussillo2013Examples

Floats = NDArray[np.float64]

BLUE, RED, GREEN, GREY = figure.COLOURS[0], figure.COLOURS[1], figure.COLOURS[2], "#888888"

#: The most that is shown of a number that may be infinite or run off.
OFF = 200.0


def pictures(results: Sequence[Sussillo2013Examples.Results]) -> Iterator[Picture]:
    """Yield all pictures of the study."""
    first, n = results[0], len(results)
    seeds = "one network" if n == 1 else f"{n} networks"
    yield Picture(
        "cycles",
        cycles(first),
        f"The waves of the first network at {len(first.numbers)} levels of its input, and the unstable fixed point "
        "inside each (diamonds), on two axes that the waves take most room on and one along which the points lie.",
    )
    yield Picture(
        "frequencies",
        frequencies(results),
        f"Left: frequency that is made, and that of the unstable pair at the fixed point, by the frequency that is "
        f"asked for; the line: as asked. Means of {seeds}, bars 95 % of the mean over seeds. Right: by how much the "
        f"pair's differs from the one made; a dot a network and level, lines at 20 %. Open symbols: levels between "
        "trained ones.",
    )
    yield Picture(
        "eigenvalues",
        eigenvalues(first),
        "Modes at the fixed points of the first network by level of the input, colour: growth and frequency, log of "
        "the eigenvalues of one step over its length. Right of the line modes grow.",
    )
    yield Picture(
        "trial",
        trial(first),
        "One trial of the moving average: pulses of values (bars; those in grey have no mark and must be ignored), "
        "output and target of the first network.",
    )
    yield Picture(
        "plane",
        plane(first),
        f"Slow points of the first network for {len(first.pairs)} pairs of values on the first three components of "
        "these points, coloured by the output there; lines join pairs that share a value. Diamonds: the fixed points.",
    )
    yield Picture(
        "q_map",
        q_map(first),
        "q at the slow point of each pair, first network; crosses mark pairs whose slow point is not useful, circles "
        "those whose nearest fixed point is useful.",
    )
    yield Picture(
        "q_histogram",
        q_histogram(results),
        f"q of the useful slow points ({seeds}, each with {len(first.pairs)} pairs), and of the states that were free "
        "to slide downhill. The line, 1e-6, tells slow points from fixed ones.",
    )
    yield Picture(
        "flat",
        flat(results),
        "The six smallest singular values of the Jacobian at the slow points, of networks that average two values and "
        f"of those that keep one. Dots: medians over pairs, a dot a network ({n} of each); bars: 5 to 95 % of the "
        "pairs. Below the line a direction is flat.",
    )


def cycles(one: Sussillo2013Examples.Results) -> go.Figure:
    """Draw the waves and fixed points of all levels in three dimensions."""
    drawn = figure.new(x="wave axis 1", y="wave axis 2", height=520)
    hues, found = shades(len(one.numbers)), one.waves
    for k, hertz in enumerate(one.asked):
        x, y, z = found["paths"][k].T
        name = f"{hertz:.2f} Hz"
        line = {"color": hues[k], "width": 3}
        shown = k % max(1, len(one.asked) // 5) == 0
        drawn.add_scatter3d(x=x, y=y, z=z, mode="lines", line=line, name=name, showlegend=shown)
    x, y, z = found["places"].T
    look = {"color": list(hues), "size": 4, "symbol": "diamond", "line": {"color": "#222222", "width": 1}}
    line = {"color": "#222222", "width": 2}
    drawn.add_scatter3d(x=x, y=y, z=z, mode="lines+markers", marker=look, line=line, name="fixed points")
    titles = ("wave axis 1", "wave axis 2", "axis of the points")
    axes = {f"{axis}axis": {"title": {"text": text}} for axis, text in zip("xyz", titles, strict=True)}
    camera = {"eye": {"x": 1.5, "y": 1.5, "z": 0.9}, "center": {"x": 0, "y": 0, "z": -0.1}}
    scene = {**axes, "aspectmode": "cube", "camera": camera}
    drawn.update_layout(scene=scene, margin={"l": 0, "r": 0, "b": 0, "t": 16})
    return drawn


def frequencies(results: Sequence[Sussillo2013Examples.Results]) -> go.Figure:
    """Draw frequencies made and linear against those asked for, and the difference of the two."""
    first = results[0]
    drawn = panels(["", ""], x="asked (Hz)", y=["frequency (Hz)", "difference from the one made (%)"], height=420)
    ends = [float(first.asked.min()), float(first.asked.max())]
    line = {"color": GREY, "width": 1, "dash": "dash"}
    drawn.add_scatter(x=ends, y=ends, mode="lines", line=line, name="as asked", row=1, col=1)
    symbols = np.where(first.known, "circle", "circle-open").tolist()
    made = np.array([one.waves["produced"] for one in results])
    linear = np.array([one.waves["linear"] for one in results])
    for rows, colour, name in ((made, BLUE, "made"), (linear, RED, "linear, Im / 2π")):
        look = {"color": colour, "size": 8 if colour == BLUE else 5, "symbol": symbols}
        over_seeds.add(drawn, first.asked, rows, mode="markers", marker=look, name=name, xaxis="x", yaxis="y")
    with np.errstate(divide="ignore", invalid="ignore"):
        off = np.clip(100 * (linear - made) / made, -OFF, OFF)
    for one in off:
        look = {"color": figure.translucent(RED, 0.6), "size": 5, "symbol": symbols}
        drawn.add_scatter(x=first.asked, y=one, mode="markers", marker=look, showlegend=False, row=1, col=2)
    for limit in (-20, 0, 20):
        dash = {"color": GREY, "width": 1, "dash": "dash" if limit else "solid"}
        drawn.add_scatter(x=ends, y=[limit] * 2, mode="lines", line=dash, showlegend=False, row=1, col=2)
    drawn.update_layout(legend={"x": 0.02, "y": 0.98, "xanchor": "left", "yanchor": "top"})
    return drawn


def eigenvalues(one: Sussillo2013Examples.Results) -> go.Figure:
    """Draw growth and frequency of the modes at the points of all levels."""
    drawn = figure.new(x="growth (1/s)", y="frequency (Hz)", height=420)
    values = one.waves["eigenvalues"]
    level = np.repeat(one.asked[:, None], values.shape[1], axis=1)
    look = {
        "color": level.ravel(),
        "colorscale": figure.SEQUENTIAL,
        "size": 5,
        "colorbar": {"title": {"text": "asked (Hz)", "side": "right"}, "thickness": 12},
    }
    drawn.add_scatter(x=values[..., 0].ravel(), y=values[..., 1].ravel(), mode="markers", marker=look, name="modes")
    drawn.update_xaxes(range=[-2 / one.tau, 0.5 / one.tau])
    drawn.update_layout(showlegend=False)
    return figure.limit_line(drawn, 0.0, "", vertical=True)


def trial(one: Sussillo2013Examples.Results) -> go.Figure:
    """Draw pulses, output and target of one trial."""
    drawn = figure.new(x="time (s)", y="value", height=340)
    shown = one.trial
    value, mark = shown["inputs"].T
    for which, colour, name in ((mark > 0, GREEN, "marked"), (mark == 0, "#BBBBBB", "not marked")):
        height = np.where(which & (value != 0), value, np.nan)
        drawn.add_bar(x=shown["time"], y=height, marker={"color": colour, "line": {"width": 0}}, name=name)
    line = {"color": "#222222", "width": 1.2, "dash": "dash"}
    drawn.add_scatter(x=shown["time"], y=shown["target"], mode="lines", line=line, name="target")
    line = {"color": BLUE, "width": 2}
    drawn.add_scatter(x=shown["time"], y=shown["output"], mode="lines", line=line, name="output")
    drawn.update_layout(bargap=0, barmode="overlay")
    return drawn


def plane(one: Sussillo2013Examples.Results) -> go.Figure:
    """Draw slow points in three dimensions, coloured by the output, with the net of pairs and the fixed points."""
    drawn = figure.new(x="component 1", y="component 2", height=520)
    points, found = one.plane["points"], one.plane
    centre = points.mean(0)
    rows = np.linalg.svd(points - centre, full_matrices=False)[2][:3]
    at = (points - centre) @ rows.T
    side = round(len(at) ** 0.5)
    grid = at.reshape(side, side, 3)
    gap = np.full((side, 1, 3), np.nan)
    net = np.concatenate([np.concatenate([g, gap], axis=1).reshape(-1, 3) for g in (grid, grid.swapaxes(0, 1))])
    x, y, z = net.T
    line = {"color": "#AAAAAA", "width": 2}
    drawn.add_scatter3d(x=x, y=y, z=z, mode="lines", line=line, name="one value the same", hoverinfo="skip")
    x, y, z = at.T
    look = {
        "color": found["outputs"],
        "colorscale": figure.DIVERGING,
        "cmid": 0,
        "size": 5,
        "colorbar": {"title": {"text": "output", "side": "right"}, "thickness": 12},
    }
    text = [f"{a:+.2f}, then {b:+.2f}; q = {q:.1e}" for (a, b), q in zip(one.pairs, found["q"], strict=True)]
    drawn.add_scatter3d(x=x, y=y, z=z, mode="markers", marker=look, text=text, hoverinfo="text", name="slow points")
    if len(found["fixed"]):
        x, y, z = ((found["fixed"] - centre) @ rows.T).T
        look = {"color": "#222222", "size": 5, "symbol": "diamond"}
        drawn.add_scatter3d(x=x, y=y, z=z, mode="markers", marker=look, name=f"fixed points (n = {len(x)})")
    reach = 1.1 * float(np.abs(at).max())
    axes = {
        f"{a}axis": {"title": {"text": f"component {k + 1}"}, "range": [-reach, reach]} for k, a in enumerate("xyz")
    }
    camera = {"eye": {"x": 1.35, "y": 1.35, "z": 1.2}, "center": {"x": 0, "y": 0, "z": -0.1}}
    drawn.update_layout(
        scene={**axes, "aspectmode": "cube", "camera": camera}, margin={"l": 0, "r": 0, "b": 0, "t": 16}
    )
    drawn.update_layout(legend={"x": 0.01, "y": 0.99, "xanchor": "left", "yanchor": "top"})
    return drawn


def q_map(one: Sussillo2013Examples.Results) -> go.Figure:
    """Draw q over the plane of values."""
    drawn = figure.new(x="last value", y="last but one", height=440)
    values, found = np.unique(one.pairs), one.plane
    levels = np.log10(np.maximum(found["q"], 1e-30)).reshape(len(values), len(values))
    bar = {"title": {"text": "log<sub>10</sub> q", "side": "right"}, "thickness": 12}
    drawn.add_heatmap(x=values, y=values, z=levels, colorscale=figure.SEQUENTIAL, colorbar=bar)
    for which, symbol, name in (
        (~found["useful"], "x-thin", "not useful"),
        (found["nearest"], "circle-open", "nearest fixed point useful"),
    ):
        before, last = one.pairs[which].T
        look = {"symbol": symbol, "size": 9, "color": "#FFFFFF", "line": {"color": "#FFFFFF", "width": 1.6}}
        drawn.add_scatter(x=last, y=before, mode="markers", marker=look, name=name, showlegend=False)
    drawn.update_xaxes(constrain="domain")
    drawn.update_yaxes(scaleanchor="x", constrain="domain")
    return drawn


def q_histogram(results: Sequence[Sussillo2013Examples.Results]) -> go.Figure:
    """Draw how often useful points, and states that slid, have which q."""
    drawn = figure.new(x="log<sub>10</sub> q (per squared time constant)", y="points (%)", height=340)
    edges = np.arange(-30, 1.01, 0.5)
    held = np.concatenate([one.plane["q"][one.plane["useful"]] for one in results])
    slid = np.concatenate([one.plane["slid_q"] for one in results])
    for values, colour, name in ((held, BLUE, "useful slow points"), (slid, GREY, "free to slide")):
        if not len(values):
            continue
        count = np.histogram(np.clip(np.log10(np.maximum(values, 1e-30)), edges[0], edges[-1]), edges)[0]
        look = {"color": figure.translucent(colour, 0.7)}
        label = f"{name} (n = {len(values)})"
        drawn.add_bar(x=(edges[:-1] + edges[1:]) / 2, y=100 * count / len(values), marker=look, name=label)
    drawn.update_layout(barmode="overlay", bargap=0.05)
    drawn.update_layout(legend={"x": 0.5, "xanchor": "center", "y": 0.98, "yanchor": "top"})
    return figure.limit_line(drawn, -6, "1e-6", vertical=True)


def flat(results: Sequence[Sussillo2013Examples.Results]) -> go.Figure:
    """Draw the smallest singular values of both kinds of network."""
    drawn = figure.new(x="singular value, smallest first", y="value (per time constant)", height=380)
    for place, (key, name, colour) in enumerate((("plane", "two values", BLUE), ("single", "one value", RED))):
        for seed, one in enumerate(results):
            values: Any = getattr(one, key)["singular"]
            middle, low, high = (np.quantile(values, share, axis=0) for share in (0.5, 0.05, 0.95))
            shift = 0.3 * (place - 0.5) + 0.2 * (seed - (len(results) - 1) / 2) / max(len(results), 2)
            drawn.add_scatter(
                x=np.arange(1, len(middle) + 1) + shift,
                y=middle,
                error_y=figure.error_bars(middle.tolist(), low.tolist(), high.tolist()) | {"color": colour},
                mode="markers",
                marker={"color": colour, "size": 6},
                name=name,
                legendgroup=name,
                showlegend=seed == 0,
            )
    drawn.update_yaxes(type="log", exponentformat="power", dtick=1)
    drawn.update_xaxes(dtick=1)
    return figure.limit_line(drawn, results[0].flat, "flat below")
