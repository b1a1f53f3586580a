"""E-prop: each synapse remembers what it did, and a signal from the outputs says whether that was good."""

from __future__ import annotations

import torch
from torch import nn

from tertium.errors import BadInput
from tertium.learning.rule import ActivityCost, Filled, Goal, Rule, Trials
from tertium.learning.rules.effective_weights import EffectiveWeights
from tertium.learning.rules.feedback import named_feedback, own_feedback, random_feedback
from tertium.learning.rules.rate_cells import Moment, moments, presynaptic, rate_network, spread, spread_readout
from tertium.learning.rules.signals import error_signals, total_loss
from tertium.learning.rules.spiking.e_prop_signals import exact_spike_signals, spiking_network, trace_gradient
from tertium.learning.rules.spiking.silence import refuse_silence
from tertium.learning.rules.stepped import Values, cells_of, draw_noise, errors_of_drive, run_stretch, squashed
from tertium.models import RateCell, RecurrentNetwork
from tertium.models.spiking import LIF, SpikingNetwork
from tertium.rng import Seeds


class EProp(Rule):
    """Eligibility propagation for spiking and rate units (Bellec et al. 2020); in the rate form, RFLO (Murray 2019).

    The gradient is a sum over time of a learning signal of the receiving unit and an eligibility trace of the synapse,
    ``dE/dw_ji = sum_t L_j(t) e_ji(t)`` (Bellec eq. 1). The trace follows what the synapse did to its unit, leak and
    slope included, and nothing that went through other units. With ``L_j(t) = dE/dz_j(t)``, z the rate sent to others
    and all its later effects included, this is BPTT; e-prop takes the direct effect on the outputs only,
    ``L_j(t) = sum_k B_kj dE/dy_k(t)`` (eq. 4), which a unit can know when it happens.

    Networks of one LIF or ALIF cell (``LSNN``) have the paper's traces, with a pseudo-derivative for the spike (eqs. 22
    to 25; `tertium.learning.rules.spiking.eligibility`), filtered by the leak of the read-out. A unit is not told what
    its spikes do to others. Of costs it feels what concerns its own spikes, as of a wanted firing rate (`RateTarget`).

    Parameters
    ----------
    feedback : {"symmetric", "random", "adaptive", "exact"}
        B is the read-out's weights; fixed random weights; weights that learn as the read-out does (Kolen & Pollack
        1994), which `add_feedback` gives the network; or none, but the full ``dE/dz``, worked out backwards in time.
        The last is no local rule: it shows that the factors are right, and what the signal costs.
    decay : float
        For "adaptive": weight decay of read-out and feedback, by which they come to agree.
    seed : int
        For "random": seed of the weights.

    Raises
    ------
    UnknownName
        If there is no such feedback.
    BadInput
        From `check`, if the network is not one cell of rate, LIF or ALIF units with a linear read-out; from `fill`, if
        spiking units are silent and too far from threshold for any pseudo-derivative.

    Examples
    --------
    >>> from tertium.learning.rules.angles import angle_to_bptt
    >>> from tertium.models import RateRNN
    >>> from tertium.tasks import make
    >>> task = make("context_decision", dt=0.1)
    >>> model, trials = RateRNN(task.n_inputs, 20, task.n_outputs, dt=0.1, seed=1), Trials.of(task.batch(4))
    >>> angles = [angle_to_bptt(EProp(feedback=f), model, trials).together for f in ("exact", "symmetric", "random")]
    >>> angles[0] < 0.1 < angles[1] < angles[2]
    True
    """

    name = "e_prop"
    cite = "Bellec et al. 2020 Nature Communications; Murray 2019 eLife"
    needs = "one cell of rate, LIF or ALIF units with a linear read-out"

    def __init__(self, *, feedback: str = "symmetric", decay: float = 1e-2, seed: int = 0) -> None:
        self.feedback, self.decay, self.seed = named_feedback(feedback), decay, seed
        if decay < 0:
            raise BadInput("decay", got=repr(decay), expected="a number >= 0")

    def check(self, model: nn.Module) -> None:
        """Refuse all but single cells of known units, and for adaptive feedback networks without feedback weights."""
        network = self._network(model)
        if self.feedback == "adaptive":
            own_feedback(network)

    def _network(self, model: nn.Module) -> RecurrentNetwork:
        if isinstance(model, SpikingNetwork):
            return spiking_network(model, self.name, one_cell=True)
        return rate_network(model, self.name, one_cell=True)

    def fill(
        self, model: nn.Module, trials: Trials, goal: Goal, *, seeds: Seeds, costs: tuple[ActivityCost, ...] = ()
    ) -> Filled:
        """Fill the products of signals and traces; the read-out gets its exact gradient, which is local."""
        self.check(model)
        network = self._network(model)
        noises = draw_noise(network, trials, seeds)
        with torch.no_grad():
            outputs, rates, _ = run_stretch(network, trials.inputs, None, noises)
        signals = error_signals(outputs, rates, trials, goal, costs)
        if not signals.finite:
            model.zero_grad(set_to_none=True)
            return Filled(signals.loss, outputs)
        weights = EffectiveWeights(network)
        to_drive = errors_of_drive(network, rates, signals.to_outputs)
        told = self._told(network, to_drive, signals.to_rates) if self.feedback != "exact" else None
        cell = cells_of(weights.bare)[0]
        if isinstance(cell, LIF):
            assert isinstance(weights.bare, SpikingNetwork)
            if told is None:
                told = exact_spike_signals(weights.bare, trials, goal, noises[0], costs)
            else:
                told = self._heard(weights.bare, trials.inputs, noises[0], rates, told)
            found = trace_gradient(cell, "cells.0", trials.inputs, noises[0], rates, told)
            if not any(bool(gradient.any()) for gradient in found.values()):
                refuse_silence(self.name, {"cells.0": rates})
        else:
            assert isinstance(cell, RateCell)
            if told is None:
                told = exact_signals(weights.bare, trials, goal, noises[0], costs)
            else:
                told = self._heard(weights.bare, trials.inputs, noises[0], rates, told)
                told = torch.cat([torch.zeros_like(told[:1]), told])  # nothing is read out before the first step
            found = eligibility_gradient(cell, "cells.0", trials.inputs, noises[0], told)
        found |= spread_readout(to_drive, rates)
        if self.feedback == "adaptive":
            values = weights.values
            found["feedback"] = found["readout.weight"] + self.decay * own_feedback(network)
            if "readout.weight" in values:
                found["readout.weight"] = found["readout.weight"] + self.decay * values["readout.weight"]
        weights.write({name: gradient for name, gradient in found.items() if name in weights.values})
        return Filled(signals.loss, outputs)

    def _told(self, network: RecurrentNetwork, to_drive: torch.Tensor, to_rates: torch.Tensor | None) -> torch.Tensor:
        """Return the learning signals of the units, (time, trial, unit)."""
        back = {
            "symmetric": lambda: network.readout.weight.detach(),
            "random": lambda: random_feedback(network, self.seed),
            "adaptive": lambda: own_feedback(network),
        }[self.feedback]()
        to_units = to_drive @ back
        # a cost on its own rate is something that a unit knows
        return to_units if to_rates is None else to_units + to_rates

    def _heard(
        self,
        bare: RecurrentNetwork,
        xs: torch.Tensor,
        noise: torch.Tensor | None,
        rates: torch.Tensor,
        told: torch.Tensor,
    ) -> torch.Tensor:
        """Return what units hear, (time, trial, unit), of top-down signals of that shape: here nothing else."""
        return told


