"""FORCE: least squares in closed form, and chaotic networks that keep on when learning has stopped."""

import numpy as np
import pytest
import torch

from tertium.errors import BadInput, UnknownName
from tertium.learning.force_learning import RecursiveLeastSquares, force, full_force
from tertium.learning.force_learning.output_error import PlasticSynapses
from tertium.learning.force_learning.plant import Plant
from tertium.learning.force_learning.result import normalised_error
from tertium.models import RateCell, RateRNN, RecurrentNetwork
from tertium.models.recurrent.initial_weights import Gaussian
from tertium.models.wiring import NoAutapses, constrain
from tertium.rng import Seeds

DT, TAU = 0.001, 0.01


def chaotic(units=60, outputs=1, inputs=1, seed=0):
    scheme = Gaussian(1.5)
    return RateRNN(inputs, units, outputs, dt=DT, tau=TAU, nonlinearity="tanh", init=scheme, seed=seed)


def sine(steps, start=0, period=0.2):
    return np.sin(2 * np.pi * DT * (np.arange(steps) + start) / period)[:, None]


def harmonics(steps, start=0, period=0.6):
    """The sum of four sines that is the first example of Sussillo & Abbott (2009), scaled to about 1."""
    phase = 2 * np.pi * DT * (np.arange(steps) + start) / period
    return (sum(a * np.sin(k * phase) for k, a in enumerate((1, 1 / 2, 1 / 6, 1 / 3), start=1)) / 1.5)[:, None]


def free_run(network, state, steps):
    begin = torch.tensor(state, dtype=torch.float32)[None]
    with torch.no_grad():
        return network(torch.zeros(steps, 1, network.n_inputs), begin)[0][:, 0].numpy()


@pytest.mark.parametrize("regulariser", [0.1, 1.0, 30.0])
def test_each_step_is_the_ridge_solution_of_all_samples_so_far(regulariser):
    rng = np.random.default_rng(0)
    inputs, targets, start = rng.normal(size=(40, 6)), rng.normal(size=(40, 3)), rng.normal(size=(3, 6))
    rls, weights = RecursiveLeastSquares((6,), regulariser), start.copy()
    for t, (r, f) in enumerate(zip(inputs, targets, strict=True), start=1):
        weights += rls.step(r, weights @ r - f)
        gram = inputs[:t].T @ inputs[:t] + regulariser * np.eye(6)
        closed = start + np.linalg.solve(gram, inputs[:t].T @ (targets[:t] - inputs[:t] @ start.T)).T
        np.testing.assert_allclose(weights, closed, rtol=1e-8, atol=1e-10)
        np.testing.assert_allclose(rls.inverse, np.linalg.inv(gram), rtol=1e-7, atol=1e-12)


def test_read_outs_with_inputs_of_their_own_are_so_many_of_one():
    rng = np.random.default_rng(1)
    inputs, errors = rng.normal(size=(10, 4, 3)), rng.normal(size=(10, 4))
    together, apart = RecursiveLeastSquares((4, 3), 2.0), [RecursiveLeastSquares((3,), 2.0) for _ in range(4)]
    for r, e in zip(inputs, errors, strict=True):
        changes = together.step(r, e)
        for i, one in enumerate(apart):
            np.testing.assert_allclose(changes[i], one.step(r[i], e[i : i + 1])[0], rtol=1e-12)
            np.testing.assert_allclose(together.inverse[i], one.inverse, rtol=1e-12)


def test_the_inverse_stays_symmetric_to_the_bit_and_positive_definite():
    run = force(chaotic(), sine(3000))
    assert np.array_equal(run.inverse, run.inverse.T)
    assert np.linalg.eigvalsh(run.inverse).min() > 0
    assert np.linalg.eigvalsh(run.inverse).max() <= 1 / 1.0 + 1e-12  # it only shrinks from I / regulariser


def test_the_plant_is_the_network():
    network, rng = chaotic(inputs=2), np.random.default_rng(2)
    with torch.no_grad():
        network.cell.bias.normal_(generator=Seeds(0).torch("bias"))
    xs = rng.normal(size=(20, 2))
    plant = Plant.of(network, None, Seeds(0))
    begin, rates = torch.from_numpy(plant.state.copy())[None], plant.rates
    outputs = []
    for x in xs:
        rates = plant.step(rates, plant.inputs @ x + plant.bias)
        outputs.append(plant.readout @ rates + plant.offset)
    expected, _ = network.double()(torch.from_numpy(xs)[:, None], begin)
    np.testing.assert_allclose(outputs, expected[:, 0].detach().numpy(), rtol=1e-6, atol=1e-7)  # alpha is float32


@pytest.mark.parametrize("learner", [force, full_force])
def test_a_chaotic_network_keeps_to_a_sine_when_learning_has_stopped(learner):
    network = chaotic(units=100)
    run = learner(network, sine(4000))
    assert run.error(last=0.4) < 0.02
    assert normalised_error(free_run(network, run.state, 1000), sine(1000, 4000)) < 0.05
    untrained = chaotic(units=100)
    assert normalised_error(free_run(untrained, run.state, 1000), sine(1000, 4000)) > 0.5


def test_feedback_becomes_part_of_the_recurrent_weights():
    """What was learned is J + u w: of rank one beside the first weights, of the fed-back read-out."""
    network, first = chaotic(), chaotic().cell.recurrent_weight.detach().double().numpy()
    force(network, sine(500))
    added = network.cell.recurrent_weight.detach().double().numpy() - first
    singular = np.linalg.svd(added, compute_uv=False)
    assert singular[1] < 1e-5 * singular[0]
    readout = network.readout.weight.detach().double().numpy()[0]
    row = added[np.abs(added).sum(1).argmax()]
    assert abs(row @ readout) / np.linalg.norm(row) / np.linalg.norm(readout) == pytest.approx(1, abs=1e-6)


