"""Units matched to units: representations compared without rotations, so that single-unit tuning counts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import numpy.typing as npt
import torch

from tertium.compare.representations.samples import Number, Samples, compared, read_pair
from tertium.compare.representations.spectral import angle
from tertium.errors import BadInput

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]

#: Units are copied to a common number, and assigned one to one, up to so many copies; beyond, a linear programme.
_COPIES = 2000


def permutation_match(
    X: xr.DataArray | npt.ArrayLike | torch.Tensor,
    Y: xr.DataArray | npt.ArrayLike | torch.Tensor,
    *,
    by: str = "condition",
) -> Number:
    """Distance, 0 to pi: the angle (rad) between two representations after the best pairing of units.

    As `tertium.compare.procrustes` with permutations in place of rotations (Williams et al. 2021): units are paired
    one to one so that the sum of their products is largest. Where one has more units, those left over are paired with
    silence. A metric between representations with one number of units.

    Parameters
    ----------
    X, Y : responses, arrays or tensors, shape (sample, unit)
        Responses of both to the same samples; see `tertium.compare.cca`.
    by : str
        Label whose values are the stimuli; where there is no "condition", "stimulus" is taken.

    Returns
    -------
    float, or tensor with a gradient (float64) if X or Y is a tensor
        The gradient is that at the best pairing, which is exact wherever one pairing is best.

    Raises
    ------
    BadInput
        If samples do not match.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(50, 3))
    >>> permutation_match(X, X[:, [2, 0, 1]]) < 1e-7
    True
    >>> permutation_match(X, X @ [[0.6, 0.8, 0], [-0.8, 0.6, 0], [0, 0, 1]]) > 0.3
    True
    """
    return compared(Pairing(), *read_pair(X, Y, by))


def soft_match(
    X: xr.DataArray | npt.ArrayLike | torch.Tensor,
    Y: xr.DataArray | npt.ArrayLike | torch.Tensor,
    *,
    by: str = "condition",
) -> Number:
    """Distance, 0 to pi: the angle (rad) after the best soft matching of units (Khosla & Williams 2024).

    Every unit of X spreads a weight of ``1 / units`` over units of Y so that each of those receives the same in all
    (optimal transport), and the weighted sum of products is largest. With as many units in both this is
    `permutation_match`; with different numbers it still is a metric, and copies of units change nothing. The authors'
    distance is ``sqrt(2 - 2 cos(angle))`` of representations whose units have a mean square of 1.

    Parameters
    ----------
    X, Y, by
        As in `permutation_match`.

    Returns
    -------
    float, or tensor with a gradient (float64) if X or Y is a tensor
        The transport is found exactly, not by entropic smoothing; the gradient is that at the best transport.

    Raises
    ------
    BadInput
        If samples do not match.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(50, 2))
    >>> soft_match(X, X[:, [1, 0, 1, 0]]) < 1e-7
    True
    """
    return compared(SoftMatching(), *read_pair(X, Y, by))


def matched_correlation(
    X: xr.DataArray | npt.ArrayLike | torch.Tensor,
    Y: xr.DataArray | npt.ArrayLike | torch.Tensor,
    *,
    by: str = "condition",
) -> Number:
    """Similarity, up to 1: the mean correlation of units that are softly matched (Khosla & Williams 2024).

    As `soft_match`, of units that are scaled to one size each: every unit counts alike, however strong its responses.

    Parameters
    ----------
    X, Y, by
        As in `permutation_match`.

    Returns
    -------
    float, or tensor with a gradient (float64) if X or Y is a tensor

    Raises
    ------
    BadInput
        If samples do not match, or a unit is constant (it is named): it has no correlation.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(50, 3))
    >>> round(matched_correlation(X, X[:, [2, 0, 1]] * [1, 20, 300]), 9)
    1.0
    """
    return compared(MatchedCorrelation(), *read_pair(X, Y, by))


def transport(gain: Floats) -> Floats:
    """Return the weights of pairs with the largest gain, shape (p, q); rows sum to 1 / p, columns to 1 / q.

    Examples
    --------
    >>> transport(np.array([[0.0, 1.0], [1.0, 0.0]]))
    array([[0. , 0.5],
           [0.5, 0. ]])
    """
    from scipy.optimize import linear_sum_assignment, linprog
    from scipy.sparse import eye_array, kron, vstack

    p, q = gain.shape
    common = math.lcm(p, q)
    if common <= _COPIES:
        copies = np.repeat(np.repeat(gain, common // p, axis=0), common // q, axis=1)
        rows, columns = linear_sum_assignment(copies, maximize=True)
        plan = np.zeros((p, q))
        np.add.at(plan, (rows * p // common, columns * q // common), 1 / common)
        return plan
    sums = vstack([kron(eye_array(p), np.ones((1, q))), kron(np.ones((1, p)), eye_array(q))]).tocsr()
    asked = np.concatenate([np.full(p, 1 / p), np.full(q, 1 / q)])
    found = linprog(-gain.ravel(), A_eq=sums, b_eq=asked, method="highs")
    if not found.success:
        raise BadInput("X and Y", got=f"no transport between units ({found.message})", expected="a finite problem")
    return np.asarray(found.x, dtype=np.float64).reshape(p, q)


@dataclass(frozen=True)
class Pairing:
    """The two steps of `permutation_match`."""

    is_distance: ClassVar[bool] = True
    is_symmetric: ClassVar[bool] = True

    def prepare(self, x: Samples) -> torch.Tensor:
        """Return responses of unit size."""
        return x.values / x.values.norm()

    def between(self, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        """Return the angle after the best pairing."""
        from scipy.optimize import linear_sum_assignment

        products = first.T @ second
        rows, columns = linear_sum_assignment(products.detach().cpu().numpy(), maximize=True)
        return angle(products[rows, columns].sum())


@dataclass(frozen=True)
class SoftMatching:
    """The two steps of `soft_match`."""

    is_distance: ClassVar[bool] = True
    is_symmetric: ClassVar[bool] = True

    def prepare(self, x: Samples) -> torch.Tensor:
        """Return responses whose units have a mean squared norm of 1."""
        return x.values * (x.n_units**0.5 / x.values.norm())

    def between(self, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        """Return the angle after the best transport."""
        return angle(_gain(first, second))


@dataclass(frozen=True)
class MatchedCorrelation:
    """The two steps of `matched_correlation`."""

    is_distance: ClassVar[bool] = False
    is_symmetric: ClassVar[bool] = True

    def prepare(self, x: Samples) -> torch.Tensor:
        """Return responses whose units all have norm 1."""
        x.refuse_constant_units("correlation")
        return x.values / x.values.norm(dim=0)

    def between(self, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        """Return the mean correlation after the best transport."""
        return _gain(first, second)


def _gain(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    products = first.T @ second
    plan = transport(products.detach().cpu().numpy())
    return (products * torch.from_numpy(plan).to(products.device)).sum()
