"""Drawings of FND19: learning curves, gradients on their way back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tertium import figure

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.studies.hochreiter1997 import Hochreiter1997

#: What is left of a gradient that underflows to zero; the picture ends far above.
_LEAST = 1e-40


def learning(results: Sequence[Hochreiter1997.Results]) -> go.Figure:
    """Draw the error of each kind of network against steps of training."""
    from tertium.studies.hochreiter1997 import BASELINE

    drawn = figure.new(x="training step", y="mean squared error, new sequences", height=420)
    for name, colour in zip(results[0].curves, figure.COLOURS, strict=False):
        rows = np.array([r.curves[name] for r in results])
        for row in rows:
            thin = {"color": figure.translucent(colour, 0.4), "width": 1}
            drawn.add_scatter(x=results[0].steps, y=row, mode="lines", line=thin, legendgroup=name, showlegend=False)
        mean = np.exp(np.log(rows).mean(axis=0))
        thick = {"color": colour, "width": 2.5}
        drawn.add_scatter(x=results[0].steps, y=mean, mode="lines", line=thick, name=name, legendgroup=name)
    drawn.update_yaxes(type="log", exponentformat="power", dtick=1)
    for at, label in ((BASELINE, "answering the mean"), (0.01, "solved")):
        drawn.add_hline(y=at, line={"color": "#888888", "width": 1, "dash": "dash"})
        # an annotation of a logarithmic axis is placed by the exponent
        note = {"text": label, "showarrow": False, "xref": "paper", "xanchor": "right", "yanchor": "top"}
        drawn.add_annotation(x=1, y=np.log10(at), font={"size": 11}, **note)
    return drawn


def gradients(results: Sequence[Hochreiter1997.Results]) -> go.Figure:
    """Draw the relative size of the gradient against the lag, before and after training."""
    from plotly.subplots import make_subplots

    panels = make_subplots(1, 2, subplot_titles=["before training", "after training"], shared_yaxes=True)
    base = figure.new(x="steps before the answer", y="|dL/d state|, relative", height=420).layout
    panels.update_layout({k: v for k, v in base.to_plotly_json().items() if k not in ("xaxis", "yaxis")})
    panels.update_layout(margin={"t": 40})
    panels.update_xaxes(base.xaxis)
    panels.update_yaxes(base.yaxis, type="log", exponentformat="power", range=[-16, 1.5])
    panels.update_yaxes(title_text="", col=2)
    for column, field in enumerate(("gradients_before", "gradients")):
        for name, colour in zip(results[0].gradients, figure.COLOURS, strict=False):
            logs = np.log(np.maximum([getattr(r, field)[name] for r in results], _LEAST))
            lags = list(range(logs.shape[1]))
            mean, low, high = (np.exp(f(logs, axis=0)).tolist() for f in (np.mean, np.min, np.max))
            before = len(panels.data)
            figure.lines_with_band(panels, lags, mean, low, high, name, colour=colour)
            for trace in panels.data[before:]:
                trace.update(xaxis="x2" if column else "x", yaxis="y2" if column else "y")
                if column:
                    trace.update(showlegend=False)
    return panels
