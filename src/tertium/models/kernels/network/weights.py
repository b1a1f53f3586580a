"""The joined matrix of a network, whole or as the product of two thin ones: what a run and its gradients need of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor

from tertium.models.kernels.products import outer_sum
from tertium.models.kernels.recurrence import Dense, Recurrence, Thin, streaming

# rows are filled up with zeros to whole vector registers; without this the products take 10 % longer
_REGISTER = 8


@dataclass(frozen=True)
class Layout:
    """Where rates, inputs and outputs lie in the joined matrix A, shape (error_row, row)."""

    units: int
    inputs: int
    outputs: int

    @property
    def row(self) -> int:
        """Length of c_t: rates, inputs, one, and zeros."""
        return _filled(self.units + self.inputs + 1)

    @property
    def error_row(self) -> int:
        """Length of d_t: errors, gradients of the outputs, and zeros."""
        return _filled(self.units + self.outputs)

    @property
    def input_columns(self) -> slice:
        """Columns that multiply inputs."""
        return slice(self.units, self.units + self.inputs)

    @property
    def output_rows(self) -> slice:
        """Rows that make outputs."""
        return slice(self.units, self.units + self.outputs)


class JoinedWeights(ABC):
    """A joined matrix A in some form."""

    @abstractmethod
    def recurrence(self, alpha: Tensor, steps: int, trials: int) -> Recurrence:
        """Return the connections, as the time loop wants them."""

    @abstractmethod
    def output_part(self) -> Tensor:
        """Return the rows of A that make outputs, shape (output, row)."""

    @abstractmethod
    def through_inputs(self, errors: Tensor) -> Tensor:
        """Return the gradient of the inputs, (sample, input), from errors, (sample, unit)."""

    @abstractmethod
    def gradients(self, errors: Tensor, rows: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return the gradients of the parameters from d_t and c_t, (sample, error_row) and (sample, row)."""


class WholeMatrix(JoinedWeights):
    """A itself, shape (error_row, row)."""

    def __init__(self, layout: Layout, matrix: Tensor) -> None:
        self._layout, self._matrix = layout, matrix

    def recurrence(self, alpha: Tensor, steps: int, trials: int) -> Recurrence:
        """Return the connections."""
        return Dense(self._matrix, alpha, steps, trials)

    def output_part(self) -> Tensor:
        """Return the rows of A that make outputs."""
        return self._matrix[self._layout.output_rows]

    def through_inputs(self, errors: Tensor) -> Tensor:
        """Return e W_in."""
        return errors @ self._matrix[: self._layout.units, self._layout.input_columns]

    def gradients(self, errors: Tensor, rows: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return dL/dA = sum of d c'."""
        return outer_sum(errors, rows), None


class ThinFactors(JoinedWeights):
    """A = U V' with U, shape (error_row, q), and V, shape (row, q); A is never formed.

    Columns of both are, in this order: those of the rank, those of the inputs and the one, those of the outputs.
    """

    def __init__(self, layout: Layout, left: Tensor, right: Tensor) -> None:
        self._layout, self._left, self._right = layout, left, right

    def recurrence(self, alpha: Tensor, steps: int, trials: int) -> Recurrence:
        """Return the connections: neither do outputs reach the units, nor inputs the errors."""
        units, of_outputs = self._layout.units, self._left.shape[1] - self._layout.outputs
        rank = of_outputs - self._layout.inputs - 1
        back = torch.cat([torch.arange(rank), torch.arange(of_outputs, self._left.shape[1])])
        return Thin(
            self._right[:, :of_outputs],
            self._left[:units, :of_outputs],
            self._left[:, back],
            self._right[:units, back] * alpha[:, None],
        )

    def output_part(self) -> Tensor:
        """Return the rows of A that make outputs."""
        return self._left[self._layout.output_rows] @ self._right.t()

    def through_inputs(self, errors: Tensor) -> Tensor:
        """Return e W_in."""
        return (errors @ self._left[: self._layout.units]) @ self._right[self._layout.input_columns].t()

    def gradients(self, errors: Tensor, rows: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return dL/dU = sum of d (V' c)' and dL/dV = sum of c (U' d)'."""
        to_left = torch.mm((rows @ streaming(self._right)).t(), errors).t()
        to_right = torch.mm((errors @ streaming(self._left)).t(), rows).t()
        return to_left, to_right


def whole_matrix(
    layout: Layout,
    weight: Tensor,
    input_weight: Tensor,
    bias: Tensor | None,
    output_weight: Tensor,
    output_bias: Tensor | None,
) -> Tensor:
    """Return A, shape (error_row, row), from its parts; autograd takes its gradient apart again."""
    zeros, units, outputs = weight.new_zeros, layout.units, layout.outputs
    rest = layout.row - units - layout.inputs - 1
    upper = torch.cat([weight, input_weight, _column(bias, units, weight), zeros(units, rest)], 1)
    one = _column(output_bias, outputs, weight)
    lower = torch.cat([output_weight, zeros(outputs, layout.inputs), one, zeros(outputs, rest)], 1)
    return torch.cat([upper, lower, zeros(layout.error_row - units - outputs, layout.row)])


def thin_factors(
    layout: Layout,
    m: Tensor,
    n: Tensor,
    input_weight: Tensor,
    bias: Tensor | None,
    output_weight: Tensor,
    output_bias: Tensor | None,
) -> tuple[Tensor, Tensor]:
    """Return U, shape (error_row, q), and V, shape (row, q), of W = m n' / N and the ends of the network.

              rank     inputs   one     outputs
    U =  [    m / N    W_in     b       0    ]       V = [    n    0    0    W_out'  ]
         [    0        0        b_out   I    ]           [    0    I    0    0       ]
         [    0        0        0       0    ]           [    0    0    1    0       ]
    """
    zeros, units, outputs, inputs = m.new_zeros, layout.units, layout.outputs, layout.inputs
    rank = m.shape[1]
    upper = torch.cat([m / units, input_weight, _column(bias, units, m), zeros(units, outputs)], 1)
    unit_matrix = torch.eye(outputs, dtype=m.dtype, device=m.device)
    lower = torch.cat([zeros(outputs, rank + inputs), _column(output_bias, outputs, m), unit_matrix], 1)
    left = torch.cat([upper, lower, zeros(layout.error_row - units - outputs, _width(layout, rank))])
    first = torch.cat([n, zeros(units, inputs + 1), output_weight.t()], 1)
    unit_matrix = torch.eye(inputs + 1, dtype=m.dtype, device=m.device)
    second = torch.cat([zeros(inputs + 1, rank), unit_matrix, zeros(inputs + 1, outputs)], 1)
    return left, torch.cat([first, second, zeros(layout.row - units - inputs - 1, _width(layout, rank))])


def _width(layout: Layout, rank: int) -> int:
    return rank + layout.inputs + 1 + layout.outputs


def _column(values: Tensor | None, length: int, like: Tensor) -> Tensor:
    return like.new_zeros(length, 1) if values is None else values[:, None]


def _filled(length: int) -> int:
    return -(-length // _REGISTER) * _REGISTER
