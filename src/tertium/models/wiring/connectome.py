"""A network with the connections of a measured wiring diagram, of which only the strengths are learned."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from tertium.errors import BadInput
from tertium.models.wiring.connections import Connections, Constraint, Signed, label, signs_of_units
from tertium.models.wiring.dale import balanced_weights
from tertium.rng import Seeds


@dataclass(frozen=True, eq=False)
class Connectome(Constraint):
    """Only the connections of a graph exist, each with its sign; the optimiser sets their magnitudes.

    Parameters
    ----------
    graph : array or sparse matrix, shape (target, source); or edges; or a networkx graph
        Weights of the connections (synapse counts, say); zero is no connection. Edges are (source, target) or (source,
        target, weight). A networkx graph gives its nodes in their order, and an undirected one each edge both ways.
    signs : array-like, optional
        Signs instead of those of the graph's weights: of each unit, shape (source,), 1 or "E", -1 or "I"; or of each
        connection, shape (target, source).
    magnitude : {"abs", "relu"}
        As in `Dale`.
    start_from : {"graph", "random"}
        Magnitudes to start from: those of the graph, or gamma-distributed ones (see `balanced_weights`).
    spectral_radius : float, optional
        To which the starting weights are scaled; with "graph" they are taken as they are unless it is given, with
        "random" it is 1.5.
    seed : int
        Seed of random magnitudes.

    Raises
    ------
    BadInput
        If the graph cannot be read, is empty, or has other signs or another size than asked for.

    Examples
    --------
    >>> from tertium.models import RateCell
    >>> from tertium.models.wiring import constrain
    >>> cell = constrain(RateCell(1, 3), Connectome([(0, 1, 2.0), (1, 2, -1.0), (2, 0, 0.5)]))
    >>> cell.recurrent_weight.tolist()
    [[0.0, 0.0, 0.5], [2.0, 0.0, 0.0], [0.0, -1.0, 0.0]]
    """

    order: ClassVar[int] = 3

    graph: Any
    signs: npt.ArrayLike | None = None
    magnitude: Literal["abs", "relu"] = "abs"
    start_from: Literal["graph", "random"] = "graph"
    spectral_radius: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.start_from not in ("graph", "random"):
            raise BadInput("start_from", got=repr(self.start_from), expected="'graph' or 'random'")
        if self.spectral_radius is not None and not self.spectral_radius > 0:
            raise BadInput("spectral_radius", got=repr(self.spectral_radius), expected="a number > 0")

    def weights(self, shape: tuple[int, int]) -> npt.NDArray[np.float64]:
        """Return the graph as signed weights, shape (target, source)."""
        matrix = graph_matrix(self.graph, shape)
        if self.signs is None:
            return matrix
        signs = np.asarray(self.signs)
        if signs.ndim == 1:
            signs = signs_of_units(signs, shape[1], "signs of Connectome")[None, :]
        elif signs.shape != shape or not np.isin(signs, (-1, 0, 1)).all() or ((signs == 0) & (matrix != 0)).any():
            raise BadInput(
                "signs of Connectome",
                got=f"shape {signs.shape}" if signs.shape != shape else "values other than 1 and -1 at connections",
                expected=f"1 and -1 of shape ({shape[1]},) or {shape}",
            )
        return np.abs(matrix) * signs

    def build(self, connections: Connections) -> Signed:
        """Return the parametrization."""
        return Signed(torch.from_numpy(np.sign(self.weights(connections.shape))), self.magnitude, self.name)

    def start(self, weight: torch.Tensor, connections: Connections) -> torch.Tensor:
        """Return the graph's weights, or random ones, without connections that another constraint removes."""
        mask = connections.mask.cpu().numpy()
        if self.start_from == "random":
            rng = Seeds(self.seed).child("Connectome").numpy("magnitudes")
            signs, radius = connections.signs.cpu().numpy(), self.spectral_radius or 1.5
            start = balanced_weights(signs, mask, spectral_radius=radius, rng=rng)
        else:
            start = self.weights(connections.shape) * mask
            if self.spectral_radius is not None:
                start = _scaled(start, self.spectral_radius)
        return torch.as_tensor(start, dtype=weight.dtype, device=weight.device)

    def attach(self, module: nn.Module, connections: Connections) -> None:
        """Label the units of a cell as E or I, if each has outgoing weights of one sign."""
        signs = np.sign(self.weights(connections.shape))
        excites, inhibits = (signs > 0).any(0), (signs < 0).any(0)
        if not (excites & inhibits).any():
            label(module, "cell_type", np.where(excites, "E", np.where(inhibits, "I", "")))


def graph_matrix(graph: Any, shape: tuple[int, int]) -> npt.NDArray[np.float64]:
    """Return a graph as a matrix (target, source); see `Connectome` for what it may be.

    Raises
    ------
    BadInput
        If it cannot be read, has another shape, has no connection, or a weight is not finite.
    """
    if hasattr(graph, "edges") and hasattr(graph, "nodes"):
        place = {node: i for i, node in enumerate(graph.nodes)}
        edges = [(place[a], place[b], w) for a, b, w in graph.edges(data="weight", default=1.0)]
        if not graph.is_directed():
            edges += [(b, a, w) for a, b, w in edges]
        if len(place) != shape[0]:
            raise _wrong_size(f"{len(place)} nodes", shape)
        matrix = _from_edges(edges, shape)
    elif hasattr(graph, "toarray"):
        matrix = np.asarray(graph.toarray(), dtype=np.float64)
    elif isinstance(graph, np.ndarray | torch.Tensor):
        matrix = np.asarray(graph, dtype=np.float64)
    else:
        matrix = _from_edges(graph, shape)
    if matrix.shape != shape:
        raise _wrong_size(f"shape {matrix.shape}", shape)
    if not np.isfinite(matrix).all() or not matrix.any():
        raise BadInput(
            "graph of Connectome",
            got="no connection" if np.isfinite(matrix).all() else "weights that are not finite",
            expected="at least one connection, with finite weights",
        )
    return matrix


def _from_edges(edges: Iterable[Any], shape: tuple[int, int]) -> npt.NDArray[np.float64]:
    matrix = np.zeros(shape)
    try:
        listed = [(int(e[0]), int(e[1]), float(e[2]) if len(e) > 2 else 1.0) for e in edges]
    except (TypeError, ValueError, IndexError):
        raise BadInput(
            "graph of Connectome",
            got=f"a {type(edges).__name__} that is no list of edges",
            expected="a matrix, a sparse matrix, edges (source, target[, weight]) or a networkx graph",
        ) from None
    for source, target, weight in listed:
        if not (0 <= target < shape[0] and 0 <= source < shape[1]):
            raise _wrong_size(f"an edge from {source} to {target}", shape)
        matrix[target, source] += weight
    return matrix


def _scaled(weights: npt.NDArray[np.float64], radius: float) -> npt.NDArray[np.float64]:
    found = float(np.abs(np.linalg.eigvals(weights)).max())
    if found <= 1e-6 * float(np.linalg.norm(weights)):
        raise BadInput(
            "spectral_radius of Connectome",
            got="a graph without loops, whose spectral radius is 0",
            expected="a graph with loops",
            repair="Leave spectral_radius out.",
        )
    return weights * (radius / found)


def _wrong_size(got: str, shape: tuple[int, int]) -> BadInput:
    return BadInput("graph of Connectome", got=got, expected=f"{shape[0]} targets and {shape[1]} sources")
