"""Drawings of Lyapunov spectra, of attractors' kinds, of autocorrelations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tertium import figure

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.dynamics.exponents.attractor import Attractors
    from tertium.dynamics.exponents.correlation import AutocorrelationTime
    from tertium.dynamics.exponents.spectrum import LyapunovSpectrum

Floats = npt.NDArray[np.float64]


def spectrum_figure(found: LyapunovSpectrum) -> go.Figure:
    """Draw the exponents against their number, with 95 % intervals."""
    drawn = figure.new(x="number of the exponent", y=f"Lyapunov exponent ({_unit(found)})")
    number = np.arange(1, len(found.exponents) + 1)
    low, high = found.interval.T
    bars = figure.error_bars(found.exponents.tolist(), low.tolist(), high.tolist())
    drawn.add_scatter(x=number, y=found.exponents, error_y=bars, mode="markers", marker={"size": 7}, showlegend=False)
    drawn.add_hline(y=0, line={"color": "#888888", "width": 1})
    if len(number) <= 20:
        drawn.update_xaxes(tickvals=number)
    return drawn


def convergence_figure(found: LyapunovSpectrum, most: int) -> go.Figure:
    """Draw the estimates against the length of the run, a thin line a start and a thick one their mean."""
    unit = "steps" if found.time == "discrete" else "units of time"
    drawn = figure.new(x=f"length of the run ({unit})", y=f"estimate of the exponent ({_unit(found)})")
    starts, blocks, exponents = found.blocks.shape
    length = found.duration * np.arange(1, blocks + 1) / blocks
    running = found.blocks.cumsum(1) / np.arange(1, blocks + 1)[:, None]
    for i in range(min(most, exponents)):
        colour = figure.COLOURS[i % len(figure.COLOURS)]
        shown = {"legendgroup": str(i), "mode": "lines"}
        for run in running[: 20 if starts > 1 else 0, :, i]:
            thin = {"color": figure.translucent(colour, 0.25), "width": 1}
            drawn.add_scatter(x=length, y=run, line=thin, showlegend=False, hoverinfo="skip", **shown)
        line = {"color": colour, "width": 2.5}
        drawn.add_scatter(x=length, y=running[:, :, i].mean(0), line=line, name=f"exponent {i + 1}", **shown)
    return drawn


def attractors_figure(found: Attractors, most: int = 3) -> go.Figure:
    """Draw the leading exponents of each start with 95 % intervals, a colour a kind, and the band told as zero."""
    unit = "" if found.spectrum is None else f" ({_unit(found.spectrum)})"
    drawn = figure.new(x="start", y=f"Lyapunov exponent{unit}")
    figure.band(drawn, -found.zero, found.zero, "zero, as far as the run can tell")
    if found.spectrum is not None:
        kinds = np.array(found.kinds)[found.bounded]
        number = np.flatnonzero(found.bounded) + 1
        exponents, intervals = found.spectrum.by_start, found.spectrum.intervals_by_start
        for kind, colour in zip(("fixed point", "limit cycle", "torus", "chaos", "undecided"), COLOURS, strict=True):
            for i in range(min(most, exponents.shape[1])):
                chosen = kinds == kind
                if not chosen.any():
                    continue
                values, (low, high) = exponents[chosen, i], intervals[chosen, i].T
                drawn.add_scatter(
                    x=number[chosen] + 0.12 * (i - 1), y=values, mode="markers", name=kind, legendgroup=kind,
                    showlegend=i == 0, marker={"color": colour, "size": 8, "symbol": SYMBOLS[i]},
                    error_y=figure.error_bars(values.tolist(), low.tolist(), high.tolist()),
                )  # fmt: skip
        for i in range(min(most, exponents.shape[1])):
            look = {"color": "#888888", "size": 8, "symbol": SYMBOLS[i]}
            drawn.add_scatter(x=[None], y=[None], mode="markers", marker=look, name=f"exponent {i + 1}")
        drawn.update_xaxes(tickvals=number)
    return drawn


#: Of the kinds of attractors, in the order above; and of the first three exponents.
COLOURS = (figure.COLOURS[0], figure.COLOURS[2], figure.COLOURS[4], figure.COLOURS[1], figure.COLOURS[6])
SYMBOLS = ("circle", "diamond", "triangle-down")


def correlation_figure(found: AutocorrelationTime, unit: str) -> go.Figure:
    """Draw the autocorrelation with its bootstrap band, the exponential, and the end of the integral."""
    drawn = figure.new(x=f"lag ({unit})", y="population autocorrelation")
    shown = found.lags <= min(3 * found.window, found.lags[-1])
    lags, low, high = (a[shown].tolist() for a in (found.lags, found.band[:, 0], found.band[:, 1]))
    name = f"measured, {found.trials} trials"
    figure.lines_with_band(drawn, lags, found.correlation[shown].tolist(), low, high, name)
    if np.isfinite(found.fitted):
        inside = found.lags[shown & (found.lags > 0) & (found.lags <= found.window)]
        line = {"color": figure.COLOURS[1], "width": 1.6, "dash": "dash"}
        curve = found.amplitude * np.exp(-inside / found.fitted)
        drawn.add_scatter(
            x=inside, y=curve, mode="lines", line=line, name=f"exponential, {found.fitted:.3g} {unit}".rstrip()
        )
    drawn.add_hline(y=0, line={"color": "#888888", "width": 1})
    figure.limit_line(drawn, found.window, "end of the integral", vertical=True)
    return drawn


def _unit(found: LyapunovSpectrum) -> str:
    return "nats per step" if found.time == "discrete" else "nats per unit of time"
