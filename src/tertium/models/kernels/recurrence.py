"""The connections as the two products a time loop needs, and their gradients as one product each.

What is constant over time (scaling, transposes) is done once, when the object is built. Nothing here records a
gradient. The orientation of the thin matrices is the one in which a matrix library streams through the long operand
once: the other one costs up to six times as much.
"""

from __future__ import annotations

from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor

from tertium.models.kernels.products import Product, product_with


class Recurrence(Protocol):
    """Connections W, post x pre, whatever they are made of.

    What they hand back lies in ``scratch``, or in memory of its own: the caller may change it.
    """

    def forward(self, drive: Tensor | None, row: Tensor, scratch: Tensor) -> Tensor:
        """Return drive + W r of each trial, (batch, unit); ``row`` holds r."""

    def back(self, row: Tensor, scratch: Tensor) -> Tensor:
        """Return alpha * (W' e) of each trial, (batch, unit); ``row`` holds e."""


class Dense:
    """Any matrix W, with room for the ends of the network.

    Parameters
    ----------
    matrix : Tensor
        Shape (unit + more, unit + more). Columns after the units multiply what a row holds after the rates (inputs, a
        constant 1); rows after the units multiply what a row holds after the errors (those of the read-out).
    alpha : Tensor
        Shape (unit,).
    steps, trials : int
        How many steps there are, and trials side by side.
    """

    def __init__(self, matrix: Tensor, alpha: Tensor, steps: int, trials: int) -> None:
        self._matrix, self._alpha, self._trials, self._steps = matrix, alpha, trials, steps

    def forward(self, drive: Tensor | None, row: Tensor, scratch: Tensor) -> Tensor:
        """Return drive + W r."""
        return self._product(row, drive, scratch)

    def back(self, row: Tensor, scratch: Tensor) -> Tensor:
        """Return alpha * (W' e)."""
        return self._back_product(row, None, scratch)

    @cached_property
    def _product(self) -> Product:
        return product_with(self._matrix[: len(self._alpha)], self._trials, self._steps)

    @cached_property
    def _back_product(self) -> Product:
        return product_with((self._matrix[:, : len(self._alpha)] * self._alpha).t(), self._trials, self._steps)


class Thin:
    """Connections that are products of thin matrices, forwards U V' and backwards V U'; they are never formed.

    Parameters
    ----------
    pick, spread : Tensor
        What a row is multiplied with, shape (unit + more, q), and what its q numbers are spread with, (unit, q).
    pick_back, spread_back : Tensor
        The same for errors; alpha is in it.
    """

    def __init__(self, pick: Tensor, spread: Tensor, pick_back: Tensor, spread_back: Tensor) -> None:
        self._pick, self._pick_back = streaming(pick), streaming(pick_back)
        self._spread, self._spread_back = spread.t().contiguous(), spread_back.t().contiguous()

    def forward(self, drive: Tensor | None, row: Tensor, scratch: Tensor) -> Tensor:
        """Return drive + W r."""
        latent = torch.mm(row, self._pick)
        if drive is None:
            return torch.mm(latent, self._spread, out=scratch)
        return torch.addmm(drive, latent, self._spread, out=scratch)

    def back(self, row: Tensor, scratch: Tensor) -> Tensor:
        """Return alpha * (W' e)."""
        return torch.mm(torch.mm(row, self._pick_back), self._spread_back, out=scratch)


def low_rank(m: Tensor, n: Tensor, alpha: Tensor) -> Thin:
    """Return W = m n' / N with m and n of shape (unit, rank)."""
    return Thin(n, m / len(m), m, n * (alpha / len(n))[:, None])


def low_rank_gradients(m: Tensor, n: Tensor, errors: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
    """Return dL/dm and dL/dn, (unit, rank), from the errors and the rates one step before, both (sample, unit)."""
    to_m = torch.mm(torch.mm(before, streaming(n)).t(), errors).div_(len(m))
    to_n = torch.mm(torch.mm(errors, streaming(m)).t(), before).div_(len(n))
    return to_m.t().contiguous(), to_n.t().contiguous()


def streaming(thin: Tensor) -> Tensor:
    """Return a (long, thin) matrix stored by columns."""
    return thin.t().contiguous().t()
