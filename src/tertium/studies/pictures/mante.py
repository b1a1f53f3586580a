"""Pictures of networks that judge motion or colour: choices, paths on targeted axes, lines and selection vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium import figure
from tertium.dynamics.axes.panels import panels, shades
from tertium.studies.methods.mante_measures import kept_vectors
from tertium.studies.methods.mante_networks import CONTEXTS, INPUTS

if TYPE_CHECKING:
    import plotly.graph_objects as go

Floats = npt.NDArray[np.float64]

#: Colours of motion and colour.
HUES = (figure.COLOURS[0], figure.COLOURS[1])

#: Panels of paths: context, sorted by input.
PANELS = ((0, 0), (0, 1), (1, 0), (1, 1))


def psychometric(results: Sequence[Any], levels: Sequence[float]) -> go.Figure:
    """Draw the fraction of positive choices in each context against each input."""
    drawn = panels([f"judge {name}" for name in CONTEXTS], x="evidence", y=["positive choices (%)", ""])
    every = 100 * np.array([one.fractions for one in results])
    mean = every.mean(0)
    half = 1.96 * every.std(0, ddof=1) / np.sqrt(len(every)) if len(every) > 1 else np.zeros_like(mean)
    for i in range(2):
        for j, name in enumerate(INPUTS):
            ends = (mean[i, j] - half[i, j]).tolist(), (mean[i, j] + half[i, j]).tolist()
            drawn.add_scatter(
                x=list(levels),
                y=mean[i, j],
                error_y=figure.error_bars(mean[i, j].tolist(), *ends) | {"color": HUES[j]},
                mode="lines+markers",
                marker={"size": 7, "color": HUES[j]},
                line={"color": HUES[j], "width": 2, "dash": "solid" if i == j else "dash"},
                name=f"{name}",
                showlegend=i == j,
                row=1,
                col=i + 1,
            )
        drawn.update_yaxes(range=[-3, 103], row=1, col=i + 1)
    return drawn


def trajectories(one: Any) -> go.Figure:
    """Draw mean paths by motion and by colour in both contexts, with the points of the lines and selection vectors."""
    from plotly.subplots import make_subplots

    titles = [f"judge {CONTEXTS[i]}, by {INPUTS[j]}" for i, j in PANELS]
    drawn = make_subplots(2, 2, subplot_titles=titles, horizontal_spacing=0.12, vertical_spacing=0.15)
    plain = figure.new(height=760)
    drawn.update_layout(plain.layout)
    drawn.update_layout(margin={"t": 40})
    drawn.update_annotations(font={"size": 13})
    found, hues = one.paths, shades(len(one.paths["levels"]))
    every = max(1, round(0.05 / float(found["time"][1] - found["time"][0])))
    for place, (i, j) in enumerate(PANELS):
        where = {"row": place // 2 + 1, "col": place % 2 + 1}
        for k, level in enumerate(found["levels"]):
            path = found["mean"][i, j, k, ::every]
            drawn.add_scatter(
                x=path[:, 0],
                y=path[:, 1 + j],
                mode="lines+markers",
                line={"color": hues[k], "width": 1.8},
                marker={"size": 4, "color": hues[k]},
                name=f"{level:+g}",
                legendgroup="levels",
                legendgrouptitle={"text": "evidence"},
                showlegend=place == 0,
                **where,
            )
        if "points" in found:
            _line_and_vector(drawn, found, i, j, place == 0, where)
        for update, style, text in (
            (drawn.update_xaxes, plain.layout.xaxis, "choice axis (z-score)"),
            (drawn.update_yaxes, plain.layout.yaxis, f"{INPUTS[j]} axis (z-score)"),
        ):
            update({**style.to_plotly_json(), "title": {"text": text, "standoff": 6, "font": {"size": 13}}}, **where)
    return drawn


def _line_and_vector(drawn: go.Figure, found: Any, i: int, j: int, named: bool, where: dict[str, int]) -> None:
    """Add the points of a context's line and the direction of its selection vector to a panel."""
    points = found["points"][np.asarray(found["point_context"]) == i][:, [0, 1 + j]]
    mark = {"symbol": "x-thin", "size": 7, "line": {"color": "#D55E00", "width": 1.5}}
    drawn.add_scatter(
        x=points[:, 0],
        y=points[:, 1],
        mode="markers",
        marker=mark,
        name="points of the line",
        showlegend=named,
        **where,
    )
    reading = found["reading"][i][[0, 1 + j]]
    middle = points[len(points) // 2]
    reach = 0.35 * float(np.ptp(found["mean"][..., 0]))
    tip = middle + reach * reading / max(float(np.linalg.norm(found["reading"][i][:3])), 1e-12)
    drawn.add_scatter(
        x=[middle[0], tip[0]],
        y=[middle[1], tip[1]],
        mode="lines+markers",
        marker={"symbol": ["circle", "arrow"], "size": [0, 12], "angleref": "previous", "color": "#222222"},
        line={"color": "#222222", "width": 2, "dash": "dash"},
        name="selection vector",
        showlegend=named,
        **where,
    )


def selection(one: Any) -> go.Figure:
    """Draw the plane of line and selection vector of one network."""
    return kept_vectors(one.selection).figure()


def eigenvalues(results: Sequence[Any]) -> go.Figure:
    """Draw the two slowest eigenvalues against the output along each line."""
    drawn = figure.new(x="output at the point", y="real part of the eigenvalue (per time constant)", height=420)
    for field, label, hue in (("top", "slowest", figure.COLOURS[0]), ("next", "next slowest", figure.COLOURS[6])):
        named = True
        for one in results:
            for i in range(len(CONTEXTS)):
                order = np.argsort(one.outputs[i])
                drawn.add_scatter(
                    x=one.outputs[i][order],
                    y=getattr(one, field)[i][order],
                    mode="lines",
                    line={"color": figure.translucent(hue, 0.6), "width": 1.3},
                    name=label,
                    legendgroup=label,
                    showlegend=named,
                )
                named = False
    drawn.update_yaxes(range=_around([one for r in results for one in (*r.top, *r.next)]))
    for at in (0.05, -0.05, -0.1):
        drawn.add_hline(y=at, line={"color": "#888888", "width": 1, "dash": "dot"})
    return drawn


def _around(values: Sequence[Floats]) -> list[float]:
    """Return limits of an axis that hold all values, and 0.05 on either side of 0."""
    every = np.concatenate([*values, [0.05, -0.1]])
    margin = 0.06 * float(np.ptp(every))
    return [float(every.min()) - margin, float(every.max()) + margin]


def selected(results: Sequence[Any]) -> go.Figure:
    """Draw for each network what the selection vectors pick up, and how far the inputs push the rates."""
    from tertium.studies.methods.mante_measures import drives_of_rates

    titles = ["in the end, along the line", "at first, in the rates"]
    drawn = panels(titles, x="context", y=["input · selection vector", "length of the push"])
    vectors = [kept_vectors(one.selection) for one in results if one.selection]
    strengths = np.array([one.strengths for one in vectors]).reshape(-1, 2, 2)
    lengths = np.array([drives_of_rates(one)[0] for one in vectors]).reshape(-1, 2, 2)
    for column, values in enumerate((np.abs(strengths), lengths)):
        for j, name in enumerate(INPUTS):
            offset = -0.12 + 0.24 * j
            for i in range(len(CONTEXTS)):
                jitter = np.linspace(-0.05, 0.05, len(values)) if len(values) > 1 else np.zeros(len(values))
                drawn.add_scatter(
                    x=i + offset + jitter,
                    y=values[:, i, j],
                    mode="markers",
                    marker={"size": 7, "color": HUES[j], "symbol": "circle" if i == j else "circle-open"},
                    name=f"{name}, {'relevant' if i == j else 'irrelevant'}",
                    showlegend=column == 0,
                    row=1,
                    col=column + 1,
                )
        drawn.update_xaxes(tickvals=[0, 1], ticktext=[f"judge {c}" for c in CONTEXTS], row=1, col=column + 1)
        drawn.update_yaxes(rangemode="tozero", row=1, col=column + 1)
    return drawn
