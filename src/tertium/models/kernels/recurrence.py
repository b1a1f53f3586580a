"""The recurrent connections as the two products a time loop needs, and their gradients as one product each.

``forward`` adds W r to the drive; ``back`` adds W' e to a gradient. What is constant over time (scaling, transposes) is
done once, when the object is built. Nothing here records a gradient.
"""

# ruff: noqa: D102  (the first class says what each method does)

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor


class Recurrence(Protocol):
    """Connections W, post x pre, whatever they are made of."""

    def forward(self, drive: Tensor, rates: Tensor, out: Tensor) -> None:
        """Write drive + W r of each trial into ``out``; all are (batch, unit)."""

    def back(self, errors: Tensor, out: Tensor) -> None:
        """Add alpha * (W' e) of each trial to ``out``; all are (batch, unit)."""


class Dense:
    """Any matrix W, shape (unit, unit)."""

    def __init__(self, weight: Tensor, alpha: Tensor) -> None:
        self._transposed = weight.t()
        self._scaled = weight * alpha

    def forward(self, drive: Tensor, rates: Tensor, out: Tensor) -> None:
        torch.addmm(drive, rates, self._transposed, out=out)

    def back(self, errors: Tensor, out: Tensor) -> None:
        out.addmm_(errors, self._scaled)


class LowRank:
    """W = m n' / N with m and n of shape (unit, rank); the N x N matrix is never formed."""

    def __init__(self, m: Tensor, n: Tensor, alpha: Tensor) -> None:
        self._n, self._m = n, m
        self._spread = (m / len(m)).t().contiguous()
        self._spread_back = (n * (alpha / len(n))[:, None]).t().contiguous()

    def forward(self, drive: Tensor, rates: Tensor, out: Tensor) -> None:
        torch.addmm(drive, torch.mm(rates, self._n), self._spread, out=out)

    def back(self, errors: Tensor, out: Tensor) -> None:
        out.addmm_(torch.mm(errors, self._m), self._spread_back)


class Both:
    """W = m n' / N + J: low rank plus a full matrix."""

    def __init__(self, low: LowRank, dense: Dense) -> None:
        self._low, self._dense = low, dense

    def forward(self, drive: Tensor, rates: Tensor, out: Tensor) -> None:
        self._dense.forward(drive, rates, out)
        self._low.forward(out, rates, out)

    def back(self, errors: Tensor, out: Tensor) -> None:
        self._dense.back(errors, out)
        self._low.back(errors, out)


def recurrence(weight: Tensor | None, m: Tensor | None, n: Tensor | None, alpha: Tensor) -> Recurrence:
    """Return the connections made of what is given: W, or m and n, or all three."""
    if m is None or n is None:
        assert weight is not None  # the public functions ask for one or the other
        return Dense(weight, alpha)
    low = LowRank(m, n, alpha)
    return low if weight is None else Both(low, Dense(weight, alpha))


class WeightGradients:
    """Sums over time and trials of error x rate: the gradients of W, m and n that are asked for.

    Parameters
    ----------
    weight, m, n : Tensor or None
        The parameters; a gradient is built for those named in ``wanted``.
    wanted : tuple of bool
        Whether W, m, n want a gradient.
    """

    def __init__(self, weight: Tensor | None, m: Tensor | None, n: Tensor | None, wanted: tuple[bool, ...]) -> None:
        self._m, self._n = m, n
        self.weight, self.m, self.n = (
            torch.zeros_like(p, memory_format=torch.contiguous_format) if p is not None and want else None
            for p, want in zip((weight, m, n), wanted, strict=True)
        )

    def add(self, errors: Tensor, before: Tensor) -> None:
        """Add the products of ``errors`` (..., unit) with the rates ``before`` that step (..., unit)."""
        errors, before = errors.flatten(0, -2), before.flatten(0, -2)
        if self.weight is not None:
            self.weight.addmm_(errors.t(), before)
        if self.m is not None and self._n is not None:
            self.m.addmm_(errors.t(), before @ self._n, alpha=1 / len(self.m))
        if self.n is not None and self._m is not None:
            self.n.addmm_(before.t(), errors @ self._m, alpha=1 / len(self.n))
