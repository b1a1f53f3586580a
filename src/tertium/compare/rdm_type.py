"""A representational dissimilarity matrix: how different each pair of conditions is, with the conditions' names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import squareform

from tertium.errors import BadInput

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    import plotly.graph_objects as go
    import xarray as xr

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RDM:
    """Dissimilarities between all pairs of n conditions.

    Parameters
    ----------
    vector : array, shape (n (n - 1) / 2,)
        Dissimilarities of the pairs (0, 1), (0, 2), ..., (n - 2, n - 1). NaN marks a pair that was not measured
        (a partial RDM). Crossnobis dissimilarities may be negative.
    labels : sequence of str, length n
        Names of the conditions, each once.
    metric : str
        How they were computed ("correlation", "crossnobis", ...).
    name : str
        What they describe: a layer, a region, a subject.
    groups : mapping of str to sequence of str
        Further labels of the conditions ("category"), used by pictures and subsets.

    Raises
    ------
    BadInput
        If the lengths do not fit or a label occurs twice.

    Examples
    --------
    >>> r = RDM([1.0, 2.0, 3.0], labels=["face", "hand", "house"], metric="euclidean", name="IT")
    >>> r.values
    array([[0., 1., 2.],
           [1., 0., 3.],
           [2., 3., 0.]])
    >>> r.subset(["house", "face"]).vector
    array([2.])
    """

    vector: FloatArray
    labels: tuple[str, ...]
    metric: str = ""
    name: str = ""
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        vector = np.array(self.vector, dtype=np.float64)  # a copy: what the caller does to theirs is theirs
        labels = tuple(str(label) for label in self.labels)
        n = len(labels)
        if vector.ndim != 1 or len(vector) != n * (n - 1) // 2:
            raise BadInput(
                "RDM",
                got=f"{n} labels and dissimilarities of shape {vector.shape}",
                expected=f"{n * (n - 1) // 2} dissimilarities, one for each pair",
                repair="Use RDM.from_matrix for a square matrix.",
            )
        if len(set(labels)) < n:
            twice = next(label for label in labels if labels.count(label) > 1)
            raise BadInput("RDM labels", got=f"'{twice}' twice", expected="each label once", repair="Average first.")
        object.__setattr__(self, "vector", vector)
        object.__setattr__(self, "labels", labels)
        groups = {key: tuple(str(v) for v in value) for key, value in self.groups.items()}
        for key, value in groups.items():
            if len(value) != n:
                raise BadInput(f"RDM group '{key}'", got=f"{len(value)} values", expected=f"{n}", repair="")
        object.__setattr__(self, "groups", groups)

    @classmethod
    def from_matrix(
        cls,
        matrix: npt.ArrayLike,
        labels: Sequence[Any] | None = None,
        *,
        metric: str = "",
        name: str = "",
        groups: dict[str, Any] | None = None,
    ) -> RDM:
        """Make an RDM from a square, symmetric matrix, shape (n, n); its diagonal is ignored.

        Raises
        ------
        BadInput
            If the matrix is not square or not symmetric (to 1e-6 of its largest value).
        """
        square = np.asarray(matrix, dtype=np.float64)
        if square.ndim != 2 or square.shape[0] != square.shape[1]:
            raise BadInput("RDM", got=f"shape {square.shape}", expected="a square matrix", repair="")
        gap = np.nanmax(np.abs(square - square.T), initial=0.0)
        if gap > 1e-6 * max(1e-300, np.nanmax(np.abs(square), initial=0.0)):
            raise BadInput(
                "RDM",
                got=f"a matrix that differs from its transpose by {gap:.3g}",
                expected="a symmetric matrix",
                repair="Average it with its transpose if that is what you mean.",
            )
        vector = square[np.triu_indices(len(square), k=1)]
        return cls(vector, tuple(labels) if labels is not None else _numbered(len(square)), metric, name, groups or {})

    @property
    def n_conditions(self) -> int:
        """Number of conditions, n."""
        return len(self.labels)

    @property
    def values(self) -> FloatArray:
        """The dissimilarities as a symmetric matrix, shape (n, n), zero on the diagonal."""
        return np.asarray(squareform(self.vector, checks=False))

    def subset(self, labels: Iterable[str]) -> RDM:
        """Return the RDM of some conditions, in the order given.

        Raises
        ------
        BadInput
            If a condition is not there.
        """
        where = {label: i for i, label in enumerate(self.labels)}
        wanted = [str(label) for label in labels]
        missing = [label for label in wanted if label not in where]
        if missing:
            raise BadInput(
                "RDM subset", got=f"'{missing[0]}'", expected="one of the RDM's labels", repair="See rdm.labels."
            )
        index = np.array([where[label] for label in wanted], dtype=int)
        square = self.values[np.ix_(index, index)]
        groups = {key: tuple(value[i] for i in index) for key, value in self.groups.items()}
        return replace(self, vector=square[np.triu_indices(len(index), 1)], labels=tuple(wanted), groups=groups)

    def where(self, group: str, value: str) -> RDM:
        """Return the RDM of the conditions whose label ``group`` equals ``value``."""
        if group not in self.groups:
            raise BadInput(
                "RDM group", got=f"'{group}'", expected=f"one of {', '.join(self.groups) or 'none'}", repair=""
            )
        return self.subset(label for label, v in zip(self.labels, self.groups[group], strict=True) if v == str(value))

    def to_xarray(self) -> xr.DataArray:
        """Return the matrix as a labelled array, dims (stimulus, stimulus_2)."""
        import xarray as xr

        names = np.array(self.labels, dtype=object)
        return xr.DataArray(
            self.values,
            dims=("stimulus", "stimulus_2"),
            coords={"stimulus": names, "stimulus_2": names},
            attrs={"metric": self.metric},
            name=self.name or "rdm",
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each pair: columns ``first``, ``second``, ``dissimilarity``."""
        import pandas as pd

        first, second = np.triu_indices(self.n_conditions, k=1)
        names = np.array(self.labels, dtype=object)
        return pd.DataFrame({"first": names[first], "second": names[second], "dissimilarity": self.vector})

    def ranked(self) -> RDM:
        """Return the RDM of ranks, 1 for the most similar pair; ties share their mean rank, NaN stays NaN."""
        from scipy.stats import rankdata

        return replace(self, vector=rankdata(self.vector, nan_policy="omit"))

    def save(self, path: str | Path) -> Path:
        """Write the RDM to a ``.npz`` file; `tertium.compare.load_rdm` reads it back."""
        from tertium.compare.rdm_files import save_rdm

        return save_rdm(self, path)

    def figure(self, *, order: str | None = None, rank: bool = True) -> go.Figure:
        """Draw the matrix; ``order`` sorts by a group, ``rank`` shows percentiles of dissimilarity."""
        from tertium.compare.rdm_figures import matrix_figure

        return matrix_figure(self, order=order, rank=rank)

    def mds_figure(self, *, group: str | None = None, method: str = "metric") -> go.Figure:
        """Draw conditions as points whose distances resemble their dissimilarities, coloured by ``group``."""
        from tertium.compare.rdm_figures import mds_figure

        return mds_figure(self, group=group, method=method)

    def dendrogram_figure(self, *, group: str | None = None, linkage: str = "average") -> go.Figure:
        """Draw conditions as a tree that joins the most similar first, leaves coloured by ``group``."""
        from tertium.compare.rdm_figures import dendrogram_figure

        return dendrogram_figure(self, group=group, linkage=linkage)


def _numbered(n: int) -> tuple[str, ...]:
    return tuple(str(i) for i in range(n))
