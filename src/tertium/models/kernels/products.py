"""Matrix products by whichever of torch's two processor libraries is the faster one for their size.

`torch.mm` calls MKL, which leaves half of a processor with AVX-512 idle where it is not Intel's own. oneDNN, which
torch ships as well and which `torch.compile` calls for its linear layers, does not; but each of its calls costs some
eight microseconds more. Measured on such a processor, time of `torch.mm` over time of oneDNN, for a step of a network:

    trials            8      32      64     128
    64 units        0.2     0.4     0.6     0.5
    128 units       0.4     0.9     1.3     1.6
    256 units       1.1     1.5     1.8     1.6
    384 units       1.4     1.8     1.8     1.7

so that a product pays from about a million multiplications on, and laying a matrix out for it, which costs 0.1 ms, from
thirty times as many. The two round differently in the last digit, as two processors do. `torch.mm` is the reference and
the way of every other device and number type.
"""

from __future__ import annotations

from functools import cache
from typing import Protocol

import torch
from torch import Tensor

_WORTH, _WORTH_IN_ALL = 2**20, 2**25
# rows of a sum over time and trials that are handed over at once: the library copies them
_ROWS = 2048


class Product(Protocol):
    """Rows times one matrix that stays the same while time goes by."""

    def __call__(self, rows: Tensor, added: Tensor | None, scratch: Tensor) -> Tensor:
        """Return rows @ matrix.T, and ``added`` to it; in ``scratch``, or in memory of its own."""


class TorchProduct:
    """The product by `torch.mm`, into the memory that is offered.

    Parameters
    ----------
    matrix : Tensor
        Shape (out, in).
    """

    def __init__(self, matrix: Tensor) -> None:
        self._right = matrix.t()

    def __call__(self, rows: Tensor, added: Tensor | None, scratch: Tensor) -> Tensor:
        """Return the product in ``scratch``."""
        if added is None:
            return torch.mm(rows, self._right, out=scratch)
        return torch.addmm(added, rows, self._right, out=scratch)


class OneDnnProduct:
    """The product by oneDNN, with the matrix laid out once in the order in which the library reads it.

    Parameters
    ----------
    matrix : Tensor
        Shape (out, in).
    rows : int
        How many rows it will be multiplied with at a time.
    """

    def __init__(self, matrix: Tensor, rows: int) -> None:
        self._multiply = torch.ops.mkldnn._linear_pointwise.default
        self._laid_out = torch.ops.mkldnn._reorder_linear_weight(matrix.contiguous(), rows)

    def __call__(self, rows: Tensor, added: Tensor | None, scratch: Tensor) -> Tensor:
        """Return the product in memory of its own."""
        found: Tensor = self._multiply(rows, self._laid_out, None, "none", [], "")
        return found if added is None else found.add_(added)


def product_with(matrix: Tensor, rows: int, times: int) -> Product:
    """Return the faster product of ``rows`` rows with a matrix, shape (out, in), for so many ``times``."""
    multiplications = rows * matrix.numel()
    if times * multiplications >= _WORTH_IN_ALL and _pays(matrix, multiplications):
        return OneDnnProduct(matrix, rows)
    return TorchProduct(matrix)


def outer_sum(left: Tensor, right: Tensor) -> Tensor:
    """Return the sum over samples of left right', shape (a, b), from (sample, a) and (sample, b)."""
    if not _pays(left, left.numel() * right.shape[1]):
        return torch.mm(left.t(), right)
    multiply = torch.ops.mkldnn._linear_pointwise.default
    total: Tensor | None = None
    for some, others in zip(left.split(_ROWS), right.split(_ROWS), strict=True):
        found = multiply(some.t(), others.t(), None, "none", [], "")
        total = found if total is None else total.add_(found)
    assert total is not None  # at least one sample
    return total


def _pays(tensor: Tensor, multiplications: int) -> bool:
    wide = tensor.device.type == "cpu" and tensor.dtype == torch.float32
    return wide and multiplications >= _WORTH and _has_onednn()


@cache
def _has_onednn() -> bool:
    """Whether this build of torch has oneDNN and this processor the long registers for which it is the faster one."""
    if not torch.backends.mkldnn.is_available() or torch.backends.cpu.get_cpu_capability() != "AVX512":
        return False
    return all(hasattr(torch.ops.mkldnn, name) for name in ("_linear_pointwise", "_reorder_linear_weight"))
