"""Functions of singular values and vectors whose gradients stay finite where singular values are equal or zero.

The derivative of a single singular vector has the terms ``1 / (s_i - s_j)`` and is infinite where two singular values
meet, as they do whenever two representations are alike. What the measures need are functions that do not depend on
the choice of vectors within equal values: sums of singular values, and the space that leading vectors span.
All gradients here are first derivatives; there are no second ones.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.autograd.function import once_differentiable

#: Share of the largest singular value below which the others count as zero in a derivative (float64).
ZERO = 1e-12

#: Gap of squared singular values at which the derivative of single vectors is bounded (`left_vectors`).
GAP = 1e-4

#: Size from which singular values may be summed by eigenvalues; relative error of those; error allowed in the sum.
LARGE, ROUNDING, LOST = 128, 5e-15, 1e-8


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
    return _sum_of_values(matrix)


def _sum_of_values(matrix: torch.Tensor) -> torch.Tensor:
    """Return the sum of the singular values, of large matrices by the eigenvalues of ``M' M`` where that is safe.

    Squaring loses the digits of small values: an eigenvalue off by e makes its root s off by ``e / 2 s``, ``e^(1/2)``
    at most. Where all that may add up to more than ``LOST`` of the sum (a bound; a thousandth of it is what is seen),
    singular values are computed.
    """
    if matrix.device.type == "cpu" and min(matrix.shape) >= LARGE:
        values = matrix.detach().numpy()
        squares = np.linalg.eigvalsh(values.T @ values if len(values) > values.shape[1] else values @ values.T)
        off, roots = ROUNDING * squares[-1], np.sqrt(np.maximum(squares, 0))
        lost = np.minimum(np.sqrt(off), off / np.maximum(2 * roots, 1e-300)).sum()
        if lost <= LOST * roots.sum():
            return torch.tensor(roots.sum(), dtype=matrix.dtype)
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


class _LeftVectors(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, matrix: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        left, values, right = torch.linalg.svd(matrix, full_matrices=False)
        ctx.save_for_backward(left, values, right)
        return left.clone(), values.clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, of_left: torch.Tensor, of_values: torch.Tensor) -> torch.Tensor:
        left, s, right = ctx.saved_tensors
        gap = s.square() - s.square()[:, None]
        turned = (left.T @ of_left) * gap / (gap.square() + GAP**2)
        inner = torch.diag(of_values) + (turned + turned.T) * s
        outside = (of_left - left @ (left.T @ of_left)) * (s / (s.square() + GAP**2))
        return (left @ inner + outside) @ right


def left_vectors(matrix: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the left singular vectors, (row, k), and the singular values, for values of order 1.

    For measures that need the vectors one by one. In their derivative ``1 / gap`` is replaced by ``gap / (gap^2 +
    GAP^2)``: right where values differ, bounded where they meet.

    Examples
    --------
    >>> left_vectors(torch.diag(torch.tensor([0.5, 1.0])))[1]
    tensor([1.0000, 0.5000])
    """
    result: tuple[torch.Tensor, torch.Tensor] = _LeftVectors.apply(matrix)
    return result


class _CrossNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        a, of_a = narrowed(first)
        b, of_b = narrowed(second)
        left, values, right = torch.linalg.svd(a.T @ b, full_matrices=False)
        kept = values > ZERO * values[0]
        polar = left[:, kept] @ right[kept]
        of_first, of_second = b @ polar.T, a @ polar
        ctx.save_for_backward(
            of_first if of_a is None else of_first @ of_a.T, of_second if of_b is None else of_second @ of_b.T
        )
        return values.sum()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        of_first, of_second = ctx.saved_tensors
        return gradient * of_first, gradient * of_second


