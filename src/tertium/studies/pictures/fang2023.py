"""Pictures of Fang et al. 2023: differences of units, converted networks over time, learning of spikes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tertium import figure
from tertium.studies.base import Picture
from tertium.studies.pictures.over_seeds import add, mean_and_interval

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.studies.fang2023 import Fang2023

#: In the order in which units were compared.
CONVENTIONS = ("hard reset,<br>decaying input", "soft reset,<br>decaying input", "hard reset", "soft reset")
KINDS = {
    "LIF": "LIF",
    "PLIF": "PLIF, learned time constants",
    "late": "reset one step late (control)",
    "tau": "other convention of tau (control)",
}


def pictures(results: Sequence[Fang2023.Results]) -> Iterator[Picture]:
    """Yield all pictures."""
    n = len(results)
    over = f"n = {n} seed{'s' if n > 1 else ''}"
    yield Picture(
        "units",
        units(results),
        "Largest difference of voltages between our units and a loop that is written out from the package's equations, "
        f"for each convention; the largest of {over}. The dashed line is the threshold of the claims.",
    )
    yield Picture(
        "conversion",
        conversion(results),
        "Held-out digits that converted networks tell from outputs averaged over the steps so far. Dashed in the same "
        f"colour: the network of rectified units. Mean over {over}, bars 95 % interval at some steps.",
    )
    yield Picture(
        "learning",
        learning(results),
        "Digits that the spiking network learns from and tells right, 200 drawn anew for each point. Mean and 95 % "
        f"interval over {over}.",
    )
    yield Picture(
        "networks",
        networks(results),
        "Held-out digits that the spiking network tells from outputs averaged over the first steps, trained whole or "
        f"its read-out alone. Mean and 95 % interval over {over}.",
    )


def units(results: Sequence[Fang2023.Results]) -> go.Figure:
    """Draw the largest differences."""
    drawn = figure.new(x="convention", y="largest difference (threshold 0.8)")
    for k, (kind, name) in enumerate(KINDS.items()):
        worst = np.max([one.units[kind] for one in results], axis=0)
        marker = {"color": figure.COLOURS[k], "size": 10, "symbol": "circle" if k < 2 else "x"}
        drawn.add_scatter(x=CONVENTIONS, y=np.maximum(worst, 1e-17), name=name, mode="markers", marker=marker)
    drawn.update_yaxes(type="log", exponentformat="power")
    return figure.limit_line(drawn, 1e-6, "at most")


def conversion(results: Sequence[Fang2023.Results]) -> go.Figure:
    """Draw what converted networks tell over time."""
    drawn = figure.new(x="steps", y="right (% of held-out digits)")
    names = {"normalised": "scaled", "plain": "weights as they are"}
    for k, kind in enumerate(results[0].converted):
        steps = np.arange(1, len(results[0].converted[kind]["normalised"]) + 1)
        colour = figure.COLOURS[k]
        for name, words in names.items():
            rows = [one.converted[kind][name] for one in results]
            dash = "solid" if name == "normalised" else "dot"
            line = {"color": colour, "dash": dash}
            drawn.add_scatter(x=steps, y=np.mean(rows, axis=0), name=f"{kind}, {words}", mode="lines", line=line)
            few = np.unique(np.minimum([4, 8, 16, 32, 64], steps[-1])) - 1
            at = [row[few] for row in rows]
            add(drawn, steps[few], at, mode="markers", marker={"color": colour, "size": 5}, showlegend=False)
        rate = float(np.mean([one.converted[kind]["rate"][0] for one in results]))
        line = {"color": colour, "dash": "dash"}
        drawn.add_scatter(x=steps[[0, -1]], y=[rate, rate], name=f"{kind}, rectified units", mode="lines", line=line)
    # from what four steps give
    return drawn.update_yaxes(range=[80, 100])


def learning(results: Sequence[Fang2023.Results]) -> go.Figure:
    """Draw the learning curve."""
    drawn = figure.new(x="steps of training", y="right (% of digits learned from)")
    add(
        drawn,
        results[0].curve[:, 0],
        [one.curve[:, 1] for one in results],
        mode="lines+markers",
        line={"color": figure.COLOURS[0]},
        showlegend=False,
    )
    return drawn


def networks(results: Sequence[Fang2023.Results]) -> go.Figure:
    """Draw what spiking networks tell after each step."""
    drawn = figure.new(x="steps that a digit is shown", y="right (% of held-out digits)")
    for k, (field, name) in enumerate((("spiking", "trained whole"), ("readout", "read-out alone"))):
        rows = [getattr(one, field) for one in results]
        mean, _ = mean_and_interval(rows)
        line = {"color": figure.COLOURS[k]}
        add(drawn, np.arange(1, len(mean) + 1), rows, name=name, mode="lines+markers", line=line)
    drawn.update_xaxes(dtick=1)
    return figure.limit_line(drawn, 97, "97 %")
