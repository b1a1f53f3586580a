"""A network against dissimilarities: its best layer is chosen on half of the images and judged on the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from tertium.compare import RDM
from tertium.compare.similarity import similarity
from tertium.errors import BadInput
from tertium.rng import Seeds

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Layers:
    """Dissimilarities of all layers of a network, or the one matrix of a subject.

    Attributes
    ----------
    name : str
        What errors call it.
    matrices : array, shape (layer, image, image)
    half : array of bool, shape (image,)
        The half in which each image is.
    """

    name: str
    matrices: Floats
    half: npt.NDArray[np.bool_]

    @property
    def n_stimuli(self) -> int:
        """Number of images."""
        return len(self.half)

    @property
    def n_units(self) -> int:
        """Of dissimilarities no units are known."""
        return 0

    def take(self, stimuli: Indices) -> Layers:
        """Return some of the images."""
        return Layers(self.name, self.matrices[:, stimuli][:, :, stimuli], self.half[stimuli])

    def shuffled(self, order: Indices) -> Layers:
        """Return the dissimilarities of other images under each image's name."""
        return Layers(self.name, self.matrices[:, order][:, :, order], self.half)

    def pick(self, units: Indices) -> Layers:
        """Refuse: there are no units."""
        raise BadInput("over units", got="dissimilarities", expected="subjects or stimuli")

    def vectors(self, half: bool) -> Floats:
        """Return the dissimilarities within one half, shape (layer, pair)."""
        inside = np.flatnonzero(self.half == half)
        first, second = np.triu_indices(len(inside), 1)
        return self.matrices[:, inside[first], inside[second]]


@dataclass(frozen=True)
class BestLayer:
    """The similarity of RDMs on one half of the images, of the layer that is best on the other; mean of both ways."""

    method: str = "spearman"
    name: str = field(default="rsa of the best layer", init=False)
    is_distance: bool = field(default=False, init=False)

    @property
    def words(self) -> str:
        """What an axis is called."""
        return f"similarity of RDMs ({self.method})"

    def read(self, given: Any, name: str, by: str) -> Layers:
        """Return layers as they are."""
        assert isinstance(given, Layers)
        return given

    def join(self, others: Sequence[Layers]) -> Layers:
        """Return the mean of subjects, each brought to ranks: the lower noise ceiling of Nili et al. 2014."""
        ranked = [_ranked(one.matrices[0]) for one in others]
        return Layers("the other subjects", np.mean(ranked, axis=0)[None], others[0].half)

    def prepare(self, x: Layers) -> tuple[Floats, Floats]:
        """Return the vectors of both halves."""
        return x.vectors(False), x.vectors(True)

    def between(self, model: tuple[Floats, Floats], brain: tuple[Floats, Floats]) -> float:
        """Return the mean of both ways."""
        found = [similarity(layers, subject, self.method)[:, 0] for layers, subject in zip(model, brain, strict=True)]
        first, second = found
        return float((second[first.argmax()] + first[second.argmax()]) / 2)


def as_layers(name: str, rdms: list[RDM], labels: tuple[str, ...]) -> Layers:
    """Return RDMs in one order of images, the halves of which never change.

    Examples
    --------
    >>> rdm = RDM([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], list("abcd"))
    >>> int(as_layers("a", [rdm], ("d", "c", "b", "a")).half.sum())
    2
    """
    matrices = np.stack([rdm.subset(labels).values if rdm.labels != labels else rdm.values for rdm in rdms])
    half = np.zeros(len(labels), dtype=bool)
    order = sorted(range(len(labels)), key=lambda i: labels[i])
    half[np.array(order)[Seeds(0).numpy("halves").permutation(len(labels))[: len(labels) // 2]]] = True
    return Layers(name, matrices, half)


def best_layer(layers: Layers, subjects: list[Layers], names: tuple[str, ...], method: str = "spearman") -> str:
    """Return the layer that is best in the mean over subjects on all images; for the table, not for the score."""
    first, second = np.triu_indices(layers.n_stimuli, 1)
    data = np.stack([one.matrices[0][first, second] for one in subjects])
    return names[int(similarity(layers.matrices[:, first, second], data, method).mean(1).argmax())]


def _ranked(matrix: Floats) -> Floats:
    from scipy.stats import rankdata

    first, second = np.triu_indices(len(matrix), 1)
    ranked = np.zeros_like(matrix)
    ranked[first, second] = ranked[second, first] = rankdata(matrix[first, second])
    return ranked
