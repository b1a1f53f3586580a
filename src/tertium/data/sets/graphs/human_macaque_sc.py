"""Group structural connectomes of four primates."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from scipy.sparse import csr_array

from tertium.data.sets.kinds import Graph
from tertium.errors import BadInput

CITE = "Pang et al."
#: Species -> whether the matrix tells the direction (tracers do, diffusion imaging does not).
SPECIES = {"human": False, "chimp": False, "macaque": True, "marmoset": True}


def load(files: Mapping[str, Path], *, species: str = "human") -> Graph:
    """Read one connectome.

    Parameters
    ----------
    files : mapping of str to Path
        The files of the set.
    species : str
        ``human`` or ``chimp`` (114 regions each, undirected), ``macaque`` (82) or ``marmoset`` (55), both directed.

    Returns
    -------
    Graph
        Strengths of connections as published (group averages, in the authors' units). The files name no regions and do
        not say which axis is the source; rows of the MATLAB matrix are taken as sources.

    Raises
    ------
    BadInput
        If there is no such species.
    """
    if species not in SPECIES:
        raise BadInput("species", got=f"'{species}'", expected=", ".join(SPECIES), repair="")
    import h5py
    import pandas as pd

    with h5py.File(files[f"connectome_{species}.mat"]) as stored:
        # MATLAB stores columns first, so that the array arrives transposed
        matrix = np.asarray(stored[f"connectome_{species}"], dtype=np.float64).T
    names = pd.Index([f"{i:03d}" for i in range(len(matrix))], name="region")
    return Graph(csr_array(matrix), pd.DataFrame(index=names), "strength", directed=SPECIES[species], cite=CITE)
