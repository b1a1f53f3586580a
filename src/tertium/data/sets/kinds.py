"""What a data set may hold besides responses: pictures, sounds and graphs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput

if TYPE_CHECKING:
    import pandas as pd
    from scipy.sparse import csr_array


@dataclass(frozen=True, eq=False)
class Images:
    """Pictures with labels.

    Parameters
    ----------
    images : array of uint8, shape (image, height, width, 3) or (image, height, width)
        Pixels, RGB or grey, 0 to 255.
    label : array of int, shape (image,)
        Class of each image.
    name : tuple of str, length image
        Name of each image.
    classes : tuple of str
        Name of each class, where known: ``classes[label]``.
    split : tuple of str, length image
        Part of the set that an image belongs to ("train", "test"), where the set has parts.
    cite : str
        What to cite.

    Raises
    ------
    BadInput
        If the numbers of images, labels and names differ, or the pixels are not uint8.
    """

    images: npt.NDArray[np.uint8]
    label: npt.NDArray[np.int64]
    name: tuple[str, ...]
    classes: tuple[str, ...] = ()
    split: tuple[str, ...] = ()
    cite: str = ""

    def __post_init__(self) -> None:
        if self.images.dtype != np.uint8 or self.images.ndim not in (3, 4):
            raise BadInput(
                "images",
                got=f"{self.images.dtype} of shape {self.images.shape}",
                expected="uint8 (image, height, width) or (image, height, width, 3)",
            )
        lengths = {"images": len(self.images), "label": len(self.label), "name": len(self.name)}
        if self.split:
            lengths["split"] = len(self.split)
        _same_length(lengths)

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.images)


@dataclass(frozen=True, eq=False)
class Sounds:
    """Recorded sounds with labels; their lengths may differ.

    Parameters
    ----------
    waves : tuple of array, each of shape (sample,)
        The waveforms: int16 as recorded, or floats.
    rate : float
        Samples per second, Hz.
    labels : mapping of str to array, shape (sound,)
        What is known of each sound ("digit", "speaker").
    cite : str
        What to cite.

    Raises
    ------
    BadInput
        If a label does not have one value per sound.
    """

    waves: tuple[npt.NDArray[np.int16 | np.float32 | np.float64], ...]
    rate: float
    labels: dict[str, npt.NDArray[np.int64 | np.object_]] = field(default_factory=dict)
    cite: str = ""

    def __post_init__(self) -> None:
        _same_length({"waves": len(self.waves)} | {key: len(value) for key, value in self.labels.items()})

    def __len__(self) -> int:
        """Return the number of sounds."""
        return len(self.waves)


@dataclass(frozen=True, eq=False)
class Graph:
    """A wiring diagram: who connects to whom, how strongly, and who they are.

    Parameters
    ----------
    adjacency : scipy.sparse.csr_array, shape (node, node)
        ``adjacency[i, j]`` is the strength of the connection from node i to node j; 0 is none.
    nodes : pandas.DataFrame, one row a node
        What is known of each node; its index holds their names, each once.
    weight : str
        What the strengths are ("synapses", "contacts", "streamlines").
    directed : bool
        Whether i to j may differ from j to i.
    cite : str
        What to cite.

    Raises
    ------
    BadInput
        If the matrix is not square, the table does not fit it, a name occurs twice, or an undirected graph is not
        symmetric.
    """

    adjacency: csr_array
    nodes: pd.DataFrame
    weight: str
    directed: bool = True
    cite: str = ""

    def __post_init__(self) -> None:
        n_rows, n_columns = self.adjacency.shape
        if n_rows != n_columns:
            raise BadInput("graph", got=f"an adjacency of shape {self.adjacency.shape}", expected="a square matrix")
        _same_length({"adjacency": n_rows, "nodes": len(self.nodes)})
        if not self.nodes.index.is_unique:
            twice = self.nodes.index[self.nodes.index.duplicated()][0]
            raise BadInput("graph nodes", got=f"'{twice}' twice", expected="each name once")
        if not self.directed and abs(self.adjacency - self.adjacency.T).max() > 0:
            raise BadInput("graph", got="an asymmetric adjacency", expected="a symmetric one for an undirected graph")

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return int(self.adjacency.shape[0])

    @property
    def n_edges(self) -> int:
        """Number of connections; in an undirected graph each pair counts once."""
        if self.directed:
            return int(self.adjacency.count_nonzero())
        n_self = int(np.count_nonzero(self.adjacency.diagonal()))
        return (int(self.adjacency.count_nonzero()) - n_self) // 2 + n_self


def _same_length(lengths: dict[str, int]) -> None:
    if len(set(lengths.values())) > 1:
        facts = ", ".join(f"{n} {what}" for what, n in lengths.items())
        raise BadInput("data set", got=facts, expected="equal numbers", repair="")
