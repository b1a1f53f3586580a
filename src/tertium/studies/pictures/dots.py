"""Pictures of decisions on random dots: networks beside monkeys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium import figure
from tertium.studies.methods.decisions import mean_times, weibull
from tertium.studies.pictures.over_seeds import mean_and_interval

if TYPE_CHECKING:
    import plotly.graph_objects as go

Floats = npt.NDArray[np.float64]

#: Where coherence 0 is drawn on a logarithmic axis.
ZERO = 0.016
TICKS = (ZERO, 0.032, 0.064, 0.128, 0.256, 0.512)
WHO = (("monkey 1", figure.COLOURS[0]), ("monkey 2", figure.COLOURS[2]), ("networks", figure.COLOURS[1]))


def psychometric(results: Sequence[Any]) -> go.Figure:
    """Draw fractions correct against coherence, with Weibull functions."""
    drawn = _coherence_axis(figure.new(y="fraction correct"))
    fine = np.geomspace(ZERO, 0.6, 80)
    for (label, colour), (x, mean, half, found) in zip(WHO, _curves(results, "correct"), strict=True):
        _points(drawn, x, mean, half, label, colour)
        line = np.mean([weibull(fine, one["threshold"], one["slope"]) for one in found], axis=0)
        _line(drawn, fine, line, colour)
    drawn.update_yaxes(range=[0.45, 1.02])
    return figure.limit_line(drawn, 0.5, "chance")


def chronometric(results: Sequence[Any]) -> go.Figure:
    """Draw mean reaction times against coherence, with those of a diffusion to a bound."""
    drawn = _coherence_axis(figure.new(y="reaction time (s)"))
    fine = np.geomspace(ZERO, 0.6, 80)
    for (label, colour), (x, mean, half, found) in zip(WHO, _curves(results, "seconds"), strict=True):
        _points(drawn, x, mean, half, label, colour)
        lines = [mean_times(fine, one["rest"], one["longest"], one["sensitivity"]) for one in found]
        _line(drawn, fine, np.mean(lines, axis=0), colour)
    drawn.update_yaxes(rangemode="tozero")
    return drawn


def kernels(results: Sequence[Any]) -> go.Figure:
    """Draw psychophysical kernels of networks with and without recurrence."""
    drawn = figure.new(x="time from the onset of the motion (s)", y="weight of the evidence (standard deviations)")
    time = results[0].kernel_time
    for label, field, colour in (("recurrent", "kernel", 1), ("without recurrence", "kernel_control", 6)):
        mean, half = mean_and_interval([getattr(one, field) for one in results])
        edges = (mean - half).tolist(), (mean + half).tolist()
        figure.lines_with_band(drawn, time.tolist(), mean.tolist(), *edges, label, colour=figure.COLOURS[colour])
    drawn.update_layout(legend={"x": 0.02, "y": 0.98})
    return figure.limit_line(drawn, float(np.sqrt(2 / (np.pi * len(time)))), "all evidence added up")


def durations(results: Sequence[Any]) -> go.Figure:
    """Draw thresholds against duration, both logarithmic."""
    drawn = figure.new(x="duration of the motion (s)", y="threshold (coherence, %)")
    seconds = results[0].durations
    for label, field, colour in (("recurrent", "thresholds", 1), ("without recurrence", "thresholds_control", 6)):
        # means and intervals of logarithms, as the axis is
        mean, half = mean_and_interval(np.log([100 * getattr(one, field) for one in results]))
        low, high = np.exp(mean - half).tolist(), np.exp(mean + half).tolist()
        style: Any = {"colour": figure.COLOURS[colour], "lines": True}
        figure.dots_with_intervals(drawn, seconds.tolist(), np.exp(mean).tolist(), low, high, label, **style)
    used = seconds[seconds <= results[0].saturation * (1 + 1e-9)]
    logs = np.log(100 * np.array([one.thresholds for one in results]))[:, : len(used)]
    ideal = np.exp(logs.mean() - 0.5 * (np.log(used) - np.log(used).mean()))
    drawn.add_scatter(
        x=used, y=ideal, mode="lines", name="slope -1/2", line={"dash": "dot", "color": "#222222"}, showlegend=True
    )
    drawn.update_xaxes(type="log", tickmode="array", tickvals=[0.1, 0.2, 0.4, 0.8, 1.6])
    drawn.update_yaxes(type="log", tickmode="array", tickvals=[3, 5, 10, 20, 30, 50, 100])
    return drawn


def ramps(one: Any, where: str) -> go.Figure:
    """Draw mean rates of LIP neurons and of the network's units, side by side, by coherence and choice."""
    from plotly.subplots import make_subplots

    drawn = make_subplots(rows=1, cols=2, horizontal_spacing=0.12)
    plain = figure.new(height=400)
    drawn.update_layout(plain.layout)
    for column, found in ((1, one.neurons), (2, one.units)):
        time, mean, sem = (found[f"{where}_{what}"] for what in ("time", "mean", "sem"))
        for level in range(mean.shape[1]):
            colour = _shade(level, mean.shape[1])
            for side in range(2):
                band = level in (0, mean.shape[1] - 1)
                _trace(drawn, time, mean[side, level], sem[side, level] if band else None, colour, side, column)
            if column == 1:
                label = f"{100 * found['coherences'][level]:.1f} %"
                drawn.add_scatter(x=[None], y=[None], mode="lines", line={"color": colour, "width": 3}, name=label)
        event = "motion onset" if where == "motion" else "response"
        drawn.update_xaxes(title_text=f"time from {event} (s)", row=1, col=column, **_axis(plain.layout.xaxis))
    drawn.update_yaxes(title_text="rate (Hz)", row=1, col=1, **_axis(plain.layout.yaxis))
    drawn.update_yaxes(title_text="activity (1)", row=1, col=2, **_axis(plain.layout.yaxis))
    drawn.update_layout(legend={"title": {"text": "coherence"}})
    return drawn


