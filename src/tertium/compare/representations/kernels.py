"""How alike the samples of one representation are to each other (Gram matrices), and how dependent two of them are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, get_args

import torch

from tertium.errors import BadInput, nearest

#: Numbers held at once when Gram matrices of many representations are compared in blocks: 16 MB, as a cache holds.
_NUMBERS = 2_000_000

Kernel = Literal["linear", "rbf"] | Callable[[torch.Tensor], torch.Tensor]
_NAMES: tuple[str, ...] = get_args(get_args(Kernel)[0])


def check_kernel(kernel: Kernel, bandwidth: float) -> None:
    """Raise `BadInput` for a kernel that is not known, or a bandwidth that is not positive."""
    if isinstance(kernel, str) and kernel not in _NAMES:
        close = nearest(kernel, _NAMES)
        repair = f"Did you mean '{close[0]}'?" if close else ""
        raise BadInput("kernel", got=f"'{kernel}'", expected=f"{' or '.join(_NAMES)}, or a function", repair=repair)
    if not bandwidth > 0:
        raise BadInput("bandwidth", got=f"{bandwidth}", expected="a positive multiple of the median distance")


def gram(values: torch.Tensor, kernel: Kernel, bandwidth: float = 1.0) -> torch.Tensor:
    """Return the Gram matrix, shape (sample, sample).

    Parameters
    ----------
    values : tensor, shape (sample, unit)
    kernel : {"linear", "rbf"} or function
        "rbf": ``exp(-d^2 / (2 s^2))``, where s is ``bandwidth`` times the median distance of two samples. The median
        follows the data, in the gradient as well, so that the kernel does not change with their scale.
    bandwidth : float

    Examples
    --------
    >>> gram(torch.tensor([[0.0], [1.0]]), "rbf")
    tensor([[1.0000, 0.6065],
            [0.6065, 1.0000]])
    """
    if callable(kernel):
        given = kernel(values)
        if given.shape != (len(values), len(values)):
            raise BadInput("kernel", got=f"shape {tuple(given.shape)}", expected="a matrix (sample, sample)")
        return given.to(values.dtype)
    product = values @ values.T
    if kernel == "linear":
        return product
    squares = product.diagonal()
    apart = (squares[:, None] + squares - 2 * product).clamp_min(0.0)
    apart = apart - torch.diag(apart.diagonal())
    rows, columns = torch.triu_indices(len(values), len(values), 1, device=values.device)
    median = apart[rows, columns].median()
    if not float(median.detach()) > 0:
        raise BadInput("X or Y", got="more than half of all samples alike", expected="a median distance above 0")
    return torch.exp(-apart / (2 * bandwidth**2 * median))


def centred_gram(given: torch.Tensor, *, unbiased: bool) -> torch.Tensor:
    """Return a Gram matrix centred and scaled, so that the sum of products of two is their dependence.

    The dependence is the Hilbert-Schmidt independence criterion. Biased: ``tr(K H L H) / (n - 1)^2`` (Gretton et al.
    2005). Unbiased: the U-statistic of Song et al. 2012, 0 in the mean for independent samples, here as the inner
    product of U-centred matrices (Szekely & Rizzo 2014); it needs four samples.

    Examples
    --------
    >>> K = gram(torch.tensor([[0.0], [1.0], [2.0], [3.0]]), "linear")
    >>> [round(float(centred_gram(K, unbiased=u).square().sum()), 4) for u in (True, False)]
    [2.1667, 2.7778]
    """
    n = len(given)
    if not unbiased:
        centred = given - given.mean(0)
        return (centred - centred.mean(1, keepdim=True)) / (n - 1)
    off = 1 - torch.eye(n, dtype=given.dtype, device=given.device)
    k = given * off
    sums = k.sum(0) / (n - 2)
    return (k - sums - sums[:, None] + k.sum() / ((n - 1) * (n - 2))) * off / (n * (n - 3)) ** 0.5


def linear_dependence(first: torch.Tensor, second: torch.Tensor, *, unbiased: bool) -> torch.Tensor:
    """Return the dependence under linear kernels, from centred responses (sample, unit), without their Gram matrices.

    Examples
    --------
    >>> x = torch.tensor([[-1.5], [-0.5], [0.5], [1.5]])
    >>> [round(float(linear_dependence(x, x, unbiased=u)), 4) for u in (True, False)]
    [2.1667, 2.7778]
    """
    squares = squared_product(first, second)
    return corrected(squares, first.square().sum(1), second.square().sum(1), unbiased=unbiased)


def corrected(squares: torch.Tensor, first: torch.Tensor, second: torch.Tensor, *, unbiased: bool) -> torch.Tensor:
    """Return the dependence from ``tr(K L)`` of centred Gram matrices and their diagonals, shape (..., sample)."""
    n = first.shape[-1]
    if not unbiased:
        return squares / (n - 1) ** 2
    diagonals = (first * second).sum(-1) * (n / (n - 2))
    return (squares - diagonals + first.sum(-1) * second.sum(-1) / ((n - 1) * (n - 2))) / (n * (n - 3))


def squared_product(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Return ``|X' Y|^2 = tr(X X' Y Y')``, by the smaller of the two products."""
    n, p, q = len(first), first.shape[1], second.shape[1]
    if p * q <= n * (p + q):
        return (first.T @ second).square().sum()
    return ((first @ first.T) * (second @ second.T)).sum()


def linear_products(values: Sequence[torch.Tensor]) -> torch.Tensor:
    """Return ``|X_i' X_j|^2`` of all pairs of centred representations, shape (representation, representation).

    By products of units or of samples, whichever is less work. Of products of samples only blocks to the right of the
    diagonal are formed, and all pairs of a block are one matrix product.

    Examples
    --------
    >>> linear_products([torch.tensor([[1.0], [-1.0]]), torch.tensor([[2.0, 0.0], [-2.0, 0.0]])])
    tensor([[ 4., 16.],
            [16., 64.]])
    """
    n, total = len(values[0]), sum(x.shape[1] for x in values)
    return _by_units(values) if total**2 < n * (total + len(values) ** 2) else _by_samples(values)


def _by_units(values: Sequence[torch.Tensor]) -> torch.Tensor:
    found = values[0].new_zeros(len(values), len(values))
    for i, x in enumerate(values):
        joined = torch.cat(list(values[i:]), dim=1)
        columns = (x.T @ joined).square().sum(0)
        parts = columns.split([y.shape[1] for y in values[i:]])
        found[i, i:] = torch.stack([part.sum() for part in parts])
    return found + found.triu(1).T


def _by_samples(values: Sequence[torch.Tensor]) -> torch.Tensor:
    n, m = len(values[0]), len(values)
    rows = max(1, _NUMBERS // (m * n))
    found = values[0].new_zeros(m, m)
    for start in range(0, n, rows):
        block = torch.stack([x[start : start + rows] @ x[start:].T for x in values])
        square = block[:, :, : block.shape[1]].flatten(1)
        right = block[:, :, block.shape[1] :].flatten(1)
        found += square @ square.T + 2 * (right @ right.T)
    return found
