"""The pictures of the study ``observation_models``: each modality, the ceilings' errors, the ordering of models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tertium import figure
from tertium.studies.base import Picture

if TYPE_CHECKING:
    import plotly.graph_objects as go

Array = NDArray[np.float64]


class Observed(Protocol):
    """What the pictures read of the study's results."""

    fano: Mapping[str, Array]
    ceiling_error: Mapping[str, Array]
    latent: Array
    similarity: Mapping[str, Array]
    example: Mapping[str, Array]


def pictures(
    results: Sequence[Any], levels: Sequence[float], reliabilities: Sequence[float], measures: Sequence[str]
) -> Iterator[Picture]:
    """Yield all pictures; those of single modalities show the first seed."""
    first, n = results[0], len(results)
    yield Picture(
        "spikes",
        fano_factors(first),
        "Variance over mean of spike counts in 2 s over repeats, for every stimulus and unit of the first seed. Few "
        "repeats scatter a lot around the true value, 1 for Poisson and about 1/4 for gamma-renewal spikes of shape 4.",
    )
    yield Picture(
        "calcium",
        calcium(first),
        "Above: GCaMP6f fluorescence of one unit in one repeat, frames of 30 ms. Below: its latent rate, and the "
        "activity deconvolved from the fluorescence (mean of all repeats, Gaussian of 0.1 s). First seed.",
    )
    yield Picture(
        "bold",
        bold(first),
        "BOLD after half a second of firing at 50 Hz, volumes every 0.5 s: mean of 40 trials and 5 voxels, shading: "
        "standard error over trials. Orange: the control, a response without delay. First seed.",
    )
    for name, quantity, what in (("lfp", "potential (uV)", "electrodes"), ("meg", "field (fT)", "magnetometers")):
        yield Picture(
            name,
            traces(first, name, quantity),
            f"One trial of the first stimulus at four {what}, time bins of 20 ms, as recorded. First seed.",
        )
    yield Picture(
        "ceiling",
        ceiling(results, reliabilities),
        "Mean estimate less truth, over draws of 20 stimuli, 6 repeats and 20 units with Poisson noise; grey: the "
        f"canon's tolerance of 0.02. Error bars: 95 % interval over seeds, n = {n}.",
    )
    yield Picture(
        "ordering",
        ordering(results, levels, measures.index("RSA correlation")),
        "Similarity (Spearman correlation of correlation RDMs) of six models with the brain as seen through each "
        "modality, and with its latent rates. Every modality lowers the numbers; the order of the models is what "
        f"stays. Error bars: 95 % interval over seeds, n = {n}.",
    )


def fano_factors(results: Observed) -> go.Figure:
    """Draw the distribution of Fano factors over stimuli and units, Poisson and gamma."""
    import plotly.graph_objects as go

    edges = np.linspace(0.0, 3.0, 31)
    drawn = figure.new(x="Fano factor (variance / mean of counts)", y="share of stimuli and units (%)")
    for colour, (name, fano) in zip(figure.COLOURS, results.fano.items(), strict=False):
        finite = fano[np.isfinite(fano)]
        share = 100.0 * np.histogram(finite, edges)[0] / len(finite)
        drawn.add_trace(
            go.Scatter(
                x=(edges[:-1] + edges[1:]) / 2,
                y=share,
                mode="lines",
                line={"shape": "hvh", "color": colour},
                fill="tozeroy",
                name=f"{name}: mean {finite.mean():.2f} (n = {len(finite)})",
            )
        )
    drawn.add_vline(x=1.0, line={"color": "#888888", "dash": "dot", "width": 1})
    return drawn


def calcium(results: Observed) -> go.Figure:
    """Draw a fluorescence trace above the latent rate and what deconvolution makes of it."""
    import plotly.graph_objects as go

    drawn = figure.new(x="time (s)", y="activity (Hz)", height=460)
    example = results.example
    time = 0.03 * np.arange(len(example["calcium rate"]))
    lines = (
        ("calcium rate", "latent rate", "#444444", "y"),
        ("calcium deconvolved", "deconvolved", figure.COLOURS[1], "y"),
        ("calcium trace", "fluorescence", figure.COLOURS[2], "y2"),
    )
    for key, name, colour, axis in lines:
        line = {"color": colour, "width": 1.5}
        drawn.add_trace(go.Scatter(x=time, y=example[key], mode="lines", name=name, line=line, yaxis=axis))
    above = drawn.layout.yaxis.to_plotly_json() | {"title": {"text": "dF/F (1)"}, "domain": [0.62, 1.0], "anchor": "x"}
    drawn.update_layout(yaxis2=above, yaxis_domain=[0.0, 0.55])
    return drawn