def test_only_plastic_synapses_change_when_recurrent_weights_learn():
    network, first = chaotic(outputs=2), chaotic(outputs=2).cell.recurrent_weight.detach().clone()
    targets = np.concatenate([sine(200), sine(200, 50)], axis=1)
    force(network, targets, learn="recurrent", plastic=0.1, seed=4)
    changed = (network.cell.recurrent_weight.detach() - first).abs() > 1e-7
    assert changed.sum(1).tolist() == [6] * 60
    synapses = PlasticSynapses(60, 0.1, 1.0, Seeds(4).child("force"))
    assert all(set(np.flatnonzero(changed[i].numpy())) == set(synapses.sources[i]) for i in range(60))


def test_same_seed_same_weights_and_the_global_generator_is_left_alone():
    before = torch.get_rng_state()
    one, two, other = chaotic(), chaotic(), chaotic()
    for network, seed in ((one, 1), (two, 1), (other, 2)):
        force(network, sine(100), seed=seed)
    assert torch.equal(one.readout.weight, two.readout.weight)
    assert not torch.equal(one.readout.weight, other.readout.weight)
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize(("learner", "given"), [(force, {"feedback": 0.0}), (full_force, {})])
def test_a_run_begins_where_it_is_told(learner, given):
    network, start = chaotic(), np.linspace(-1, 1, 60)
    weights = network.cell.recurrent_weight.detach().double().numpy().copy()
    readout = network.readout.weight.detach().double().numpy().copy()
    run = learner(network, np.zeros((1, 1)), state=start, **given)
    after = 0.9 * start + 0.1 * weights @ np.tanh(start)
    np.testing.assert_allclose(run.state, after, rtol=1e-5)
    np.testing.assert_allclose(run.outputs[0], readout @ np.tanh(after), rtol=1e-5)


def test_full_force_shows_every_unit_what_it_should_receive():
    """Hints change what the units do, not what the outputs are to be."""
    plain, told = chaotic(), chaotic()
    clock = np.linspace(0, 1, 800)[:, None]
    one, two = full_force(plain, sine(800)), full_force(told, sine(800), hints=clock)
    assert not torch.allclose(plain.cell.recurrent_weight, told.cell.recurrent_weight, atol=1e-3)
    assert one.error(last=0.2) < 0.1
    assert two.error(last=0.2) < 0.1


@pytest.mark.slow
@pytest.mark.parametrize("learner", [force, full_force])
@pytest.mark.parametrize("seed", [0, 1])
def test_300_units_learn_four_harmonics_and_keep_on(learner, seed):
    network = chaotic(300, seed=seed)
    run = learner(network, harmonics(12000), seed=seed)
    assert run.error(last=0.6) < 0.01
    assert run.changes[-600:].sum() < run.changes[:600].sum()
    assert normalised_error(free_run(network, run.state, 1200), harmonics(1200, 12000)) < 0.05  # two periods


@pytest.mark.slow
def test_300_units_learn_a_sine_by_their_recurrent_synapses():
    network = chaotic(300)
    run = force(network, sine(6000), learn="recurrent")
    assert run.error(last=0.2) < 0.01
    assert normalised_error(free_run(network, run.state, 1000), sine(1000, 6000)) < 0.05


@pytest.mark.parametrize(
    ("network", "got"),
    [
        (torch.nn.Linear(2, 2), "got a Linear"),
        (RateRNN(1, 5, 1, form="rate", noise=0.1), "got relu units, the rate form, noise of 0.1"),
        (RateRNN(1, 5, 1, nonlinearity="tanh", rank=2), "recurrent weights of rank 2"),
        (RecurrentNetwork([RateCell(1, 5), RateCell(5, 5)], 1), "got 2 cells"),
    ],
)
def test_networks_for_which_it_is_not_defined_are_refused(network, got):
    for learner in (force, full_force):
        with pytest.raises(BadInput, match=f"network for FORCE: .*{got.removeprefix('got ')}"):
            learner(network, sine(10))


def test_constrained_weights_are_refused():
    network = chaotic()
    constrain(network.cell, NoAutapses())
    with pytest.raises(BadInput, match="network for FORCE: got weights under constraints"):
        force(network, sine(10))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"targets": np.zeros(5)}, r"targets of FORCE: got shape \(5,\), expected \(time, 1\), one sequence"),
        ({"targets": np.full((5, 1), np.nan)}, "targets of FORCE: got numbers that are not finite"),
        ({"targets": sine(5), "inputs": np.zeros((4, 1))}, r"inputs of FORCE: got shape \(4, 1\).*\(5 steps\)"),
        ({"targets": sine(5), "state": [0.0]}, r"state: got shape \(1,\), expected \(60,\)"),
        ({"targets": sine(5), "every": 0}, "every"),
        ({"targets": sine(5), "regulariser": 0}, "regulariser: got 0, expected a number above 0"),
    ],
)
def test_odd_input_is_answered(given, message):
    for learner in (force, full_force):
        with pytest.raises(BadInput, match=message):
            learner(chaotic(), **given)


def test_odd_options_are_answered():
    with pytest.raises(UnknownName, match=r"what FORCE learns: got 'readuot'.*Did you mean 'readout'"):
        force(chaotic(), sine(5), learn="readuot")
    with pytest.raises(BadInput, match=r"hints: got shape \(3, 1\), expected \(5, hint\)"):
        full_force(chaotic(), sine(5), hints=np.zeros((3, 1)))
