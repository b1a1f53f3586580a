"""Convolutional spiking units: the contract, the same as dense units with the weights laid out, refusals."""

import numpy as np
import pytest
import torch

from tertium.errors import BadInput
from tertium.learning import Trials
from tertium.learning.goals import mean_squared_error
from tertium.learning.rules import named_rule
from tertium.models.spiking import LIF, ConvLIF, SpikingNetwork
from tertium.record import record
from tertium.rng import Seeds
from tertium.tasks import given_trials
from tertium.testing.cell_conformance import check_cell


@pytest.mark.parametrize(
    "options", [{}, {"reset": "zero", "gain": "leak", "learn_tau": True, "bias": True}, {"synapse": "alpha"}]
)
def test_it_conforms(options: dict) -> None:
    check_cell(ConvLIF((2, 6, 6), 3, **options), make=lambda: ConvLIF((2, 6, 6), 3, **options))


def laid_out(cell: ConvLIF) -> torch.Tensor:
    """Return the weights (unit, input) of dense units that do the same."""
    with torch.no_grad():
        return cell.drive(torch.eye(cell.n_inputs, dtype=cell.input_weight.dtype)).T.clone()


@pytest.mark.parametrize("reset", ["subtract", "zero_late"])
def test_it_is_a_dense_layer_whose_weights_are_shared(reset: str) -> None:
    options = {"reset": reset, "tau": 0.005, "learn_tau": True}
    cell = ConvLIF((2, 7, 5), 3, kernel=3, stride=2, **options).double()
    dense = LIF(70, cell.n_units, **options).double()
    dense.input_weight.data.copy_(laid_out(cell))
    x = 2 * torch.randn(20, 4, 70, generator=Seeds(0).torch("x"), dtype=torch.float64)
    spikes, states = cell(x)
    wanted, theirs = dense(x)
    assert cell.out_shape == (3, 4, 3)
    assert 0.02 < float(spikes.detach().mean()) < 0.5
    assert torch.equal(spikes, wanted)
    torch.testing.assert_close(states, theirs)
    weights = torch.randn(spikes.shape, generator=Seeds(1).torch("w"), dtype=torch.float64)
    ours = torch.autograd.grad((spikes * weights).sum(), [cell.log_tau, cell.input_weight])
    to_tau, to_weight = torch.autograd.grad((wanted * weights).sum(), [dense.log_tau, dense.input_weight])
    torch.testing.assert_close(ours[0], to_tau)
    # the derivative by a shared weight is the sum over the places where it stands
    everywhere = cell.drive(torch.eye(70, dtype=torch.float64)).T
    torch.testing.assert_close(ours[1], torch.autograd.grad(everywhere, cell.input_weight, to_weight)[0])


def test_units_are_recorded_with_their_places() -> None:
    network = SpikingNetwork([ConvLIF((1, 6, 6), 2), ConvLIF((2, 3, 3), 4, seeds=1)], 5)
    responses = record(network, torch.rand(3, 2, 36), sites=["cells.0", "cells.1", "cells.0.voltage"], progress=False)
    assert responses.sizes["unit"] == 2 * 9 + 4 * 4 + 2 * 9
    assert responses["feature_map"].values[:18].tolist() == [0] * 9 + [1] * 9
    assert responses["map_row"].values[:4].tolist() == [0, 0, 0, 1]


def test_rules_take_shared_weights_or_refuse() -> None:
    made = np.random.default_rng(0)
    trials = Trials.of(given_trials(made.random((10, 3, 36)), np.zeros((10, 3, 2)), dt=0.001))
    network = SpikingNetwork(ConvLIF((1, 6, 6), 2, bias=True, input_gain=4.0), 2).double()
    trials = Trials(*(array.double() for array in (trials.inputs, trials.targets, trials.mask)), trials.batch)
    found = []
    for rule in ("bptt", "e_prop"):
        # without connections e-prop is back-propagation
        named_rule(rule).fill(network, trials, mean_squared_error, seeds=Seeds(0))
        found.append(network.cell.input_weight.grad.clone())
    assert found[0].any()
    torch.testing.assert_close(found[1], found[0])
    with pytest.raises(BadInput, match="share no weights"):
        named_rule("stdp").fill(network, trials, mean_squared_error, seeds=Seeds(0))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kernel": 4}, "kernel and stride"),
        ({"stride": 0}, "kernel and stride"),
        ({"recurrent": True}, "not connected"),
    ],
)
def test_bad_parameters_are_refused(options: dict, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        ConvLIF((1, 6, 6), 2, **options)
