"""Dendritic targets: excitation from above, less what interneurons expect, tells a unit what to learn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn
from torch.nn.utils import parametrize

from tertium.errors import BadInput
from tertium.learning.rule import ActivityCost, Filled, Goal, Rule, Trials
from tertium.learning.rules.signals import OUTPUTS_ONLY, Signals, error_signals, refuse_costs
from tertium.learning.rules.spike_timing.spike_timing_rule import positive
from tertium.learning.rules.three_factor.dendritic_changes import TimeScale, by_error, by_plateaus, kept_total
from tertium.models.feedforward.dendritic.layer import LayerState
from tertium.models.feedforward.dendritic.network import DendriticNetwork
from tertium.rng import Seeds


@dataclass(frozen=True)
class Nudged:
    """What one layer does when the outputs are pushed towards their targets; shape (sample, unit).

    Attributes
    ----------
    state : LayerState
        Of the forward phase.
    dendrite : torch.Tensor
        What arrived at dendrites in the forward phase; of the output layer, nothing.
    plateau : torch.Tensor
        What dendrites (of the outputs, the targets) tell the soma, -1 to 1.
    rate : torch.Tensor
        Of the somata, pushed by the plateaus.
    """

    state: LayerState
    dendrite: torch.Tensor
    plateau: torch.Tensor
    rate: torch.Tensor


class DendriticTargets(Rule):
    """Dendritic target propagation (Galloni, Peddada, Chennawar & Milstein 2025).

    The network settles. Then the outputs are pushed by how far they are from their targets, and layer by layer, down to
    the first, dendrites hear what the layer above does now: excitation from above minus inhibition by interneurons that
    still do what they did before. This state of the dendrite, cut off at -1 and 1, and zero where the unit was silent,
    pushes the soma (which the layer below then hears) and gates plasticity of the synapses from below:

    - ``update="error"``: ``dW_ij = eta d_i clip(r_j)``, r_j being the rate before the push;
    - ``update="btsp"``: where d_i > 0 behavioural time-scale plasticity,
      ``dW_ij = eta d_i [(W_max - W_ij) ET_j - W_ij q(ET_j)]``, with ET_j the rate from 0 to 1 of this trial and,
      weighed by ``discount``, of the one before (and ET of this trial with the plateau of the one before); where d_i
      is negative, ``dW_ij = eta d_i ET_j``. Rates are those under the push.

    So that dendrites compare, inhibition has to cancel excitation while nothing is pushed: synapses of dendritic
    interneurons change by ``-eta clip(D_i) clip(r_j)``, D being the state of the dendrite *before* the push, and the
    synapses on these interneurons by Hebb's rule with a fixed total. With ``compare="time"`` d is the difference
    between the two phases, and needs no interneurons.

    With ``optimizer="sgd"`` and a learning rate of 1 each trial of a batch counts as one presentation of the paper,
    where they come one at a time (changes are sums over trials, for the weights at the beginning of the batch). Of the
    goal only the derivative by the outputs is used, times half the number of outputs: for "mean_squared_error" that is
    target minus output. Default rates are those of the authors' configuration for MNIST. In their BTSP the network
    settles again under the push; here the push is instantaneous in both updates, as in theirs by the error. Trials of a
    batch follow each other, and the first has none before it.

    Parameters
    ----------
    update : {"error", "btsp"}
        What a dendrite makes of a synapse.
    compare : {"inhibition", "time"}
        What excitation from above is compared with: inhibition, or itself in the forward phase.
    rate, output_rate : float
        Of synapses from below, in hidden layers and in the output layer.
    inhibition_rate, recruitment_rate, mutual_rate : float
        Of synapses of dendritic interneurons on dendrites, of excitatory units on them, among them.
    w_max : float or sequence of float
        Largest weight of BTSP: of the first hidden layer, those above it, and the output; or of all.
    discount : float
        How much of a trial is left, for BTSP, when the next one comes; 0 to 1.

    Raises
    ------
    BadInput
        If a parameter is out of its range; if costs on activity are given; from `check`, if the network has no
        dendrites.

    Examples
    --------
    >>> from tertium.learning.rules import angle_to_bptt
    >>> from tertium.models import DendriticNetwork
    >>> from tertium.tasks import make
    >>> task = make("context_decision", dt=0.1)
    >>> model, trials = DendriticNetwork(task.n_inputs, 20, task.n_outputs), Trials.of(task.batch(4))
    >>> angle_to_bptt(DendriticTargets(compare="time"), model, trials).together < 90
    True
    """

    name = "dendritic_targets"
    cite = "Galloni, Peddada, Chennawar & Milstein 2025 bioRxiv 2025.05.22.655599"
    needs = "network with dendrites (`DendriticNetwork`)"

    def __init__(
        self,
        *,
        update: Literal["error", "btsp"] = "error",
        compare: Literal["inhibition", "time"] = "inhibition",
        rate: float = 0.014965,
        output_rate: float = 0.025824,
        inhibition_rate: float = 0.099874,
        recruitment_rate: float = 0.019255,
        mutual_rate: float = 0.015159,
        w_max: float | Sequence[float] = (0.35201, 0.44079, 0.43527),
        discount: float = 0.016166,
    ) -> None:
        if update not in ("error", "btsp") or compare not in ("inhibition", "time"):
            raise BadInput(
                "update and compare of rule 'dendritic_targets'",
                got=f"{update!r} and {compare!r}",
                expected="'error' or 'btsp', and 'inhibition' or 'time'",
            )
        bounds = (float(w_max),) * 3 if isinstance(w_max, int | float) else tuple(float(one) for one in w_max)
        if len(bounds) != 3 or not all(one > 0 for one in bounds) or not 0 <= discount <= 1:
            raise BadInput(
                "w_max and discount of rule 'dendritic_targets'",
                got=f"{w_max!r} and {discount!r}",
                expected="one or three numbers > 0, and a share from 0 to 1",
            )
        positive(
            "rule 'dendritic_targets'",
            rate=rate,
            output_rate=output_rate,
            inhibition_rate=inhibition_rate,
            recruitment_rate=recruitment_rate,
            mutual_rate=mutual_rate,
        )
        self.update, self.compare = update, compare
        self.rate, self.output_rate = rate, output_rate
        self.inhibition_rate, self.recruitment_rate, self.mutual_rate = inhibition_rate, recruitment_rate, mutual_rate
        self.w_max, self.discount = bounds, discount

    def check(self, model: nn.Module) -> None:
        """Refuse networks without dendrites."""
        dendritic_network(model, self.name)

    def fill(
        self, model: nn.Module, trials: Trials, goal: Goal, *, seeds: Seeds, costs: tuple[ActivityCost, ...] = ()
    ) -> Filled:
        """Fill the negative of the changes that dendrites ask for."""
        network = dendritic_network(model, self.name)
        refuse_costs(costs, self.name, OUTPUTS_ONLY)
        model.zero_grad(set_to_none=True)
        with parametrize.cached():
            # looked up once, with their graphs: through them changes of weights become those of what is trained
            used = {
                f"layers.{i}.{name}.weight": weight
                for i, layer in enumerate(network.stack())
                for name, weight in layer.weights().items()
            }
            with torch.no_grad():
                settled = network.settle(trials.inputs)
            outputs = settled[-1].rate
            signals = error_signals(outputs, outputs, trials, goal, ())
            if signals.finite:
                with torch.no_grad():
                    nudged = self.nudged(network, tuple(_flat(one) for one in settled), signals)
                    changes = self.changes(network, trials.inputs.flatten(0, -2), nudged)
                learning = [name for name in changes if used[name].requires_grad]
                torch.autograd.backward([used[name] for name in learning], [-changes[name] for name in learning])
        return Filled(signals.loss, outputs)

    def nudged(self, network: DendriticNetwork, settled: Sequence[LayerState], signals: Signals) -> tuple[Nudged, ...]:
        """Return what each layer does under the push, from the input upwards.

        Parameters
        ----------
        network : DendriticNetwork
        settled : sequence of LayerState
            Of the forward phase; shape (sample, unit).
        signals : Signals
            Derivatives of the goal by the outputs.
        """
        top = settled[-1]
        # the goal is a mean over all entries; for squared distances this is target minus output
        wanted = (-0.5 * signals.to_outputs.numel() * signals.to_outputs).reshape(top.rate.shape)
        found = [pushed(top, torch.zeros_like(top.rate), wanted.clamp(-1, 1))]
        for i in reversed(range(len(settled) - 1)):
            state = settled[i]
            before = network.at_dendrites(i, state, settled[i + 1].rate)
            now = network.at_dendrites(i, state, found[0].rate)
            told = now if self.compare == "inhibition" else now - before
            found.insert(0, pushed(state, before, told.clamp(-1, 1)))
        return tuple(found)

    def changes(
        self, network: DendriticNetwork, shown: torch.Tensor, nudged: Sequence[Nudged]
    ) -> dict[str, torch.Tensor]:
        """Return the change of each weight that learns, by its name; sums over samples.

        Parameters
        ----------
        network : DendriticNetwork
        shown : torch.Tensor, shape (sample, n_inputs)
        nudged : sequence of Nudged
        """
        found, last = {}, len(nudged) - 1
        for i, (layer, here) in enumerate(zip(network.stack(), nudged, strict=True)):
            rate = self.output_rate if i == last else self.rate
            name = f"layers.{i}."
            before, under = (shown, shown) if i == 0 else (nudged[i - 1].state.rate, nudged[i - 1].rate)
            if self.update == "error":
                change = by_error(here.plateau, before.clamp(0, 1))
            else:
                scale = TimeScale(self.w_max[0 if i == 0 else 2 if i == last else 1], self.discount)
                change = by_plateaus(here.plateau, under.clamp(0, 1), layer.from_below.weight, scale)
            found[name + "from_below.weight"] = rate * change
            if layer.has_dendrites:
                state = here.state
                inhibition = by_error(here.dendrite.clamp(-1, 1), state.dendritic_before.clamp(0, 1))
                found[name + "dendritic_to_dendrite.weight"] = -self.inhibition_rate * inhibition
                found[name + "soma_to_dendritic.weight"] = kept_total(
                    layer.soma_to_dendritic.weight, self.recruitment_rate * by_error(state.dendritic, state.rate_before)
                )
                among = by_error(state.dendritic, state.dendritic_before).fill_diagonal_(0)  # none on themselves
                found[name + "dendritic_to_dendritic.weight"] = kept_total(
                    layer.dendritic_to_dendritic.weight, self.mutual_rate * among, layer.dendritic_to_dendritic.sign
                )
        return found


def pushed(state: LayerState, dendrite: torch.Tensor, told: torch.Tensor) -> Nudged:
    """Return a layer whose somata are pushed by what their dendrites tell them; silent units are told nothing."""
    plateau = told * (state.rate > 0)
    return Nudged(state, dendrite, plateau, (state.potential + plateau).relu())


def dendritic_network(model: nn.Module, rule: str) -> DendriticNetwork:
    """Return the network, if its units have dendrites.

    Raises
    ------
    BadInput
        If it is another; the reason is said.
    """
    if not isinstance(model, DendriticNetwork):
        raise BadInput(
            f"network for rule '{rule}'",
            got=f"a {type(model).__name__}, whose units are points",
            expected="a DendriticNetwork: the rule reads at a dendrite what the layer above does, apart from the soma",
            repair="Use tertium.models.DendriticNetwork; for an MLP there is difference_target_propagation.",
        )
    return model


def _flat(state: LayerState) -> LayerState:
    """Return the state with trials and their time steps as samples, trial after trial in each step."""
    return LayerState(**{name: value.flatten(0, -2) for name, value in vars(state).items()})
