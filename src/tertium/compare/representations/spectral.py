"""Functions of singular values and vectors whose gradients stay finite where singular values are equal or zero.

The derivative of a single singular vector has the terms ``1 / (s_i - s_j)`` and is infinite where two singular values
meet, as they do whenever two representations are alike. What the measures need are functions that do not depend on
the choice of vectors within equal values: sums of singular values, and the space that leading vectors span.
All gradients here are first derivatives; there are no second ones.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.autograd.function import once_differentiable

#: Share of the largest singular value below which the others count as zero in a derivative (float64).
ZERO = 1e-12


class _NuclearNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, matrix: torch.Tensor) -> torch.Tensor:
        left, values, right = torch.linalg.svd(matrix, full_matrices=False)
        kept = values > ZERO * values[0]
        ctx.save_for_backward(left[:, kept] @ right[kept])
        return values.sum()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
        (polar,) = ctx.saved_tensors
        return gradient * polar


def nuclear_norm(matrix: torch.Tensor) -> torch.Tensor:
    """Return the sum of the singular values, with the gradient ``U V'`` over those that are not zero.

    At zero singular values the norm has a kink, and this is the subgradient of least norm.

    Examples
    --------
    >>> matrix = torch.diag(torch.tensor([3.0, 3.0, 0.0], dtype=torch.float64)).requires_grad_()
    >>> nuclear_norm(matrix).backward()
    >>> matrix.grad.diagonal().tolist()
    [1.0, 1.0, 0.0]
    """
    if matrix.requires_grad and torch.is_grad_enabled():
        result: torch.Tensor = _NuclearNorm.apply(matrix)
        return result
    return torch.linalg.svdvals(matrix).sum()


class _LeadingBasis(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, matrix: torch.Tensor, choose: Callable[[torch.Tensor], int]) -> torch.Tensor:
        left, values, right = torch.linalg.svd(matrix, full_matrices=False)
        ctx.k = choose(values)
        ctx.save_for_backward(left, values, right)
        return left[:, : ctx.k].clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        left, values, right = ctx.saved_tensors
        k = ctx.k
        kept, rest, s, small = left[:, :k], left[:, k:], values[:k], values[k:]
        outside = gradient - left @ (left.T @ gradient)
        found = (outside / s) @ right[:k]
        gap = s.square() - small.square()[:, None]
        turned = (rest.T @ gradient) / gap.clamp_min(ZERO * float(values[0]) ** 2)
        found = found + rest @ ((turned * s) @ right[:k]) + kept @ ((turned.T * small) @ right[k:])
        return found, None


def leading_basis(matrix: torch.Tensor, choose: Callable[[torch.Tensor], int]) -> torch.Tensor:
    """Return an orthonormal basis of the space of the leading left singular vectors, shape (sample, k).

    The gradient is that of the space, not of the single vectors: right for every function that does not change when the
    basis is rotated. It is infinite only where the space itself is not defined, if the k-th singular value
    equals the next.

    Parameters
    ----------
    matrix : tensor, shape (sample, unit)
    choose : function
        Takes the singular values, largest first, and returns k.

    Examples
    --------
    >>> leading_basis(torch.tensor([[0.0, 2.0], [1.0, 0.0]]), lambda values: 1).abs()
    tensor([[1.],
            [0.]])
    """
    result: torch.Tensor = _LeadingBasis.apply(matrix, choose)
    return result


def rank_of(values: torch.Tensor, cutoff: float) -> int:
    """Return how many singular values (largest first) exceed this share of the largest.

    Examples
    --------
    >>> rank_of(torch.tensor([5.0, 1.0, 1e-9]), 1e-6)
    2
    """
    return int((values > cutoff * values[0]).sum())
