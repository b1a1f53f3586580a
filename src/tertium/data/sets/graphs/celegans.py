"""The wiring of the hermaphrodite worm C. elegans: chemical synapses and gap junctions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from tertium.data.sets.kinds import Graph
from tertium.errors import BadInput

if TYPE_CHECKING:
    pass

CITE = "Cook et al. 2019 Nature"
MATRICES = {"chemical": "herm_chem_adj.csv", "electrical": "herm_elec_adj.csv"}


def load(files: Mapping[str, Path], *, synapse: str = "chemical", version: str = "matrix") -> Graph:
    """Read one kind of connection.

    Parameters
    ----------
    files : mapping of str to Path
        The files of the set.
    synapse : str
        ``chemical`` or ``electrical``.
    version : str
        ``matrix`` (the adjacency table as corrected after publication) or ``edges`` (the list as first published; its
        counts differ in places, and it spells some muscles otherwise).

    Returns
    -------
    Graph
        Cells: neurons, muscles and other organs. Node column ``neuron`` (bool): the cell is one of the 300 neurons of
        the published list. Weights: electron-microscopy sections in which the synapse is seen. The electrical matrix is
        symmetric and gives an undirected graph; the electrical list misses one direction here and there, and is kept as
        it is.

    Raises
    ------
    BadInput
        If there is no such synapse or version.
    """
    if synapse not in MATRICES:
        raise BadInput("synapse", got=f"'{synapse}'", expected=" or ".join(MATRICES), repair="")
    if version not in ("matrix", "edges"):
        raise BadInput("version", got=f"'{version}'", expected="matrix or edges", repair="")
    import pandas as pd

    if version == "matrix":
        table = pd.read_csv(files[MATRICES[synapse]], index_col=0, encoding="utf-8-sig").fillna(0.0)
        edges = table.melt(ignore_index=False, var_name="target", value_name="weight")
        edges = edges.rename_axis("source").reset_index()
    else:
        edges = pd.read_csv(files["herm_full_edgelist.csv"]).rename(columns=lambda name: name.strip().lower())
        for column in ("source", "target", "type"):
            edges[column] = edges[column].str.strip()
        edges = edges[edges["type"] == synapse]
    cells = pd.Index(dict.fromkeys([*edges["source"], *edges["target"]]), name="cell")
    edges = edges[edges["weight"] != 0]
    weights = csr_array(
        (
            edges["weight"].to_numpy(dtype=np.float64),
            (cells.get_indexer(edges["source"]), cells.get_indexer(edges["target"])),
        ),
        shape=(len(cells), len(cells)),
    )
    neurons = _neurons(files["neuron_ids.txt"])
    nodes = pd.DataFrame({"neuron": [plain_name(cell) in neurons for cell in cells]}, index=cells)
    directed = synapse == "chemical" or version == "edges"
    return Graph(weights, nodes, "sections", directed=directed, cite=CITE)


def plain_name(cell: str) -> str:
    """Return a cell's name without padding zeros ("DA01" is "DA1").

    Examples
    --------
    >>> plain_name("DA01"), plain_name("VB11"), plain_name("I1L")
    ('DA1', 'VB11', 'I1L')
    """
    return re.sub(r"^([A-Z]+)0(\d)$", r"\1\2", cell)


def _neurons(path: Path) -> set[str]:
    # the list tells the two AWC cells by what they express, the matrices by their side
    sides = {"AWCOFF": "AWCL", "AWCON": "AWCR"}
    names = [line.split()[1] for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return {plain_name(sides.get(name, name)) for name in names}
