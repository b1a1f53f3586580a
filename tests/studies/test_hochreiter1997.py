"""FND19: the instruments say what is planted."""

import numpy as np
import pytest
import torch

from tertium.learning.goals import weighted_squared_error
from tertium.learning.rule import Trials
from tertium.models import LSTM, VanillaRNN
from tertium.studies.hochreiter1997 import BASELINE, MARKER, NETWORKS, Hochreiter1997, new_network
from tertium.studies.lab import MemoryLab
from tertium.studies.methods.hochreiter import answer_error, gradients_back
from tertium.studies.methods.wrong_targets import targets_of_another_trial
from tertium.tasks import make


def constant(value, length=20):
    """Return a network that always answers a number."""
    network = VanillaRNN(2, 3, 1, dt=make("adding", length=length).dt)
    with torch.no_grad():
        network.readout.weight.zero_()
        network.readout.bias.fill_(value)
    return network


def adder():
    """Return a linear network that adds up ``number + 10 marker``, and reads out the sum less 20 and the rest."""
    network = VanillaRNN(2, 1, 1, dt=0.01, nonlinearity="identity")
    cell = network.cell
    with torch.no_grad():
        for parameter, values in ((cell.recurrent_weight, [[1.0]]), (cell.input_weight, [[0.0, 1.0]])):
            parameter.copy_(torch.tensor(values))
        cell.bias.zero_()
        network.readout.weight.fill_(0.5)
        network.readout.bias.zero_()
    return network


def test_answering_the_mean_has_the_error_of_the_closed_form():
    batch = make("adding", length=20).batch(40_000, 0)
    # variance of the sum of two uniform numbers; standard error about 0.001
    assert answer_error(constant(1.0), batch) == pytest.approx(BASELINE, abs=0.004)
    assert answer_error(constant(0.0), batch) == pytest.approx(BASELINE + 1, abs=0.02)


def test_a_hidden_marker_is_not_seen():
    batch = make("adding", length=20).batch(1000, 0)
    network = adder()  # counts markers: answers 1 where two are shown, and 0 where none is
    assert answer_error(network, batch) == pytest.approx(answer_error(constant(1.0), batch), rel=1e-5)
    assert answer_error(network, batch, hidden=MARKER) == pytest.approx(answer_error(constant(0.0), batch), rel=1e-5)
    assert float(batch.inputs[..., MARKER].sum()) == 2000  # the trials themselves are left alone


def test_the_gradient_of_a_leaky_unit_falls_as_its_weight():
    network = VanillaRNN(2, 1, 1, dt=0.01, nonlinearity="identity")
    with torch.no_grad():
        network.cell.recurrent_weight.fill_(0.8)
    found = gradients_back(network, make("adding", length=20).batch(8, 0))
    np.testing.assert_allclose(found, 0.8 ** np.arange(20), rtol=1e-4)
    assert all(parameter.grad is None or not parameter.grad.any() for parameter in network.parameters())


def test_the_gradient_is_that_of_a_push_to_the_state():
    """Finite differences of the loss, when the whole state of an LSTM is pushed five steps before the end."""
    network = LSTM(2, 4, 1, dt=0.01, seed=3).double()
    batch = make("adding", length=12).batch(1, 0)
    trials = Trials.of(batch, dtype=torch.float64)

    def loss(lag, push):
        state = network.cell.init(1)
        with torch.no_grad():
            for t, x in enumerate(trials.inputs):
                state, active = network.cell.step(state, x)
                if t == len(trials.inputs) - 1 - lag:
                    state = state + push
                    active = network.cell.activity(state)
            return float((network.readout(active) - trials.targets[-1]).square())

    def size(lag):
        pushes = 1e-5 * torch.eye(8, dtype=torch.float64)
        return np.linalg.norm([(loss(lag, p) - loss(lag, -p)) / 2e-5 for p in pushes])

    found = gradients_back(network.float(), batch)
    network.double()
    assert found[5] == pytest.approx(size(5) / size(0), rel=1e-3)


def test_targets_of_another_trial_are_the_next_one_s():
    batch = make("adding", length=6).batch(5, 0)
    trials = Trials.of(batch)
    answers = trials.targets.roll(1, dims=1)
    assert float(targets_of_another_trial(answers, trials)) == 0
    assert float(weighted_squared_error(answers, trials)) > 0.02


def test_all_networks_start_with_the_spread_they_are_said_to():
    config = Hochreiter1997().configure()
    for name in NETWORKS:
        cell = new_network(name, config, seed=0).cell
        for weights in cell.recurrent_weights:
            # a rotation has the same root-mean-square entry
            rms = float(getattr(cell, weights).detach().square().mean().sqrt()) * config.units**0.5
            assert rms == pytest.approx(1.0, abs=0.06), name


def test_gates_of_the_lstm_start_open_to_its_past_and_nearly_closed_to_its_input():
    config = Hochreiter1997().configure()
    cell = new_network("LSTM", config, seed=0).cell
    write, forget, candidate, read = cell.bias.detach().chunk(4)
    assert (write == -config.gate_bias).all()
    assert (forget == config.gate_bias).all()
    assert not candidate.any()
    assert not read.any()


def test_networks_are_tested_on_the_same_sequences_and_curves_are_as_long():
    study = Hochreiter1997()
    results = study.run(study.configure(size="smoke"), MemoryLab(0))
    assert list(results.error) == list(results.curves) == list(NETWORKS)
    assert {len(curve) for curve in results.curves.values()} == {len(results.steps)}
    assert all(g[0] == 1 and len(g) == 12 for g in results.gradients.values())
    # twenty steps teach nobody to add: none of these claims may hold by itself
    assert all(claim.value > 0.02 for claim in study.claims(results))
