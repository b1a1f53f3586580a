"""Canonical correlations: how well directions of one representation can be matched by directions of another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy.typing as npt
import torch

from tertium.compare.representations.samples import Number, Samples, compared, read_pair
from tertium.compare.representations.spectral import leading_basis, left_vectors, nuclear_norm, rank_of
from tertium.errors import BadInput

if TYPE_CHECKING:
    import xarray as xr


def cca(
    X: xr.DataArray | npt.ArrayLike | torch.Tensor,
    Y: xr.DataArray | npt.ArrayLike | torch.Tensor,
    *,
    squared: bool = False,
    by: str = "condition",
) -> Number:
    """Similarity, 0 to 1: the mean canonical correlation of two representations (Hotelling 1936).

    Unchanged by any invertible linear map of the units of either. The mean is over as many canonical correlations as
    the representation with the lower rank has dimensions. Chance is not 0: of independent noise with p and q
    dimensions the mean square is about ``max(p, q) / (samples - 1)``. Take many more samples than units, or reduce
    first (`svcca`).

    Parameters
    ----------
    X, Y : responses, arrays or tensors, shape (sample, unit)
        Responses of both to the same samples. Responses are averaged over trials within each ``by`` and matched by its
        labels; each time bin is a sample. Rows of arrays and tensors have to be in the same order.
    squared : bool
        Mean of the squares, "R2 of CCA" (Kornblith et al. 2019).
    by : str
        Label whose values are the stimuli; where there is no "condition", "stimulus" is taken.

    Returns
    -------
    float, or tensor with a gradient (float64) if X or Y is a tensor

    Raises
    ------
    BadInput
        If samples do not match, or one representation has as many dimensions as samples, so that every canonical
        correlation is 1 whatever the data.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(100, 3))
    >>> round(cca(X, X @ rng.normal(size=(3, 5))), 9)
    1.0
    """
    return compared(Canonical(squared), *read_pair(X, Y, by))


def svcca(
    X: xr.DataArray | npt.ArrayLike | torch.Tensor,
    Y: xr.DataArray | npt.ArrayLike | torch.Tensor,
    *,
    variance: float = 0.99,
    components: int | None = None,
    squared: bool = False,
    by: str = "condition",
) -> Number:
    """Similarity, 0 to 1: the mean canonical correlation of the leading principal components (Raghu et al. 2017).

    Unchanged by rotations and by one scale for all units of either.

    Parameters
    ----------
    X, Y, squared, by
        As in `cca`.
    variance : float
        Components are kept until they hold this share of the variance of each.
    components : int, optional
        How many components to keep of both, in place of ``variance``.

    Returns
    -------
    float, or tensor with a gradient (float64) if X or Y is a tensor

    Raises
    ------
    BadInput
        As `cca`; and if there are fewer ``components`` than asked for.

    Examples
    --------
    Ten weak dimensions that only one has do not matter:

    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(200, 3))
    >>> Y = np.hstack([X, 0.01 * rng.normal(size=(200, 10))])
    >>> svcca(X, Y) > 0.999
    True
    """
    return compared(Principal(squared, variance, components), *read_pair(X, Y, by))


def pwcca(
    X: xr.DataArray | npt.ArrayLike | torch.Tensor,
    Y: xr.DataArray | npt.ArrayLike | torch.Tensor,
    *,
    by: str = "condition",
) -> Number:
    """Similarity, 0 to 1: canonical correlations weighted by how much of X each accounts for (Morcos et al. 2018).

    The weight of a canonical direction is the sum over the units of X of the absolute projections on it. X and Y do not
    play the same part: ``pwcca(X, Y)`` and ``pwcca(Y, X)`` differ. Unchanged by invertible maps of Y, and by one scale
    of X. Where canonical correlations are equal, weights depend on the choice of directions and the measure is not
    quite defined; its gradient is bounded there.

    Parameters
    ----------
    X, Y, by
        As in `cca`.

    Returns
    -------
    float, or tensor with a gradient (float64) if X or Y is a tensor

    Raises
    ------
    BadInput
        As `cca`.

    Examples
    --------
    What Y lacks is a weak direction of X:

    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(500, 2)) * [1, 0.01]
    >>> Y = np.stack([X[:, 0], rng.normal(size=500)], axis=1)
    >>> cca(X, Y) < 0.6 < 0.95 < pwcca(X, Y)
    True
    """
    return compared(ProjectionWeighted(), *read_pair(X, Y, by))


def canonical_correlations(
    X: xr.DataArray | npt.ArrayLike | torch.Tensor,
    Y: xr.DataArray | npt.ArrayLike | torch.Tensor,
    *,
    by: str = "condition",
) -> Any:
    """Return all canonical correlations of two representations, largest first.

    Parameters
    ----------
    X, Y, by
        As in `cca`.

    Returns
    -------
    array of float, or tensor with a gradient, shape (the lower rank,)
        Their gradients are those of single singular values, which have kinks where two are equal.

    Raises
    ------
    BadInput
        As `cca`.

    Examples
    --------
    >>> X = [[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]]
    >>> canonical_correlations(X, [[1.0], [-1.0], [1.0], [-1.0]]).round(9).tolist()
    [1.0]
    """
    x, y = read_pair(X, Y, by)
    found = torch.linalg.svdvals(whole_basis(x).T @ whole_basis(y)).clamp(max=1.0)
    return found if x.is_tensor or y.is_tensor else found.numpy()


@dataclass(frozen=True)
class Canonical:
    """Options of `cca`, and its two steps: what each representation needs once, and what each pair needs."""

    squared: bool = False
    is_distance: ClassVar[bool] = False
    is_symmetric: ClassVar[bool] = True

    def prepare(self, x: Samples) -> torch.Tensor:
        """Return an orthonormal basis of the space that is compared, shape (sample, dimension)."""
        return whole_basis(x)

    def between(self, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        """Return the mean (squared) canonical correlation of two spaces."""
        product, least = first.T @ second, min(first.shape[1], second.shape[1])
        return (product.square().sum() if self.squared else nuclear_norm(product)) / least


@dataclass(frozen=True)
class Principal(Canonical):
    """Options of `svcca`, and its two steps."""

    variance: float = 0.99
    components: int | None = None

    def __post_init__(self) -> None:
        if not 0 < self.variance <= 1 or (self.components is not None and self.components < 1):
            raise BadInput(
                "variance, components",
                got=f"{self.variance}, {self.components}",
                expected="0 < variance <= 1, components >= 1",
            )

    def prepare(self, x: Samples) -> torch.Tensor:
        """Return an orthonormal basis of the leading principal components, shape (sample, component)."""

        def choose(values: torch.Tensor) -> int:
            rank = rank_of(values, x.cutoff)
            if self.components is None:
                share = values.square().cumsum(0) / values.square().sum()
                return min(rank, int((share < self.variance - 1e-12).sum()) + 1)
            if self.components > rank:
                expected = f"at most {rank}, the rank of {x.name}"
                raise BadInput("components", got=f"{self.components}", expected=expected)
            return self.components

        return _checked(leading_basis(x.values, choose), x)


@dataclass(frozen=True)
class ProjectionWeighted:
    """The two steps of `pwcca`."""

    is_distance: ClassVar[bool] = False
    is_symmetric: ClassVar[bool] = False

    def prepare(self, x: Samples) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the centred responses, and a basis of the space that they span."""
        return x.values, whole_basis(x)

    def between(
        self, first: tuple[torch.Tensor, torch.Tensor], second: tuple[torch.Tensor, torch.Tensor]
    ) -> torch.Tensor:
        """Return the weighted mean of the canonical correlations."""
        directions, correlations = left_vectors(first[1].T @ second[1])
        weights = (directions.T @ (first[1].T @ first[0])).abs().sum(1)
        return (weights * correlations).sum() / weights.sum()


def whole_basis(x: Samples) -> torch.Tensor:
    """Return an orthonormal basis of all that the units span, shape (sample, rank).

    Raises
    ------
    BadInput
        If they span everything, so that any other representation lies within.
    """
    return _checked(leading_basis(x.values, lambda values: rank_of(values, x.cutoff)), x)


def _checked(basis: torch.Tensor, x: Samples) -> torch.Tensor:
    samples, rank = basis.shape
    if rank >= samples - 1:
        raise BadInput(
            x.name,
            got=f"{rank} dimensions in {samples} samples",
            expected="fewer dimensions than samples - 1: otherwise every canonical correlation is 1 whatever the data",
            repair="Take more samples, or fewer dimensions (svcca with components=), or use cka or procrustes.",
        )
    return basis
