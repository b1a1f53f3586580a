"""Every catalogued rule passes the conformance suite, and the suite catches rules that break the contract."""

import copy

import numpy as np
import pytest
import torch

from tertium.learning.rule import Filled, Rule, Trials
from tertium.learning.rules import RULES, add_feedback, add_feedback_weights, add_inverses, named_rule
from tertium.models import CNN, MLP, DendriticNetwork, EquilibriumNetwork, RateCell, RateRNN, RecurrentNetwork
from tertium.models.feedforward.dendritic.gains import Gains
from tertium.models.spiking import LIF, SpikingNetwork
from tertium.tasks import labelled, make
from tertium.testing.model_conformance import NonConforming
from tertium.testing.rule_conformance import check_rule, short_trials

FOREIGN = torch.nn.Linear(2, 2)

TWO_CELLS = RecurrentNetwork([RateCell(7, 4), RateCell(4, 4)], 3)
LEARNS_TAU = RateRNN(7, 4, 3, learn_tau=True)


FLAT = {"refuses": [FOREIGN, TWO_CELLS, MLP(7, (), 3)], "model": MLP(7, 20, 3), "trials": short_trials(n=6)}
SHORTEST = short_trials(n=4)
DIGITS = labelled(np.eye(7).repeat(4, axis=0), np.repeat(np.arange(7) % 3, 4), held_out=0)
SEPARABLE = {"model": MLP(7, (), 3), "trials": Trials.of(DIGITS.everything()), "takes_costs": False}
WITH_FEEDBACK = {**FLAT, "model": add_feedback_weights(MLP(7, 20, 3))}


def noisy_spikes(noise=0.3):
    cell = LIF(7, 12, recurrent=True, dt=0.05, tau=0.1, noise=noise, input_gain=4.0)
    return SpikingNetwork(cell, 3, tau_readout=0.1)


def spike_rate(model, trials):
    return float(model.rates(model(trials.inputs)[1]).mean()) / model.dt


def inverse_rate(model, trials):
    return 1 / spike_rate(model, trials)


def rate_error(model, trials):
    return abs(spike_rate(model, trials) - 1.0)


SPIKING = {
    "model": noisy_spikes(noise=0.0),
    "trials": short_trials(n=24),
    "leaves_alone": ["readout.weight", "readout.bias"],
    "takes_costs": False,
    "refuses": [FOREIGN, TWO_CELLS],
}


#: Reward says something only where trials differ by what the units did.
ALIKE = make("context_decision", dt=0.05, delay=0.1).batch(
    60, seed=0, context=0, motion=0.15, colour=0.15, fixation=0.1, stimulus=0.3
)
ALL_ALIKE = {"trials": Trials.of(ALIKE), "steps": 60, "learning_rate": 0.02, "falls_to": 0.9}


#: What rules without a teacher are good for: variance of the outputs, reconstruction, weights of length 1, silence.
def inverse_variance(model, trials):
    return float(1 / model(trials.inputs)[0].var())


def left_over(model, trials):
    weight, x = model.layers[0].weight, trials.inputs
    return float((x - x @ weight.T @ weight).square().mean() / x.square().mean())


def off_length(model, trials):
    return float((model.layers[0].weight.norm(dim=1) - 1).abs().mean())


def mean_answer(model, trials):
    return float(model(trials.inputs)[0].mean())


UNTAUGHT = {
    "model": MLP(7, 5, 3, output="relu"),
    "leaves_alone": ["layers.0.bias", "layers.1.bias"],
    "takes_costs": False,
    "refuses": [FOREIGN, CNN(64, (3,), 2, size=(8, 8))],
}
POSITIVE = MLP(7, (), 3, dt=0.05)
POSITIVE.layers[0].weight.data.abs_().mul_(0.2)


def quiet_plateaus(model, trials):
    return float(1 / model(trials.inputs)[0].detach()[trials.targets > 0.5].mean())


ONE_LAYER = {"model": MLP(7, (), 3, bias=False), "leaves_alone": []}


def tanh_network():
    return RateRNN(7, 10, 3, dt=0.05, nonlinearity="tanh")


#: The gains of the paper's network are for hundreds of units.
DENDRITES = {
    "model": DendriticNetwork(7, 20, 3, interneurons=5, gains=[Gains(1.0, 0.3, 1.0, 0.5, 0.5)] * 2),
    "trials": short_trials(n=6),
    "takes_costs": False,
    "refuses": [FOREIGN, TWO_CELLS, MLP(7, 20, 3)],
}

