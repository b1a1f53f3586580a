"""Drawings of DYN03: a trial, fixed points on principal axes, counts by index, eigenvalues."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tertium import figure
from tertium.studies.methods.flipflop import counts as by_index
from tertium.studies.methods.flipflop import expected_counts
from tertium.studies.methods.flipflop_networks import MAIN_BITS

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.studies.sussillo2013 import Sussillo2013

Floats = NDArray[np.float64]


def trial(one: Mapping[str, Floats], dt: float = 0.01) -> go.Figure:
    """Draw inputs, outputs and targets of one trial, (time, bit) each, the bits above one another."""
    bits = one["targets"].shape[1]
    drawn = figure.new(x="time (s)", y="bit", height=120 + 100 * bits)
    time = np.arange(len(one["targets"])) * dt
    shown = dict.fromkeys(("input", "output", "target"), True)
    for bit in range(bits):
        base = -3.0 * bit
        for name, key, line in (
            ("input", "inputs", {"color": "#BBBBBB", "width": 1}),
            ("output", "outputs", {"color": figure.COLOURS[bit % len(figure.COLOURS)], "width": 2}),
            ("target", "targets", {"color": "#222222", "width": 1, "dash": "dash"}),
        ):
            style = {"name": name, "legendgroup": name, "showlegend": shown[name]}
            drawn.add_scatter(x=time, y=base + one[key][:, bit], mode="lines", line=line, **style)
            shown[name] = False
    drawn.update_yaxes(tickvals=[-3.0 * bit for bit in range(bits)], ticktext=[str(bit + 1) for bit in range(bits)])
    return drawn


def cube(taken: Mapping[str, Any]) -> go.Figure:
    """Draw fixed points by index on the first three principal components of the memories, joined along saddles."""
    points, index = np.asarray(taken["points"]), np.asarray(taken["index"])
    drawn = figure.new(x="component 1", y="component 2", height=480)
    base = points[index == 0] if (index == 0).sum() > 3 else points
    if not len(base):
        base = np.zeros((1, points.shape[1]))
    _, _, rows = np.linalg.svd(base - base.mean(0), full_matrices=False)
    at = np.pad((points - base.mean(0)) @ rows[:3].T, ((0, 0), (0, 3 - min(3, len(rows)))))
    saddles, ends = np.asarray(taken["saddles"]), np.asarray(taken["ends"])
    path = [[at[s], at[e], np.full(3, np.nan)] for s, e in zip(saddles, ends, strict=True) if index[s] == 1 and e >= 0]
    x, y, z = (np.array(path).reshape(-1, 3) if path else np.full((1, 3), np.nan)).T
    line = {"color": "#888888", "width": 3}
    drawn.add_scatter3d(x=x, y=y, z=z, mode="lines", line=line, name="leads to", hoverinfo="skip")
    for i in np.unique(index):
        x, y, z = at[index == i].T
        name = f"{'stable' if i == 0 else f'{i} unstable'} (n = {len(x)})"
        look = {
            "color": figure.COLOURS[int(i) % len(figure.COLOURS)],
            "size": 5,
            "symbol": "diamond" if i else "circle",
        }
        drawn.add_scatter3d(x=x, y=y, z=z, mode="markers", marker=look, name=name)
    axes = {f"{axis}axis": {"title": {"text": f"component {k + 1}"}} for k, axis in enumerate("xyz")}
    camera = {"eye": {"x": 1.55, "y": 1.55, "z": 1.0}, "center": {"x": 0, "y": 0, "z": -0.15}}
    scene = {**axes, "aspectmode": "cube", "camera": camera}
    drawn.update_layout(scene=scene, margin={"l": 0, "r": 0, "b": 0, "t": 16})
    return drawn


def counts(results: Sequence[Sussillo2013.Results]) -> go.Figure:
    """Draw the number of certified points by index of every network, with what is expected."""
    drawn = figure.new(x="unstable modes", y="certified fixed points")
    names = list(results[0].found)
    for place, name in enumerate(names):
        kind, bits = name.split("-")
        colour = figure.COLOURS[place % len(figure.COLOURS)]
        expected, shift = expected_counts(int(bits)), 0.12 * (place - (len(names) - 1) / 2)
        line = {"color": figure.translucent(colour, 0.6), "width": 1.5, "dash": "dot" if kind == "gru" else "solid"}
        at = np.arange(len(expected)) + shift
        drawn.add_scatter(x=at, y=expected, mode="lines", line=line, showlegend=False, hoverinfo="skip")
        x, y = [], []
        for one in results:
            taken = one.found[name]
            found = by_index(taken["index"][np.asarray(taken["certified"], dtype=bool)])
            x += (np.arange(len(found)) + shift).tolist()
            y += found.tolist()
        look = {"color": colour, "size": 7, "symbol": "diamond" if kind == "gru" else "circle"}
        label = f"{kind if kind == 'tanh' else kind.upper()}, {bits} bit{'s' if int(bits) > 1 else ''}"
        drawn.add_scatter(x=x, y=y, mode="markers", marker=look, name=label)
    drawn.update_xaxes(dtick=1)
    return drawn


def counts_of_one(taken: Sequence[Mapping[str, Any]], bits: int) -> go.Figure:
    """Draw the number of certified points of one network by index, from several searches, over what is expected."""
    drawn = figure.new(x="unstable modes", y="certified fixed points", height=320)
    expected = expected_counts(bits)
    bar = {"color": figure.translucent(figure.COLOURS[6], 0.35)}
    drawn.add_bar(x=np.arange(len(expected)), y=expected, marker=bar, name="expected")
    for k, one in enumerate(taken):
        found = by_index(np.asarray(one["index"])[np.asarray(one["certified"], dtype=bool)])
        at = np.arange(len(found)) + 0.1 * (k - (len(taken) - 1) / 2)
        look = {"color": figure.COLOURS[0], "size": 9}
        drawn.add_scatter(x=at, y=found, mode="markers", marker=look, name="found", showlegend=k == 0)
    drawn.update_xaxes(dtick=1)
    return drawn


def spectrum(taken: Mapping[str, Any]) -> go.Figure:
    """Draw the eigenvalues at all points of one network in the complex plane."""
    drawn = figure.new(x="real part", y="imaginary part", height=440)
    angle = np.linspace(0, 2 * np.pi, 200)
    border = {"color": "#888888", "width": 1, "dash": "dash"}
    drawn.add_scatter(x=np.cos(angle), y=np.sin(angle), mode="lines", line=border, name="unit circle")
    index = np.asarray(taken["index"])
    for i in np.unique(index)[::-1]:
        values = np.asarray(taken["eigenvalues"])[index == i].reshape(-1, 2)
        look = {"color": figure.translucent(figure.COLOURS[int(i) % len(figure.COLOURS)], 0.6), "size": 5}
        drawn.add_scatter(x=values[:, 0], y=values[:, 1], mode="markers", marker=look, name=_index_name(int(i)))
    drawn.update_xaxes(constrain="domain")
    drawn.update_yaxes(scaleanchor="x", constrain="domain", range=[-1.1, 1.1])
    return drawn


def eigenvalues(first: Sussillo2013.Results, kinds: Sequence[str]) -> go.Figure:
    """Draw the eigenvalues of both kinds of network in the complex plane, one panel each."""
    from plotly.subplots import make_subplots

    panels = _panels(make_subplots(1, len(kinds), horizontal_spacing=0.12), 420)
    angle = np.linspace(0, 2 * np.pi, 200)
    border = {"color": "#888888", "width": 1, "dash": "dash"}
    shown: set[int] = set()
    for column, kind in enumerate(kinds, start=1):
        taken = first.found[f"{kind}-{MAIN_BITS}"]
        where = {"row": 1, "col": column}
        panels.add_scatter(
            x=np.cos(angle), y=np.sin(angle), mode="lines", line=border, showlegend=False, hoverinfo="skip", **where
        )
        for i in np.unique(taken["index"])[::-1]:
            values = np.asarray(taken["eigenvalues"])[taken["index"] == i].reshape(-1, 2)
            look = {"color": figure.translucent(figure.COLOURS[int(i) % len(figure.COLOURS)], 0.6), "size": 5}
            style = {"name": _index_name(int(i)), "legendgroup": str(i), "showlegend": int(i) not in shown}
            panels.add_scatter(x=values[:, 0], y=values[:, 1], mode="markers", marker=look, **style, **where)
            shown.add(int(i))
        panels.update_xaxes(title_text=f"real part, {_kind_name(kind)}", range=[-1.15, 1.6], **where)
        panels.update_yaxes(
            title_text="imaginary part" if column == 1 else "", range=[-1.15, 1.15], scaleanchor=f"x{column}", **where
        )
    return panels


def unstable_modes(results: Sequence[Sussillo2013.Results], kinds: Sequence[str]) -> go.Figure:
    """Draw the modulus of the largest eigenvalue at each point against its index, all networks."""
    drawn = figure.new(x="unstable modes", y="modulus of the largest eigenvalue (per step)")
    rng = np.random.default_rng(0)  # places dots beside each other
    for place, kind in enumerate(kinds):
        x, y = [], []
        for one in results:
            taken = one.found[f"{kind}-{MAIN_BITS}"]
            largest = np.hypot(*np.moveaxis(np.asarray(taken["eigenvalues"]), -1, 0)).max(1)
            x += (taken["index"] + 0.3 * (place - 0.5) + rng.uniform(-0.1, 0.1, len(largest))).tolist()
            y += largest.tolist()
        look = {"color": figure.translucent(figure.COLOURS[place], 0.5), "size": 5}
        drawn.add_scatter(x=x, y=y, mode="markers", marker=look, name=_kind_name(kind))
    drawn.update_xaxes(dtick=1)
    return figure.limit_line(drawn, 1.0, "")


def _kind_name(kind: str) -> str:
    return "tanh units" if kind == "tanh" else "gated units"


def _index_name(index: int) -> str:
    return "stable" if index == 0 else f"{index} unstable"


def _panels(panels: go.Figure, height: int) -> go.Figure:
    """Give several panels the look of `figure.new`."""
    base = figure.new(height=height).layout
    panels.update_layout({k: v for k, v in base.to_plotly_json().items() if k not in ("xaxis", "yaxis")})
    panels.update_xaxes(base.xaxis)
    panels.update_yaxes(base.yaxis)
    return panels
