"""From input to firing rate: each function with its slope, told from its own value so that only the value is kept."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from tertium.errors import BadInput, unknown_name

_aten = torch.ops.aten


@dataclass(frozen=True)
class Nonlinearity(ABC):
    """A rate function f. Calling it is ordinary torch; the loops use the three methods that write in place.

    A new one is a subclass with `__call__`, `into` and `back`, all agreeing; `slope` follows.
    """

    name: ClassVar[str]

    @abstractmethod
    def __call__(self, x: Tensor) -> Tensor:
        """Return f(x), shape of ``x``, with a gradient."""

    @abstractmethod
    def into(self, x: Tensor, out: Tensor) -> None:
        """Write f(x) into ``out``, which may be ``x`` itself; no gradient is recorded."""

    @abstractmethod
    def back(self, gradient: Tensor, value: Tensor, out: Tensor) -> None:
        """Write ``gradient`` times f'(x) into ``out``, which may be ``gradient``; ``value`` is f(x)."""

    def slope(self, value: Tensor) -> Tensor:
        """Return f'(x), shape of ``value``, where ``value`` is f(x)."""
        with torch.no_grad():
            slope = torch.ones_like(value)
            self.back(slope, value, slope)
        return slope


class Identity(Nonlinearity):
    """f(x) = x: a linear network."""

    name = "identity"

    def __call__(self, x: Tensor) -> Tensor:
        """Return f(x)."""
        return x

    def into(self, x: Tensor, out: Tensor) -> None:
        """Write f(x) into ``out``."""
        if out is not x:
            out.copy_(x)

    def back(self, gradient: Tensor, value: Tensor, out: Tensor) -> None:
        """Write ``gradient`` as it is into ``out``."""
        if out is not gradient:
            out.copy_(gradient)


class Tanh(Nonlinearity):
    """f(x) = tanh x."""

    name = "tanh"

    def __call__(self, x: Tensor) -> Tensor:
        """Return f(x)."""
        return torch.tanh(x)

    def into(self, x: Tensor, out: Tensor) -> None:
        """Write f(x) into ``out``."""
        torch.tanh(x, out=out)

    def back(self, gradient: Tensor, value: Tensor, out: Tensor) -> None:
        """Write ``gradient`` times 1 - f^2 into ``out``."""
        _aten.tanh_backward.grad_input(gradient, value, grad_input=out)


class ReLU(Nonlinearity):
    """f(x) = max(x, 0), with slope 0 at 0."""

    name = "relu"

    def __call__(self, x: Tensor) -> Tensor:
        """Return f(x)."""
        return torch.relu(x)

    def into(self, x: Tensor, out: Tensor) -> None:
        """Write f(x) into ``out``."""
        torch.clamp_min(x, 0, out=out)

    def back(self, gradient: Tensor, value: Tensor, out: Tensor) -> None:
        """Write ``gradient`` times the slope, 1 where f > 0 and else 0 into ``out``."""
        _aten.threshold_backward.grad_input(gradient, value, 0, grad_input=out)


class Softplus(Nonlinearity):
    """f(x) = log(1 + exp x), whose slope is 1 - exp(-f)."""

    name = "softplus"
    # beyond this input f(x) = x exactly; torch's own 20 would be seen in float64
    _linear_from: ClassVar[float] = 40.0

    def __call__(self, x: Tensor) -> Tensor:
        """Return f(x)."""
        return torch.nn.functional.softplus(x, 1.0, self._linear_from)

    def into(self, x: Tensor, out: Tensor) -> None:
        """Write f(x) into ``out``."""
        _aten.softplus.out(x, 1.0, self._linear_from, out=out)

    def back(self, gradient: Tensor, value: Tensor, out: Tensor) -> None:
        """Write ``gradient`` times 1 - exp(-f) into ``out``."""
        torch.mul(gradient, torch.neg(value).expm1_().neg_(), out=out)


