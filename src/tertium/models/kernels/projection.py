"""A linear map of few channels to many units (or back), with the gradient of its weights in the fast orientation."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


def project(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Map channels to units at every time and trial at once: x W' + b, like ``torch.nn.functional.linear``.

    What differs is the backward pass: a network has a handful of inputs, and for such a thin matrix torch's product for
    the gradient of W takes several times as long as its transpose.

    Parameters
    ----------
    x : Tensor
        Inputs, shape (..., channel).
    weight : Tensor
        Shape (unit, channel).
    bias : Tensor, optional
        Shape (unit,).

    Returns
    -------
    Tensor
        Shape (..., unit).

    Examples
    --------
    >>> import torch
    >>> project(torch.ones(2, 3), torch.ones(4, 3)).shape
    torch.Size([2, 4])
    """
    found: Tensor = _Project.apply(x, weight, bias)
    return found


class _Project(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(x if ctx.needs_input_grad[1] else None, weight)
        return torch.nn.functional.linear(x, weight, bias)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        x, weight = ctx.saved_tensors
        rows = gradient.reshape(-1, len(weight))
        to_weight = None
        if x is not None:
            channels = x.reshape(-1, weight.shape[1])
            if weight.shape[1] < len(weight):
                to_weight = torch.mm(channels.t(), rows).t().contiguous()
            else:
                to_weight = torch.mm(rows.t(), channels)
        return (
            gradient @ weight if ctx.needs_input_grad[0] else None,
            to_weight,
            rows.sum(0) if ctx.needs_input_grad[2] else None,
        )
