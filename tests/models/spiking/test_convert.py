"""Networks of rectified units as spiking ones: rates are activity, outputs approach as 1 / steps, refusals."""

import pytest
import torch

from tertium.errors import BadInput
from tertium.models import CNN, MLP
from tertium.models.spiking import LIF, ConvLIF, to_spiking
from tertium.rng import Seeds

X = torch.rand(20, 64, generator=Seeds(0).torch("x"), dtype=torch.float64)


def networks(bias: bool):
    yield MLP(64, (30, 20), 4, bias=bias, seed=1).double()
    yield CNN(64, (4, 6), 4, size=(8, 8), bias=bias, seed=1).double()


@pytest.mark.parametrize("bias", [False, True])
def test_rates_are_activity_and_the_error_falls_as_the_inverse_of_time(bias: bool) -> None:
    for network in networks(bias):
        if bias:
            for layer in network.layers:
                torch.nn.init.normal_(layer.bias, 0, 0.1, generator=Seeds(2).torch("bias"))
        wanted, activity = network(X[None])
        spiking, errors = to_spiking(network, X, percentile=100), []
        for steps in (40, 400):
            outputs, states = spiking(X.expand(steps, *X.shape))
            errors.append(float((outputs.mean(0) - wanted[0]).detach().abs().max()))
        assert errors[1] < 0.2 * errors[0]
        assert errors[1] < 0.05
        first = activity[0][0] / activity[0].max()
        rates = spiking.cells[0].activity(states[0]).mean(0)
        torch.testing.assert_close(rates, first, atol=5e-3, rtol=0)


def test_kinds_of_layers_and_their_integrators() -> None:
    dense, convolved = (to_spiking(network, X) for network in networks(False))
    assert [type(cell) for cell in dense.cells] == [LIF, LIF]
    assert [type(cell) for cell in convolved.cells] == [ConvLIF, ConvLIF]
    assert float(dense.cells[0].leak()) == 1.0
    assert dense.cells[0].input_weight.dtype == torch.float64


def test_without_typical_inputs_activity_above_one_is_cut_off() -> None:
    network = MLP(4, 3, 3, bias=False).double()
    for layer, size in zip(network.layers, (3.0, 1.0), strict=True):
        layer.weight.data.copy_(size * torch.eye(*layer.weight.shape))
    x = torch.tensor([[0.2, 0.3, 0.9, 0.0]], dtype=torch.float64)
    plain, scaled = (to_spiking(network, *given) for given in ((), (x,)))
    outputs = [spiking(x.expand(300, 1, 4))[0].mean(0)[0].tolist() for spiking in (plain, scaled)]
    assert outputs[0] == pytest.approx([0.6, 0.9, 1.0], abs=0.01)
    assert outputs[1] == pytest.approx([0.6, 0.9, 2.7], abs=0.01)


def test_what_cannot_be_converted_is_refused() -> None:
    with pytest.raises(BadInput, match="layers of the network: got tanh, identity"):
        to_spiking(MLP(4, 3, 2, nonlinearity="tanh"))
    with pytest.raises(BadInput, match="layers of the network: got identity"):
        to_spiking(MLP(4, (), 2))
    with pytest.raises(BadInput, match="percentile: got 0"):
        to_spiking(MLP(4, 3, 2), torch.rand(5, 4), percentile=0)
    with pytest.raises(BadInput, match="network: got a Linear"):
        to_spiking(torch.nn.Linear(4, 2))
    silent = MLP(4, 3, 2)
    silent.layers[0].weight.data.fill_(-1)
    with pytest.raises(BadInput, match=r"activity of layers.0: got 0"):
        to_spiking(silent, torch.rand(5, 4))
