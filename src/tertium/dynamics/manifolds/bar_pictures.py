"""Pictures of barcodes, and of loops among those of shuffles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tertium import figure

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.dynamics.manifolds.bars import Barcode
    from tertium.dynamics.manifolds.significance import LoopTest

NAMES = {0: "components (H<sub>0</sub>)", 1: "loops (H<sub>1</sub>)"}


def barcode_figure(barcode: Barcode, *, most: int = 40) -> go.Figure:
    """Draw the longest bars of each dimension, components above; bars without an end run to the largest scale.

    Examples
    --------
    >>> from tertium.dynamics import persistent_cohomology
    >>> found = persistent_cohomology(np.array([[0, 0], [1, 0], [1, 1], [0, 1.0]]))
    >>> [trace.name for trace in barcode_figure(found).data]
    ['components (H<sub>0</sub>)', 'loops (H<sub>1</sub>)']
    """
    end = barcode.filtration.threshold
    drawn = figure.new(x="scale (distance of joined states)", y="bar, longest first", height=420)
    counts, place = [], 0
    for dimension, name in NAMES.items():
        of = np.flatnonzero(barcode.dimensions == dimension)
        shown = of[:most]
        counts.append(f"{len(shown)} of {len(of)} {name.split()[0]}")
        x: list[float | None] = []
        y: list[int | None] = []
        for i in shown:
            place += 1
            x += [float(barcode.births[i]), float(min(barcode.deaths[i], end)), None]
            y += [place, place, None]
        line = {"color": figure.COLOURS[dimension], "width": 3 if most <= 50 else 1.5}
        drawn.add_scatter(x=x, y=y, mode="lines", name=name, line=line)
        place += 2
    drawn.update_yaxes(autorange="reversed", showticklabels=False, ticks="")
    drawn.update_layout(
        title={"text": f"{barcode.filtration.n} points; longest {' and '.join(counts)}"}, margin={"t": 48}
    )
    drawn.update_layout(legend={"orientation": "h", "x": 1, "xanchor": "right", "y": 1.0, "yanchor": "bottom"})
    return drawn


def loop_test_figure(found: LoopTest) -> go.Figure:
    """Draw the lengths of the five longest loops, and how the longest of the shuffles are spread."""
    loops = found.barcode.loops()
    lengths = (loops[:, 1] - loops[:, 0])[:5]
    title = (
        f"{found.n_loops} loop{'' if found.n_loops == 1 else 's'} beyond {found.level:.0%} of {len(found.null)} "
        f"shuffles; longest p = {found.p:.2g}; {found.n_units} units, {len(found.cloud.landmarks)} landmarks"
    )
    drawn = figure.new(x="length of a loop (death − birth)", y="shuffles", title=title)
    drawn.add_histogram(x=found.null, nbinsx=20, name="longest of a shuffle", marker={"color": figure.COLOURS[6]})
    top = float(np.histogram(found.null, bins=20)[0].max())
    drawn.add_scatter(
        x=lengths.tolist(), y=[0.5 * top] * len(lengths), mode="markers", name=f"{len(lengths)} longest of the data",
        marker={"color": figure.COLOURS[1], "size": 11, "symbol": "line-ns-open", "line": {"width": 3}},
    )  # fmt: skip
    figure.limit_line(drawn, found.limit, f"{found.level:.0%}", vertical=True)
    drawn.update_xaxes(range=[0, 1.1 * max(float(lengths.max(initial=0.0)), float(found.null.max()), 1e-9)])
    drawn.update_yaxes(tickformat="d", nticks=5 if top >= 4 else int(top) + 1)
    drawn.update_layout(bargap=0.05)
    drawn.update_layout(legend={"orientation": "h", "x": 1, "xanchor": "right", "y": 1.0, "yanchor": "bottom"})
    return drawn
