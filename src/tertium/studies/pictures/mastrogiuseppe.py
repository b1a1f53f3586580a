"""Drawings of DYN09: a spectrum, two states, latent trajectories, performance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tertium import figure
from tertium.studies.pictures import over_seeds

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.studies.mastrogiuseppe2018 import Mastrogiuseppe2018


def spectrum(first: Mastrogiuseppe2018.Results) -> go.Figure:
    """Draw eigenvalues in the complex plane."""
    drawn = figure.new(x="real part", y="imaginary part", width=600, height=460)
    values, predicted = first.spectrum, first.spectrum_overlaps
    angle = np.linspace(0, 2 * np.pi, 200)
    circle = {"color": "#888888", "width": 1, "dash": "dash"}
    drawn.add_scatter(
        x=first.spectrum_gain * np.cos(angle), y=first.spectrum_gain * np.sin(angle), mode="lines", line=circle,
        name="circular law",
    )  # fmt: skip
    look = {"color": figure.COLOURS[0], "size": 5, "opacity": 0.6}
    drawn.add_scatter(x=values.real, y=values.imag, mode="markers", marker=look, name="eigenvalues")
    cross = {"symbol": "x-thin", "size": 14, "line": {"color": figure.COLOURS[1], "width": 2.5}}
    drawn.add_scatter(x=predicted.real, y=predicted.imag, mode="markers", marker=cross, name="of the overlaps")
    drawn.update_yaxes(scaleanchor="x")
    return drawn


def states(results: Sequence[Mastrogiuseppe2018.Results]) -> go.Figure:
    """Draw the distance of two states against the overlap, with theory."""
    drawn = figure.new(x="overlap m.n / N", y="kappa, half the distance of two starts")
    first = results[0]
    for number, (case, predicted) in enumerate(first.predicted.items()):
        colour = figure.COLOURS[number]
        line = {"color": colour, "width": 1.5}
        if "chaotic" not in case:  # the stationary theory does not describe chaos
            drawn.add_scatter(x=first.overlaps, y=predicted, mode="lines", line=line, showlegend=False)
        drawn.add_vline(x=first.predicted_onset[case], line={"color": colour, "width": 1.5, "dash": "dot"})
        over_seeds.add(
            drawn, first.overlaps, [r.apart[case] for r in results], mode="markers",
            marker={"color": colour, "size": 6}, name=case,
        )  # fmt: skip
    return drawn


def trajectories(first: Mastrogiuseppe2018.Results) -> go.Figure:
    """Draw kappa 1 against time for each strength of the relevant evidence, one panel a context."""
    from plotly.colors import sample_colorscale
    from plotly.subplots import make_subplots

    titles = [f"context: judge {name}" for name in first.kappa]
    panels = make_subplots(1, 2, subplot_titles=titles, shared_yaxes=True, horizontal_spacing=0.06)
    base = figure.new(height=380).layout
    panels.update_layout({k: v for k, v in base.to_plotly_json().items() if k not in ("xaxis", "yaxis")})
    panels.update_layout(margin={"t": 40}, legend={"title": {"text": "relevant evidence"}})
    panels.update_xaxes(base.xaxis, title_text="time (s)")
    panels.update_yaxes(base.yaxis)
    panels.update_yaxes(title_text="kappa 1", col=1)
    shades = sample_colorscale("RdBu", np.linspace(0.02, 0.98, len(first.evidence)).tolist())
    for column, curves in enumerate(first.kappa.values(), start=1):
        for strength, curve, shade in zip(first.evidence, np.asarray(curves).T, shades, strict=True):
            shown = {"name": f"{strength:+.2f}", "legendgroup": f"{strength}", "showlegend": column == 1}
            line = {"color": shade if abs(strength) > 0.1 else "#888888", "width": 2}
            line["dash"] = "dot" if abs(strength) < 0.1 and strength < 0 else "solid"
            panels.add_scatter(x=first.time, y=curve, mode="lines", line=line, row=1, col=column, **shown)
    return panels


def performance(results: Sequence[Mastrogiuseppe2018.Results]) -> go.Figure:
    """Draw performance of each network, all trials and incongruent ones."""
    drawn = figure.new(x="loadings of the network", y="trials answered correctly (fraction)")
    names = list(results[0].performance)
    for number, (what, label) in enumerate((("performance", "all trials"), ("incongruent", "motion against colour"))):
        rows = np.array([[getattr(r, what)[name] for name in names] for r in results])
        mean, half = over_seeds.mean_and_interval(rows)
        low, high = (mean - half).tolist(), (mean + half).tolist()
        figure.bars(drawn, names, mean.tolist(), low, high, label, colour=figure.COLOURS[number])
    drawn.add_hline(y=0.5, line={"color": "#888888", "width": 1, "dash": "dash"})
    drawn.update_yaxes(range=[0, 1.05])
    return drawn
