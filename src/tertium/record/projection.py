"""Random projection of layers too large to keep: distances survive, and the weights never exist all at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from tertium.errors import BadInput
from tertium.rng import Seeds

FloatArray = npt.NDArray[np.floating[Any]]
KINDS = ("gaussian", "sparse")

#: Weights drawn at a time; part of the definition of a projection, since each block has its own generator.
BLOCK_WEIGHTS = 2**22

#: A projection whose weights take less than this is drawn once and kept, else block by block at each use (bytes).
KEEP_BYTES = 2**28


@dataclass(frozen=True)
class Projection:
    """How a layer of many units is projected to few components.

    Each component is a random combination of all units of a layer. Squared distances between responses keep their
    expected value, and with k components all distances between n patterns stay within a factor 1 +- e where k is
    about 8 log(n) / e^2 (Johnson-Lindenstrauss).

    Parameters
    ----------
    kind : {"gaussian", "sparse"}
        Weights normal with variance 1 / k; or 0 but for a share ``density`` of +-sqrt(1 / (density k)).
    n_components : int
        Number of components k.
    density : float, optional
        Share of weights that are not 0 (sparse only): 1 / 3 is Achlioptas (2003), the default 1 / sqrt(units) is the
        very sparse projection of Li, Hastie & Church (2006).

    Raises
    ------
    BadInput
        If an option is unusable.

    References
    ----------
    Johnson & Lindenstrauss 1984; Achlioptas 2003 J Comput Syst Sci 66:671; Li, Hastie & Church 2006 KDD.

    Examples
    --------
    >>> import numpy as np
    >>> Projection("sparse", n_components=16).of(1000, Seeds(0)).apply(np.ones((5, 1000), dtype=np.float32)).shape
    (5, 16)
    """

    kind: str
    n_components: int
    density: float | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise BadInput("project", got=repr(self.kind), expected="'gaussian' or 'sparse'", repair="")
        if isinstance(self.n_components, bool) or not isinstance(self.n_components, int) or self.n_components < 1:
            raise BadInput(
                "n_components", got=repr(self.n_components), expected="an integer >= 1", repair="Pass n_components=512."
            )
        if self.density is not None and (self.kind != "sparse" or not 0 < self.density <= 1):
            raise BadInput(
                "density", got=f"{self.density} for a {self.kind} projection", expected="0 < density <= 1, sparse only"
            )

    def of(self, n_units: int, seeds: Seeds) -> ProjectionWeights:
        """Return the projection of a layer with so many units; equal seeds give equal weights."""
        return ProjectionWeights(self, n_units, seeds)


@dataclass(frozen=True)
class ProjectionWeights:
    """The weights of one layer's projection, drawn in blocks of units.

    Parameters
    ----------
    projection : Projection
        Kind, number of components, density.
    n_units : int
        Units of the layer.
    seeds : Seeds
        Where the weights come from.
    """

    projection: Projection
    n_units: int
    seeds: Seeds

    @property
    def density(self) -> float:
        """Share of weights that are not 0."""
        if self.projection.kind == "gaussian":
            return 1.0
        return self.projection.density or 1 / np.sqrt(self.n_units)

    @property
    def n_rows(self) -> int:
        """Units in a block."""
        return max(1, min(self.n_units, BLOCK_WEIGHTS // self.projection.n_components))

    @property
    def bytes(self) -> int:
        """Memory the weights take (bytes): all of them where they are kept, else one block."""
        return self._all_bytes if self.kept else self._bytes_of(self.n_rows)

    @property
    def kept(self) -> bool:
        """Whether the weights are drawn once and kept."""
        return self._all_bytes <= KEEP_BYTES

    @property
    def _all_bytes(self) -> int:
        return self._bytes_of(self.n_units)

    def _bytes_of(self, n_rows: int) -> int:
        n_weights = n_rows * self.projection.n_components
        return 4 * n_weights if self.projection.kind == "gaussian" else int(8 * self.density * n_weights + 4 * n_rows)

    def apply(self, values: FloatArray) -> FloatArray:
        """Project responses.

        Parameters
        ----------
        values : array, shape (..., unit)
            Responses of all units of the layer.

        Returns
        -------
        array, shape (..., component)
            In the type of ``values``.
        """
        flat = values.reshape(-1, values.shape[-1])
        if flat.shape[1] != self.n_units:
            raise BadInput(
                "projection", got=f"{flat.shape[1]} units", expected=f"the {self.n_units} it was made for", repair=""
            )
        result = np.zeros((len(flat), self.projection.n_components), dtype=values.dtype)
        start = 0
        for block in self._kept_blocks if self.kept else self.blocks():
            stop = start + block.shape[0]
            result += (block.T @ flat[:, start:stop].T).T
            start = stop
        return result.reshape(*values.shape[:-1], -1)

    def dense(self) -> FloatArray:
        """Return all weights at once, shape (unit, component): the readable reference, for small layers."""
        return np.concatenate([b.toarray() if sparse.issparse(b) else b for b in self.blocks()])

    def blocks(self) -> Iterator[Any]:
        """Draw the weights block by block: arrays (or sparse arrays) of shape (unit of the block, component)."""
        for number, start in enumerate(range(0, self.n_units, self.n_rows)):
            n_rows = min(self.n_rows, self.n_units - start)
            rng = self.seeds.numpy(f"block {number}")
            yield self._gaussian(rng, n_rows) if self.projection.kind == "gaussian" else self._sparse(rng, n_rows)

    @cached_property
    def _kept_blocks(self) -> list[Any]:
        return list(self.blocks())

    def _gaussian(self, rng: np.random.Generator, n_rows: int) -> FloatArray:
        k = self.projection.n_components
        return rng.standard_normal((n_rows, k), dtype=np.float32) * np.float32(1 / np.sqrt(k))

    def _sparse(self, rng: np.random.Generator, n_rows: int) -> sparse.csr_array:
        """Draw independent weights: how many are not 0 is binomial, where they are is then uniform."""
        k = self.projection.n_components
        n_weights = n_rows * k
        n_set = int(rng.binomial(n_weights, self.density))
        where = rng.choice(n_weights, n_set, replace=False, shuffle=False)
        signs = rng.integers(0, 2, n_set, dtype=np.int8) * 2 - 1
        size = np.float32(1 / np.sqrt(self.density * k))
        return sparse.csr_array(
            (signs.astype(np.float32) * size, ((where // k).astype(np.int32), (where % k).astype(np.int32))),
            shape=(n_rows, k),
        )
