"""The network with dendrites: settling against plain loops, signs that never change, recording, bad input."""

import numpy as np
import pytest
import torch

from tertium.errors import BadInput
from tertium.models.feedforward.dendritic.gains import PAPER, Gains
from tertium.models.feedforward.dendritic.network import DendriticNetwork
from tertium.models.feedforward.dendritic.projection import OneSign, Projection
from tertium.record import record
from tertium.rng import Seeds
from tertium.testing.model_conformance import check_model


def shown(*shape):
    return torch.rand(*shape, generator=Seeds(0).torch(str(shape)), dtype=torch.float64)


def network(**options):
    return DendriticNetwork(7, (9, 6), 3, interneurons=4, seed=1, **options).double()


def by_loops(net, x):
    """Settle by loops over layers and populations; within a layer everyone hears what was one sweep before."""
    weights = [{k: w.detach().numpy() for k, w in layer.weights().items()} for layer in net.stack()]
    rates = [[np.zeros(n) for n in (layer.n_units, layer.n_interneurons)] for layer in net.stack()]
    rates = [{"e": e, "s": i.copy(), "d": i.copy()} for e, i in rates]
    potentials = [{k: v.copy() for k, v in one.items()} for one in rates]
    for _ in range(net.steps):
        below = x
        for i, w in enumerate(weights):
            before = dict(rates[i])
            drive = {"e": w["from_below"] @ below + w["somatic_to_soma"] @ before["s"]}
            drive["s"] = w["below_to_somatic"] @ below + w["soma_to_somatic"] @ before["e"]
            drive["s"] = drive["s"] + w["somatic_to_somatic"] @ before["s"]
            if "soma_to_dendritic" in w:
                drive["d"] = w["soma_to_dendritic"] @ before["e"] + w["dendritic_to_dendritic"] @ before["d"]
            for name, value in drive.items():
                potentials[i][name] = potentials[i][name] + net.leak * (value - potentials[i][name])
                rates[i][name] = np.maximum(potentials[i][name], 0)
            rates[i]["before"] = before["d"]
            below = rates[i]["e"]
    return rates


def test_settling_is_that_of_plain_loops():
    net, x = network(leak=0.4, steps=6), shown(1, 1, 7)
    settled, expected = net.settle(x), by_loops(net, x[0, 0].numpy())
    for layer, one, other in zip(net.stack(), settled, expected, strict=True):
        np.testing.assert_allclose(one.rate[0, 0].detach(), other["e"], atol=1e-12)
        np.testing.assert_allclose(one.somatic[0, 0].detach(), other["s"], atol=1e-12)
        if layer.has_dendrites:
            np.testing.assert_allclose(one.dendritic[0, 0].detach(), other["d"], atol=1e-12)
            np.testing.assert_allclose(one.dendritic_before[0, 0].detach(), other["before"], atol=1e-12)
            assert one.dendritic.any()


def test_gradients_are_those_of_differences():
    net, x = network(somatic_learns=True), shown(1, 5, 7)
    raw = net.layers[0].somatic_to_soma.parametrizations.weight.original
    loss = net(x)[0].square().sum()
    (slope,) = torch.autograd.grad(loss, raw)
    at = np.unravel_index(int(slope.abs().argmax()), slope.shape)
    found = []
    with torch.no_grad():
        for step in (1e-6, -2e-6):
            raw[at] += step
            found.append(float(net(x)[0].square().sum()))
    assert (found[0] - found[1]) / 2e-6 == pytest.approx(float(slope[at]), rel=1e-5)


