"""The connections as the two products a time loop needs, and their gradients as one product each.

What is constant over time (scaling, transposes) is done once, when the object is built. Nothing here records a
gradient. The orientation of the thin matrices is the one in which a matrix library streams through the long operand
once: the other one costs up to six times as much.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor


class Recurrence(Protocol):
    """Connections W, post x pre, whatever they are made of."""

    def forward(self, drive: Tensor | None, row: Tensor, out: Tensor) -> None:
        """Write drive + W r of each trial into ``out``, (batch, unit); ``row`` holds r."""

    def back(self, row: Tensor, out: Tensor, add: bool) -> None:
        """Write alpha * (W' e) of each trial into ``out``, (batch, unit), or add it there; ``row`` holds e."""


class Dense:
    """Any matrix W, with room for the ends of the network.

    Parameters
    ----------
    matrix : Tensor
        Shape (unit + more, unit + more). Columns after the units multiply what a row holds after the rates (inputs, a
        constant 1); rows after the units multiply what a row holds after the errors (those of the read-out).
    alpha : Tensor
        Shape (unit,).
    """

    def __init__(self, matrix: Tensor, alpha: Tensor) -> None:
        units = len(alpha)
        self._forward = matrix[:units].t()
        self._back = matrix[:, :units] * alpha

    def forward(self, drive: Tensor | None, row: Tensor, out: Tensor) -> None:
        """Write drive + W r into ``out``."""
        if drive is None:
            torch.mm(row, self._forward, out=out)
        else:
            torch.addmm(drive, row, self._forward, out=out)

    def back(self, row: Tensor, out: Tensor, add: bool) -> None:
        """Write alpha * (W' e) into ``out``, or add it there."""
        if add:
            out.addmm_(row, self._back)
        else:
            torch.mm(row, self._back, out=out)


class LowRank:
    """W = m n' / N with m and n of shape (unit, rank); the N x N matrix is never formed."""

    def __init__(self, m: Tensor, n: Tensor, alpha: Tensor) -> None:
        self._m, self._n = streaming(m), streaming(n)
        self._spread = (m / len(m)).t().contiguous()
        self._spread_back = (n * (alpha / len(n))[:, None]).t().contiguous()

    def forward(self, drive: Tensor | None, row: Tensor, out: Tensor) -> None:
        """Write drive + W r into ``out``, through the rank."""
        latent = torch.mm(row, self._n)
        if drive is None:
            torch.mm(latent, self._spread, out=out)
        else:
            torch.addmm(drive, latent, self._spread, out=out)

    def back(self, row: Tensor, out: Tensor, add: bool) -> None:
        """Write alpha * (W' e) into ``out``, or add it there, through the rank."""
        latent = torch.mm(row, self._m)
        if add:
            out.addmm_(latent, self._spread_back)
        else:
            torch.mm(latent, self._spread_back, out=out)


def low_rank_gradients(m: Tensor, n: Tensor, errors: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
    """Return dL/dm and dL/dn, (unit, rank), from the errors and the rates one step before, both (sample, unit)."""
    to_m = torch.mm(torch.mm(before, streaming(n)).t(), errors).div_(len(m))
    to_n = torch.mm(torch.mm(errors, streaming(m)).t(), before).div_(len(n))
    return to_m.t().contiguous(), to_n.t().contiguous()


def streaming(thin: Tensor) -> Tensor:
    """Return a (long, thin) matrix stored by columns."""
    return thin.t().contiguous().t()