def slopes(results: Sequence[Any]) -> go.Figure:
    """Draw slopes of ramps against coherence, each in units of its largest."""
    drawn = figure.new(x="coherence (%)", y="slope of the ramp / largest slope")
    units = [one.units["slopes"] / np.nanmax(one.units["slopes"]) for one in results if one.units["n"]]
    neurons = results[0].neurons["slopes"] / np.nanmax(results[0].neurons["slopes"])
    for label, rows, colour in (("LIP neurons", [neurons], 0), ("units", units, 1)):
        if not rows:
            continue
        mean, half = mean_and_interval(rows)
        for side, symbol in enumerate(("circle", "circle-open")):
            drawn.add_scatter(
                x=100 * results[0].neurons["coherences"],
                y=mean[side],
                error_y={"array": half[side], "thickness": 1.2, "width": 3},
                mode="lines+markers",
                marker={"symbol": symbol, "size": 9},
                line={"color": figure.COLOURS[colour], "width": 1.2},
                name=f"{label}, {('own', 'other')[side]} choice",
                showlegend=True,
            )
    return figure.limit_line(drawn, 0.0, "")


def _curves(results: Sequence[Any], what: str) -> list[tuple[Floats, Floats, Floats, list[Mapping[str, Any]]]]:
    """Return coherences, means, half intervals and all measurements, of each monkey and of the networks together."""
    animals = [results[0].monkeys[name] for name in ("1", "2")]
    networks = [one.network for one in results]
    rows = [one[what] for one in networks]
    if len(rows) > 1 and len({len(row) for row in rows}) == 1:
        mean, half = mean_and_interval(rows)
    else:
        mean, half = rows[0], 1.96 * networks[0][f"{what}_sem"]
    out = [(one["coherences"], one[what], 1.96 * one[f"{what}_sem"], [one]) for one in animals]
    return [*out, (networks[0]["coherences"], mean, half, networks)]


def _coherence_axis(drawn: go.Figure) -> go.Figure:
    drawn.update_xaxes(
        title_text="coherence (%)",
        type="log",
        tickmode="array",
        tickvals=list(TICKS),
        ticktext=["0", "3.2", "6.4", "12.8", "25.6", "51.2"],
        range=[np.log10(0.013), np.log10(0.65)],
    )
    return drawn


def _points(drawn: go.Figure, x: Floats, mean: Floats, half: Floats, label: str, colour: str) -> None:
    where = np.maximum(x, ZERO).tolist()
    figure.dots_with_intervals(
        drawn, where, mean.tolist(), (mean - half).tolist(), (mean + half).tolist(), label, colour=colour
    )


def _line(drawn: go.Figure, x: Floats, y: Floats, colour: str) -> None:
    drawn.add_scatter(x=x, y=y, mode="lines", line={"color": colour, "width": 1.5}, showlegend=False, hoverinfo="skip")


def _shade(level: int, levels: int) -> str:
    """Return a colour from light grey-blue (weak motion) to dark blue."""
    part = (level + 1) / levels
    light, dark = np.array([198, 214, 232]), np.array([8, 48, 107])
    red, green, blue = (int(v) for v in light + (dark - light) * part)
    return f"#{red:02x}{green:02x}{blue:02x}"


def _trace(
    drawn: go.Figure, time: Floats, mean: Floats, sem: Floats | None, colour: str, side: int, column: int
) -> None:
    there = np.isfinite(mean)
    x, y = time[there], mean[there]
    place = {"row": 1, "col": column}
    if sem is not None and len(x):
        edges = np.concatenate([y + sem[there], (y - sem[there])[::-1]])
        drawn.add_scatter(
            x=np.concatenate([x, x[::-1]]),
            y=edges,
            fill="toself",
            fillcolor=figure.translucent(colour, 0.2),
            line={"width": 0},
            hoverinfo="skip",
            showlegend=False,
            **place,
        )
    line = {"color": colour, "width": 2, "dash": "solid" if side == 0 else "dash"}
    drawn.add_scatter(x=x, y=y, mode="lines", line=line, showlegend=False, **place)


def _axis(of: Any) -> dict[str, Any]:
    """Return what a panel's axis takes over from the plain figure's."""
    return {name: getattr(of, name) for name in ("showgrid", "zeroline", "ticks", "ticklen", "linecolor", "showline")}
