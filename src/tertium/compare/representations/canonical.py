"""Canonical correlations: how well directions of one representation can be matched by directions of another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch

from tertium.compare.representations.samples import Samples, answer, read_pair
from tertium.compare.representations.spectral import leading_basis, nuclear_norm, rank_of
from tertium.errors import BadInput

if TYPE_CHECKING:
    import xarray as xr


def cca(
    X: xr.DataArray | npt.ArrayLike | torch.Tensor,
    Y: xr.DataArray | npt.ArrayLike | torch.Tensor,
    *,
    squared: bool = False,
    by: str = "condition",
) -> float | torch.Tensor:
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
        Mean of the squares, "R2 of CCA" (Kornblith et al. 2019, eq. 4).
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
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(100, 3))
    >>> round(cca(X, X @ rng.normal(size=(3, 5))), 9)
    1.0
    """
    x, y = read_pair(X, Y, by)
    return answer(mean_correlation(whole_basis(x), whole_basis(y), squared), x, y)


def svcca(
    X: xr.DataArray | npt.ArrayLike | torch.Tensor,
    Y: xr.DataArray | npt.ArrayLike | torch.Tensor,
    *,
    variance: float = 0.99,
    components: int | None = None,
    squared: bool = False,
    by: str = "condition",
) -> float | torch.Tensor:
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

    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(200, 3))
    >>> Y = np.hstack([X, 0.01 * rng.normal(size=(200, 10))])
    >>> svcca(X, Y) > 0.999
    True
    """
    x, y = read_pair(X, Y, by)
    first, second = (principal_basis(one, variance, components) for one in (x, y))
    return answer(mean_correlation(first, second, squared), x, y)


def canonical_correlations(
    X: xr.DataArray | npt.ArrayLike | torch.Tensor,
    Y: xr.DataArray | npt.ArrayLike | torch.Tensor,
    *,
    by: str = "condition",
) -> npt.NDArray[np.float64] | torch.Tensor:
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


def mean_correlation(first: torch.Tensor, second: torch.Tensor, squared: bool = False) -> torch.Tensor:
    """Return the mean (squared) canonical correlation of two spaces given by orthonormal bases, (sample, dimension)."""
    product, least = first.T @ second, min(first.shape[1], second.shape[1])
    return (product.square().sum() if squared else nuclear_norm(product)) / least


def whole_basis(x: Samples) -> torch.Tensor:
    """Return an orthonormal basis of all that the units span, shape (sample, rank).

    Raises
    ------
    BadInput
        If they span everything, so that any other representation lies within.
    """
    return _checked(leading_basis(x.values, lambda values: rank_of(values, x.cutoff)), x)


def principal_basis(x: Samples, variance: float = 0.99, components: int | None = None) -> torch.Tensor:
    """Return an orthonormal basis of the leading principal components, shape (sample, component).

    Raises
    ------
    BadInput
        If there are not as many, or options are out of range.
    """
    if not 0 < variance <= 1 or (components is not None and components < 1):
        raise BadInput(
            "variance, components", got=f"{variance}, {components}", expected="0 < variance <= 1, components >= 1"
        )

    def choose(values: torch.Tensor) -> int:
        rank = rank_of(values, x.cutoff)
        if components is None:
            share = values.square().cumsum(0) / values.square().sum()
            return min(rank, int((share < variance - 1e-12).sum()) + 1)
        if components > rank:
            raise BadInput("components", got=f"{components}", expected=f"at most {rank}, the rank of {x.name}")
        return components

    return _checked(leading_basis(x.values, choose), x)


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
