"""Pictures of rotations: trajectories in a plane, angles from state to velocity, the data among its surrogates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tertium import figure
from tertium.errors import BadInput

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.dynamics.rotations.result import Rotations

#: Conditions beyond which the legend would fill the picture.
MOST_NAMES = 12


def plane_figure(found: Rotations, plane: int = 0) -> go.Figure:
    """Draw the conditions' trajectories; a dot is the first time, an arrow the last, the colour the place on axis 1.

    Examples
    --------
    >>> from tertium.dynamics import jpca
    >>> phase = np.arange(0, 3, 0.1) + np.arange(5)[:, None]
    >>> found = jpca(np.stack([np.cos(phase), np.sin(phase)], axis=2), dt=0.01, n_dimensions=2)
    >>> plane_figure(found).layout.xaxis.title.text
    'jPC 1 (1)'
    """
    from plotly.colors import sample_colorscale

    states = found.plane(plane)
    drawn = figure.new(
        x=f"jPC {2 * plane + 1} (1)",
        y=f"jPC {2 * plane + 2} (1)",
        title=f"{found.frequencies[plane]:.3g} Hz, {found.variance[plane]:.0%} of the variance between "
        f"{len(found.conditions)} conditions; {len(found.units)} units",
        width=620,
        height=560,
    )
    rank = np.argsort(np.argsort(states[:, 0, 0])) / max(1, len(states) - 1)
    for i, colour in enumerate(sample_colorscale(figure.SEQUENTIAL, (0.85 * rank).tolist())):
        drawn.add_scatter(
            x=states[i, :, 0], y=states[i, :, 1], mode="lines", line={"color": colour, "width": 2},
            name=found.conditions[i], legendgroup=str(i), showlegend=len(states) <= MOST_NAMES,
        )  # fmt: skip
        own = {"legendgroup": str(i), "mode": "markers", "showlegend": False, "hoverinfo": "skip"}
        drawn.add_scatter(x=states[i, :1, 0], y=states[i, :1, 1], marker={"size": 8, "color": colour}, **own)
        arrow = {"size": [0, 13], "symbol": "arrow", "angleref": "previous", "color": colour, "opacity": 1}
        drawn.add_scatter(x=states[i, -2:, 0], y=states[i, -2:, 1], marker=arrow, **own)
    drawn.update_yaxes(scaleanchor="x", constrain="domain")
    drawn.update_xaxes(constrain="domain")
    drawn.update_layout(legend={"title": {"text": f"dot: {found.time[0]:g} s, arrow: {found.time[-1]:g} s"}})
    return drawn


def null_figure(found: Rotations) -> go.Figure:
    """Draw R2 of skew-symmetric dynamics of the surrogates as a histogram, and that of the data as a line.

    Raises
    ------
    BadInput
        If there was no test.
    """
    test = found.test
    if test is None:
        raise BadInput("surrogates", got="none", expected="a test against surrogates", repair="Pass n_surrogates=1000.")
    n = len(test.null_skew)
    drawn = figure.new(
        x="R<sup>2</sup> of rotation (share of velocities' variance)",
        y="surrogates",
        title=f"Data against {n} surrogates with the same means and covariances: p = {test.p:.3g}",
    )
    drawn.add_histogram(x=test.null_skew, nbinsx=30, marker={"color": figure.COLOURS[6]}, name="surrogates")
    drawn.add_vline(
        x=test.r2_skew, line={"color": figure.COLOURS[1], "width": 2}, annotation_text=f"data {test.r2_skew:.2f}",
        annotation_position="top left" if test.r2_skew > np.median(test.null_skew) else "top right",
        annotation_font_size=12,
    )  # fmt: skip
    low, high = min(test.r2_skew, *test.null_skew), max(test.r2_skew, *test.null_skew)
    room = 0.08 * (high - low) or 0.05
    drawn.update_xaxes(range=[low - room, high + room])
    drawn.update_layout(bargap=0.05)
    return drawn


def phase_figure(found: Rotations, plane: int = 0) -> go.Figure:
    """Draw how often each angle from state to velocity occurs; 90 degrees is rotation, 0 growth, 180 decay."""
    found.plane(plane)  # refuses a plane that is not there
    counts, edges = np.histogram(np.degrees(found.phases[plane]), bins=36, range=(-180, 180))
    drawn = figure.new(
        x="angle from state to velocity (degrees)",
        y="share of states",
        title=f"Plane {plane + 1}: {counts.sum()} states of {len(found.conditions)} conditions; "
        f"mean {np.degrees(found.phase_mean[plane]):.0f} degrees, length {found.phase_length[plane]:.2f}",
    )
    drawn.add_bar(x=(edges[1:] + edges[:-1]) / 2, y=counts / counts.sum(), width=9, marker={"color": figure.COLOURS[0]})
    figure.limit_line(drawn, 90.0, "rotation", vertical=True)
    drawn.update_xaxes(tickvals=[-180, -90, 0, 90, 180], range=[-182, 182])
    return drawn
