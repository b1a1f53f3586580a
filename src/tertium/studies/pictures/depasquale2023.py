"""Pictures of SNN11: factors of both networks, wrong answers, spikes over repetitions, irregularity."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tertium import figure
from tertium.dynamics.axes.panels import panels
from tertium.studies.base import Picture
from tertium.studies.pictures.over_seeds import mean_and_interval

if TYPE_CHECKING:
    import plotly.graph_objects as go

NAMED = {
    "spiking": "half the authors' random synapses",
    "plain": "no random synapses",
    "varied": "half, stimuli vary too",
}


def pictures(results: Sequence[Any]) -> Iterator[Picture]:
    """Yield factors, wrong answers, a raster and measures of irregularity."""
    n = len(results)
    over = f"mean and 95 % interval over {n} seeds" if n > 1 else "one seed"
    yield Picture(
        "factors",
        factors(results[0]),
        "First factors of the rate network (black) and what the spiking units make by themselves (colour) in one trial "
        "of the first seed that was not taught; right: with the factors heard in another basis.",
    )
    yield Picture(
        "answers",
        answers(results),
        f"Answers on the wrong side, {over}. Chance is 50 %.",
    )
    yield Picture(
        "spikes",
        raster(results[0]),
        "Spikes of three units in repetitions of one stimulus with its noise, first seed; ranks are by the number of "
        "spikes. Each trial begins with other voltages.",
    )
    yield Picture(
        "irregular",
        irregular(results),
        "CV and CV2 of intervals, Fano factor of spike counts in 250 ms, means over units and stimuli, and the "
        "correlation of counts, without its sign, that 95 % of pairs do not pass; over repetitions of one stimulus. "
        f"{over.capitalize()}. Dashes: what is claimed of the first. Green: each repetition has its own stimulus.",
    )


def factors(one: Any) -> go.Figure:
    """Draw the first three factors in both networks."""
    drawn = panels(["as learned", "heard in another basis"], x="time (s)", y="factor, one below the other (1)")
    for column, name in enumerate(("spiking", "scrambled"), start=1):
        test = one.tests[name]
        wanted, made = test["wanted"][0], test["made"][0]
        time = 1e-3 * np.arange(len(wanted))
        apart = 1.3 * np.abs(wanted[:, :3]).max()
        limit = 3 * apart
        for k in range(min(3, wanted.shape[1])):
            for values, colour, width in ((made, figure.COLOURS[k], 1.5), (wanted, "#222222", 2)):
                drawn.add_scatter(
                    x=time,
                    y=np.clip(values[:, k], -limit, limit) - k * apart,
                    mode="lines",
                    line={"color": colour, "width": width},
                    name=f"spiking, factor {k + 1}" if values is made else "rate network",
                    showlegend=column == 1 and (values is made or k == 0),
                    row=1,
                    col=column,
                )
    return drawn


def answers(results: Sequence[Any]) -> go.Figure:
    """Draw the share of wrong answers of each network."""
    drawn = figure.new(x="network", y="wrong answers (%)")
    rows = [[one.wrong, *(one.tests[name]["wrong"] for name in ("spiking", "turned", "scrambled"))] for one in results]
    names = ["rate units", "spiking units", "made and heard<br>in another basis", "heard<br>in another basis"]
    mean, half = mean_and_interval(100 * np.array(rows))
    bars = figure.error_bars(mean.tolist(), np.maximum(mean - half, 0).tolist(), (mean + half).tolist())
    drawn.add_bar(x=names, y=mean, error_y=bars, marker={"color": figure.COLOURS[0]}, width=0.6, showlegend=False)
    for row in 100 * np.array(rows):
        drawn.add_scatter(
            x=names, y=row, mode="markers", marker={"color": "#222222", "size": 5}, showlegend=False, hoverinfo="skip"
        )
    figure.limit_line(drawn, 50, "chance")
    drawn.update_yaxes(range=[0, 65])
    return drawn


def raster(one: Any) -> go.Figure:
    """Draw when three units spike in each repetition."""
    spikes = one.spikes["spiking"]["raster"]
    shown = [0, spikes.shape[2] // 2, spikes.shape[2] - 1]
    drawn = panels([f"unit of rank {k + 1}" for k in shown], x="time (s)", y=["repetition", "", ""])
    for column, k in enumerate(shown, start=1):
        trial, step = np.nonzero(spikes[:, :, k])
        drawn.add_scatter(
            x=1e-3 * step,
            y=trial + 1,
            mode="markers",
            marker={"color": figure.COLOURS[0], "size": 3},
            showlegend=False,
            row=1,
            col=column,
        )
    return drawn


def irregular(results: Sequence[Any]) -> go.Figure:
    """Draw the measures of irregularity of the three networks side by side."""
    measures = {
        "cv": ("CV", 0.6),
        "cv2": ("CV2", 0.6),
        "fano": ("Fano factor", 0.5),
        "correlation": ("correlation", 0.3),
    }
    drawn = panels([name for name, _ in measures.values()], x="network", y=["(1)", "", "", ""], height=400)
    for column, (key, (_, claimed)) in enumerate(measures.items(), start=1):
        for i, (kind, named) in enumerate(NAMED.items()):
            rows = np.array([np.mean(one.spikes[kind][key]) for one in results])
            mean, half = mean_and_interval(rows)
            bars = figure.error_bars([float(mean)], [float(mean - half)], [float(mean + half)])
            drawn.add_scatter(
                x=[i],
                y=[float(mean)],
                error_y=bars,
                mode="markers",
                marker={"color": figure.COLOURS[i], "size": 10},
                name=named,
                showlegend=column == 1,
                row=1,
                col=column,
            )
        drawn.add_hline(y=claimed, line={"color": "#222222", "width": 1, "dash": "dash"}, row=1, col=column)
        drawn.update_xaxes(showticklabels=False, range=[-0.6, 2.6], row=1, col=column)
        drawn.update_yaxes(rangemode="tozero", row=1, col=column)
    drawn.update_layout(legend={"orientation": "h", "y": -0.2})
    return drawn
