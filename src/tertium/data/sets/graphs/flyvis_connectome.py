"""The wiring of the fly's optic lobe: cell types, and synapses between them at hexagonal offsets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array

from tertium.data.sets.kinds import Graph

if TYPE_CHECKING:
    import pandas as pd

CITE = "Lappalainen et al. 2024 Nature"


@dataclass(frozen=True, eq=False)
class FlyvisConnectome:
    """Cell types of the fly's optic lobe and their connections.

    Parameters
    ----------
    graph : Graph
        65 cell types; ``adjacency[i, j]`` is the mean number of synapses that one cell of type j gets from all cells
        of type i, summed over offsets. Node columns: ``activation``, ``bias``, ``time_constant``, ``stride_u``,
        ``stride_v`` (every how many columns there is a cell), ``input`` and ``output`` (bool).
    edges : pandas.DataFrame, 605 rows
        ``source``, ``target``, ``sign`` (+1 excitatory, -1 inhibitory), ``n_offsets``, ``synapses`` (sum).
    offsets : pandas.DataFrame, 2,140 rows
        ``source``, ``target``, ``sign``, ``du``, ``dv`` (hexagonal offset, columns), ``synapses``.
    """

    graph: Graph
    edges: pd.DataFrame
    offsets: pd.DataFrame
    cite: str = CITE


def load(files: Mapping[str, Path]) -> FlyvisConnectome:
    """Read the connectome."""
    import pandas as pd

    data: dict[str, Any] = json.loads(files["fib25-fib19_v2.2.json"].read_text(encoding="utf-8"))
    offsets = pd.DataFrame(
        [
            (edge["src"], edge["tar"], int(edge["alpha"]), du, dv, float(count))
            for edge in data["edges"]
            for (du, dv), count in edge["offsets"]
        ],
        columns=["source", "target", "sign", "du", "dv", "synapses"],
    )
    edges = (
        offsets.groupby(["source", "target", "sign"], sort=False)["synapses"]
        .agg(n_offsets="size", synapses="sum")
        .reset_index()
    )
    nodes = pd.DataFrame(
        {
            "activation": [node["activation"] for node in data["nodes"]],
            "bias": [node["bias"] for node in data["nodes"]],
            "time_constant": [node["time_constant"] for node in data["nodes"]],
            "stride_u": [_stride(node)[0] for node in data["nodes"]],
            "stride_v": [_stride(node)[1] for node in data["nodes"]],
            "input": [node["name"] in data["input_units"] for node in data["nodes"]],
            "output": [node["name"] in data["output_units"] for node in data["nodes"]],
        },
        index=pd.Index([node["name"] for node in data["nodes"]], name="cell_type"),
    )
    row = nodes.index.get_indexer(pd.Index(edges["source"]))
    column = nodes.index.get_indexer(pd.Index(edges["target"]))
    weights = csr_array((edges["synapses"].to_numpy(dtype=np.float64), (row, column)), shape=(len(nodes),) * 2)
    return FlyvisConnectome(Graph(weights, nodes, "synapses", cite=CITE), edges, offsets)


def _stride(node: Mapping[str, Any]) -> tuple[int, int]:
    """Every how many columns along u and v there is a cell; a type with one cell in all has (0, 0)."""
    kind, parameter = node["pattern"]
    return (int(parameter[0]), int(parameter[1])) if kind == "stride" else (0, 0)
