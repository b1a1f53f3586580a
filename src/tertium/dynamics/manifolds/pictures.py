"""Pictures of a ring of states, and of a recovered angle beside a measured one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tertium import figure
from tertium.errors import BadInput

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.dynamics.manifolds.aligning import CircularAlignment
    from tertium.dynamics.manifolds.circle import CircularCoordinates

#: A colour scale whose ends meet (Plotly's name).
CYCLIC = "Phase"


def ring_figure(found: CircularCoordinates, *, most: int = 3000) -> go.Figure:
    """Draw the kept states in their first two dimensions, coloured by angle; rings are landmarks.

    Raises
    ------
    BadInput
        If states have one dimension.
    """
    cloud = found.cloud
    if cloud.points.shape[1] < 2:
        raise BadInput("picture", got="states of one dimension", expected="two or more")
    kept = cloud.kept[:: max(1, -(-len(cloud.kept) // most))]
    title = f"{len(kept)} of {len(found.angle)} states; {len(found.samples.units)} units; rings: landmarks"
    drawn = figure.new(x="dimension 1 of the states", y="dimension 2 of the states", title=title, width=640, height=540)
    bar = {"title": {"text": "angle (°)", "side": "right"}, "thickness": 12, "outlinewidth": 0}
    bar |= {"tickvals": [0, 90, 180, 270, 360]}
    for name, which, angle, marker in (
        ("states", kept, found.angle[kept], {"size": 4, "opacity": 0.6, "colorbar": bar}),
        ("landmarks", cloud.landmarks, found.landmark_angle, {"size": 9, "symbol": "circle-open", "opacity": 1}),
    ):
        drawn.add_scattergl(
            x=cloud.points[which, 0],
            y=cloud.points[which, 1],
            mode="markers",
            name=name,
            marker={"color": np.degrees(angle), "colorscale": CYCLIC, "cmin": 0, "cmax": 360, **marker},
            showlegend=False,
            hovertemplate="%{marker.color:.0f}°",
        )
    drawn.update_yaxes(scaleanchor="x", constrain="domain")
    drawn.update_xaxes(constrain="domain")
    return drawn


def alignment_figure(
    found: CircularAlignment,
    time: npt.ArrayLike | None = None,
    *,
    span: tuple[float, float] | None = None,
    name: str = "measured",
) -> go.Figure:
    """Draw the recovered angle (dots) over the other (line, broken where it passes 0) against time.

    Raises
    ------
    BadInput
        If there is not one time for each sample, or none in the span.
    """
    n = len(found.aligned)
    when = np.arange(n, dtype=np.float64) if time is None else np.asarray(time, dtype=np.float64)
    if when.shape != (n,):
        raise BadInput("time", got=f"shape {when.shape}", expected=f"one for each of {n} samples")
    low, high = span or (when.min(), when.max())
    shown = np.flatnonzero((when >= low) & (when <= high))
    if not len(shown):
        raise BadInput("span", got=f"{low:g} to {high:g}, without a sample", expected=f"{when.min()} to {when.max()}")
    title = (
        f"all {len(found.errors)} samples: median error {found.median_error:.1f}°, "
        f"circular correlation {abs(found.correlation):.2f}"
    )
    drawn = figure.new(x="sample" if time is None else "time (s)", y="angle (°)", title=title)
    when, target, aligned = when[shown], np.degrees(found.target[shown]), np.degrees(found.aligned[shown])
    passes = np.flatnonzero(np.abs(np.diff(target)) > 180) + 1
    drawn.add_scatter(
        x=np.insert(when, passes, when[passes]),
        y=np.insert(target, passes, np.nan),
        mode="lines",
        name=name,
        line={"color": "#888888", "width": 2},
    )
    dots = {"color": figure.COLOURS[1], "size": 4}
    drawn.add_scatter(x=when, y=aligned, mode="markers", name="recovered", marker=dots)
    drawn.update_yaxes(range=[-5, 365], tickvals=[0, 90, 180, 270, 360])
    drawn.update_layout(legend={"orientation": "h", "x": 1, "xanchor": "right", "y": 1.0, "yanchor": "bottom"})
    return drawn
