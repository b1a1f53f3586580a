"""Drawings of DYN12: overlap and recall against load, energy against sweeps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tertium import figure
from tertium.studies.methods.hopfield import CAPACITY, loads_and_overlaps
from tertium.studies.pictures import over_seeds

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.studies.hopfield1982 import Hopfield1982


def capacity(results: Sequence[Hopfield1982.Results]) -> go.Figure:
    """Draw the final overlap against the load, for each size and with half of the couplings cut, and theory."""
    drawn = figure.new(x="load (patterns a unit)", y="final overlap")
    first = results[0]
    for colour, size in zip(figure.COLOURS, first.overlap, strict=False):
        style = {"mode": "lines+markers", "name": f"{size} units", "marker": {"color": colour}}
        over_seeds.add(drawn, first.loads, [one.overlap[size] for one in results], line={"color": colour}, **style)
    cut = {"mode": "lines+markers", "name": f"{first.units} units, half of the couplings cut"}
    grey = {"color": figure.COLOURS[6], "dash": "dot"}
    over_seeds.add(drawn, first.loads, [one.cut for one in results], line=grey, marker={"color": grey["color"]}, **cut)
    loads, values = loads_and_overlaps()
    shown = loads >= first.loads.min()
    line = {"color": "#222222", "width": 1.5}
    drawn.add_scatter(x=loads[shown], y=values[shown], mode="lines", line=line, name="mean-field theory")
    drawn.update_yaxes(range=[0, 1.05])
    return figure.limit_line(drawn, CAPACITY, "capacity 0.138", vertical=True)


def recalled(results: Sequence[Hopfield1982.Results]) -> go.Figure:
    """Draw the share of cues that are recalled against the load, for each size."""
    drawn = figure.new(x="load (patterns a unit)", y="recalled (fraction of cues)")
    first = results[0]
    for colour, size in zip(figure.COLOURS, first.recalled, strict=False):
        style = {"mode": "lines+markers", "name": f"{size} units", "marker": {"color": colour}}
        over_seeds.add(drawn, first.loads, [one.recalled[size] for one in results], line={"color": colour}, **style)
    drawn.update_yaxes(range=[0, 1.05])
    return figure.limit_line(drawn, CAPACITY, "capacity 0.138", vertical=True)


def energy(first: Hopfield1982.Results) -> go.Figure:
    """Draw the energy of several runs against sweeps, for couplings that are symmetric and that are not."""
    drawn = figure.new(x="sweep over all units", y="energy a unit")
    kinds = (("symmetric couplings", first.energies), ("half cut in one direction", first.energies_one_way))
    for (name, values), colour in zip(kinds, figure.COLOURS, strict=False):
        for run in range(values.shape[1]):
            line = {"color": figure.translucent(colour, 0.7), "width": 1.5}
            style = {"name": name, "legendgroup": name, "showlegend": run == 0}
            drawn.add_scatter(x=np.arange(len(values)), y=values[:, run], mode="lines", line=line, **style)
    return drawn
