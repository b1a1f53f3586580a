"""MDGL: what a unit's spikes did to its neighbours comes back to it as a modulator, one for each cell type."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import torch
from torch import nn

from tertium.errors import unknown_name
from tertium.learning.rules.e_prop import EProp
from tertium.learning.rules.rate_cells import moments
from tertium.learning.rules.spiking.eligibility import responsiveness
from tertium.learning.rules.spiking.open_loop import arriving, open_loop
from tertium.learning.rules.stepped import cells_of
from tertium.learning.rules.three_factor.cell_types import mean_weights, random_weights, types_of
from tertium.models import Cell, RateCell, RecurrentNetwork
from tertium.models.spiking import LIF

Secretion = Literal["types", "synapses", "random"]
Reach = Literal["connected", "all"]


class MDGL(EProp):
    """Multidigraph learning (Liu et al. 2021): e-prop, and modulators that units secrete for their neighbours.

    E-prop tells a unit what its spikes did to the outputs. Here every unit j also secretes how well a push would have
    served, ``a_j(t) = L_j(t) h_j(t)``, with L its own top-down signal and h how its spikes answer to what arrives
    (pseudo-derivative times gain). A unit p that had sent spikes to it one delay d before hears the sum over
    its neighbours of each type, and weighs it by one number for each pair of types,

    ``dE/dw_pq = sum_t (L_p(t) + sum_alpha w_alpha,type(p) sum_{j in alpha} a_j(t + d)) e_pq(t)``,

    where ``w_alpha,beta`` is the mean weight of the synapses from type beta to type alpha (main text, eqs. 1 and 2, in
    the form of the authors' code). That is the gradient of back-propagation through time with paths over two synapses
    and more cut off, and the single weight replaced by its type's mean.

    Parameters
    ----------
    types : sequence of str or int, optional
        The type of each unit; by default its label (with ``dale=``, E and I).
    secretion : {"types", "synapses", "random"}
        What a modulator is weighed with: the mean weight between two types; the weight of the very synapse, which no
        diffusing modulator could know; or random numbers of the size of the means, as a control.
    reach : {"connected", "all"}
        Whether a unit hears those it sends spikes to, or all units of a type (the paper's non-local variant).
    feedback, decay, seed
        Of the top-down signal, as in `EProp`; ``seed`` also draws the random weights.

    Raises
    ------
    UnknownName
        If there is no such feedback, secretion or reach.
    BadInput
        From `check`, as `EProp`, or if units have no cell type and none is given.

    Examples
    --------
    >>> from tertium.learning.rule import Trials
    >>> from tertium.learning.rules.angles import angle_to_bptt
    >>> from tertium.models import RateRNN
    >>> from tertium.tasks import make
    >>> task = make("context_decision", dt=0.1)
    >>> model = RateRNN(task.n_inputs, 20, task.n_outputs, dt=0.1, dale=0.8, seed=1)
    >>> trials = Trials.of(task.batch(4))
    >>> rules = (MDGL(secretion="synapses"), MDGL(), EProp())
    >>> angles = [angle_to_bptt(rule, model, trials).together for rule in rules]
    >>> angles[0] < angles[1] < angles[2]
    True
    """

    name = "mdgl"
    cite = "Liu et al. 2021 PNAS"
    needs = "one recurrent cell of rate, LIF or ALIF units with cell types and a linear read-out"

    def __init__(
        self,
        *,
        types: Sequence[str | int] | None = None,
        secretion: str = "types",
        reach: str = "connected",
        feedback: str = "symmetric",
        decay: float = 1e-2,
        seed: int = 0,
    ) -> None:
        super().__init__(feedback=feedback, decay=decay, seed=seed)
        if feedback == "exact":
            raise unknown_name("feedback of rule 'mdgl'", feedback, ("symmetric", "random", "adaptive"))
        for what, name, known in (("secretion", secretion, Secretion), ("reach", reach, Reach)):
            if name not in get_args(known):
                raise unknown_name(what, name, get_args(known))
        self.types, self.secretion, self.reach = types, secretion, reach

    def check(self, model: nn.Module) -> None:
        """Refuse what `EProp` refuses, and units without types."""
        super().check(model)
        if self.secretion != "synapses":
            types_of(cells_of(self._network(model))[0], self.types, self.name)

    def _heard(
        self,
        bare: RecurrentNetwork,
        xs: torch.Tensor,
        noise: torch.Tensor | None,
        rates: torch.Tensor,
        told: torch.Tensor,
    ) -> torch.Tensor:
        """Add to the top-down signals what neighbours secreted when the spikes of a unit arrived there."""
        cell = cells_of(bare)[0]
        weight = recurrent_weight(cell)
        if weight is None:
            return told
        if isinstance(cell, LIF):
            delay, answers = cell.delay_steps, responsiveness(open_loop(cell), arriving(cell, xs, rates), noise)
        else:
            assert isinstance(cell, RateCell)
            with torch.no_grad():
                delay, answers = 1, cell.leak() * torch.stack([now.slope for now in moments(cell, xs, noise)])
        secreted = (told * answers)[delay:]
        heard = told.clone()
        heard[:-delay] += secreted @ self._modulators(cell, weight)
        return heard

    def _modulators(self, cell: Cell, weight: torch.Tensor) -> torch.Tensor:
        """Return how much a unit makes of what another secretes, shape (secreting unit, hearing unit)."""
        if self.secretion == "synapses":
            return weight
        types = types_of(cell, self.types, self.name)
        means = mean_weights(weight, types)
        means = random_weights(means, self.seed) if self.secretion == "random" else means
        spread = means[types][:, types]
        return spread if self.reach == "all" else spread * (weight != 0)


def recurrent_weight(cell: Cell) -> torch.Tensor | None:
    """Return the recurrent weights of a cell of rate or spiking units, (target, source), or None without any."""
    if isinstance(cell, RateCell) and cell.rank is not None:
        return (cell.left @ cell.right.T / cell.n_units).detach()
    weight = getattr(cell, "recurrent_weight", None)
    return weight.detach() if isinstance(weight, torch.Tensor) else None
