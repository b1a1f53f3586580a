"""Pictures of khaligh2014: layers against both species, the models of old, remixing, the matrices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.spatial.distance import squareform
from scipy.stats import rankdata

from tertium import figure
from tertium.studies.base import Picture

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.studies.khaligh2014 import KhalighResults

_COLOURS = {"human IT": figure.COLOURS[0], "monkey IT": figure.COLOURS[1]}
_MODEL_NAMES = {
    "animacy": "animate or not",
    "FaceBodyManmadeNatobj": "face, body, natural, man-made",
    "EVA": "similarity judgements (EVA)",
    "HMAX": "HMAX",
    "V1": "V1 (Gabor)",
    "Silhouette": "silhouette",
    "RADON": "radon",
}


def pictures(results: Sequence[KhalighResults]) -> Iterator[Picture]:
    """Yield the pictures; what does not depend on the seed is drawn from the first one."""
    first = results[0]
    networks = list(dict.fromkeys(key.split("/")[0] for key in first.layers))
    for network in networks:
        yield Picture(
            f"layers-{network}",
            _layers(first, network),
            f"Spearman correlation of each layer's RDM with IT, 92 images; {network} from pixels to output. Human: "
            "mean over 4 subjects, bars are 95 % intervals of the bootstrap over images and subjects, band is the "
            "noise ceiling. Monkey: one RDM of 674 neurons, bars are over images; one RDM has no ceiling.",
        )
    yield Picture(
        "models",
        _models(first),
        "Kendall's tau-a of the models that came with the data, 92 images. Bars: 95 % bootstrap intervals (human: over "
        "images and 4 subjects; monkey: over images). Band: noise ceiling of human IT.",
    )
    yield Picture(
        "remixing",
        _remixing(results),
        f"Kendall's tau-a on held-out images (4 folds), one dot a seed (n = {len(results)} divisions into folds), bar "
        f"the mean. {_gains(first)} Best layer: chosen with hindsight. Remixed: all layers and four category readouts, "
        "reweighted without negative weights. Shuffled: the same with categories of exchanged images.",
    )
    for region in ("human IT", "monkey IT", "fire8"):
        name = region if region != "fire8" else "fire8 of SqueezeNet"
        yield Picture(
            f"rdm-{region.split()[0]}",
            _matrix(first, region),
            f"RDM of {name}: percentile of dissimilarity (1 - Pearson correlation) of each pair of the 92 images, "
            "in the order human and animal bodies and faces, then natural and artificial objects.",
        )


def _gains(results: KhalighResults) -> str:
    """Say what remixing gained, with the interval over images that the bars cannot show: it is paired."""
    parts = [
        f"{region} {r['gain']:.3f} [{r['gain low']:.3f}, {r['gain high']:.3f}]" for region, r in results.remixed.items()
    ]
    return f"Gain of remixed over best layer, 95 % interval over images: {', '.join(parts)}."


def _layers(results: KhalighResults, network: str) -> go.Figure:
    drawn = figure.new(
        x=f"layer of {network}", y="Spearman correlation", title="Deep layers resemble IT most (92 images)", height=420
    )
    for region, colour in _COLOURS.items():
        row = results.layers[f"{network}/{region}"]
        n = row["subjects"]
        drawn.add_scatter(
            x=list(row["names"]),
            y=list(row["score"]),
            error_y=figure.error_bars(row["score"], row["low"], row["high"]),
            mode="lines+markers",
            name=f"{region} ({n} subjects)" if n > 1 else f"{region} (674 neurons)",
            line={"color": colour},
        )
        if row["ceiling"] is not None:
            low, high = row["ceiling"]
            figure.band(drawn, low, high, f"noise ceiling, {region}", colour=colour)
    drawn.add_hline(y=0, line_width=1, line_color="#888888")
    drawn.update_layout(legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 1, "xanchor": "right"})
    return drawn


def _models(results: KhalighResults) -> go.Figure:
    drawn = figure.new(
        x="model", y="Kendall's tau-a", title="Category models explain IT better than V1 does (92 images)"
    )
    for region, colour in _COLOURS.items():
        row = results.models[region]
        drawn.add_bar(
            x=[_MODEL_NAMES.get(name, name) for name in row["names"]],
            y=list(row["score"]),
            error_y=figure.error_bars(row["score"], row["low"], row["high"]),
            name=region,
            marker={"color": colour},
        )
        if row["ceiling"] is not None:
            low, high = row["ceiling"]
            figure.band(drawn, low, high, f"noise ceiling, {region}", colour=colour)
    drawn.update_layout(barmode="group", height=460)
    return drawn


def _remixing(results: Sequence[KhalighResults]) -> go.Figure:
    drawn = figure.new(x="", y="Kendall's tau-a, held-out images", title="Remixing features adds to the best layer")
    kinds = ("best layer", "remixed", "shuffled")
    names = ("best layer", "remixed", "shuffled categories")
    for region, colour in _COLOURS.items():
        values = np.array([[r.remixed[region][kind] for kind in kinds] for r in results])
        drawn.add_bar(
            x=names, y=values.mean(axis=0), name=region, marker={"color": colour}, offsetgroup=region, opacity=0.75
        )
        for row in values:
            drawn.add_scatter(
                x=[f"{name}" for name in names],
                y=row,
                mode="markers",
                marker={"color": "#222222", "size": 6},
                showlegend=False,
                offsetgroup=region,
                hoverinfo="y",
            )
    drawn.update_layout(barmode="group", scattermode="group")
    drawn.update_xaxes(title={"text": "model"})
    return drawn


def _matrix(results: KhalighResults, key: str) -> go.Figure:
    vector = np.asarray(results.pictured[key])
    percentile = 100 * (rankdata(vector) - 1) / (len(vector) - 1)
    matrix: Any = squareform(percentile)
    np.fill_diagonal(matrix, np.nan)
    categories = list(results.categories)
    drawn = figure.new(title="", height=440, width=520)
    drawn.add_heatmap(
        z=matrix,
        colorscale=figure.SEQUENTIAL,
        zmin=0,
        zmax=100,
        colorbar={"title": {"text": "percentile of<br>dissimilarity"}, "thickness": 12},
        hovertemplate="%{x}, %{y}: %{z:.0f} %<extra></extra>",
    )
    groups = list(dict.fromkeys(categories))
    middles = [float(np.mean([i for i, c in enumerate(categories) if c == group])) for group in groups]
    ticks = {"tickvals": middles, "ticktext": [g.replace("_", " ") for g in groups], "ticks": ""}
    drawn.update_xaxes(title={"text": "image"}, tickangle=-45, constrain="domain", **ticks)
    drawn.update_yaxes(title={"text": "image"}, autorange="reversed", scaleanchor="x", constrain="domain", **ticks)
    return drawn
