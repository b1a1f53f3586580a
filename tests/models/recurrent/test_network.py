"""Networks: one loop for cell and read-out, states, labels, and recordings from every layer."""

import copy
import subprocess
import sys

import numpy as np
import pytest
import torch

from tertium.errors import BadInput
from tertium.models import GRU, LSTM, UGRNN, RateCell, RateRNN, RecurrentNetwork, VanillaRNN
from tertium.record import list_sites, record
from tertium.rng import Seeds

VARIANTS = {
    "plain": {},
    "rate, noise": {"form": "rate", "noise": 0.1},
    "noise, checkpoint": {"noise": 0.1, "checkpoint": True},
    "low rank": {"rank": 2, "noise": 0.1, "learn_initial": True},
    "low rank and random": {"rank": 1, "random_gain": 0.5},
    "Dale, no autapses": {"dale": 0.8, "autapses": False, "nonlinearity": "relu"},
    "learned time constants, no bias": {"learn_tau": True, "bias": False, "readout_bias": False},
}


def inputs(steps=12, batch=5, channels=3):
    return torch.randn(steps, batch, channels, generator=Seeds(0).torch("inputs"))


@pytest.mark.parametrize("options", VARIANTS.values(), ids=VARIANTS)
def test_one_loop_equals_the_steps_in_values_and_gradients(options):
    network = RateRNN(3, 20, 2, **{"nonlinearity": "tanh", **options})
    found = {}
    for backend in ("auto", "reference"):
        network.zero_grad()
        outputs, states = network(inputs(), generator=Seeds(0).torch("noise"), backend=backend)
        (outputs.square().sum() + states[-1].sum()).backward()
        gradients = {name: p.grad.clone() for name, p in network.named_parameters() if p.grad is not None}
        found[backend] = {"outputs": outputs.detach(), "states": states.detach(), **gradients}
    assert found["auto"].keys() == found["reference"].keys()
    for name, reference in found["reference"].items():
        scale = max(1.0, float(reference.abs().max()))
        torch.testing.assert_close(found["auto"][name], reference, atol=1e-5 * scale, rtol=0, msg=name)


def test_the_last_state_alone_is_the_last_of_all():
    for network in (RateRNN(3, 10, 2), GRU(3, 10, 2)):
        outputs, states = network(inputs())
        same, last = network(inputs(), all_states=False)
        assert last.shape == (1, 5, 10)
        torch.testing.assert_close(last[0], states[-1])
        torch.testing.assert_close(same, outputs)


@pytest.mark.parametrize("kind", [RateRNN, GRU, LSTM, UGRNN, VanillaRNN])
def test_every_network_is_recorded_with_its_time(kind):
    network = kind(3, 6, 2, dt=0.05)
    assert set(list_sites(network)) == {"cells.0", "readout"}
    r = record(network, inputs(), progress=False)
    assert dict(r.sizes) == {"trial": 5, "time": 12, "unit": 8}
    assert r.attrs["dt"] == 0.05
    np.testing.assert_allclose(r.time[:3], [0, 0.05, 0.1])
    outputs, states = network(inputs())
    rates = network.rates(states).detach()
    np.testing.assert_allclose(r.sel(unit=r.layer == "cells.0"), rates.transpose(0, 1), atol=1e-6)
    np.testing.assert_allclose(r.sel(unit=r.layer == "readout"), outputs.detach().transpose(0, 1), atol=1e-6)


def test_cell_types_arrive_on_the_unit_coordinate():
    r = record(RateRNN(3, 10, 2, dale=0.8), inputs(), progress=False)
    assert "".join(r.cell_type.values) == "EEEEEEEEII"
    assert r.cell_type.values[-1] == ""
    only = record(RateRNN(3, 10, 2, dale=0.8), inputs(), sites="cells.0", progress=False)
    assert (only.cell_type == "E").sum() == 8


def test_making_networks_draws_nothing_from_the_global_generator_and_follows_the_seed():
    before = torch.get_rng_state()
    one, same, other = (RateRNN(3, 10, 2, dale=0.8, seed=s) for s in (1, 1, 2))
    assert torch.equal(before, torch.get_rng_state())
    assert all(torch.equal(p, q) for p, q in zip(one.parameters(), same.parameters(), strict=True))
    assert not torch.equal(one.cell.recurrent_weight, other.cell.recurrent_weight)
    assert not torch.equal(one.readout.weight, other.readout.weight)


def test_copies_and_saved_weights_are_the_same_network():
    network = RateRNN(3, 10, 2, dale=0.8, autapses=False)
    expected, _ = network(inputs())
    torch.testing.assert_close(copy.deepcopy(network)(inputs())[0], expected)
    other = RateRNN(3, 10, 2, dale=0.8, autapses=False, seed=5)
    other.load_state_dict(network.state_dict())
    torch.testing.assert_close(other(inputs())[0], expected)


def test_a_replaced_readout_is_used():
    network = RateRNN(3, 10, 2)
    plain, _ = network(inputs())
    network.readout = torch.nn.Sequential(network.readout, torch.nn.Tanh())
    torch.testing.assert_close(network(inputs())[0], torch.tanh(plain))


def test_states_of_the_wrong_number_are_named():
    network = RecurrentNetwork([RateCell(3, 4), RateCell(4, 4)], 1)
    with pytest.raises(BadInput, match="state: got 1 tensors, expected one for each of 2 cells"):
        network(inputs(), torch.zeros(5, 4))


@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, {"dale": 0.8}, {"dale": 0.8, "autapses": False, "nonlinearity": "tanh"}])
def test_networks_learn_to_remember_with_and_without_cell_types(options):
    network = RateRNN(2, 50, 1, seed=1, **options)
    optimizer = torch.optim.Adam(network.parameters(), lr=2e-3)
    generator = Seeds(0).torch("trials")
    for _ in range(300):
        side = torch.randint(0, 2, (32,), generator=generator)
        xs = torch.zeros(30, 32, 2)
        xs[5:15] = torch.nn.functional.one_hot(side, 2).float()
        xs += 0.1 * torch.randn(xs.shape, generator=generator)
        loss = (network(xs)[0][-5:, :, 0] - (2.0 * side - 1)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.05  # 1 for a guess


PEAK = """
import sys, torch
from pathlib import Path
def peak():  # kB; getrusage would begin with the peak of the process that started this one
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
torch.set_num_threads(1)
from tertium.models import RateRNN
checkpoint = sys.argv[1] == "checkpoint"
network, xs = RateRNN(10, 256, 2, checkpoint=checkpoint), torch.ones(1000, 32, 10)
before = peak()
network(xs, backend="auto" if checkpoint else "reference", all_states=not checkpoint)[0].sum().backward()
print(peak() - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads the peak of memory from /proc")
def test_checkpoints_take_a_quarter_of_the_memory():
    peak = {
        how: int(subprocess.run([sys.executable, "-c", PEAK, how], check=True, capture_output=True).stdout)
        for how in ("plain", "checkpoint")
    }
    assert peak["checkpoint"] < 0.25 * peak["plain"]
