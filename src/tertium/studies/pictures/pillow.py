"""The pictures of the study ``pillow2008``: filters, clocks, decoding, and recorded units with their past."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tertium import figure
from tertium.studies.base import Picture
from tertium.studies.pictures.over_seeds import add

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.studies.pillow2008 import Pillow2008

MODELS = {"truth": "true model", "full": "fitted, all filters", "memoryless": "fitted, stimulus alone"}


def pictures(results: Sequence[Pillow2008.Results]) -> Iterator[Picture]:
    """Yield all pictures; single filters and tests are those of the first seed."""
    first, n = results[0], len(results)
    yield Picture(
        "filters",
        filters(first.encoding["drawn"]),
        "Planted filters (black) and fitted ones with 95 % bands, in log gain (per standard deviation of the stimulus, "
        "or per spike); the last coupling was not planted. One of eight simulated units each, first seed.",
    )
    yield Picture(
        "clocks",
        clocks(first.clocks),
        "Quantiles of intervals between spikes on the model's clock, one unit in one fresh realisation of 40 s; grey: "
        "95 % band. Legend: share of tests passed at 5 %, all units and realisations of the first seed.",
    )
    yield Picture(
        "explained",
        explained(results),
        "Deviance explained in held-out spikes by the fitted model and by that of the stimulus alone, against what the "
        f"true model explains; a dot is a unit, {n} seeds. Dotted: equal.",
    )
    yield Picture(
        "decoding",
        decoding(results),
        "Bits about which of the stimuli was shown, gained by the coupled over the uncoupled model, for neurons that "
        f"hear each other and for the same neurons deaf. Dots: {n} seeds; diamonds: mean with 95 % interval.",
    )
    for name, found, what in (
        ("lip", first.lip, "LIP, beyond coherence, choice, time and drift"),
        ("ca1", first.ca1, "CA1 while running, beyond position, direction and speed"),
    ):
        passed = (found["statistic"] <= found["band"][:, None]).sum(0)
        yield Picture(
            f"{name}_units",
            gains(found),
            f"{what}: each unit's distance of the Kolmogorov-Smirnov test, in widths of its 95 % band (passed "
            f"below 1), against bits per held-out spike gained by its past. Without its past {passed[0]} of "
            f"{len(found['units'])} units pass, with it {passed[1]}."
            " Crosses (drawn at 0): bits gained by the train run backwards.",
        )
        yield Picture(
            f"{name}_history",
            history(found),
            f"{what}: history filters of all units (grey) and of unit {found['shown']}, whose test is the "
            "median one, with its 95 % band; gains below -3 (refractoriness) are cut off.",
        )


def filters(drawn_filters: Mapping[str, Any]) -> go.Figure:
    """Draw fitted filters over planted ones, one panel each."""
    from plotly.subplots import make_subplots

    names = list(drawn_filters)
    drawn = make_subplots(rows=2, cols=3, subplot_titles=names, vertical_spacing=0.2, horizontal_spacing=0.08)
    layout, plain = figure.new(height=520).layout, {"showgrid": False, "zeroline": True, "zerolinecolor": "#CCCCCC"}
    drawn.update_layout(template="none", font=layout.font, height=520, margin={"l": 64, "r": 16, "t": 40, "b": 56})
    for k, name in enumerate(names):
        where = {"row": k // 3 + 1, "col": k % 3 + 1}
        times, values, errors, truth = drawn_filters[name]
        lags, first = 1000 * times, k == 0
        edge = {"mode": "lines", "line": {"width": 0}, "showlegend": False, "hoverinfo": "skip"}
        drawn.add_scatter(x=lags, y=values - 1.96 * errors, **edge, **where)
        fill = {"fill": "tonexty", "fillcolor": figure.translucent(figure.COLOURS[0], 0.25)}
        drawn.add_scatter(x=lags, y=values + 1.96 * errors, **edge, **fill, **where)
        blue = {"color": figure.COLOURS[0], "width": 2}
        drawn.add_scatter(x=lags, y=values, mode="lines", line=blue, name="fitted", showlegend=first, **where)
        black = {"color": "#222222", "width": 1.5, "dash": "dash"}
        drawn.add_scatter(x=lags, y=truth, mode="lines", line=black, name="planted", showlegend=first, **where)
    drawn.update_xaxes(title={"text": "lag (ms)", "standoff": 4}, **plain)
    drawn.update_yaxes(**plain)
    return drawn.update_yaxes(title={"text": "log gain", "standoff": 4}, col=1)


def clocks(found: Mapping[str, Any]) -> go.Figure:
    """Draw the Kolmogorov-Smirnov plot of one unit under three models."""
    drawn = figure.new(x="quantile under the model", y="quantile of rescaled intervals", height=440)
    quantiles = {what: found[name]["quantiles"] for name, what in MODELS.items()}
    shares = [float(found[name]["accepted"].mean()) for name in MODELS]
    _band(drawn, float(found["truth"]["band"][0, 0]))
    for k, ((what, seen), share) in enumerate(zip(quantiles.items(), shares, strict=True)):
        line = {"color": figure.COLOURS[(2, 0, 1)[k]], "width": 2, "dash": ("solid", "dash", "dot")[k]}
        at = (np.arange(len(seen)) + 0.5) / len(seen)
        drawn.add_scatter(x=at, y=seen, mode="lines", line=line, name=f"{what}: {100 * share:.0f} % pass")
    return drawn.update_xaxes(range=[0, 1]).update_yaxes(range=[0, 1])


def _band(drawn: go.Figure, width: float) -> None:
    edge = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    drawn.add_scatter(x=[0, 1], y=[-width, 1 - width], showlegend=False, **edge)
    fill = {"fill": "tonexty", "fillcolor": figure.translucent("#7F7F7F", 0.3)}
    drawn.add_scatter(x=[0, 1], y=[width, 1 + width], name="95 % band", **edge, **fill)


def explained(results: Sequence[Pillow2008.Results]) -> go.Figure:
    """Draw deviance explained by fits against that of the truth."""
    drawn = figure.new(x="deviance explained by the true model", y="deviance explained by the fit", height=400)
    rows = [one.encoding["explained"] for one in results]
    truth = np.concatenate([one["truth"] for one in rows])
    kinds = (
        ("full", "all filters", "circle"),
        ("uncoupled", "no coupling", "diamond"),
        ("memoryless", "stimulus", "x"),
    )
    for k, (name, what, symbol) in enumerate(kinds):
        marker = {"color": figure.COLOURS[k], "symbol": symbol, "size": 7}
        drawn.add_scatter(
            x=truth, y=np.concatenate([one[name] for one in rows]), mode="markers", name=what, marker=marker
        )
    top = [0, float(truth.max()) * 1.05]
    drawn.add_scatter(x=top, y=top, mode="lines", line={"color": "#888888", "dash": "dot"}, showlegend=False)
    return drawn


def decoding(results: Sequence[Pillow2008.Results]) -> go.Figure:
    """Draw the gain in bits by coupling, for coupled and for deaf neurons."""
    drawn = figure.new(x="simulated population", y="bits gained by the coupled model", height=360)
    names = ("neurons hear each other", "deaf neurons")
    gains = np.array(
        [[d["coupled, bits"] - d["uncoupled, bits"] for d in (one.decoding, one.decoding_deaf)] for one in results]
    )
    grey = {"color": "#7F7F7F", "size": 6}
    for k in range(2):
        x = np.full(len(gains), k - 0.08)
        drawn.add_scatter(x=x, y=gains[:, k], mode="markers", marker=grey, name="one seed", showlegend=k == 0)
    marker = {"color": figure.COLOURS[0], "symbol": "diamond", "size": 10}
    add(drawn, [0, 1], gains, mode="markers", marker=marker, name="mean of seeds")
    figure.limit_line(drawn, 0.0, "")
    return drawn.update_xaxes(tickvals=[0, 1], ticktext=list(names), range=[-0.5, 1.5])


def gains(found: Mapping[str, Any]) -> go.Figure:
    """Draw each unit's test against the bits that its past adds."""
    drawn = figure.new(x="bits per spike gained by the past", y="distance / width of the band", height=420)
    bits, ratio = found["bits"], found["statistic"] / found["band"][:, None]
    more = bits[:, 1] - bits[:, 0]
    for k, what in enumerate(("without its past", "with its past")):
        marker = {"color": figure.COLOURS[1 - k], "symbol": ("circle-open", "circle")[k], "size": 8}
        drawn.add_scatter(x=more, y=ratio[:, k], mode="markers", marker=marker, name=what, text=found["units"])
    cross = {"color": "#7F7F7F", "symbol": "x", "size": 7}
    backwards = bits[:, 2] - bits[:, 0]
    drawn.add_scatter(x=backwards, y=np.zeros(len(backwards)), mode="markers", marker=cross, name="run backwards")
    figure.limit_line(drawn, 1.0, "95 % band")
    return drawn.update_yaxes(rangemode="tozero")


