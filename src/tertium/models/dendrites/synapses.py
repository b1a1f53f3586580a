"""Synapses of a dendrite as conductances: what an input does depends on the potential it meets."""

from __future__ import annotations

import torch
from torch import nn


class ConductanceSynapses(nn.Module):
    """An excitatory and an inhibitory synapse for each input, and the potential at which they balance with the leak.

    The conductances are ``g = exp(a x + b)`` for each sign, a and b learned (Jones & Kording 2022, from their code),
    and the potential is that of the steady state,

        ``(g+ (E+ - E0) + g- (E- - E0)) / (g+ + g- + 1)``, in ``unit`` mV,

    so that inputs add sublinearly and inhibition divides. What it is for an input of 0 is taken away, which a bias of
    the branch point could do as well. The leak conductance is 1, where theirs is learned and may become negative.

    Parameters
    ----------
    n_synapses : int
        Inputs.
    generator : torch.Generator
        Where the first a and b come from: normal, standard deviation ``spread``.
    spread : float
        Of a and b at the start. Theirs is sqrt(2 / n_synapses), at which all synapses begin alike.
    excitatory, inhibitory, rest : float
        Reversal potentials E+, E-, and E0, in mV (the authors').
    unit : float
        What an output of 1 is, in mV.

    Examples
    --------
    >>> from tertium.rng import Seeds
    >>> synapses = ConductanceSynapses(3, generator=Seeds(0).torch("synapses"), spread=0.0)
    >>> synapses(torch.zeros(1, 3)).tolist()
    [[0.0, 0.0, 0.0]]
    """

    def __init__(
        self,
        n_synapses: int,
        *,
        generator: torch.Generator,
        spread: float = 0.5,
        excitatory: float = 50.0,
        inhibitory: float = -70.0,
        rest: float = -65.0,
        unit: float = 25.0,
    ) -> None:
        super().__init__()
        self.pull = ((excitatory - rest) / unit, (inhibitory - rest) / unit)
        drawn = torch.randn(2, 2, n_synapses, generator=generator) * spread
        self.slope = nn.Parameter(drawn[0])
        self.offset = nn.Parameter(drawn[1])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the potentials (..., synapse) in units, for inputs (..., synapse)."""
        return self._steady(torch.addcmul(self.offset, self.slope, x[..., None, :])) - self._steady(self.offset)

    def _steady(self, exponents: torch.Tensor) -> torch.Tensor:
        """Return the potentials (..., synapse) for exponents of the conductances (..., sign, synapse)."""
        plus, minus = torch.exp(exponents.clamp(-60, 60)).unbind(-2)
        return (plus * self.pull[0] + minus * self.pull[1]) / (plus + minus + 1)
