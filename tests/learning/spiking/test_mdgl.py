"""MDGL: exact where no path has two synapses, equal to its sum over neighbours, no help with random weights."""

import numpy as np
import pytest
import torch

from tertium.errors import BadInput, UnknownName
from tertium.learning.goals import mean_squared_error
from tertium.learning.rules import angle_to_bptt, named_rule
from tertium.learning.rules.effective_weights import without_constraints
from tertium.learning.rules.signals import error_signals
from tertium.learning.rules.spiking.eligibility import carried_gradient, eligibility_traces, responsiveness
from tertium.learning.rules.spiking.open_loop import arriving, open_loop
from tertium.learning.rules.stepped import errors_of_drive
from tertium.models import RateRNN
from tertium.models.spiking import ALIF, LIF, LSNN, SpikingNetwork
from tertium.models.wiring import Dale, NoAutapses, SparseMask, constrain
from tertium.rng import Seeds
from tertium.testing.rule_conformance import short_trials

DT, TYPES = 0.05, [0, 0, 0, 0, 1, 1, 1, 1]


def gradients(rule, model, trials):
    rule.fill(model, trials, mean_squared_error, seeds=Seeds(3))
    return {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


def two_stages(model):
    """Units 0 to 3 are driven and send to 4 to 7, which alone are read out: no path has two synapses in it."""
    cell = model.cells[0]
    with torch.no_grad():
        cell.recurrent_weight[:4] = 0
        cell.recurrent_weight[:, 4:] = 0
        cell.input_weight[4:] = 0
        model.readout.weight[:, :4] = 0
    return model


def forgetful_spikes(**given):
    cell = LIF(7, 8, dt=DT, tau=DT * (1 + 1e-9), decay="euler", input_gain=4.0, recurrent=True, **given)
    return two_stages(SpikingNetwork(cell, 3, tau_readout=0.1).double())


# a unit that remembers nothing acts one step after it was told, and that is all that the rule counts
FORGETFUL = {
    "membrane": two_stages(RateRNN(7, 8, 3, dt=DT, tau=DT, nonlinearity="tanh").double()),
    "rate": two_stages(RateRNN(7, 8, 3, dt=DT, tau=DT, nonlinearity="tanh", form="rate").double()),
    "spikes": forgetful_spikes(),
    "delayed spikes": forgetful_spikes(delay=3 * DT, noise=0.2),
}


@pytest.mark.parametrize("kind", FORGETFUL)
def test_without_longer_paths_and_memory_it_is_bptt(kind):
    model, trials = FORGETFUL[kind], short_trials(n=3, dtype=torch.float64)
    exact = gradients(named_rule("bptt"), model, trials)
    found = gradients(named_rule("mdgl", secretion="synapses"), model, trials)
    blind = gradients(named_rule("e_prop"), model, trials)
    driven = exact["cells.0.input_weight"][:4]
    assert driven.abs().max() > 1e-6
    assert blind["cells.0.input_weight"][:4].abs().max() == 0  # these units have no effect on outputs of their own
    for name, gradient in exact.items():
        torch.testing.assert_close(found[name], gradient, rtol=1e-6, atol=1e-10)


def sparse_network(kind=ALIF, **given):
    options = {"dt": DT, "tau": 0.2, "input_gain": 4.0, "recurrent": True, "noise": 0.2, **given}
    options |= {"strength": 0.3, "tau_adaptation": 1.0} if kind is ALIF else {}
    cell = kind(7, 8, **options)
    constrain(cell, NoAutapses(), SparseMask(density=0.6, seed=2), Dale(0.5, seed=1))
    return SpikingNetwork(cell, 3, tau_readout=0.1).double()


def summed_over_neighbours(model, trials, reach):
    """The equation as it stands in the paper, synapse by synapse."""
    model = without_constraints(model)
    cell = model.cells[0]
    noise = cell.noise(len(trials.inputs), trials.inputs.shape[1], Seeds(3).torch("noise", "cpu"))
    spikes, _ = cell.run(trials.inputs, cell.init(trials.inputs.shape[1]), noise)
    outputs = model(trials.inputs, generator=Seeds(3).torch("noise", "cpu"))[0]
    told = error_signals(outputs, spikes, trials, mean_squared_error, ())
    told = (errors_of_drive(model, spikes, told.to_outputs) @ model.readout.weight).detach()
    weight, kinds = cell.recurrent_weight.detach(), cell.unit_labels()["cell_type"]
    opened = open_loop(model.cells[0])
    arrived = arriving(cell, trials.inputs, spikes.detach())
    states = opened.run(arrived, opened.init(arrived.shape[1]), noise)[1]
    excess = states[:, :, 0] - cell.threshold - cell.strength * cell.variable(states, "adaptation")
    slope = cell.surrogate.slope(excess / cell.threshold) / cell.threshold
    heard = told.clone()
    for p in range(8):
        for alpha in "EI":
            of_pair = [
                float(weight[j, i]) for j in range(8) for i in range(8) if (kinds[j], kinds[i]) == (alpha, kinds[p])
            ]
            mean = np.sum(of_pair) / np.count_nonzero(of_pair)
            for j in range(8):
                if kinds[j] == alpha and (reach == "all" or weight[j, p] != 0):
                    heard[:-1, :, p] += mean * (told * slope)[1:, :, j]
    return opened, arrived, noise, heard


@pytest.mark.parametrize("reach", ["connected", "all"])
def test_it_is_the_sum_over_types_and_neighbours(reach):
    model, trials = sparse_network(), short_trials(n=3, dtype=torch.float64)
    opened, arrived, noise, heard = summed_over_neighbours(model, trials, reach)
    expected = carried_gradient(opened, arrived, noise, heard)
    found = gradients(named_rule("mdgl", reach=reach), model, trials)
    torch.testing.assert_close(found["cells.0.input_weight"], expected[:, :7], rtol=1e-6, atol=1e-12)


def test_traces_answer_as_the_rule_says():
    model, trials = sparse_network(LIF), short_trials(n=2, dtype=torch.float64)
    opened = open_loop(without_constraints(model).cells[0])
    arrived = torch.cat([trials.inputs, torch.ones(*trials.inputs.shape[:2], 8, dtype=torch.float64)], -1)
    first = next(iter(eligibility_traces(opened, arrived[:1])))
    answers = responsiveness(opened, arrived[:1])[0]
    torch.testing.assert_close(first.traces, answers[..., None] * arrived[0][:, None])


def test_where_types_share_their_weights_the_mean_is_the_synapse():
    model, trials = (
        LSNN(7, 8, 3, dt=DT, tau=0.2, input_gain=4.0, autapses=True).double(),
        short_trials(n=3, dtype=torch.float64),
    )
    blocks = torch.tensor([[0.2, -0.4], [0.3, -0.1]], dtype=torch.float64)
    model.cells[0].recurrent_weight.data.copy_(blocks[TYPES][:, TYPES])
    by_type = gradients(named_rule("mdgl", types=TYPES), model, trials)
    by_synapse = gradients(named_rule("mdgl", secretion="synapses"), model, trials)
    blind = gradients(named_rule("e_prop"), model, trials)
    key = "cells.0.recurrent_weight"
    torch.testing.assert_close(by_type[key], by_synapse[key])
    assert not torch.allclose(by_type[key], blind[key], rtol=1e-2)


def test_it_points_closer_to_the_gradient_than_e_prop_and_random_types_do_not():
    trials, closer, random = short_trials(n=20), [], []
    for seed in range(6):
        model = RateRNN(7, 40, 3, dt=DT, dale=0.8, seed=seed)
        angle = {
            name: angle_to_bptt(named_rule(rule, **options), model, trials).together
            for name, rule, options in (
                ("e_prop", "e_prop", {}),
                ("mdgl", "mdgl", {}),
                ("random", "mdgl", {"secretion": "random", "seed": seed}),
            )
        }
        closer.append(angle["e_prop"] - angle["mdgl"])
        random.append(angle["e_prop"] - angle["random"])
    assert np.mean(closer) > 2
    assert min(closer) > 0
    assert np.mean(random) < 0.5 * np.mean(closer)


def test_the_labels_of_the_units_are_their_types():
    model, trials = sparse_network(), short_trials(n=2, dtype=torch.float64)
    one = gradients(named_rule("mdgl"), model, trials)
    other = gradients(named_rule("mdgl", types=[str(t) for t in TYPES]), model, trials)
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_a_cell_without_recurrent_weights_hears_the_outputs_only():
    model = SpikingNetwork(LIF(7, 8, dt=DT, tau=0.2, input_gain=4.0), 3)
    one, other = (
        gradients(r, model, short_trials(n=2)) for r in (named_rule("mdgl", types=TYPES), named_rule("e_prop"))
    )
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_low_rank_weights_carry_modulators_too():
    model, trials = RateRNN(7, 20, 3, dt=DT, rank=2, seed=1), short_trials(n=8)
    angles = [
        angle_to_bptt(r, model, trials).together
        for r in (named_rule("mdgl", secretion="synapses"), named_rule("e_prop"))
    ]
    assert angles[0] < angles[1]


@pytest.mark.parametrize(
    ("model", "options", "says"),
    [
        (RateRNN(7, 8, 3), {}, "dale=0.8"),
        (RateRNN(7, 8, 3), {"types": [0, 1]}, "one for each unit"),
    ],
)
def test_units_without_types_are_refused(model, options, says):
    with pytest.raises(BadInput, match=says):
        named_rule("mdgl", **options).check(model)
    named_rule("mdgl", secretion="synapses").check(model)


@pytest.mark.parametrize("options", [{"feedback": "exact"}, {"secretion": "type"}, {"reach": "none"}])
def test_unknown_words_are_refused(options):
    with pytest.raises(UnknownName):
        named_rule("mdgl", **options)