def bold(results: Observed) -> go.Figure:
    """Draw the mean BOLD response to a burst, with and without haemodynamic delay."""
    import plotly.graph_objects as go

    drawn = figure.new(x="time after onset of a burst of 0.5 s (s)", y="BOLD change (%)")
    for colour, (key, name) in zip(
        figure.COLOURS, (("bold canonical", "canonical response"), ("bold no delay", "no delay")), strict=False
    ):
        mean, error = results.example[key]
        time = 0.5 * np.arange(len(mean))
        drawn.add_trace(
            go.Scatter(
                x=np.concatenate([time, time[::-1]]),
                y=np.concatenate([mean + error, (mean - error)[::-1]]),
                fill="toself",
                line={"width": 0},
                fillcolor=colour,
                opacity=0.25,
                hoverinfo="skip",
                showlegend=False,
            )
        )
        drawn.add_trace(go.Scatter(x=time, y=mean, mode="lines", line={"color": colour}, name=name))
    drawn.add_vrect(x0=4.25, x1=6.25, fillcolor="#7F7F7F", opacity=0.15, line_width=0, annotation_text="5 ± 1 s")
    return drawn


def traces(results: Observed, modality: str, quantity: str) -> go.Figure:
    """Draw one trial of four sensors."""
    import plotly.graph_objects as go

    drawn = figure.new(x="time (s)", y=quantity)
    trace = results.example[modality]
    for sensor in range(trace.shape[1]):
        line = {"color": figure.COLOURS[sensor], "width": 1.3}
        time = 0.02 * np.arange(len(trace))
        drawn.add_trace(go.Scatter(x=time, y=trace[:, sensor], mode="lines", line=line, name=f"sensor {sensor + 1}"))
    return drawn


def ceiling(results: Sequence[Observed], reliabilities: Sequence[float]) -> go.Figure:
    """Draw the bias of each estimator of explainable variance against the truth."""
    drawn = figure.new(x="true explainable variance (share of 1)", y="mean estimate − truth")
    figure.band(drawn, -0.02, 0.02, "")
    for i, name in enumerate(results[0].ceiling_error):
        values = np.stack([r.ceiling_error[name] for r in results])
        _line(drawn, np.asarray(reliabilities) + 0.006 * (i - 1.5), values, name, figure.COLOURS[i])
    return drawn


def ordering(results: Sequence[Observed], levels: Sequence[float], measure: int) -> go.Figure:
    """Draw how similar each model is to the brain as each modality sees it."""
    drawn = figure.new(x="share of the model's code that is the brain's", y="similarity with the brain (Spearman)")
    seen = {"latent rates": np.stack([r.latent[measure] for r in results])}
    seen |= {name: np.stack([r.similarity[name][measure] for r in results]) for name in results[0].similarity}
    for i, (name, values) in enumerate(seen.items()):
        _line(drawn, np.asarray(levels) + 0.006 * (i - 3), values, name, figure.COLOURS[(i - 1) % len(figure.COLOURS)])
    return drawn


def _line(drawn: go.Figure, x: Array, values: Array, name: str, colour: str) -> None:
    """Add a line through the means over seeds, shape (seed, x), with the 95 % interval where there are seeds."""
    import plotly.graph_objects as go
    from scipy import stats

    mean, n = values.mean(axis=0), len(values)
    bars = None
    if n > 1:
        half = stats.t.ppf(0.975, n - 1) * values.std(axis=0, ddof=1) / np.sqrt(n)
        bars = figure.error_bars(mean.tolist(), (mean - half).tolist(), (mean + half).tolist())
    drawn.add_trace(go.Scatter(x=x, y=mean, mode="lines+markers", name=name, line={"color": colour}, error_y=bars))