def cross_norm(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Return the nuclear norm of ``X' Y``, (sample, unit) each: the inner product of X and Y after the best rotation.

    With more units than samples, singular values are those of a matrix of samples only.

    Examples
    --------
    >>> x = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    >>> float(cross_norm(x, x.flip(1)))
    5.0
    """
    if torch.is_grad_enabled() and (first.requires_grad or second.requires_grad):
        result: torch.Tensor = _CrossNorm.apply(first, second)
        return result
    return _sum_of_values(narrowed(first)[0].T @ narrowed(second)[0])


def narrowed(values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Return responses turned so that they need no more units than samples, and the rotation (unit, sample), if any.

    Examples
    --------
    >>> turned, rotation = narrowed(torch.tensor([[3.0, 4.0]]))
    >>> turned.abs(), (turned @ rotation.T).round(decimals=5)
    (tensor([[5.]]), tensor([[3., 4.]]))
    """
    if values.shape[1] <= values.shape[0]:
        return values, None
    rotation, upper = torch.linalg.qr(values.T)
    return upper.T, rotation


class _Polar(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, matrix: torch.Tensor, cutoff: float) -> torch.Tensor:
        left, values, right = torch.linalg.svd(matrix, full_matrices=False)
        k = rank_of(values, cutoff)
        left, values, right = left[:, :k], values[:k], right[:k]
        ctx.save_for_backward(left, values, right)
        return left @ right

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        left, s, right = ctx.saved_tensors
        rows, columns = left.T @ gradient, gradient @ right.T
        inside = rows @ right.T
        found = left @ ((inside - inside.T) / (s + s[:, None])) @ right
        found = found + ((columns - left @ inside) / s) @ right
        return found + left @ ((rows - inside @ right) / s[:, None]), None


def polar_factor(matrix: torch.Tensor, cutoff: float = ZERO) -> torch.Tensor:
    """Return ``X (X' X)^(-1/2)``, the responses whitened without turning them, on the space that they span.

    Its derivative has the terms ``1 / (s_i + s_j)`` only and is finite at equal singular values. Directions below
    ``cutoff`` (a share of the largest singular value) are left out.

    Examples
    --------
    >>> polar_factor(torch.tensor([[3.0, 0.0], [0.0, 0.1], [0.0, 0.0]]))
    tensor([[1., 0.],
            [0., 1.],
            [0., 0.]])
    """
    result: torch.Tensor = _Polar.apply(matrix, cutoff)
    return result


class _Root(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, matrix: torch.Tensor) -> torch.Tensor:
        values, vectors = torch.linalg.eigh(matrix)
        roots = torch.where(values > ZERO * values[-1], values, 0).clamp_min(0).sqrt()
        ctx.save_for_backward(roots, vectors)
        return (vectors * roots) @ vectors.T

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
        roots, vectors = ctx.saved_tensors
        sums = roots + roots[:, None]
        inner = torch.where(sums > 0, vectors.T @ gradient @ vectors / sums.clamp_min(ZERO), 0)
        return vectors @ inner @ vectors.T


def root(matrix: torch.Tensor) -> torch.Tensor:
    """Return the root of a symmetric positive semi-definite matrix, with a gradient that is finite at zero eigenvalues.

    Examples
    --------
    >>> root(torch.diag(torch.tensor([4.0, 0.0])))
    tensor([[2., 0.],
            [0., 0.]])
    """
    result: torch.Tensor = _Root.apply(matrix)
    return result


def angle(cosine: torch.Tensor) -> torch.Tensor:
    """Return the arc cosine, with the gradient 0 where the cosine is 1: there the angle has its minimum, and a kink.

    Examples
    --------
    >>> cosine = torch.tensor(1.0, requires_grad=True)
    >>> angle(cosine).backward(); cosine.grad
    tensor(0.)
    """
    at_end = cosine.detach().abs() >= 1 - ZERO
    inner = torch.where(at_end, torch.zeros_like(cosine), cosine)
    return torch.where(at_end, cosine.detach().clamp(-1, 1).arccos(), inner.arccos())


def rank_of(values: torch.Tensor, cutoff: float) -> int:
    """Return how many singular values (largest first) exceed this share of the largest.

    Examples
    --------
    >>> rank_of(torch.tensor([5.0, 1.0, 1e-9]), 1e-6)
    2
    """
    return int((values > cutoff * values[0]).sum())