def eligibility_gradient(
    cell: RateCell, prefix: str, xs: torch.Tensor, noise: torch.Tensor | None, to_units: torch.Tensor
) -> Values:
    """Return the sum over time of learning signals times eligibility traces, by name of the parameter.

    Traces of one synapse, with a = dt / tau and p the presynaptic rate one step before: in the membrane form
    ``t' = (1 - a) t + a p`` and the eligibility is ``f'(h_j) t``; in the rate form ``t' = (1 - a) t + a f'(u_j) p`` is
    itself the eligibility (Murray 2019). They are carried forwards in time and nothing else is kept.

    Parameters
    ----------
    cell : RateCell
        Without constraints.
    prefix : str
        Its name in the network.
    xs : torch.Tensor, shape (time, trial, input)
    noise : torch.Tensor or None, shape (time, trial, unit)
    to_units : torch.Tensor, shape (time + 1, trial, unit)
        Learning signals, the first for the rates before the first step.
    """
    with torch.no_grad():
        alpha, membrane = cell.leak(), cell.form == "membrane"
        # with one time constant and the slope outside, all units share the trace of a presynaptic one
        shared = membrane and alpha.ndim == 0
        rows = 1 if shared else cell.n_units
        width = cell.n_units + cell.n_inputs + 1
        trace, leak = xs.new_zeros(xs.shape[1], rows, width), (1 - alpha).reshape(-1, 1)
        of_initial, of_alpha = xs.new_ones(xs.shape[1], cell.n_units), xs.new_zeros(xs.shape[1], cell.n_units)
        incoming = xs.new_zeros(cell.n_units, width)
        begin = cell.init(xs.shape[1])
        slope = cell.nonlinearity.slope(cell.activity(begin)) if membrane else torch.ones_like(begin)
        to_initial, to_alpha = (to_units[0] * slope).sum(0), xs.new_zeros(cell.n_units)
        for now, x, signal in zip(moments(cell, xs, noise), xs, to_units[1:], strict=True):
            arrived = presynaptic(now.sent, x)[:, None]
            trace = leak * trace + alpha.reshape(-1, 1) * (arrived if membrane else now.slope[..., None] * arrived)
            of_initial = (1 - alpha) * of_initial
            of_alpha = (1 - alpha) * of_alpha + (now.pulled - now.before)
            signal = signal * now.slope if membrane else signal
            incoming += signal.T @ trace[:, 0] if shared else torch.einsum("bj,bjp->jp", signal, trace)
            to_initial += (signal * of_initial).sum(0)
            to_alpha += (signal * of_alpha).sum(0)
    found = spread(cell, prefix, incoming)
    if cell.initial is not None:
        found[f"{prefix}.initial"] = to_initial
    if "log_tau" in dict(cell.named_parameters()):
        (to_tau,) = torch.autograd.grad(cell.leak().expand(cell.n_units), cell.log_tau, to_alpha)
        found[f"{prefix}.log_tau"] = to_tau
    return found


def exact_signals(
    network: RecurrentNetwork,
    trials: Trials,
    goal: Goal,
    noise: torch.Tensor | None,
    costs: tuple[ActivityCost, ...] = (),
) -> torch.Tensor:
    """Return dE/dz, shape (time + 1, trial, unit): by the rate that a unit sends, all later effects included."""
    cell = cells_of(network)[0]
    assert isinstance(cell, RateCell)
    with torch.enable_grad():
        run: list[Moment] = list(moments(cell, trials.inputs, noise))
        # what a unit sends after step t arrives in step t + 1; before the first step nothing is read out
        sent = [*(moment.sent for moment in run), run[-1].rates.clone()]
        rates = torch.stack(sent[1:])
        _, total = total_loss(squashed(network, network.readout(rates)), rates, trials, goal, costs)
        if sent[0].requires_grad:
            return torch.stack(torch.autograd.grad(total, sent))
        after = torch.stack(torch.autograd.grad(total, sent[1:]))
        return torch.cat([torch.zeros_like(after[:1]), after])  # where all begin is fixed, and nobody asks
