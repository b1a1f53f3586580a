"""Pictures of `agreement`: which measures agree, how each ranks the layers, who disagrees most, what chance gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.cluster import hierarchy
from scipy.spatial.distance import squareform
from scipy.stats import rankdata

from tertium import figure
from tertium.studies.base import Picture
from tertium.studies.methods.agreement import CHANCE_LEVEL, FAMILIES, MEASURES
from tertium.studies.methods.agreement_pairs import OF_UNITS

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.studies.agreement import Agreement

Floats = NDArray[np.float64]

_REGIONS = ("human IT", "monkey IT")
_COLOURS = {"rises": figure.COLOURS[1], "corrected": figure.COLOURS[0], "falls": figure.COLOURS[6]}
_WORDS = {"rises": "chance level rises", "corrected": "chance level corrected or fixed", "falls": "chance level falls"}


def pictures(results: Sequence[Agreement.Results]) -> Iterator[Picture]:
    """Yield all pictures."""
    first, n = results[0], len(results)
    layers = len(first.names)
    over = f"mean over {n} seed{'s' if n > 1 else ''}"
    agreement = np.mean([one.agreement for one in results], axis=0)
    half = np.mean([(one.agreement_high - one.agreement_low) / 2 for one in results], axis=0)
    yield Picture(
        "agreement",
        clustered(agreement, [f"{name} [{FAMILIES[name]}]" for name in MEASURES]),
        f"Spearman's correlation of measures over {layers} representations, mean of human and monkey IT, {over}, in "
        f"the order of average linkage; families in brackets. 95 % intervals over 92 images: half width "
        f"{np.median(half[np.triu_indices(len(half), 1)]):.2f} (median), at most {half.max():.2f}.",
    )
    for i, region in enumerate(_REGIONS):
        yield Picture(
            f"ranks-{region.split()[0]}",
            ranks(results, i),
            f"Rank of each of {layers} representations by each measure against {region}, 1 the most alike; scores: "
            f"{over}; measures in the order of the first picture.",
        )
    yield Picture(
        "disagree",
        disagree(results, agreement),
        f"The two measures that agree least, of those that agree by more than 0.5 with another: scores of {layers} "
        f"representations against IT, {over}; bars: 95 % intervals over 92 images.",
    )
    yield Picture(
        "chance",
        chance(results),
        f"Scores against IT with the images of layers shuffled, by the participation ratio of the layer, {over} and "
        f"shuffles: where nothing is shared, some measures follow dimension. RSA whitened lies on CKA biased.",
    )
    yield Picture(
        "families",
        divisions(results),
        "Mean agreement of measures within less between two divisions of the measures, dots one seed each, with 95 % "
        "intervals over images; grey: the same labels shuffled among measures.",
    )
    for which, words in (("objects", "92 photographs of objects"), ("photographs", "120 other photographs")):
        yield Picture(
            f"pairs-{which}",
            clustered(np.mean([getattr(one, f"pairs_{which}") for one in results], axis=0), list(OF_UNITS)),
            f"Spearman's correlation of measures over every two of the representations compared on 200 units each, "
            f"{words}, {over}; measures of single units beside all others.",
        )


def order_of(agreement: Floats) -> list[int]:
    """Return measures in the order of the leaves of average linkage of 1 - agreement."""
    apart = 1 - (agreement + agreement.T) / 2
    np.fill_diagonal(apart, 0.0)
    joined = hierarchy.linkage(squareform(apart, checks=False), "average", optimal_ordering=True)
    return list(hierarchy.leaves_list(joined))


def clustered(agreement: Floats, names: Sequence[str]) -> go.Figure:
    """Draw agreement of measures in the order of their clusters."""
    order = order_of(agreement)
    sorted_, labels = agreement[np.ix_(order, order)], [names[i] for i in order]
    drawn = figure.new(height=620, width=740)
    figure.heatmap(
        drawn,
        sorted_,
        x=labels,
        y=labels,
        colour="agreement (Spearman)",
        scale=figure.DIVERGING,
        limits=(-1, 1),
        square=True,
    )
    drawn.data[0].update(text=np.char.mod("%.1f", sorted_), texttemplate="%{text}", textfont={"size": 10})
    drawn.update_xaxes(tickangle=-50)
    return drawn


def ranks(results: Sequence[Agreement.Results], region: int) -> go.Figure:
    """Draw the rank of each representation by each measure."""
    order = order_of(np.mean([one.agreement for one in results], axis=0))
    scores = np.mean([one.scores[:, region] for one in results], axis=0)[order]
    placed = rankdata(-scores, axis=1).T
    drawn = figure.new(height=150 + 22 * len(placed), width=900)
    names = results[0].names
    figure.heatmap(drawn, placed, x=[MEASURES[i] for i in order], y=names, colour="rank (1: most alike)")
    drawn.data[0].update(
        text=np.char.mod("%d", placed.astype(int)), texttemplate="%{text}", textfont={"size": 10}, reversescale=True
    )
    drawn.update_xaxes(tickangle=-45)
    return drawn


def disagree(results: Sequence[Agreement.Results], agreement: Floats) -> go.Figure:
    """Draw scores of the two measures that agree least."""
    sound = [i for i in range(len(agreement)) if np.sort(agreement[i])[-2] > 0.5]
    part = agreement[np.ix_(sound, sound)]
    a, b = np.unravel_index(int(np.argmin(part)), part.shape)
    i, j = sound[min(a, b)], sound[max(a, b)]
    drawn = figure.new(x=f"{MEASURES[i]} with IT", y=f"{MEASURES[j]} with IT", height=480)
    for region, name in enumerate(_REGIONS):
        value, low, high = (
            np.mean([getattr(one, which)[:, region] for one in results], axis=0) for which in ("scores", "low", "high")
        )
        colour = figure.COLOURS[region]
        thin = {"thickness": 0.8, "width": 0, "color": figure.translucent(colour, 0.5)}
        drawn.add_scatter(
            x=value[i],
            y=value[j],
            error_x=figure.error_bars(value[i].tolist(), low[i].tolist(), high[i].tolist()) | thin,
            error_y=figure.error_bars(value[j].tolist(), low[j].tolist(), high[j].tolist()) | thin,
            mode="markers",
            marker={"color": colour, "size": 8},
            name=name,
            text=results[0].names,
            hovertemplate="%{text}<extra></extra>",
        )
    return drawn


def chance(results: Sequence[Agreement.Results]) -> go.Figure:
    """Draw scores under shuffled images against dimension, a curve for each measure."""
    dimensions = np.mean([one.dimensions for one in results], axis=0)
    scores = np.mean([one.chance_scores for one in results], axis=0)
    order = np.argsort(dimensions)
    drawn = figure.new(x="dimensions of the layer (participation ratio)", y="score, images shuffled", height=480)
    symbols = ("circle", "square", "diamond", "cross", "x", "triangle-up", "star", "pentagon")
    for kind in _WORDS:
        for k, name in enumerate(name for name in MEASURES if CHANCE_LEVEL[name] == kind):
            drawn.add_scatter(
                x=dimensions[order],
                y=scores[MEASURES.index(name)][order],
                mode="lines+markers",
                line={"color": figure.translucent(_COLOURS[kind], 0.5), "width": 1},
                marker={"color": _COLOURS[kind], "symbol": symbols[k], "size": 6},
                name=name,
                legendgroup=kind,
                legendgrouptitle={"text": _WORDS[kind]},
            )
    drawn.update_layout(legend={"tracegroupgap": 12})
    return drawn


def divisions(results: Sequence[Agreement.Results]) -> go.Figure:
    """Draw within less between for both divisions, seed by seed, and shuffled."""
    drawn = figure.new(x="division of the measures by", y="agreement within less between (Spearman)", height=420)
    for field, shuffled, at in (("by_family", "by_shuffled_family", 0), ("by_chance", "by_shuffled_chance", 1)):
        x = [at + 0.08 * (i - (len(results) - 1) / 2) for i in range(len(results))]
        value, low, high = np.array([getattr(one, field) for one in results]).T
        figure.dots_with_intervals(
            drawn,
            x,
            value.tolist(),
            low.tolist(),
            high.tolist(),
            "" if at else "measured",
            colour=figure.COLOURS[0],
        )
        drawn.add_scatter(
            x=x,
            y=[getattr(one, shuffled) for one in results],
            mode="markers",
            marker={"color": "#999999", "symbol": "x", "size": 8},
            name="labels shuffled",
            showlegend=not at,
        )
    drawn.update_xaxes(
        tickmode="array", tickvals=[0, 1], ticktext=["family of the measure", "chance level"], range=[-0.5, 1.5]
    )
    return figure.limit_line(drawn, 0.0, "")