class Sigmoid(Nonlinearity):
    """f(x) = 1 / (1 + exp(-x))."""

    name = "sigmoid"

    def __call__(self, x: Tensor) -> Tensor:
        """Return f(x)."""
        return torch.sigmoid(x)

    def into(self, x: Tensor, out: Tensor) -> None:
        """Write f(x) into ``out``."""
        torch.sigmoid(x, out=out)

    def back(self, gradient: Tensor, value: Tensor, out: Tensor) -> None:
        """Write ``gradient`` times f (1 - f) into ``out``."""
        _aten.sigmoid_backward.grad_input(gradient, value, grad_input=out)


@dataclass(frozen=True)
class Power(Nonlinearity):
    """f(x) = k max(x, 0)^n, the supralinear rate function of the stabilised supralinear network.

    Parameters
    ----------
    k : float
        Gain, above 0. The default, as that of ``n``, is the setting of Rubin, Van Hooser & Miller (2015), Neuron 85,
        402-417.
    n : float
        Exponent, at least 1 (below 1 the slope at 0 is infinite).

    Raises
    ------
    BadInput
        If ``k`` or ``n`` is out of its range.
    """

    name: ClassVar[str] = "power"
    k: float = 0.04
    n: float = 2.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.k) and self.k > 0):
            raise BadInput("power-law gain k", got=repr(self.k), expected="a number > 0", repair="Pass, say, k=0.04.")
        if not (math.isfinite(self.n) and self.n >= 1):
            raise BadInput("power-law exponent n", got=repr(self.n), expected="a number >= 1", repair="Pass, say, n=2.")

    def __call__(self, x: Tensor) -> Tensor:
        """Return f(x)."""
        return torch.relu(x).pow(self.n) * self.k

    def into(self, x: Tensor, out: Tensor) -> None:
        """Write f(x) into ``out``."""
        torch.clamp_min(x, 0, out=out).pow_(self.n).mul_(self.k)

    def back(self, gradient: Tensor, value: Tensor, out: Tensor) -> None:
        """Write ``gradient`` times f (1 - f) into ``out``."""
        # f = k x^n has f' = n k^(1/n) f^((n-1)/n); with n = 1 the power would be 0^0 = 1 below threshold
        if self.n == 1:
            _aten.threshold_backward.grad_input(gradient, value, 0, grad_input=out)
            out.mul_(self.k)
        else:
            slope = value.pow((self.n - 1) / self.n).mul_(self.n * self.k ** (1 / self.n))
            torch.mul(gradient, slope, out=out)


_TABLE: dict[str, Callable[..., Nonlinearity]] = {
    kind.name: kind for kind in (Identity, Power, ReLU, Sigmoid, Softplus, Tanh)
}
NONLINEARITIES: tuple[str, ...] = tuple(sorted(_TABLE))


def nonlinearity(name: str | Nonlinearity, **parameters: float) -> Nonlinearity:
    """Return the rate function of a name: the map from a unit's input to its firing rate.

    Parameters
    ----------
    name : str or Nonlinearity
        One of ``NONLINEARITIES``: "identity", "power", "relu", "sigmoid", "softplus", "tanh". An object is handed back.
    **parameters : float
        ``k`` and ``n`` of "power"; the others have none.

    Returns
    -------
    Nonlinearity
        Callable on a tensor of any shape.

    Raises
    ------
    UnknownName
        If there is no such function.
    BadInput
        If it does not take these parameters.

    Examples
    --------
    >>> import torch
    >>> nonlinearity("power", k=0.5, n=2)(torch.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    >>> nonlinearity("tanh").slope(torch.tensor([0.0, 0.5]))
    tensor([1.0000, 0.7500])
    """
    if isinstance(name, Nonlinearity):
        if parameters:
            raise BadInput(
                f"parameters of nonlinearity '{name.name}'",
                got=", ".join(sorted(parameters)),
                expected="none beside a ready-made one",
                repair="Pass the name, or build it with its parameters.",
            )
        return name
    if name not in _TABLE:
        raise unknown_name("nonlinearity", str(name), _TABLE)
    try:
        return _TABLE[name](**parameters)
    except TypeError:
        raise BadInput(
            f"parameters of nonlinearity '{name}'",
            got=", ".join(sorted(parameters)),
            expected="k and n" if name == "power" else "none",
        ) from None
