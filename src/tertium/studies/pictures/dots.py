"""Pictures of decisions on random dots: networks beside monkeys."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium import figure
from tertium.studies.methods.decisions import mean_times, weibull

if TYPE_CHECKING:
    import plotly.graph_objects as go

Floats = npt.NDArray[np.float64]

#: Where coherence 0 is drawn on a logarithmic axis.
ZERO = 0.016
TICKS = (ZERO, 0.032, 0.064, 0.128, 0.256, 0.512)
NETWORKS = tuple(
    (("recurrent", field, figure.COLOURS[1]), ("without recurrence", f"{field}_control", figure.COLOURS[6]))
    for field in ("kernel", "thresholds")
)
WHO = (("monkey 1", figure.COLOURS[0]), ("monkey 2", figure.COLOURS[2]), ("networks", figure.COLOURS[1]))


def psychometric(results: Sequence[Any]) -> go.Figure:
    """Draw fractions correct against coherence, with Weibull functions."""
    drawn = _coherence_axis(figure.new(y="fraction correct"))
    fine = np.geomspace(0.022, 0.6, 80)
    for (label, colour), found in zip(WHO, _groups(results), strict=True):
        _points(drawn, found, "correct", label, colour)
        lines = [weibull(fine, one["threshold"], one["slope"]) for one in found]
        _line(drawn, fine, np.mean(lines, axis=0), colour)
    drawn.update_yaxes(range=[0.42, 1.02])
    return figure.limit_line(drawn, 0.5, "chance")


def chronometric(results: Sequence[Any]) -> go.Figure:
    """Draw mean reaction times against coherence, with those of a diffusion to a bound."""
    drawn = _coherence_axis(figure.new(y="reaction time (s)"))
    fine = np.geomspace(0.022, 0.6, 80)
    for (label, colour), found in zip(WHO, _groups(results), strict=True):
        _points(drawn, found, "seconds", label, colour)
        lines = [mean_times(fine, one["rest"], one["longest"], one["sensitivity"]) for one in found]
        _line(drawn, fine, np.mean(lines, axis=0), colour)
    drawn.update_yaxes(range=[0, 0.95])
    return drawn


def kernels(results: Sequence[Any]) -> go.Figure:
    """Draw psychophysical kernels of networks with and without recurrence."""
    drawn = figure.new(x="time from the onset of the motion (s)", y="weight of the evidence (standard deviations)")
    time = results[0].kernel_time
    for label, field, colour in NETWORKS[0]:
        _each_and_mean(drawn, time, np.array([getattr(one, field) for one in results]), label, colour)
    drawn.update_layout(legend={"x": 0.02, "y": 0.98})
    return figure.limit_line(drawn, float(np.sqrt(2 / (np.pi * len(time)))), "")


def durations(results: Sequence[Any]) -> go.Figure:
    """Draw thresholds against duration, both logarithmic."""
    drawn = figure.new(x="duration of the motion (s)", y="threshold (coherence, %)")
    seconds = results[0].durations
    for label, field, colour in NETWORKS[1]:
        logs = np.log([100 * getattr(one, field) for one in results])
        _each_and_mean(drawn, seconds, logs, label, colour, of=np.exp)
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
        _title(drawn.update_xaxes, f"time from {event} (s)", column, plain.layout.xaxis)
    for column, label in ((1, "rate (Hz)"), (2, "activity (1)")):
        _title(drawn.update_yaxes, label, column, plain.layout.yaxis)
    drawn.update_layout(legend={"title": {"text": "coherence"}})
    return drawn


def slopes(results: Sequence[Any]) -> go.Figure:
    """Draw slopes of ramps against coherence, each in units of its largest."""
    drawn = figure.new(x="coherence (%)", y="slope of the ramp / largest slope")
    x = 100 * results[0].neurons["coherences"]
    groups = (("LIP neurons", [results[0].neurons], 0), ("units", [one.units for one in results if one.units["n"]], 1))
    for label, found, colour in groups:
        rows = np.array([one["slopes"] / np.nanmax(one["slopes"]) for one in found])
        for side, symbol in enumerate(("circle", "circle-open")):
            style = {"symbol": symbol, "size": 8, "color": figure.COLOURS[colour]}
            for i, row in enumerate(rows):
                drawn.add_scatter(
                    x=x,
                    y=row[side],
                    mode="markers",
                    marker=style,
                    name=f"{label}, {('own', 'other')[side]} choice",
                    showlegend=i == 0,
                    legendgroup=f"{label} {side}",
                )
            if len(rows):
                _line(drawn, x, rows[:, side].mean(0), figure.COLOURS[colour])
    return figure.limit_line(drawn, 0.0, "")


def _groups(results: Sequence[Any]) -> list[list[Mapping[str, Any]]]:
    """Return what was measured of monkey 1, of monkey 2, and of the networks."""
    return [[results[0].monkeys["1"]], [results[0].monkeys["2"]], [one.network for one in results]]


def _each_and_mean(
    drawn: go.Figure, x: Floats, rows: Floats, label: str, colour: str, of: Callable[[Floats], Floats] = np.asarray
) -> None:
    """Draw ``of`` each row as a thin line, and of their mean as a thick one."""
    thin = {"color": figure.translucent(colour, 0.35), "width": 1}
    for row in rows:
        drawn.add_scatter(x=x, y=of(row), mode="lines", line=thin, showlegend=False, hoverinfo="skip")
    thick = {"color": colour, "width": 2.5}
    drawn.add_scatter(x=x, y=of(rows.mean(0)), mode="lines", line=thick, name=label, showlegend=True)


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


def _points(drawn: go.Figure, found: Sequence[Mapping[str, Any]], what: str, label: str, colour: str) -> None:
    """Draw a measured curve, with intervals over trials where there is one, as a cloud of dots where there are more."""
    for i, one in enumerate(found):
        x, mean = np.maximum(one["coherences"], ZERO).tolist(), one[what]
        half = 1.96 * one[f"{what}_sem"]
        bars = figure.error_bars(mean.tolist(), (mean - half).tolist(), (mean + half).tolist())
        drawn.add_scatter(
            x=x,
            y=mean,
            error_y=bars if len(found) == 1 else None,
            mode="markers",
            marker={"color": figure.translucent(colour, 1 if len(found) == 1 else 0.6), "size": 8},
            name=label,
            legendgroup=label,
            showlegend=i == 0,
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


def _title(update: Callable[..., Any], text: str, column: int, like: Any) -> None:
    """Name an axis of a panel and give it the style of the plain figure's."""
    names = ("showgrid", "zeroline", "ticks", "ticklen", "linecolor", "showline", "automargin")
    style = {name: getattr(like, name) for name in names}
    update(title={"text": text, "standoff": 8, "font": {"size": 13}}, row=1, col=column, **style)