def test_signs_hold_under_an_optimiser_that_pays_no_heed():
    net, x = network(somatic_learns=True), shown(1, 8, 7)
    optimiser = torch.optim.Adam(net.parameters(), lr=0.3)
    for step in range(10):
        optimiser.zero_grad()
        outputs, _ = net(x)
        (outputs.sum() * (-1) ** (step // 3)).backward()
        optimiser.step()
        for layer in net.stack():
            for name, part in layer.named_children():
                if isinstance(part, Projection):
                    assert bool((part.weight * part.sign >= 0).all()), name
    raw = net.layers[1].from_below.parametrizations.weight.original
    assert bool((raw < 0).any())  # what the optimiser owns did try


def test_a_synapse_weakened_to_nothing_can_grow_again():
    raw = torch.tensor([[-0.5, -0.5, 0.5]], requires_grad=True)
    OneSign(1)(raw).backward(torch.tensor([[1.0, -1.0, 1.0]]))
    assert raw.grad.tolist() == [[0.0, -1.0, 1.0]]


def test_first_strengths_are_the_gains_and_totals():
    layer = DendriticNetwork(400, (300, 200), 10, seed=2).layers[1]
    gains = PAPER[1]
    assert float(layer.from_below.weight.detach().mean()) == pytest.approx(gains.excitation / 300**0.5 / 2, rel=0.02)
    assert float(layer.dendritic_to_dendrite.weight.detach().mean()) == pytest.approx(
        -gains.dendritic / 20**0.5 / 2, rel=0.05
    )
    totals = layer.soma_to_dendritic.weight.sum(1)
    torch.testing.assert_close(totals, torch.full_like(totals, gains.dendritic_recruitment))
    assert not layer.dendritic_to_dendritic.weight.diagonal().any()
    assert layer.from_above is None
    fixed = DendriticNetwork(400, 30, 10, top_down="random").layers[0].from_above
    assert fixed.weight.shape == (30, 10)
    assert not fixed.weight.requires_grad


def test_compartments_are_recorded_with_their_labels():
    net, x = network(), shown(1, 5, 7)
    responses = record(net, x, sites="*", progress=False)
    assert list(dict.fromkeys(responses["layer"].values)) == list(net.site_names)
    at_dendrites = responses.values[:, 0, responses["layer"].values == "layers.0.dendrite"]
    settled = net.settle(x)
    layer, above = net.stack()[:2]
    excitation = settled[1].rate @ (layer.top_down_gain * above.from_below.weight)
    inhibition = settled[0].dendritic_before @ layer.dendritic_to_dendrite.weight.T
    np.testing.assert_allclose(at_dendrites, (excitation + inhibition)[0].detach(), rtol=1e-5)
    kinds = set(zip(responses["cell_type"].values, responses["compartment"].values, strict=True))
    assert kinds == {("E", "soma"), ("E", "dendrite"), ("I", "somatic"), ("I", "dendritic")}
    check_model(net.float(), shown(1, 3, 7).float(), record=record)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: DendriticNetwork(3, (), 2), "got 0 hidden layers"),
        (lambda: DendriticNetwork(3, (0,), 2), "sizes of a DendriticNetwork: got 0"),
        (lambda: DendriticNetwork(3, 4, 2, leak=0), "leak=0"),
        (lambda: DendriticNetwork(3, 4, 2, top_down="up"), "top_down='up'"),
        (lambda: DendriticNetwork(3, 4, 2, interneurons=(2,)), "interneurons: got 1 for 2 layers"),
        (lambda: DendriticNetwork(3, (4, 4, 4), 2, gains=PAPER[:2]), "gains: got 2 for 4 layers"),
        (lambda: Gains(1.0, 0.0, 1.0, 1.0, 1.0), "numbers > 0"),
        (lambda: Projection(2, 2, sign=0, generator=Seeds(0).torch("x")), "a sign of 1 or -1"),
        (lambda: OneSign(-1).right_inverse(torch.ones(2, 2)), "weights of inhibitory synapses: got 4 of another sign"),
        (lambda: DendriticNetwork(3, 4, 2)(torch.zeros(4, 3)), r"got shape \(4, 3\)"),
    ],
)
def test_bad_input(make, message):
    with pytest.raises(BadInput, match=message):
        make()
