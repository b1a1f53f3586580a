"""How recurrent weights start: the schemes of the field, each an object with its parameters."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch

from tertium.errors import unknown_name


class InitialWeights(ABC):
    """A scheme that draws a square recurrent weight matrix."""

    @abstractmethod
    def draw(self, n: int, generator: torch.Generator) -> torch.Tensor:
        """Return weights, shape (target, source) = (n, n), float32."""


@dataclass(frozen=True)
class Gaussian(InitialWeights):
    """Independent Gaussian weights with variance ``gain**2 / n`` (Sompolinsky, Crisanti & Sommers 1988).

    Examples
    --------
    >>> from tertium.rng import Seeds
    >>> weights = Gaussian(gain=1.5).draw(400, Seeds(0).torch("weights"))
    >>> round(float(weights.std()) * 400**0.5, 2)
    1.5
    """

    gain: float = 1.0

    def draw(self, n: int, generator: torch.Generator) -> torch.Tensor:
        """Return weights, shape (n, n)."""
        return torch.randn(n, n, generator=generator) * (self.gain / math.sqrt(n))


@dataclass(frozen=True)
class Orthogonal(InitialWeights):
    """A random rotation times ``gain`` (Saxe, McClelland & Ganguli 2014): all singular values are equal."""

    gain: float = 1.0

    def draw(self, n: int, generator: torch.Generator) -> torch.Tensor:
        """Return weights, shape (n, n)."""
        q, r = torch.linalg.qr(torch.randn(n, n, generator=generator))
        return self.gain * q * torch.sign(torch.diagonal(r))  # the signs make the rotation uniform (Mezzadri 2007)


@dataclass(frozen=True)
class Diagonal(InitialWeights):
    """A multiple of the identity (Le, Jaitly & Hinton 2015; Yang et al. 2019 use 0.54)."""

    value: float = 1.0

    def draw(self, n: int, generator: torch.Generator) -> torch.Tensor:
        """Return weights, shape (n, n)."""
        return self.value * torch.eye(n)


@dataclass(frozen=True)
class DiagonalPlusGaussian(InitialWeights):
    """``lambda0`` on the diagonal and Gaussian weights of spread ``sigma0 / sqrt(n)`` off it (Orhan & Ma 2019).

    The paper goes through many pairs of the two; the defaults are ours.
    """

    lambda0: float = 0.9
    sigma0: float = 0.2

    def draw(self, n: int, generator: torch.Generator) -> torch.Tensor:
        """Return weights, shape (n, n)."""
        weights = torch.randn(n, n, generator=generator) * (self.sigma0 / math.sqrt(n))
        return weights.fill_diagonal_(self.lambda0)


_SCHEMES: dict[str, type[Gaussian | Orthogonal | Diagonal | DiagonalPlusGaussian]] = {
    "diagonal": Diagonal,
    "diagonal_plus_gaussian": DiagonalPlusGaussian,
    "gaussian": Gaussian,
    "orthogonal": Orthogonal,
}


def named_scheme(scheme: str | InitialWeights) -> InitialWeights:
    """Return a scheme by its name, with its default parameters, or the scheme itself.

    Raises
    ------
    UnknownName
        If no scheme has this name.

    Examples
    --------
    >>> named_scheme("orthogonal")
    Orthogonal(gain=1.0)
    """
    if isinstance(scheme, InitialWeights):
        return scheme
    if scheme not in _SCHEMES:
        raise unknown_name("initial weights", scheme, _SCHEMES)
    return _SCHEMES[scheme]()