#: Rule, its options, and what the suite is told about it.
GIVEN = [
    ("bcm", {"target": 0.1}, {**UNTAUGHT, "measure": mean_answer}),
    ("bptt", {}, {}),
    ("btsp", {}, {**UNTAUGHT, "model": POSITIVE, "leaves_alone": ["layers.0.bias"], "measure": quiet_plateaus}),
    ("dendritic_targets", {}, DENDRITES),
    ("dendritic_targets", {"compare": "time"}, DENDRITES),
    ("dendritic_targets", {"update": "btsp", "w_max": 1.0}, DENDRITES),
    (
        "difference_target_propagation",
        {},
        {**FLAT, "model": add_inverses(MLP(7, 20, 3, nonlinearity="tanh")), "takes_costs": False},
    ),
    ("direct_feedback_alignment", {}, {**FLAT, "takes_costs": False}),
    ("e_prop", {}, {"refuses": [FOREIGN, TWO_CELLS]}),
    # random feedback makes things worse before the read-out has come to agree with it; saturation helps
    ("e_prop", {"feedback": "random"}, {"refuses": [FOREIGN], "model": tanh_network(), "steps": 40}),
    ("e_prop", {"feedback": "adaptive"}, {"refuses": [tanh_network()], "model": add_feedback(tanh_network())}),
    (
        "equilibrium_propagation",
        {"steps": 20},
        {
            "model": EquilibriumNetwork(7, 12, 3, steps=20),
            "trials": short_trials(n=6),
            "refuses": [FOREIGN, TWO_CELLS, MLP(7, 20, 3)],
            "takes_costs": False,
        },
    ),
    ("feedback_alignment", {}, FLAT),
    ("feedback_alignment", {"redraw": True}, {**FLAT, "falls_to": 0.95}),
    ("hebb", {}, {**UNTAUGHT, "measure": inverse_variance}),
    ("hebb", {"covariance": True}, {**UNTAUGHT, "measure": inverse_variance}),
    ("homeostatic_scaling", {"rate": 1.0}, {**SPIKING, "measure": rate_error}),
    ("inhibitory_stdp", {"rate": 1.0, "eta": 0.1}, {**SPIKING, "measure": rate_error}),
    ("kolen_pollack", {}, WITH_FEEDBACK),
    ("layer_perturbation", {"draws": 4}, {"refuses": [FOREIGN, TWO_CELLS], "model": MLP(7, 8, 3), "trials": SHORTEST}),
    ("mdgl", {}, {"refuses": [FOREIGN, TWO_CELLS, tanh_network()], "model": RateRNN(7, 10, 3, dt=0.05, dale=0.8)}),
    ("node_perturbation", {"draws": 4}, {"refuses": [FOREIGN, LEARNS_TAU], "trials": short_trials(n=4)}),
    ("oja", {}, {**UNTAUGHT, **ONE_LAYER, "measure": off_length}),
    ("perceptron", {}, {"refuses": [FOREIGN, TWO_CELLS, MLP(7, 4, 3)], **SEPARABLE}),
    ("predictive_coding", {}, {**FLAT, "takes_costs": False}),
    (
        "reward_hebbian",
        {"push": 1.0, "rate": 2.0},
        {
            **ALL_ALIKE,
            "model": tanh_network(),
            "leaves_alone": ["cells.0.input_weight", "cells.0.bias", "readout.weight", "readout.bias"],
            "takes_costs": False,
            "refuses": [FOREIGN, TWO_CELLS, RateRNN(7, 5, 3, rank=2), RateRNN(7, 5, 3, form="rate")],
        },
    ),
    ("reward_stdp", {"depression": 0.0}, {**SPIKING, "model": noisy_spikes(), **ALL_ALIKE}),
    ("rtrl", {}, {"refuses": [FOREIGN], "trials": short_trials(n=3), "steps": 6, "learning_rate": 0.05}),
    ("sanger", {}, {**UNTAUGHT, **ONE_LAYER, "measure": left_over}),
    ("sign_symmetry", {}, FLAT),
    ("sign_symmetry", {"magnitude": "random"}, FLAT),
    ("stdp", {"depression": 0.0}, {**SPIKING, "measure": inverse_rate}),
    ("tbptt", {"window": 4}, {"refuses": [FOREIGN]}),
    ("triplet_stdp", {"pair_depression": 0.0}, {**SPIKING, "measure": inverse_rate}),
    ("voltage_stdp", {"depression": 1e-4}, {**SPIKING, "measure": inverse_rate}),
    ("weight_mirror", {"patterns": 8}, WITH_FEEDBACK),
    ("weight_perturbation", {"draws": 10}, {"trials": SHORTEST, "model": MLP(7, 4, 3), "steps": 40}),
]