def history(found: Mapping[str, Any]) -> go.Figure:
    """Draw the history filters of all units, one with its band."""
    drawn = figure.new(x="time since a spike (ms), logarithmic", y="log gain in rate", height=380)
    lags = 1000 * np.asarray(found["lags"])
    for k, values in enumerate(found["history"]):
        line = {"color": "#BBBBBB", "width": 1}
        drawn.add_scatter(x=lags, y=values, mode="lines", line=line, name="one unit", showlegend=k == 0)
    one = list(found["units"]).index(found["shown"])
    values, errors = found["history"][one], found["errors"][one]
    edge = {"mode": "lines", "line": {"width": 0}, "showlegend": False, "hoverinfo": "skip"}
    drawn.add_scatter(x=lags, y=values - 1.96 * errors, **edge)
    fill = {"fill": "tonexty", "fillcolor": figure.translucent(figure.COLOURS[0], 0.3)}
    drawn.add_scatter(x=lags, y=values + 1.96 * errors, **edge, **fill)
    line = {"color": figure.COLOURS[0], "width": 2.5}
    drawn.add_scatter(x=lags, y=values, mode="lines", line=line, name=f"unit {found['shown']}")
    figure.limit_line(drawn, 0.0, "")
    low, high = found["history"].min(), np.quantile(found["history"], 0.998)
    drawn.update_yaxes(range=[max(float(low), -3.0) - 0.2, float(high) + 0.5])
    return drawn.update_xaxes(type="log", tickvals=[1, 2, 5, 10, 20, 50, 100, 200, 500])
