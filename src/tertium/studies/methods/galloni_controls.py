"""Controls of LRN13: Hebb's rule alone, and dendrites that hear what was meant for other units."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn

from tertium.learning.rule import ActivityCost, Filled, Goal, Rule, Trials
from tertium.learning.rules.three_factor.dendritic_changes import by_error, kept_total
from tertium.learning.rules.three_factor.dendritic_targets import dendritic_network
from tertium.models import DendriticNetwork
from tertium.models.feedforward.dendritic.projection import Projection
from tertium.rng import Seeds

#: Totals of the strengths on a unit in the authors' Hebbian network, whose outputs learn by their errors; those of
#: inhibition halved, for in a network of this size theirs silences nearly all units.
TOTALS = (
    {
        "from_below": 9.636, "somatic_to_soma": 2.82, "below_to_somatic": 13.555, "soma_to_somatic": 14.216,
        "somatic_to_somatic": 5.756,
    },
    {
        "from_below": 6.950, "somatic_to_soma": 1.244, "below_to_somatic": 6.118, "soma_to_somatic": 7.320,
        "somatic_to_somatic": 2.672,
    },
    {"somatic_to_soma": 0.069, "below_to_somatic": 5.586, "soma_to_somatic": 1.086, "somatic_to_somatic": 2.885},
)  # fmt: skip

#: Their rates.
RATES = {
    "from_below": 0.00553, "somatic_to_soma": 0.03876, "below_to_somatic": 0.000667, "soma_to_somatic": 0.000667,
    "somatic_to_somatic": 0.05227,
}  # fmt: skip


def scaled_to_totals(network: DendriticNetwork) -> DendriticNetwork:
    """Scale the strengths on each unit, in place, to add up to the totals of the authors' Hebbian network."""
    for layer, totals in zip(network.stack(), TOTALS, strict=True):
        for name, total in totals.items():
            part = layer.get_submodule(name)
            assert isinstance(part, Projection)
            with torch.no_grad():
                part.weight = part.weight * (total / part.weight.abs().sum(1, keepdim=True))
    return network


class HebbianOnly(Rule):
    """Hebb's rule with fixed totals for all synapses on and between somata and somatic interneurons, as in the paper.

    Only synapses on outputs learn by an error, that of their own unit. No teacher reaches hidden layers: they learn
    from what comes from below, against the inhibition that they recruit. Rates are cut off at 1.

    Parameters
    ----------
    pace : float
        Multiplies the rates of Hebb's rule; of 0.1, 0.3 and 1 the one by which most was learned on seed 0.
    """

    name = "hebbian_only"
    cite = "the control of this study, after Galloni et al. 2025"

    def __init__(self, *, pace: float = 0.3) -> None:
        self.pace = pace

    def check(self, model: nn.Module) -> None:
        """Refuse all but the networks of this study."""
        dendritic_network(model, self.name)

    def fill(
        self, model: nn.Module, trials: Trials, goal: Goal, *, seeds: Seeds, costs: tuple[ActivityCost, ...] = ()
    ) -> Filled:
        """Fill the negative of the changes."""
        network = dendritic_network(model, self.name)
        model.zero_grad(set_to_none=True)
        with torch.no_grad():
            settled = network.settle(trials.inputs)
        outputs = settled[-1].rate
        loss = float(goal(outputs, trials))
        if math.isfinite(loss):
            below = clipped(trials.inputs)
            for layer, state, totals in zip(network.stack(), settled, TOTALS, strict=True):
                weights = layer.weights()
                if "from_below" not in totals:
                    error = (trials.targets - outputs).clamp(-1, 1) * (outputs > 0)
                    weights["from_below"].backward(-by_error(error.flatten(0, -2), below))
                soma = clipped(state.rate)
                self._by_hebb({name: weights[name] for name in totals}, below, soma, clipped(state.somatic))
                below = soma
        return Filled(loss, outputs)

    def _by_hebb(
        self, weights: dict[str, torch.Tensor], below: torch.Tensor, soma: torch.Tensor, somatic: torch.Tensor
    ) -> None:
        heard = {
            "from_below": (soma, below),
            "somatic_to_soma": (soma, somatic),
            "below_to_somatic": (somatic, below),
            "soma_to_somatic": (somatic, soma),
            "somatic_to_somatic": (somatic, somatic),
        }
        for name, weight in weights.items():
            with torch.no_grad():
                growth = self.pace * RATES[name] * by_error(*heard[name])
                if name == "somatic_to_somatic":
                    growth.fill_diagonal_(0)
                change = kept_total(weight, growth, -1 if name.startswith("somatic") else 1)
            weight.backward(-change)


def clipped(rates: torch.Tensor) -> torch.Tensor:
    """Return rates cut off at 1, shape (sample, unit)."""
    return rates.flatten(0, -2).clamp(0, 1)


class WrongUnits(DendriticNetwork):
    """A network in which what comes from above arrives at other units: moved along one cycle through each layer."""

    def __init__(self, *sizes: Any, seed: int = 0, **options: Any) -> None:
        super().__init__(*sizes, seed=seed, **options)
        seeds = Seeds(seed).child("WrongUnits")
        self.meant_for = []
        for i, layer in enumerate(self.stack()[:-1]):
            order = torch.randperm(layer.n_units, generator=seeds.torch(f"layer {i}"))
            meant = torch.empty_like(order)
            meant[order] = order.roll(1)  # along one cycle nobody keeps what is its own
            self.meant_for.append(meant)

    def top_down(self, i: int) -> torch.Tensor:
        """Return the weights to the dendrites of layer ``i``, those of other units, shape (unit, unit above)."""
        return super().top_down(i)[self.meant_for[i]]
