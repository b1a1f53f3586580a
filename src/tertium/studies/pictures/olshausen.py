"""The pictures of the study ``olshausen1996``: atoms and their Gabors, goodness of fit, bandwidths, encoding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tertium import figure
from tertium.studies.base import Picture
from tertium.studies.pictures.over_seeds import mean_and_interval

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.studies.olshausen1996 import Olshausen1996

Array = NDArray[np.float64]

KINDS = {"sparse": "sparse code", "scrambled": "sparse code, scrambled phases", "pca": "principal components"}
COLOUR = {"sparse": figure.COLOURS[0], "scrambled": figure.COLOURS[1], "pca": "#7F7F7F"}
DASH = {"sparse": "solid", "scrambled": "dash", "pca": "dot"}


def pictures(results: Sequence[Olshausen1996.Results]) -> Iterator[Picture]:
    """Yield all pictures."""
    first, n = results[0], len(results)
    order = np.argsort(-first.r2["sparse"])
    atoms = first.atoms["sparse"]
    side = atoms.shape[1]
    yield Picture(
        "atoms",
        mosaic(atoms[order]),
        f"All {len(atoms)} atoms, {side} x {side} pixels each, of a sparse code of whitened photographs; each on its "
        "own scale, the best Gabors first (by row). First seed.",
    )
    yield Picture("gabors", mosaic(first.fitted[order]), "The Gabors nearest to the atoms above, in the same order.")
    control = first.atoms["scrambled"]
    yield Picture(
        "scrambled",
        mosaic(control[np.argsort(-first.r2["scrambled"])]),
        "Atoms learned alike from photographs with scrambled phases: same spectra, no edges. First seed.",
    )
    yield Picture(
        "fits",
        goodness(results),
        "Share of atoms whose nearest local Gabor explains more than the abscissa of their variance over pixels. "
        f"Lines: mean of {n} seeds, which differ by less than the lines are apart.",
    )
    yield Picture(
        "bandwidths",
        bandwidths(results),
        "Bandwidth of spatial frequency (full width at half height) of the atoms that are Gabors (R2 of 0.6 or more), "
        f"and of the Gabors nearest to all principal components, {n} seeds; above 4 octaves, or without a lower half "
        "height, in the last bin. Grey: the claim's interval.",
    )
    cells = len(first.explained["simple"])
    yield Picture(
        "encoding",
        encoding(results),
        f"Explainable variance explained on new photographs, of {cells} simulated simple and {cells} complex cells, "
        "by Gabor filters and by their energies, each summed with fitted weights and put through a fitted rising "
        f"output. Dots: cells of the first seed; bars: mean and 95 % interval over {n} seeds. Cells below -0.5 are "
        "drawn there.",
    )


def mosaic(atoms: Array) -> go.Figure:
    """Draw filters side by side, each from -1 to 1."""
    n, side = atoms.shape[:2]
    across = int(np.ceil(np.sqrt(n)))
    down = -(-n // across)
    shown = np.full((down * (side + 1) + 1, across * (side + 1) + 1), np.nan)
    for i, one in enumerate(atoms):
        row, column = (side + 1) * (i // across) + 1, (side + 1) * (i % across) + 1
        shown[row : row + side, column : column + side] = one / np.abs(one).max()
    drawn = figure.new(height=620, width=680)
    figure.heatmap(drawn, shown, scale="gray", limits=(-1, 1), colour="weight over its largest", square=True)
    drawn.update_xaxes(visible=False)
    return drawn.update_yaxes(visible=False).update_layout(margin={"l": 8, "r": 8, "t": 8, "b": 8})


def goodness(results: Sequence[Olshausen1996.Results]) -> go.Figure:
    """Draw the share of atoms above each R2."""
    drawn = figure.new(x="variance over pixels that a Gabor explains (R2)", y="share of atoms above it (%)")
    at = np.linspace(0, 1, 101)
    for name, what in KINDS.items():
        rows = np.array([(one.r2[name][:, None] >= at).mean(0) for one in results])
        line = {"color": COLOUR[name], "dash": DASH[name], "width": 2.5}
        drawn.add_scatter(x=at, y=100 * rows.mean(0), mode="lines", line=line, name=what)
    figure.limit_line(drawn, 0.6, "counts as a Gabor", vertical=True)
    drawn.update_layout(legend={"x": 0.02, "y": 0.05, "xanchor": "left", "yanchor": "bottom"})
    return drawn.update_yaxes(range=[0, 102])


def bandwidths(results: Sequence[Olshausen1996.Results]) -> go.Figure:
    """Draw how many Gabors have which bandwidth."""
    drawn = figure.new(x="bandwidth (octaves)", y="share (%)")
    edges = np.arange(0, 4.3, 0.2)
    for name in ("sparse", "pca"):
        least = 0.6 if name == "sparse" else -np.inf
        octaves = np.concatenate([one.octaves[name][one.r2[name] >= least] for one in results])
        height = np.histogram(np.minimum(octaves, 4.1), edges)[0] / max(len(octaves), 1)
        label = f"{KINDS[name]} (n = {len(octaves)}, median {np.median(octaves):.2f})" if len(octaves) else KINDS[name]
        drawn.add_bar(x=edges[:-1] + 0.1, y=100 * height, width=0.2, name=label, marker_color=COLOUR[name], opacity=0.7)
    drawn.add_vrect(x0=0.8, x1=2.5, fillcolor="#7F7F7F", opacity=0.12, line_width=0, layer="below")
    return drawn.update_layout(barmode="overlay", legend={"x": 0.98, "y": 0.98, "xanchor": "right"})


def encoding(results: Sequence[Olshausen1996.Results]) -> go.Figure:
    """Draw what each model explains of each cell."""
    drawn = figure.new(x="kind of simulated cell", y="explainable variance explained (FEVE)")
    random = np.linspace(-0.12, 0.12, len(results[0].explained["simple"]))
    for i, (model, what) in enumerate((("linear", "filters"), ("energy", "energies"))):
        colour = figure.COLOURS[i]
        for j, kind in enumerate(("simple", "complex")):
            rows = np.array([one.explained[f"{model}, {kind}"] for one in results])
            x = j + 0.4 * (i - 0.5)
            dots = {"color": figure.translucent(colour, 0.45), "size": 6}
            drawn.add_scatter(x=x + random, y=rows[0].clip(-0.5), mode="markers", marker=dots, showlegend=False)
            mean, half = (float(value) for value in mean_and_interval(rows.mean(1)))
            bars = figure.error_bars([mean], [mean - half], [mean + half])
            mark = {"color": colour, "size": 13, "symbol": ("square", "diamond")[i], "line": {"color": "white"}}
            name = f"{what} and output"
            drawn.add_scatter(x=[x], y=[mean], error_y=bars, mode="markers", marker=mark, name=name, showlegend=j == 0)
    figure.limit_line(drawn, 0.0, "")
    drawn.update_xaxes(tickvals=[0, 1], ticktext=["simple", "complex"], range=[-0.5, 1.5])
    return drawn.update_yaxes(range=[-0.55, 1.05])
