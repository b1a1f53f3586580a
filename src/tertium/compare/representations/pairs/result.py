"""What `pairwise` returns: the matrix of all pairs, how reliable it is, and its pictures."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium.compare.rdm_embedding import Embedding, mds
from tertium.compare.rdm_figures import LINKAGES
from tertium.compare.rdm_type import RDM
from tertium.errors import BadInput, unknown_name

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

Floats = npt.NDArray[np.float64]

#: What an axis of each measure is called.
WORDS: dict[str, str] = {
    "cka": "CKA",
    "cca": "mean canonical correlation",
    "svcca": "SVCCA",
    "pwcca": "PWCCA",
    "procrustes": "Procrustes angle (rad)",
    "bures": "Bures angle (rad)",
    "permutation_match": "angle after pairing of units (rad)",
    "soft_match": "soft matching angle (rad)",
    "matched_correlation": "correlation of matched units",
    "rdm_similarity": "similarity of RDMs",
    "mutual_predictivity": "mutual predictivity (R2)",
    "stochastic_shape": "stochastic shape angle (rad)",
    "dsa": "dynamical dissimilarity",
}


@dataclass(frozen=True, eq=False)
class PairwiseComparison:
    """Every two of many representations compared.

    Attributes
    ----------
    names : tuple of str
        Of the representations.
    matrix : array, shape (representation, representation)
        The measure of row and column, in this order where it matters (`pwcca`).
    measure : str
        Its name.
    is_distance : bool
        Whether 0 means alike; a similarity otherwise.
    left_out : array, shape (block, representation, representation), or None
        The matrices without each block of stimuli.
    groups : tuple of str
        What each representation is an instance of; may be empty.
    """

    names: tuple[str, ...]
    matrix: Floats
    measure: str
    is_distance: bool
    left_out: Floats | None = field(default=None, repr=False)
    groups: tuple[str, ...] = ()

    @property
    def standard_error(self) -> Floats:
        """Standard error of the matrix over stimuli, by the jackknife over blocks.

        Raises
        ------
        BadInput
            If no stimuli were left out.
        """
        if self.left_out is None:
            raise BadInput("standard error", got="no stimuli left out", repair="Pass leave_out=10 to pairwise.")
        n = len(self.left_out)
        return np.asarray(np.sqrt((n - 1) * self.left_out.var(axis=0)))

    @property
    def reliability(self) -> float:
        """Share of the variance between pairs that is not sampling error of the stimuli; up to 1.

        ``1 - mean(standard error^2) / variance``, over pairs: how far the order of pairs would come back with other
        stimuli of the same kind.

        Raises
        ------
        BadInput
            If no stimuli were left out, or there are fewer than three pairs.
        """
        error = self._pairs(self.standard_error)
        if len(error) < 3:
            raise BadInput("reliability", got=f"{len(error)} pairs", expected="three or more")
        return float(1 - (error**2).mean() / self._pairs(self.matrix).var(ddof=1))

    def distances(self) -> Floats:
        """Return the matrix as distances for clustering: the mean of both orders; of similarities the arc cosine (rad).

        The arc cosine makes a metric of `cka`, and of `cca` between equal ranks (Williams et al. 2021).
        """
        both = (self.matrix + self.matrix.T) / 2
        if not self.is_distance:
            both = np.arccos(np.clip(both, -1, 1))
        np.fill_diagonal(both, 0.0)
        return np.asarray(both)

    def rdm(self) -> RDM:
        """Return the distances as an RDM whose conditions are the representations."""
        groups = {"group": self.groups} if self.groups else {}
        name = f"{len(self.names)} representations"
        return RDM.from_matrix(self.distances(), self.names, metric=self.measure, name=name, groups=groups)

    def mds(self, method: str = "metric", n_dims: int = 2) -> Embedding:
        """Lay representations out as points whose distances resemble theirs; see `tertium.compare.mds`."""
        return mds(self.rdm(), method, n_dims)

    def order(self, linkage: str = "average") -> list[int]:
        """Return the representations in the order of the leaves of their dendrogram."""
        return list(self.tree(linkage)["leaves"])

    def tree(self, linkage: str = "average") -> dict[str, Any]:
        """Return the dendrogram as SciPy gives it: ``leaves``, and ``icoord`` and ``dcoord`` of its branches.

        Raises
        ------
        UnknownName
            If there is no such linkage.
        """
        from scipy.cluster import hierarchy
        from scipy.spatial.distance import squareform

        if linkage not in LINKAGES:
            raise unknown_name("linkage", linkage, LINKAGES)
        joined = hierarchy.linkage(squareform(self.distances(), checks=False), linkage, optimal_ordering=True)
        return dict(hierarchy.dendrogram(joined, no_plot=True))

    def leave_one_out(self) -> pd.DataFrame:
        """Give each representation the group of the nearest other one, and say whether that is its own.

        Returns
        -------
        pandas.DataFrame
            One row a representation: name, group, nearest, group of that, right. The mean of ``right`` is the share
            recovered; ``chance`` is that of a random other representation.

        Raises
        ------
        BadInput
            If there are no groups, or one has a single representation, which can never be recovered.
        """
        import pandas as pd

        alone = [group for group in self.groups if self.groups.count(group) == 1]
        if not self.groups or alone:
            got = f"a group of one, '{alone[0]}'" if alone else "none"
            raise BadInput("groups", got=got, expected="two representations or more in each", repair="Pass groups=.")
        apart = self.distances() + np.diag(np.full(len(self.names), np.inf))
        rows = []
        for i, j in enumerate(apart.argmin(axis=1)):
            chance = (self.groups.count(self.groups[i]) - 1) / (len(self.names) - 1)
            right = self.groups[i] == self.groups[j]
            rows.append((self.names[i], self.groups[i], self.names[j], self.groups[j], right, chance))
        return pd.DataFrame(rows, columns=["name", "group", "nearest", "its_group", "right", "chance"])

    def table(self) -> pd.DataFrame:
        """Return one row a pair: names, value (both, where the order matters), and standard errors if there are any."""
        import pandas as pd

        first, second = np.triu_indices(len(self.names), 1)
        table = pd.DataFrame(
            {
                "first": [self.names[i] for i in first],
                "second": [self.names[i] for i in second],
                self.measure: self.matrix[first, second],
            }
        )
        if not np.allclose(self.matrix, self.matrix.T):
            table[f"{self.measure}_back"] = self.matrix[second, first]
        if self.left_out is not None:
            table["standard_error"] = self.standard_error[first, second]
        return table

    def figure(self, linkage: str = "average") -> go.Figure:
        """Draw the matrix in the order of its dendrogram, and the representations laid out by MDS.

        Colours stop at the range of the pairs, so that the diagonal does not flatten them.
        """
        from tertium.compare.representations.pairs.figure import pair_figure

        return pair_figure(self, linkage)

    def dendrogram(self, linkage: str = "average") -> go.Figure:
        """Draw the tree that joins the most similar representations first."""
        drawn = self.rdm().dendrogram_figure(linkage=linkage, group="group" if self.groups else None)
        scale = self.words if self.is_distance else f"arc cosine of the {self.words}, rad"
        drawn.update_xaxes(title_text=f"distance at which clusters join: {scale}")
        drawn.update_layout(title_text=f"{self.words}, {len(self.names)} representations, {linkage} linkage")
        return drawn

    @property
    def words(self) -> str:
        """The measure in words, with its unit."""
        return WORDS.get(self.measure, self.measure)

    def _pairs(self, square: Floats) -> Floats:
        rows, columns = np.triu_indices(len(self.names), 1)
        return np.asarray((square[rows, columns] + square[columns, rows]) / 2)
