"""What a branch point of a dendrite does with the sum of its inputs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch

from tertium.errors import BadInput


class Node(ABC):
    """A function of the summed input, the same for all branch points of a tree."""

    @abstractmethod
    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Return the activity for summed inputs, shape of ``x``, with a gradient."""


@dataclass(frozen=True)
class LinearNode(Node):
    """A branch point that only sums: a tree of them is a point neuron."""

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Return ``x``."""
        return x


@dataclass(frozen=True)
class ThresholdNode(Node):
    """A leaky threshold: inputs above 0 pass, those below leave little behind (Jones & Kording 2021).

    Parameters
    ----------
    leak : float
        Slope below the threshold, from 0 to 1.

    Raises
    ------
    BadInput
        If the slope is outside 0 to 1.

    Examples
    --------
    >>> ThresholdNode()(torch.tensor([-1.0, 2.0]))
    tensor([-0.0100,  2.0000])
    """

    leak: float = 0.01

    def __post_init__(self) -> None:
        if not 0 <= self.leak <= 1:
            raise BadInput("leak of a ThresholdNode", got=repr(self.leak), expected="a slope from 0 to 1")

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Return the inputs above 0, and ``leak`` times those below."""
        return torch.nn.functional.leaky_relu(x, self.leak)


@dataclass(frozen=True)
class NMDANode(Node):
    """A branch point with NMDA receptors, which open as it is depolarised and pull it towards their reversal potential.

    The summed input ``x`` is the depolarisation that the other currents would bring, in ``unit`` mV from rest. It takes
    the magnesium block off: ``B = 1 / (1 + [Mg] / 3.57 mM exp(-0.062 V / mV))`` (Jahr & Stevens 1990, equation 4a).
    With the conductance ``g B`` (in units of the leak) beside the leak, the steady state is

        ``(x + g B e) / (1 + g B)``, ``e`` the reversal potential from rest, in units,

    from which its value without input is taken away, so that a silent tree rests at 0. Inputs are amplified from about
    -50 mV on and saturate towards the reversal potential; below rest the branch point is linear.

    Parameters
    ----------
    conductance : float
        The largest conductance of the receptors, in units of the leak, at least 0 (g).
    unit : float
        What a summed input of 1 is in mV, above 0.
    rest, reversal : float
        Potentials in mV.
    magnesium : float
        Extracellular magnesium in mM.

    Raises
    ------
    BadInput
        If the conductance is negative or the unit not above 0.

    Examples
    --------
    >>> node = NMDANode()
    >>> node(torch.tensor([-1.0, 0.0, 1.0, 8.0])).round(decimals=2)
    tensor([-1.2800,  0.0000,  1.3300,  3.4200])
    """

    conductance: float = 4.0
    unit: float = 25.0
    rest: float = -70.0
    reversal: float = 0.0
    magnesium: float = 1.0

    def __post_init__(self) -> None:
        if not (self.conductance >= 0 and self.unit > 0):
            raise BadInput(
                "NMDANode",
                got=f"conductance={self.conductance!r}, unit={self.unit!r}",
                expected="a conductance >= 0 and a unit above 0",
            )

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Return the depolarisation with the receptors, in units."""
        return self._steady(x) - self._steady(torch.zeros((), dtype=x.dtype, device=x.device))

    def _steady(self, x: torch.Tensor) -> torch.Tensor:
        # 1 / (1 + exp(log a - b V)) is a sigmoid of b V - log a
        block = torch.log(torch.tensor(self.magnesium / 3.57, dtype=x.dtype, device=x.device))
        opened = self.conductance * torch.sigmoid(0.062 * (self.rest + self.unit * x) - block)
        return (x + opened * ((self.reversal - self.rest) / self.unit)) / (1 + opened)
