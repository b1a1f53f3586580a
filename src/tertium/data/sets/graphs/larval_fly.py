"""Synapses between the neurons of a larval Drosophila brain."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from tertium.data.sets.kinds import Graph
from tertium.errors import BadInput

if TYPE_CHECKING:
    import pandas as pd

CITE = "Winding et al. 2023 Science"


def load(files: Mapping[str, Path], *, part: str = "paired") -> Graph:
    """Read the wiring.

    Parameters
    ----------
    files : mapping of str to Path
        The files of the set.
    part : str
        ``paired`` (1,240 neurons that have a partner in the other hemisphere) or ``all`` (3,554 neurons).

    Returns
    -------
    Graph
        Weights are numbers of synapses. Nodes are named by their identifiers; of the paired ones, ``pair`` (0 to 619)
        and ``hemisphere`` ("L", "R") are known.

    Raises
    ------
    BadInput
        If there is no such part.
    """
    import pandas as pd

    if part == "paired":
        edges = _edges(files["maggot_subset_edgelist.csv"], ",")
        nodes = pd.read_csv(files["maggot_subset_nodes.csv"]).set_index("node_id")
    elif part == "all":
        edges = _edges(files["G_edgelist.txt"], " ")
        known = pd.read_csv(files["maggot_subset_nodes.csv"]).set_index("node_id")
        names = pd.Index(sorted({*edges["source"], *edges["target"]}), name="node_id")
        nodes = known.reindex(names)
    else:
        raise BadInput("part", got=f"'{part}'", expected="paired or all", repair="")
    nodes.index = nodes.index.map(str)
    row = nodes.index.get_indexer(pd.Index(edges["source"].map(str)))
    column = nodes.index.get_indexer(pd.Index(edges["target"].map(str)))
    weights = csr_array((edges["synapses"].to_numpy(dtype=np.float64), (row, column)), shape=(len(nodes),) * 2)
    return Graph(weights, nodes, "synapses", cite=CITE)


def _edges(path: Path, separator: str) -> pd.DataFrame:
    import pandas as pd

    return pd.read_csv(path, sep=separator, header=None, names=["source", "target", "synapses"])
