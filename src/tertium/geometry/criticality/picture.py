"""Drawings of power laws and of all that is known of a population's avalanches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium import figure
from tertium.geometry.criticality.shape_picture import add_shapes

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.geometry.criticality.laws.fitting import PowerLaw
    from tertium.geometry.criticality.laws.tails import Tail
    from tertium.geometry.criticality.result import Avalanches

Floats = npt.NDArray[np.float64]

#: At most so many dots of a distribution are drawn, evenly spread over its logarithm.
DOTS = 150

#: How the other tails look.
_LOOKS = {
    "exponential": (figure.COLOURS[3], "dot"),
    "lognormal": (figure.COLOURS[2], "dash"),
    "truncated power law": (figure.COLOURS[4], "dashdot"),
}


def law_figure(found: PowerLaw, x: str, *, density: bool) -> go.Figure:
    """Draw the share of values of k or more, or the density of values in logarithmic bins, with all tails."""
    n = len(found.sample)
    drawn = figure.new(x=x, y=f"density (n = {n})" if density else f"share of k or more (n = {n})")
    add_law(drawn, found, density=density, others=True)
    drawn.update_xaxes(type="log", dtick=1, exponentformat="power")
    drawn.update_yaxes(type="log", dtick=1, exponentformat="power")
    return drawn


def add_law(drawn: go.Figure, found: PowerLaw, *, density: bool, others: bool, **place: Any) -> None:
    """Add a sample's distribution and the tails fitted to it; the law's range is drawn thick."""
    sample = found.sample
    if density:
        k, shares = found.density()
    else:
        chosen = _spread_out(len(sample.unique))
        k = sample.unique[chosen].astype(float)
        shares = np.cumsum(sample.often[::-1])[::-1][chosen] / len(sample)
    look = {"color": "#444444", "size": 4}
    drawn.add_scatter(x=k, y=shares, mode="markers", marker=look, name="measured", showlegend=others, **place)
    inside = sample.unique[(sample.unique >= found.low) & (sample.unique <= (found.high or np.inf))]
    grid = np.unique(np.geomspace(inside[0], inside[-1], 60).round().astype(np.int64))
    above = float(sample.often[sample.unique > inside[-1]].sum()) / len(sample)
    p = _p_text(found)
    named: list[tuple[str, Tail, str, str, float]] = [
        (f"power law {found.exponent:.2f}{p}", found.law, figure.COLOURS[0], "solid", 2.5)
    ]
    if others:
        named += [(one.tail.family, one.tail, *_LOOKS[one.tail.family], 1.6) for one in found.tests]
    for name, tail, colour, dash, width in named:
        shape = np.exp(tail.log_probability(grid)) if density else tail.survival(grid)
        curve = found.share * shape + (0.0 if density else above)
        curve = np.where(curve > 0.1 * shares[-1], curve, np.nan)  # what is far below the data only squeezes them
        line = {"color": colour, "dash": dash, "width": width}
        drawn.add_scatter(x=grid, y=curve, mode="lines", line=line, name=name, showlegend=others, **place)


def avalanches_figure(found: Avalanches, unit: str) -> go.Figure:
    """Draw sizes, durations, growth and shapes in four panels."""
    from plotly.subplots import make_subplots

    titles = [_law_title("tau", found.size_law), _law_title("alpha", found.duration_law)]
    titles += [
        f"growth {found.growth.exponent:.2f}, predicted {found.predicted_growth:.2f}",
        f"shapes: growth {found.shapes.exponent:.2f}",
    ]
    base = figure.new(height=700).layout
    drawn = make_subplots(2, 2, subplot_titles=titles, horizontal_spacing=0.13, vertical_spacing=0.17)
    drawn.update_layout({k: v for k, v in base.to_plotly_json().items() if k not in ("xaxis", "yaxis")})
    drawn.update_layout(margin={"t": 40}, legend={"x": 0.02, "y": 0.02, "yanchor": "bottom"})
    drawn.update_xaxes(base.xaxis)
    drawn.update_yaxes(base.yaxis)
    drawn.update_annotations(font={"size": 13})
    width = f"duration (bins of {found.bin:.3g} {unit})"
    n = len(found.sizes)
    add_law(drawn, found.size_law, density=False, others=False, row=1, col=1)
    add_law(drawn, found.duration_law, density=False, others=False, row=1, col=2)
    _add_growth(drawn, found)
    add_shapes(drawn, found.shapes, row=2, col=2)
    for row, column, x, y in (
        (1, 1, "size (events)", f"share of this size or more (n = {n})"),
        (1, 2, width, f"share that lasts so long (n = {n})"),
        (2, 1, width, "mean size (events)"),
        (2, 2, "share of the duration", "events a bin, scaled"),
    ):
        log = {} if (row, column) == (2, 2) else {"type": "log", "dtick": 1, "exponentformat": "power"}
        drawn.update_xaxes(title={"text": x, "standoff": 6}, **log, row=row, col=column)
        drawn.update_yaxes(title={"text": y, "standoff": 6}, **log, row=row, col=column)
    return drawn


def _add_growth(drawn: go.Figure, found: Avalanches) -> None:
    """Draw mean sizes with standard errors against durations, and the fitted line."""
    growth, place = found.growth, {"row": 2, "col": 1}
    chosen = _spread_out(len(growth.durations))
    means, errors = growth.means[chosen], growth.errors[chosen]
    bars = figure.error_bars(means.tolist(), (means - errors).tolist(), (means + errors).tolist()) | {"width": 0}
    look = {"color": "#444444", "size": 4}
    drawn.add_scatter(
        x=growth.durations[chosen], y=means, error_y=bars, mode="markers", marker=look, showlegend=False, **place
    )
    if np.isfinite(growth.exponent):
        ends = np.array([growth.low, min(growth.high, growth.durations[-1])])
        line = {"color": figure.COLOURS[0], "width": 2.5}
        curve = growth.scale * ends**growth.exponent
        drawn.add_scatter(x=ends, y=curve, mode="lines", line=line, showlegend=False, **place)


def _law_title(name: str, law: PowerLaw) -> str:
    half = law.interval[1] - law.exponent
    return f"{name} = {law.exponent:.2f} ± {half:.2f} from {law.low} on{_p_text(law)}"


def _p_text(law: PowerLaw) -> str:
    """Return the p value as it is written behind an exponent; none of n samples means below one n-th."""
    if np.isnan(law.p_value):
        return ""
    return f", p = {law.p_value:.2f}" if law.p_value > 0 else f", p < {1 / law.bootstrap:.2g}"


def _spread_out(n: int) -> npt.NDArray[np.int64]:
    """Return positions in a rising list, all of the first and ever fewer of the later ones."""
    if n <= DOTS:
        return np.arange(n)
    return np.unique(np.geomspace(1, n, DOTS).round().astype(np.int64)) - 1