#: Checked in tests/learning/spiking, on networks of their own.
IN_SPIKING = {"decolle", "event_prop", "fptt"}


def test_every_rule_is_checked():
    assert {name for name, _, _ in GIVEN} | IN_SPIKING == set(RULES)


@pytest.mark.parametrize(
    ("name", "options", "told"), GIVEN, ids=[f"{n} {' '.join(map(str, o.values()))}" for n, o, _ in GIVEN]
)
def test_a_rule_keeps_the_contract(name, options, told):
    rule = named_rule(name, **options)
    assert rule.name == name
    check_rule(rule, **told)


BPTT = RULES.load("bptt")


class Adds(BPTT):
    def fill(self, model, trials, goal, *, seeds, costs=()):
        held = {n: p.grad for n, p in model.named_parameters()}
        filled = super().fill(model, trials, goal, seeds=seeds, costs=costs)
        for name, p in model.named_parameters():
            p.grad = p.grad if held[name] is None else p.grad + held[name]
        return filled


class Misses(BPTT):
    def fill(self, model, trials, goal, *, seeds, costs=()):
        filled = super().fill(model, trials, goal, seeds=seeds, costs=costs)
        model.readout.bias.grad = None
        return filled


class GlobalNoise(BPTT):
    def fill(self, model, trials, goal, *, seeds, costs=()):
        filled = super().fill(model, trials, goal, seeds=seeds, costs=costs)
        torch.rand(1)
        return filled


class Unseeded(BPTT):
    calls = 0

    def fill(self, model, trials, goal, *, seeds, costs=()):
        filled = super().fill(model, trials, goal, seeds=seeds, costs=costs)
        Unseeded.calls += 1
        model.readout.bias.grad += Unseeded.calls
        return filled


class MovesWeights(BPTT):
    def fill(self, model, trials, goal, *, seeds, costs=()):
        filled = super().fill(model, trials, goal, seeds=seeds, costs=costs)
        with torch.no_grad():
            model.readout.bias += 1
        return filled


class IgnoresCosts(BPTT):
    def fill(self, model, trials, goal, *, seeds, costs=()):
        return super().fill(model, trials, goal, seeds=seeds)


class Climbs(BPTT):
    def fill(self, model, trials, goal, *, seeds, costs=()):
        filled = super().fill(model, trials, goal, seeds=seeds, costs=costs)
        for p in model.parameters():
            p.grad = None if p.grad is None else -p.grad
        return filled


class Trains(BPTT):
    def fill(self, model, trials, goal, *, seeds, costs=()):
        model.train()
        return super().fill(model, trials, goal, seeds=seeds, costs=costs)


class WrongLoss(BPTT):
    def fill(self, model, trials, goal, *, seeds, costs=()):
        filled = super().fill(model, trials, goal, seeds=seeds, costs=costs)
        return Filled(filled.loss + 1, filled.outputs)


class SpreadsInfinity(Rule):
    name, cite = "spreads", "nobody"

    def fill(self, model, trials, goal, *, seeds, costs=()):
        model.zero_grad(set_to_none=True)
        outputs, _ = model(trials.inputs)
        loss = goal(outputs, trials)
        loss.backward()
        return Filled(float(loss.detach()), outputs.detach())


@pytest.mark.parametrize(
    ("rule", "clause"),
    [
        (Adds, "added to the one before"),
        (Misses, "gradient of readout.bias is missing"),
        (GlobalNoise, "global generator"),
        (Unseeded, "same seeds give another gradient"),
        (MovesWeights, "changes weights or buffers"),
        (IgnoresCosts, "costs on activity do not change"),
        (Climbs, "the loss goes from"),
        (Trains, "leaves the network in training mode"),
        (WrongLoss, "reports a loss"),
        (SpreadsInfinity, "leaves gradients"),
    ],
)
def test_a_broken_rule_is_caught(rule, clause):
    with pytest.raises(NonConforming, match=clause):
        check_rule(rule(), trials=short_trials(n=3))


def test_a_rule_that_refuses_nothing_is_caught():
    with pytest.raises(NonConforming, match="a Linear is not refused"):
        check_rule(named_rule("bptt"), refuses=[FOREIGN])


def test_the_suite_leaves_the_network_it_is_given():
    model = RateRNN(7, 6, 3, dt=0.05)
    before = copy.deepcopy(model.state_dict())
    check_rule(named_rule("bptt"), model=model, trials=short_trials(n=3))
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items())
    assert all(p.grad is None for p in model.parameters())
