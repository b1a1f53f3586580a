"""Pictures of MDGL: losses through training, and how near gradients lie to the true one by grain of the cell types."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tertium import figure
from tertium.studies.base import Picture
from tertium.studies.pictures.over_seeds import add

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.studies.liu2021 import Liu2021

#: Rules of training as they are named, each with its colour.
NAMED = {
    "bptt": ("BPTT", 6),
    "mdgl": ("MDGL, E and I", 0),
    "random": ("MDGL, random weights of types", 1),
    "e_prop": ("e-prop", 2),
}

#: Rules whose gradients are compared, from what knows least to what knows most.
GRAINS = {
    "random": "random",
    "1 types": "1",
    "2 types": "2 (E, I)",
    "4 types": "4",
    "8 types": "8",
    "synapses": "each synapse",
}
LOSS = {"pattern": "mean squared error", "matching": "cross-entropy (nats)"}


def pictures(results: Sequence[Liu2021.Results]) -> Iterator[Picture]:
    """Yield the losses of each task, and the cosines of both."""
    n = len(results)
    over = f"mean and 95 % interval over {n} seeds" if n > 1 else "one seed"
    for task in results[0].curves:
        shown = "the one trial" if task == "pattern" else "unseen trials"
        yield Picture(
            f"loss_{task}",
            _losses(results, task),
            f"{task.capitalize()}: loss on {shown}; thick the geometric mean over {n} seeds, thin each seed. "
            "Logarithmic axis. All rules of a seed start from the same weights and see the same batches.",
        )
    yield Picture(
        "cosines",
        _cosines(results),
        f"Gradient by the recurrent weights against that of BPTT: how much larger its cosine is than e-prop's, {over}, "
        "each seed's mean over measurements along training by e-prop. The axis tells what modulators are weighed by: "
        "random numbers, mean weights between so many types of cells (all alike; E and I; also by adaptation; also by "
        "whether a unit is read out), or each synapse's own.",
    )


def _losses(results: Sequence[Liu2021.Results], task: str) -> go.Figure:
    drawn = figure.new(x="training step", y=LOSS[task])
    for rule, (name, colour) in NAMED.items():
        rows = np.array([one.curves[task][rule] for one in results])
        steps = results[0].every[task] * np.arange(rows.shape[1])
        line = {"color": figure.COLOURS[colour]}
        for row in rows:
            drawn.add_scatter(x=steps, y=row, mode="lines", line=line | {"width": 1}, opacity=0.3, showlegend=False)
        drawn.add_scatter(x=steps, y=np.exp(np.log(rows).mean(0)), mode="lines", line=line | {"width": 3}, name=name)
    drawn.update_yaxes(type="log", dtick=1 if task == "pattern" else None)
    return drawn


def _cosines(results: Sequence[Liu2021.Results]) -> go.Figure:
    drawn = figure.new(x="what modulators are weighed by (number of cell types)", y="cosine to BPTT, less e-prop's")
    for k, task in enumerate(results[0].cosines):
        rows = [[(one.cosines[task][rule] - one.cosines[task]["e_prop"]).mean() for rule in GRAINS] for one in results]
        places = np.arange(len(GRAINS)) + 0.1 * (k - 0.5)
        style = {"color": figure.COLOURS[k], "size": 9, "symbol": ("circle", "diamond")[k]}
        add(drawn, places, rows, name=task, mode="markers", marker=style)
    figure.limit_line(drawn, 0, "e-prop")
    drawn.update_xaxes(tickvals=list(range(len(GRAINS))), ticktext=list(GRAINS.values()))
    return drawn
