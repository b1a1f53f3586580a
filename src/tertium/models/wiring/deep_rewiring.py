"""Rewiring while learning: connections that shrink to nothing retract, and as many others grow somewhere at random."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import nn
from torch.nn.utils import parametrize

from tertium.errors import BadInput
from tertium.models.wiring.connections import Connections, Constraint
from tertium.models.wiring.masks import check_density
from tertium.rng import Seeds


@dataclass(frozen=True)
class Rewiring(Constraint):
    """A fixed number of active connections, each with a fixed sign, that move while the network learns (DEEP R).

    After each step of the optimiser an active connection whose strength fell below zero becomes dormant, and one
    dormant connection, chosen at random, becomes active with strength zero (Bellec et al. 2018, algorithm 1). This
    happens in a hook on the optimiser: call `rewire_after` once.

    Signs come from `Dale` where it is given in the same call of `constrain`, else they are drawn for each connection;
    masks given there say where connections can be.

    Parameters
    ----------
    density : float
        Share of the possible connections that are active, above 0 and at most 1.
    l1 : float
        Pull of strengths towards zero, per unit of learning rate (alpha in the paper).
    temperature : float
        Of the random walk of strengths, per unit of learning rate (T in the paper).
    seed : int
        Seed of signs, of what is active first, and of the rewiring.

    Raises
    ------
    BadInput
        If the density is not in (0, 1], or the pull or temperature is negative.
    """

    order: ClassVar[int] = 4
    density: float
    l1: float = 1e-4
    temperature: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        check_density("density of Rewiring", self.density)
        for name in ("l1", "temperature"):
            if not getattr(self, name) >= 0:
                raise BadInput(f"{name} of Rewiring", got=repr(getattr(self, name)), expected="a number >= 0")

    def build(self, connections: Connections) -> Rewired:
        """Return the parametrization."""
        rng = Seeds(self.seed).child("Rewiring").numpy("start")
        signs = connections.signs.cpu().numpy()
        signs = np.where(signs == 0, rng.choice(np.array([-1, 1], dtype=np.int8), size=signs.shape), signs)
        possible = connections.mask.cpu().numpy()
        places = np.flatnonzero(possible)
        active = np.zeros(possible.size, dtype=bool)
        active[rng.choice(places, max(1, round(self.density * len(places))), replace=False)] = True
        return Rewired(
            torch.from_numpy(signs),
            torch.from_numpy(possible),
            torch.from_numpy(active.reshape(possible.shape)),
            self,
        )

    def narrow(self, connections: Connections, built: nn.Module | None) -> Connections:
        """Return the connections that are active at first."""
        assert isinstance(built, Rewired)
        return connections.without(built.active).with_signs(built.signs, self.name)


class Rewired(nn.Module):
    """A weight of which some connections are active, as strength times sign.

    Parameters
    ----------
    signs : torch.Tensor, shape (target, source)
        1 or -1.
    possible, active : torch.Tensor of bool, shape (target, source)
        Where connections can be; where they are.
    rule : Rewiring
        Its parameters.
    """

    signs: torch.Tensor
    possible: torch.Tensor
    active: torch.Tensor
    steps: torch.Tensor

    def __init__(self, signs: torch.Tensor, possible: torch.Tensor, active: torch.Tensor, rule: Rewiring) -> None:
        super().__init__()
        self.rule = rule
        self.register_buffer("signs", signs.to(torch.int8))
        self.register_buffer("possible", possible)
        self.register_buffer("active", active)
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))

    def forward(self, strength: torch.Tensor) -> torch.Tensor:
        """Return the weight, shape (target, source)."""
        # clamp, not relu: its slope at 0 is 1, else a connection that starts at 0 could never grow
        return torch.clamp(strength, min=0) * self.signs * self.active

    def right_inverse(self, weight: torch.Tensor) -> torch.Tensor:
        """Return the strengths; raise `BadInput` if the weight is not zero or has another sign where it may not."""
        wrong = int(((weight != 0) & (~self.active | (torch.sign(weight) != self.signs))).sum())
        if wrong:
            raise BadInput(
                "weight under Rewiring",
                got=f"{wrong} weights that are dormant or have another sign",
                expected="active connections with their signs",
                repair="Let tertium.models.wiring.constrain choose what to start from.",
            )
        return weight * self.signs

    @torch.no_grad()
    def rewire(self, strength: torch.Tensor, learning_rate: float, momenta: list[torch.Tensor]) -> int:
        """Retract what fell below zero and grow as many connections elsewhere.

        Parameters
        ----------
        strength : torch.Tensor, shape (target, source)
            What the optimiser owns; changed in place.
        learning_rate : float
            Of the step that was just taken.
        momenta : list of torch.Tensor, shape (target, source)
            What the optimiser remembers of each connection; forgotten where one grows.

        Returns
        -------
        int
            How many connections moved.
        """
        # seeded by the number of the step, so that a resumed run rewires as the uninterrupted one
        rng = Seeds(self.rule.seed).child("Rewiring").numpy(f"step {int(self.steps)}")
        self.steps.add_(1)
        strength.sub_(learning_rate * self.rule.l1 * self.active)
        if self.rule.temperature > 0:
            walk = rng.standard_normal(int(self.active.sum())) * math.sqrt(2 * learning_rate * self.rule.temperature)
            strength[self.active] += torch.as_tensor(walk, dtype=strength.dtype, device=strength.device)
        fell = self.active & (strength < 0)
        moved = int(fell.sum())
        if moved:
            self.active &= ~fell
            dormant = torch.nonzero((self.possible & ~self.active).flatten()).flatten()
            chosen = torch.from_numpy(rng.choice(len(dormant), moved, replace=False)).to(dormant.device)
            grown = dormant[chosen]
            self.active.view(-1)[grown] = True
            for tensor in (strength, *momenta):
                tensor.view(-1)[grown] = 0
        strength.masked_fill_(~self.active, 0)
        return moved


def rewire_after(optimizer: torch.optim.Optimizer, module: nn.Module) -> Any:
    """Let all weights under `Rewiring` in a module be rewired after each step of an optimiser.

    Parameters
    ----------
    optimizer : torch.optim.Optimizer
        The one that owns the module's parameters.
    module : torch.nn.Module
        A network or a cell.

    Returns
    -------
    handle
        Its method ``remove()`` ends the rewiring.

    Raises
    ------
    BadInput
        If nothing in the module is under `Rewiring`, or the optimiser does not own it.

    Examples
    --------
    >>> from tertium.models import RateCell
    >>> from tertium.models.wiring import constrain
    >>> cell = constrain(RateCell(1, 20), Rewiring(0.1, l1=5.0))
    >>> optimizer = torch.optim.SGD(cell.parameters(), lr=0.1)
    >>> handle = rewire_after(optimizer, cell)
    >>> before = cell.recurrent_weight.detach() != 0
    >>> cell.recurrent_weight.sum().backward(); optimizer.step()
    >>> active = cell.parametrizations.recurrent_weight[0].active
    >>> int(active.sum()), bool((active != before).any())
    (40, True)
    """
    found = [
        (part.original, one)
        for part in module.modules()
        if isinstance(part, parametrize.ParametrizationList)
        for one in part
        if isinstance(one, Rewired)
    ]
    if not found or any(_group_of(optimizer, strength) is None for strength, _ in found):
        raise BadInput(
            "rewire_after",
            got="no weight under Rewiring" if not found else "an optimiser that does not own the rewired weight",
            expected="a module under Rewiring and the optimiser of its parameters",
            repair="Call constrain(cell, Rewiring(0.1)) before the optimiser is made.",
        )

    def after(optimizer: torch.optim.Optimizer, args: Any, kwargs: Any) -> None:
        for strength, rewired in found:
            group = _group_of(optimizer, strength)  # looked up anew: loading a state makes new groups
            memory = optimizer.state.get(strength, {}).values()
            momenta = [m for m in memory if torch.is_tensor(m) and m.shape == strength.shape]
            if group is not None:
                rewired.rewire(strength, float(group["lr"]), momenta)

    return optimizer.register_step_post_hook(after)


def _group_of(optimizer: torch.optim.Optimizer, parameter: torch.Tensor) -> dict[str, Any] | None:
    return next((g for g in optimizer.param_groups if any(p is parameter for p in g["params"])), None)
