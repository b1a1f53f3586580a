"""A layer whose excitatory units have a soma and a dendrite, each with interneurons of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn.functional import linear

from tertium.models.feedforward.dendritic.gains import Gains
from tertium.models.feedforward.dendritic.projection import Projection
from tertium.rng import Seeds


@dataclass(frozen=True)
class LayerState:
    """What the units of one layer do; each tensor has shape (..., unit).

    Attributes
    ----------
    potential, rate : torch.Tensor
        Of the somata of the excitatory units.
    somatic_potential, somatic : torch.Tensor
        Potential and rate of the somatic interneurons.
    dendritic_potential, dendritic : torch.Tensor
        Potential and rate of the dendritic interneurons; of no units in the output layer.
    rate_before, dendritic_before : torch.Tensor
        Rates one step earlier: what synapses within the layer heard.
    """

    potential: torch.Tensor
    rate: torch.Tensor
    somatic_potential: torch.Tensor
    somatic: torch.Tensor
    dendritic_potential: torch.Tensor
    dendritic: torch.Tensor
    rate_before: torch.Tensor
    dendritic_before: torch.Tensor


class Compartment(nn.Module):
    """A place to record from: hands on what a compartment or a population does when the network has settled."""

    def __init__(self, n_units: int, cell_type: str, compartment: str) -> None:
        super().__init__()
        self.n_units, self.cell_type, self.compartment = n_units, cell_type, compartment

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return x (..., unit)."""
        return x

    def unit_labels(self) -> dict[str, npt.NDArray[Any]]:
        """Return ``cell_type`` ("E" or "I") and ``compartment`` of the units."""
        kinds = {"cell_type": self.cell_type, "compartment": self.compartment}
        return {name: np.full(self.n_units, kind, dtype=object) for name, kind in kinds.items()}


class DendriticLayer(nn.Module):
    """Excitatory units with soma and dendrite, somatic interneurons, and below the output dendritic interneurons.

    Parameters
    ----------
    n_below, n_units, n_interneurons : int
        Excitatory units below and of the layer; interneurons of each kind.
    n_above : int
        Excitatory units above; 0 for the output layer, which has no dendrites.
    gains : Gains
        Strengths of the synapses at first.
    own_top_down : bool
        Whether synapses from above have weights of their own (fixed and random), or those from below upwards.
    somatic_learns : bool
        Whether synapses of somatic interneurons are plastic.
    seeds : Seeds
        Of the first strengths.
    """

    def __init__(
        self,
        n_below: int,
        n_units: int,
        n_interneurons: int,
        n_above: int,
        *,
        gains: Gains,
        own_top_down: bool,
        somatic_learns: bool,
        seeds: Seeds,
    ) -> None:
        super().__init__()

        def synapses(name: str, n_from: int, n_to: int, sign: int, **options: Any) -> Projection:
            return Projection(n_from, n_to, sign=sign, generator=seeds.torch(name), **options)

        def somatic(name: str, n_from: int, n_to: int, sign: int, gain: float, *, autapses: bool = True) -> Projection:
            return synapses(name, n_from, n_to, sign, gain=gain, autapses=autapses, learns=somatic_learns)

        n, k = n_units, n_interneurons
        self.n_below, self.n_units, self.n_interneurons, self.n_above = n_below, n, k, n_above
        self.from_below = synapses("from_below", n_below, n, 1, gain=gains.excitation)
        self.somatic_to_soma = somatic("somatic_to_soma", k, n, -1, gains.inhibition)
        self.below_to_somatic = somatic("below_to_somatic", n_below, k, 1, gains.drive)
        self.soma_to_somatic = somatic("soma_to_somatic", n, k, 1, gains.recruitment)
        self.somatic_to_somatic = somatic("somatic_to_somatic", k, k, -1, gains.mutual, autapses=False)
        self.soma = Compartment(n, "E", "soma")
        if n_above:
            self.dendrite = Compartment(n, "E", "dendrite")
        self.somatic = Compartment(k, "I", "somatic")
        self.top_down_gain = gains.top_down
        self.from_above: Projection | None = None
        if n_above:
            self.dendritic_to_dendrite = synapses("dendritic_to_dendrite", k, n, -1, gain=gains.dendritic)
            self.soma_to_dendritic = synapses("soma_to_dendritic", n, k, 1, total=gains.dendritic_recruitment)
            self.dendritic_to_dendritic = synapses(
                "dendritic_to_dendritic", k, k, -1, total=gains.dendritic_mutual, autapses=False
            )
            self.dendritic = Compartment(k, "I", "dendritic")
            if own_top_down:
                self.from_above = synapses("from_above", n_above, n, 1, gain=gains.top_down, learns=False)

    @property
    def has_dendrites(self) -> bool:
        """Whether there is a layer above, whose synapses end on dendrites."""
        return self.n_above > 0

    def silence(self, like: torch.Tensor) -> LayerState:
        """Return the state in which nobody fires, for inputs (..., channel)."""
        units = like.new_zeros((*like.shape[:-1], self.n_units))
        cells = like.new_zeros((*like.shape[:-1], self.n_interneurons))
        kept = cells if self.has_dendrites else cells[..., :0]
        return LayerState(units, units, cells, cells, kept, kept, units, kept)

    def weights(self) -> dict[str, torch.Tensor]:
        """Return all weights as they are now, signed: worked out once for all steps of settling."""
        return {name: part.weight for name, part in self.named_children() if isinstance(part, Projection)}

    def step(
        self,
        now: LayerState,
        soma_drive: torch.Tensor,
        somatic_drive: torch.Tensor,
        w: dict[str, torch.Tensor],
        leak: float,
    ) -> LayerState:
        """Return the state one step later.

        Parameters
        ----------
        now : LayerState
        soma_drive, somatic_drive : torch.Tensor, shape (..., unit)
            What comes from below at somata and at somatic interneurons.
        w : dict of str to torch.Tensor
            From `weights`.
        leak : float
            How far potentials move to what drives them.
        """
        inhibited = soma_drive + linear(now.somatic, w["somatic_to_soma"])
        recruited = (
            somatic_drive + linear(now.rate, w["soma_to_somatic"]) + linear(now.somatic, w["somatic_to_somatic"])
        )
        potential = torch.lerp(now.potential, inhibited, leak)
        somatic = torch.lerp(now.somatic_potential, recruited, leak)
        dendritic = now.dendritic_potential
        if self.has_dendrites:
            heard = linear(now.rate, w["soma_to_dendritic"]) + linear(now.dendritic, w["dendritic_to_dendritic"])
            dendritic = torch.lerp(dendritic, heard, leak)
        return LayerState(
            potential, potential.relu(), somatic, somatic.relu(), dendritic, dendritic.relu(), now.rate, now.dendritic
        )
